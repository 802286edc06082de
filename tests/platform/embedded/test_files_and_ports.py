"""Small things that must not go wrong: logs that grow, ports that are taken, secrets on disk."""

import socket
from pathlib import Path

import pytest

from sindico_platform.embedded import child
from sindico_platform.embedded.child import read_tail, trim_log
from sindico_platform.embedded.files import ensure_password, write_private
from sindico_platform.embedded.ports import HOST, claim_port, is_free


def test_a_log_past_its_limit_is_kept_once_and_begun_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(child, "LOG_LIMIT_BYTES", 10)
    log = tmp_path / "api.log"
    with log.open("a") as writer:
        writer.write("a line that is too long")
        writer.flush()

        trim_log(log)
        writer.write("next")

    assert log.read_text() == "next"
    assert (tmp_path / "api.1.log").read_text() == "a line that is too long"


def test_the_last_words_of_a_process_without_a_log_are_none(tmp_path: Path) -> None:
    assert read_tail(tmp_path / "none.log") == ""


def test_a_port_is_remembered_while_it_is_free(tmp_path: Path) -> None:
    memory = tmp_path / "port"
    first = claim_port(memory)

    assert claim_port(memory) == first

    with socket.create_server((HOST, first)):
        assert not is_free(first)
        other = claim_port(memory)
    assert other != first
    assert claim_port(memory) == other


def test_a_spoilt_memory_of_a_port_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("twenty")

    assert claim_port(tmp_path / "port") > 0


def test_a_private_file_is_private_even_where_a_draft_lay(tmp_path: Path) -> None:
    (tmp_path / ".keys.new").write_text("a draft that others can read")

    write_private(tmp_path / "keys", "secret")

    assert (tmp_path / "keys").read_text() == "secret"
    assert (tmp_path / "keys").stat().st_mode & 0o777 == 0o600


def test_a_password_is_made_once(tmp_path: Path) -> None:
    made = ensure_password(tmp_path / "password")

    assert ensure_password(tmp_path / "password") == made
    assert len(made) > 30
