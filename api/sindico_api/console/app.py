"""Every page of the console is named here once."""

from litestar import Router, get
from litestar.datastructures import CacheControlHeader
from litestar.exceptions import NotFoundException
from litestar.response import Redirect
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

from sindico_api.authentication import SessionAuthentication
from sindico_api.console import (
    api_clients,
    audit,
    branch_drafts,
    branches,
    companies,
    company_settings,
    denied_hosts,
    erp_import,
    failed_tasks,
    failures,
    ftp_settings,
    ftp_trials,
    home,
    load_detail,
    loads,
    notifications,
    preferences,
    problem_pages,
    profile,
    provisioning_runs,
    records,
    roles,
    service_properties,
    session,
    tenant_audit,
    tenant_detail,
    tenant_loads,
    tenant_package,
    tenants,
    users,
)
from sindico_api.console.assets import STATIC_DIR, STATIC_PATH
from sindico_api.i18n import CONSOLE_PATH
from sindico_platform.identity.errors import NotAuthenticated, TokenExpired

FOR_GOOD = CacheControlHeader(public=True, max_age=365 * 24 * 3600, immutable=True)

PAGES: tuple[ControllerRouterHandler, ...] = (
    home.show_home,
    failed_tasks.list_failed_tasks,
    failed_tasks.retry_failed_task,
    failed_tasks.cancel_failed_task,
    denied_hosts.list_denied_hosts,
    denied_hosts.deny_host,
    denied_hosts.allow_host,
    company_settings.open_company_settings,
    companies.list_companies,
    companies.show_new_company,
    companies.create_company,
    companies.show_company,
    companies.show_edit_company,
    companies.edit_company,
    companies.take_erp_value_in_company,
    companies.unpin_company_field,
    companies.show_delete_company,
    companies.delete_company,
    branches.list_branches,
    branches.show_new_branch,
    branches.create_branch,
    branches.show_branch,
    branches.show_edit_branch,
    branches.edit_branch,
    branches.take_erp_value_in_branch,
    branches.unpin_branch_field,
    branches.show_delete_branch,
    branches.delete_branch,
    branch_drafts.list_company_options,
    branch_drafts.list_source_options,
    branch_drafts.fill_branch_form,
    erp_import.start_import,
    ftp_settings.list_ftp_settings,
    ftp_settings.follow_ftp_tests,
    ftp_settings.list_ftp_coverage,
    ftp_settings.choose_ftp_scope,
    ftp_settings.show_new_ftp_settings,
    ftp_settings.create_ftp_settings,
    ftp_settings.show_ftp_settings,
    ftp_settings.replace_ftp_settings,
    ftp_settings.delete_ftp_settings,
    ftp_trials.remove_typed_test_file,
    ftp_trials.test_all_ftp_settings,
    ftp_trials.test_ftp_settings,
    records.list_accounts,
    records.show_account,
    records.list_contacts,
    records.show_contact,
    notifications.list_notifications,
    notifications.show_bell,
    notifications.read_notification,
    notifications.read_all_notifications,
    api_clients.list_api_clients,
    api_clients.show_new_api_client,
    api_clients.create_api_client,
    api_clients.show_api_client,
    api_clients.edit_api_client,
    api_clients.rotate_api_client,
    api_clients.revoke_api_client,
    users.list_users,
    users.show_invite,
    users.invite_user,
    users.show_user,
    users.edit_user,
    users.disable_user,
    users.enable_user,
    users.invite_again,
    users.make_reset_link,
    users.choose_roles,
    roles.list_roles,
    roles.show_new_role,
    roles.create_role,
    roles.show_role,
    roles.edit_role,
    roles.delete_role,
    audit.show_audit,
    loads.show_loads,
    loads.show_new_load,
    loads.start_load,
    loads.cancel_load,
    loads.resume_load,
    load_detail.show_load,
    load_detail.follow_load,
    load_detail.show_log,
    load_detail.follow_log,
    load_detail.download_log,
    load_detail.download_log_lines,
    load_detail.show_rejections,
    load_detail.download_rejections,
    preferences.choose_language,
    profile.show_profile,
    profile.change_password,
    session.show_sign_in,
    session.sign_in,
    session.sign_out,
    session.show_forgotten_password,
    session.ask_for_reset_link,
    session.show_invitation,
    session.accept_invitation,
    session.show_reset,
    session.reset_password,
    tenants.list_tenants,
    tenants.show_new_crm,
    tenants.add_crm,
    provisioning_runs.show_run,
    provisioning_runs.follow_run,
    provisioning_runs.retry_run,
    provisioning_runs.invite_administrator,
    tenant_detail.show_tenant,
    tenant_detail.check_default_records,
    tenant_detail.repair_default_records,
    tenant_detail.list_integrations,
    tenant_detail.list_notifications,
    tenant_detail.suspend_tenant,
    tenant_detail.resume_tenant,
    tenant_detail.close_tenant,
    tenant_audit.show_tenant_audit,
    tenant_loads.list_tenant_loads,
    tenant_loads.show_tenant_load,
    tenant_package.show_package,
    tenant_package.change_package,
    tenant_package.change_limits,
    tenant_package.change_registration,
    service_properties.choose_tenant,
    service_properties.list_own_services,
    service_properties.show_own_service,
    service_properties.save_own_service,
    service_properties.test_own_connection,
    service_properties.list_services,
    service_properties.show_service,
    service_properties.save_service,
    service_properties.test_connection,
)


@get("/", include_in_schema=False, opt={"public": True})
async def open_console() -> Redirect:
    """The address without a path is the console's."""
    return Redirect(CONSOLE_PATH, status_code=307)


@get("/{path:path}", opt={"public": True})
async def find_no_page() -> None:
    """What no page answers is a page too."""
    raise NotFoundException


def console_routes() -> list[ControllerRouterHandler]:
    """The console and its static files."""
    pages = Router(
        path=CONSOLE_PATH,
        route_handlers=[*PAGES, find_no_page],
        middleware=[SessionAuthentication()],
        exception_handlers={
            **failures.HANDLERS,
            NotAuthenticated: session.ask_to_sign_in,
            TokenExpired: session.ask_to_sign_in,
        },
        include_in_schema=False,
    )
    return [open_console, problem_pages.show_problem_code, static_files(), pages]


def static_files() -> Router:
    """Files whose addresses carry a digest of their content; browsers keep them for good."""
    return create_static_files_router(
        path=STATIC_PATH,
        directories=[STATIC_DIR],
        name="console-static",
        include_in_schema=False,
        cache_control=FOR_GOOD,
        opt={"public": True},
    )
