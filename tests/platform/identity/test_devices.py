from sindico_platform.identity.sign_in.devices import known_device, make_device
from sindico_platform.secrets.key_ring import KeyRing, generate_key

KEYS = KeyRing.parse(generate_key())
OTHER_KEYS = KeyRing.parse(generate_key())


def test_a_device_is_known_to_its_login_alone() -> None:
    cookie = make_device(KEYS, login="Ana@acme.test")

    assert known_device(KEYS, cookie, login="ana@ACME.test ") is not None
    assert known_device(KEYS, cookie, login="eva@acme.test") is None


def test_a_device_that_was_not_made_here_is_unknown() -> None:
    cookie = make_device(OTHER_KEYS, login="ana@acme.test")

    assert known_device(KEYS, cookie, login="ana@acme.test") is None
    assert known_device(KEYS, None, login="ana@acme.test") is None
    assert known_device(KEYS, "d1.nonsense", login="ana@acme.test") is None


def test_an_altered_cookie_is_unknown() -> None:
    cookie = make_device(KEYS, login="ana@acme.test")
    altered = cookie[:-1] + ("A" if cookie[-1] != "A" else "B")

    assert known_device(KEYS, altered, login="ana@acme.test") is None
