"""Nobody can mistake synthetic rows for patients: their mark is on every page, figure and table."""

import base64
import csv
import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from bs4 import Tag
from parsed import soup

from alkpool import paths, show
from alkpool.compendium import plan, run
from alkpool.data import laboratory
from alkpool.data.tables import COHORT_TABLES, INVITRO_SOURCES, INVITRO_TABLES

PREFIX = "SYN-"
# A prefix alone may be explained anywhere; with what follows it is an id.
SYNTHETIC_ID = re.compile(r"SYN-[A-Za-z0-9]")
RIBBON_WORDS = "Synthetic data: not patients"
RESULTS, BOOK = paths.HOME / "results", paths.BUILD / "book"


def is_synthetic(description: Path) -> bool:
    return bool(yaml.safe_load(description.read_text("utf-8"))["synthetic"])


COHORTS = sorted(
    path.parent.name for path in paths.COHORTS.glob("*/cohort.yaml") if is_synthetic(path)
)

pytestmark = pytest.mark.xdist_group("pages")


@cache
def article(page: Path) -> Tag:
    (found,) = soup(page).select("article.bd-article")
    return found


def tasks() -> list[plan.Task]:
    return [task for task in plan.plan(plan.read()) if task.synthetic]


def pages() -> list[Path]:
    """Chapters of synthetic cohorts, and what else stands in their folders of the book."""
    listed = {BOOK / f"{task.page}.html" for task in tasks()}
    return sorted(listed | {page for name in COHORTS for page in (BOOK / name).rglob("*.html")})


def other_pages() -> list[Path]:
    everything = (page for page in BOOK.rglob("*.html") if "_static" not in page.parts)
    return sorted(set(everything) - set(pages()))


def figures() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(page, SVG, what the notebook says about it) of every figure of a synthetic chapter."""
    for task in tasks():
        executed = run.executed_notebook(task, paths.BUILD)
        for cell in json.loads(executed.read_text("utf-8"))["cells"]:
            for made in cell.get("outputs", []):
                for kind, data in made.get("data", {}).items():
                    if kind.startswith("image/"):
                        said = made["metadata"].get(kind, {}).get("alkpool", {})
                        yield task.page, "".join(data), said


def test_there_is_something_to_mark():
    assert "reconstructed" in COHORTS
    assert {task.parameters["cohort"] for task in tasks()} & set(COHORTS)
    assert list(figures())
    assert any(article(page).find("table") for page in pages())
    assert any((RESULTS / "reconstructed").glob("*.csv"))


def test_every_page_begins_with_the_ribbon():
    for page in pages():
        first = next(
            node
            for node in article(page).find_all(True)
            if node.name == "h1" or "synthetic-ribbon" in node.get("class", [])
        )
        assert "synthetic-ribbon" in first.get("class", []), f"{page}: the heading comes first"
        assert RIBBON_WORDS in first.get_text(" ", strip=True), page
        assert first.get("role") == "note", f"{page}: a screen reader would not name it"
        assert not first.has_attr("hidden"), page
        assert first.get("aria-hidden") != "true", page


def test_every_figure_is_marked_in_words_and_in_the_drawing():
    assert show.SYNTHETIC_MARK.startswith("SYNTHETIC")
    for page, drawing, said in figures():
        assert said["alt"].startswith(show.SYNTHETIC_MARK), (page, said.get("name"))
        assert said["caption"].startswith(show.SYNTHETIC_MARK), (page, said["name"])
        assert f">{show.SYNTHETIC_MARK}</text>" in drawing, (page, said["name"])


def test_every_figure_of_the_book_is_marked():
    for page in pages():
        for figure in article(page).find_all("figure"):
            caption = figure.select_one(".caption-text")
            assert caption is not None, page
            assert caption.get_text(strip=True).startswith(show.SYNTHETIC_MARK), page
        for image in article(page).find_all("img"):
            assert image["alt"].startswith(show.SYNTHETIC_MARK), (page, image["src"])
            kind, _, drawn = str(image["src"]).partition(",")
            assert kind == "data:image/svg+xml;base64", page
            assert show.SYNTHETIC_MARK in base64.b64decode(drawn).decode(), (page, image["alt"])
            assert image.find_parent("figure"), f"{page}: {image['alt']} has no caption"


def test_every_table_of_the_book_is_marked():
    for page in pages():
        for table in article(page).find_all("table"):
            heads = [cell.get_text(strip=True) for cell in table.find_all("th")]
            text = table.get_text(" ", strip=True)
            assert "synthetic" in heads, f"{page}: no column synthetic in {text[:80]!r}"
            assert show.SYNTHETIC_MARK in text, f"{page}: no mark in the title of {text[:80]!r}"


def test_every_result_table_has_the_column():
    for name in COHORTS:
        for path in (RESULTS / name).rglob("*.csv"):
            with path.open(encoding="utf-8", newline="") as file:
                reader = csv.DictReader(file)
                assert "synthetic" in (reader.fieldnames or []), path
                assert {row["synthetic"] for row in reader} <= {"yes"}, path


def test_every_id_has_the_prefix():
    for name in COHORTS:
        folder = paths.COHORTS / name
        files = {folder / table.file: table for table in COHORT_TABLES}
        files |= {folder / "invitro" / table.file: table for table in INVITRO_TABLES}
        for path, table in files.items():
            with path.open(encoding="utf-8", newline="") as file:
                ids = {row[table.key[0]] for row in csv.DictReader(file)}
            assert ids, path
            # The cohort itself is the source of its models.
            others = {text for text in ids if not text.startswith(PREFIX)}
            assert others == ({name} if table is INVITRO_SOURCES else set()), path


def test_no_synthetic_id_stands_among_real_ones():
    real = [path for path in RESULTS.rglob("*.csv") if path.parent.name not in COHORTS]
    cohorts = [folder for folder in paths.COHORTS.iterdir() if folder.name not in COHORTS]
    real += [path for folder in cohorts for path in folder.rglob("*.csv")]
    real += sorted(paths.INVITRO.rglob("*.csv"))
    assert real
    for path in real:
        assert not SYNTHETIC_ID.search(path.read_text("utf-8")), path
    measured = laboratory.load()
    assert not measured.models["model_id"].str.startswith(PREFIX).any()


def test_no_other_page_shows_a_synthetic_id():
    assert other_pages()
    for page in other_pages():
        found = SYNTHETIC_ID.search(soup(page).get_text(" "))
        assert found is None, f"{page}: {found and found.string[found.start() :][:20]}"


def test_figures_elsewhere_carry_no_mark():
    """The mark means something only while nothing else bears it."""
    for page in other_pages():
        for image in soup(page).select("article img"):
            assert not str(image.get("alt", "")).startswith(show.SYNTHETIC_MARK), page
