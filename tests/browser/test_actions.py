"""What stands under a figure and a table: enlarge, take along, point to, cite."""

import csv
import io
import re
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from alkpool import paths

from .reading import NARROW, open_page

CHAPTER = "curated/04-clinical-actionability.html"


def test_a_figure_is_enlarged_and_taken_along(page: Page, book: Path) -> None:
    open_page(page, book / CHAPTER)
    actions = page.locator("figure#fig-actionability + .actions")
    actions.get_by_role("button", name="Enlarge").press("Enter")
    large = page.locator("dialog.enlarged img")
    expect(large).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    for kind, begin in (("SVG", b"<?xml"), ("PNG", b"\x89PNG")):
        with page.expect_download() as begun:
            actions.get_by_role("button", name=kind).click()
        assert begun.value.suggested_filename == f"fig-actionability.{kind.lower()}"
        assert Path(begun.value.path()).read_bytes().startswith(begin)


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


def test_a_drawing_takes_its_looks_along(page: Page, book: Path) -> None:
    """And the table of an answer is as wide in each row, marks that are no words left out."""
    open_page(page, book / "profiles" / "G1202R.html")
    for kind, below, begin in (
        ("SVG", "div:has(> .domain)", b"<svg"), ("PNG", ".potencies", b"\x89PNG"),
        ("CSV", "table.summary", b"\xef\xbb\xbf"),
    ):  # fmt: skip
        button = page.locator(f"{below} + .actions").first.get_by_role("button", name=kind)
        with page.expect_download() as begun:
            button.click()
        taken = Path(begun.value.path()).read_bytes()
        assert begun.value.suggested_filename.startswith("G1202R-")
        assert taken.startswith(begin)
        if kind == "SVG":
            assert b"fill: rgb(" in taken
        if kind == "CSV":
            rows = list(csv.reader(io.StringIO(taken.decode("utf-8-sig"))))
            assert [row[0] for row in rows if "16 of 28" in row[2]] == ["1. lorlatinib"]
            assert {len(row) for row in rows} == {6}


def test_a_file_holds_the_rows_that_a_search_has_left(page: Page, book: Path) -> None:
    open_page(page, book / "reconstructed" / "04-clinical-actionability.html")
    table = page.locator("section#every-pair")
    table.get_by_role("searchbox").fill("L1196M")
    with page.expect_download() as begun:
        table.get_by_role("button", name="CSV").click()
    assert begun.value.suggested_filename.startswith("synthetic-")
    rows = Path(begun.value.path()).read_text("utf-8-sig").splitlines()
    assert 2 < len(rows) < 100
    assert all("L1196M" in row for row in rows[1:])


def test_hidden_columns_come_at_a_press(page: Page, book: Path) -> None:
    page.set_viewport_size(NARROW)
    open_page(page, book / CHAPTER)
    more = page.get_by_role("button", name=re.compile("All columns .*Combinations")).first
    table = page.locator("table.few:has(.more)").first
    hidden = table.locator("tbody tr:first-child .more").first
    expect(hidden).to_be_hidden()
    more.click()
    expect(page.get_by_role("button", name="Fewer columns").first).to_be_visible()
    assert page.locator("table.dataTable:not(.few) tbody .more").first.is_visible()


def test_a_page_may_ask_no_other_host(browser: Browser, book: Path) -> None:
    """The browser itself refuses what the policy of a page does not name."""
    with browser.new_page() as page:
        open_page(page, book / CHAPTER)
        refused = page.evaluate("""() => new Promise((done) => {
          addEventListener("securitypolicyviolation", (event) => done(event.blockedURI));
          new Image().src = "https://other.invalid/x.png";
        })""")
    assert str(refused).startswith("https://other.invalid")
