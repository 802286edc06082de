"""What `sindico up --demo` promises to people and programs."""

import stat

import pytest

from sindico_api.demo.record import FILE_NAME
from tests.stack.conftest import Demo, Person, SignIn

pytestmark = pytest.mark.stack


def test_the_record_is_private_and_names_a_tenant_per_package(demo: Demo) -> None:
    mode = (demo.stack.data_dir / FILE_NAME).stat().st_mode

    assert stat.S_IMODE(mode) == 0o600
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
