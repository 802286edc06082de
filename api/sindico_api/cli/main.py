"""The `sindico` command: a group that loads a command's module when it is asked for."""

from importlib import import_module
from typing import Any

import click

from sindico_platform.embedded import EmbeddedError
from sindico_platform.errors import OutsideError, SindicoError
from sindico_platform.settings import SettingsInvalid

COMMANDS = {
    "api": "sindico_api.cli.api:api",
    "audit": "sindico_api.cli.audit:audit",
    "clock": "sindico_api.cli.clock:clock",
    "demo": "sindico_api.cli.demo:demo",
    "doctor": "sindico_api.cli.doctor:doctor",
    "keys": "sindico_api.cli.keys:keys",
    "load": "sindico_api.cli.load:load",
    "migrate": "sindico_api.cli.migrate:migrate",
    "openapi": "sindico_api.cli.export:openapi",
    "postman": "sindico_api.cli.export:postman",
    "sandbox": "sindico_api.cli.sandbox:sandbox",
    "tenant": "sindico_api.cli.tenant:tenant",
    "up": "sindico_api.cli.up:up",
    "worker": "sindico_api.cli.worker:worker",
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
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - narrows for the type checker
        return command

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
