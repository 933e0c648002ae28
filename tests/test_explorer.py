"""The explorer's data are the package's; text from data stays text on its pages."""

import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from alkpool import explorer, paths
from alkpool.analysis.evidence import gather, records
from alkpool.analysis.question import ask
from alkpool.analysis.ranking import Evidence, answer
from alkpool.compendium import book, plan

pytestmark = pytest.mark.xdist_group("answers")

HOSTILE = '<script>alert("1")</script> | [x](javascript:a) {{ 7 }} $y$ `z` <img src=x onerror=a()>'


@pytest.fixture(scope="module")
def contexts() -> dict[str, Any]:
    return explorer.contexts("curated")


@pytest.fixture(scope="module")
def curated() -> Evidence:
    return gather()


@pytest.fixture(scope="module")
def data(contexts: dict[str, Any]) -> dict[str, Any]:
    """As the page reads it."""
    written: dict[str, Any] = json.loads(book._json(contexts["explorer"]))
    return written


def test_answers_in_the_page_are_those_of_the_package(
    contexts: dict[str, Any], data: dict[str, Any], curated: Evidence
) -> None:
    """Every profile, reading and inhibitor that may have failed: rows, ranks, texts."""
    compared = 0
    for profile, readings in data["answers"].items():
        for phase, printed in readings.items():
            for last, order in printed["after"].items():
                asked = ask(
                    profile, [last] if last else [], "unknown" if phase == "single" else phase
                )
                rows = records(answer(asked, curated).inhibitors)
                assert [[row["inhibitor"], row["rank"]] for row in rows] == order
                for row in rows:
                    shown = dict(printed["rows"][row["inhibitor"]])
                    if row["inhibitor"] == last:
                        shown |= printed["failed"][last]
                    shown["rank"] = row["rank"]
                    shown.pop("key")
                    assert shown == json.loads(json.dumps(row))
                    compared += 1
    assert compared > 40 * 7 * 6


def test_other_substitutions_of_a_residue_are_answered(
    data: dict[str, Any], curated: Evidence
) -> None:
    """What the page says of I1171V is what the package says."""
    rows = records(answer(ask("I1171V", ["alectinib"]), curated).inhibitors)
    printed = data["substitutions"]["I1171X"]
    assert [[row["inhibitor"], row["rank"]] for row in rows] == printed["after"]["alectinib"]
    for row in rows[:-1]:
        assert printed["rows"][row["inhibitor"]]["basis_text"] == row["basis_text"]


def test_cases_can_be_counted_to_the_answers(contexts: dict[str, Any]) -> None:
    """Plain counts over the listed cases give the patients of each row; no line is lost."""
    listed = 0
    for profile, page in contexts["pages"].items():
        lines = [line for case in page["cases"] for line in case["lines"]]
        listed += len(lines)
        rows = contexts["explorer"]["answers"][profile]
        for row in next(iter(rows.values()))["rows"].values():
            if "+" in profile and not page["cases"]:
                continue
            mine = [line for line in lines if line["inhibitor"] == row["inhibitor"]]
            told = [line["benefit"] for line in mine if line["evaluated"]]
            assert row["patients"]["k"] == told.count("benefit")
            assert row["patients"]["n"] == len(told) - told.count("unknown")
            assert row["patients"]["not_counted"] == len(mine) - row["patients"]["n"]
    assert listed >= contexts["explorer"]["about"]["lines"]


def test_every_case_measurement_and_assertion_has_its_source(contexts: dict[str, Any]) -> None:
    """A label and a place for each."""
    for page in contexts["pages"].values():
        for item in (*page["cases"], *page["calls"], *page["assertions"]):
            assert all([item["label"], item["locator"]])


def test_profiles_have_safe_pages_of_their_own(data: dict[str, Any]) -> None:
    """File names that any system keeps apart."""
    pages = [facts["page"] for facts in data["profiles"].values()]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", page) for page in pages)
    assert len({page.casefold() for page in pages}) == len(pages) == len(data["profiles"])


def test_motifs_stand_once_in_the_kinase_domain(data: dict[str, Any]) -> None:
    """Glycine-rich loop, lysine 1150, gatekeeper 1196, HRD and DFG."""
    found = {motif["name"]: (motif["from"], motif["to"]) for motif in data["protein"]["motifs"]}
    assert found == {
        "GxGxxG": (1123, 1128), "AxK": (1148, 1150), "gatekeeper": (1196, 1196),
        "HRD": (1247, 1249), "DFG": (1270, 1272),
    }  # fmt: skip


def test_synthetic_cases_are_refused() -> None:
    """Their cells are no evidence."""
    with pytest.raises(ValueError, match="reconstructed is synthetic"):
        explorer.contexts("reconstructed")


def test_the_same_data_give_the_same_pages(contexts: dict[str, Any]) -> None:
    """Byte for byte."""
    again = explorer.contexts("curated")
    assert book._json(again["explorer"]) == book._json(contexts["explorer"])
    assert repr(again["pages"]) == repr(contexts["pages"])


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_markdown_shows_text_as_it_is(text: str) -> None:
    """Nothing in a text from data is markup."""
    shown = MarkdownIt("commonmark", {"html": True}).renderInline(book._as_text(text))
    assert html.unescape(shown) == " ".join(text.split())


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_addresses_in_a_text_are_links_and_nothing_else_is(text: str) -> None:
    """Only the address itself is a link, and no character of the text is lost."""
    given = f"{text} https://pmc.ncbi.nlm.nih.gov/articles/PMC1_2; {text}"
    shown = BeautifulSoup(
        MarkdownIt("commonmark", {"html": True}).renderInline(book._as_links(given)), "html.parser"
    )
    assert shown.get_text() == " ".join(given.split())
    assert "https://pmc.ncbi.nlm.nih.gov/articles/PMC1_2" in [a["href"] for a in shown("a")]
    assert all(str(a["href"]).startswith(("http://", "https://")) for a in shown("a"))
    assert {tag.name for tag in shown(True)} <= {"a"}


@given(st.text(max_size=40))
def test_json_cannot_leave_its_script(text: str) -> None:
    """No tag in it, and it reads back as it was."""
    written = book._json({text: text})
    assert "<" not in written
    assert json.loads(written) == {text: text}


def test_hostile_text_is_text_on_the_page_of_a_profile(contexts: dict[str, Any]) -> None:
    """Every free text of cases, measurements and assertions."""
    page = json.loads(json.dumps(contexts["pages"]["G1202R"]))
    for case in page["cases"]:
        case |= dict.fromkeys(("note", "locator", "other_findings", "label", "patient_id"), HOSTILE)
    for item in (*page["calls"], *page["assertions"]):
        item |= {"label": HOSTILE, "locator": HOSTILE, "level": HOSTILE, "record": HOSTILE}
    for row in page["answer"]["inhibitors"]:
        row |= {"basis_text": HOSTILE, "marks": [HOSTILE]}
        row["patients"]["text"] = row["relapsed"]["source"] = HOSTILE
    filled = book._filled_in("profile.md.j2", contexts | {"page": page}).decode()
    body = filled.split("\n---\n", 1)[1]
    shown = MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    soup = BeautifulSoup(shown, "html.parser")
    assert soup.select("script, img, [onerror], a[href^=javascript]") == []
    hostile = " ".join(HOSTILE.split())
    cells = [cell.get_text() for cell in soup.select("td")]
    assert sum(hostile in text for text in cells) > 20


def test_tables_of_a_chapter_link_its_profiles() -> None:
    """Whole cells only, and only names that have a page."""
    table = (
        "<td class='a'>G1202R</td><th>L1196M+G1202R</th><th>L1196M+\nG1202R</th>"
        "<td>G1202R 5</td><td>G1202K</td>"
    )
    page = {"cells": [{"outputs": [{"data": {"text/html": [table]}}]}, {}]}
    book._link_records(page, {"G1202R": "profiles/G1202R", "L1196M+G1202R": "profiles/both"})
    assert page["cells"][0]["outputs"][0]["data"]["text/html"] == (
        "<td class='a'><a href=\"../profiles/G1202R.html\">G1202R</a></td>"
        '<th><a href="../profiles/both.html">L1196M+G1202R</a></th>'
        '<th><a href="../profiles/both.html">L1196M+\nG1202R</a></th>'
        "<td>G1202R 5</td><td>G1202K</td>"
    )


def test_other_evidence_makes_the_book_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The key of the book holds all data of the explorer."""
    compendium = plan.read()
    assert compendium.extension
    for name in ("requirements.lock", "compendium.yaml", "pyproject.toml"):
        shutil.copy(paths.HOME / name, tmp_path)
    monkeypatch.setattr(paths, "HOME", tmp_path)
    keys = {book._key(compendium, [], tmp_path, {})}
    for number, pattern in enumerate(compendium.extension.reads, start=2):
        folder = (tmp_path / pattern).parent
        folder.mkdir(parents=True)
        (folder / "rows.csv").write_text("row\n")
        keys.add(book._key(compendium, [], tmp_path, {}))
        assert len(keys) == number
