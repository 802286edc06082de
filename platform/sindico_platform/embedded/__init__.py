"""PostgreSQL and Valkey on one machine, and the supervisor that keeps processes alive."""

from sindico_platform.embedded.child import ChildSpec
from sindico_platform.embedded.errors import (
    BinariesNotFound,
    ChildFailed,
    DataDirInUse,
    EmbeddedError,
)
from sindico_platform.embedded.postgres import EmbeddedPostgres
from sindico_platform.embedded.supervisor import Supervisor
from sindico_platform.embedded.valkey import EmbeddedValkey

__all__ = [
    "BinariesNotFound",
    "ChildFailed",
    "ChildSpec",
    "DataDirInUse",
    "EmbeddedError",
    "EmbeddedPostgres",
    "EmbeddedValkey",
    "Supervisor",
]
