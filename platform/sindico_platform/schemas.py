"""Bases of the structs that go in and out."""

import msgspec


class Input(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What a caller sends; a field we do not know is an error, never dropped in silence."""


class Output(msgspec.Struct, kw_only=True, frozen=True):
    """What a caller gets back; built inside the transaction, never a row."""
