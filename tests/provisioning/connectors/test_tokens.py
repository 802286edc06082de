"""A token that no header can carry is the ERP's fault, and told as that."""

from typing import Any

import httpx
import msgspec
import pytest

from sindico_platform.errors import OutsideError
from sindico_provisioning.connectors.schemas import Connector
from sindico_provisioning.connectors.service import open_connector

URL = "https://erp.example:443/"
MEGA = {"url": URL, "username": "api", "password": "senha"}
ERPX = {"url": URL, "acesso": "usuario", "username": "a@acme", "password": "senha"}


class Answering:
    """Clients of an ERP that answers everything alike."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer

    def client(self, base_url: str = "", **_: Any) -> httpx.AsyncClient:
        transport = httpx.MockTransport(lambda _request: httpx.Response(200, json=self.answer))
        return httpx.AsyncClient(base_url=base_url, transport=transport)


def open_with_token(kind: str, token: str) -> Connector:
    inner = msgspec.json.encode({"access_token": token}).decode()
    answer = {"mega": {"accessToken": token}, "erpx": {"jsonToken": inner}}[kind]
    properties = {"mega": MEGA, "erpx": ERPX}[kind]
    return open_connector(kind, properties, http=Answering(answer), scope=token)


@pytest.mark.parametrize("token", ["tók", "a\nX: 1", " a"], ids=["accent", "line", "space"])
@pytest.mark.parametrize(
    ("kind", "code"), [("mega", "erp-page-unexpected"), ("erpx", "erpx-token-missing")]
)
async def test_a_token_that_no_header_can_carry_is_refused(
    kind: str, code: str, token: str
) -> None:
    async with open_with_token(kind, token) as erp:
        with pytest.raises(OutsideError) as raised:
            await erp.read_page("filial", None)

    assert raised.value.code == code
