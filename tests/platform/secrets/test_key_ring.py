from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sindico_platform.secrets import (
    KeyRing,
    SealBroken,
    SealingKeyUnknown,
    SealMalformed,
    generate_key,
)
from sindico_platform.settings import Secret, SettingsInvalid

ALPHA = UUID("018f4c00-0000-7000-8000-00000000000a")
BETA = UUID("018f4c00-0000-7000-8000-00000000000b")
OLD, NEW = generate_key("old").reveal(), generate_key("new").reveal()


def ring(*pairs: str) -> KeyRing:
    return KeyRing.parse(Secret(",".join(pairs)))


@given(plain=st.text(), field=st.text(), tenant_id=st.uuids())
def test_what_was_sealed_opens(plain: str, field: str, tenant_id: UUID) -> None:
    keys = ring(NEW, OLD)

    sealed = keys.seal(plain, tenant_id=tenant_id, field=field)

    assert keys.open(sealed, tenant_id=tenant_id, field=field).reveal() == plain


def test_sealing_twice_gives_two_values_without_the_plain_text() -> None:
    keys = ring(NEW)

    first, second = (keys.seal("segredo", tenant_id=ALPHA, field="smtp.password") for _ in "ab")

    assert first != second
    assert "segredo" not in first
    assert first.startswith("s1.new.")


@pytest.mark.parametrize(
    ("tenant_id", "field"),
    [(BETA, "smtp.password"), (ALPHA, "ftp.password"), (ALPHA, "")],
    ids=["another tenant", "another field", "no field"],
)
def test_a_sealed_value_does_not_open_elsewhere(tenant_id: UUID, field: str) -> None:
    keys = ring(NEW)
    sealed = keys.seal("segredo", tenant_id=ALPHA, field="smtp.password")

    with pytest.raises(SealBroken) as broken:
        keys.open(sealed, tenant_id=tenant_id, field=field)

    assert broken.value.facts == {"field": field, "key_id": "new"}


def test_every_altered_character_is_noticed() -> None:
    keys = ring(NEW, OLD)
    sealed = keys.seal("segredo", tenant_id=ALPHA, field="f")

    for index, character in enumerate(sealed):
        altered = sealed[:index] + ("A" if character != "A" else "B") + sealed[index + 1 :]
        with pytest.raises((SealBroken, SealMalformed, SealingKeyUnknown)):
            keys.open(altered, tenant_id=ALPHA, field="f")


def test_a_value_relabelled_with_another_key_does_not_open() -> None:
    keys = ring(NEW, OLD)
    sealed = keys.seal("segredo", tenant_id=ALPHA, field="f").replace(".new.", ".old.")

    with pytest.raises(SealBroken):
        keys.open(sealed, tenant_id=ALPHA, field="f")


def test_an_unknown_key_is_named() -> None:
    sealed = ring(OLD).seal("segredo", tenant_id=ALPHA, field="f")

    with pytest.raises(SealingKeyUnknown, match="Key old is missing from SINDICO_KEY_RING"):
        ring(NEW).open(sealed, tenant_id=ALPHA, field="f")


@pytest.mark.parametrize("text", ["", "segredo", "s1", "s1..", "s1.new.", "s1.new.é", "s9.new.AA"])
def test_what_was_never_sealed_is_refused(text: str) -> None:
    with pytest.raises(SealMalformed, match=r"smtp\.password"):
        ring(NEW).open(text, tenant_id=ALPHA, field="smtp.password")


def test_a_rotation_opens_the_old_and_seals_it_under_the_new() -> None:
    sealed = ring(OLD).seal("segredo", tenant_id=ALPHA, field="f")
    rotated = ring(NEW, OLD)

    resealed = rotated.reseal(sealed, tenant_id=ALPHA, field="f")

    marks = [each.startswith(rotated.newest_mark) for each in (sealed, resealed)]
    assert marks == [False, True]
    assert ring(NEW).open(resealed, tenant_id=ALPHA, field="f").reveal() == "segredo"


def test_a_signature_verifies_after_a_rotation_and_for_its_purpose_alone() -> None:
    mac = ring(OLD).mac_with_key_id("audit", b"rows")
    rotated = ring(NEW, OLD)

    assert mac.key_id == "old"
    assert rotated.verify_mac("audit", b"rows", mac)
    assert not rotated.verify_mac("audit", b"other rows", mac)
    assert not rotated.verify_mac("export", b"rows", mac)
    assert rotated.mac("audit", b"rows") == ring(NEW).mac("audit", b"rows") != mac.digest
    with pytest.raises(SealingKeyUnknown):
        ring(NEW).verify_mac("audit", b"rows", mac)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "holds no key"),
        (" , ", "holds no key"),
        ("AAAA", "pair 1 needs an id"),
        ("Ä:AAAA", "pair 1 needs an id"),
        ("new:AAAA", r"pair 1 \(new\) needs a key of 32 bytes in base64url, not 3"),
        ("new:é", r"pair 1 \(new\) needs a key of 32 bytes"),
        (f"{NEW},{NEW}", "pair 2 repeats the id new"),
    ],
    ids=["empty", "blank", "no id", "bad id", "short", "not base64", "repeated"],
)
def test_a_malformed_ring_is_refused(text: str, fault: str) -> None:
    with pytest.raises(SettingsInvalid, match=fault):
        KeyRing.parse(Secret(text))


def test_no_message_gives_a_key_away() -> None:
    encoded = NEW.removeprefix("new:")

    with pytest.raises(SettingsInvalid) as refused:
        KeyRing.parse(Secret(f"{NEW},Bad:{encoded},short:{encoded[:20]}"))

    assert len(refused.value.faults) == 2
    assert encoded[:20] not in str(refused.value)
    assert repr(ring(NEW, OLD)) == "KeyRing(new, old)"


def test_fingerprints_tell_keys_apart() -> None:
    replaced = generate_key("old").reveal()

    assert ring(OLD).fingerprints() == ring(OLD).fingerprints()
    assert ring(OLD).fingerprints() != ring(replaced).fingerprints()
    assert list(ring(NEW, OLD).fingerprints()) == ["new", "old"]
