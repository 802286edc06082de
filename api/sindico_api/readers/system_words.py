"""What the product is called when it did something by itself: a job, a release, a command."""

from sindico_api.i18n import Translator
from sindico_platform.words import translatable

PRODUCT = "Síndico"
SYSTEM_LABELS: dict[str, str] = {
    "system": "",
    "bootstrap": translatable("installation"),
    "release": translatable("new release"),
    "demo": translatable("demonstration"),
    "command-line": translatable("command line"),
    "key-rotation": translatable("key rotation"),
    "rate-limit": translatable("request limit"),
    "refresh-token": translatable("access"),
    "revocation": translatable("access"),
    "forgotten-password": translatable("access links"),
    "invitation-link": translatable("access links"),
    "reset-link": translatable("access links"),
    # jobs, by their function
    "imports.analyse_import": translatable("imports"),
    "imports.run_import": translatable("imports"),
    "imports.undo_import": translatable("imports"),
    "imports.expire_import": translatable("clean-up"),
    "imports.forget_import": translatable("clean-up"),
    "blobs.remove_expired_blob": translatable("clean-up"),
    "links.send_link": translatable("access links"),
    "classification.classify_accounts": translatable("classification"),
    "classification.tell_of_changes": translatable("classification"),
    "staging.measure_size": translatable("loads"),
    "staging.retire_rows": translatable("clean-up"),
    "retention": translatable("clean-up"),
    "history_exports.write_history": translatable("history files"),
    "loads.run_load": translatable("loads"),
    "onboarding.review_after_load": translatable("loads"),
    "reconciliation.reconcile": translatable("reconciliation"),
    "reconciliation.reconcile_totals": translatable("reconciliation"),
    "loads.reaper": translatable("loads"),
    "schedules": translatable("schedule"),
    "freshness": translatable("watch over integrations"),
    "fleet": translatable("watch over integrations"),
    "alerts": translatable("alerts"),
    "provisioning_runs.walk_run": translatable("deployment"),
    "tenant_registry.finish_closing": translatable("closing of tenants"),
    "documents.store_document": translatable("documents"),
    "documents.remove_document_file": translatable("documents"),
    "document_notices.notice_failed_document": translatable("documents"),
    "document_notices.notice_waiting_document": translatable("documents"),
    "ftp_settings.test_settings": translatable("connection tests"),
    "smtp_settings.test_settings": translatable("connection tests"),
    "outgoing_mails.deliver_mails": translatable("e-mails"),
    "mail-lanes": translatable("e-mails"),
}
"""By the name that the audit trail and the rows keep; what is empty is the product as a whole."""


def who(name: str, _: Translator) -> str:
    """Whoever did something, for people: ``Síndico (deployment)`` for a job, a login as it is."""
    if name not in SYSTEM_LABELS:
        return name
    part = SYSTEM_LABELS[name]
    return f"{PRODUCT} ({_(part)})" if part else PRODUCT
