"""Where to read what keeps a company or branch from being deleted."""

from typing import Any
from uuid import UUID

from litestar import Response

from sindico_api.problems import AnyRequest, problem_from_domain
from sindico_tenants.companies.errors import DataLinked


def list_address(resource: str, owner: str, owner_id: UUID) -> str:
    """The API's list of one resource, for one owner.

    Args:
        owner: the list's parameter, ``company_id`` or ``branch_id``.
    """
    return f"/api/v1/{resource.replace('_', '-')}?{owner}={owner_id}"


def problem_from_linked(request: AnyRequest, error: DataLinked) -> Response[dict[str, Any]]:
    """The problem, with an address for each kind of what is linked."""
    response = problem_from_domain(request, error)
    owner, owner_id = next(iter(request.path_params.items()))
    response.content["linked"] = [
        {
            "resource": each.resource,
            "count": each.count,
            "url": list_address(each.resource, owner, owner_id),
        }
        for each in error.linked
    ]
    return response
