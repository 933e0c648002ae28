"""What a reader does: search, sorting, themes, navigation on a small screen."""

import re
from pathlib import Path
from typing import Literal

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Browser, Locator, Page, Route, ViewportSize, expect

from .reading import NARROW, WIDE, open_page, settle

# The largest sum of shifts that follow one another within a second, over at most five.
WATCH_SHIFTS = """{
globalThis.shifted = 0;
let [sum, first, last] = [0, -Infinity, -Infinity];
new PerformanceObserver((list) => {
  for (const { value, startTime: now } of list.getEntries()) {
    if (now - last > 1000 || now - first > 5000) [sum, first] = [0, now];
    [sum, last] = [sum + value, now];
    globalThis.shifted = Math.max(globalThis.shifted, sum);
  }
}).observe({ type: "layout-shift", buffered: true });
}"""


@pytest.mark.nightly
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_nothing_moves_under_a_reader(
    page: Page, book: Path, templates: list[str], size: ViewportSize
) -> None:
    """Less than a tenth of the screen as a page comes and is scrolled, at a quarter of the speed.

    The measure is cumulative layout shift, as web.dev/articles/cls defines it.
    """
    page.set_viewport_size(size)
    page.add_init_script(WATCH_SHIFTS)
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    moved = {}
    for name in templates:
        page.goto((book / name).as_uri())
        page.mouse.move(size["width"] / 2, size["height"] / 2)
        for _ in range(1000):
            if page.evaluate("scrollY + innerHeight > document.body.scrollHeight - 2"):
                break
            page.mouse.wheel(0, size["height"] / 3)
            page.wait_for_timeout(100)
        else:
            pytest.fail(f"{name} cannot be scrolled to its end")
        moved[name] = page.evaluate("shifted")
    assert {name: share for name, share in moved.items() if share >= 0.1} == {}


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_link_to_a_section_leads_there(
    page: Page, book: Path, pages: dict[str, BeautifulSoup], size: ViewportSize
) -> None:
    """Whatever tables stand above it: the last section before the end that has some."""
    page.set_viewport_size(size)
    missed = {}
    for name in (name for name in pages if name.startswith("curated/")):
        sections = pages[name].select("article section[id] section[id]")
        below = [each for each in sections if each.find_previous("table", class_="interactive")]
        for section in below[-2:]:
            page.goto(f"{(book / name).as_uri()}#{section['id']}")
            page.wait_for_timeout(300)
            top = page.evaluate(
                """(id) => scrollY + innerHeight > document.body.scrollHeight - 2
                  ? 0 : document.getElementById(id).getBoundingClientRect().top""",
                section["id"],
            )
            if not 0 <= top < 100:
                missed[name, section["id"]] = top
    assert missed == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_chosen_before_anything_is_drawn(
    browser: Browser, book: Path, theme: Literal["light", "dark"]
) -> None:
    """Without one colours are missing, a border without its colour has no width, and text moves.

    The script of the theme chooses, when a slow machine has drawn already: here it never does.
    """
    with browser.new_context(color_scheme=theme) as context:
        page = context.new_page()
        kept_out = list[str]()

        def keep_out(route: Route) -> None:
            kept_out.append(route.request.url)
            route.abort()

        page.route("**/pydata-sphinx-theme.js*", keep_out)
        page.goto((book / "data-dictionary.html").as_uri())
        assert len(kept_out) == 1
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        expect(page.locator("article th").first).not_to_have_css("border-bottom-width", "0px")


def test_navigation_opens_on_a_telephone(page: Page, book: Path) -> None:
    """The button in the head of the page opens the table of contents."""
    page.set_viewport_size(NARROW)
    open_page(page, book / "index.html")
    contents = page.locator(".bd-docs-nav").first
    expect(contents).not_to_be_in_viewport()
    page.locator("button.primary-toggle").click()
    expect(contents).to_be_in_viewport()


def search(page: Page, book: Path, words: str) -> Locator:
    """Search through the field of the cover page; return the results once complete."""
    open_page(page, book / "index.html")
    page.keyboard.press("Control+k")
    field = page.locator("#pst-search-dialog input[type=search]")
    field.fill(words)
    field.press("Enter")
    page.wait_for_url("**/search.html?*")
    summary = page.locator("#search-results .search-summary")
    expect(summary).to_have_text(re.compile("found|did not match"))
    return page.locator("#search-results ul.search > li")


def test_search_finds_a_mutation(page: Page, book: Path) -> None:
    """Each result leads to a page of the book that names the mutation."""
    results = search(page, book, "G1202R")
    expect(results).not_to_have_count(0)
    results.first.locator("a").first.click()
    settle(page)
    expect(page.locator("article").first).to_contain_text("G1202R")


@pytest.mark.parametrize(
    ("words", "first", "quoted"),
    [
        ("lorlatinib", "inhibitors/lorlatinib", "orlatinib"),
        ("Alecensa", "inhibitors/alectinib", "Alecensa"),
        ("p.Gly1202Arg", "profiles/G1202R", "G1202R"),
        ("benefit", "curated/", "benefit"),
        ("figure 5", "curated/04-clinical-actionability", "igure"),
        ("Fig. 2", "curated/01-cohort-assembly", "igure"),
    ],
)
def test_search_quotes_what_it_finds_and_puts_the_made_up_last(
    page: Page, book: Path, words: str, first: str, quoted: str
) -> None:
    results = search(page, book, words)
    expect(results.first.locator("a")).to_have_attribute("href", re.compile(first))
    expect(results.first).to_contain_text(quoted)
    assert words != "p.Gly1202Arg" or results.count() < 20
    titles = results.locator("a").all_text_contents()
    made_up = ["(synthetic)" in title for title in titles]
    assert made_up == sorted(made_up)
    if words == "benefit":
        assert any(made_up)


def test_search_finds_nothing_where_nothing_is(page: Page, book: Path) -> None:
    """A word of no page has no results."""
    expect(search(page, book, "xyzzyquux")).to_have_count(0)


@pytest.fixture
def sortable(page: Page, book: Path) -> Locator:
    """Return an interactive table with something to sort by its first column."""
    open_page(page, book / "curated/04-clinical-actionability.html")
    table = page.locator("table.dataTable:not(.matrix)").last
    assert len(set(first_column(table))) > 1
    return table


def first_column(table: Locator) -> list[str]:
    """Text of the first cell of every row shown."""
    cells = table.locator("tbody tr > :first-child").all_text_contents()
    return [" ".join(cell.split()) for cell in cells]


def in_order(values: list[str]) -> list[str]:
    """Values as a reader expects them: numbers by size, words by the alphabet."""
    try:
        return sorted(values, key=float)
    except ValueError:
        return sorted(values, key=str.casefold)


def test_tables_sort_by_click(sortable: Locator) -> None:
    """The first press on a column head sorts upwards, the second downwards."""
    head = sortable.locator("thead th").first
    head.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    upwards = first_column(sortable)
    head.click()
    expect(head).to_have_attribute("aria-sort", "descending")
    downwards = first_column(sortable)
    assert upwards == in_order(upwards)
    assert downwards == in_order(downwards)[::-1]
    assert upwards != downwards


def test_tables_sort_by_keyboard(sortable: Locator, page: Page) -> None:
    """The column head takes the focus, and Enter sorts."""
    head = sortable.locator("thead th").first
    focusable = head.locator("[tabindex='0']").or_(head.and_(page.locator("[tabindex='0']")))
    focusable.first.focus()
    page.keyboard.press("Enter")
    expect(head).to_have_attribute("aria-sort", "ascending")
    values = first_column(sortable)
    assert values == in_order(values)


def test_theme_is_switched_and_kept(browser: Browser, book: Path) -> None:
    """The button changes to a dark page, and the next page stays dark."""
    # In a window of its own: another page of the same one may still clear what is kept.
    with browser.new_context(viewport=WIDE, color_scheme="light") as context:
        page = context.new_page()
        open_page(page, book / "index.html")
        switch = page.locator("button.theme-switch-button").first
        ground = "getComputedStyle(document.body).backgroundColor"
        light = page.evaluate(ground)
        for _ in range(3):
            switch.click()
            if page.locator("html[data-theme='dark'][data-mode='dark']").count():
                break
        assert page.evaluate(ground) != light

        def next_page_is_dark() -> bool:
            page.wait_for_timeout(200)
            open_page(page, book / "search.html")
            return page.locator("html[data-theme='dark']").count() == 1

        # Chromium may hand what a page keeps to the process of the next one a moment too late.
        assert any(next_page_is_dark() for _ in range(5))
