"""What the command line reads from the environment besides the product's settings."""

import os
from collections.abc import Mapping
from pathlib import Path


def environment() -> Mapping[str, str]:
    """The process's environment, for settings and for children."""
    return os.environ


def default_data_dir() -> Path:
    """Where one machine's data lie unless told: the XDG data directory's ``sindico``."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "sindico"
