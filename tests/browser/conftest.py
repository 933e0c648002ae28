"""The built book in Debian's Chromium.

Without Chromium the tests skip with the command that installs it; in CI they fail instead, so
that a machine without a browser cannot pass. Every page is opened once for each reader, and what
the browser saw is kept for the tests.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, NoReturn

import pytest
from bs4 import BeautifulSoup
from parsed import soup
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from alkpool import paths

from .reading import NARROW, WIDE, Reader, Visit, Watch, visit

BOOK = paths.BUILD / "book"
COMMANDS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--no-first-run",
)  # fmt: skip


def _missing(reason: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def book() -> Path:
    """Folder of the built book."""
    if not (BOOK / "index.html").is_file():
        _missing(f"{BOOK / 'index.html'} is missing: run make report")
    return BOOK


def names(book: Path) -> list[str]:
    """Paths of the pages in the book."""
    found = [path.relative_to(book) for path in sorted(book.rglob("*.html"))]
    made = [path.as_posix() for path in found if not path.parts[0].startswith("_")]
    assert "search.html" in made, f"{book} is no complete book"
    return made


@pytest.fixture(scope="session")
def pages(book: Path) -> dict[str, BeautifulSoup]:
    """Every page of the book, by its path in the book."""
    return {name: soup(book / name) for name in names(book)}


@pytest.fixture(scope="session")
def templates(book: Path, thorough: bool) -> list[str]:
    """Pages of every kind, the longest of those that are alike; all of them at night."""
    pages = names(book)
    if thorough:
        return pages
    by_length = sorted(pages, key=lambda name: (book / name).stat().st_size)
    kinds = {}
    for name in by_length:
        kinds["prose" if name.startswith("how-to") else name.rpartition("/")[0] or name] = name
    # Chapters of patients in turn with those of made-up rows: of each number one.
    chapters = {}
    for name in sorted(pages):
        chapter = name.rpartition("/")[2]
        if chapter[:2].isdigit() and (chapter not in chapters or int(chapter[:2]) % 2):
            chapters[chapter] = name
    return sorted({*kinds.values(), *chapters.values()})


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests."""
    command = next(filter(None, map(shutil.which, COMMANDS)), None)
    if command is None:
        _missing("no Chromium on this machine: sudo apt-get install chromium")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=command, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def context(browser: Browser, book: Path) -> Iterator[BrowserContext]:
    """One window for all tests, which halves the time; its first page clears what others keep."""
    with browser.new_context(viewport=WIDE, color_scheme="light") as context:
        context.new_page().goto((book / "search.html").as_uri())
        yield context


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Return a fresh page; the test fails when the page complains or asks another host."""
    opened, watch = context.new_page(), Watch()
    watch.attach(opened)
    yield opened
    first, *others = context.pages
    for each in others:
        each.close()
    first.evaluate("localStorage.clear()")
    context.clear_permissions()
    assert watch.problems == []


def _reader(name: str, theme: Literal["light", "dark"], size: ViewportSize, *more: Any) -> Any:
    return pytest.param(Reader(theme, size), id=name, marks=[pytest.mark.xdist_group(name), *more])


READERS = [
    _reader("telephone", "dark", NARROW),
    _reader("desk", "light", WIDE, pytest.mark.nightly),
    _reader("desk-at-night", "dark", {"width": 1920, "height": 900}, pytest.mark.nightly),
    _reader("telephone-by-day", "light", NARROW, pytest.mark.nightly),
    _reader("laptop", "light", {"width": 1400, "height": 900}, pytest.mark.nightly),
]


@pytest.fixture(scope="session", params=READERS)
def visits(
    request: pytest.FixtureRequest,
    context: BrowserContext,
    book: Path,
    templates: list[str],
    thorough: bool,
) -> list[Visit]:
    """Return what the browser saw on pages of every kind, each opened once for each reader."""
    opened = context.new_page()
    try:
        return [visit(opened, book, name, request.param, thorough=thorough) for name in templates]
    finally:
        opened.close()
        context.pages[0].evaluate("localStorage.clear()")
