"""The migrations are one chain, each file named after its revision."""

import re

from sindico_platform.database.migrate import scripts_directory

LINES = re.compile(r'^revision = "(\d+)"\ndown_revision = (?:"(\d+)"|None)$', re.MULTILINE)


def test_migrations_are_one_chain() -> None:
    files = sorted((scripts_directory() / "versions").glob("*.py"))

    found = [LINES.search(path.read_text()) for path in files]

    assert all(found)
    chain = [(match[1], match[2]) for match in found if match]
    assert [revision for revision, _ in chain] == [path.name[:4] for path in files]
    assert [before for _, before in chain] == [None, *(revision for revision, _ in chain[:-1])]
