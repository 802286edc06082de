"""The collection: the scenarios, then every operation of the OpenAPI document."""

import re
from typing import Any

import msgspec

from sindico_api.postman.erp import erp_folder
from sindico_api.postman.files import files_folder
from sindico_api.postman.requests import json_body
from sindico_api.postman.scenario import scenario_folder

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
METHODS = ("get", "post", "put", "patch", "delete")
DEEPEST_EXAMPLE = 6

Document = dict[str, Any]


def build_collection(openapi: Document) -> Document:
    """Make an importable collection v2.1; the token comes from the environment."""
    return {
        "info": {
            "name": "Síndico",
            "description": "Carga inicial, arquivos e documentos, envio do ERP e agenda, "
            "e todas as operações da API.",
            "schema": SCHEMA,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{access_token}}", "type": "string"}],
        },
        "item": [scenario_folder(), files_folder(), erp_folder(), *_folders(openapi)],
    }


def _folders(openapi: Document) -> list[Document]:
    """One folder per tag, in the document's order."""
    folders: dict[str, list[Document]] = {}
    for path, operations in openapi.get("paths", {}).items():
        for method in METHODS:
            if operation := operations.get(method):
                tag = (operation.get("tags") or ["API"])[0]
                folders.setdefault(tag, []).append(_item(openapi, path, method, operation))
    return [{"name": tag, "item": items} for tag, items in folders.items()]


def _item(openapi: Document, path: str, method: str, operation: Document) -> Document:
    request: Document = {
        "method": method.upper(),
        "header": [{"key": "Accept", "value": "application/json"}],
        "description": operation.get("description", ""),
        "url": _url(path, operation),
    }
    if body := _body(openapi, operation):
        request["body"] = body
        request["header"].append({"key": "Content-Type", "value": "application/json"})
    elif form := _form(openapi, operation):
        request["body"] = form  # Postman writes the Content-Type, with the boundary
    return {"name": f"{operation.get('summary', method.upper())} · {path}", "request": request}


def _url(path: str, operation: Document) -> Document:
    segments = [
        re.sub(r"^\{(\w+)(?::\w+)?\}$", r":\1", part) for part in path.strip("/").split("/")
    ]
    parameters = operation.get("parameters", [])
    return {
        "raw": "{{base_url}}/" + "/".join(segments),
        "host": ["{{base_url}}"],
        "path": segments,
        "variable": [
            {"key": item["name"], "value": ""} for item in parameters if item["in"] == "path"
        ],
        "query": [
            {"key": item["name"], "value": "", "disabled": not item.get("required", False)}
            for item in parameters
            if item["in"] == "query"
        ],
    }


def _body(openapi: Document, operation: Document) -> Document | None:
    content = operation.get("requestBody", {}).get("content", {})
    media = content.get("application/json")
    if media is None:
        return None
    named = next(iter(media.get("examples", {}).values()), None)
    value = named["value"] if named else example_of(openapi, media.get("schema", {}))
    return json_body(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def _form(openapi: Document, operation: Document) -> Document | None:
    """A form with files; which file, the person says."""
    content = operation.get("requestBody", {}).get("content", {})
    media = content.get("multipart/form-data")
    if media is None:
        return None
    fields = _resolve(openapi, media["schema"]).get("properties", {})
    return {
        "mode": "formdata",
        "formdata": [_form_field(openapi, name, schema) for name, schema in fields.items()],
    }


def _form_field(openapi: Document, name: str, schema: Document) -> Document:
    if _resolve(openapi, schema).get("format") == "binary":
        return {"key": name, "type": "file", "src": []}
    return {"key": name, "type": "text", "value": str(example_of(openapi, schema))}


def example_of(openapi: Document, schema: Document, depth: int = 0) -> Any:
    """A value of the right shape for a schema: its own example, default, or the plainest one."""
    schema = _resolve(openapi, schema)
    for key in ("examples", "enum"):
        if schema.get(key):
            return next(
                iter(schema[key].values() if isinstance(schema[key], dict) else schema[key])
            )
    for key in ("example", "default", "const"):
        if key in schema:
            return schema[key]
    for key in ("oneOf", "anyOf", "allOf"):
        if options := [item for item in schema.get(key, []) if item.get("type") != "null"]:
            return example_of(openapi, options[0], depth)
    return _plain_example(openapi, schema, depth)


def _plain_example(openapi: Document, schema: Document, depth: int) -> Any:
    kind = schema.get("type")
    kind = next((item for item in kind if item != "null"), None) if isinstance(kind, list) else kind
    if kind == "object":
        if depth >= DEEPEST_EXAMPLE:
            return {}
        return {
            name: example_of(openapi, item, depth + 1)
            for name, item in schema.get("properties", {}).items()
        }
    if kind == "array":
        items = schema.get("items", {})
        return [example_of(openapi, items, depth + 1)] if depth < DEEPEST_EXAMPLE else []
    return {"integer": 0, "number": 0, "boolean": False, "string": ""}.get(str(kind))


def _resolve(openapi: Document, schema: Document) -> Document:
    while reference := schema.get("$ref"):
        found: Any = openapi
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        schema = found
    return schema
