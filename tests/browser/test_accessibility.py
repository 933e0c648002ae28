"""The book for readers with a screen reader, a keyboard, a magnifier, or a sheet of paper."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from .reading import NARROW, PAPER, WIDE, open_page

CHAPTER = "curated/04-clinical-actionability.html"


def test_the_first_stop_skips_to_the_text(page: Page, book: Path) -> None:
    open_page(page, book / CHAPTER)
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    expect(link).to_have_text("Skip to main content")
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#main-content$"))


def test_every_stop_of_the_keyboard_can_be_seen(page: Page, book: Path) -> None:
    """What has the focus, or what stands in it, has another look than without."""
    open_page(page, book / CHAPTER)
    look = """element => [element, ...element.children].map((shown) => {
      const s = getComputedStyle(shown);
      return [s.outlineStyle, s.outlineWidth, s.boxShadow, s.backgroundColor, s.textDecoration,
              s.borderColor];
    }).join()"""
    unseen, stops = [], 0
    page.evaluate("document.querySelector('article').scrollIntoView()")
    for _ in range(60):
        page.keyboard.press("Tab")
        focus = page.locator(":focus")
        if focus.count() != 1:
            break
        stops += 1
        handle = focus.element_handle()
        with_focus = handle.evaluate(look)
        without = handle.evaluate(f"element => {{ element.blur(); return ({look})(element) }}")
        handle.evaluate("element => element.focus()")
        if with_focus == without:
            unseen.append(handle.evaluate("element => element.outerHTML.slice(0, 120)"))
    assert stops > 20
    assert unseen == []


def test_arrow_keys_move_a_frame(page: Page, book: Path) -> None:
    page.set_viewport_size(NARROW)
    open_page(page, book / "curated/02-benefit-classification.html")
    frame = page.locator("figure#fig-benefit-flow")
    frame.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('figure#fig-benefit-flow').scrollLeft > 0")


def test_a_matrix_is_a_table_that_fits(page: Page, book: Path) -> None:
    """On a screen the table, which can be searched; the drawing is for paper and to enlarge."""
    open_page(page, book / CHAPTER)
    drawing, table = page.locator("figure#fig-actionability img"), page.locator("table.matrix")
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        expect(drawing).to_be_hidden()
        expect(table).to_be_visible()
        width = table.evaluate("table => table.getBoundingClientRect().right")
        assert width <= size["width"]
    rows = table.locator("tbody tr")
    every = rows.count()
    first = table.locator("tbody th").first.text_content() or ""
    page.locator(".cell_output:has(table.matrix) .dt-search input").fill(first.replace("\n", ""))
    assert 1 <= rows.count() < every


def test_long_cells_open_by_keyboard(page: Page, book: Path) -> None:
    open_page(page, book / "curated/01-cohort-assembly.html")
    cell = page.locator("details.long").first
    before = cell.bounding_box()
    cell.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(cell).to_have_attribute("open", "")
    after = cell.bounding_box()
    assert before is not None
    assert after is not None
    assert after["height"] >= before["height"]
    assert before["height"] < 100


def test_paper_has_the_chapter_alone(page: Page, book: Path) -> None:
    """Printed: text, figures and tables; no sidebar, no controls, no code."""
    open_page(page, book / CHAPTER)
    page.set_viewport_size(PAPER)
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article",
                 ".prev-next-area", ".dt-search", "details.hide"):  # fmt: skip
        for element in page.locator(gone).all():
            expect(element).to_be_hidden()
    expect(page.locator("main h1:visible")).to_have_count(1)
    expect(page.locator("figure#fig-actionability img")).to_be_visible()
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


def test_paper_has_every_row_of_a_table(page: Page, book: Path) -> None:
    """A screen shows a table page by page; paper shows all, and the screen is as before."""
    open_page(page, book / CHAPTER)
    rows = page.locator("table.dataTable").last.locator("tbody tr")
    expect(rows).to_have_count(25)
    profile = page.evaluate("""() => new Promise((done) => addEventListener("beforeprint",
        () => setTimeout(() => done(document.querySelectorAll("table.dataTable tbody tr").length)))
        || dispatchEvent(new Event("beforeprint")))""")
    assert profile > 100
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(rows).to_have_count(25)


def test_a_row_of_figure_5_leads_to_its_profile(page: Page, book: Path) -> None:
    open_page(page, book / CHAPTER)
    names = page.locator("table.matrix tbody th")
    assert names.locator("a").count() == names.count()
    names.locator("a", has_text="G1202R").first.press("Enter")
    expect(page.locator("article h1")).to_contain_text("G1202R")
