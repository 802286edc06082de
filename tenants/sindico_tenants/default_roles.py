"""The CRM's default roles (R-098 to R-101)."""

from sindico_platform.identity.default_roles import DefaultRole
from sindico_platform.identity.grid import Access

DIRECTOR = DefaultRole(
    code="crm-director",
    name="CRM Diretor",
    description="Permissão máxima no CRM.",
    modules={"crm", "settings"},
)
COORDINATOR = DefaultRole(
    code="crm-coordinator",
    name="CRM Coordenador",
    description="Permissão intermediária; vê os dados de seus subordinados.",
    modules={"crm"},
    accesses=frozenset(Access) - {Access.DELETE},
)
USER = DefaultRole(
    code="crm-user",
    name="CRM Usuário",
    description="Permissão de uso cotidiano, para vendedores e representantes.",
    modules={"crm"},
    accesses=frozenset(
        {Access.ACCESS, Access.VIEW, Access.INCLUDE, Access.EDIT, Access.FILTER},
    ),
)

CRM_ROLES = (DIRECTOR, COORDINATOR, USER)
