"""The whole permission grid: every package's resources, in the order screens show them."""

from sindico_platform.identity.grid import Grid
from sindico_platform.permissions import RESOURCES as PLATFORM
from sindico_provisioning.permissions import RESOURCES as PROVISIONING
from sindico_tenants.permissions import RESOURCES as TENANTS

GRID = Grid(TENANTS, PROVISIONING, PLATFORM)
