"""Who looks at a page, as far as the layout needs to know."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Viewer:
    """The signed-in person and the tenant the page is about."""

    name: str
    login: str
    tenant_name: str
    permissions: frozenset[str]
    is_master: bool = False
    zone: str = "America/Sao_Paulo"

    def may(self, permission: str) -> bool:
        return permission in self.permissions

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.login

    @property
    def initials(self) -> str:
        words = self.name.split() or ["?"]
        return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
