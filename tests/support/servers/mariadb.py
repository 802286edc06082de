"""MariaDB with TLS, a database of the test's own and users of several rights."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pymysql

from sindico_platform.embedded.ports import claim_port
from tests.support.servers.process import run_server

USER, PASSWORD = "leitura", "uma-senha"
PROGRAM = Path("/usr/sbin/mariadbd")
SCRIPTS = Path("/usr/share/mysql")
SYSTEM_TABLES = ("mysql_system_tables.sql", "mysql_system_tables_data.sql")

USERS = f"""
CREATE DATABASE erp CHARACTER SET utf8mb4;
CREATE DATABASE alheio;
CREATE USER administra@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT ALL ON *.* TO administra@'127.0.0.1';
CREATE USER {USER}@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
GRANT SELECT ON erp.* TO {USER}@'127.0.0.1';
CREATE USER cifrado@'127.0.0.1' IDENTIFIED BY '{PASSWORD}' REQUIRE SSL;
GRANT SELECT ON erp.* TO cifrado@'127.0.0.1';
CREATE USER cego@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';
CREATE USER distante@'192.0.2.1' IDENTIFIED BY '{PASSWORD}';
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class MariaDb:
    """A running MariaDB; the database ``erp`` is empty."""

    port: int

    def execute(self, *statements: str) -> None:
        """Run statements as the administrator."""
        with pymysql.connect(
            host="127.0.0.1", port=self.port, user="administra", password=PASSWORD, database="erp"
        ) as connection:
            for statement in statements:
                connection.cursor().execute(statement)
            connection.commit()


@contextmanager
def run_mariadb(root: Path, *, certificate: Path | None = None) -> Iterator[MariaDb]:
    """Run it until the block ends; with a certificate it offers TLS."""
    data, setup = root / "data", root / "users.sql"
    setup.write_text(USERS)
    data.mkdir()
    (data / "mysql").mkdir()
    own = [str(PROGRAM), "--no-defaults", "--user=root", f"--datadir={data}"]
    tables = "".join(f"{(SCRIPTS / name).read_text()}\n" for name in SYSTEM_TABLES)
    subprocess.run(
        [*own, "--bootstrap", "--silent-startup"],
        input=f"USE mysql;\n{tables}".encode(),
        check=True,
        capture_output=True,
    )
    port = claim_port(root / "port")
    command = [
        *own,
        f"--socket={root}/m.sock",
        f"--port={port}",
        "--bind-address=127.0.0.1",
        "--skip-name-resolve",
        f"--init-file={setup}",
        "--innodb-flush-log-at-trx-commit=0",
        "--innodb-buffer-pool-size=64M",
        *([f"--ssl-cert={certificate}", f"--ssl-key={certificate}"] if certificate else []),
    ]
    with run_server(command, log_file=root / "mariadb.log", port=port):
        yield MariaDb(port=port)
