"""The two files for download; they hold no secret, so no sign-in is asked for."""

from typing import Any

from litestar import Request, Response, get

from sindico_api.postman.collection import build_collection
from sindico_api.postman.environment import build_environment

AnyRequest = Request[Any, Any, Any]


@get(
    "/postman/collection.json", include_in_schema=False, opt={"public": True}, sync_to_thread=False
)
def download_collection(request: AnyRequest) -> Response[dict[str, Any]]:
    return _file(build_collection(request.app.openapi_schema.to_schema()), "sindico-collection")


@get("/postman/environment.json", include_in_schema=False, opt={"public": True})
async def download_environment(request: AnyRequest) -> Response[dict[str, Any]]:
    settings = request.app.state.settings
    return _file(build_environment(settings.public_url), "sindico-environment")


def _file(document: dict[str, Any], name: str) -> Response[dict[str, Any]]:
    return Response(
        document, headers={"Content-Disposition": f'attachment; filename="{name}.json"'}
    )
