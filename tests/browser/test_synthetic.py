"""Made-up rows are never without their mark, wherever one scrolls to."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page, ViewportSize

from .reading import NARROW, WIDE, open_page

SEEN = """() => {
  const words = document.querySelector(".synthetic-strip span");
  const { left, top, width, height } = words.getBoundingClientRect();
  const there = document.elementFromPoint(left + width / 2, top + height / 2);
  return words === there && words.textContent.startsWith("Synthetic");
}"""


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_a_synthetic_page_says_so_wherever_one_is(
    page: Page, book: Path, pages: dict[str, BeautifulSoup], size: ViewportSize
) -> None:
    page.set_viewport_size(size)
    made_up = [name for name in pages if name.startswith("reconstructed/")]
    assert made_up
    unmarked = []
    for name in made_up:
        open_page(page, book / name)
        for place in range(0, page.evaluate("document.body.scrollHeight"), size["height"] // 2):
            page.evaluate("place => scrollTo({ top: place, behavior: 'instant' })", place)
            if not page.evaluate(SEEN):
                unmarked.append((name, place))
    assert unmarked == []
