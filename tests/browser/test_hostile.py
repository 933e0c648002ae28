"""Text of a case that is HTML, script, Markdown, a template or a formula shows as text.

A copy of the checkout gets a cohort whose every free cell is such a text; its book is really made
and opened. Nothing of it may run, become an element or ask for anything, and wherever a page shows
one, it shows it as it was typed.
"""

import csv
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from checkout import copy_checkout, run
from playwright.sync_api import Browser

from alkpool.problems import no_formula

from .reading import WIDE, Watch

# Minutes: a whole report or book of its own.
pytestmark = pytest.mark.nightly

INJECTED = "window.injected=1"
HOSTILE = (
    f"<script>{INJECTED}</script>",
    f"<img src=x onerror={INJECTED} class=injected>",
    "</td></tr></table><b class=injected>b</b>",
    f'"><svg onload={INJECTED} class=injected>',
    "{{ 7*7 }} {% raw %} {{ cohort }} {# x #}",
    "{eval-rst}`x` {raw}`y` {ref}`z` [](#fig) {cite}`nobody1999`",
    f"[click](javascript:{INJECTED}) ![x](x.png) <https://a.example>",
    "```{raw} html ::: {note} ::: % +++",
    "&lt;b class=injected&gt; &amp; &#60;",
    "$\\unknown{x}$ $$y$$ \\(z\\) \\[w\\]",
    "**bold** _em_ ~~x~~ `code` <!-- hidden",
    f"</script><script>{INJECTED}</script>",
    f"' onmouseover='{INJECTED}' class='injected",
    "|a|b| # one ## two - three > four",
    f"%s {{0}} ${{{INJECTED}}} \\n \\x3cb\\x3e",
    "=cmd|' /C calc'!A0",
    "@SUM(A1:A9)",
)
# Columns of free text; all others have closed vocabularies, keys or numbers.
FREE = {
    "sources": ["first_author", "journal", "title", "note"],
    "patients": ["stage", "histology", "fusion_partner", "exclusion_reason", "note"],
    "samples": ["other_findings", "locator", "note"],
    "treatments": ["locator", "note"],
}


# All text of a page but that of scripts and styles.
VISIBLE = """() => {
  const copy = document.body.cloneNode(true)
  copy.querySelectorAll("script, style").forEach((element) => element.remove())
  return copy.textContent
}"""


def shown(number: int) -> str:
    """Text of a cell, with a mark to find it by."""
    return f"H{number:02d}H {HOSTILE[number]}"


def spoil(folder: Path) -> None:
    """Put a hostile text into every free cell that says something, each in turn."""
    count = 0
    for table, columns in FREE.items():
        path = folder / f"{table}.csv"
        header, *rows = csv.reader(path.read_text("utf-8").splitlines())
        for row in rows:
            for column in columns:
                place = header.index(column)
                if row[place] or column == "note":
                    # A formula has to be the first thing in its cell.
                    number = count % len(HOSTILE)
                    formula = HOSTILE[number].startswith(("=", "@"))
                    row[place] = HOSTILE[number] if formula else shown(number)
                    count += 1
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows([header, *rows])
    description = folder / "cohort.yaml"
    text = description.read_text("utf-8")
    description.write_text(re.sub("^title: .*", f"title: '{shown(2)}'", text, flags=re.MULTILINE))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make the book of the copy."""
    home = copy_checkout(tmp_path_factory.mktemp("hostile") / "checkout")
    spoil(home / "data" / "cohorts" / "curated")
    # No free text goes into what is left out, and it takes half of the time.
    configuration = home / "compendium.yaml"
    text = configuration.read_text("utf-8")
    start, end = text.index("  - title: Test of the method"), text.index("  - title: How to")
    configuration.write_text(text[:start] + text[end:], "utf-8")
    done = run(home, "make report")
    assert done.returncode == 0, done.stdout + done.stderr
    return home


def opened(browser: Browser, hostile: Path) -> Iterator[tuple[str, str]]:
    """Open every page, and the explorer for every profile; yield name and visible text."""
    book = hostile / "build" / "book"
    pages = [path.relative_to(book).as_posix() for path in sorted(book.rglob("*.html"))
             if not path.relative_to(book).parts[0].startswith("_")]  # fmt: skip
    asked = [f"explorer.html#m={name}" for name in ("G1202R", "L1196M", "G1269A", "C1156Y+L1198F")]
    with browser.new_context(viewport=WIDE) as context:
        for name in [*pages, *asked]:
            page, watch = context.new_page(), Watch()
            watch.attach(page)
            page.on("dialog", lambda dialog: pytest.fail(f"a dialog: {dialog.message}"))
            file, _, fragment = name.partition("#")
            page.goto((book / file).as_uri() + (f"#{fragment}" if fragment else ""))
            assert page.evaluate("window.injected === undefined"), name
            assert page.locator(".injected").count() == 0, name
            assert page.locator("a[href^='javascript']").count() == 0, name
            assert watch.problems == [], name
            if fragment:
                page.locator("#explorer").wait_for()
            text = page.evaluate(VISIBLE)
            page.close()
            yield name, " ".join(text.split())


def test_hostile_text_is_shown_and_nothing_else(browser: Browser, hostile: Path) -> None:
    found: dict[int, set[str]] = {}
    for name, text in opened(browser, hostile):
        for mark in re.finditer(r"H(\d\d)H ", text):
            number = int(mark[1])
            rest = text[mark.start() :][: len(shown(number))]
            assert rest == " ".join(shown(number).split()), f"{name}: {rest!r}"
            found.setdefault(number, set()).add(name.partition("/")[0])
        for number, formula in enumerate(HOSTILE):
            if formula.startswith(("=", "@")) and formula in text:
                found.setdefault(number, set()).add(name.partition("/")[0])
    assert set(found) == set(range(len(HOSTILE)))
    seen = set().union(*found.values())
    assert {"curated", "profiles"} <= seen
    assert any(name.startswith("explorer.html#") for name in seen)


def test_no_cell_of_a_table_that_is_written_is_a_formula(hostile: Path) -> None:
    cells = [
        (path.name, cell)
        for path in (hostile / "results" / "curated").glob("*.csv")
        for row in csv.reader(path.read_text("utf-8").splitlines())
        for cell in row
    ]
    assert [found for found in cells if no_formula(found[1]) != found[1]] == []
    assert {"'=cmd|' /C calc'!A0", "'@SUM(A1:A9)"} & {cell for _, cell in cells}
    answer = run(hostile, ".venv/bin/alkpool look-up G1202R --format csv")
    assert answer.returncode == 0, answer.stderr
    rows = csv.reader(answer.stdout.splitlines())
    assert all(no_formula(cell) == cell for row in rows for cell in row)
