"""The report of a file server's test, on the screen."""

from typing import Any

from sindico_api.console.connection_reports import report_out_block
from sindico_api.console.view import View
from sindico_platform.connection_tests.schemas import (
    ConnectionReportOut,
    Report,
    Stage,
    StageOut,
    StageStatus,
)
from sindico_platform.file_transport.errors import HOST_KEY_CHANGED, HOST_KEY_UNCONFIRMED
from sindico_tenants.ftp_settings.schemas import FtpSettingsOut

TEMPLATE = "company_settings/ftp_report.html"
KEY_CODES = {HOST_KEY_UNCONFIRMED.code, HOST_KEY_CHANGED.code}


def no_report(view: View, base: str) -> dict[str, Any]:
    """What the block takes while nothing has been tested."""
    _ = view.translate
    return {
        "report": None,
        "stages": [],
        "files": None,
        "done": _("The file was written, read back and compared. It stays in the folder."),
        "base": base,
        "unknown_key": None,
        "signed_report": None,
        "test_file": None,
    }


def stored_report(view: View, base: str, settings: FtpSettingsOut | None) -> dict[str, Any]:
    """The report that stays with stored settings, and the file that its test left."""
    shown = no_report(view, base)
    if settings is None:
        return shown
    shown["test_file"] = settings.test_file
    if settings.report is not None:
        shown |= report_out_block(settings.report, view)
        shown["unknown_key"] = unknown_key(settings.report)
    return shown


def fresh_facts(
    view: View, report: Report, *, signed_report: str | None, test_file: str
) -> dict[str, Any]:
    """What the block takes besides of a test that has just ended."""
    shown = ConnectionReportOut.of(report, view.tell)
    return {
        "unknown_key": unknown_key(shown),
        "signed_report": signed_report,
        "test_file": test_file if wrote(shown) else None,
    }


def unknown_key(report: ConnectionReportOut) -> StageOut | None:
    """The stage that waits for somebody to confirm the server's key; its evidence is the key."""
    return next((item for item in report.stages if item.code in KEY_CODES), None)


def wrote(report: ConnectionReportOut) -> bool:
    return any(
        item.stage is Stage.WRITE and item.status is StageStatus.SUCCEEDED for item in report.stages
    )
