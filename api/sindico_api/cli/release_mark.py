"""Whether this very release has already been here, so that a warm start need not migrate."""

from hashlib import sha256
from pathlib import Path

import sindico_provisioning
from sindico_platform.database.migrate import scripts_directory


def release_mark(owner_url: str) -> str:
    """A digest of what a release declares and of the database it is declared in.

    Declared data change without a revision, in a checkout even without a version; so the mark is
    taken of the source itself.
    """
    digest = sha256(owner_url.encode())
    for folder in (scripts_directory(), Path(sindico_provisioning.__file__).parent):
        for path in sorted(folder.rglob("*.py")):
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()
