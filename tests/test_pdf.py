"""The document that is printed, and what happens where it cannot be printed."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from alkpool.compendium import pdf

NAVIGATION = """\
<nav class="bd-docs-nav"><p class="caption">Cases</p>
<ul><li><a class="internal" href="curated/a.html">A</a></li></ul>
<p class="caption">Made &amp; up</p>
<ul><li><a class="internal" href="made-up/a.html">A</a><details><ul>
<li><a class="internal" href="below.html">B</a></li></ul></details></li></ul></nav>"""
HEAD = '<head><link rel="stylesheet" href="{up}_static/x.css"><script src="{up}_static/y.js">\
</script></head>'
CHAPTER = """\
<html>{head}<body><nav>sidebar</nav><article>{ribbon}<section id="a"><h1>A "b" \\c\
<a class="headerlink" href="#a">#</a></h1>
<details class="hide"><pre>secret = 1</pre></details><script>alert()</script>
<p>See <a href="#more">below</a>, <a href="../index.html">cover</a>, <a href="../genindex.html">the
index</a>, <a href="../{other}/a.html#more">the other</a> and <a href="https://doi.org/10/x#y">it</a>.
</p><img src="../_images/f.svg" alt="f"></section><section id="more"><h2>More</h2>
<table class="interactive"><tr><td>short words, many of them, in one cell</td>
<td>data/a/very/long/address/of/a/file.csv</td></tr></table></section></article></body></html>"""
BELOW = """\
<article><h1>Below</h1> <div hidden>Ask here.</div><noscript><p>On
<a href="index.html#m=1">paper</a>.</p></noscript></article>"""
RIBBON = '<div class="synthetic-ribbon">Synthetic data: not patients.</div>'


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book of a cover and two chapters from one notebook, whose ids are the same."""
    made = tmp_path / "build" / "book"
    for name, other, ribbon in (("curated", "made-up", ""), ("made-up", "curated", RIBBON)):
        (made / name).mkdir(parents=True)
        text = CHAPTER.format(head=HEAD.format(up="../"), ribbon=ribbon, other=other)
        (made / name / "a.html").write_text(text, "utf-8")
    cover = (
        f"<html>{HEAD.format(up='')}{NAVIGATION}<article><h1>Title</h1>{RIBBON}</article></html>"
    )
    (made / "index.html").write_text(cover, "utf-8")
    (made / "below.html").write_text(BELOW, "utf-8")
    return made


@pytest.fixture
def printed(book: Path) -> BeautifulSoup:
    return BeautifulSoup(pdf.document(book, book.parent / "pdf-1"), "html.parser")


def test_the_document_has_all_pages_in_order_below_their_parts(printed: BeautifulSoup) -> None:
    headings = [
        (tag.name, tag.get_text()) for tag in printed.select("body > section :is(h1, h2, h3)")
    ]
    assert headings == [
        ("h1", "Title"),
        ("h1", "Cases"), ("h2", 'A "b" \\c'), ("h3", "More"),
        ("h1", "Made & up"), ("h2", 'A "b" \\c'), ("h3", "More"), ("h3", "Below"),
    ]  # fmt: skip
    entries = [(entry["href"], entry.get_text()) for entry in printed.select(".toc a")]
    assert entries == [
        ("#index", f"Title{pdf.PLACEHOLDER}"),
        ("#curated-a", f'A "b" \\c{pdf.PLACEHOLDER}'),
        ("#made-up-a", f'A "b" \\c{pdf.PLACEHOLDER}'),
        ("#below", f"Below{pdf.PLACEHOLDER}"),
    ]


def test_a_page_below_another_goes_on_with_its_paper(printed: BeautifulSoup) -> None:
    (below,) = printed.select("body > .below")
    assert below["style"] == "page: made-up-a"
    assert " ".join(below.get_text().split()) == "Below On paper."
    assert [link["href"] for link in below.select("a")] == ["#index"]


def test_ids_are_unique_and_links_lead_to_their_own_chapter(printed: BeautifulSoup) -> None:
    ids = [str(element["id"]) for element in printed.select("[id]")]
    assert len(ids) == len(set(ids))
    links = [
        [str(link["href"]) for link in chapter.select("a")]
        for chapter in printed.select(".chapter")[1:]
    ]
    elsewhere = "https://doi.org/10/x#y"
    assert links == [
        ["#more", "#index", "#made-up-a-more", elsewhere],
        ["#made-up-a-more", "#index", "#more", elsewhere],
    ]
    assert "the\nindex, the other" in printed.select(".chapter")[1].get_text()


def test_only_what_paper_can_show_is_printed(printed: BeautifulSoup) -> None:
    text = printed.get_text()
    assert "secret" not in text
    assert "sidebar" not in text
    assert not printed.select("article :is(script, details, .headerlink)")
    places = [place.get_text() for place in printed.select(".code-place")]
    assert places == ["The code of this chapter is not printed: notebooks/a.ipynb has it."] * 2
    assert [image["src"] for image in printed.select("article img")] == [
        "../book/_images/f.svg"
    ] * 2
    (sheet,) = printed.select("link[rel=stylesheet]")
    assert sheet["href"] == "../book/_static/x.css"
    long = [cell.get_text() for cell in printed.select("td.long")]
    assert long == ["data/a/very/long/address/of/a/file.csv"] * 2


def test_the_running_head_of_synthetic_chapters_says_so(printed: BeautifulSoup) -> None:
    (style,) = printed.select("head style")
    rules = dict(re.findall(r"@page ([\w-]+) \{(.*?)^\}", style.get_text(), re.DOTALL | re.M))
    assert set(rules) == {"index", "curated-a", "made-up-a"}
    marked = {name for name, rule in rules.items() if "Synthetic data: not patients" in rule}
    assert marked == {"made-up-a"}
    assert 'content: "A \\"b\\" \\\\c"' in rules["curated-a"]


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
    book: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str], does: str, message: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("CHROMIUM", fake_chromium(tmp_path, does))
    monkeypatch.setattr(pdf, "SECONDS", 1)
    monkeypatch.setattr(pdf, "BOOK", book)
    target = book.parent / "alkpool.pdf"
    monkeypatch.setattr(pdf, "TARGET", target)
    target.write_text("the last good one")
    assert pdf.main() == 1
    assert message in capsys.readouterr().err
    assert target.read_text() == "the last good one"
    assert sorted(path.name for path in book.parent.iterdir()) == ["alkpool.pdf", "book"]


def test_what_is_missing_is_named(
    book: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(pdf, "BOOK", book)
    monkeypatch.setenv("PATH", str(book))
    monkeypatch.delenv("CHROMIUM", raising=False)
    assert pdf.main() == 1
    assert "no Chromium found" in (said := capsys.readouterr().err)
    assert "sudo apt-get install chromium" in said
    assert "make pdf CHROMIUM=" in said

    monkeypatch.setenv("CHROMIUM", "/nowhere/chromium")
    assert pdf.main() == 1
    assert "CHROMIUM: found '/nowhere/chromium'; no such program" in capsys.readouterr().err

    monkeypatch.setenv("CHROMIUM", fake_chromium(book.parent, "exit 0"))
    (book / "index.html").unlink()
    assert pdf.main() == 1
    assert "index.html is missing: run make report" in capsys.readouterr().err
    assert not list(book.parent.glob("*.pdf"))
