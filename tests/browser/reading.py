"""Reading a page of the book as a browser does: open it, watch it, measure it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import axe_playwright_python
from playwright.sync_api import ConsoleMessage, Error, Page, Request, ViewportSize

WIDE: ViewportSize = {"width": 1280, "height": 900}
NARROW: ViewportSize = {"width": 390, "height": 844}
# A4 less its margins.
PAPER: ViewportSize = {"width": 718, "height": 1000}
# Schemes that reach nothing outside the page.
LOCAL = {"file", "data", "blob", "about"}

_HERE = Path(__file__).parent
_CONTRAST = (_HERE / "contrast.js").read_text("utf-8")
_OVERFLOW = (_HERE / "overflow.js").read_text("utf-8")
_MEASURED = (_HERE / "measured.js").read_text("utf-8")
(_AXE,) = Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")
# preload: axe would fetch the style sheets, which browsers refuse for pages opened from disk.
_RUN_AXE = """async (options) => {
  const found = await axe.run({ resultTypes: ["violations"], preload: false, ...options });
  return found.violations.map(({ id, impact, nodes }) => ({
    id,
    impact,
    nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 120)}: ${failureSummary}`),
  }));
}"""
# A tenth of the time of all rules: links in text at night, contrast by a script of ours.
_BY_DAY = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"],
    "rules": {
        "color-contrast": {"enabled": False},
        "link-in-text-block": {"enabled": False},
        "tabindex": {"enabled": True},
    },
}
_AT_NIGHT = {"rules": {"target-size": {"enabled": True}}}
_OFF_PAPER = """[...document.querySelectorAll("article :is(table, figure, img)")]
  .filter((element) => element.checkVisibility())
  .map((element) => [element.localName, element.getBoundingClientRect()])
  .filter(([name, { right, height }]) => right > document.documentElement.clientWidth + 1
    || (name !== "table" && height > innerHeight))
  .map(([, { right }]) => right)"""


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
class Reader:
    """A screen and what is set on it."""

    theme: Literal["light", "dark"]
    size: ViewportSize


@dataclass(frozen=True)
class Visit:
    """What the browser saw on one page.

    Attributes
    ----------
    name : str
        Path of the page in the book.
    reader : Reader
        Who opened it.
    problems : list of str
        What `Watch` noted.
    violations : list of dict
        What axe-core finds serious or critical.
    low_contrast : list of str
        Texts that are hard to read in either theme.
    overflow, measured : dict
        What ``overflow.js`` and ``measured.js`` give back.
    off_paper : list of float
        Right edges of tables and figures that the page, printed alone, cuts, in pixels.
    """

    name: str
    reader: Reader
    problems: list[str]
    violations: list[dict[str, Any]]
    low_contrast: list[str]
    overflow: dict[str, Any]
    measured: dict[str, Any]
    off_paper: list[float]


def settle(page: Page) -> None:
    """Wait until the scripts of a page have finished."""
    page.wait_for_load_state()


def open_page(page: Page, path: Path) -> None:
    """Open a page of the book from disk."""
    page.goto(path.as_uri())
    settle(page)


def violations(page: Page, *, thorough: bool) -> list[dict[str, Any]]:
    """Violations of the rules of axe-core that lock a reader out."""
    page.evaluate(_AXE.read_text("utf-8"))
    found = page.evaluate(_RUN_AXE, _AT_NIGHT if thorough else _BY_DAY)
    return [each for each in found if each["impact"] in ("serious", "critical")]


def visit(page: Page, book: Path, name: str, reader: Reader, *, thorough: bool) -> Visit:
    """Open a page once and measure it: as the reader sets it, in the other theme, on paper."""
    watch = Watch()
    watch.attach(page)
    page.emulate_media(media="screen", color_scheme=reader.theme)
    page.set_viewport_size(reader.size)
    open_page(page, book / name)
    overflow, measured = page.evaluate(_OVERFLOW), page.evaluate(_MEASURED)
    low_contrast = []
    other: Literal["light", "dark"] = "light" if reader.theme == "dark" else "dark"
    for theme in (other, reader.theme):
        page.emulate_media(color_scheme=theme)
        page.wait_for_function(
            "theme => document.documentElement.dataset.theme === theme", arg=theme
        )
        low_contrast += [f"{theme}: {text}" for text in page.evaluate(_CONTRAST)]
    found = violations(page, thorough=thorough)
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print")
    off_paper = page.evaluate(_OFF_PAPER)
    watch.detach(page)
    return Visit(name, reader, watch.problems, found, low_contrast, overflow, measured, off_paper)
