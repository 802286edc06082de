"""What goes in and out about the modules of ERPX."""

from typing import Annotated
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output
from sindico_provisioning.provisioning_runs.schemas import AdministratorIn

Domain = Annotated[str, Meta(max_length=253)]


class ModuleIn(Input, frozen=True):
    """The state that the ERP's module screen asks for."""

    active: bool
    tenant_domain: Domain | None = None
    """Which tenant; needed by a platform-level client, whose own tenant is the vendor's."""
    admin: AdministratorIn | None = None
    """Who administers the tenant; the user `admin` unless given, who is invited later."""


class ModuleOut(Output, frozen=True):
    """The module CRM of one tenant."""

    module: str
    active: bool
    crm_state: str
    tenant_id: UUID
    tenant_domain: str
    package: str | None
    provisioning_run_id: UUID | None
    """The newest run, if there was one."""
