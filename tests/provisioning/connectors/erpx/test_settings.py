"""What may stand in the properties of ERPX, and what each way of signing in needs."""

from typing import Any

import pytest

from sindico_platform.errors import InvalidInput
from sindico_provisioning.connectors.erpx.schemas import ROUTES, Access, Paging
from sindico_provisioning.connectors.erpx.settings import (
    PROPERTIES,
    find_setting_faults,
    read_settings,
)

URL = "https://platform.senior.com.br:443/"
BY_KEY = {"url": URL, "tenantName": "acme", "accessKey": "chave", "secret": "segredo"}
BY_USER = {"url": URL, "acesso": "usuario", "username": "a@acme", "password": "senha"}


def codes(properties: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in find_setting_faults(properties)]


@pytest.mark.parametrize("given", [BY_KEY, BY_USER], ids=["key", "user"])
def test_the_least_that_is_needed_gets_the_usual_rest(given: dict[str, Any]) -> None:
    settings = read_settings(given)

    assert settings.access is Access(given.get("acesso", "chave"))
    assert settings.paging is Paging.IDS
    assert set(settings.routes) == {name for name, route in ROUTES.items() if route.path}
    assert not any(secret in repr(settings) for secret in ("segredo", "senha"))


@pytest.mark.parametrize(
    ("access", "needed"),
    [
        ("chave", ["tenantName", "accessKey", "secret"]),
        ("usuario", ["username", "password"]),
    ],
)
def test_what_a_way_of_signing_in_needs_is_named_together(access: str, needed: list[str]) -> None:
    with pytest.raises(InvalidInput) as raised:
        read_settings({"url": URL, "acesso": access})

    assert [(e.field, e.code) for e in raised.value.errors] == [(key, "required") for key in needed]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"url": "http://a.example:80/"}, ("url", "url-scheme")),
        ({"acesso": "senha"}, ("acesso", "not-offered")),
        ({"tenantName": "São João"}, ("tenantName", "header-malformed")),
        ({"tenantName": "acme\r\nX: 1"}, ("tenantName", "header-malformed")),
        ({"tenantName": " acme"}, ("tenantName", "header-malformed")),
        ({"caminhoBase": "t/senior"}, ("caminhoBase", "path-malformed")),
        ({"caminhoBase": "/t/../x"}, ("caminhoBase", "path-malformed")),
        ({"linhasPorPagina": "0"}, ("linhasPorPagina", "number-out-of-range")),
        ({"linhasPorPagina": "5001"}, ("linhasPorPagina", "number-out-of-range")),
        ({"linhasPorPagina": "²"}, ("linhasPorPagina", "number-out-of-range")),
        ({"separadorDecimal": ";"}, ("separadorDecimal", "not-offered")),
        ({"fusoHorario": "America/Itajai"}, ("fusoHorario", "time-zone-unknown")),
        ({"caCertificate": "MIIB"}, ("caCertificate", "ca-certificate-malformed")),
        ({"ativo": "sim"}, ("ativo", "wrong-type")),
        ({"accessKey": 5}, ("accessKey", "wrong-type")),
        ({"rotaFilial": "https://outro/api"}, ("rotaFilial", "route-malformed")),
        ({"rotaFilial": "//outro/api"}, ("rotaFilial", "route-malformed")),
        ({"rotaFilial": "/a/../x"}, ("rotaFilial", "route-malformed")),
        ({"rotaPedido": "/a?filter=datEmi ge {fim}"}, ("rotaPedido", "route-malformed")),
        ({"rotaPedido": "/a?filter=x&size=1"}, ("rotaPedido", "route-malformed")),
    ],
)
def test_each_wrong_property_has_its_own_code(
    properties: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert codes({**BY_KEY, **properties}) == [expected]


def test_a_fault_can_be_shown_to_people() -> None:
    for fault in find_setting_faults(dict.fromkeys((item.key for item in PROPERTIES), "à")):
        assert fault.text()
