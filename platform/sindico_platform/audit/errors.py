"""What can be wrong with what is asked of the audit trail."""

from sindico_platform.errors import SindicoError


class AuditRecordNotFound(SindicoError):
    """The bound tenant's trail has no event about such a record."""

    code, status, title = "audit-record-not-found", 404, "The audit trail tells of no such record"
    detail = "Check kind and id: the trail has no event of {target_type} {target_id}."
