"""What can go wrong at the doors and with those who come in."""

from sindico_platform.errors import SindicoError


class NotAuthenticated(SindicoError):
    """No credential, or none that is known, or one that was revoked: which one is not told."""

    code, status, title = "not-authenticated", 401, "You are not signed in"
    detail = "Send a valid access token, or sign in again."

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="sindico"'}


class TokenExpired(SindicoError):
    """The credential was right and its time is over."""

    code, status, title = "token-expired", 401, "The access token has expired"
    detail = "Get a new access token with the refresh token or the client credentials."

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": 'Bearer realm="sindico", error="invalid_token"'}


class TenantSuspended(SindicoError):
    """The vendor stopped the tenant; nothing of it is lost."""

    code, status, title = "tenant-suspended", 403, "This tenant is suspended"
    detail = "Nobody of this tenant can work until the vendor resumes it. No data is lost."


class TenantClosed(SindicoError):
    """The tenant is being closed, or is closed."""

    code, status, title = "tenant-closed", 403, "This tenant is closed"
    detail = "The contract of this tenant has ended. Ask the vendor if you need its data."


class NotAllowed(SindicoError):
    """The actor may see the thing, and not do this to it."""

    code, status, title = "not-allowed", 403, "You may not do this"
    detail = "This needs the permission {permission}."


class GrantExceedsOwn(SindicoError):
    """Nobody hands out what they do not hold."""

    code, status, title = "grant-exceeds-own", 403, "You cannot grant what you do not have"
    detail = "You do not have these permissions yourself: {permissions}."


class UserOutranks(SindicoError):
    """Nobody acts on somebody with more permissions: it would be a way to become them."""

    code, status, title = "user-outranks", 403, "This user may do more than you"
    detail = "{login} has permissions that you do not have: {permissions}."


class UserNotFound(SindicoError):
    """No such user in this tenant."""

    code, status, title = "user-not-found", 404, "There is no such user"
    detail = "Check the address, or look for the user in the list."


class LoginTaken(SindicoError):
    """Another user of the tenant has this login."""

    code, status, title = "login-taken", 409, "This login is taken"
    detail = "Another user of this tenant signs in as {login}. Choose another login."


class RoleNotFound(SindicoError):
    """No such role in this tenant."""

    code, status, title = "role-not-found", 404, "There is no such role"
    detail = "Register the role first, or look for it in the list."


class RoleNameTaken(SindicoError):
    """Names match ignoring case, accents, spaces and dashes."""

    code, status, title = "role-name-taken", 409, "A role has this name already"
    detail = "{name} is too close to the name of an existing role. Choose another name."


class RoleLocked(SindicoError):
    """The role's grid belongs to the product."""

    code, status, title = "role-locked", 409, "This role cannot be changed"
    detail = "The role {role} always has every permission, so that a tenant can be administered."


class DefaultRoleKept(SindicoError):
    """Default roles can be edited and never deleted."""

    code, status, title = "default-role-kept", 409, "A default role cannot be deleted"
    detail = "The role {role} belongs to every tenant. You can take its permissions away instead."


class RoleInUse(SindicoError):
    """Somebody holds the role."""

    code, status, title = "role-in-use", 409, "This role is in use"
    detail = "{users} users have the role {role}. Take it from them first."


class LastAdministrator(SindicoError):
    """A tenant keeps at least one active administrator."""

    code, status, title = "last-administrator", 409, "This is the last administrator"
    detail = "Give the role Admin to another active user first."


class ApiClientNotFound(SindicoError):
    """No such API client in this tenant."""

    code, status, title = "api-client-not-found", 404, "There is no such API client"
    detail = "Check the address, or look for the API client in the list."


class ApiClientNameTaken(SindicoError):
    """Another API client of the tenant has this name."""

    code, status, title = "api-client-name-taken", 409, "An API client has this name already"
    detail = "Another API client of this tenant is called {name}. Choose another name."


class ApiClientRevoked(SindicoError):
    """A revoked client stays for the record, and nothing of it can be changed."""

    code, status, title = "api-client-revoked", 409, "This API client was revoked"
    detail = "{name} was revoked. Create another API client."
