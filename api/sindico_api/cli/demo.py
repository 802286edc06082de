"""`sindico demo`: everything, with three example tenants and one initial load to watch."""

from pathlib import Path

import click

from sindico_api.cli.stack import data_dir_option
from sindico_api.cli.up import run_stack
from sindico_api.demo.record import (
    FILE_NAME,
    SERVERS_FILE_NAME,
    DemoRecord,
    SandboxServers,
    read_record,
    read_servers,
)


@click.command
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True, help="Port to listen on.")
@data_dir_option
def demo(host: str, port: int, data_dir: Path) -> None:
    """Start the demonstration and stay until Ctrl-C; a second start keeps the data."""

    def show() -> None:
        from sindico_api.demo.load import show_first_load  # its progress bars are not needed before

        folder = data_dir.expanduser().absolute()
        record = read_record(folder)
        show_first_load(record)
        click.echo(describe(record, read_servers(folder)), err=True)
        where = f"{folder / FILE_NAME} and {SERVERS_FILE_NAME}"
        click.echo(f"All this is in {where}. Ctrl-C ends it; the next start keeps it.", err=True)

    run_stack(data_dir, host=host, port=port, demo=True, when_ready=show)


def describe(record: DemoRecord, servers: SandboxServers) -> str:
    """Addresses and logins, never cut: people copy them from here."""
    operator, mega = record.operator, record.sandbox.mega
    mail, files = servers.mail, servers.files
    rows = [
        ("", "login", "password"),
        ("vendor's operator", operator.login, operator.password),
        *(
            (f"tenant {tenant.domain}", tenant.admin.login, tenant.admin.password)
            for tenant in record.tenants
        ),
        (f"sandbox Mega ERP {mega.url}", mega.user, mega.password),
        (
            f"sandbox SMTP {mail.host}: TLS {mail.port_starttls}, SSL {mail.port_ssl}",
            mail.user,
            mail.password,
        ),
        (
            f"sandbox files {files.host}: FTP {files.port_ftp}, SFTP {files.port_sftp}",
            files.user,
            files.password,
        ),
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(3)]
    lines = ("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
    addresses = f"\nConsole: {record.base_url}/console\nMail that arrived: {mail.web_url}"
    return "\n".join([addresses, *lines, ""])
