"""What stands under a figure and a table: enlarge, take along, point to, cite."""

import csv
import io
from pathlib import Path
from urllib.parse import unquote, urlsplit

from playwright.sync_api import Page, expect

from alkpool import paths

from .reading import open_page

CHAPTER = "curated/04-clinical-actionability.html"


def test_a_figure_is_enlarged_and_taken_along(page: Page, book: Path) -> None:
    open_page(page, book / CHAPTER)
    actions = page.locator("figure#fig-actionability + .actions")
    actions.get_by_role("button", name="Enlarge").press("Enter")
    large = page.locator("dialog.enlarged img")
    expect(large).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    # From disk a browser opens the drawing, from a server it saves it.
    drawing = actions.get_by_role("link", name="SVG").get_attribute("href")
    assert drawing is not None
    assert Path(unquote(urlsplit(drawing).path)).read_text("utf-8").lstrip().startswith("<?xml")


def test_a_table_is_taken_along_with_all_its_rows(page: Page, book: Path) -> None:
    """The file has every row of the published table, though the page shows some."""
    open_page(page, book / CHAPTER)
    long = page.locator(".cell_output:has(table.dataTable) .actions").last
    with page.expect_download() as begun:
        long.get_by_role("button", name="CSV").click()
    text = Path(begun.value.path()).read_text("utf-8-sig")
    rows = list(csv.reader(io.StringIO(text)))
    with (paths.RESULTS / "curated" / "actionability.csv").open(encoding="utf-8") as published:
        assert len(rows) == len(list(csv.reader(published)))
    assert len({len(row) for row in rows}) == 1


def test_every_figure_and_table_has_them(page: Page, book: Path, templates: list[str]) -> None:
    bare = {}
    for name in templates:
        open_page(page, book / name)
        counts = page.evaluate("""() => [
          document.querySelectorAll("article figure[id]:has(img)").length,
          document.querySelectorAll("article table:is(.interactive, .gt_table)").length,
          document.querySelectorAll(".actions").length]""")
        if counts[0] + counts[1] != counts[2]:
            bare[name] = counts
    assert bare == {}
