"""The sandboxes of the demonstration: an ERP, and mail and file servers, two more processes."""

import socket
from pathlib import Path

from sindico_platform.embedded.files import ensure_password, make_directory
from sindico_platform.embedded.ports import HOST, claim_port
from sindico_provisioning.sandbox.certificates import CA_FILE
from sindico_provisioning.sandbox.mega.sandbox import TENANT_ID

USER = "integracao"
MAIL_USER = "correio@sandbox.example"
FILES_USER, FILES_FOLDER = "arquivos", "/documentos"
SERVER_PORTS = ("starttls", "ssl", "open", "web", "ftp", "sftp")
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


def server_ports(data_dir: Path) -> dict[str, str]:
    """Ports of the mail and file servers by name; the same from start to start while free."""
    folder = data_dir / "sandbox" / "ports"
    make_directory(folder)
    return {name: str(claim_port(folder / name)) for name in SERVER_PORTS}


def mail_facts(data_dir: Path, ports: dict[str, str]) -> dict[str, str]:
    """Where the mail server and its page are and who may sign in."""
    return {
        **_shared_facts(data_dir),
        "user": MAIL_USER,
        **{f"port_{name}": ports[name] for name in ("starttls", "ssl", "open")},
        "web_url": f"http://{HOST}:{ports['web']}/",
    }


def files_facts(data_dir: Path, ports: dict[str, str]) -> dict[str, str]:
    """Where the file servers are and who may sign in."""
    return {
        **_shared_facts(data_dir),
        "user": FILES_USER,
        **{f"port_{name}": ports[name] for name in ("ftp", "sftp")},
        "folder": FILES_FOLDER,
    }


def _shared_facts(data_dir: Path) -> dict[str, str]:
    return {
        "host": HOST,
        "password": ensure_password(data_dir / "sandbox" / "password"),
        "ca_file": str(data_dir / "sandbox" / CA_FILE),
    }


def server_arguments(data_dir: Path, ports: dict[str, str]) -> tuple[str, ...]:
    """The command line of the servers' process."""
    options = {f"--{name}-port": port for name, port in ports.items()}
    options |= {
        "--password": ensure_password(data_dir / "sandbox" / "password"),
        "--data-dir": str(data_dir),
    }
    return ("sandbox", "servers", *(word for option in options.items() for word in option))


def accepts(port: str) -> bool:
    """Whether a sandbox takes connections."""
    try:
        with socket.create_connection((HOST, int(port)), timeout=CONNECT_SECONDS):
            return True
    except OSError:
        return False
