"""ProFTPD and OpenSSH die, and so do we, while files are carried: none is lost, none is half."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from sindico_platform.blobs.transfer import read_blob
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.documents import jobs as document_jobs
from sindico_tenants.documents.carrying import service as carrying
from tests.api.test_documents import (
    PATH,
    configure,
    director,
    names_in,
    nearby,
    problem,
    read,
    tenant,
    uploaded,
)
from tests.processes import wait_until
from tests.support.jobs import Killed, run_jobs
from tests.support.servers.certificates import HOST, Certificates
from tests.support.servers.openssh import run_openssh
from tests.support.servers.process import kill_all
from tests.support.servers.proftpd import PASSWORD, USER, run_proftpd

__all__ = ["director", "nearby", "tenant"]

pytestmark = pytest.mark.stack

CONTENT = bytes(range(256)) * (1 << 16)
"""16 MB: more than every buffer on the way."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """A server that runs."""

    process_id: int
    fields: dict[str, Any]
    """What it is reached with."""
    folder: Path


class Place:
    """A server's root, on which it can come back."""

    def __init__(self, kind: str, root: Path) -> None:
        self._kind, self._root = kind, root
        self._port: int | None = None
        certificates = root / "certificates"
        certificates.mkdir(parents=True)
        self._certificates = Certificates(certificates)
        self._certificate = self._certificates.right()

    def run(self) -> AbstractContextManager[Standing]:
        """Start it; the second time on the same port, with the same key and files."""
        return self._openssh() if self._kind == "sftp" else self._proftpd()

    @contextmanager
    def _openssh(self) -> Iterator[Standing]:
        with run_openssh(self._root / "sshd", port=self._port) as running:
            self._port = running.port
            fields = {
                "connection": "sftp",
                "host": HOST,
                "port": running.port,
                "folder": str(running.folder),
                "username": running.user,
                "private_key": running.private_key,
                "host_key": running.fingerprint,
            }
            yield Standing(process_id=running.process_id, fields=fields, folder=running.folder)

    @contextmanager
    def _proftpd(self) -> Iterator[Standing]:
        with run_proftpd(self._root / "proftpd", self._certificate, port=self._port) as running:
            self._port = running.port
            is_safe = self._kind == "ftps"
            fields = {
                "connection": self._kind,
                "host": HOST,
                "port": running.port,
                "folder": "documentos",
                "username": USER,
                "password": PASSWORD,
                "ca_certificate": self._certificates.ca_pem if is_safe else None,
            }
            folder = running.files / "documentos"
            yield Standing(process_id=running.process_id, fields=fields, folder=folder)


@pytest.fixture(params=["ftp", "ftps", "sftp"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    tmp_path.chmod(0o755)  # the servers' own users pass through it
    return Place(request.param, tmp_path)


async def test_a_server_that_dies_in_the_middle_of_a_file_gets_it_whole_later(
    director: AsyncClient,
    nearby: Context,
    tenant: Tenant,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with place.run() as first:
        await configure(director, first.fields)
        document = await uploaded(director, content=CONTENT)

        async def read_while_it_dies(*args: Any) -> AsyncIterator[bytes]:
            sent = 0
            async for chunk in read_blob(*args):
                yield chunk
                sent += len(chunk)
                if sent > len(CONTENT) // 2:
                    kill_all(first.process_id)

        with monkeypatch.context() as patched:
            patched.setattr(document_jobs, "read_blob", read_while_it_dies)
            await run_jobs(nearby, tenant.tenant_id)

    waiting = await read(director, document["id"])
    assert waiting["state"] == "waiting"
    assert waiting["stored_name"] not in names_in(first.folder)
    assert (await director.get(f"{PATH}/{document['id']}/content")).content == CONTENT

    with place.run() as second:
        await run_jobs(nearby, tenant.tenant_id, at_once=True)
        stored = await read(director, document["id"])
        assert stored["state"] == "stored"
        assert names_in(second.folder) == [stored["stored_name"]]
        assert (await director.get(f"{PATH}/{document['id']}/content")).content == CONTENT


async def test_killed_between_the_servers_word_and_our_record_there_is_one_file(
    director: AsyncClient,
    nearby: Context,
    tenant: Tenant,
    place: Place,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def die(*_args: Any, **_named: Any) -> None:
        raise Killed("the file is stored, and nobody has written it down")

    with place.run() as running:
        await configure(director, running.fields)
        document = await uploaded(director, content=CONTENT)
        with monkeypatch.context() as patched:
            patched.setattr(carrying, "finish_storing", die)
            assert (await run_jobs(nearby, tenant.tenant_id)).killed
        assert (await read(director, document["id"]))["state"] == "waiting"
        assert len(names_in(running.folder)) == 1

        await run_jobs(nearby, tenant.tenant_id)

        stored = await read(director, document["id"])
        assert stored["state"] == "stored"
        assert names_in(running.folder) == [stored["stored_name"]]
        assert (running.folder / stored["stored_name"]).read_bytes() == CONTENT


async def test_a_process_killed_while_it_uploads_leaves_nothing_under_the_final_name(
    place: Place,
) -> None:
    with place.run() as running:
        told = {"password": None, "private_key": None, "host_key": None} | running.fields
        if told["connection"] == "ftps":
            told["connection"] = "ftp"
        part = running.folder / "ours.bin.part"
        command = [sys.executable, "-m", "benchmarks.file_worker", "ours"]
        uploading = await asyncio.create_subprocess_exec(
            *command, "4096", json.dumps(told), stdout=asyncio.subprocess.DEVNULL
        )
        try:
            await asyncio.to_thread(wait_until, lambda: part.exists() and part.stat().st_size > 0)
        finally:
            os.kill(uploading.pid, signal.SIGKILL)
            await uploading.wait()
        assert names_in(running.folder) == ["ours.bin.part"]

        again = await asyncio.create_subprocess_exec(
            *command, "1", json.dumps(told), stdout=asyncio.subprocess.DEVNULL
        )
        assert await again.wait() == 0
        assert names_in(running.folder) == ["ours.bin"]
        assert (running.folder / "ours.bin").stat().st_size == 1 << 20


async def test_a_server_with_another_key_gets_nothing_until_somebody_confirms_it(
    director: AsyncClient, nearby: Context, tenant: Tenant, tmp_path: Path
) -> None:
    with Place("sftp", tmp_path).run() as before:
        settings = await configure(director, before.fields)
        kept = await uploaded(director, content=b"antes")
        await run_jobs(nearby, tenant.tenant_id)
    with run_openssh(tmp_path / "other", port=before.fields["port"]) as after:
        document = await uploaded(director, content=CONTENT)
        await run_jobs(nearby, tenant.tenant_id)

        failed = await read(director, document["id"])
        assert (failed["state"], failed["reason"]["code"]) == ("failed", "host-key-changed")
        assert after.fingerprint in failed["reason"]["detail"]
        assert "posing as the server" in failed["reason"]["advice"]
        refused = await director.get(f"{PATH}/{kept['id']}/content")
        assert problem(refused) == (502, "host-key-changed")
        assert names_in(after.folder) == []

        confirmed = before.fields | {
            "host_key": after.fingerprint,
            "private_key": after.private_key,
            "folder": str(after.folder),
        }
        changed = await director.put(f"/api/v1/ftp-settings/{settings}", json=confirmed)
        assert changed.status_code == 200
        await director.post(f"{PATH}/{document['id']}/retry")
        await run_jobs(nearby, tenant.tenant_id)
        assert (await read(director, document["id"]))["state"] == "stored"
        assert len(names_in(after.folder)) == 1
