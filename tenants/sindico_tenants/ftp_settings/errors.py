"""What can go wrong with file servers' settings."""

from sindico_platform.errors import SindicoError


class FtpSettingsNotFound(SindicoError):
    """No such settings, or they are another tenant's."""

    code, status, title = "ftp-settings-not-found", 404, "There is no such FTP configuration"
    detail = "No FTP configuration has the id {settings_id}."


class NoServerToTest(SindicoError):
    """The customer's server fetches the files, and no server of theirs is known."""

    code, status, title = "no-server-to-test", 409, "There is no server to test"
    detail = "This configuration has no address: the customer's server fetches the files itself."
