"""The explorer's data are the package's; text from data stays text on its pages."""

import csv
import html
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from cases import case, tables, write_csv
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from alkpool import explorer, mutations, paths
from alkpool.analysis.evidence import gather, records
from alkpool.analysis.question import ask
from alkpool.analysis.ranking import Evidence, answer
from alkpool.compendium import book, plan
from alkpool.intake import flatfile, place
from alkpool.problems import as_text

pytestmark = pytest.mark.xdist_group("answers")

HOSTILE = '<script>alert("1")</script> | [x](javascript:a) {{ 7 }} $y$ `z` <img src=x onerror=a()>'


@pytest.fixture(scope="module")
def contexts() -> dict[str, Any]:
    """What the templates are given, which the report has kept."""
    return book._of_study(plan.read(), paths.BUILD / "study.json")


@pytest.fixture(scope="module")
def curated() -> Evidence:
    return gather()


@pytest.fixture(scope="module")
def data(contexts: dict[str, Any]) -> dict[str, Any]:
    """As the page reads it."""
    written: dict[str, Any] = json.loads(book._json(contexts["explorer"]))
    return written


def as_rows(data: dict[str, Any], printed: dict[str, Any], last: str) -> list[Any]:
    """Rows of an answer as the page puts them together, orders and ranks them."""
    rows = [
        row | (failed(data, row) if row["inhibitor"] == last else {}) for row in printed.values()
    ]
    return [
        row
        | {"sources": [data["sources"][place] for place in row["sources"]]}
        | {"rank": 1 + sum(other["key"] < row["key"] for other in rows)
           if row["standing"] == "for" else None}
        for row in sorted(rows, key=lambda row: row["key"])
    ]  # fmt: skip


def failed(data: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    """What changes in a row when the tumour has just progressed on the inhibitor."""
    known = f" ({row['basis_text']})" if row["standing"] == "against" else ""
    return data["progressed"] | {"basis_text": data["progressed"]["basis_text"] + known}


def said(row: dict[str, Any]) -> list[Any]:
    """What a row says, with its sources as they were read."""
    return [
        row[name]
        for name in ("inhibitor", "standing", "rank", "basis", "basis_text", "marks", "sources")
    ]


def test_answers_in_the_page_are_those_of_the_package(
    contexts: dict[str, Any], data: dict[str, Any], curated: Evidence
) -> None:
    """Every profile and inhibitor that may have failed: order, texts, counts.

    In trans the page puts the answers on single mutations together, see the tests in the browser.
    """
    compared = 0
    for profile, printed in data["answers"].items():
        for last in ["", *data["inhibitors"]]:
            phase = "cis" if "+" in profile else "unknown"
            rows = records(answer(ask(profile, [last] if last else [], phase), curated).inhibitors)
            for shown, row in zip(as_rows(data, printed, last), rows, strict=True):
                assert said(shown) == said(row)
                cell = contexts["cells"].get(shown["profile"], {}).get(row["inhibitor"])
                if cell is None:
                    assert row["patients"]["lines"] == row["laboratory"]["calls"] == []
                    continue
                for name in ("patients", "groups", "relapsed", "laboratory"):
                    assert cell[name] == row[name]
                compared += 1
    assert compared > 40 * 7 * 3


def test_treatments_that_are_offered_are_what_patients_get(data: dict[str, Any]) -> None:
    """What is known from the laboratory only can be asked about, and is not offered."""
    offered = {*data["inhibitors"], *data["offered"]}
    assert {"lorlatinib", "neladalkib", "chemotherapy", "other"} <= offered
    assert {"tae684", "asp3026", "tanespimycin"} <= {*data["treatments"].values()} - offered


def test_other_mutations_are_answered(data: dict[str, Any], curated: Evidence) -> None:
    """What the page says of I1171V and of K1150A, on which nothing is known, the package says."""
    for text, printed in (
        ("I1171V", data["substitutions"]["I1171X"]), ("K1150A", data["unreported"]),
    ):  # fmt: skip
        rows = records(answer(ask(text, ["alectinib"]), curated).inhibitors)
        for shown, row in zip(as_rows(data, printed, "alectinib"), rows, strict=True):
            assert said(shown) == said(row)
    assert not any(explorer.NOBODY[:-1] in name for name in data["profiles"])


def test_cases_can_be_counted_to_the_answers(contexts: dict[str, Any]) -> None:
    """Plain counts over the listed cases give the patients of each cell; no line is lost."""
    listed = 0
    pages = contexts["records"]["profiles"]
    for name, page in pages.items():
        lines = [line for case in page["cases"] for line in case["lines"]]
        listed += len(lines)
        assert {line["inhibitor"] for line in lines} <= set(page["cells"])
        drawn = page["course"]["alt"] if page["course"] else ""
        assert all(line["inhibitor"] in drawn for line in lines if line["evaluated"])
        # What was given for an earlier mutation of the patient is no course of this one.
        assert not any(f": {other}: " in drawn for other in pages if other != name)
        for inhibitor, cell in page["cells"].items():
            mine = [line for line in lines if line["inhibitor"] == inhibitor]
            told = [line["benefit"] for line in mine if line["evaluated"]]
            assert cell["patients"]["k"] == told.count("benefit")
            assert cell["patients"]["n"] == len(told) - told.count("unknown")
            assert cell["patients"]["not_counted"] == len(mine) - cell["patients"]["n"]
    assert listed >= contexts["explorer"]["about"]["lines"]


def marks(soup: BeautifulSoup, profile: str, inhibitor: str) -> tuple[list[str], int, list[str]]:
    """Signs of patients, number of ticks and labels of groups in a cell of the matrix."""
    heads = [head.get_text() for head in soup.select(".patients thead th")]
    (row,) = [row for row in soup.select(".patients tbody tr") if row.th.get_text() == profile]
    cell = row.select("td")[heads.index(inhibitor) - 1]
    labels = [group.find(string=re.compile(r"\d+/\d+")) for group in cell.select(".group")]
    return (
        [dot.get_text() for dot in cell.select(".dot")],
        len(cell.select("a > .tick")),
        [str(label).strip() for label in labels],
    )


def test_the_matrix_has_a_mark_for_everyone(contexts: dict[str, Any]) -> None:
    """One for each line of treatment and each sample at resistance, and nothing in empty cells."""
    filled = book._filled_in("matrix.md.j2", contexts).decode()
    soup = BeautifulSoup(filled.replace("\u200b", ""), "html.parser")
    assert marks(soup, "C1156Y", "lorlatinib") == (["+"], 0, [])
    assert marks(soup, "C1156Y", "ceritinib")[0] == ["−"]
    assert marks(soup, "C1156Y+L1198F", "crizotinib") == (["?"], 0, [])
    assert marks(soup, "G1202R", "alectinib")[2] == ["4/6", "26/82"]
    assert marks(soup, "G1202R", "ensartinib") == ([], 0, [])
    lines = [
        line
        for page in contexts["records"]["profiles"].values()
        for name, cell in page["cells"].items()
        if name in contexts["explorer"]["inhibitors"]
        for line in cell["patients"]["lines"]
    ]
    assert len(soup.select("table.patients .dot")) == len(lines)
    with (paths.RESULTS / "curated" / "actionability.csv").open(encoding="utf-8") as file:
        found = sum(int(row["found_after"]) for row in csv.DictReader(file))
    assert len(soup.select("table.patients td > a > .tick")) == found
    assert all(cell.a or not cell.contents for cell in soup.select("table.patients td"))


@pytest.mark.nightly
def test_patients_of_an_own_cohort_stand_out(tmp_path: Path) -> None:
    """By their shape, with how many they are, in the matrix, the answer and the page."""
    sheet = flatfile.read(write_csv(tmp_path / "new.csv", case(doi="")))
    (own := tmp_path / "Klinik Süd").mkdir()
    description = "title: Own\nkind: own\nsynthetic: false\ndescription: A test.\nlicence: none\n"
    (own / "cohort.yaml").write_text(description, "utf-8")
    for name, rows in place.fit(sheet, tables(paths.COHORTS / "curated")).rows.items():
        rows.to_csv(own / f"{name}.csv", index=False)
    made = explorer.contexts(f"curated,{own}") | {
        "state": {"alkpool": "", "data": "", "commit": ""}
    }
    matrix = BeautifulSoup(book._filled_in("matrix.md.j2", made).decode(), "html.parser")
    places = [mark.find_parent("a")["href"] for mark in matrix.select("table.patients .own")]
    assert places == ["profiles/G1202R.html#alectinib", "profiles/G1202R.html#lorlatinib"]
    about = made["explorer"]["about"]
    assert f"1 of {about['patients']} patients" in matrix.select_one(".legend").get_text()
    page = made["records"]["profiles"]["G1202R"]
    said = book._filled_in("profile.md.j2", made | {"page": page}).decode()
    assert f"Of the {len(page['cases'])} samples with this profile 1 is of our own" in said
    assert "Our patient: alectinib → at progression on alectinib: <strong>G1202R</strong>" in said
    assert "of them our own: square marks" in book._filled_in("explorer.md.j2", made).decode()
    assert str(tmp_path) not in json.dumps(made)
    assert "our own records" in said
    assert "reading not stated" not in said
    alone = explorer.contexts(str(own)) | {"state": {"alkpool": "", "data": "", "commit": ""}}
    said = book._filled_in("explorer.md.j2", alone).decode()
    assert "Evidence: 1 patient (cohort" in said
    assert "This rests on 1 patient (1 of them our own) with 1 tumour sample and 1 further" in said
    assert not re.search(r"\b1 (patients|months|samples|rows|lines|models)\b", said)


def test_pages_of_inhibitors_say_what_they_are_about(contexts: dict[str, Any]) -> None:
    """What it helped against, what is found after it, and every mutation with evidence on it."""
    page = contexts["records"]["inhibitors"]["lorlatinib"]
    filled = book._filled_in("inhibitor.md.j2", contexts | {"page": page}).decode()
    assert r"[C1156Y](../profiles/C1156Y.md) (1 of 1, 95\% CI 21\% to 100\%)" in filled
    assert r"(16 of 28, 95\% CI 39\% to 73\%\, objective response\, Shaw 2019)" in filled
    assert "```{index} ! Lorbrena, ! Lorviqua" in filled
    listed = [row["profile"] for row in page["rows"]]
    assert len(listed) == len(set(listed))
    for profile, of in contexts["records"]["profiles"].items():
        cell = of["cells"].get("lorlatinib")
        assert cell is None or profile in listed


def test_every_case_measurement_and_assertion_has_its_source(contexts: dict[str, Any]) -> None:
    """What it is, its address, how it was read and where, for each."""
    for page in contexts["records"]["profiles"].values():
        behind = [
            item for cell in page["cells"].values() for item in cell["calls"] + cell["assertions"]
        ]
        for item in page["cases"] + behind:
            assert all(item["cited"][name] for name in ("text", "url", "read", "place"))


def test_profiles_have_safe_pages_of_their_own(data: dict[str, Any]) -> None:
    """File names that any system keeps apart."""
    pages = [facts["page"] for facts in data["profiles"].values()]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]+", page) for page in pages)
    assert len({page.casefold() for page in pages}) == len(pages) == len(data["profiles"])


def test_places_with_a_name_have_a_source(data: dict[str, Any]) -> None:
    """Each is a residue of the domain, with the address of the source that names it."""
    protein = data["protein"]
    assert [mark["name"] for mark in protein["landmarks"]] == [
        "P-loop",
        "αC helix",
        "gatekeeper",
        "solvent front",
        "activation loop",
    ]
    for mark in protein["landmarks"]:
        assert protein["domain"][0] <= mark["residue"] <= mark["last"] <= protein["domain"][1]
        assert mark["url"].startswith("https://doi.org/")
        assert mark["name"] in mark["says"]
        if mark["last"] > mark["residue"]:
            letters = map(mutations.reference_residue, range(mark["residue"], mark["last"] + 1))
            assert f"({''.join(letters)})" in mark["says"]


def test_synthetic_cases_are_refused() -> None:
    """Their cells are no evidence."""
    with pytest.raises(ValueError, match="reconstructed is synthetic"):
        explorer.contexts("reconstructed")


@pytest.mark.nightly
def test_the_same_data_give_the_same_pages(contexts: dict[str, Any]) -> None:
    """Byte for byte, in another process."""
    found = explorer.contexts("curated")
    assert json.dumps(found) == json.dumps({name: contexts[name] for name in found})


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_markdown_shows_text_as_it_is(text: str) -> None:
    """Nothing in a text from data is markup."""
    shown = MarkdownIt("commonmark", {"html": True}).renderInline(as_text(text))
    assert html.unescape(shown) == " ".join(text.split())


@given(st.text(max_size=40))
def test_json_cannot_leave_its_script(text: str) -> None:
    """No tag in it, and it reads back as it was."""
    written = book._json({text: text})
    assert "<" not in written
    assert json.loads(written) == {text: text}


def spoiled(item: Any) -> Any:
    """Every free text replaced, addresses too."""
    kept = ("standing", "call", "benefit", "inhibitor", "profile", "name", "page", "url")
    if isinstance(item, dict):
        return {key: value if key in kept else spoiled(value) for key, value in item.items()} | (
            {"url": "javascript:alert(1)"} if "url" in item else {}
        )
    if isinstance(item, list):
        return [spoiled(each) for each in item]
    return HOSTILE if isinstance(item, str) else item


@pytest.mark.parametrize("record", ["profiles/G1202R", "inhibitors/alectinib"])
def test_hostile_text_is_text_on_pages(contexts: dict[str, Any], record: str) -> None:
    """Every free text of cases, groups, measurements, assertions and answers."""
    below, name = record.split("/")
    original = contexts["records"][below][name]
    behind = ("cases", "cells", "rows", "answer")
    page = original | {part: spoiled(original[part]) for part in behind if part in original}
    if "answer" in page:
        page["answer"] |= {"question": original["answer"]["question"]}
    template = {"profiles": "profile", "inhibitors": "inhibitor"}[below]
    filled = book._filled_in(f"{template}.md.j2", contexts | {"page": page}).decode()
    raw = "".join(re.findall(r"`````\{raw\} html\n(.*?)\n`````", filled, re.S))
    body = re.sub(r"`````\{raw\} html\n.*?\n`````", "", filled.split("\n---\n", 1)[1], flags=re.S)
    shown = MarkdownIt("commonmark", {"html": True}).render(body)
    soup = BeautifulSoup(raw + shown, "html.parser")
    assert soup.select("script, img:not(#course img), [onerror], a[href^=javascript]") == []
    assert soup.get_text().count("onerror=a()") > 20
    # Nothing in it ends the block of raw HTML.
    assert "`````" not in raw


def test_tables_of_a_chapter_link_its_profiles() -> None:
    """Whole cells only, and only names that have a page."""
    table = (
        "<td class='a'>G1202R</td><th>L1196M+G1202R</th><th>L1196M+\nG1202R</th>"
        "<td>G1202R 5</td><td>G1202K</td>"
    )
    page = {"cells": [{"outputs": [{"data": {"text/html": table}}]}, {}]}
    book._link_records(page, {"G1202R": "profiles/G1202R", "L1196M+G1202R": "profiles/both"})
    assert page["cells"][0]["outputs"][0]["data"]["text/html"] == (
        "<td class='a'><a href=\"../profiles/G1202R.html\">G1202R</a></td>"
        '<th><a href="../profiles/both.html">L1196M+G1202R</a></th>'
        '<th><a href="../profiles/both.html">L1196M+\nG1202R</a></th>'
        "<td>G1202R 5</td><td>G1202K</td>"
    )


@pytest.mark.nightly
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
