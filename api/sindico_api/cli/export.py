"""`sindico openapi export` and `sindico postman export`: the documents without a running server."""

from pathlib import Path
from typing import Any

import click
import msgspec

from sindico_platform.settings import Secret, Settings

# The documents depend on the code alone; nothing is connected to.
UNUSED = Secret("postgresql://unused")


@click.group
def openapi() -> None:
    """The OpenAPI document."""


@openapi.command("export")
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Instead of stdout."
)
def export_openapi(output: Path | None) -> None:
    """Write the OpenAPI 3.1 document."""
    _write(_document(), output)


@click.group
def postman() -> None:
    """The Postman collection and environment."""


@postman.command("export")
@click.option("--base-url", default="http://127.0.0.1:8100", show_default=True)
@click.option(
    "--output-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where the two files go.",
)
def export_postman(base_url: str, output_dir: Path) -> None:
    """Write sindico-collection.json and sindico-environment.json."""
    from sindico_api.postman.collection import build_collection
    from sindico_api.postman.environment import build_environment

    output_dir.mkdir(parents=True, exist_ok=True)
    _write(build_collection(_document()), output_dir / "sindico-collection.json")
    _write(build_environment(base_url), output_dir / "sindico-environment.json")


def _document() -> dict[str, Any]:
    from sindico_api.app import create_app

    settings = Settings(
        database_url=UNUSED, database_fleet_url=UNUSED, redis_url=UNUSED, key_ring=UNUSED
    )
    return create_app(settings).openapi_schema.to_schema()


def _write(document: dict[str, Any], output: Path | None) -> None:
    text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
    if output is None:
        click.echo(text)
    else:
        output.write_text(text + "\n")
        click.echo(output, err=True)
