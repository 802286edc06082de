"""What is linked to a company or branch."""

from sindico_platform.schemas import Output


class LinkedOut(Output, kw_only=True, frozen=True):
    """Records of one kind that belong to a company or branch."""

    resource: str
    """As in the permission grid: `branches`, `accounts`."""
    count: int
