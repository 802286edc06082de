import pytest

from sindico_platform.errors import SindicoError


def test_an_error_without_a_status_cannot_be_defined() -> None:
    with pytest.raises(TypeError, match="status"):

        class Nameless(SindicoError):
            code, title, detail = "nameless", "Nameless", "Nameless."


def test_an_error_carries_its_facts() -> None:
    class Full(SindicoError):
        code, status, title, detail = "full", 409, "Full", "This plan allows {limit} members."

    error = Full(limit=3)

    assert str(error) == "This plan allows 3 members."
    assert error.extra == {"limit": 3}
