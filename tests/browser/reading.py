"""Reading a page of the book as a browser does: open it, watch it, measure it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
# Schemes that reach nothing outside the page.
LOCAL = {"file", "data", "blob", "about"}

_HERE = Path(__file__).parent
_CONTRAST = (_HERE / "contrast.js").read_text("utf-8")
_OVERFLOW = (_HERE / "overflow.js").read_text("utf-8")
_SETTLED = (_HERE / "settled.js").read_text("utf-8")


@dataclass
class Watch:
    """What must not happen while a page is open."""

    problems: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        """Note console warnings, script errors, failed requests and requests elsewhere."""
        for event, listener in self._listeners().items():
            page.on(event, listener)  # type: ignore[call-overload]

    def detach(self, page: Page) -> None:
        """Stop listening."""
        for event, listener in self._listeners().items():
            page.remove_listener(event, listener)

    def _listeners(self) -> dict[str, Callable[..., None]]:
        return {
            "console": self._console,
            "pageerror": self._error,
            "requestfailed": self._failed,
            "request": self._request,
        }

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("warning", "error"):
            self.problems.append(f"console {message.type}: {message.text}")

    def _error(self, error: Error) -> None:
        self.problems.append(f"script error: {error}")

    def _failed(self, request: Request) -> None:
        # The icon of a tab comes after the page; the browser gives it up where the page is left.
        if request.failure != "net::ERR_ABORTED":
            self.problems.append(f"failed request: {request.url}, {request.failure}")

    def _request(self, request: Request) -> None:
        if urlsplit(request.url).scheme not in LOCAL:
            self.problems.append(f"request to another host: {request.url}")


@dataclass(frozen=True)
class Visit:
    """What the browser saw on one page.

    Attributes
    ----------
    name : str
        Path of the page in the book.
    problems : list of str
        What `Watch` noted.
    low_contrast : dict
        Texts that are hard to read, for each theme.
    narrow_width : int
        Width of the page on a small screen, in pixels.
    sticking_out : list of str
        Elements that are cut off there.
    scrolling_tables : int
        Tables that scroll in their frame there.
    interactive_tables : int
        Tables that sort.
    """

    name: str
    problems: list[str]
    low_contrast: dict[str, list[str]]
    narrow_width: int
    sticking_out: list[str]
    scrolling_tables: int
    interactive_tables: int


def settle(page: Page) -> None:
    """Wait until the scripts of a page have finished."""
    page.wait_for_function(_SETTLED)


def open_page(page: Page, path: Path) -> None:
    """Open a page of the book from disk."""
    page.goto(path.as_uri())
    settle(page)


def visit(page: Page, book: Path, name: str) -> Visit:
    """Open a page on a small screen, widen it, then darken it, and measure it."""
    watch = Watch()
    watch.attach(page)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size(NARROW)
    open_page(page, book / name)
    overflow = page.evaluate(_OVERFLOW)
    page.set_viewport_size(WIDE)
    low_contrast = {"light": page.evaluate(_CONTRAST)}
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("() => document.documentElement.dataset.theme === 'dark'")
    low_contrast["dark"] = page.evaluate(_CONTRAST)
    watch.detach(page)
    return Visit(
        name=name,
        problems=watch.problems,
        low_contrast=low_contrast,
        narrow_width=overflow["width"],
        sticking_out=overflow["stickingOut"],
        scrolling_tables=overflow["scrollingTables"],
        interactive_tables=page.locator("table.dataTable").count(),
    )
