"""Every route of the API's first version."""

from litestar import Router

from sindico_api.authentication import BearerAuthentication
from sindico_api.v1 import accounts, auth, companies, packages, tenants, tokens

API = Router(
    path="/api/v1",
    middleware=[BearerAuthentication()],
    route_handlers=[
        accounts.list_accounts,
        accounts.list_contacts,
        accounts.read_account,
        accounts.read_contact,
        auth.show_me,
        companies.list_branches,
        companies.list_companies,
        companies.read_branch,
        companies.read_company,
        packages.list_packages,
        packages.read_usage,
        packages.read_usage_of_tenant,
        tenants.create_tenant,
        tenants.list_tenants,
        tenants.read_tenant,
        tenants.update_tenant,
        tenants.suspend_tenant,
        tenants.resume_tenant,
        tenants.close_tenant,
        tokens.issue_token,
        tokens.revoke_token,
    ],
)
