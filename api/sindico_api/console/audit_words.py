"""What the events of the audit trail, and the records they are about, are called on the screens."""

from sindico_api.console.company_words import BRANCH_LABELS, COMPANY_LABELS
from sindico_platform.words import translatable

TAG_LABELS: dict[str, str] = {
    "api-client:create": translatable("API client created"),
    "api-client:edit": translatable("API client changed"),
    "api-client:revoke": translatable("API client revoked"),
    "api-client:rotate": translatable("Secret of an API client replaced"),
    "audit:erase": translatable("Personal data erased from the audit"),
    "branch:create": translatable("Branch registered"),
    "branch:delete": translatable("Branch deleted"),
    "branch:edit": translatable("Branch changed"),
    "branch:take-erp-value": translatable("The ERP's value taken for a branch"),
    "branch:unpin": translatable("Field of a branch left to the ERP"),
    "company:create": translatable("Company registered"),
    "company:delete": translatable("Company deleted"),
    "company:edit": translatable("Company changed"),
    "company:take-erp-value": translatable("The ERP's value taken for a company"),
    "company:unpin": translatable("Field of a company left to the ERP"),
    "denied-host:add": translatable("Host refused to every customer"),
    "denied-host:remove": translatable("Host no longer refused"),
    "fleet:read": translatable("Read across tenants"),
    "integration:create": translatable("Integration created"),
    "integration:pause": translatable("Integration paused"),
    "integration:resume": translatable("Integration resumed"),
    "job:cancel": translatable("Background job cancelled"),
    "job:retry": translatable("Background job repeated"),
    "load:cancel": translatable("Load cancelled"),
    "load:resume": translatable("Load resumed"),
    "load:start": translatable("Load started"),
    "provisioning:fail": translatable("Deployment failed"),
    "provisioning:retry": translatable("Deployment retried"),
    "provisioning:start": translatable("Deployment started"),
    "role:assign": translatable("Role given to a user"),
    "role:create": translatable("Role created"),
    "role:create-defaults": translatable("Default roles created"),
    "role:delete": translatable("Role deleted"),
    "role:edit": translatable("Role changed"),
    "role:reconcile": translatable("Role brought to the current release"),
    "role:restore": translatable("Default role restored"),
    "role:unassign": translatable("Role taken from a user"),
    "secrets:reseal": translatable("Secrets sealed under the current key"),
    "service-properties:change": translatable("Service configuration changed"),
    "service-properties:test": translatable("Connection to a service tested"),
    "subscription:change-package": translatable("Package changed"),
    "support-session:open": translatable("Support session opened"),
    "support-session:revoke": translatable("Support session ended"),
    "tenant:change": translatable("Tenant changed"),
    "tenant:close": translatable("Closing of the tenant requested"),
    "tenant:create": translatable("Tenant created"),
    "tenant:finish-closing": translatable("Tenant closed"),
    "tenant:resume": translatable("Tenant resumed"),
    "tenant:set-crm-state": translatable("State of the CRM changed"),
    "tenant:suspend": translatable("Tenant suspended"),
    "token:revoke": translatable("Access revoked"),
    "user:create": translatable("User created"),
    "user:create-default": translatable("Default user created"),
    "user:disable": translatable("User disabled"),
    "user:edit": translatable("User changed"),
    "user:enable": translatable("User enabled"),
    "user:invitation": translatable("Invitation made"),
    "user:password": translatable("Password set"),
    "user:reset": translatable("Password reset requested"),
    "user:restore-default": translatable("Default user restored"),
    "user:sign-in": translatable("Signed in"),
    "user:sign-out": translatable("Signed out"),
}

FIELD_LABELS: dict[str, str] = {
    # what changes
    "name": translatable("Name"),
    "email": translatable("E-mail"),
    "locale": translatable("Language"),
    "state": translatable("State"),
    "package": translatable("Package"),
    "contracted_package": translatable("Contracted package"),
    "default_integration": translatable("Default integration"),
    "overrides": translatable("Limits of its own"),
    # what else is told
    "reason": translatable("Reason"),
    "closes_at": translatable("Closes at"),
    "ends_at": translatable("Ends at"),
    "domain": translatable("Domain"),
    "is_master": translatable("Master tenant"),
    "service": translatable("Service"),
    "kind": translatable("Kind"),
    "integration_id": translatable("Integration"),
    "step": translatable("Step"),
    "error": translatable("Error"),
    "function": translatable("Task"),
    "role": translatable("Role"),
    "roles": translatable("Roles"),
    "default": translatable("Default role"),
    "permissions": translatable("Permissions"),
    "added": translatable("Permissions given"),
    "removed": translatable("Permissions taken away"),
    "way": translatable("Way in"),
    "address": translatable("Network address"),
    "how": translatable("Way"),
    "by_mail": translatable("Sent by e-mail"),
    "because": translatable("Reason"),
    "events": translatable("Events erased"),
    "column": translatable("Column"),
    "key": translatable("Key"),
    "values": translatable("Values"),
    "support_session_id": translatable("Support session"),
    "field": translatable("Field"),
    "entry": translatable("Host"),
}
"""Fields before and after, and what an event tells besides, in the order they are shown."""

REGISTRATION_LABELS = {"company": COMPANY_LABELS, "branch": BRANCH_LABELS}
"""Fields of records that have names of their own for them, by the kind of record."""

VALUE_LABELS: dict[tuple[str, str], str] = {
    ("way", "console"): translatable("Console"),
    ("way", "api"): translatable("API"),
    ("how", "invitation"): translatable("By the invitation"),
    ("how", "reset"): translatable("By a reset link"),
    ("how", "chosen"): translatable("Chosen in the profile"),
    ("how", "demo"): translatable("By the demonstration"),
    ("because", "api-client-rotated"): translatable("The client's secret was replaced"),
    ("because", "api-client-revoked"): translatable("The client was revoked"),
    ("because", "password-changed"): translatable("The password was changed"),
    ("because", "refresh-token-reused"): translatable("A token was used twice"),
    ("because", "revoked-by-holder"): translatable("Its holder ended it"),
    ("reason", "home"): translatable("Home"),
    ("reason", "key-rotation"): translatable("Key rotation"),
    ("reason", "command-line"): translatable("Command line"),
}
"""What a field may hold that no catalogue names."""

TARGET_LABELS: dict[str, str] = {
    "api_client": translatable("API client"),
    "branch": translatable("Branch"),
    "company": translatable("Company"),
    "denied_host": translatable("Denied host"),
    "integration": translatable("Integration"),
    "job": translatable("Background job"),
    "load": translatable("Load"),
    "provisioning_run": translatable("Deployment"),
    "role": translatable("Role"),
    "service": translatable("Service"),
    "support_session": translatable("Support session"),
    "tenant": translatable("Tenant"),
    "user": translatable("User"),
}

PERIODS: dict[str, tuple[int, str]] = {
    "day": (1, translatable("Last 24 hours")),
    "week": (7, translatable("Last 7 days")),
    "month": (30, translatable("Last 30 days")),
}
"""Days back from now, and what they are called."""


def tag_label(tag: str) -> str:
    """The label of an event; one that an older release wrote shows as its tag."""
    return TAG_LABELS.get(tag, tag)


def target_label(target_type: str) -> str:
    return TARGET_LABELS.get(target_type, target_type)
