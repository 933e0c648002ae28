"""What holds on every page of the book, for each reader: a desk, a telephone, a sheet of paper."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser

from .reading import NARROW, WIDE, Reader, Visit, violations, visit

BROKEN = """
<img src="x.png" style="width: 3000px">
<p style="color: #ccc; background: #fff">pale</p>
<table class="cards" style="width: 3000px"><caption>wide</caption><tr><td>1</td></tr></table>
<table class="cards"><caption>silent</caption><thead><tr><th class="more" hidden>x</th></tr></thead>
<tr><td style="max-width: 1rem"><code style="white-space: pre">cut_name.csv</code></td></tr></table>
<svg class="domain" style="overflow: visible"><text id="off" x="3000">x</text></svg>
<figure id="fig" style="overflow: scroll"><div style="width: 3000px">x</div></figure>
<div class="dt-layout-full" style="overflow: hidden"><table style="width: 3000px">
<caption>cut</caption></table></div>
<div style="position: fixed; inset: 0; z-index: 9999; background: #fff"></div>
"""


# Scripts of the page make every frame that scrolls a stop of the keyboard: one is kept out.
KEEP_OUT = """addEventListener("load", () =>
  Object.defineProperty(fig, "tabIndex", { get: () => -1, set: () => {} }))"""


def found(visits: list[Visit], what: Callable[[Visit], Any]) -> dict[str, Any]:
    """Pages on which something was found, with it."""
    return {visit.name: problems for visit in visits if (problems := what(visit))}


def total(visits: list[Visit], what: str) -> int:
    return sum(visit.measured[what] for visit in visits)


def test_pages_load_without_complaint(visits: list[Visit]) -> None:
    """No console warning, script error, failed request or request to another host."""
    assert found(visits, lambda visit: visit.problems) == {}


def test_axe_finds_nothing_serious(visits: list[Visit]) -> None:
    assert found(visits, lambda visit: visit.violations) == {}


def test_text_can_be_read(visits: list[Visit]) -> None:
    """Text stands out from its ground in both themes: contrast of at least 4.5."""
    assert found(visits, lambda visit: visit.low_contrast) == {}


def test_nothing_sticks_out(visits: list[Visit]) -> None:
    """Nothing scrolls sideways but the frames of wide tables, formulas and code."""
    assert found(visits, lambda visit: visit.overflow["stickingOut"]) == {}
    wider = [v.name for v in visits if v.overflow["width"] > v.reader.size["width"]]
    assert wider == []
    if visits[0].reader.size == NARROW:
        assert sum(visit.overflow["scrollingTables"] for visit in visits) > 0


def test_no_table_hides_a_part_to_the_side(visits: list[Visit]) -> None:
    """Columns without room wait behind a button that says how many."""
    assert found(visits, lambda visit: visit.measured["hiding"]) == {}


def test_a_drawing_is_seen_whole(visits: list[Visit]) -> None:
    """Also on a telephone, where the kinase domain stands upright."""
    assert found(visits, lambda visit: visit.measured["runningOff"]) == {}
    assert total(visits, "drawings") > 0


def test_names_of_files_and_columns_are_whole(visits: list[Visit]) -> None:
    assert found(visits, lambda visit: visit.measured["cutNames"]) == {}
    assert found(visits, lambda visit: visit.measured["brokenNames"]) == {}
    assert total(visits, "names") > 100


def test_a_card_has_its_labels_on_one_side(visits: list[Visit]) -> None:
    """A source with its tag, a name in a sentence: none of it stands among the labels."""
    assert found(visits, lambda visit: visit.measured["amongLabels"]) == {}


def test_what_scrolls_takes_the_focus_and_has_a_name(visits: list[Visit]) -> None:
    assert found(visits, lambda visit: visit.measured["unreachable"]) == {}
    if visits[0].reader.size == NARROW:
        assert total(visits, "scrolling") > 0


def test_words_above_a_table_are_whole(visits: list[Visit]) -> None:
    """What is said above a table that scrolls is as wide as its frame, not as the table."""
    assert found(visits, lambda visit: visit.measured["cut"]) == {}
    assert total(visits, "words") > 20


def test_every_figure_and_table_can_be_taken_along(visits: list[Visit]) -> None:
    assert total(visits, "actions") > 50
    bare = found(visits, lambda v: v.measured["figuresAndTables"] - v.measured["actions"])
    assert bare == {}


def test_no_table_runs_off_the_paper(visits: list[Visit]) -> None:
    """Every page printed alone; a drawing is not cut between two sheets either."""
    assert found(visits, lambda visit: visit.off_paper) == {}


def test_a_synthetic_page_says_so_wherever_one_is(visits: list[Visit], thorough: bool) -> None:
    """Made-up rows are never without their mark, wherever one scrolls to; no other page has it."""
    marked = {visit.name for visit in visits if visit.measured["mark"].startswith("Synthetic")}
    made_up = {visit.name for visit in visits if visit.name.startswith("reconstructed/")}
    assert len(made_up) >= (9 if thorough else 2)
    assert marked == made_up
    assert found(visits, lambda visit: visit.measured["unmarked"]) == {}


def test_all_of_this_would_be_noticed(browser: Browser, book: Path, tmp_path: Path) -> None:
    """The checks themselves work: a page with every fault has each found."""
    text = (book / "reconstructed/01-cohort-assembly.html").read_text("utf-8")
    static = (book / "_static").as_uri()
    broken = text.replace("../_static", static).replace("</article>", f"{BROKEN}</article>")
    broken = broken.replace("</body>", '<div style="width: 3000px">wide</div></body>')
    (tmp_path / "page.html").write_text(broken, "utf-8")
    with browser.new_context() as context:
        page = context.new_page()
        page.add_init_script(KEEP_OUT)
        seen = visit(page, tmp_path, "page.html", Reader("light", WIDE), thorough=False)
        by_axe = {each["id"] for each in violations(page, thorough=True)}
    assert any("failed request" in problem for problem in seen.problems)
    assert by_axe >= {"image-alt", "color-contrast"}
    assert any("pale" in text for text in seen.low_contrast)
    assert seen.overflow["stickingOut"]
    assert seen.overflow["width"] > WIDE["width"]
    assert seen.measured["hiding"] == ["wide", "silent"]
    assert seen.measured["runningOff"] == ["off"]
    assert "cut_name.csv" in seen.measured["cutNames"]
    assert "fig" in seen.measured["unreachable"]
    assert "cut" in seen.measured["cut"]
    assert seen.measured["unmarked"]
    assert seen.off_paper
