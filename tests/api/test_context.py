"""What every process is made of."""

from dataclasses import replace

import pytest

from sindico_api.context import own_hosts
from sindico_platform.settings import Secret, Settings


@pytest.mark.parametrize(
    ("mail_url", "refused"),
    [
        ("smtp://mail.provedor.test?from=a@provedor.test", True),
        ("smtp://localhost?from=a@provedor.test", False),
        (None, False),
    ],
)
async def test_no_tenant_may_use_the_products_own_mail_server(
    settings: Settings, mail_url: str | None, *, refused: bool
) -> None:
    deny = own_hosts(replace(settings, mail_url=Secret(mail_url) if mail_url else None))

    assert await deny("mail.provedor.test", []) is refused
    assert not await deny("mail.cliente.test", [])
    assert not await deny("localhost", [])
