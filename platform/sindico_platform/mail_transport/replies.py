"""What a server's reply means: by its class, its enhanced status (RFC 3463) and known wordings.

Servers put different things under the same code, and check the sender only when the recipient is
named (Postfix) or the message handed over (Exchange). So the wording is read first, then the code,
and the stage last. Rules stand in order; the first that fits tells.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import structs

from sindico_platform.connection_tests.schemas import Mistake, Stage
from sindico_platform.errors import OutsideError
from sindico_platform.mail_transport import errors

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)")
_MAX_QUOTED = 300
_TEMPORARY = range(400, 500)
NO_CODE = -1
"""What aiosmtplib gives as the code of an answer that is none of a mail server's."""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the server."""

    code: int
    text: str

    @property
    def enhanced(self) -> str:
        """The enhanced status, such as ``5.7.1``; empty without one."""
        match = _ENHANCED.search(self.text[:40])
        return match[0] if match else ""

    @property
    def is_temporary(self) -> bool:
        return self.code in _TEMPORARY

    def __str__(self) -> str:
        """In one line: it may have many and belongs to somebody else."""
        shown = "".join(char if char.isprintable() else " " for char in self.text)
        code = "" if self.code == NO_CODE else f"{self.code} "
        return f"{code}{' '.join(shown.split())}"[:_MAX_QUOTED]


@dataclass(frozen=True, slots=True)
class Rule:
    """Fits when the wording does, or the code or enhanced status is among those given."""

    mistake: Mistake
    wording: str = r"(?!)"
    codes: str = r"(?!)"
    """A whole code or enhanced status."""
    stages: Sequence[Stage] = (Stage.MAIL_FROM, Stage.RCPT_TO, Stage.DATA)
    classes: str = "45"

    def fits(self, stage: Stage, reply: Reply) -> bool:
        if stage not in self.stages or str(reply.code)[:1] not in self.classes:
            return False
        known = re.compile(self.codes)
        if known.fullmatch(str(reply.code)) or known.fullmatch(reply.enhanced):
            return True
        return re.search(self.wording, reply.text, re.IGNORECASE | re.DOTALL) is not None


_AUTH = (Stage.AUTHENTICATE,)
_START_TLS = r"starttls|encryption (is )?required|requires? (a )?(tls|ssl|encrypt|secure)"

RULES = (
    Rule(errors.ENCRYPTION_DEMANDED, _START_TLS, r"538|523", stages=[*_AUTH, Stage.MAIL_FROM]),
    Rule(
        errors.OAUTH_NEEDED,
        r"basic authentication is|smtpclientauthentication is disabled|security defaults",
        r"5\.7\.30",
        stages=_AUTH,
    ),
    Rule(
        errors.APP_PASSWORD_NEEDED,
        r"application.specific|app.{0,10}password|web.?login|log in (via|with) your web browser",
        r"534|5\.7\.9|5\.7\.14",
        stages=_AUTH,
    ),
    Rule(errors.TOO_MANY_ATTEMPTS, r"too many|auth005|temporarily locked", stages=_AUTH),
    Rule(errors.AUTH_LATER, r"", stages=_AUTH, classes="4"),
    Rule(errors.PASSWORD_REFUSED, r"", stages=_AUTH),
    Rule(errors.STARTTLS_REFUSED, r"", stages=[Stage.TLS]),
    Rule(errors.SERVER_BUSY, r"", stages=[Stage.GREETING], classes="4"),
    Rule(errors.CONNECTION_REFUSED_US, r"", stages=[Stage.GREETING], classes="5"),
    Rule(errors.GREYLISTED, r"gr[ae]y.?list|postgrey", classes="4"),
    Rule(
        errors.AUTH_DEMANDED,
        r"authentication (is )?required|not logged in|must (first )?(authenticate|log ?in)|"
        r"(client|user) (was )?not authenticated|please (authenticate|log ?in)",
        r"530|5\.7\.57",
    ),
    Rule(
        errors.RATE_LIMITED,
        r"too many|rate.?limit|throttl|sending (limit|quota)|concurrent|too fast",
        r"4\.7\.28|5\.4\.5",
    ),
    Rule(
        errors.MAILBOX_FULL,
        r"over ?quota|quota exceeded|(mailbox|inbox).{0,20} full|caixa.{0,20} cheia",
        r"[45]\.2\.2",
    ),
    Rule(
        errors.TOO_LARGE,
        r"size.{0,20} exceed|exceeds?.{0,30} size|too (large|big)",
        r"[45]\.3\.4|[45]\.2\.3",
    ),
    Rule(errors.TOO_LARGE, codes=r"552", stages=[Stage.MAIL_FROM, Stage.DATA]),
    Rule(errors.MAILBOX_FULL, codes=r"552", stages=[Stage.RCPT_TO]),
    Rule(
        errors.SENDER_NOT_OWNED,
        r"not owned|sendasdenied|permissions? to send (as|on)|not (allowed|permitted) to send|"
        r"not authori[sz]ed to (send|use)|(address|sender|identity).{0,20} not verified|"
        r"(sender|from).{0,40} (must|does not|doesn't) match",
        r"5\.7\.60|5\.2\.252",
        classes="5",
    ),
    Rule(
        errors.ADDRESS_BLOCKED,
        r"spamhaus|block(ed)?.?(list|using|by)|blacklist|\b(dns|r)bl\b|banned|reputation|"
        r"client host.{0,60} rejected",
        r"5\.7\.6[0-4]\d",
    ),
    Rule(errors.RELAY_DENIED, r"relay", r"5\.7\.(54|64)", classes="5"),
    Rule(
        errors.SENDER_UNPROVEN,
        r"\b(spf|dkim|dmarc)\b",
        r"5\.7\.(2[0-7]|509)",
        classes="5",
    ),
    Rule(
        errors.SENDER_DOMAIN_REFUSED,
        r"(sender|from).{0,60}domain.{0,20}(not (found|exist)|does not)|domain not found",
        r"5\.1\.[78]",
        classes="5",
    ),
    Rule(errors.GREYLISTED, codes=r"451", stages=[Stage.MAIL_FROM, Stage.RCPT_TO]),
    Rule(errors.DEFERRED, r"", classes="4"),
    Rule(errors.SENDER_REFUSED, r"sender.{0,20} (rejected|refused)", classes="5"),
    Rule(
        errors.RECIPIENT_REFUSED,
        r"recipient.{0,20} (rejected|refused)|(user|mailbox|recipient|account).{0,20} "
        r"(unknown|not (found|exist)|unavailable|disabled)|no such",
        r"5\.1\.\d+|5\.2\.1",
        stages=[Stage.RCPT_TO, Stage.DATA],
        classes="5",
    ),
    Rule(errors.SENDER_NOT_OWNED, codes=r"553|5\.7\.\d+", stages=[Stage.MAIL_FROM], classes="5"),
    Rule(errors.SENDER_REFUSED, r"", stages=[Stage.MAIL_FROM]),
    Rule(errors.RELAY_DENIED, codes=r"5\.7\.1", stages=[Stage.RCPT_TO]),
    Rule(errors.RECIPIENT_REFUSED, r"", stages=[Stage.RCPT_TO]),
    Rule(errors.MESSAGE_REFUSED, r"", stages=[Stage.DATA]),
)


def find_mistake(stage: Stage, reply: Reply, *, by_token: bool = False) -> Mistake:
    """What a reply that refuses means; whether it may pass follows its class.

    Args:
        by_token: the sign-in was one with an access token, so no password was wrong.
    """
    if reply.code == NO_CODE:
        return errors.NOT_SMTP if stage is Stage.GREETING else errors.UNEXPECTED_REPLY
    found = next((rule.mistake for rule in RULES if rule.fits(stage, reply)), None)
    if found is None:
        return errors.UNEXPECTED_REPLY
    if by_token and found in {errors.PASSWORD_REFUSED, errors.APP_PASSWORD_NEEDED}:
        return errors.OAUTH_TOKEN_REFUSED
    return structs.replace(found, passes=reply.is_temporary)


def refusal(stage: Stage, reply: Reply, *, by_token: bool = False, **facts: str) -> OutsideError:
    """The error of a reply that refuses."""
    return find_mistake(stage, reply, by_token=by_token).error(reply=str(reply), **facts)
