"""What can go wrong with the curve."""

from sindico_platform.errors import SindicoError


class AbcSettingsNotFound(SindicoError):
    """No such settings, or they are another tenant's."""

    code, status, title = "abc-settings-not-found", 404, "There are no such settings of a curve"
    detail = "No settings of a curve have the id {settings_id}."
