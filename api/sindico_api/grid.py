"""The permission grid, as guards and screens know it."""

from sindico_provisioning.grid import GRID

__all__ = ["GRID"]
