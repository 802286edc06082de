"""Connection tests on the screens: their stages, in the reader's language."""

from sindico_api.console.widgets import StepView
from sindico_api.i18n import Translator
from sindico_platform.connection_tests.schemas import ConnectionReportOut, Stage, StageOut
from sindico_platform.words import translatable

STAGES: dict[Stage, str] = {
    Stage.RESOLVE: translatable("Find the host"),
    Stage.CONNECT: translatable("Connect to the port"),
    Stage.TLS: translatable("Set up encryption and verify the certificate"),
    Stage.GREETING: translatable("Greet the server"),
    Stage.HOST_KEY: translatable("Compare the server's key"),
    Stage.AUTHENTICATE: translatable("Sign in"),
    Stage.MAIL_FROM: translatable("Announce the sender"),
    Stage.RCPT_TO: translatable("Announce the recipient"),
    Stage.DATA: translatable("Hand over the message"),
    Stage.FOLDER: translatable("Open the folder"),
    Stage.WRITE: translatable("Write a file"),
    Stage.READ_BACK: translatable("Read it back"),
    Stage.COMPARE: translatable("Compare what was read"),
    Stage.READ: translatable("Read a little"),
}
MILLISECONDS = 1000
UNREACHED = "unreached"


def stage_views(report: ConnectionReportOut, _: Translator) -> list[StepView]:
    return [stage_view(item, _) for item in report.stages]


def stage_view(item: StageOut, _: Translator) -> StepView:
    """A stage whose result is known; one skipped without a reason was not reached."""
    return StepView(
        id=item.stage,
        label=_(STAGES[item.stage]),
        status=UNREACHED if item.status == "skipped" and not item.evidence else item.status,
        duration_seconds=None if item.duration_ms is None else item.duration_ms / MILLISECONDS,
        detail=item.evidence,
        problem=item.detail,
        advice=item.advice,
        code=item.code,
    )
