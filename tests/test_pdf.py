"""The document that is printed, and what happens where it cannot be printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from project import COMPENDIUM, COUNT, FIGURE, PARAMETERS, ROOT, small_project

from alkpool.compendium import pdf
from alkpool.compendium.__main__ import main
from alkpool.problems import ProjectError

pytestmark = pytest.mark.xdist_group("pdf")

DOCUMENT = """\
from alkpool import paths
from alkpool.compendium import render
render.rendered(paths.BUILD / "book-src", paths.BUILD / "sphinx", "singlehtml")
"""
WELCOME = """\
---
summary: true
---
# Welcome

See {numref}`fig-count`, [the list](curated/02-list.ipynb), [the form](form.md) and <https://a.org>.

```{raw} html
<a class="raw" href="curated/01-count.html#more">raw</a>
<table class="interactive"><tr><td>x</td></tr></table>
```
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> BeautifulSoup:
    """The document of a book of one chapter on two cohorts, another, and a page for screens."""
    made = small_project(tmp_path_factory.mktemp("pdf") / "a checkout")
    for name in ("book/_pdf/report.html", "book/_pdf/report.css", "CITATION.cff"):
        made.write(name, (ROOT / name).read_text("utf-8"))
    cells = [PARAMETERS, COUNT, "%md ## More\n\nSee {numref}`fig-count`, and $x^2$.", FIGURE]
    made.notebook("01-count", 'Count "all" \\\\ rows', cells)
    made.write("book/welcome.md", WELCOME)
    made.write("book/form.md", "---\nscreen_only: true\n---\n# Form\n\nAsk here.\n")
    chapter = '{notebook: 01-count, reads: ["data/extra/made-up.csv"]}'
    second = f"  - title: Made up\n    cohort: made-up\n    chapters: [{chapter}]\n"
    made.write("compendium.yaml", COMPENDIUM.replace("[welcome]", "[welcome, form]") + second)
    made.run()
    command = [sys.executable, "-c", DOCUMENT]
    subprocess.run(command, cwd=made.home, env=made.environment(), check=True)
    text = (made.home / "build/sphinx/singlehtml/index.html").read_text("utf-8")
    return BeautifulSoup(text, "html.parser")


def sheet(printed: BeautifulSoup, number: int) -> BeautifulSoup:
    (found,) = printed.select(f"#sheet-{number}")
    return found  # type: ignore[return-value]


@pytest.mark.nightly
def test_the_document_has_all_pages_in_order_below_their_parts(printed: BeautifulSoup) -> None:
    entries = [(entry["href"], entry.get_text()) for entry in printed.select(".toc a")]
    count = 'Count "all" \\ rows'
    titles = ["Welcome", count, "List", "Status", f"{count} (synthetic)"]
    assert entries == [(f"#sheet-{n}", title) for n, title in enumerate(titles)]
    parts = [part.get_text() for part in printed.select(".toc .part")]
    assert parts == ["Prose", "Cases", "About", "Made up (synthetic)"]
    headings = [tag.get_text().rstrip("#") for tag in printed.select(".chapter > section > h2")]
    assert headings == titles


@pytest.mark.nightly
def test_the_title_page_says_what_it_is_and_how_to_cite_it(printed: BeautifulSoup) -> None:
    (title,) = printed.select(".title-page")
    said = " ".join(title.get_text(" ").split())
    licence = "Licence MIT (code), CC-BY-4.0 (data and text)"
    for text in ("Version 1.2.3", "Data none: not a", "Cite as The alkpool authors.", licence):
        assert text in said


@pytest.mark.nightly
def test_links_and_numbers_are_those_of_the_document(printed: BeautifulSoup) -> None:
    links = {link.get_text(): link["href"] for link in sheet(printed, 0).select("p a")}
    assert links["the list"] == "#sheet-2"
    assert links["https://a.org"] == "https://a.org"
    assert [link["href"] for link in printed.select("a.raw")] == ["#sheet-1"]
    assert links["Figure 1"].endswith("#fig-count")
    assert "Figure 2" in sheet(printed, 4).get_text()
    assert sheet(printed, 4).select("#fig-count-made-up")
    assert len(sheet(printed, 1).select("math msup")) == 1


@pytest.mark.nightly
def test_only_what_paper_can_show_is_printed(printed: BeautifulSoup) -> None:
    assert "Ask here." not in printed.get_text()
    assert not printed.select("nav.bd-links, .bd-sidebar-primary, .bd-header")
    (style,) = printed.select("head style")
    hidden = re.search(r"([^{}]+)\{\s*display: none", style.get_text())
    assert hidden is not None
    assert ".bd-article details.hide" in hidden[1]
    places = [place.get_text() for place in printed.select(".code-place")]
    assert places == [
        f"The code of this chapter is not printed: notebooks/{name}.ipynb has it."
        for name in ("01-count", "02-list", "01-count")
    ]


@pytest.mark.nightly
def test_the_running_head_of_synthetic_chapters_says_so(printed: BeautifulSoup) -> None:
    (style,) = printed.select("head style")
    rules = dict(re.findall(r"@page (sheet-\d) \{(.*?)^\}", style.get_text(), re.DOTALL | re.M))
    assert len(rules) == 5
    marked = {name for name, rule in rules.items() if "Synthetic data: not patients" in rule}
    assert marked == {"sheet-4"}
    assert 'content: "Count \\"all\\" \\\\ rows"' in rules["sheet-1"].replace("\\u0022", '\\"')


@pytest.mark.nightly
def test_the_summary_is_what_is_marked_for_it(printed: BeautifulSoup) -> None:
    """The same document; a link to what is left out is plain text."""
    short = BeautifulSoup(pdf._summary(str(printed)), "html.parser")
    assert short.body["class"] == ["summary-only"]
    assert [each["id"] for each in short.select(f".{pdf.SUMMARY}")] == ["sheet-0"]
    assert {link.get("href") for link in short.select(f".{pdf.SUMMARY} p a")} == {
        None, "https://a.org",
    }  # fmt: skip


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A finished book whose document is there."""
    build = tmp_path / "build"
    for name in ("book/index.html", "sphinx/singlehtml/index.html"):
        (build / name).parent.mkdir(parents=True)
        (build / name).write_text("<p>")
    monkeypatch.setattr(pdf.render, "rendered", lambda _, work, builder: work / builder)
    return build


def fake_chromium(folder: Path, does: str) -> str:
    """Write a program that gets Chromium's arguments."""
    program = folder / "chromium"
    program.write_text(
        "#!/bin/sh\nfor word; do case $word in --print-to-pdf=*) out=${word#*=};; esac; done\n"
        f"{does}\n"
    )
    program.chmod(0o755)
    return str(program)


@pytest.mark.parametrize(
    ("does", "message"),
    [
        ("echo no display >&2; exit 3", "no display"),
        ("exit 0", "did not print"),
        ("exec sleep 60", "did not finish within 1 s"),
    ],
)
def test_a_failure_leaves_the_last_good_pdf_alone(
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, does: str, message: str
) -> None:
    monkeypatch.setenv("CHROMIUM", fake_chromium(tmp_path, does))
    monkeypatch.setattr(pdf, "SECONDS", 1)
    target = book / "alkpool.pdf"
    target.write_text("the last good one")
    with pytest.raises(ProjectError, match=message):
        pdf.write(book, target)
    assert target.read_text() == "the last good one"
    assert sorted(path.name for path in book.iterdir()) == ["alkpool.pdf", "book", "sphinx"]


def test_what_is_missing_is_named(
    book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(book))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert main(["pdf"]) == 1
    assert "error: no Chromium found" in (said := capsys.readouterr().err)
    assert "sudo apt-get install chromium" in said
    assert "make pdf CHROMIUM=" in said

    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert main(["pdf"]) == 1
    assert "CHROMIUM: found '/nowhere/chromium'; no such program" in capsys.readouterr().err

    monkeypatch.setenv("CHROMIUM", fake_chromium(book, "exit 0"))
    (book / "book/index.html").unlink()
    with pytest.raises(ProjectError, match="index.html is missing: run make report"):
        pdf.write(book, book / "alkpool.pdf")
    assert not list(book.glob("*.pdf"))
