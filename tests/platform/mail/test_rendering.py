from html.parser import HTMLParser
from pathlib import Path

import jinja2
import pytest

from sindico_platform import mail
from sindico_platform.mail import render_mail

FACTS = {
    "invitation": {
        "name": "Ana",
        "tenant_name": "Padaria & Cia",
        "login": "ana@padaria.test",
        "expires_at": "24/11/2026 15:05",
        "link": "https://sindico.test/invitations/abc?a=1&b=2",
    },
    "password_reset": {
        "name": "Ana",
        "login": "ana@padaria.test",
        "expires_at": "24/11/2026 15:05",
        "link": "https://sindico.test/resets/abc",
    },
    "alert": {
        "title": "Carga parada",
        "what_happened": "A carga não avança há 30 minutos.",
        "what_to_do": "Confira a senha do ERP.",
        "happened_at": "24/11/2026 15:05",
        "link": "https://sindico.test/loads/1",
    },
}


class Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text, self.links = "", list[str | None]()

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs)["href"])


def read(html: str) -> Text:
    reader = Text()
    reader.feed(html)
    return reader


@pytest.mark.parametrize("template", FACTS)
@pytest.mark.parametrize(("locale", "language"), [("pt-BR", "pt-BR"), ("en", "en"), ("fr", "en")])
def test_both_forms_say_the_same(template: str, locale: str, language: str) -> None:
    content = render_mail(template, locale=locale, **FACTS[template])
    reader = read(content.html)

    assert (content.template, content.language) == (template, language)
    assert f'<html lang="{language}">' in content.html
    assert reader.links == [FACTS[template]["link"]]
    for fact in FACTS[template].values():
        assert fact in content.subject + content.text
        assert fact in reader.text
    for paragraph in content.text.split("\n--\n")[0].split("\n\n")[:-1]:
        assert paragraph.strip() in reader.text


def test_every_template_exists_in_both_languages_and_is_tested() -> None:
    folder = Path(mail.__file__).parent / "templates"

    assert (
        {path.stem for path in (folder / "pt_BR").iterdir()}
        == {path.stem for path in (folder / "en").iterdir()}
        == set(FACTS)
    )


def test_languages_differ() -> None:
    portuguese, english = (
        render_mail("password_reset", locale=locale, **FACTS["password_reset"])
        for locale in ("pt_BR", "en-US")
    )

    assert portuguese.subject == "Nova senha para ana@padaria.test"
    assert english.subject == "A new password for ana@padaria.test"


def test_names_are_text_and_never_markup_or_paragraphs() -> None:
    name = "<b>Ana</b>\n\nPague em http://golpe.test"

    content = render_mail("invitation", locale="pt-BR", **FACTS["invitation"] | {"name": name})

    assert "<b>" not in content.html
    assert "Olá, <b>Ana</b> Pague em http://golpe.test." in content.text
    assert read(content.html).links == [FACTS["invitation"]["link"]]


def test_an_alert_may_have_no_link() -> None:
    content = render_mail("alert", locale="pt-BR", **FACTS["alert"] | {"link": ""})

    assert "Abrir no console" not in content.text
    assert read(content.html).links == []


def test_a_missing_fact_is_a_fault() -> None:
    with pytest.raises(jinja2.UndefinedError, match="login"):
        render_mail("password_reset", locale="en", name="Ana", expires_at="x", link="x")
