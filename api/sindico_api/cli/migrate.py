"""`sindico migrate`: bring the schema to this release."""

import asyncio

import click

from sindico_api.cli.settings import environment
from sindico_platform.database.migrate import head_revision
from sindico_platform.settings import SettingsInvalid
from sindico_provisioning.release import service as release


@click.command
def migrate() -> None:
    """Bring the schema to this release. Repeating it changes nothing."""
    url = environment().get("SINDICO_DATABASE_OWNER_URL")
    if not url:
        raise SettingsInvalid(["SINDICO_DATABASE_OWNER_URL is not set"])
    asyncio.run(release.migrate(url))
    click.echo(f"schema at {head_revision()}")
