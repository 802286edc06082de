"""What settings of file servers must meet, typed or stored."""

from msgspec import UNSET

from sindico_platform.errors import InvalidInput
from sindico_tenants.ftp_settings.fields import find_faults
from sindico_tenants.ftp_settings.models import FtpSettings
from sindico_tenants.ftp_settings.reaching import Place, destination_of, typed_destination
from sindico_tenants.ftp_settings.schemas import FtpSettingsIn
from sindico_tenants.server_settings.service import find_secret_faults


def demand_valid(data: FtpSettingsIn, *, must_reach: bool) -> None:
    """Refuse what cannot be, with all its reasons.

    Args:
        must_reach: whether there must be a server, as for a test.

    Raises:
        InvalidInput: listing every field that is wrong.
    """
    if faults := find_faults(data, must_reach=must_reach):
        raise InvalidInput(*faults)


def demand_same_destination(row: FtpSettings, data: FtpSettingsIn, place: Place) -> None:
    """A stored secret is used only for the host, port, user and connection it was typed for.

    So it is with what the server is recognised by: its key, or who signs its certificate.

    Raises:
        InvalidInput: a secret must be typed again.
    """
    kept = [
        name
        for name, stored in (
            ("password", row.password_sealed),
            ("private_key", row.private_key_sealed),
        )
        if stored is not None and getattr(data, name) is UNSET
    ]
    if faults := find_secret_faults(destination_of(row), typed_destination(data, place), kept=kept):
        raise InvalidInput(*faults)
