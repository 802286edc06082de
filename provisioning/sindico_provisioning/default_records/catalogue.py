"""The default records, declared as data.

Provisioning makes them, its verification checks them, *Conferir cadastros* shows and repairs
them, and every release brings all tenants into line with them.
"""

from dataclasses import dataclass

from sindico_platform.identity.default_roles import ADMIN, DefaultRole
from sindico_tenants.default_roles import CRM_ROLES

ROLES: tuple[DefaultRole, ...] = (ADMIN, *CRM_ROLES)


@dataclass(frozen=True, kw_only=True, slots=True)
class SupportUser:
    """The user that staff act as, in support sessions; it never gets a credential."""

    login: str
    name: str
    role: str


SUPPORT_USER = SupportUser(login="suportecrm", name="Suporte CRM", role=ADMIN.code)
