"""How the pages hang together: *Next* passes over records, and terms say what they mean."""

import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from sphinx.application import Sphinx

from alkpool import paths

PAGES = {
    "index": "# Start\n\n```{toctree}\nask\nrecords\nglossary\n```\n",
    "ask": "# Ask\n\nA {term}`line` counts, and two {term}`lines <line>` count twice.\n",
    "records": "# Records\n\n```{toctree}\nrecords/one\nrecords/two\n```\n",
    "records/one": "# One\n",
    "records/two": "# Two\n",
    "glossary": '# Words\n\n```{glossary}\nline\n    One "treatment", until the next.\n```\n',
}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pages with the extension of the book."""
    source = tmp_path_factory.mktemp("pages")
    for name, text in PAGES.items():
        path = source / f"{name}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
    settings = {"extensions": ["myst_parser", "alkpool_book"], "html_theme": "sphinx_book_theme",
                "smartquotes": False}  # fmt: skip
    folders = [source / name for name in ("out", "trees")]
    sys.path.insert(0, str(paths.BOOK / "_ext"))
    try:
        Sphinx(source, None, *folders, "html", settings, status=None, warningiserror=True).build()
    finally:
        sys.path.remove(str(paths.BOOK / "_ext"))
    return folders[0]


def around(book: Path, page: str) -> list[str]:
    """Pages to which the buttons below a page lead."""
    html = BeautifulSoup((book / f"{page}.html").read_text("utf-8"), "html.parser")
    return [str(link["href"]) for link in html.select(".prev-next-area a")]


def test_next_passes_over_the_pages_of_records(book: Path) -> None:
    assert around(book, "ask") == ["index.html", "records.html"]
    assert around(book, "records") == ["ask.html", "glossary.html"]
    assert around(book, "records/one") == around(book, "records/two") == []
    assert around(book, "glossary") == ["records.html"]


def test_a_term_says_what_it_means_where_it_stands(book: Path) -> None:
    html = BeautifulSoup((book / "ask.html").read_text("utf-8"), "html.parser")
    links = html.select('article a[href="glossary.html#term-line"]')
    assert [link.get_text() for link in links] == ["line", "lines"]
    for link in links:
        assert link["data-explained"] == 'One "treatment", until the next.'
        assert link["aria-description"] == link["data-explained"]
