"""What may be refused about the history and its files."""

from sindico_platform.errors import SindicoError


class HistoryExportNotFound(SindicoError):
    """No such file in this tenant, or one with personal data that the actor may not see."""

    code, status, title = "history-export-not-found", 404, "There is no such history file"
    detail = "Ask for the history anew; files are kept for three days."


class HistoryExportNotReady(SindicoError):
    """The file is still being written, or never was."""

    code, status, title = "history-export-not-ready", 409, "The history file is not there"
    detail = "Its status is {export_status}."


class HistoryTooLarge(SindicoError):
    """More than is sent at once; a job writes it as well."""

    code, status, title = "history-too-large", 409, "The history is too large to be sent at once"
    detail = "It has {rows} rows; up to {limit} are sent at once. Ask for a history file instead."


class HistoryExportsUnderWay(SindicoError):
    """The tenant has as many files being written as it may."""

    code, status, title = "history-exports-under-way", 409, "Enough files are being written"
    detail = "{count} history files are being written. Wait for one of them or cancel it."


class ExportStopped(Exception):
    """The file was cancelled, or another job writes it now."""
