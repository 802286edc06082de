"""Files stay within reach: what happens to documents when their server's settings change."""

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from httpx import AsyncClient

from sindico_api.context import Context
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.documents.carrying import service as carrying
from sindico_tenants.ftp_settings import service as ftp_settings
from tests.api.test_documents import (
    AT_CUSTOMER,
    CONTENT,
    PATH,
    configure,
    director,
    folder,
    names_in,
    nearby,
    problem,
    read,
    tenant,
    typed,
    uploaded,
)
from tests.support.callers import ClientAs
from tests.support.file_servers import RunningServer, serving_ftp
from tests.support.jobs import POINTS, run_jobs, run_through_kills

__all__ = ["director", "folder", "nearby", "tenant"]

NOTICE_FAILED = "document_notices.notice_failed_document"
SETTINGS = "/api/v1/ftp-settings"


async def stored_on(
    director: AsyncClient, nearby: Context, tenant: Tenant, running: RunningServer
) -> tuple[str, str]:
    """The ids of settings and of a document whose file lies on their server."""
    settings = await configure(director, typed(running))
    document = await uploaded(director)
    await run_jobs(nearby, tenant.tenant_id)
    assert (await read(director, document["id"]))["state"] == "stored"
    return settings, document["id"]


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    made = tmp_path / "elsewhere"
    made.mkdir()
    return made


async def test_a_server_on_which_files_lie_is_neither_left_nor_deleted(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path, elsewhere: Path
) -> None:
    with serving_ftp(folder) as old, serving_ftp(elsewhere) as new:
        settings, document = await stored_on(director, nearby, tenant, old)
        assert (await director.get(f"{SETTINGS}/{settings}")).json()["documents"] == 1

        left = await director.put(f"{SETTINGS}/{settings}", json=typed(new))
        deleted = await director.delete(f"{SETTINGS}/{settings}")

        for refused in (left, deleted):
            assert problem(refused) == (409, "files-on-server")
            assert refused.json()["count"] == 1
        listed = await director.get(PATH, params={"ftp_settings_id": settings})
        assert [each["id"] for each in listed.json()["items"]] == [document]
        assert (await director.get(f"{PATH}/{document}/content")).content == CONTENT


async def test_what_is_no_other_server_changes_freely_and_files_stay_in_their_folder(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    (folder / "novos").mkdir()
    with serving_ftp(folder) as running:
        settings, document = await stored_on(director, nearby, tenant, running)

        changed = await director.put(f"{SETTINGS}/{settings}", json=typed(running, folder="novos"))

        assert changed.status_code == 200
        later = await uploaded(director, content=b"depois")
        await run_jobs(nearby, tenant.tenant_id)
        assert len(names_in(folder / "novos")) == 1
        for each, content in ((document, CONTENT), (later["id"], b"depois")):
            assert (await director.get(f"{PATH}/{each}/content")).content == content


async def test_files_that_were_moved_are_found_at_the_new_address(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path, elsewhere: Path
) -> None:
    with serving_ftp(folder) as old, serving_ftp(elsewhere) as new:
        settings, document = await stored_on(director, nearby, tenant, old)
        for name in names_in(folder):
            (folder / name).rename(elsewhere / name)

        moved = await director.put(
            f"{SETTINGS}/{settings}", json=typed(new) | {"files_moved": True}
        )

        assert moved.status_code == 200
        assert (await director.get(f"{PATH}/{document}/content")).content == CONTENT


async def test_without_documents_settings_are_deleted_and_what_fails_holds_nothing_back(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path, elsewhere: Path
) -> None:
    with serving_ftp(folder) as old, serving_ftp(elsewhere) as new:
        settings = await configure(director, typed(old, password="errada"))
        document = await uploaded(director)
        await run_jobs(nearby, tenant.tenant_id)
        assert (await read(director, document["id"]))["state"] == "failed"

        changed = await director.put(f"{SETTINGS}/{settings}", json=typed(new))
        await director.post(f"{PATH}/{document['id']}/retry")
        await run_jobs(nearby, tenant.tenant_id)

        assert changed.status_code == 200
        assert names_in(elsewhere) == [(await read(director, document["id"]))["stored_name"]]
        await director.delete(f"{PATH}/{document['id']}")
        assert (await director.delete(f"{SETTINGS}/{settings}")).status_code == 204
        await run_jobs(nearby, tenant.tenant_id)


@pytest.mark.kills("document_notices.notice_failed_document")
@pytest.mark.parametrize("point", POINTS)
async def test_a_file_that_is_not_stored_is_told_once_and_again_after_another_try(
    director: AsyncClient,
    nearby: Context,
    tenant: Tenant,
    folder: Path,
    nearby_as: ClientAs,
    *,
    point: str,
) -> None:
    with serving_ftp(folder) as running:
        await configure(director, typed(running, password="errada"))
        document = await uploaded(director)
        reader = await nearby_as(tenant, "notifications:view")

        for _ in range(2):
            await run_through_kills(nearby, tenant.tenant_id, point=point, only=NOTICE_FAILED)
        first = await told_of(reader)
        await director.post(f"{PATH}/{document['id']}/retry")
        await run_through_kills(nearby, tenant.tenant_id, point=point, only=NOTICE_FAILED)

    assert first == [f"/console/documents/{document['id']}"]
    assert await told_of(reader) == first * 2


async def told_of(reader: AsyncClient) -> list[str]:
    """Where the notices of files that are not stored lead."""
    notices = (await reader.get("/api/v1/notifications")).json()["items"]
    return [each["path"] for each in notices if each["code"] == "document-not-stored"]


async def test_what_only_the_customers_server_reaches_holds_nothing_back(
    director: AsyncClient,
) -> None:
    settings = await configure(director, AT_CUSTOMER)
    document = await uploaded(director)
    confirm = f"/api/v1/document-pickups/{document['id']}/confirm"
    await director.post(confirm, json={"sha256": document["sha256"]})

    assert (await director.delete(f"{SETTINGS}/{settings}")).status_code == 204
    held = await director.get(f"{PATH}/{document['id']}/content")
    assert problem(held) == (409, "document-held-by-customer")


@pytest.mark.parametrize("deleted", [False, True], ids=["changed", "deleted"])
async def test_a_file_carried_while_its_server_goes_is_carried_again(
    director: AsyncClient,
    nearby: Context,
    tenant: Tenant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    *,
    deleted: bool,
) -> None:
    folder, elsewhere = (tmp_path / name for name in ("old", "new"))
    for each in (folder, elsewhere):
        each.mkdir()
    with serving_ftp(folder) as old, serving_ftp(elsewhere) as new:
        settings = await configure(director, typed(old))
        document = await uploaded(director)
        finish, calls = carrying.finish_storing, 0

        async def finish_late(*args: Any, **named: Any) -> None:
            nonlocal calls
            calls += 1
            if calls == 1:  # the bytes are on the old server; nobody has noted it yet
                await leave(settings, typed(new))
            await finish(*args, **named)

        async def leave(settings_id: str, fields: dict[str, Any]) -> None:
            if deleted:
                await director.delete(f"{SETTINGS}/{settings_id}")
                await configure(director, fields)
            else:
                await director.put(f"{SETTINGS}/{settings_id}", json=fields)

        monkeypatch.setattr(carrying, "finish_storing", finish_late)
        await run_jobs(nearby, tenant.tenant_id)
        await run_jobs(nearby, tenant.tenant_id, at_once=True)

        stored = await read(director, document["id"])
        assert (calls, stored["state"]) == (2, "stored")
        assert names_in(elsewhere) == [stored["stored_name"]]
        assert (await director.get(f"{PATH}/{document['id']}/content")).content == CONTENT


async def test_a_removed_file_whose_settings_are_gone_is_let_go(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        settings, document = await stored_on(director, nearby, tenant, running)
        await director.delete(f"{PATH}/{document}")
        async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
            await ftp_settings.delete_settings(tx, settings_id=UUID(settings))

        await run_jobs(nearby, tenant.tenant_id)
