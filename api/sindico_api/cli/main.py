"""The `sindico` command: a group that loads a command's module when it is asked for."""

from importlib import import_module
from typing import Any, NamedTuple

import click

from sindico_api.loading import loading
from sindico_platform.embedded import EmbeddedError
from sindico_platform.errors import OutsideError, SindicoError
from sindico_platform.settings import SettingsInvalid


class Entry(NamedTuple):
    """Where a command is, and what the list of commands says of it without importing it."""

    module: str
    attribute: str
    summary: str


COMMANDS = {
    "api": Entry("sindico_api.cli.api", "api", "Serve the HTTP API and the console."),
    "audit": Entry("sindico_api.cli.audit", "audit", "Verify the audit trail, or have it forget."),
    "clock": Entry("sindico_api.cli.clock", "clock", "Dispatch jobs and do periodic duties."),
    "demo": Entry("sindico_api.cli.demo", "demo", "Start everything, with example tenants."),
    "doctor": Entry("sindico_api.cli.doctor", "doctor", "Check this installation; say what to do."),
    "keys": Entry("sindico_api.cli.keys", "keys", "Rotate the keys that seal secrets."),
    "load": Entry("sindico_api.cli.load", "load", "Start and watch loads from an ERP."),
    "migrate": Entry("sindico_api.cli.migrate", "migrate", "Bring the schema to this release."),
    "openapi": Entry("sindico_api.cli.export", "openapi", "Export the OpenAPI document."),
    "operator": Entry("sindico_api.cli.operator", "operator", "Make the vendor's first operator."),
    "postman": Entry("sindico_api.cli.export", "postman", "Export the Postman collection."),
    "sandbox": Entry("sindico_api.cli.sandbox", "sandbox", "Run a made-up ERP to try things on."),
    "tenant": Entry("sindico_api.cli.tenant", "tenant", "Look after the vendor's customers."),
    "up": Entry("sindico_api.cli.up", "up", "Start everything, empty."),
    "worker": Entry("sindico_api.cli.worker", "worker", "Run jobs."),
}
EXPECTED = (EmbeddedError, OutsideError, SindicoError, SettingsInvalid)


class LazyGroup(click.Group):
    """Commands by module path; expected errors end the program with their message alone."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        cmd_name: str,
    ) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        entry = COMMANDS[cmd_name]
        with loading():
            command = getattr(import_module(entry.module), entry.attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - narrows for the type checker
        return command

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's signature
        formatter: click.HelpFormatter,
    ) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.summary) for name, entry in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except EXPECTED as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="sindico")
def main() -> None:
    """Run and look after Síndico."""


if __name__ == "__main__":
    main()
