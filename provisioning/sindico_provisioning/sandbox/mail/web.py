"""The page that shows what arrived at the sandbox's mail server."""

from pathlib import Path
from typing import Any

import jinja2
import msgspec

from sindico_provisioning.sandbox.mail.inbox import Inbox, Mail
from sindico_provisioning.sandbox.server import Answer, Request, answer_text

_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; "
    "form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
_FOREIGN = _HEADERS | {
    # A mail is foreign content: no scripts, no origin, nothing from elsewhere.
    "Content-Security-Policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:",
}


class MailPages:
    """Answers the browser: a list, one mail, its source, and all as JSON for programs."""

    def __init__(self, inbox: Inbox, facts: dict[str, str]) -> None:
        self._inbox, self._facts = inbox, facts

    def respond(self, request: Request) -> Answer:
        path = request.path.strip("/").split("/")
        if path[0] == "messages":
            return self._find_answer(path[1:])
        match path:
            case [""]:
                return _html("list.html", mails=[*self._inbox.latest()], facts=self._facts)
            case ["messages.json"]:
                return Answer(parts=[msgspec.json.encode([*map(_describe, self._inbox.latest())])])
            case ["clear"] if request.method == "POST":
                self._inbox.clear()
                return Answer(status=303, headers={"Location": "/"})
        return _missing()

    def _find_answer(self, path: list[str]) -> Answer:
        mail = self._inbox.find(path[0]) if path else None
        if mail is None:
            return _missing()
        match path[1:]:
            case []:
                return _html("mail.html", mail=mail)
            case ["html"]:
                return _page(mail.body("html"), _FOREIGN)
            case ["source"]:
                return answer_text(mail.content.decode(errors="replace"))
        return _missing()


def _describe(mail: Mail) -> dict[str, Any]:
    return {
        **msgspec.to_builtins(mail.envelope),
        "subject": mail.subject,
        "message_id": str(mail.message["Message-ID"] or ""),
        "text": mail.body("plain"),
        "html": mail.body("html"),
    }


def _missing() -> Answer:
    return answer_text("Não há nada neste endereço.", status=404)


def _html(template: str, **facts: Any) -> Answer:
    return _page(_PAGES.get_template(template).render(**facts), _HEADERS)


def _page(html: str, headers: dict[str, str]) -> Answer:
    return Answer(content_type="text/html; charset=utf-8", headers=headers, parts=[html.encode()])
