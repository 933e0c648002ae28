"""The book for readers with a screen reader, a keyboard, a magnifier, or a sheet of paper."""

from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Browser, Page, ViewportSize, expect

from .reading import NARROW, WIDE, open_page

(AXE,) = Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")
IMPACTS = {"serious", "critical"}
# preload: axe would fetch the style sheets, which browsers refuse for pages opened from disk.
RUN_AXE = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"], preload: false });
  return found.violations.map(({ id, impact, nodes }) => ({
    id,
    impact,
    nodes: nodes.map(({ html, failureSummary }) => `${html.slice(0, 120)}: ${failureSummary}`),
  }));
}"""
OFF_PAPER = """[...document.querySelectorAll("article :is(table, figure, img)")]
  .filter((element) => element.checkVisibility())
  .map((element) => element.getBoundingClientRect().right)
  .filter((right) => right > document.documentElement.clientWidth + 1)"""
WORDS_IN_FRAMES = {
    ".dt-layout-full:has(caption)": "caption",
    ".cell_output .text_html:has(> div > table.gt_table)": ".gt_title > span",
}
CHAPTER = "curated/04-clinical-actionability.html"


def violations(page: Page) -> list[dict[str, Any]]:
    """Violations of the rules of axe-core that lock a reader out."""
    page.evaluate(AXE.read_text("utf-8"))
    return [found for found in page.evaluate(RUN_AXE) if found["impact"] in IMPACTS]


@pytest.mark.parametrize(
    ("theme", "size"),
    [
        ("light", WIDE),
        ("dark", NARROW),
        pytest.param("dark", WIDE, marks=pytest.mark.nightly),
        pytest.param("light", NARROW, marks=pytest.mark.nightly),
    ],
)
def test_axe_finds_nothing_serious_on_any_kind_of_page(
    browser: Browser,
    book: Path,
    templates: list[str],
    theme: Any,
    size: ViewportSize,
) -> None:
    found = {}
    with browser.new_context(viewport=size, color_scheme=theme) as context:
        page = context.new_page()
        for name in templates:
            open_page(page, book / name)
            expect(page.locator(f"html[data-theme={theme}]")).to_have_count(1)
            problems = violations(page)
            if problems:
                found[name] = problems
    assert found == {}


def test_axe_would_notice(page: Page, book: Path) -> None:
    """The check itself works: a picture without words and a pale text are found."""
    open_page(page, book / "index.html")
    page.evaluate(
        """document.querySelector("article").innerHTML +=
        '<img src="#"><p style="color: #ccc; background: #fff">pale</p>'"""
    )
    assert {"image-alt", "color-contrast"} <= {found["id"] for found in violations(page)}


def test_the_first_stop_skips_to_the_text(page: Page, book: Path) -> None:
    open_page(page, book / CHAPTER)
    page.keyboard.press("Tab")
    link = page.locator(":focus")
    expect(link).to_have_text("Skip to main content")
    expect(link).to_be_in_viewport()
    page.keyboard.press("Enter")
    assert page.url.endswith("#main-content")


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


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_what_scrolls_takes_the_focus_and_has_a_name(
    page: Page, book: Path, templates: list[str], size: ViewportSize
) -> None:
    page.set_viewport_size(size)
    found, scrolling = [], 0
    for name in templates:
        open_page(page, book / name)
        for frame in page.locator("article figure, article .dt-layout-full").all():
            state = frame.evaluate(
                """frame => [frame.scrollWidth > frame.clientWidth, frame.tabIndex,
                frame.getAttribute("aria-label") ?? ""]"""
            )
            scrolls, stop, label = state
            scrolling += scrolls
            if scrolls != (stop == 0) or (scrolls and not label):
                found.append((name, frame.get_attribute("id"), state))
    assert scrolling > 0 or size == WIDE
    assert found == []


def test_arrow_keys_move_a_frame(page: Page, book: Path) -> None:
    page.set_viewport_size(NARROW)
    open_page(page, book / "curated/02-benefit-classification.html")
    frame = page.locator("figure#fig-benefit-flow")
    frame.focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    page.wait_for_function("() => document.querySelector('figure#fig-benefit-flow').scrollLeft > 0")


@pytest.mark.parametrize(
    ("chapter", "figure"),
    [(CHAPTER, "fig-actionability"), ("curated/06-in-vitro-comparison.html", "fig-comparison")],
)
def test_a_matrix_is_a_table_that_fits(page: Page, book: Path, chapter: str, figure: str) -> None:
    """On a screen the table, which can be searched; the drawing is for paper and to enlarge."""
    open_page(page, book / chapter)
    drawing, table = page.locator(f"figure#{figure} img"), page.locator("table.matrix")
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
    """Printed: text, figures and tables within the sheet; no sidebar, no controls, no code."""
    open_page(page, book / CHAPTER)
    page.set_viewport_size({"width": 718, "height": 1000})
    page.emulate_media(media="print", color_scheme="dark")
    for gone in (".bd-sidebar-primary", ".bd-sidebar-secondary", ".bd-header-article",
                 ".prev-next-area", ".dt-search", "details.hide"):  # fmt: skip
        for element in page.locator(gone).all():
            expect(element).to_be_hidden()
    expect(page.locator("main h1:visible")).to_have_count(1)
    expect(page.locator("figure#fig-actionability img")).to_be_visible()
    assert page.evaluate(OFF_PAPER) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == "rgb(255, 255, 255)"


def test_no_table_runs_off_the_paper(page: Page, book: Path, templates: list[str]) -> None:
    """Every page printed alone, A4 less its margins."""
    wide = {}
    for name in templates:
        page.set_viewport_size(WIDE)
        page.emulate_media(media="screen")
        open_page(page, book / name)
        page.set_viewport_size({"width": 718, "height": 1000})
        page.emulate_media(media="print")
        if found := page.evaluate(OFF_PAPER):
            wide[name] = found
    assert wide == {}


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


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_words_above_a_table_are_whole(
    page: Page, book: Path, templates: list[str], size: ViewportSize
) -> None:
    """What is said above a table that scrolls is as wide as its frame, not as the table."""
    page.set_viewport_size(size)
    cut: list[tuple[str, float, float]] = []
    seen = dict.fromkeys(WORDS_IN_FRAMES, 0)
    for name in templates:
        open_page(page, book / name)
        for frame, words in WORDS_IN_FRAMES.items():
            for caption, width in page.locator(frame).evaluate_all(
                """(frames, words) => frames.map(frame =>
                [frame.querySelector(words).getBoundingClientRect().width, frame.clientWidth])""",
                words,
            ):
                seen[frame] += 1
                if caption > width + 1:
                    cut.append((name, caption, width))
    assert min(seen.values()) > 10
    assert cut == []


def test_a_row_of_figure_5_leads_to_its_profile(page: Page, book: Path) -> None:
    open_page(page, book / CHAPTER)
    names = page.locator("table.matrix tbody th")
    assert names.locator("a").count() == names.count()
    names.locator("a", has_text="G1202R").first.press("Enter")
    expect(page.locator("article h1")).to_contain_text("G1202R")
