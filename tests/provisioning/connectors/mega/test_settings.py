from typing import Any

import pytest
import trustme

from sindico_platform.errors import InvalidInput
from sindico_provisioning.connectors.mega.schemas import ROUTES
from sindico_provisioning.connectors.mega.settings import (
    PROPERTIES,
    find_setting_faults,
    read_settings,
)

RIGHT = {"url": "https://erp.cliente.com.br:8443/", "username": "api", "password": "segredo"}


def codes(properties: dict[str, Any]) -> list[tuple[str, str]]:
    return [(fault.field, fault.code) for fault in find_setting_faults(properties)]


def test_the_least_that_is_needed_gets_the_proposed_routes() -> None:
    settings = read_settings(RIGHT)

    assert settings.grant_type == "Api"
    assert settings.active
    assert set(settings.routes) == set(ROUTES)
    assert "segredo" not in repr(settings)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://erp.com.br:8443/", ["url-scheme"]),
        ("https://erp.com.br/", ["url-port-missing"]),
        ("https://erp.com.br:8443", ["url-trailing-slash"]),
        ("https://erp.com.br:8443/api", ["url-extra-path"]),
        ("https://erp.com.br:8443/?a=1", ["url-extra-path"]),
        ("https://eu:senha@erp.com.br:8443/", ["url-credentials"]),
        ("https://erp.com.br:99999/", ["url-malformed"]),
        ("https://erp.com.br:0/", ["url-port-missing"]),
        ("https://:8443/", ["url-malformed"]),
        ("https://erp .com.br:8443/", ["url-malformed"]),
        ("https://erp.com.br:8443/\n", ["url-malformed"]),
        ("http://erp.com.br", ["url-scheme", "url-port-missing", "url-trailing-slash"]),
        ("erp.com.br", ["url-malformed", "url-scheme", "url-extra-path"]),
        ("https://[::1]:8443/", []),
        ("HTTPS://ERP.COM.BR:443/", []),
    ],
)
def test_a_url_that_breaks_the_form_names_every_reason(url: str, expected: list[str]) -> None:
    assert codes({**RIGHT, "url": url}) == [("url", code) for code in expected]


def test_missing_fields_are_named_together() -> None:
    with pytest.raises(InvalidInput) as raised:
        read_settings({})

    assert [(e.field, e.code) for e in raised.value.errors] == [
        ("url", "required"),
        ("username", "required"),
        ("password", "required"),
    ]


@pytest.mark.parametrize(
    ("properties", "expected"),
    [
        ({"tenantId": "abc"}, ("tenantId", "guid-malformed")),
        ({"grantType": "Ápi"}, ("grantType", "header-malformed")),
        ({"grantType": "Api\nX: 1"}, ("grantType", "header-malformed")),
        ({"caCertificate": "MIIB"}, ("caCertificate", "ca-certificate-malformed")),
        ({"fusoHorario": "America/Itajai"}, ("fusoHorario", "time-zone-unknown")),
        ({"fusoHorario": "../etc/passwd"}, ("fusoHorario", "time-zone-unknown")),
        ({"ativo": "sim"}, ("ativo", "wrong-type")),
        ({"username": 5}, ("username", "wrong-type")),
        ({"rotaFilial": "https://outro/api"}, ("rotaFilial", "route-malformed")),
        ({"rotaFilial": "//outro/api"}, ("rotaFilial", "route-malformed")),
        ({"rotaFilial": "/api/../x"}, ("rotaFilial", "route-malformed")),
        ({"rotaPedido": "/api/{inicio}"}, ("rotaPedido", "route-malformed")),
        ({"rotaPedido": "/api/{inicio}/{fim}/{x}"}, ("rotaPedido", "route-malformed")),
    ],
)
def test_each_wrong_property_has_its_own_code(
    properties: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert codes({**RIGHT, **properties}) == [expected]


def test_a_fault_can_be_shown_to_people() -> None:
    for fault in find_setting_faults({"rotaPedido": "x", "fusoHorario": "x", "url": "x"}):
        assert fault.text()


def test_a_site_corrects_a_route_and_leaves_a_table_out() -> None:
    settings = read_settings({**RIGHT, "rotaPedido": "/api/x/{inicio}/{fim}", "rotaFilial": ""})

    assert settings.routes["pedido"] == "/api/x/{inicio}/{fim}"
    assert "filial" not in settings.routes


def test_a_certificate_in_pem_form_is_taken() -> None:
    pem = trustme.CA().cert_pem.bytes().decode()

    assert read_settings({**RIGHT, "caCertificate": pem}).ca_certificate == pem


def test_unverified_routes_are_labelled_as_proposed() -> None:
    proposed = {item.key for item in PROPERTIES if item.proposed}

    assert "rotaPedido" in proposed
    assert "rotaFatura" not in proposed
    assert [item.key for item in PROPERTIES[:7]] == [
        "url",
        "tenantId",
        "username",
        "password",
        "grantType",
        "caCertificate",
        "ativo",
    ]
