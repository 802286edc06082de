"""TCP ports on the loopback address, the same at every start where possible."""

import random
import socket
from pathlib import Path

HOST = "127.0.0.1"
# Below the range from which systems take ports of outgoing connections, one of which would
# otherwise sit on a remembered port by chance.
LOWEST, HIGHEST = 20_000, 32_000
TRIES = 200


def claim_port(memory: Path) -> int:
    """Give the port written in `memory` if it is free, else a free one, and write it there.

    Raises:
        OSError: none was free.
    """
    remembered = read_port(memory)
    if remembered is not None and is_free(remembered):
        return remembered
    chooser = random.SystemRandom()
    for _ in range(TRIES):
        port = chooser.randrange(LOWEST, HIGHEST)
        if is_free(port):
            memory.write_text(f"{port}\n")
            return port
    raise OSError(f"None of {TRIES} ports tried on {HOST} is free.")


def read_port(memory: Path) -> int | None:
    try:
        return int(memory.read_text())
    except (FileNotFoundError, ValueError):
        return None


def is_free(port: int, *, host: str = HOST) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
