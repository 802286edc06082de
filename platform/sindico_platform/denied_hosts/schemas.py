"""What goes in and out about denied hosts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta

from sindico_platform.schemas import Input, Output

Entry = Annotated[
    str,
    Meta(
        description=(
            "A host with everything below it and its addresses, `*.domain` by name alone, an "
            "address or a CIDR range."
        ),
        examples=["smtp.provedor.com.br"],
    ),
]
Reason = Annotated[str, Meta(description="At most 200 characters.", examples=["Our own mail"])]


class DeniedHostIn(Input, frozen=True):
    """What is to be refused, and why."""

    entry: Entry
    reason: Reason = ""


class DeniedHostOut(Output, frozen=True):
    """One line of the list."""

    id: UUID
    entry: str
    reason: str
    created_at: datetime
    created_by: str
