"""The supplement importer: exact round trips, the spellings of readers, and what is refused."""

import csv
import dataclasses
import re
import zipfile
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest
from factory import line, make_cohort, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.styles import numbers
from typer.testing import CliRunner

from alkpool import cohort, flatfile, mutations, paths, supplement
from alkpool.cli import app
from alkpool.cohort import Cohort, analysis_set, load
from alkpool.files import write_atomically
from alkpool.lookup import no_formula
from alkpool.schema import COHORT_TABLES, DataError
from alkpool.supplement import SHAPES, Column, exporter, sheets
from alkpool.supplement.shape import escaped, unescaped

PAGE = (paths.BOOK / "supplement.md").read_text("utf-8")
FREE = ["locator", "note"]  # say where a fact stands: in the source, or in the tables

Cells = list[list[str]]


@pytest.fixture(scope="module")
def reconstructed() -> Cohort:
    return load("reconstructed")


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    return small_tables(tmp_path / "tables")


def small_tables(folder: Path) -> Path:
    """A local patient with two samples and a published one, in the shape of the supplement."""
    write(folder / "ST4.csv", ["Patient,Age (years),Sex,Stage", "ALK4,54,F,IV"])
    write(
        folder / "ST6.csv",
        [
            "Patient,Sample,Reference,ALK fusion,ALK mutations,VAF (%),Sample origin,"
            "Previous ALK inhibitors",
            "ALK4,1,UMCG,EML4-ALK,L1196M,12,biopsy,crizotinib",
            "ALK4,2,UMCG,EML4-ALK,G1202R/L1196M,30/20,biopsy,crizotinib; alectinib",
            "7,1,Gainor 2016,,p.Gly1202Arg,,ctDNA,criz → cer",
        ],
    )
    write(
        folder / "ST7.csv",
        [
            "Patient,Sample,ALK inhibitor,Monotherapy,BOR,PFS (months),DoT (months),Status",
            "ALK4,1,alectinib,yes,PR,9.2,10,ended",
            "ALK4,2,lorlatinib,yes,PD,,<2,ended",
            "7,1,lorla,yes,SD,>16,,ongoing",
        ],
    )
    return folder


def write(path: Path, lines: list[str], encoding: str = "utf-8") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def rows_of(path: Path) -> Cells:
    return list(csv.reader(path.read_text("utf-8").splitlines()))


def problems(folder: Path, monotherapy: str = "") -> list[str]:
    with pytest.raises(DataError) as refused:
        supplement.read(folder, monotherapy)
    return [str(problem) for problem in refused.value.problems]


def loaded(folder: Path, monotherapy: str = "") -> Cohort:
    out = folder.parent / "made"
    supplement.write(supplement.read(folder, monotherapy), out)
    return load(out)


def facts(data: Cohort) -> dict[str, pd.DataFrame]:
    """Tables without the columns that say where a fact stands."""
    return {
        t.name: getattr(data, t.name).drop(columns=FREE, errors="ignore") for t in COHORT_TABLES
    }


def same(one: dict[str, pd.DataFrame], two: dict[str, pd.DataFrame]) -> None:
    for name in one:
        pd.testing.assert_frame_equal(one[name], two[name], check_dtype=True, obj=name)


def renamed(data: Cohort) -> Cohort:
    """Name samples and lines as the importer does."""
    samples = data.samples
    made = samples["patient_id"] + "-S" + samples["sample_order"].astype(str)
    of_sample = dict(zip(samples["sample_id"], made, strict=True))
    lines = data.treatments.assign(sample_id=data.treatments["sample_id"].map(of_sample))
    number = (lines.groupby("sample_id").cumcount() + 1).astype(str)
    lines = lines.assign(treatment_id=lines["sample_id"] + "-T" + number)
    replaced = {
        "samples": samples.assign(sample_id=made).sort_values("sample_id", ignore_index=True),
        "treatments": lines.sort_values("treatment_id", ignore_index=True),
    }
    return Cohort(
        data.name,
        data.sources,
        data.patients,
        replaced["samples"],
        replaced["treatments"],
        data.meta,
    )


# Round trip


def test_reconstructed_cohort_comes_back_exactly(reconstructed: Cohort, tmp_path: Path) -> None:
    """All 387 patients, 450 samples and 283 lines, ids and types, and the made-up calls."""
    supplement.write_tables(supplement.export(reconstructed), tmp_path / "tables")
    imported = supplement.read(tmp_path / "tables")
    supplement.write(imported, tmp_path / "made")
    made = load(tmp_path / "made")
    assert (len(made.patients), len(made.samples), len(made.treatments)) == (387, 450, 283)
    same(facts(made), facts(analysis_set(reconstructed)))
    assert imported.notes == ()
    calls = "invitro_calls.csv"
    assert (tmp_path / "made" / calls).read_bytes() == (
        paths.COHORTS / "reconstructed" / calls
    ).read_bytes()


def test_synthetic_stays_synthetic(reconstructed: Cohort, tmp_path: Path) -> None:
    tables = supplement.export(reconstructed)
    assert all((table["Synthetic"] == "yes").all() for table in tables.values())
    supplement.write_tables(tables, tmp_path / "tables")
    made = loaded(tmp_path / "tables")
    assert made.synthetic
    with pytest.raises(DataError, match="synthetic and cannot be pooled"):
        cohort.pool([made, load("curated")])


def test_synthetic_rows_never_meet_others(reconstructed: Cohort, tmp_path: Path) -> None:
    tables = supplement.export(reconstructed)
    tables["ST7"] = tables["ST7"].drop(columns="Synthetic")
    supplement.write_tables(tables, tmp_path / "tables")
    found = problems(tmp_path / "tables")
    assert len(found) == 283
    assert "made-up rows and patients never meet" in found[0]


def test_synthetic_ids_without_their_mark_are_refused(
    reconstructed: Cohort, tmp_path: Path
) -> None:
    tables = supplement.export(reconstructed)
    del tables["ST2"]
    unmarked = {name: table.drop(columns="Synthetic") for name, table in tables.items()}
    supplement.write_tables(unmarked, tmp_path / "tables")
    found = problems(tmp_path / "tables")
    assert sum("ST6" in problem for problem in found) == 450
    assert "column Synthetic: found ''; must be yes: SYN-" in found[0]


def test_curated_cohort_comes_back_up_to_ids(tmp_path: Path) -> None:
    """Samples are then called patient-S1, lines sample-T1; all else is equal."""
    data = load("curated")
    supplement.write_tables(supplement.export(data), tmp_path / "tables")
    made = loaded(tmp_path / "tables")
    assert not made.synthetic
    same(facts(made), facts(renamed(analysis_set(data))))


PROFILES = ("G1202R", "L1196M+G1202R", "T1151dup", "I1171N", "C1156Y+L1198F")
MONTHS = st.one_of(
    st.just({}),
    st.tuples(st.sampled_from("=<>~"), st.integers(0, 2999)).map(
        lambda pair: {"pfs_relation": pair[0], "pfs_months": pair[1] / 10}
    ),
)
LINE = st.builds(
    lambda drug, response, mono, status, months: line(
        drug, response, monotherapy=mono, status=status, **months
    ),
    st.sampled_from(["ceritinib", "alectinib", "lorlatinib"]),
    st.sampled_from(["CR", "PR", "SD", "PD", "MR", "NE", "unknown"]),
    st.sampled_from(["yes", "no", "unknown"]),
    st.sampled_from(["ended", "ongoing", "unknown"]),
    MONTHS,
)


@st.composite
def cohorts(draw: st.DrawFn) -> Cohort:
    rows = []
    for patient in range(draw(st.integers(1, 4))):
        number = 2
        for order in range(1, draw(st.integers(1, 3)) + 1):
            lines = draw(st.lists(LINE, max_size=3))
            lines = [each | {"line_number": number + place} for place, each in enumerate(lines)]
            number += len(lines)
            profile = draw(st.sampled_from(PROFILES))
            phase = draw(st.sampled_from(["cis", "trans", "unknown"])) if "+" in profile else None
            rows.append(
                sample(
                    profile, "crizotinib", *lines, phase=phase, patient=f"p{patient}", order=order
                )
            )
    return make_cohort(rows)


@settings(max_examples=15, deadline=None)
@given(cohorts())
def test_any_cohort_comes_back(tmp_path_factory: pytest.TempPathFactory, data: Cohort) -> None:
    folder = tmp_path_factory.mktemp("round") / "tables"
    supplement.write_tables(supplement.export(data), folder)
    same(facts(loaded(folder)), facts(renamed(data)))


def test_no_exported_cell_is_a_formula_and_all_come_back(tmp_path: Path) -> None:
    texts = ["=cmd()", "'=cmd()", "@SUM(1)", "+A1", "5' end", "'quoted'", "-x"]
    rows = [sample("G1202R", "crizotinib", patient=f"p{n}") for n in range(len(texts))]
    data = make_cohort(rows)
    data = dataclasses.replace(data, samples=data.samples.assign(other_findings=texts))
    folder = tmp_path / "tables"
    supplement.write_tables(supplement.export(data), folder)
    cells = [cell for path in folder.iterdir() for row in rows_of(path) for cell in row]
    assert not [cell for cell in cells if no_formula(cell) != cell]
    assert "'=cmd()" in cells
    assert list(loaded(folder).samples["other_findings"]) == texts


@given(st.text("=+-@' 1a", max_size=5).map(lambda text: " ".join(text.split())))
def test_any_text_comes_back_from_a_spreadsheet(text: str) -> None:
    assert no_formula(escaped(text)) == escaped(text)
    assert unescaped(escaped(text)) == text


def test_tables_are_written_all_or_not_at_all(
    reconstructed: Cohort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tables = supplement.export(reconstructed)

    def full(path: Path, text: str) -> None:
        if path.stem == "ST6":
            raise OSError(28, "No space left on device")
        write_atomically(path, text)

    monkeypatch.setattr(exporter, "write_atomically", full)
    with pytest.raises(OSError, match="No space left"):
        supplement.write_tables(tables, tmp_path / "tables")
    assert not list(tmp_path.iterdir())
    monkeypatch.undo()
    supplement.write_tables(tables, tmp_path / "tables")
    assert len(list((tmp_path / "tables").iterdir())) == len(tables)
    with pytest.raises(FileExistsError):
        supplement.write_tables(tables, tmp_path / "tables")


# What readers write


def test_spellings_of_readers(tables: Path) -> None:
    made = loaded(tables)
    local = made.patients.set_index("patient_id").loc["ALK4"]
    assert (local["age_years"], local["sex"], local["fusion_partner"]) == (54, "female", "EML4")
    kinds = dict(zip(made.sources["source_id"], made.sources["study_type"], strict=True))
    assert kinds == {"UMCG": "local", "Gainor-2016": "unknown"}
    assert made.sources.set_index("source_id").loc["Gainor-2016", "year"] == 2016
    samples = made.samples.set_index("sample_id")
    assert samples.loc["ALK4-S2", "mutations"] == "L1196M+G1202R"
    assert samples.loc["ALK4-S2", "vaf_percent"] == "20;30"  # printed as G1202R 30, L1196M 20
    assert list(samples["resistance_on"]) == ["ceritinib", "crizotinib", "alectinib"]
    assert list(samples["specimen"]) == ["plasma", "tissue", "tissue"]
    lines = made.treatments.set_index("treatment_id")
    last = lines.loc["7-S1-T1"]
    assert (last["inhibitor"], last["pfs_relation"], last["pfs_months"]) == ("lorlatinib", ">", 16)
    assert lines.loc["ALK4-S2-T1", "dot_relation"] == "<"
    assert lines.loc["ALK4-S1-T1", "locator"] == "ST7.csv, row 2"


COLUMN = {
    column.key: column for shape in SHAPES.values() for column in shape.columns
}  # the later table wins; readers are the same


@pytest.mark.parametrize(
    ("key", "cell", "read"),
    [
        ("pfs", "9.2", "=9.2"), ("pfs", "9,2 months", "=9.2"), ("pfs", "16+", ">16"),
        ("pfs", "> 16", ">16"), ("pfs", "≥16", ">16"), ("pfs", "<3", "<3"), ("pfs", "~8", "~8"),
        ("pfs", "ca. 8 mo", "~8"), ("pfs", "about 8", "~8"), ("pfs", "3.0", "=3"),
        ("pfs", "123.4567", "=123.4567"),
        ("inhibitor", "Lorlatinib", "lorlatinib"), ("inhibitor", "LORLA", "lorlatinib"),
        ("inhibitor", "PF-06463922", "lorlatinib"), ("inhibitor", "Alecensa", "alectinib"),
        ("inhibitor", "brig", "brigatinib"), ("inhibitor", "X-396", "ensartinib"),
        ("prior", "crizotinib, Cer; alectinib", "crizotinib;ceritinib;alectinib"),
        ("prior", "crizotinib -> unknown", "crizotinib;unknown"),
        ("prior", "CRIZ then alec", "crizotinib;alectinib"),
        ("mutations", "ALK p.(Gly1202Arg) and l1196m", "L1196M+G1202R"),
        ("mutations", "1151Tins", "T1151dup"),
        ("vaf", "9.3% / 39.2%", "9.3;39.2"), ("vaf", "9,3", "9.3"), ("vaf", "na; 4", "unknown;4"),
        ("response", "Partial response", "PR"), ("response", "pr", "PR"),
        ("response", "Not evaluable", "NE"), ("response", "Stable Disease", "SD"),
        ("status", "Discontinued", "ended"), ("status", "On treatment", "ongoing"),
        ("sex", "F", "female"), ("sex", "Man", "male"),
        ("variant", "variant 3a/b", "V3"), ("variant", "v1", "V1"), ("variant", "3", "V3"),
        ("variant", "E13;A20", "E13;A20"), ("fusion", "EML4::ALK", "EML4"),
        ("fusion", "KIF5B-ALK", "KIF5B"), ("specimen", "Liquid biopsy", "plasma"),
        ("stage", "Stage IV", "IV"), ("histology", "Adenocarcinoma", "adenocarcinoma"),
        ("line", "2nd", "2"), ("line", "second line", "2"), ("line", "2L", "2"),
        ("sample", "S2", "2"), ("age", "54 years", "54"),
        ("study_type", "Case report", "case_report"),
        ("relapsing", "11% (9/82)", "9/82"), ("relapsing", "9 of 82", "9/82"),
        ("patient", "Müller #3", "Muller-3"), ("call", "R", "resistant"),
        ("phase", "in cis", "cis"),
    ],
)  # fmt: skip
def test_a_cell_is_read_in_the_spelling_of_readers(key: str, cell: str, read: str) -> None:
    assert COLUMN[key].read(cell) == read


@pytest.mark.parametrize(
    ("key", "cell", "reason"),
    [
        ("pfs", "NR", "not reported.*not reached"), ("pfs", "≤6", "must be months"),
        ("pfs", "<3+", "must be months"), ("pfs", "6-9", "must be months"),
        ("pfs", "six", "must be months"), ("inhibitor", "ce", "one inhibitor"),
        ("inhibitor", "alectinib + bevacizumab", "one inhibitor"),
        ("inhibitor", "chemotherapy", "one inhibitor"),
        ("prior", "crizotinib, ?x", "one inhibitor"),
        ("mutations", "L1202R", "residue 1202 is G"), ("mutations", "I1171N/S", "not read"),
        ("response", "NR", "must be one of"), ("response", "good", "must be one of CR, PR"),
        ("sex", "x", "must be one of female, male"), ("vaf", "high", "percentages"),
        ("age", "old", "a number"), ("line", "later", "whole number"),
        ("relapsing", "11%", "count of a total"), ("patient", "###", "letters or digits"),
        ("status", "dead", "must be one of ended, ongoing"), ("phase", "near", "must be one of"),
    ],
)  # fmt: skip
def test_a_cell_is_refused_with_what_is_allowed(key: str, cell: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        COLUMN[key].read(cell)


@given(st.permutations(["L1196M", "G1202R", "T1151dup", "I1171N"]), st.data())
def test_printed_order_of_mutations(names: list[str], data: st.DataObject) -> None:
    kept = names[: data.draw(st.integers(1, 4))]
    separator = data.draw(st.sampled_from(["/", " + ", ", ", "; ", " and ", " "]))
    assert list(mutations.as_printed(separator.join(kept))) == kept


def test_every_header_is_understood_once() -> None:
    """In one table no spelling stands for two columns; case, spaces and units do not matter."""
    for shape in SHAPES.values():
        spellings = [name for column in shape.columns for name in column.names]
        assert len(spellings) == len(set(spellings)), shape.name
        for column in shape.columns:
            for spelled in (column.header.upper(), f"  {column.header.lower()} (x) ", column.key):
                assert shape.column(spelled) is column


def test_excel_as_a_publisher_makes_it(tables: Path, tmp_path: Path) -> None:
    """One workbook: titles, footnotes, merged patients, percentages; equal to the CSV files."""
    expected = facts(loaded(tables))
    book = openpyxl.Workbook()
    book.active.title = "Contents"
    book.active.append(["Supplementary tables"])
    for name in ("ST4", "ST6", "ST7"):
        sheet = book.create_sheet(f"Table {name}")
        rows = rows_of(tables / f"{name}.csv")
        sheet.append([f"Table {name}. A title, with a comma"])
        sheet.append([])
        for row in rows:
            sheet.append([float(cell) if re.fullmatch(r"[\d.]+", cell) else cell for cell in row])
        sheet.append(["Abbreviations: BOR = best overall response."])
        if name != "ST4":
            sheet.cell(5, 1).value = None
            sheet.merge_cells(start_row=4, end_row=5, start_column=1, end_column=1)
    vaf = book["Table ST6"].cell(4, 6)
    assert vaf.value == 12
    vaf.value, vaf.number_format = 0.12, numbers.FORMAT_PERCENTAGE
    (tmp_path / "xlsx" / "one").mkdir(parents=True)
    book.save(tmp_path / "xlsx" / "one" / "supplement.xlsx")
    imported = supplement.read(tmp_path / "xlsx" / "one")
    same(facts(loaded(tmp_path / "xlsx" / "one")), expected)
    notes = "\n".join(imported.notes)
    assert "supplement.xlsx [Contents]: no table of the supplement, not read" in notes
    assert "row 7: read as a footnote: Abbreviations" in notes


def test_csv_with_semicolons_and_old_encoding(tables: Path) -> None:
    expected = facts(loaded(tables))
    for name in ("ST4", "ST6", "ST7"):
        path = tables / f"{name}.csv"
        rows = rows_of(path)
        text = "\n".join(";".join(cell.replace(";", ",") for cell in row) for row in rows)
        text = text.replace("→", ">").replace("9.2", "9,2") + "\nMarkers ° are explained below"
        path.write_bytes(text.replace("\n", "\r\n").encode("cp1252"))
        path.rename(tables / f"mmc_{name.lower()}.csv")
    folder = tables.rename(tables.parent / "old")
    (folder.parent / "made").rename(folder.parent / "first")
    imported = supplement.read(folder)
    same(facts(loaded(folder)), expected)
    assert "mmc_st6.csv: is not UTF-8, read as Windows-1252" in imported.notes


def test_a_table_is_known_by_its_columns(tables: Path) -> None:
    """The paper calls ST7 both the overview of courses and the detailed Figure 5."""
    (tables / "ST7.csv").rename(tables / "Table S8.csv")
    lines = ["Mutation,ALK inhibitor,Relapsing,Sensitivity", "L1196M,alectinib,0/1,1/1"]
    write(tables / "Table ST7.csv", lines)
    imported = supplement.read(tables)
    assert imported.notes == (
        "Table S8.csv: has the columns of ST7 and is read as such",
        "Table ST7.csv: has the columns of ST8 and is read as such",
    )


def test_local_lines_of_both_tables_complete_each_other(tables: Path) -> None:
    header = "Patient,Sample,ALK inhibitor,Line,Monotherapy,BOR,PFS"
    write(
        tables / "ST5.csv", [header, "ALK4,1,alectinib,2,yes,PR,", "ALK4,2,lorlatinib,3,yes,,1.1"]
    )
    made = loaded(tables).treatments.set_index("treatment_id")
    assert len(made) == 3
    assert made.loc["ALK4-S1-T1", "line_number"] == 2
    assert made.loc["ALK4-S1-T1", "pfs_months"] == 9.2
    assert made.loc["ALK4-S2-T1", "pfs_months"] == 1.1
    assert made.loc["ALK4-S2-T1", "locator"] == "ST7.csv, row 3; ST5.csv, row 3"


def test_patients_that_two_articles_number_alike(tables: Path) -> None:
    with (tables / "ST6.csv").open("a", encoding="utf-8") as file:
        file.write("7,1,Lin 2018,,I1171N,,,alectinib\n")
    found = problems(tables)
    assert found == [
        "ST7.csv, row 4, column Patient: found '7'; ST6 has this patient in several articles: "
        "Reference must say which one",
        "ST7.csv, row 4, column Patient: found '7'; has no sample in ST6",
    ]
    edit(tables / "ST7.csv", "Patient,Sample", "Ref,Patient,Sample")
    edit(tables / "ST7.csv", "7,1,lorla", "Lin 2018,7,1,lorla")
    edit(tables / "ST7.csv", "ALK4,", ",ALK4,")
    made = loaded(tables)
    assert set(made.patients["patient_id"]) == {"ALK4", "Gainor-2016-7", "Lin-2018-7"}
    assert set(made.treatments["sample_id"]) == {"ALK4-S1", "ALK4-S2", "Lin-2018-7-S1"}


# What is refused, and what is said


def test_two_labels_of_one_name_are_refused(tables: Path) -> None:
    """Nobody is merged because their labels differ in punctuation only."""
    edit(tables / "ST6.csv", "7,1,Gainor 2016", "ALK4#,3,UMCG")
    assert problems(tables)[0] == (
        "ST6.csv, row 4, column Patient: found 'ALK4#'; is read as ALK4, as is 'ALK4': name them "
        "apart, or alike"
    )


def test_all_cells_are_refused_at_once(tables: Path) -> None:
    edit(tables / "ST6.csv", "p.Gly1202Arg", "L1202R")
    edit(tables / "ST7.csv", "9.2", "May-09")
    edit(tables / "ST7.csv", "PD", "bad")
    edit(tables / "ST4.csv", "54", "fifty")
    assert problems(tables) == [
        "ST4.csv, row 2, column Age (years): found 'fifty'; must be a number, or blank",
        "ST6.csv, row 4, column ALK mutations: found 'L1202R'; L1202R: residue 1202 is G, not L",
        "ST7.csv, row 2, column PFS (months): found 'May-09'; must be months such as 9.2, >16, "
        "16+, <3 or ~8, or blank",
        "ST7.csv, row 3, column Best overall response: found 'bad'; must be one of CR, PR, SD, "
        "PD, MR, NE, unknown, or blank",
    ]


def test_relations_between_tables_are_refused_at_once(tables: Path) -> None:
    with (tables / "ST4.csv").open("a", encoding="utf-8") as file:
        file.write("ALK9,60,M,IV\n")
    edit(tables / "ST4.csv", "Sex,Stage", "Sex,ALK fusion")
    edit(tables / "ST4.csv", "54,F,IV", "54,F,KIF5B-ALK")
    edit(tables / "ST6.csv", "ALK4,2,UMCG", "ALK4,1,UMCG")
    edit(tables / "ST7.csv", "7,1,lorla", "8,1,lorla")
    assert problems(tables) == [
        "ST4.csv, row 2, column ALK fusion: found 'KIF5B'; but ST6.csv, row 2 says 'EML4'",
        "ST4.csv, row 3, column Patient: found 'ALK9'; has no sample in ST6",
        "ST6.csv, row 3, column Sample: found '1'; stands twice for this patient, also in "
        "ST6.csv, row 2",
        "ST7.csv, row 3, column Sample: found '2'; the patient has the samples 1 in ST6",
        "ST7.csv, row 4, column Patient: found '8'; has no sample in ST6",
    ]


def test_rules_of_a_cohort_are_said_of_the_row_of_the_table(tables: Path) -> None:
    edit(tables / "ST6.csv", "30/20", "30/20/10")
    edit(tables / "ST7.csv", ">16", ">316")
    assert problems(tables) == [
        "ST6.csv, row 3, column vaf_percent: found '30;20;10'; must have one percentage for each "
        "mutation of the profile",
        "ST7.csv, row 4, column pfs_months: found '316'; must be a number with a decimal point "
        "from 0 to 300, or blank when not stated",
    ]


def test_missing_tables_and_columns(tables: Path) -> None:
    (tables / "ST7.csv").unlink()
    edit(tables / "ST6.csv", "Previous ALK inhibitors", "Earlier drugs")
    found = problems(tables)
    assert found[0].startswith("ST6.csv, row 1, column Previous ALK inhibitors: this column is")
    assert found[1].startswith("tables: has no ST7: one row per later line of a pooled patient")
    assert len(found) == 2


def test_monotherapy_is_never_assumed(tables: Path) -> None:
    edit(tables / "ST7.csv", "Monotherapy", "Cycles")
    (found,) = problems(tables)
    assert "import with --monotherapy yes" in found
    assert "(nor do 2 others)" in found
    assert set(loaded(tables, "yes").treatments["monotherapy"]) == {"yes"}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("ST6.xlsx", b"no workbook", "is not a readable Excel workbook"),
        ("ST6.xls", b"", "save its tables as .xlsx or .csv"),
        ("ST6.csv", b'a,"b\n', "is not a readable CSV file"),
        (
            "ST6.csv",
            b"Patient,Patient no,ALK mutations,Prior ALKi\n1,1,G1202R,criz\n",
            "stands twice",
        ),
        ("ST6.csv", b"Patient,Mutation,Prior ALKi\n1,G1202R,criz,more\n", "beyond the last column"),
        ("ST6.csv", b"Patient,Mutation,Prior ALKi\n,G1202R,criz\n", "must not be blank"),
    ],
)
def test_files_that_are_no_table(tables: Path, name: str, content: bytes, reason: str) -> None:
    (tables / "ST6.csv").unlink()
    (tables / name).write_bytes(content)
    assert any(reason in problem for problem in problems(tables))


def test_a_damaged_workbook_is_a_problem(tables: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut in a sheet, as a broken download leaves it; or made to fill the memory."""
    whole = tables / "ST6.xlsx"
    book = openpyxl.Workbook()
    for row in rows_of(tables / "ST6.csv"):
        book.active.append(row)
    book.save(whole)
    (tables / "ST6.csv").unlink()
    monkeypatch.setattr(flatfile, "MAX_UNPACKED_BYTES", 1_000)
    assert any("ST6.xlsx: unpacks to more than" in problem for problem in problems(tables))
    monkeypatch.undo()
    with zipfile.ZipFile(whole) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for cut in [name for name in parts if "sheet1" in name or "workbook" in name]:
        with zipfile.ZipFile(whole, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content[: len(content) // 2] if name == cut else content)
        assert any("is not a readable Excel workbook" in problem for problem in problems(tables))


LIMITS = {
    "size": ("MAX_BYTES", 100, "ST6.csv: must be smaller than 0 MB"),
    "rows": ("MAX_ROWS", 3, "ST6.csv: has 4 rows; must have at most 3"),
    "columns": ("MAX_COLUMNS", 7, "ST6.csv, row 1: has 8 columns; must have at most 7"),
    "cell": ("MAX_CELL", 12, "ST6.csv, row 1: found 'ALK mutations'; has 13 characters; must "
             "have at most 12"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIMITS)
def test_what_no_table_holds_is_refused(
    tables: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    limit, value, message = LIMITS[name]
    monkeypatch.setattr(flatfile if name == "size" else sheets, limit, value)
    assert message in problems(tables)


@pytest.mark.parametrize(("row", "column"), [(1_048_576, 1), (2, 16_384)])
def test_a_formatted_cell_far_away_does_not_fill_the_memory(
    tables: Path, row: int, column: int
) -> None:
    book = openpyxl.Workbook()
    for cells in rows_of(tables / "ST6.csv"):
        book.active.append(cells)
    book.active.cell(row, column).font = openpyxl.styles.Font(bold=True)
    book.save(tables / "ST6.xlsx")
    (tables / "ST6.csv").unlink()
    end = f"row {max(row, 4)} and column {max(column, 8)}"
    assert any(f"ST6.xlsx [Sheet]: reaches to {end};" in problem for problem in problems(tables))


def test_folders_without_tables(tmp_path: Path) -> None:
    assert "must be a folder of tables" in problems(tmp_path / "none")[0]
    assert "has no table" in problems(tmp_path)[0]


def test_counts_that_differ_are_noted(reconstructed: Cohort, tmp_path: Path) -> None:
    """ST8 is held against the imported rows; it never changes them."""
    tables = supplement.export(reconstructed)
    cells = tables["ST8"].set_index(["ALK mutations", "ALK inhibitor"])
    assert cells.loc[("L1196M", "alectinib"), "Sensitivity"] == "9 of 11"
    assert cells.loc[("L1196M", "alectinib"), "Relapsing"] == "9 of 82"
    row = int(np.flatnonzero(cells.index == ("L1196M", "alectinib"))[0])
    tables["ST8"].loc[row, "Sensitivity"] = "9 of 12"
    supplement.write_tables(tables, tmp_path / "tables")
    assert supplement.read(tmp_path / "tables").notes == (
        f"ST8.csv, row {row + 2}: sensitivity of alectinib with L1196M is 9/12 there and 9/11 in "
        "the imported rows",
    )


# The command and the page


def test_command_makes_a_cohort_that_check_accepts(tables: Path) -> None:
    out = tables.parent / "my cohort"
    run = CliRunner()
    done = run.invoke(app, ["import-supplement", str(tables), "--output", str(out)])
    assert done.exit_code == 0, done.output
    assert "valid; 2 patients, 3 samples, 3 lines of treatment" in done.output
    assert run.invoke(app, ["check", str(out)]).exit_code == 0
    again = run.invoke(app, ["import-supplement", str(tables), "--output", str(out)])
    assert again.exit_code == 2
    assert not list(tables.parent.glob(".new-*"))


def test_command_refuses_without_writing(tables: Path) -> None:
    edit(tables / "ST7.csv", "PD", "bad")
    out = tables.parent / "made"
    with pytest.raises(DataError):
        CliRunner().invoke(
            app, ["import-supplement", str(tables), "-o", str(out)], catch_exceptions=False
        )
    assert not out.exists()
    named = CliRunner().invoke(app, ["import-supplement", str(tables), "-o", "curated"])
    assert named.exit_code == 2


def test_commands_go_round(tmp_path: Path) -> None:
    run = CliRunner()
    shown = run.invoke(app, ["export-supplement", "reconstructed", "-o", str(tmp_path / "tables")])
    assert "ST6 450, ST7 283" in shown.output
    made = run.invoke(
        app,
        ["import-supplement", str(tmp_path / "tables"), "-o", str(tmp_path / "example"),
         "--comparison", str(tmp_path / "printed.csv")],
    )  # fmt: skip
    assert "example [synthetic]: valid; 387 patients, 450 samples, 283 lines" in made.output
    assert "154 match, 16 differ, 49 cannot be counted" in made.output
    compared = pd.read_csv(tmp_path / "printed.csv")
    assert len(compared) == 219
    assert set(compared["synthetic"]) == {"yes"}


def test_only_the_selection_is_lost(reconstructed: Cohort, tmp_path: Path) -> None:
    """All that the full synthetic cohort reproduces, but what needs duplicates and exclusions."""
    supplement.write_tables(supplement.export(reconstructed), tmp_path / "tables")
    made = loaded(tmp_path / "tables")
    full, ours = (
        supplement.against_print(data).set_index("ledger_id") for data in (reconstructed, made)
    )
    lost = full[(full["match"] == "yes") & (ours["match"] != "yes")]
    # Patients without a mutation, reports before duplicates are taken out, and the duplicates.
    assert sorted(lost.index) == [
        "P047", "P050", "P072", "P074", "P078", "P079", "P081", "P082", "P118", "P119", "P122",
        "P207",
    ]  # fmt: skip


def test_page_lists_every_column() -> None:
    """The page of the book says what the code understands, and nothing else."""
    parts = dict(re.findall(r"^## (ST\d): (.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
    assert set(parts) == set(SHAPES)
    assert [c.key for c in SHAPES["ST5"].columns] == [c.key for c in SHAPES["ST7"].columns]
    for name, shape in SHAPES.items():
        assert parts[name].startswith(f"{shape.description}\n\nRead off: {shape.said}.")
        rows = re.findall(r"^\| (.*) \|$", parts[name], re.MULTILINE)[1:]
        assert rows == [row_of(column) for column in shape.columns if name != "ST5"]


def row_of(column: Column) -> str:
    needed = ("every row" if column.blank is None else "the column") if column.required else ""
    return " | ".join([column.header, needed, column.description, ", ".join(column.also)])


ODD = ["", " ", "=cmd()", "<script>", "NaN", "1e9", "-3", "٣", "²", "\0", "9" * 400, "12/05/2016"]
CHARACTERS = st.characters(exclude_categories=["Cs"])


@settings(max_examples=40, deadline=None)
@given(
    table=st.sampled_from(["ST4", "ST6", "ST7"]),
    row=st.integers(0, 3),
    column=st.integers(0, 7),
    cell=st.one_of(st.sampled_from(ODD), st.text(CHARACTERS, max_size=12)),
)
def test_any_cell_is_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, table: str, row: int, column: int, cell: str
) -> None:
    """Never a traceback; what is refused names a file of the reader."""
    folder = small_tables(tmp_path_factory.mktemp("odd") / "tables")
    rows = rows_of(folder / f"{table}.csv")
    line = rows[row % len(rows)]
    line[column % len(line)] = cell
    with (folder / f"{table}.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    try:
        imported = supplement.read(folder)
    except DataError as refused:
        for problem in refused.problems:
            assert problem.file.startswith(("ST", "tables")), str(problem)
    else:
        supplement.write(imported, folder.parent / "made")
        assert cohort.check(folder.parent / "made") == []
