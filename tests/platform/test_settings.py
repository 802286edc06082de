"""What the environment may say, and what a start refuses."""

import pytest

from sindico_platform.settings import SettingsInvalid, load_settings

REQUIRED = {
    "database_url": None,
    "database_fleet_url": None,
    "redis_url": None,
    "key_ring": None,
}
"""Taken as they are."""


def test_addresses_of_the_vendor_s_own_are_read() -> None:
    environ = {"SINDICO_ALERT_MAIL_TO": " plantao@example.com, ti@example.com,"}

    settings = load_settings(environ, **REQUIRED)

    assert settings.alert_mail_to == ("plantao@example.com", "ti@example.com")


@pytest.mark.parametrize("raw", ['["plantao@example.com"]', "plantao", "a@b.example; c@d.example"])
def test_what_is_no_address_keeps_it_from_starting(raw: str) -> None:
    with pytest.raises(SettingsInvalid, match="SINDICO_ALERT_MAIL_TO: expected mail addresses"):
        load_settings({"SINDICO_ALERT_MAIL_TO": raw}, **REQUIRED)
