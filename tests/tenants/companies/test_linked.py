"""What keeps a company or branch from being deleted is found by the foreign keys."""

from uuid import UUID

import pytest

from sindico_api.grid import GRID
from sindico_api.linked import list_address
from sindico_tenants.companies.linked.queries import RESOURCES, referrers_of, resource_of
from sindico_tenants.companies.models import Branch, Company
from tests.platform.database.test_schema import import_models
from tests.support.routes import every_route

MODELS = {"company_id": Company, "branch_id": Branch}


def test_every_table_that_refers_to_one_is_found() -> None:
    import_models()

    companies = {table.fullname for table in referrers_of(Company)}
    branches = {table.fullname for table in referrers_of(Branch)}

    assert {"crm.branch", "crm.account", "crm.contact"} <= companies
    assert {"crm.account", "crm.contact"} <= branches
    assert companies | branches == set(RESOURCES)


def test_their_columns_are_those_of_the_id() -> None:
    import_models()

    columns = {column.name for found in referrers_of(Branch).values() for column in found}

    assert columns == {"branch_id"}


@pytest.mark.parametrize("owner", MODELS)
def test_what_is_linked_can_be_listed(owner: str) -> None:
    import_models()
    routes = {route.path for route in every_route() if route.method == "GET"}
    for table in referrers_of(MODELS[owner]):
        resource = resource_of(table)

        assert GRID.resource_of(f"{resource}:view").code == resource
        assert list_address(resource, owner, UUID(int=0)).partition("?")[0] in routes
