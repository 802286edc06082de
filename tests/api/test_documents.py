"""Documents over HTTP: stored on real servers, linked, fetched by the customer's, refused."""

import hashlib
from datetime import datetime
from pathlib import Path
from string import ascii_letters, digits
from typing import Any
from uuid import UUID, uuid4

import pytest
import trustme
from httpx import AsyncClient, Response
from litestar import Litestar

from sindico_api import documents as uploads
from sindico_api.context import Context
from sindico_platform.blobs.queries import count_stored_bytes
from sindico_platform.database.tx import Actor
from sindico_platform.tenancy.models import Tenant
from sindico_tenants.documents import service
from sindico_tenants.documents.pickups import service as pickups
from tests.support.callers import ClientAs, caller_of
from tests.support.file_servers import PASSWORD, USERNAME, RunningServer, serving_ftp, serving_sftp
from tests.support.identity import MakeTenant
from tests.support.jobs import POINTS, run_jobs, run_through_kills

PATH, PICKUPS = "/api/v1/documents", "/api/v1/document-pickups"
CONTENT = b"%PDF-1.7 contrato\n" * 20_000
NOTICE_WAITING = "document_notices.notice_waiting_document"
LINK = {"name": "Contrato", "url": "https://files.example/contrato.pdf"}
SAFE = set(ascii_letters + digits + "._-")
AT_CUSTOMER = {"connection": "sftp", "transfer_method": "customer", "folder": "crm"}


@pytest.fixture
async def tenant(make_tenant: MakeTenant) -> Tenant:
    return await make_tenant()


@pytest.fixture
async def director(tenant: Tenant, nearby_as: ClientAs) -> AsyncClient:
    return await nearby_as(tenant, "crm-director")


@pytest.fixture
def nearby(served_nearby: Any) -> Context:
    """The installation that may reach servers on this machine."""
    context: Context = served_nearby.state.context
    return context


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "home"
    made.mkdir()
    return made


def typed(running: RunningServer, **changes: Any) -> dict[str, Any]:
    fields = {
        "host": "localhost",
        "port": running.port,
        "username": USERNAME,
        "password": PASSWORD,
        "connection": running.connection.value,
        "host_key": running.host_key,
        "ca_certificate": running.certificate,
    }
    return fields | changes


async def configure(director: AsyncClient, fields: dict[str, Any]) -> str:
    made = await director.post("/api/v1/ftp-settings", json=fields)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


async def upload(
    director: AsyncClient,
    content: bytes = CONTENT,
    filename: str = "Contrato nº 1.pdf",
    key: str | None = None,
    **fields: str,
) -> Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await director.post(
        PATH, data=fields, files={"file": (filename, content, "application/pdf")}, headers=headers
    )


async def uploaded(director: AsyncClient, **fields: Any) -> dict[str, Any]:
    sent = await upload(director, **fields)
    assert sent.status_code == 202, sent.text
    body: dict[str, Any] = sent.json()
    return body


async def read(director: AsyncClient, document_id: str) -> dict[str, Any]:
    response = await director.get(f"{PATH}/{document_id}")
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def problem(response: Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


def faults(response: Response) -> set[tuple[str, str]]:
    return {(each["field"], each["code"]) for each in response.json()["errors"]}


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


async def bytes_kept(context: Context, tenant: Tenant) -> int:
    async with context.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        return await count_stored_bytes(tx)


# Stored on the customer's server


@pytest.mark.parametrize("kind", ["ftp", "ftps", "sftp"])
async def test_a_file_goes_to_the_server_comes_back_and_goes(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path, kind: str
) -> None:
    async def walk(running: RunningServer) -> None:
        await configure(director, typed(running))
        document = await uploaded(director, description="Assinado")
        assert (document["state"], document["name"]) == ("waiting", "Contrato nº 1.pdf")
        before = await director.get(f"{PATH}/{document['id']}/content")
        assert before.content == CONTENT

        await run_jobs(nearby, tenant.tenant_id)

        stored = await read(director, document["id"])
        assert (stored["state"], stored["reason"]) == ("stored", None)
        assert stored["sha256"] == hashlib.sha256(CONTENT).hexdigest()
        assert names_in(folder) == [f"{document['id']}-Contrato-no-1.pdf"]
        assert (folder / stored["stored_name"]).read_bytes() == CONTENT
        assert await bytes_kept(nearby, tenant) == 0
        download = await director.get(f"{PATH}/{document['id']}/content")
        assert download.content == CONTENT
        assert download.headers["X-Content-Type-Options"] == "nosniff"
        assert download.headers["Content-Disposition"].startswith("attachment; filename=")

        removed = await director.delete(f"{PATH}/{document['id']}")
        assert removed.status_code == 204
        assert problem(await director.get(f"{PATH}/{document['id']}")) == (
            404,
            "document-not-found",
        )
        await run_jobs(nearby, tenant.tenant_id)
        assert names_in(folder) == []

    if kind == "sftp":
        async with serving_sftp(folder) as running:
            await walk(running)
    else:
        with serving_ftp(folder, ca=trustme.CA() if kind == "ftps" else None) as running:
            await walk(running)


@pytest.mark.kills("documents.store_document", "documents.remove_document_file")
@pytest.mark.parametrize("point", POINTS)
async def test_killed_after_any_step_there_is_exactly_one_file(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path, point: str
) -> None:
    with serving_ftp(folder) as running:
        await configure(director, typed(running))
        document = await uploaded(director)

        kills = await run_through_kills(nearby, tenant.tenant_id, point=point)

        assert kills >= 1
        stored = await read(director, document["id"])
        assert stored["state"] == "stored"
        assert names_in(folder) == [stored["stored_name"]]
        assert (folder / stored["stored_name"]).read_bytes() == CONTENT

        await director.delete(f"{PATH}/{document['id']}")
        await run_through_kills(nearby, tenant.tenant_id, point=point)
        assert names_in(folder) == []


async def test_the_settings_tell_when_the_server_was_used_last(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    async def used_at() -> datetime | None:
        (item,) = (await director.get("/api/v1/ftp-settings")).json()["items"]
        return item["used_at"] and datetime.fromisoformat(item["used_at"])

    with serving_ftp(folder) as running:
        settings = await configure(director, typed(running))
        await director.post(f"/api/v1/ftp-settings/{settings}/test")
        only_tested = await used_at()
        document = await uploaded(director)
        await run_jobs(nearby, tenant.tenant_id)
        stored = await used_at()
        await director.get(f"{PATH}/{document['id']}/content")
        downloaded = await used_at()

    assert only_tested is None
    assert stored is not None
    assert downloaded is not None
    assert downloaded > stored


async def test_a_file_goes_to_the_server_of_its_branch(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    company = (await director.post("/api/v1/companies", json={"name": "Grupo"})).json()["id"]
    branch = (
        await director.post("/api/v1/branches", json={"company_id": company, "name": "Sul"})
    ).json()["id"]
    with serving_ftp(folder) as running:
        await configure(director, typed(running, branch_id=branch))

        refused = await upload(director, resource="companies", record_id=company)
        assert problem(refused) == (409, "file-server-missing")
        assert refused.json()["level"] == "company"
        assert await bytes_kept(nearby, tenant) == 0
        document = await uploaded(director, resource="branches", record_id=branch)
        await run_jobs(nearby, tenant.tenant_id)

        assert (document["company_id"], document["branch_id"]) == (company, branch)
        assert len(names_in(folder)) == 1
        linked = await director.delete(f"/api/v1/branches/{branch}")
        assert linked.status_code == 409
        assert "documents" in linked.text
        await director.delete(f"{PATH}/{document['id']}")
        await run_jobs(nearby, tenant.tenant_id)
        of_branch = await director.get(PATH, params={"resource": "branches", "record_id": branch})
        assert of_branch.json()["items"] == []


async def test_what_the_server_refuses_is_told_and_can_be_sent_again(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        settings = await configure(director, typed(running, password="errada"))
        document = await uploaded(director)
        await run_jobs(nearby, tenant.tenant_id)

        failed = await read(director, document["id"])
        assert (failed["state"], failed["reason"]["code"]) == ("failed", "file-login-refused")
        told = await director.get(f"{PATH}/{document['id']}", headers={"Accept-Language": "pt-BR"})
        assert told.json()["reason"]["detail"] != failed["reason"]["detail"]
        assert (await director.get(f"{PATH}/{document['id']}/content")).content == CONTENT

        await director.put(f"/api/v1/ftp-settings/{settings}", json=typed(running))
        again = await director.post(f"{PATH}/{document['id']}/retry")
        assert (again.status_code, again.json()["state"]) == (202, "waiting")
        await run_jobs(nearby, tenant.tenant_id)
        assert (await read(director, document["id"]))["state"] == "stored"
        once_more = await director.post(f"{PATH}/{document['id']}/retry")
        assert problem(once_more) == (409, "document-not-failed")
        assert len(names_in(folder)) == 1


async def test_a_file_that_somebody_moved_is_a_clear_refusal(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        await configure(director, typed(running))
        document = await uploaded(director)
        await run_jobs(nearby, tenant.tenant_id)
        (folder / (await read(director, document["id"]))["stored_name"]).unlink()

        gone = await director.get(f"{PATH}/{document['id']}/content")

        assert problem(gone) == (502, "remote-file-missing")


async def test_one_key_uploads_one_file(
    director: AsyncClient, nearby: Context, tenant: Tenant, folder: Path
) -> None:
    with serving_ftp(folder) as running:
        await configure(director, typed(running))
        first = await upload(director, key="k-1")
        second = await upload(director, key="k-1")
        other = await upload(director, b"outro", key="k-1")
        await run_jobs(nearby, tenant.tenant_id)

        assert second.json() == first.json()
        assert second.headers["Idempotency-Replayed"] == "true"
        assert other.status_code == 422
        assert len(names_in(folder)) == 1
        assert await bytes_kept(nearby, tenant) == 0


# Links


async def test_a_link_needs_no_server(director: AsyncClient) -> None:
    made = await director.post(f"{PATH}/links", json=LINK)

    assert made.status_code == 201
    assert (await director.get(made.headers["Location"])).json() == made.json()
    assert (made.json()["kind"], made.json()["state"]) == ("link", "stored")
    refused = await director.get(f"{PATH}/{made.json()['id']}/content")
    assert problem(refused) == (409, "document-is-link")
    assert (await director.delete(f"{PATH}/{made.json()['id']}")).status_code == 204


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"url": "javascript:alert(1)"}, ("url", "url-malformed")),
        ({"url": "ftp://files.example/a"}, ("url", "url-malformed")),
        ({"url": "https:///a"}, ("url", "url-malformed")),
        ({"url": "https://ana:segredo@files.example/"}, ("url", "url-with-credentials")),
        ({"url": "https://files.example/\r\nSet-Cookie: a"}, ("url", "control-character")),
        ({"url": "https://files.example/" + "a" * 10_000}, ("url", "too-long")),
        ({"name": "a" * 10_000}, ("name", "too-long")),
        ({"name": "a\r\nb"}, ("name", "control-character")),
        ({"name": "  "}, ("name", "required")),
        ({"resource": "accounts"}, ("record_id", "attachment-incomplete")),
    ],
    ids=lambda value: None if isinstance(value, dict) else "-".join(value),
)
async def test_what_is_no_link_is_refused_with_its_field(
    director: AsyncClient, changes: dict[str, str], fault: tuple[str, str]
) -> None:
    refused = await director.post(f"{PATH}/links", json=LINK | changes)

    assert refused.status_code == 422
    assert fault in faults(refused)


async def test_a_record_must_be_there(director: AsyncClient) -> None:
    fields = {"resource": "accounts", "record_id": str(uuid4())}

    refused = await director.post(f"{PATH}/links", json=LINK | fields)

    assert problem(refused) == (404, "attached-record-not-found")


async def test_documents_of_records_one_may_not_see_are_hidden(
    director: AsyncClient, tenant: Tenant, nearby_as: ClientAs
) -> None:
    company = (await director.post("/api/v1/companies", json={"name": "Grupo"})).json()["id"]
    fields = {"resource": "companies", "record_id": company}
    made = (await director.post(f"{PATH}/links", json=LINK | fields)).json()
    outsider = await nearby_as(tenant, "documents:view", "documents:include")

    assert (await outsider.get(PATH)).json()["items"] == []
    assert problem(await outsider.get(f"{PATH}/{made['id']}")) == (404, "document-not-found")
    assert problem(await outsider.post(f"{PATH}/links", json=LINK | fields)) == (
        403,
        "not-allowed",
    )


async def test_documents_are_searched_paged_and_changed(director: AsyncClient) -> None:
    for number in range(3):
        await director.post(f"{PATH}/links", json=LINK | {"name": f"Ficha técnica {number}"})
    await director.post(f"{PATH}/links", json=LINK)

    found = (await director.get(PATH, params={"q": "ficha tecnica", "limit": 2})).json()
    assert [item["name"] for item in found["items"]] == ["Ficha técnica 2", "Ficha técnica 1"]
    rest = await director.get(
        PATH, params={"q": "ficha tecnica", "limit": 2, "after": found["next_cursor"]}
    )
    assert [item["name"] for item in rest.json()["items"]] == ["Ficha técnica 0"]
    assert len((await director.get(PATH, params={"kind": "file"})).json()["items"]) == 0
    assert len((await director.get(PATH, params={"state": "stored"})).json()["items"]) == 4

    address = f"{PATH}/{rest.json()['items'][0]['id']}"
    changed = await director.patch(address, json={"name": "Laudo"}, headers={"If-Match": '"1"'})
    assert (changed.json()["name"], changed.headers["ETag"]) == ("Laudo", '"2"')
    stale = await director.patch(address, json={"name": "X"}, headers={"If-Match": '"1"'})
    assert problem(stale) == (412, "changed-meanwhile")


# Bad files


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("a" * 1_000 + ".pdf", "a" * 196 + ".pdf"),
        ("....", "document"),
        ("ação\u202efdp.exe", "ação fdp.exe"),
    ],
    ids=["parents", "windows", "long", "dots", "reversed"],
)
async def test_names_of_files_are_made_safe(
    director: AsyncClient, filename: str, shown: str
) -> None:
    await configure(director, AT_CUSTOMER)

    document = await uploaded(director, filename=filename)

    assert document["filename"] == shown
    name = document["stored_name"]
    assert name.startswith(document["id"])
    assert len(name) <= 140
    assert set(name) <= SAFE


async def test_without_a_server_it_is_said_what_is_missing(director: AsyncClient) -> None:
    refused = await upload(director)

    assert problem(refused) == (409, "file-server-missing")
    assert "tenant" in refused.json()["detail"]
    told = await director.post(
        PATH, files={"file": ("a.pdf", b"a")}, headers={"Accept-Language": "pt-BR"}
    )
    assert "link externo" in told.json()["detail"]


async def test_empty_and_too_large_files_are_refused_and_not_kept(
    director: AsyncClient,
    nearby: Context,
    tenant: Tenant,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await configure(director, AT_CUSTOMER)
    empty = await upload(director, b"")
    assert faults(empty) == {("file", "file-empty")}
    assert faults(await upload(director, name="a" * 10_000)) == {("name", "too-long")}
    assert faults(await upload(director, name="a\r\nb")) == {("name", "control-character")}

    long = await director.post(
        PATH, files={"file": ("a" * 10_000, b"a")}, headers={"Accept-Language": "pt-BR"}
    )
    assert (long.status_code, faults(long)) == (422, {("file", "file-name-too-long")})
    assert "nome do arquivo" in long.json()["errors"][0]["detail"]

    monkeypatch.setattr(service, "MAX_FILE_BYTES", 1000)
    assert problem(await upload(director, b"a" * 1001)) == (413, "blob-too-large")

    assert await bytes_kept(nearby, tenant) == 0
    assert (await director.get(PATH)).json()["items"] == []
    assert uploads.MAX_UPLOAD_BYTES > 2 << 30


@pytest.mark.parametrize(
    ("header", "shown"),
    [
        (b'filename="a\0b.pdf"', "a b.pdf"),
        (b'filename="a%0D%0ASet-Cookie: b.pdf"', "a Set-Cookie: b.pdf"),
        (b"filename=\"x\"; filename*=utf-8''a%0D%0Ab.pdf", "x"),
    ],
    ids=["nul", "percent", "extended"],
)
async def test_control_characters_in_a_file_name_go_nowhere(
    director: AsyncClient, header: bytes, shown: str
) -> None:
    await configure(director, AT_CUSTOMER)
    body = b'--x\r\nContent-Disposition: form-data; name="file"; %s\r\n\r\na\r\n--x--\r\n'
    sent = await director.post(
        PATH,
        content=body % header,
        headers={"Content-Type": "multipart/form-data; boundary=x"},
    )

    assert (sent.status_code, sent.json()["filename"]) == (202, shown)
    content = await director.get(f"{PATH}/{sent.json()['id']}/content")
    assert "\n" not in content.headers["Content-Disposition"]
    assert "\0" not in content.headers["Content-Disposition"]
    assert set(sent.json()["stored_name"]) <= SAFE


async def test_a_form_larger_than_any_file_is_refused_by_its_announced_length(
    director: AsyncClient,
) -> None:
    refused = await director.post(
        PATH,
        content=b"",
        headers={
            "Content-Type": "multipart/form-data; boundary=x",
            "Content-Length": str(uploads.MAX_UPLOAD_BYTES + 1),
            "Accept-Language": "pt-BR",
        },
    )

    assert problem(refused) == (413, "body-too-large")
    assert "2147 MB" in refused.json()["detail"]


# Fetched by the customer's server


async def test_the_customers_server_fetches_and_confirms(
    director: AsyncClient, nearby: Context, tenant: Tenant
) -> None:
    await configure(director, AT_CUSTOMER)
    document = await uploaded(director)
    assert (document["state"], document["transfer_method"]) == ("waiting", "customer")

    [waiting] = (await director.get(PICKUPS)).json()["items"]
    assert (waiting["id"], waiting["folder"]) == (document["id"], "crm")
    assert (await director.get(waiting["content_url"])).content == CONTENT
    unsigned = await director.get(f"{PICKUPS}/{document['id']}/content")
    assert problem(unsigned) == (403, "pickup-address-expired")

    confirm = f"{PICKUPS}/{document['id']}/confirm"
    differs = await director.post(confirm, json={"sha256": "0" * 64})
    assert problem(differs) == (409, "pickup-differs")
    for _ in range(2):
        done = await director.post(confirm, json={"sha256": waiting["sha256"]})
        assert done.status_code == 204
    assert (await director.get(PICKUPS)).json()["items"] == []
    await run_jobs(nearby, tenant.tenant_id)
    assert await bytes_kept(nearby, tenant) == 0
    assert (await read(director, document["id"]))["state"] == "stored"
    held = await director.get(f"{PATH}/{document['id']}/content")
    assert problem(held) == (409, "document-held-by-customer")


async def test_a_client_that_may_only_pick_up_fetches_and_confirms(
    director: AsyncClient, tenant: Tenant, nearby_as: ClientAs, served_nearby: Litestar
) -> None:
    await configure(director, AT_CUSTOMER)
    document = await uploaded(director)
    admin = await nearby_as(tenant, "admin", "crm-director")
    granted = ["document_pickups:access", "document_pickups:view", "document_pickups:edit"]
    made = await admin.post("/api/v1/api-clients", json={"name": "ERP", "permissions": granted})
    keys = (made.json()["client"]["client_id"], made.json()["client_secret"])

    async with caller_of(served_nearby) as erp:
        asked = {"grant_type": "client_credentials"}
        token = (await erp.post("/api/v1/auth/token", data=asked, auth=keys)).json()["access_token"]
        erp.headers["Authorization"] = f"Bearer {token}"
        [waiting] = (await erp.get(PICKUPS)).json()["items"]
        content = await erp.get(waiting["content_url"])
        digest = hashlib.sha256(content.content).hexdigest()
        confirm = f"{PICKUPS}/{document['id']}/confirm"
        confirmed = await erp.post(confirm, json={"sha256": digest})
        left = (await erp.get(PICKUPS)).json()["items"]
        others = [
            await erp.get(path)
            for path in (PATH, f"{PATH}/{document['id']}", "/api/v1/ftp-settings")
        ]

    assert (waiting["id"], content.content) == (document["id"], CONTENT)
    assert (confirmed.status_code, left) == (204, [])
    assert (await read(director, document["id"]))["state"] == "stored"
    assert [refused.status_code for refused in others] == [403, 403, 403]


async def test_an_address_is_good_for_one_file_and_one_hour(
    director: AsyncClient, tenant: Tenant, nearby_as: ClientAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    await configure(director, AT_CUSTOMER)
    for number in range(2):
        await uploaded(director, content=b"a", filename=f"{number}.txt")
    first, second = (await director.get(PICKUPS)).json()["items"]
    signature = first["content_url"].partition("signature=")[2]
    for bad in (signature, signature.replace(".", "9.", 1), "a.b.c", "é", "1.1"):
        refused = await director.get(f"{PICKUPS}/{second['id']}/content", params={"signature": bad})
        assert problem(refused) == (403, "pickup-address-expired")
    stranger = await nearby_as(tenant, "documents:view")
    assert (await stranger.get(first["content_url"])).status_code == 403

    monkeypatch.setattr(pickups, "ADDRESS_SECONDS", -1)
    [late, _] = (await director.get(PICKUPS)).json()["items"]
    assert problem(await director.get(late["content_url"])) == (403, "pickup-address-expired")


@pytest.mark.kills("document_notices.notice_waiting_document")
@pytest.mark.parametrize("point", POINTS)
async def test_what_waits_too_long_is_told_once(
    director: AsyncClient, nearby: Context, tenant: Tenant, nearby_as: ClientAs, point: str
) -> None:
    await configure(director, AT_CUSTOMER)
    await uploaded(director, filename="parado.pdf")
    fetched = await uploaded(director, filename="levado.pdf")
    await director.post(f"{PICKUPS}/{fetched['id']}/confirm", json={"sha256": fetched["sha256"]})

    await run_through_kills(nearby, tenant.tenant_id, point=point, only=NOTICE_WAITING)

    reader = await nearby_as(tenant, "notifications:view")
    notices = (await reader.get("/api/v1/notifications")).json()["items"]
    told = [each["facts"]["name"] for each in notices if each["code"] == "document-not-fetched"]
    assert told == ["parado.pdf"]


async def test_a_file_removed_while_it_waits_is_forgotten(
    director: AsyncClient, nearby: Context, tenant: Tenant
) -> None:
    await configure(director, AT_CUSTOMER)
    document = await uploaded(director)

    await director.delete(f"{PATH}/{document['id']}")
    await run_jobs(nearby, tenant.tenant_id)

    assert (await director.get(PICKUPS)).json()["items"] == []
    assert await bytes_kept(nearby, tenant) == 0
    async with nearby.uow.begin(Actor.system(tenant.tenant_id)) as tx:
        assert await pickups.mark_overdue(tx, document_id=UUID(document["id"])) is None
