"""What a reader meets between pages: *Next*, terms, the first sentences, an own cohort."""

import json
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from papermill.translators import translate_parameters
from sphinx.application import Sphinx

from alkpool import paths
from alkpool.compendium import book as pages
from alkpool.compendium.plan import Part, Task

PAGES = {
    "index": "# Start\n\n```{toctree}\nask\nrecords\nglossary\n```\n",
    "ask": "# Ask\n\nA {term}`line` counts, and two {term}`lines <line>` count twice.\n",
    "records": "# Records\n\n```{toctree}\nrecords/one\nrecords/two\n```\n",
    "records/one": "# One\n",
    "records/two": "# Two\n",
    "glossary": '# Words\n\n```{glossary}\nline\nL\n    One "treatment", until the next.\n```\n',
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
        assert link["data-explained"] == 'line, L: One "treatment", until the next.'
        assert link["aria-description"] == link["data-explained"]


OWN = Task(
    page="curated+Klinik Süd/02-mine", part="How sure?", notebook=Path("02-mine.ipynb"),
    parameters={"cohort": f"curated,{Path('/private/Klinik Süd')}"}, declared=(),
    synthetic=False, suffix="", inputs=(), key="",
)  # fmt: skip


def test_a_page_of_an_own_cohort_says_not_where_it_lies() -> None:
    code = translate_parameters("python3", "python", OWN.parameters, "")
    cell = {"cell_type": "code", "id": "a", "metadata": {}, "outputs": [], "source": code}
    page = pages._page({"cells": [cell]}, OWN, set(), [OWN.page])
    assert 'cohort = "curated,Klinik Süd"' in page["cells"][0]["source"]
    assert "private" not in json.dumps(page)
    assert pages._part_title(Part(title="How sure?"), [OWN]) == "How sure? (curated+Klinik Süd)"


def first_sentences(*bases: str, own: int = 0) -> str:
    """What the cover begins with, from the kind of evidence for the first inhibitor of profiles."""

    def page(basis: str) -> dict[str, object]:
        best = [{"standing": "for", "basis": basis}] if basis else []
        return {"answer": {"inhibitors": [*best, {"standing": "undecided", "basis": "none"}]}}

    profiles = {str(number): page(basis) for number, basis in enumerate(bases)}
    about = {"about": {"patients": 9, "own": own}, "words": {"counts": {"patients": "9 patients"}}}
    context = {"records": {"profiles": profiles}, "explorer": about}
    text = pages._filled_in("standing.md.j2", context)
    return " ".join(text.decode().split())


def test_the_cover_begins_with_how_little_is_decided() -> None:
    text = first_sentences("", "laboratory", "one or two patients", "components", "")
    assert text.startswith(
        "**Little is decided: for 2 of the 5 mutation profiles on record nothing"
    )
    assert "For 2 only the laboratory" in text
    assert "for 1 one or two patients, for none a published group of patients, and for none" in text
    assert "our own" not in text
    assert first_sentences("groups", own=4).endswith(
        "**4 of its 9 patients are our own**; the others are published."
    )
    assert first_sentences() == ""
