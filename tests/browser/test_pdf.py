"""The PDF that Chromium prints of the built book."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser
from pypdf import PdfReader
from pypdf.generic import Destination

from alkpool.analysis.evidence import look_up
from alkpool.compendium import pdf

# Minutes: a whole report or book of its own. The extensions of Sphinx are older than docutils.
pytestmark = [
    pytest.mark.nightly,
    # One folder of the build holds what is printed: two workers would write it at once.
    pytest.mark.xdist_group("pdf"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:docutils"),
]

Pages = dict[str, BeautifulSoup]

# The ribbon on a page ends its sentence; the running head does not.
RUNNING_MARK = re.compile(r"Synthetic data: not patients(?![.”])")
# A4 less its margins, in CSS pixels.
TEXT_WIDTH = 657
# What only screen readers say is of any width.
TOO_WIDE = """() => [...document.querySelectorAll("body *")]
  .filter((element) => element.checkVisibility())
  .filter((element) => !element.closest(".visually-hidden"))
  .filter((element) => element.getBoundingClientRect().right > innerWidth + 1
    || element.scrollWidth > element.clientWidth + 1
      && getComputedStyle(element).overflowX !== "visible")
  .map((element) => `${element.tagName} ${element.textContent.slice(0, 60)}`)"""


def squeezed(text: str) -> str:
    """Text without spaces, which are lost where a line or a column ends, and without ligatures."""
    return unicodedata.normalize("NFKC", "".join(text.split()))


@dataclass(frozen=True)
class Chapter:
    """A page of the book in the PDF: numbers of its first page and of its last."""

    name: str
    title: str
    anchor: str
    first: int
    last: int


@dataclass(frozen=True)
class Printed:
    """The PDF, opened, and its chapters in the order of the book."""

    path: Path
    reader: PdfReader
    chapters: list[Chapter]
    texts: dict[int, str] = field(default_factory=dict)

    def text(self, number: int) -> str:
        """Text of a page, numbered from 1 as the page itself is; reading one takes a while."""
        if number not in self.texts:
            self.texts[number] = self.reader.pages[number - 1].extract_text()
        return self.texts[number]


def titles_in(outline: list[Destination | list]) -> Iterator[Destination]:
    """Entries of the outline, at every level, in their order."""
    for entry in outline:
        if isinstance(entry, Destination):
            yield entry
        else:
            yield from titles_in(entry)


@pytest.fixture(scope="session")
def printed(
    book: Path, pages: Pages, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> Printed:
    """Print the book; without Chromium the fixture `browser` has skipped before."""
    path = tmp_path_factory.mktemp("printed") / "alkpool.pdf"
    pdf.write(book.parent, path)
    reader = PdfReader(path)
    places = reader.named_destinations
    sheets = BeautifulSoup(document(book).read_text("utf-8"), "html.parser")
    anchors = [str(link["href"]).removeprefix("#") for link in sheets.select(".toc a")]
    starts = [(reader.get_destination_page_number(places[f"/{a}"]) or 0) + 1 for a in anchors]
    names = [
        f"{sheets.select_one(f'span:has(+ #{a})')['id']}.html".removeprefix("document-")  # type: ignore[index]
        for a in anchors
    ]
    # A page that stands below another begins on the paper on which the one before ends.
    chapters = [
        Chapter(name, heading(pages[name]), anchor, first, max(first, after - 1))
        for name, anchor, (first, after) in zip(
            names, anchors, pairwise([*starts, len(reader.pages) + 1]), strict=True
        )
    ]
    return Printed(path, reader, chapters)


def document(book: Path) -> Path:
    """What Chromium prints."""
    return book.parent / "sphinx" / pdf.BUILDER / pdf.DOCUMENT


def heading(page: BeautifulSoup) -> str:
    found = page.select_one("article h1")
    assert found is not None
    return " ".join(found.get_text().removesuffix("#").split())


def test_size_is_sane(printed: Printed, pages: Pages) -> None:
    """A page or more for each of the book, and nothing blown up."""
    assert len(printed.chapters) + 2 <= len(printed.reader.pages) <= 400
    # The book grows; a page of it does not.
    assert printed.path.stat().st_size < 100_000 * len(printed.reader.pages)
    first = [chapter.first for chapter in printed.chapters]
    assert first == sorted(first)
    below = pages["index.html"].select(".bd-docs-nav .toctree-l2")
    assert len(set(first)) >= len(first) - len(below)


def test_the_summary_is_short_and_whole(printed: Printed) -> None:
    """At most ten pages, none of them blank: title, matrix, answers, how sure, limits, sources."""
    reader = PdfReader(printed.path.with_stem(f"{printed.path.stem}-summary"))
    pages = [" ".join(page.extract_text().split()) for page in reader.pages]
    assert len(pages) <= 10
    assert min(map(len, pages)) > 200
    for words in ("Version", "Data last changed", "Cite as", "Licence MIT", "This is the summary"):
        assert words in pages[0], words
    found = look_up("G1202R").inhibitors.set_index("inhibitor").loc["lorlatinib"]
    text = " ".join(pages[1:])
    for words in (
        "Every patient in one matrix", f"lorlatinib: {found['basis_text']}", "How sure that is",
        "Case reports are selected.", "PMID 30892989", "Not medical advice",
    ):  # fmt: skip
        assert words in text, words
    assert "Synthetic" not in "".join(pages)
    places = {
        annotation.get_object().get("/Dest")
        for page in reader.pages
        for annotation in page.get("/Annots", [])
    }
    assert places == {None}


def test_no_page_says_that_scripts_are_off(printed: Printed, book: Path) -> None:
    """What only a screen can show is not printed."""
    assert "explorer.html" not in [chapter.name for chapter in printed.chapters]
    assert "scripts are switched off" not in document(book).read_text("utf-8")


def test_the_outline_has_every_chapter_and_section(printed: Printed, pages: Pages) -> None:
    """In the order of the book, each leading to its page."""
    found = [entry.title for entry in titles_in(printed.reader.outline)]
    at = 0
    for chapter in printed.chapters:
        sections = [
            section.get_text().removesuffix("#")
            for section in pages[chapter.name].select("article :is(h1, h2)")
        ]
        for title in map(squeezed, sections):
            at = next(
                (place for place in range(at, len(found)) if squeezed(found[place]) == title), -1
            )
            assert at >= 0, f"{title} of {chapter.name}"
    for entry in titles_in(printed.reader.outline):
        assert printed.reader.get_destination_page_number(entry) is not None, entry.title


def test_contents_list_every_chapter_and_its_pages_are_numbered(printed: Printed) -> None:
    """A reader on paper finds the title, and the number of each page at its foot."""
    contents = squeezed("".join(map(printed.text, range(2, printed.chapters[0].first))))
    for chapter in printed.chapters:
        assert squeezed(chapter.title) in contents, chapter
        on_page = f"{chapter.first} of {len(printed.reader.pages)}"
        assert on_page in printed.text(chapter.first), chapter
        assert squeezed(chapter.title) in squeezed(printed.text(chapter.first)), chapter


def test_links_lead_somewhere(printed: Printed, pages: Pages) -> None:
    """Inside the PDF, or to an address of the web that the book has; never to a file."""
    inside, outside = set(), set()
    for page in printed.reader.pages:
        for annotation in page.get("/Annots", []):
            link = annotation.get_object()
            if "/Dest" in link:
                inside.add(str(link["/Dest"]))
            else:
                outside.add(str(link["/A"]["/URI"]))
    assert {f"/{chapter.anchor}" for chapter in printed.chapters} <= inside
    assert any(place.startswith("/fig-") for place in inside)
    assert inside - set(printed.reader.named_destinations) == set()
    addresses = {
        str(link["href"])
        for name in ["index.html", *(chapter.name for chapter in printed.chapters)]
        for link in pages[name].select("article a[href^=http]")
    }
    assert addresses
    assert {address.rstrip("/") for address in outside} == {
        address.rstrip("/") for address in addresses
    }


def test_every_page_of_synthetic_chapters_says_so(printed: Printed, pages: Pages) -> None:
    """The first page and the last of each; no page of another chapter does."""
    marked = set()
    for chapter in printed.chapters:
        first = pages[chapter.name].select_one("article :is(h1, .synthetic-ribbon)")
        assert first is not None
        for number in {chapter.first, chapter.last}:
            if RUNNING_MARK.search(printed.text(number)):
                marked.add(chapter.name)
            assert (chapter.name in marked) == (first.name != "h1"), (chapter, number)
        if chapter.name in marked:
            assert "Synthetic data: not patients." in printed.text(chapter.first), chapter
    assert marked


def test_the_numbers_are_those_of_the_pages(printed: Printed, pages: Pages) -> None:
    """Takeaways are printed word for word."""
    compared = 0
    with_takeaways = [
        chapter
        for chapter in printed.chapters
        if pages[chapter.name].select_one("article .takeaways")
    ]
    for chapter in with_takeaways:
        start = range(chapter.first, min(chapter.first + 1, chapter.last) + 1)
        text = squeezed(" ".join(map(printed.text, start)))
        for sentence in pages[chapter.name].select("article .takeaways li"):
            if sentence.select("math"):
                continue
            assert squeezed(sentence.get_text()) in text, (chapter, sentence.get_text())
            compared += any(letter.isdigit() for letter in sentence.get_text())
    assert compared > len(with_takeaways) > 0


def test_formulas_are_typeset(printed: Printed, pages: Pages) -> None:
    """No page shows the source of a formula."""
    written = [chapter for chapter in printed.chapters if pages[chapter.name].select("math")]
    assert written
    for chapter in written:
        for number in range(chapter.first, chapter.last + 1):
            assert not re.search(r"\\\(|\\\[|\\frac", printed.text(number)), (chapter, number)


def test_nothing_runs_off_the_page(browser: Browser, book: Path, printed: Printed) -> None:
    """As wide as the paper's text, everything fits, and nothing scrolls."""
    with browser.new_page(viewport={"width": TEXT_WIDTH, "height": 900}) as page:
        page.emulate_media(media="print")
        page.goto(document(book).as_uri())
        assert page.evaluate(TOO_WIDE) == []
