"""Who does not exist costs as much as who does."""

from dataclasses import dataclass, field

import pytest

from sindico_api.context import Context
from sindico_platform.identity.passwords.hasher import PasswordHasher
from sindico_platform.identity.sign_in.service import Doors, SignInRefused, prove_password
from sindico_platform.identity.sign_in.throttle import Attempt
from tests.support.identity import MakeTenant, MakeUser
from tests.support.statements import counting

PASSWORD = "cavalo bateria grampo correto"


@dataclass
class CountingHasher(PasswordHasher):
    """Counts what it verifies."""

    inner: PasswordHasher
    verified: list[bool] = field(default_factory=list)

    async def verify(self, digest: str | None, password: str) -> bool:
        self.verified.append(digest is not None)
        return await self.inner.verify(digest, password)


@pytest.mark.parametrize("who", ["user", "nobody", "nowhere"])
async def test_every_refusal_takes_one_statement_and_one_verification(
    who: str, context: Context, make_tenant: MakeTenant, make_user: MakeUser
) -> None:
    tenant = await make_tenant()
    user = await make_user(tenant, password=PASSWORD)
    login = {
        "user": f"{user.login}@{tenant.domain}",
        "nobody": f"nobody@{tenant.domain}",
        "nowhere": f"{user.login}@nowhere.test",
    }[who]
    hasher = CountingHasher(context.doors.passwords)
    doors = Doors(uow=context.uow, passwords=hasher, throttle=context.doors.throttle)
    attempt = Attempt(login=login, address="2001:db8:77::1")

    with counting(context.engines) as counted, pytest.raises(SignInRefused):
        await prove_password(doors, attempt=attempt, password="wrong password here")

    assert counted.total == 1
    assert hasher.verified == [who == "user"]
