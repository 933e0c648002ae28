"""Ten things a reader comes for, each from the start page in at most three actions.

An action is a click, a choice in a list, a text that is typed and sent with Enter, or a key that
presses what has the focus. What must be found is computed by the package.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from playwright.sync_api import Download, Locator, Page, expect
from pypdf import PdfReader

from alkpool import answers, paths
from alkpool.analysis.benefit import BenefitRule
from alkpool.analysis.evidence import look_up

from .reading import open_page

pytestmark = pytest.mark.xdist_group("explorer")

MOST = 3


@dataclass
class Reader:
    """Somebody at the start page, whose actions are counted."""

    page: Page
    actions: int = 0

    def click(self, what: Locator) -> None:
        """Click, and wait for the page it leads to."""
        self.actions += 1
        what.click()
        self.page.wait_for_load_state()

    def write(self, text: str, field: Locator | None = None) -> None:
        """Type into a field, or where the focus is, and send it with Enter."""
        self.actions += 1
        if field:
            field.focus()
        self.page.keyboard.type(text)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def press(self, what: Locator, key: str = "Enter") -> None:
        """Press a key on what Tab has led to."""
        self.actions += 1
        tab_to(self.page, what)
        self.page.keyboard.press(key)

    def search(self, text: str) -> Locator:
        """Open the search and send a text; give the results."""
        self.click(self.page.get_by_role("button", name="Search").first)
        self.write(text)
        return self.page.locator("#search-results ul.search a")

    def download(self, button: Locator) -> Download:
        """Press a button that gives a file."""
        with self.page.expect_download() as begun:
            self.click(button)
        return begun.value


def tab_to(page: Page, what: Locator, most: int = 80) -> None:
    """Go on with Tab until something has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if what.evaluate("(element) => element === document.activeElement"):
            return
    raise AssertionError(f"the keyboard does not reach {what}")


@pytest.fixture
def reader(page: Page, book: Path) -> Iterator[Reader]:
    """Open the start page; what is left at the end took no more than three actions."""
    open_page(page, book / "index.html")
    reader = Reader(page)
    yield reader
    assert 0 < reader.actions <= MOST


@pytest.fixture
def question(reader: Reader) -> Locator:
    """Field of the start page for a mutation."""
    return reader.page.get_by_label("Mutation of the tumour")


def row(text: str, inhibitor: str, prior: tuple[str, ...] = ()) -> dict[str, Any]:
    """What the package answers of one inhibitor."""
    rows = answers.records(look_up(text, prior).inhibitors)
    return next(each for each in rows if each["inhibitor"] == inhibitor)


def test_the_drug_for_g1202r_after_alectinib(reader: Reader, question: Locator) -> None:
    question.fill("G1202R")
    reader.actions += 1
    reader.write("alectinib", reader.page.get_by_label("Given before"))
    wanted = row("G1202R", "lorlatinib", ("alectinib",))
    assert (wanted["standing"], wanted["groups"][0]["n"]) == ("for", 28)
    best = reader.page.locator("tbody[data-standing=for] tr[data-inhibitor]")
    expect(best).to_have_count(1)
    expect(best).to_contain_text(re.compile(f"^1. lorlatinib.*{re.escape(wanted['basis_text'])}"))


def test_the_evidence_for_i1171n_with_ceritinib(reader: Reader, question: Locator) -> None:
    reader.write("I1171N", question)
    reader.click(reader.page.get_by_text("Evidence on ceritinib"))
    lines = row("I1171N", "ceritinib")["patients"]["lines"]
    assert lines
    shown = reader.page.locator("details[data-inhibitor=ceritinib] .evidence")
    for line in lines:
        pmid = line["cited"]["url"].split("/")[3]
        case = shown.locator("li.case", has_text=line["patient"])
        expect(case).to_contain_text(line["benefit"])
        expect(case.locator(f"a[href*='{pmid}']")).to_be_visible()


def test_figure_5_of_the_paper(reader: Reader) -> None:
    reader.click(reader.page.get_by_role("link", name="Figure 5", exact=True))
    matrix = reader.page.locator("table.matrix")
    expect(matrix.get_by_role("columnheader", name="lorlatinib")).to_be_in_viewport()
    caption = reader.page.locator("figure#fig-actionability figcaption")
    expect(caption).to_contain_text("As Figure 5 of the paper")
    cells = pd.read_csv(paths.RESULTS / "curated" / "actionability.csv")
    (helped,) = cells.query("profile == 'G1269A' and inhibitor == 'ceritinib'").to_dict("records")
    shown = matrix.get_by_role("row", name="G1269A").first
    expect(shown).to_contain_text(f"B {helped['benefit_k']}/{helped['benefit_n']}")


def test_two_mutations_beside_each_other(reader: Reader, question: Locator) -> None:
    reader.write("G1202R | I1171N", question)
    table = reader.page.locator("table.comparison")
    for text in ("G1202R", "I1171N"):
        cell = table.locator(f"tr[data-inhibitor=lorlatinib] td[data-head={text}]")
        expect(cell).to_contain_text(row(text, "lorlatinib")["basis_text"])


def test_an_answer_on_paper(reader: Reader, question: Locator) -> None:
    reader.page.add_init_script("print = () => { globalThis.printed = true; }")
    reader.write("L1196M", question)
    reader.click(reader.page.get_by_role("button", name="Print"))
    assert reader.page.evaluate("() => globalThis.printed")
    printed = PdfReader(BytesIO(reader.page.pdf(format="A4")))
    assert len(printed.pages) == 1
    text = " ".join(printed.pages[0].extract_text().split())
    assert row("L1196M", "ceritinib")["basis_text"].split(" (")[0] in text


def test_the_definition_of_benefit(reader: Reader) -> None:
    reader.click(reader.search("clinical benefit").first)
    term = reader.page.locator("dt#term-clinical-benefit")
    expect(term).to_be_in_viewport()
    months = f"{BenefitRule().threshold_months:g}".replace("6", "six")
    meaning = term.locator("xpath=following-sibling::dd[1]")
    expect(meaning).to_contain_text(f"an objective response, or at least {months} months")


def test_the_laboratory_evidence_for_l1198f(reader: Reader, question: Locator) -> None:
    reader.write("L1198F", question)
    wanted = row("L1198F", "crizotinib")["laboratory"]
    (call,) = wanted["calls"]
    cell = reader.page.locator("tr[data-inhibitor=crizotinib] td[data-head=Laboratory]")
    expect(cell).to_have_text(f"{wanted['sensitive']} sensitive, {wanted['resistant']} resistant")
    reader.click(reader.page.get_by_text("Evidence on crizotinib"))
    shown = reader.page.locator("details[data-inhibitor=crizotinib] .evidence")
    expect(shown).to_contain_text(f"{call['value']:g} {call['unit']}")
    address = call["cited"]["url"]
    expect(shown.locator(f"a[href='{address}']").first).to_be_visible()


def test_a_table_and_a_figure_are_downloaded(reader: Reader) -> None:
    reader.click(reader.page.get_by_role("link", name="Figure 5", exact=True))
    figure = reader.page.locator("figure#fig-actionability + .actions")
    svg = reader.download(figure.get_by_role("button", name="SVG"))
    assert b"lorlatinib" in Path(svg.path()).read_bytes()
    table = reader.page.locator("section#every-pair .actions")
    text = Path(reader.download(table.get_by_role("button", name="CSV")).path()).read_text(
        "utf-8-sig"
    )
    published = pd.read_csv(paths.RESULTS / "curated" / "actionability.csv")
    assert len(list(csv.reader(io.StringIO(text)))) == len(published) + 1


def test_the_keyboard_alone(reader: Reader, question: Locator) -> None:
    tab_to(reader.page, question)
    reader.write("G1202R")
    evidence = reader.page.locator("details[data-inhibitor=lorlatinib]")
    reader.press(evidence.locator("> summary"))
    group = row("G1202R", "lorlatinib")["groups"][0]
    expect(evidence).to_contain_text(f"{group['k']} of {group['n']} responded")


def test_a_search_for_what_a_report_prints(reader: Reader) -> None:
    reader.search("p.Gly1202Arg")
    reader.click(reader.page.get_by_role("link", name="What is the evidence on p.Gly1202Arg?"))
    expect(reader.page.locator(".folded")).to_contain_text("G1202R")
    wanted = row("G1202R", "lorlatinib")["basis_text"]
    expect(reader.page.locator("tr[data-inhibitor=lorlatinib]").first).to_contain_text(wanted)
