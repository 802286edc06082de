"""Users, roles and API clients as callers see and send them."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from msgspec import Meta

from sindico_platform.identity.grid import Access, Grid, Resource
from sindico_platform.identity.models import ApiClient, Role, TenantUser
from sindico_platform.schemas import Input, Output

Name = Annotated[str, Meta(min_length=1, max_length=200, examples=["Ana Souza"])]
Login = Annotated[str, Meta(min_length=1, max_length=64, examples=["ana.souza"])]
Email = Annotated[str, Meta(max_length=254, examples=["ana.souza@example.com"])]
Locale = Annotated[str, Meta(pattern="^(pt-BR|en)$", examples=["pt-BR"])]
Description = Annotated[str, Meta(max_length=1000)]
Permissions = Annotated[tuple[str, ...], Meta(max_length=2000, examples=[["accounts:view"]])]


class RoleRef(Output, frozen=True):
    """A role a user holds."""

    id: UUID
    code: str
    name: str


class UserItem(Output, frozen=True):
    """A user in a list."""

    id: UUID
    login: str
    """Without the domain."""
    name: str
    email: str | None
    locale: str | None
    state: str
    """`invited`, `active` or `disabled`."""
    can_sign_in: bool
    """False for users that support staff act as."""
    last_sign_in_at: datetime | None
    created_at: datetime
    revision: int


class UserOut(UserItem, frozen=True):
    """A user and its roles."""

    roles: list[RoleRef]

    @classmethod
    def from_rows(cls, user: TenantUser, roles: list[RoleRef]) -> Self:
        fields = {name: getattr(user, name) for name in UserItem.__struct_fields__}
        return cls(**fields, roles=roles)


class UserIn(Input, frozen=True):
    """A new user, who is invited to choose a password."""

    login: Login
    name: Name
    email: Email | None = None
    locale: Locale | None = None
    role_ids: tuple[UUID, ...] = ()


class UserEdit(Input, frozen=True):
    """What is known of a user."""

    name: Name
    email: Email | None = None
    locale: Locale | None = None


class LinkOut(Output, frozen=True):
    """A one-time link."""

    by_mail: bool
    """Sent to the user's address; else hand `url` over yourself."""
    url: str | None
    """Shown this once."""
    expires_at: datetime


class InvitedUserOut(Output, frozen=True):
    """A new user and the invitation."""

    user: UserOut
    invitation: LinkOut


class RoleItem(Output, frozen=True):
    """A role in a list."""

    id: UUID
    code: str
    name: str
    description: str
    is_locked: bool
    """Its grid is the product's."""
    created_at: datetime
    revision: int


class GridRow(Output, frozen=True):
    """One resource, and which of the seven accesses are granted."""

    resource: str
    label: str
    module: str
    accesses: list[Access]

    @classmethod
    def of(cls, resource: Resource, granted: frozenset[str]) -> Self:
        accesses = [access for access in Access if resource.permission(access) in granted]
        return cls(
            resource=resource.code,
            label=resource.label,
            module=resource.module,
            accesses=accesses,
        )


class RoleOut(RoleItem, frozen=True):
    """A role with its grid."""

    is_default: bool
    permissions: list[str]
    grid: list[GridRow]
    """Every resource of the tenant, granted or not."""

    @classmethod
    def from_row(cls, role: Role, grid: Grid, *, master: bool) -> Self:
        fields = {name: getattr(role, name) for name in RoleItem.__struct_fields__}
        granted = frozenset(role.permissions)
        return cls(
            **fields,
            is_default=role.is_default,
            permissions=role.permissions,
            grid=[GridRow.of(each, granted) for each in grid.resources(master=master)],
        )


class RoleIn(Input, frozen=True):
    """A role's name and grid."""

    name: Name
    description: Description = ""
    permissions: Permissions = ()


class ApiClientItem(Output, frozen=True):
    """An API client; its secret was shown when it was made."""

    id: UUID
    name: str
    client_id: str
    permissions: list[str]
    created_by: str
    created_at: datetime
    rotated_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None
    revision: int

    @classmethod
    def from_row(cls, client: ApiClient) -> Self:
        names = [name for name in ApiClientItem.__struct_fields__ if name != "client_id"]
        fields = {name: getattr(client, name) for name in names}
        return cls(**fields, client_id=f"{client.tenant_id.hex}.{client.id.hex}")


class ApiClientSecretOut(Output, frozen=True):
    """A new or rotated API client with its secret."""

    client: ApiClientItem
    client_secret: str
    """Shown this once."""


class ApiClientIn(Input, frozen=True):
    """An API client's name and what it may do."""

    name: Name
    permissions: Permissions
