"""ETags: a record's revision on the way out, the expected one on the way in."""

import re
from typing import Annotated, TypeVar

from litestar import Response
from litestar.params import HeaderParameter

from sindico_platform.revisions import ChangedMeanwhile

IfMatch = Annotated[
    str | None,
    HeaderParameter(
        name="If-Match",
        description="The ETag that was read; without it the change is made whatever is there.",
    ),
]
T = TypeVar("T")
_ETAG = re.compile(r'(?:W/)?"([0-9]{1,18})"')


def etag(revision: int) -> str:
    return f'"{revision}"'


def expected_revision(if_match: str | None) -> int | None:
    """The revision the caller has seen; None expects nothing.

    Raises:
        ChangedMeanwhile: it is no ETag of ours, so it cannot match.
    """
    if if_match is None or if_match.strip() == "*":
        return None
    match = _ETAG.fullmatch(if_match.strip())
    if match is None:
        raise ChangedMeanwhile
    return int(match[1])


def with_etag(content: T, revision: int, *, status_code: int = 200) -> Response[T]:
    """Answer with the record and its ETag."""
    return Response(content, status_code=status_code, headers={"ETag": etag(revision)})
