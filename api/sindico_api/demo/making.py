"""Makes the vendor and the example tenants of the demonstration, those that are missing."""

import asyncio
import secrets
from uuid import UUID

from sindico_api.context import Context, open_context
from sindico_api.demo.caller import Caller, DemoFailed
from sindico_api.demo.fleet import (
    ADMIN_LOGIN,
    ADMIN_NAME,
    EXAMPLE_TENANTS,
    OPERATOR_LOGIN,
    OPERATOR_NAME,
    VENDOR_DOMAIN,
    VENDOR_NAME,
    ExampleTenant,
)
from sindico_api.demo.record import DemoTenant, Login
from sindico_api.grid import GRID
from sindico_platform.database.tx import Actor
from sindico_platform.identity import queries as identity
from sindico_platform.identity.passwords import service as passwords
from sindico_platform.settings import Settings
from sindico_provisioning.master_tenant.service import ensure_master_tenant

PASSWORD_BYTES = 12


async def make_fleet(settings: Settings, base_url: str) -> tuple[Login, list[DemoTenant]]:
    """Make vendor, operator and tenants, or what an earlier attempt has not; all get new passwords.

    Raises:
        DemoFailed: the API refused a step.
    """
    async with open_context(settings, process="demo") as context:
        operator = await make_operator(context)
        async with Caller.signed_in(base_url, operator.login, operator.password) as caller:
            making = (ensure_tenant(context, caller, each) for each in EXAMPLE_TENANTS)
            return operator, await asyncio.gather(*making)


async def make_operator(context: Context) -> Login:
    """The master tenant and an operator with a password of its own."""
    master = await ensure_master_tenant(
        context.uow,
        grid=GRID,
        name=VENDOR_NAME,
        domain=VENDOR_DOMAIN,
        operator_login=OPERATOR_LOGIN,
        operator_name=OPERATOR_NAME,
    )
    password = await give_password(context, master.tenant_id, OPERATOR_LOGIN)
    return Login(login=f"{OPERATOR_LOGIN}@{VENDOR_DOMAIN}", password=password)


async def ensure_tenant(context: Context, caller: Caller, example: ExampleTenant) -> DemoTenant:
    """One example tenant, provisioned, with an administrator who can sign in."""
    tenant_id = await find_tenant(caller, example.domain) or await create_tenant(caller, example)
    await provision(caller, tenant_id, example)
    password = await give_password(context, UUID(tenant_id), ADMIN_LOGIN)
    login = Login(login=f"{ADMIN_LOGIN}@{example.domain}", password=password)
    return DemoTenant(id=tenant_id, domain=example.domain, package=example.package, admin=login)


async def find_tenant(caller: Caller, domain: str) -> str | None:
    page = await caller.get("/api/v1/tenants", q=domain)
    found = (tenant["id"] for tenant in page["items"] if tenant["domain"] == domain)
    return next(found, None)


async def create_tenant(caller: Caller, example: ExampleTenant) -> str:
    body = {
        "name": example.name,
        "domain": example.domain,
        "cnpj": example.cnpj,
        "contracted_package": example.package,
    }
    created: str = (await caller.post("/api/v1/tenants", body))["id"]
    return created


async def provision(caller: Caller, tenant_id: str, example: ExampleTenant) -> None:
    """Run the provisioning to its end, unless an earlier start has done so.

    Raises:
        DemoFailed: a step failed.
    """
    if (await caller.get(f"/api/v1/tenants/{tenant_id}"))["crm_state"] == "active":
        return
    admin = {
        "name": ADMIN_NAME,
        "email": f"{ADMIN_LOGIN}@{example.domain}.example",
        "login": ADMIN_LOGIN,
    }
    run = await caller.post(
        f"/api/v1/tenants/{tenant_id}/provisioning-runs",
        {
            "package": example.package,
            "default_integration": example.default_integration,
            "admin": admin,
        },
    )
    async for state in caller.follow(f"/api/v1/provisioning-runs/{run['id']}"):
        run = state
    if run["status"] != "succeeded":
        errors = [step["error"]["detail"] for step in run["steps"] if step["error"]]
        raise DemoFailed(f"Provisioning {example.domain} ended as {run['status']}: {errors}")


async def give_password(context: Context, tenant_id: UUID, login: str) -> str:
    """Set a new random password; the demonstration has no mail to send an invitation by."""
    password = secrets.token_urlsafe(PASSWORD_BYTES)
    digest = await context.doors.passwords.digest(password)
    async with context.uow.begin(Actor.system(tenant_id, "demo")) as tx:
        user = await identity.find_user_by_login(tx, login)
        if user is None:
            raise DemoFailed(f"There is no user {login}.")
        await passwords.set_password(tx, user_id=user.id, digest=digest, how="demo")
    return password
