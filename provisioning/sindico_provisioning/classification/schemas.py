"""What asking for a classification answers."""

from uuid import UUID

from sindico_platform.schemas import Output


class DrawingOut(Output, kw_only=True, frozen=True):
    """The job that draws the curves."""

    job_id: UUID
