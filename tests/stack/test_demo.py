"""What `sindico up --demo` promises to people and programs."""

import json
import stat
from typing import Any

import pytest

from sindico_api.demo.record import FILE_NAME, SERVERS_FILE_NAME
from tests.stack.conftest import Demo, Person, SignIn

pytestmark = pytest.mark.stack


LOGIN = {"login": str, "password": str}
SHAPE = {
    "base_url": str,
    "operator": LOGIN,
    "tenants": [{"id": str, "domain": str, "package": str, "admin": LOGIN}] * 3,
    "sandbox": {"mega": {"url": str, "user": str, "password": str, "ca_file": str}},
}
"""To the letter what programs rely on."""


def shape_of(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: shape_of(each) for name, each in value.items()}
    return [shape_of(each) for each in value] if isinstance(value, list) else type(value)


def test_the_record_has_exactly_the_promised_shape(demo: Demo) -> None:
    record = json.loads((demo.stack.data_dir / FILE_NAME).read_text())

    assert shape_of(record) == SHAPE
    assert record["base_url"] == demo.stack.url


def test_the_record_is_private_and_names_a_tenant_per_package(demo: Demo) -> None:
    modes = {
        name: stat.S_IMODE((demo.stack.data_dir / name).stat().st_mode)
        for name in (FILE_NAME, SERVERS_FILE_NAME)
    }

    assert set(modes.values()) == {0o600}
    assert [tenant.package for tenant in demo.record.tenants] == [
        "freemium",
        "starter",
        "advanced",
    ]


def test_every_login_of_the_record_opens_its_own_tenant(demo: Demo, sign_in: SignIn) -> None:
    for tenant in demo.record.tenants:
        me = sign_in(tenant.admin).read("/api/v1/auth/me")
        assert me["tenant_id"] == tenant.id


def test_the_operator_sees_all_three_with_their_crm_active(operator: Person) -> None:
    tenants = operator.read("/api/v1/tenants")["items"]

    active = {tenant["domain"] for tenant in tenants if tenant["crm_state"] == "active"}
    assert {"freemium", "starter", "advanced"} <= active


def test_a_customer_does_not_find_the_vendors_routes(consultant: Person) -> None:
    assert consultant.send("GET", "/api/v1/tenants").status_code == 404
