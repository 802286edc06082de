"""The database of Tryton, an ERP nobody here wrote, filled through Tryton's own code."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parents[3]
ENVIRONMENT = ROOT / ".venv-tryton"
"""Apart from everything that we depend on; `make test-tools` makes it."""
MODULE_SECONDS = 500
WRITE_PARTIES = """
import json, sys
from trytond.config import config
config.update_etc(sys.argv[1])
from trytond.pool import Pool
from trytond.transaction import Transaction
Pool.start()
pool = Pool("tryton")
pool.init()
with Transaction().start("tryton", 1) as transaction:
    Party = pool.get("party.party")
    for code, values in json.load(sys.stdin).items():
        known = Party.search([("code", "=", code)])
        if known:
            Party.write(known, values)
        else:
            Party.create([{"code": code, **values}])
    transaction.commit()
"""


@dataclass(frozen=True, slots=True)
class Tryton:
    """A Tryton with its module of parties, in a database ``tryton`` of a running server."""

    folder: Path

    @property
    def config(self) -> Path:
        return self.folder / "trytond.conf"

    def write_parties(self, parties: dict[str, dict[str, Any]]) -> None:
        """Create or change parties, by their code, as Tryton's own screens do."""
        arguments = ("-c", WRITE_PARTIES, str(self.config))
        self._run("python", arguments, given=json.dumps(parties))

    def install(self) -> None:
        """Make Tryton's tables; the database is there and empty."""
        arguments = ("-c", str(self.config), "-d", "tryton", "-u", "ir", "party")
        more = ("--activate-dependencies", "--email", "admin@tryton.example")
        self._run("trytond-admin", (*arguments, *more))

    def _run(self, program: str, arguments: Sequence[str], *, given: str = "") -> None:
        password = self.folder / "password"
        password.write_text("uma-senha-de-tryton")
        done = subprocess.run(
            [str(ENVIRONMENT / "bin" / program), *arguments],
            input=given,
            capture_output=True,
            text=True,
            timeout=MODULE_SECONDS,
            check=False,
            env={**os.environ, "TRYTONPASSFILE": str(password)},
        )
        assert done.returncode == 0, done.stderr


def install_tryton(admin_url: str, folder: Path) -> Tryton:
    """Tryton in the database ``tryton`` of the server, which is there and empty."""
    make = ("make", "--no-print-directory", "-C", str(ROOT), ".venv-tryton/.installed")
    subprocess.run([*make, f"PYTHON={sys.executable}"], check=True, capture_output=True)
    server = urlsplit(admin_url)._replace(path="/").geturl()
    (folder / "trytond.conf").write_text(f"[database]\nuri = {server}\n")
    tryton = Tryton(folder)
    tryton.install()
    return tryton
