"""Pages come from prose, templates and executed notebooks; only a clean book appears."""

import copy
import pickle
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from bs4 import BeautifulSoup
from project import COMPENDIUM, COUNT, FIGURE, PARAMETERS, Project, small_project

from alkpool.compendium.book import figures
from alkpool.problems import ProjectError

pytestmark = pytest.mark.xdist_group("book")

SVG = "image/svg+xml"
WORDS = {"name": "fig-a", "caption": "A caption.", "alt": "A square."}
TABLE = {"output_type": "display_data", "data": {"text/html": "<table></table>"}, "metadata": {}}


def figure(words: dict[str, str] | None) -> dict[str, Any]:
    metadata = {} if words is None else {SVG: {"alkpool": words}}
    return {"output_type": "display_data", "data": {SVG: "<svg/>"}, "metadata": metadata}


def notebook(*outputs: dict[str, Any]) -> dict[str, Any]:
    code = {"cell_type": "code", "id": "b", "metadata": {"tags": ["x"]}, "source": "1",
            "outputs": list(outputs), "execution_count": 1}  # fmt: skip
    text = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Title"}
    return copy.deepcopy({"cells": [text, code]})


def test_each_figure_is_a_directive_and_nothing_is_lost_or_reordered() -> None:
    other = {"name": "fig-b", "caption": "Like it.", "alt": 'A "square": \\ [x]', "classes": "c"}
    made = notebook(TABLE, figure(WORDS), figure(other), TABLE)
    names = {"fig-a": "fig-a-x", "fig-b": "fig-b-x"}
    drawings = figures(made, "page", names)
    assert drawings == dict.fromkeys(["figures/fig-a-x.svg", "figures/fig-b-x.svg"], b"<svg/>")
    assert made["cells"][0] == notebook()["cells"][0]
    first, one, two, last = made["cells"][1]["outputs"]
    assert first == last == TABLE
    assert one["data"]["text/markdown"].startswith(":::{figure} /figures/fig-a.svg\n")
    lines = two["data"]["text/markdown"].splitlines()
    assert {":name: fig-b", ":class: c", "Like it."} < set(lines)
    (alt,) = (line.removeprefix(":alt: ") for line in lines if line.startswith(":alt: "))
    assert yaml.safe_load(alt) == other["alt"]


@pytest.mark.parametrize(
    ("words", "missing"),
    [
        ({**WORDS, "alt": ""}, "no alt"),
        ({**WORDS, "caption": ""}, "no caption"),
        ({"name": "fig-a"}, "no caption and no alt"),
        ({}, "no name and no caption and no alt"),
        (None, "no name and no caption and no alt"),
    ],
)
def test_a_figure_without_words_is_refused(words: dict[str, str] | None, missing: str) -> None:
    with pytest.raises(ProjectError) as caught:
        figures(notebook(TABLE, figure(words), figure(words)), "notebooks/01-x.ipynb", {})
    line = f"notebooks/01-x.ipynb, cell 2: its figure has {missing}"
    assert str(caught.value) == f"{line}\n{line}"


def page(project: Project, name: str) -> BeautifulSoup:
    text = (project.home / "build" / "book" / f"{name}.html").read_text("utf-8")
    return BeautifulSoup(text, "html.parser")


def article(project: Project, name: str) -> str:
    found = page(project, name).select_one("article")
    assert found is not None
    return " ".join(found.get_text(" ").split()).replace(" .", ".").replace(" ,", ",")


def test_the_book(project: Project) -> None:
    """One book with both cohorts, as everything else would be rendered anew."""
    code = "import pandas as pd"
    takeaway = "from IPython.display import Markdown\nMarkdown('See {numref}`fig-count`, **n**.')"
    label = "%md (here)=\n## A place\n\nBack to [it](here), and $x^2$."
    cells = [PARAMETERS, COUNT, takeaway, "%md See {numref}`fig-count`.", FIGURE, code, label]
    project.notebook("01-count", "Count", cells)
    second = "  - title: Made up\n    cohort: made-up\n    chapters: [{notebook: 01-count}]\n"
    project.write("compendium.yaml", COMPENDIUM + second)
    project.edit(
        "compendium.yaml", 'reads: ["data/extra/{cohort}.csv"]\n', "parameters: {threshold: 7}\n"
    )
    project.edit("compendium.yaml", "reads: [data/", "reads: [data/extra/*, data/")
    project.run()

    # The cover shows the takeaways, each below the link to its chapter.
    cover = article(project, "index")
    assert cover.startswith("A small compendium")
    assert "Count # 2 rows, see Figure 1." in cover
    assert "Synthetic data: not patients." in cover
    assert "2 rows, see Figure 2." in cover
    links = [str(link["href"]) for link in page(project, "index").select("article h3 a.reference")]
    assert links == ["curated/01-count.html", "curated/02-list.html", "made-up/01-count.html"]
    # The part of which every chapter is synthetic says so, and the chapter.
    assert cover.count("(synthetic)") == 2
    assert "Made up (synthetic) # Synthetic data: not patients." in cover

    # Figures are numbered through the book, referred to, and described; labels do not clash.
    for name, number, suffix in (("curated", 1, ""), ("made-up", 2, "-made-up")):
        html = page(project, f"{name}/01-count")
        (image,) = html.select(f"figure#fig-count{suffix} img")
        assert image["alt"] == "A square."
        caption = html.select_one(f"figure#fig-count{suffix} figcaption")
        assert caption is not None
        assert f"Figure {number} Rows of the cohort." in " ".join(caption.get_text(" ").split())
        text = article(project, f"{name}/01-count")
        assert text.count(f"See Figure {number}") == 2
        assert html.select(f"#here{suffix}")
        assert html.select_one(f"article a[href='#here{suffix}']")

    # Only pages of made-up rows wear the ribbon, above everything else.
    assert not page(project, "curated/01-count").select(".synthetic-ribbon")
    ribbon, heading = page(project, "made-up/01-count").select("article :is(.synthetic-ribbon, h1)")
    assert "Synthetic data: not patients." in ribbon.get_text()
    assert heading.name == "h1"
    (title,) = page(project, "made-up/01-count").select("head title")
    assert title.get_text(strip=True).startswith("Count")

    # Cells that only prepare share one button; the injected parameters are among them.
    buttons = page(project, "curated/01-count").select("article details.hide")
    assert len(buttons) == 4
    assert "threshold = 7" in buttons[0].get_text()

    status = article(project, "status")
    expected = ("alkpool 1.2.3", "Python 3.", "commit none", "threshold = 7", "cohort = made-up")
    assert [text for text in expected if text not in status] == []
    assert len(re.findall(r"\d+\.\d s 20\d\d-\d\d-\d\d \d\d:\d\d", status)) == 3

    # Nothing comes from elsewhere, and nothing could run code elsewhere.
    for path in (project.home / "build" / "book").rglob("*.html"):
        html = BeautifulSoup(path.read_text("utf-8"), "html.parser")
        loaded = [
            tag.get("src") or tag.get("href") for tag in html.select("script[src], link, img")
        ]
        assert [url for url in loaded if "//" in str(url)] == [], path
        assert not re.search(r"thebe|requestKernel", path.read_text("utf-8")), path
    # Formulas need no script, which would keep a slow machine busy for seconds.
    (formula,) = page(project, "curated/01-count").select("math msup")
    assert [sign.get_text() for sign in formula.find_all(True)] == ["x", "2"]

    # A page that is no longer listed disappears, and pages that stay are mended.
    shorter = COMPENDIUM.replace("pages: [welcome]", "pages: []")
    project.write("compendium.yaml", shorter.replace("{welcome: record}", "{}"))
    project.write("book/unlisted.md", "# Nobody lists me\n")
    project.run()
    book = project.home / "build" / "book"
    assert not list(book.rglob("*made-up*")) + list(book.rglob("01-count-*"))
    assert not (book / "unlisted.html").exists()
    assert "Welcome" not in page(project, "status").get_text()


# The drawing changes with a table and nothing else of the page does.
DRAWN = FIGURE.replace("fig-count", "fig-drawn").replace(
    "\nwords",
    """
from alkpool import paths

drawing = drawing.replace("9", (paths.DATA / "reference" / "width.csv").read_text())
words""",
)


@pytest.fixture(scope="module")
def rendered_once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    made = small_project(tmp_path_factory.mktemp("rendered") / "a checkout")
    made.write("compendium.yaml", COMPENDIUM.replace("notebook: 01-count", "notebook: 03-plain"))
    made.edit("compendium.yaml", 'reads: ["data/extra/{cohort}.csv"]', "reads: []")
    made.write("data/reference/width.csv", "9")
    made.notebook("03-plain", "Plain", [PARAMETERS, "print(threshold)", DRAWN])
    made.run()
    return made


@pytest.fixture
def rendered(rendered_once: Project, tmp_path: Path) -> Project:
    return Project(shutil.copytree(rendered_once.home, tmp_path / "a copy"))


def test_a_book_with_a_warning_never_appears(rendered: Project, thorough: bool) -> None:
    book = rendered.home / "build" / "book"
    good = rendered.tables("build/book")
    rendered.write("book/welcome.md", "# Welcome\n\nSee {numref}`fig-lost`.\n")
    for attempt in ("first", "again") if thorough else ("first",):
        printed = rendered.run(expect=1)
        assert "fig-lost" in printed, attempt
        assert "the last good book is unchanged" in printed
        assert rendered.tables("build/book") == good
    rendered.write("book/welcome.md", "# Welcome\n\n$\\unheardof$\n")
    assert r"welcome.md:3: WARNING: formula $\unheardof$" in rendered.run(expect=1)
    rendered.write("book/welcome.md", "# Welcome\n\nMended.\n")
    rendered.run()
    assert "Mended." in article(rendered, "welcome")
    # A notebook that warns on its standard error is no clean page either.
    cells = [PARAMETERS, "import warnings\nwarnings.warn('odd')"]
    rendered.notebook("03-plain", "Plain", cells)
    printed = rendered.run(expect=1)
    assert "notebooks/03-plain.ipynb, cell 3 printed a warning: " in printed
    assert "UserWarning: odd" in printed
    assert "Mended." in article(rendered, "welcome")
    # Nor is one without a title, or a template that asks for what there is not.
    rendered.notebook("03-plain", "Plain", [PARAMETERS])
    rendered.edit("notebooks/03-plain.ipynb", "# Plain", "Plain")
    assert "notebooks/03-plain.ipynb has no heading '# Title'" in rendered.run(expect=1)
    rendered.notebook("03-plain", "Plain", [PARAMETERS])
    rendered.write("book/welcome.md.j2", "# Welcome\n\n{{ nothing }}\n")
    assert "book/welcome.md.j2: 'nothing' is undefined" in rendered.run(expect=1)
    assert (book / "index.html").is_file()


@pytest.mark.nightly
def test_a_killed_rendering_is_begun_again(rendered: Project) -> None:
    good = rendered.tables("build/book")
    work = rendered.home / "build" / "sphinx"
    # As after kill -9: there is no mark yet, and a page was written only in part.
    (work / "finished").unlink()
    (work / "html" / "welcome.html").write_text("<html>half")
    (rendered.home / "build" / "book" / ".key").unlink()
    rendered.run()
    after = rendered.tables("build/book")
    assert after["welcome.html"] == good["welcome.html"]
    assert (work / "finished").is_file()


def test_titles_in_the_sidebar_follow_pages_that_change(rendered: Project) -> None:
    rendered.write("book/welcome.md", "# Good morning\n\nText.\n")
    rendered.run()
    assert (
        "Good morning" in page(rendered, "curated/03-plain").select_one("nav.bd-links").get_text()
    )  # type: ignore[union-attr]


OTHER_FIGURE = FIGURE.replace("fig-count", "fig-first")
EDITS: dict[str, Callable[[Project], object]] = {
    "text": lambda p: p.write("book/welcome.md", "# Welcome\n\nOther text.\n"),
    "a drawing": lambda p: p.write("data/reference/width.csv", "8"),
    "a section": lambda p: p.write("book/welcome.md", "# Welcome\n\n## One\n\nText.\n"),
    "a title": lambda p: p.write("book/welcome.md", "# Good morning\n\n## One\n\nText.\n"),
    "a figure": lambda p: p.notebook(
        "02-list", "List", [PARAMETERS, FIGURE, "%md See {numref}`fig-count`."]
    ),
    "a figure before it": lambda p: p.notebook(
        "03-plain", "Plain", [PARAMETERS, OTHER_FIGURE, DRAWN]
    ),
    "a page more": lambda p: (
        p.write("book/more.md", "# More\n\nA {cite}`a2010` source.\n"),
        p.write("book/references.bib", "@misc{a2010, title={T}, author={A, B.}, year={2010}}"),
        p.edit("compendium.yaml", "pages: [welcome]", "pages: [more, welcome]"),
        p.edit("book/more.md", "source.", "source.\n\n```{bibliography}\n```"),
    ),
    "order": lambda p: p.edit("compendium.yaml", "[more, welcome]", "[welcome, more]"),
    "another logo": lambda p: p.edit("book/_static/logo.svg", "<svg", "<!-- new --><svg"),
    "another style": lambda p: p.write("book/_static/alkpool.css", "p { color: red }"),
    "a page less": lambda p: p.edit("compendium.yaml", "[welcome, more]", "[welcome]"),
    "a chapter less": lambda p: p.edit("compendium.yaml", "      - notebook: 02-list\n", ""),
}


def read_in_the_future(kept: Path) -> None:
    """Let every page seem to have been read after whatever changes now."""
    environment = pickle.loads(kept.read_bytes())
    environment.all_docs = dict.fromkeys(environment.all_docs, 2**62)
    kept.write_bytes(pickle.dumps(environment))


def test_rendering_what_changed_gives_what_rendering_all_gives(
    rendered: Project, thorough: bool
) -> None:
    """Byte for byte, also after a clock that was set back."""
    book, build = rendered.home / "build" / "book", rendered.home / "build"
    # In another place every page is read again.
    (book / ".key").unlink()
    rendered.run()
    steps = [[case] for case in EDITS] if thorough else [list(EDITS)[:2]]
    for cases in steps:
        for case in cases:
            EDITS[case](rendered)
        read_in_the_future(build / "sphinx" / "doctrees" / "environment.pickle")
        rendered.run()
        step = rendered.tables("build/book")
        shutil.rmtree(build / "sphinx")
        (book / ".key").unlink()
        rendered.run()
        whole = rendered.tables("build/book")
        differ = {name for name in step.keys() | whole if step.get(name) != whole.get(name)}
        assert differ == set(), cases


def test_the_references_are_made_of_the_sources_when_the_book_is(rendered: Project) -> None:
    """No copy of them is kept that could lag behind; a contradiction is said."""
    page = "book/references.md.j2"
    rendered.write(page, "# References\n\n{{ references | map(attribute='label') | join(', ') }}\n")
    rendered.edit("compendium.yaml", "pages: [welcome", "pages: [references, welcome")
    made = rendered.home / "build" / "book-src" / "references.md"
    heading = "source_id,first_author,year,doi,pmid\n"
    table = "data/invitro/sources.csv"
    rendered.write(table, f"{heading}a2010,A B,2010,10.1/x,\n")
    assert "to execute" not in rendered.run()
    assert made.read_text("utf-8").split("\n")[2] == "A 2010"
    rendered.write(table, f"{heading}a2010,A B,2010,10.1/x,\nb2011,C D,2011,10.1/y,\n")
    rendered.run()
    assert made.read_text("utf-8").split("\n")[2] == "A 2010, C 2011"
    rendered.write(table, f"{heading}a2010,A B,2010,10.1/x,1\nb2011,C D,2011,10.1/x,2\n")
    assert "or a2010 stands for two publications" in rendered.run(expect=1)


@pytest.mark.nightly
def test_a_link_to_another_notebook_leads_to_its_page(rendered: Project) -> None:
    """To that of the same cohort, or else to where the notebook stands in the book."""
    second = "  - title: Made up\n    cohort: made-up\n    chapters: [{notebook: 03-plain}]\n"
    rendered.write("compendium.yaml", (rendered.home / "compendium.yaml").read_text() + second)
    rendered.notebook("03-plain", "Plain", [PARAMETERS, "%md See [the list](02-list.ipynb)."])
    rendered.run()
    for folder, target in (("curated", "02-list.html"), ("made-up", "../curated/02-list.html")):
        links = page(rendered, f"{folder}/03-plain").select("article a.reference.internal")
        assert target in [link["href"] for link in links], folder


@pytest.mark.parametrize("synthetic", [False, pytest.param(True, marks=pytest.mark.nightly)])
def test_the_book_of_an_own_cohort_says_whose_cases_it_has(
    rendered: Project, tmp_path: Path, synthetic: bool
) -> None:
    """Pooled with the published ones, or made up and then alone."""
    second = "  - title: Made up\n    cohort: made-up\n    chapters: [{notebook: 03-plain}]\n"
    rendered.write("compendium.yaml", (rendered.home / "compendium.yaml").read_text() + second)
    # The only page of this notebook is that of the cohort of the run.
    rendered.notebook("02-list", "List", [PARAMETERS, "print(threshold)"])
    rendered.notebook("03-plain", "Plain", [PARAMETERS, "%md See [the list](02-list.ipynb)."])
    own = tmp_path / "mine"
    own.mkdir()
    (own / "cohort.yaml").write_text(f"title: Own\nsynthetic: {str(synthetic).lower()}\n")
    cohort, name = (str(own), "mine") if synthetic else (f"curated,{own}", "curated+mine")
    rendered.run("--cohort", cohort)
    book = rendered.home / "build" / "cohorts" / name / "book"

    def read(page: str) -> BeautifulSoup:
        return BeautifulSoup((book / f"{page}.html").read_text("utf-8"), "html.parser")

    headings = [" ".join(h.get_text().split()).rstrip("#") for h in read("index").select("h2")]
    title = f"Cases ({name})" + " (synthetic)" * synthetic
    assert title in headings
    assert "Made up (synthetic)" in headings
    captions = [caption.get_text() for caption in read("index").select("p.caption, nav summary")]
    assert title in captions
    chapter = read(f"{name}/03-plain")
    ribbons = [ribbon.get_text() for ribbon in chapter.select(".synthetic-ribbon")]
    assert [", mine, is made up" in ribbon for ribbon in ribbons] == [True] * synthetic
    (link,) = read("made-up/03-plain").select("article a.reference.internal[href*=list]")
    assert unquote(str(link["href"])) == f"../{name}/02-list.html"


@pytest.mark.nightly
def test_the_commit_is_on_the_status_page(rendered: Project) -> None:
    def git(*arguments: str) -> str:
        settings = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        command = ["git", *settings, *arguments]
        return subprocess.run(
            command, cwd=rendered.home, check=True, capture_output=True, text=True
        ).stdout.strip()

    rendered.write(".gitignore", "build/\n__pycache__/\n")
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "all")
    commit = git("rev-parse", "HEAD")
    assert "to execute" not in rendered.run()
    assert f"commit {commit} Python" in article(rendered, "status")
    assert re.search(r"data last changed 20\d\d-\d\d-\d\d commit", article(rendered, "status"))
    assert rendered.run().startswith("up to date")
    rendered.write("data/secret/other.csv", "changed\n")
    rendered.run()
    assert f"commit {commit} with uncommitted changes" in article(rendered, "status")
