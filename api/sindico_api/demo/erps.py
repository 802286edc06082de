"""The sandbox ERPs that start once everything answers: an ERPX, and a database with views."""

import time
from pathlib import Path
from urllib.parse import urlsplit

from sindico_api.demo.caller import DemoFailed
from sindico_api.demo.record import ErpxAccess, SandboxErps, ViewsAccess, find_erps
from sindico_api.demo.sandbox import accepts
from sindico_platform.embedded.files import ensure_password, make_directory
from sindico_platform.embedded.ports import HOST, claim_port
from sindico_provisioning.sandbox.certificates import CA_FILE
from sindico_provisioning.sandbox.erpx.sandbox import ACCESS_KEY, TENANT_NAME
from sindico_provisioning.sandbox.views.sandbox import DATABASE, USER, ZONE

START_SECONDS, POLL_SECONDS = 120, 0.2


def choose_erps(data_dir: Path) -> SandboxErps:
    """Where the two will be and who may sign in; the same from start to start while ports are free.

    Call it before they are started.
    """
    folder = data_dir / "sandbox" / "erp-ports"
    make_directory(folder)
    password = ensure_password(data_dir / "sandbox" / "password")
    known = find_erps(data_dir)
    return SandboxErps(
        views=ViewsAccess(
            host=HOST,
            port=claim_port(folder / "views"),
            database=DATABASE,
            username=USER,
            password=password,
            time_zone=ZONE,
        ),
        erpx=ErpxAccess(
            url=f"https://{HOST}:{claim_port(folder / 'erpx')}/",
            tenant_name=TENANT_NAME,
            access_key=ACCESS_KEY,
            secret=password,
            ca_file=str(data_dir / "sandbox" / CA_FILE),
        ),
        push=known.push if known else None,
    )


def erp_ports(erps: SandboxErps) -> tuple[int, ...]:
    """Where to knock to see whether they have started."""
    return erps.views.port, urlsplit(erps.erpx.url).port or 0


def erp_arguments(erps: SandboxErps, data_dir: Path) -> tuple[tuple[str, ...], ...]:
    """The command lines of their processes."""
    views, erpx = (str(port) for port in erp_ports(erps))
    folder = ("--data-dir", str(data_dir))
    return (
        ("sandbox", "views", "--port", views, "--password", erps.views.password, *folder),
        ("sandbox", "erpx", "--port", erpx, "--secret", erps.erpx.secret, *folder),
    )


def wait_for_erps(erps: SandboxErps) -> None:
    """Wait until both take connections.

    Raises:
        DemoFailed: one does not.
    """
    deadline = time.monotonic() + START_SECONDS
    for port in erp_ports(erps):
        while not accepts(str(port)):
            if time.monotonic() > deadline:
                raise DemoFailed(f"The sandbox on port {port} does not answer.")
            time.sleep(POLL_SECONDS)
