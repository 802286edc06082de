"""`sindico demo`: everything, with three example tenants and one initial load to watch."""

from collections.abc import Callable
from pathlib import Path

import click

from sindico_api.cli.stack import data_dir_option
from sindico_api.cli.up import Begin, run_stack, say
from sindico_api.demo.record import (
    ERPS_FILE_NAME,
    FILE_NAME,
    SERVERS_FILE_NAME,
    DemoRecord,
    SandboxErps,
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
    folder = data_dir.expanduser().absolute()

    def begin_rest(begin: Begin) -> Callable[[], None]:
        from sindico_api.demo.erps import choose_erps, erp_arguments

        erps = choose_erps(folder)
        for arguments in erp_arguments(erps, folder):
            begin(*arguments)
        return lambda: show(folder, erps)

    run_stack(data_dir, host=host, port=port, demo=True, when_ready=begin_rest)


def show(folder: Path, erps: SandboxErps) -> None:
    """Load the first integration for all to see, and the others while people look around."""
    from sindico_api.demo.caller import DemoFailed, SignInRefused
    from sindico_api.demo.integrations import make_integrations
    from sindico_api.demo.load import show_first_load  # its progress bars are not needed before

    record = read_record(folder)
    try:
        show_first_load(record)
    except SignInRefused as refused:
        say(f"The initial load is left as it is. {refused}")
    say(describe(record, read_servers(folder), erps))
    where = f"{folder / FILE_NAME}, {SERVERS_FILE_NAME} and {ERPS_FILE_NAME}"
    say(f"All this is in {where}. Ctrl-C ends it; the next start keeps it.")
    try:
        make_integrations(record, erps, folder)
    except DemoFailed as failure:
        say(f"Not every example integration is complete: {failure} The next start tries again.")
    else:
        say("Every example integration is loaded and scheduled.")


def describe(record: DemoRecord, servers: SandboxServers, erps: SandboxErps) -> str:
    """Addresses and logins, never cut: people copy them from here."""
    operator, mega = record.operator, record.sandbox.mega
    mail, files, views, erpx = servers.mail, servers.files, erps.views, erps.erpx
    rows = [
        ("", "login", "password"),
        ("vendor's operator", operator.login, operator.password),
        *(
            (f"tenant {tenant.domain}", tenant.admin.login, tenant.admin.password)
            for tenant in record.tenants
        ),
        (f"sandbox Mega ERP {mega.url}", mega.user, mega.password),
        (f"sandbox ERPX {erpx.url}", erpx.access_key, erpx.secret),
        (
            f"sandbox views {views.host}:{views.port}, database {views.database}",
            views.username,
            views.password,
        ),
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
