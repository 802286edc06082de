"""Every module that declares jobs, named once: what is not imported cannot run.

A test compares the list with the `jobs.py` files there are.
"""

from importlib import import_module

JOB_MODULES = (
    "sindico_platform.blobs.jobs",
    "sindico_platform.identity.links.jobs",
    "sindico_provisioning.classification.jobs",
    "sindico_provisioning.document_notices.jobs",
    "sindico_provisioning.history_exports.jobs",
    "sindico_provisioning.loads.jobs",
    "sindico_provisioning.onboarding.jobs",
    "sindico_provisioning.provisioning_runs.jobs",
    "sindico_provisioning.reconciliation.jobs",
    "sindico_provisioning.staging.retention.jobs",
    "sindico_provisioning.staging.sizes.jobs",
    "sindico_provisioning.tenant_registry.jobs",
    "sindico_tenants.documents.jobs",
    "sindico_tenants.ftp_settings.jobs",
    "sindico_tenants.imports.jobs",
    "sindico_tenants.imports.retention.jobs",
    "sindico_tenants.outgoing_mails.jobs",
    "sindico_tenants.smtp_settings.jobs",
)


def import_jobs() -> None:
    """Register every job of the product."""
    for name in JOB_MODULES:
        import_module(name)
