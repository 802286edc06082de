"""Settings of the embedded PostgreSQL: one machine, shared with everything else on it."""

import os
from pathlib import Path

from sindico_platform.embedded.binaries import PostgresBinaries
from sindico_platform.embedded.ports import HOST

MEBIBYTE = 1 << 20
HEADER = "# Written anew at every start. To change a setting, use ALTER SYSTEM, which wins.\n"


def render_settings(
    binaries: PostgresBinaries, *, port: int, sockets: Path | None, durable: bool
) -> str:
    """Write the settings file.

    Args:
        binaries: the server that will read it.
        port: on 127.0.0.1.
        sockets: directory of the Unix-domain socket; `None` for TCP alone.
        durable: if false, trade every guarantee for speed.
    """
    settings = _common() | (_durable(memory_mebibytes()) if durable else _fast())
    settings |= {
        "listen_addresses": HOST,
        "port": port,
        "unix_socket_directories": sockets or "",
        "unix_socket_permissions": "0700",
    }
    if _has_library(binaries, "pg_stat_statements"):
        settings["shared_preload_libraries"] = "pg_stat_statements"
    return HEADER + "".join(f"{name} = {_quote(value)}\n" for name, value in settings.items())


def memory_mebibytes() -> int:
    """What this process may use: the machine's memory, or less if a control group says so."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (text := limit.read_text().strip()).isdigit():
        total = min(total, int(text))
    return total // MEBIBYTE


def _common() -> dict[str, object]:
    return {
        "password_encryption": "scram-sha-256",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_lock_waits": "on",
        "max_connections": 200,
        "jit": "off",
        "random_page_cost": 1.1,
        "track_io_timing": "on",
        "lc_messages": "C",
    }


def _durable(memory: int) -> dict[str, object]:
    return {
        "shared_buffers": f"{min(max(memory // 8, 128), 1024)}MB",
        "effective_cache_size": f"{max(memory // 2, 512)}MB",
        "maintenance_work_mem": f"{min(max(memory // 32, 64), 256)}MB",
        "work_mem": "16MB",
        "wal_compression": "pglz",
        "max_wal_size": "4GB",
        "min_wal_size": "256MB",
        "checkpoint_timeout": "15min",
        "wal_buffers": "16MB",
        "autovacuum_naptime": "20s",
        "autovacuum_vacuum_insert_scale_factor": 0.1,
        "autovacuum_analyze_scale_factor": 0.05,
    }


def _fast() -> dict[str, object]:
    return {
        "shared_buffers": "128MB",
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": 0,
        "max_wal_size": "2GB",
        "checkpoint_timeout": "1h",
    }


def _has_library(binaries: PostgresBinaries, name: str) -> bool:
    root = binaries.directory.parent
    return any(root.glob(f"lib/**/{name}.*"))


def _quote(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
