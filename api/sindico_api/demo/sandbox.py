"""The sandbox ERP of the demonstration: one more process of the stack."""

import socket
from pathlib import Path

from sindico_platform.embedded.files import ensure_password, make_directory
from sindico_platform.embedded.ports import HOST, claim_port
from sindico_provisioning.sandbox.certificates import CA_FILE
from sindico_provisioning.sandbox.mega.sandbox import TENANT_ID

USER = "integracao"
CONNECT_SECONDS = 1


def mega_facts(data_dir: Path) -> dict[str, str]:
    """Where the sandbox is and who may sign in; the same from start to start."""
    make_directory(data_dir / "sandbox")
    port = claim_port(data_dir / "sandbox" / "port")
    return {
        "url": f"https://{HOST}:{port}/",
        "port": str(port),
        "user": USER,
        "password": ensure_password(data_dir / "sandbox" / "password"),
        "ca_file": str(data_dir / "sandbox" / CA_FILE),
        "tenant_id": TENANT_ID,
    }


def mega_arguments(facts: dict[str, str], data_dir: Path) -> tuple[str, ...]:
    """The command line of the sandbox's process."""
    options = {
        "--port": facts["port"],
        "--user": facts["user"],
        "--password": facts["password"],
        "--data-dir": str(data_dir),
    }
    return ("sandbox", "mega", *(word for option in options.items() for word in option))


def accepts(facts: dict[str, str]) -> bool:
    """Whether the sandbox takes connections."""
    try:
        with socket.create_connection((HOST, int(facts["port"])), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False
