"""Every route of the API's first version."""

from litestar import Router

from sindico_api.authentication import BearerAuthentication
from sindico_api.v1 import auth

API = Router(
    path="/api/v1",
    middleware=[BearerAuthentication()],
    route_handlers=[auth.show_me],
)
