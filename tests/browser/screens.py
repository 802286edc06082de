"""Chromium for tests: pages of any width, theme and language, judged by axe and looked at."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cache, wraps
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar
from urllib.parse import urljoin

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar
from playwright.async_api import Browser, ConsoleMessage, Error, Page

from sindico_platform.embedded.ports import claim_port

CHROMIUM = "/usr/bin/chromium"
AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"
WIDE, NARROW, HEIGHT = 1280, 360, 820
# What Chromium and htmx write about any 4xx and 5xx, about streams that end, and about requests
# that a later one replaced, as when somebody types on; tests ask for the status they expect.
EXPECTED_NOISE = (
    "Failed to load resource",
    "Response Status Error Code",
    "[object Event]",
    "htmx:afterRequest",
    "htmx:sendAbort",
)
P = ParamSpec("P")
R = TypeVar("R")
# What htmx swaps into the wrong place; axe lets it pass.
SHARED_IDS = """
[...document.querySelectorAll("[id]")].map(element => element.id)
  .filter((id, index, all) => all.indexOf(id) !== index)
"""
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """How a reader looks at a page."""

    width: int = WIDE
    dark: bool = False
    language: str = "pt-BR"

    def __str__(self) -> str:
        return f"{self.width}-{'dark' if self.dark else 'light'}-{self.language}"


LOOKS = (Look(), Look(dark=True), Look(width=NARROW, dark=True), Look(width=NARROW))


@asynccontextmanager
async def open_screen(
    browser: Browser, url: str, look: Look | None = None, *, cookie: tuple[str, str] | None = None
) -> AsyncIterator[Page]:
    """Open `url`; at the end the page must not have logged an error or broken its policy.

    Args:
        cookie: name and value, such as a session's.
    """
    look = look or Look()
    context = await browser.new_context(
        viewport={"width": look.width, "height": HEIGHT},
        color_scheme="dark" if look.dark else "light",
        locale=look.language,
        reduced_motion="reduce",
    )
    try:
        if cookie is not None:
            await context.add_cookies(
                [{"name": cookie[0], "value": cookie[1], "url": urljoin(url, "/")}]
            )
        page, complaints = await context.new_page(), list[str]()

        def note(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"} and not message.text.startswith(EXPECTED_NOISE):
                complaints.append(message.text)

        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        await page.goto(url)
        try:
            yield page
        except AssertionError as error:
            error.add_note("\n".join(["The page said:", *complaints]))
            raise
        assert not complaints, "\n".join(complaints)
    finally:
        await context.close()


@cache
def axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def steadily(
    look: Callable[Concatenate[Page, P], Awaitable[R]],
) -> Callable[Concatenate[Page, P], Coroutine[Any, Any, R]]:
    """Look once more, at the next page, where a look fell into the change from one to another."""

    @wraps(look)
    async def looked(page: Page, /, *args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await look(page, *args, **kwargs)
        except Error:
            await page.wait_for_load_state()
            return await look(page, *args, **kwargs)

    return looked


@steadily
async def look_at(page: Page, look: Look) -> None:
    """Change width and theme of an open page, as a reader turning the device would; see its top."""
    await page.wait_for_load_state()
    await page.set_viewport_size({"width": look.width, "height": HEIGHT})
    await page.emulate_media(color_scheme="dark" if look.dark else "light")
    # Colours are judged as painted: axe must not run before the new theme is on the screen.
    await page.evaluate(TWO_FRAMES)
    await page.evaluate("scrollTo(0, 0)")


@steadily
async def assert_accessible(page: Page) -> None:
    """Axe finds nothing: WCAG 2.2 A and AA, and its best practices; each id is one element's."""
    assert await page.evaluate(SHARED_IDS) == []
    if not await page.evaluate("'axe' in window"):
        await page.evaluate(axe_source())
    found: dict[str, Any] = await page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    told = [_told(violation) for violation in found["violations"]]
    assert not told, "\n".join(told)


def _told(violation: dict[str, Any]) -> str:
    places = [f"{node['html'][:160]} {node.get('failureSummary')}" for node in violation["nodes"]]
    return f"{violation['id']}: {violation['help']}: {places[:3]}"


@steadily
async def assert_fits(page: Page) -> None:
    """Nothing is wider than the window."""
    overflow = await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow == 0


@steadily
async def shoot(page: Page, folder: Path, name: str) -> Path:
    """Write a picture of the whole page, for people to look at."""
    path = folder / f"{name}.png"
    # Hiding carets would leave style attributes, which htmx carries over and the policy refuses.
    await page.screenshot(path=path, full_page=True, caret="initial")
    return path


async def see_every_look(page: Page, pictures: Path, name: str) -> None:
    """Take a picture of the page in each look and check it there; afterwards it has the first."""
    for look in LOOKS:
        await look_at(page, look)
        await shoot(page, pictures, f"{name}-{look}")
        await assert_fits(page)
        await assert_accessible(page)
    await look_at(page, Look())


@asynccontextmanager
async def served(app: Litestar, folder: Path) -> AsyncIterator[str]:
    """The application on a free port of this machine, in this process."""
    port = claim_port(folder / "port")
    server = Server(app, address="127.0.0.1", port=port, interface=Interfaces.ASGI)
    task = asyncio.create_task(server.serve())
    try:
        await _answers(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()  # type: ignore[no-untyped-call]  # granian gives it no types
        await task


async def _answers(port: int) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                _reader, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.02)
            else:
                writer.close()
                await writer.wait_closed()
                return
