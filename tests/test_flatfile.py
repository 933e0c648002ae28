"""A flat file of cases: what is taken, what is refused and in which words, what it becomes."""

import codecs
import datetime
import errno
import io
import os
import re
import zipfile
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from cases import CASE, case, own_cohort, tables, write_csv, write_workbook
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font

from alkpool import paths
from alkpool.data.cohort import relation_problems
from alkpool.data.reader import cell_problems
from alkpool.data.tables import COHORT_TABLES
from alkpool.intake import flatfile, mapping, place, template
from alkpool.problems import DataError

CURATED = tables(paths.COHORTS / "curated")
PATIENT = "cheng2024-p1"


def fit(path):
    return place.fit(flatfile.read(path), CURATED)


def refusal(path) -> str:
    with pytest.raises(DataError) as refused:
        fit(path)
    return str(refused.value)


def test_every_column_of_the_tables_is_filled_or_follows(tmp_path):
    """No column of the schema is forgotten, and no name stands for two columns."""
    assert len(set(flatfile.COLUMNS)) == len(flatfile.COLUMNS)
    filled = {(field.table.name, field.column) for field in flatfile.FIELDS}
    derived = {
        ("sources", "status"), ("sources", "exclusion_reason"), ("patients", "status"),
        ("patients", "source_id"), ("samples", "patient_id"), ("treatments", "sample_id"),
    }  # fmt: skip
    assert filled | derived == {
        (table.name, column) for table in COHORT_TABLES for column in table.columns
    }
    assert not filled & derived


def test_one_row_becomes_one_row_of_each_table(tmp_path):
    added = fit(write_csv(tmp_path / "new.csv", case(sample_note='a, "b"'))).rows
    assert added["sources"].to_dict("records") == [
        {"source_id": "test2024", "study_type": "case_report", "sampling": "unknown",
         "access": "unknown", "first_author": "Test A", "year": "2024", "journal": "",
         "title": "", "doi": "10.0000/test", "pmid": "", "status": "included",
         "exclusion_reason": "", "note": ""}
    ]  # fmt: skip
    assert added["patients"].to_dict("records") == [
        {"patient_id": "test2024-p1", "source_id": "test2024", "status": "included",
         "duplicate_of": "", "exclusion_reason": "", "age_years": "50", "sex": "female",
         "stage": "unknown", "histology": "unknown", "fusion_partner": "EML4",
         "fusion_variant": "V1", "note": ""}
    ]  # fmt: skip
    assert added["samples"].to_dict("records") == [
        {"sample_id": "test2024-p1-s1", "patient_id": "test2024-p1", "sample_order": "1",
         "specimen": "tissue", "resistance_on": "alectinib", "prior_inhibitors": "alectinib",
         "mutations": "G1202R", "phase": "single", "vaf_percent": "", "other_findings": "",
         "locator": "Table 1, row 2", "read_via": "", "note": 'a, "b"'}
    ]  # fmt: skip
    assert added["treatments"].to_dict("records") == [
        {"treatment_id": "test2024-p1-s1-lorlatinib", "sample_id": "test2024-p1-s1",
         "line_number": "2", "lines_since_sample": "", "inhibitor": "lorlatinib",
         "monotherapy": "yes", "partner": "", "best_response": "PR", "pfs_relation": "=",
         "pfs_months": "8", "dot_relation": "", "dot_months": "", "status": "ended",
         "locator": "Table 1, row 2", "read_via": "", "note": ""}
    ]  # fmt: skip


def test_rows_of_one_patient_and_sample_are_one(tmp_path):
    second = case(patient_id="a", inhibitor="brigatinib", line_number="3", age_years="", doi="")
    third = case(patient_id="a", sample_order="2", prior_inhibitors="alectinib;lorlatinib",
                 resistance_on="lorlatinib", mutations="L1196M+G1202R", inhibitor="",
                 line_number="", monotherapy="", best_response="", pfs_relation="",
                 pfs_months="", treatment_status="")  # fmt: skip
    added = fit(write_csv(tmp_path / "n.csv", case(patient_id="a"), second, third, case())).rows
    assert list(added["patients"]["patient_id"]) == ["a", "test2024-p1"]
    assert list(added["samples"]["sample_id"]) == ["a-s1", "a-s2", "test2024-p1-s1"]
    assert list(added["samples"]["phase"]) == ["single", "unknown", "single"]
    assert list(added["treatments"]["treatment_id"]) == [
        "a-s1-lorlatinib", "a-s1-brigatinib", "test2024-p1-s1-lorlatinib",
    ]  # fmt: skip


def test_keys_do_not_depend_on_what_was_left_blank(tmp_path):
    """The canonical file, with every key filled in, gives the same rows again."""
    first = fit(write_csv(tmp_path / "a.csv", case(), case(mutations="L1196M", doi="")))
    path = tmp_path / "canonical.csv"
    path.write_text(flatfile.to_csv(first.flat), "utf-8")
    again = fit(path)
    assert again.flat.equals(first.flat)
    for name, rows in first.rows.items():
        assert again.rows[name].equals(rows)


def test_what_is_in_the_cohort_may_stay_blank(tmp_path):
    """A further sample of a known patient: nothing of the patient is asked again."""
    row = {"source_id": "cheng2024", "patient_id": PATIENT, "sample_order": "2",
           "resistance_on": "ceritinib", "prior_inhibitors": "alectinib;ceritinib",
           "mutations": "G1202R", "sample_locator": "page 3"}  # fmt: skip
    added = fit(write_csv(tmp_path / "a.csv", row)).rows
    assert {name: len(rows) for name, rows in added.items()} == {
        "sources": 0, "patients": 0, "samples": 1, "treatments": 0,
    }  # fmt: skip
    assert added["samples"].at[0, "sample_id"] == f"{PATIENT}-s2"


def test_a_known_doi_is_a_known_source(tmp_path):
    row = case(first_author="", year="", doi="https://doi.org/10.3389/FONC.2024.1430350")
    added = fit(write_csv(tmp_path / "a.csv", row | {"doi": row["doi"].replace("FONC", "fonc")}))
    assert len(added.rows["sources"]) == 0
    assert list(added.rows["patients"]["patient_id"]) == ["cheng2024-p2"]


def test_an_excluded_source_that_gets_a_patient_is_included(tmp_path):
    before = CURATED["sources"].set_index("source_id").loc["britschgi2020"]
    assert before["status"] == "excluded"
    row = case(source_id="britschgi2020", first_author="", year="", doi="", study_type="")
    addition = fit(write_csv(tmp_path / "a.csv", row))
    after = place.merge(CURATED, addition)["sources"].set_index("source_id")
    assert addition.now_included == ("britschgi2020",)
    assert tuple(after.loc["britschgi2020", ["status", "exclusion_reason"]]) == ("included", "")
    changed = after.reindex(CURATED["sources"]["source_id"]) != CURATED["sources"].set_index(
        "source_id"
    )
    assert list(changed.index[changed.any(axis="columns")]) == ["britschgi2020"]


def test_who_does_not_count_stays_with_the_reason(tmp_path):
    left_out = case(exclusion_reason="no ALK fusion", mutations="unknown")
    added = fit(write_csv(tmp_path / "a.csv", left_out)).rows
    assert list(added["patients"]["status"]) == ["excluded"]
    assert tuple(added["sources"].loc[0, ["status", "exclusion_reason"]]) == (
        "excluded", "no ALK fusion",
    )  # fmt: skip
    added = fit(write_csv(tmp_path / "b.csv", case(duplicate_of=PATIENT))).rows
    assert tuple(added["patients"].loc[0, ["status", "duplicate_of"]]) == ("duplicate", PATIENT)


HARMLESS = {
    "sex": ("Female", "female"), "best_response": ("pr", "PR"), "inhibitor": (" Lorlatinib ",
    "lorlatinib"), "mutations": ("p.(Gly1202Arg)", "G1202R"), "doi": ("https://doi.org/10.1000/x",
    "10.1000/x"), "prior_inhibitors": ("Crizotinib; alectinib", "crizotinib;alectinib"),
    "title": ("Caf\u0065\u0301\u00a0x", "Caf\u00e9 x"), "vaf_percent": ("Unknown", "unknown"),
    "sample_note": ("a\r\nb", "a b"),
}  # fmt: skip


@pytest.mark.parametrize("name", HARMLESS)
def test_other_spellings_are_taken_and_said(tmp_path, name):
    given_as, read_as = HARMLESS[name]
    sheet = flatfile.read(write_csv(tmp_path / "a.csv", case(**{name: given_as})))
    assert sheet.cells.at[0, name] == read_as
    place.fit(sheet, CURATED)
    shown = any(f"column {name}" in said for said in sheet.read_as)
    assert shown == (given_as.strip() != read_as and name != "title")


@pytest.mark.parametrize(
    "change",
    [
        lambda text: codecs.BOM_UTF8 + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"age_years", b" Age Years "),
        lambda text: text + b"," * (len(flatfile.COLUMNS) - 1) + b"\n",
        lambda text: text.rstrip(b"\n"),
    ],
    ids=["BOM", "CRLF", "header", "blank row", "no line end"],
)
def test_other_forms_of_the_file_are_taken(tmp_path, change):
    plain = write_csv(tmp_path / "plain.csv", case())
    changed = tmp_path / "changed.csv"
    changed.write_bytes(change(plain.read_bytes()))
    assert flatfile.read(changed).cells.equals(flatfile.read(plain).cells)


def test_columns_in_another_order_or_left_out(tmp_path):
    frame = pd.DataFrame([CASE])
    frame[sorted(frame, reverse=True)].to_csv(tmp_path / "a.csv", index=False)
    whole = flatfile.read(write_csv(tmp_path / "b.csv", case()))
    assert flatfile.read(tmp_path / "a.csv").cells.equals(whole.cells)


def test_excel_is_read_as_the_same_rows(tmp_path):
    """Also with numbers as numbers, as a spreadsheet stores them."""
    numbers = {"year": 2024, "age_years": 50.0, "sample_order": 1, "line_number": 2,
               "pfs_months": 8}  # fmt: skip
    book = write_workbook(tmp_path / "a.xlsx", case() | numbers, case() | {"pfs_months": 2.5})
    plain = write_csv(tmp_path / "a.csv", case(), case(pfs_months="2.5"))
    assert flatfile.read(book).cells.equals(flatfile.read(plain).cells)


BAD_CELLS = {
    "comma of thousands or decimals": (
                      {"pfs_months": "8,125"}, "column pfs_months: found '8,125'; must be a number "
                      "with a decimal point from 0 to 300, or blank when not stated (write a "
                      "decimal point)"),
    "nothing stated": ({"pfs_months": "n/a"}, "(leave it blank where nothing is stated)"),
    "word for a number": ({"age_years": "fifty"}, "column age_years: found 'fifty'"),
    "impossible months": ({"pfs_months": "301"}, "column pfs_months: found '301'"),
    "impossible order": ({"sample_order": "0"}, "column sample_order: found '0'"),
    "closed vocabulary": ({"best_response": "better"}, "must be one of CR, PR, SD, PD, MR, NE, "
                          "unknown"),
    "unknown inhibitor": ({"inhibitor": "lorlatinb"}, "Is lorlatinib meant? A new one is a "
                          "line in data/reference/inhibitors.csv"),
    "wrong residue": ({"mutations": "L1202R"}, "residue 1202 is G, not L"),
    "no mutation": ({"mutations": ""}, "column mutations: found ''"),
    "formula": ({"source_note": "=cmd()"}, "column source_note: found '=cmd()'; must not start "
                "with =, +, - or @"),
    "plus": ({"title": "+1"}, "column title: found '+1'; must not start with"),
    "at": ({"patient_note": "@x"}, "column patient_note: found '@x'"),
    "formula in a key": ({"patient_id": "=1+1"}, "column patient_id: found '=1+1'; must not"),
    "control character": ({"sample_note": "a\x1bb"}, "U+001B"),
    "invisible character": ({"sample_note": "a\u202eb"}, "U+202E"),
    "giant cell": ({"title": "x" * 32768}, "has 32768 characters; must have at most 32767"),
    "relation without number": ({"pfs_months": ""}, "column pfs_relation: found '='; must be "
                                "blank: pfs_months is blank"),
    "phase of one": ({"phase": "cis"}, "must be single for one mutation"),
    "order of history": ({"prior_inhibitors": "crizotinib"}, "column prior_inhibitors: found "
                         "'crizotinib'; must contain the inhibitor of resistance_on"),
    "frequencies": ({"vaf_percent": "10;20"}, "one percentage for each mutation"),
    "line without inhibitor": ({"inhibitor": ""}, "column inhibitor: found ''"),
    "no place": ({"sample_locator": ""}, "column sample_locator: found ''; must not be blank"),
    "no source": ({"first_author": "", "year": "", "doi": ""}, "column source_id: found ''; must "
                  "be given, or first_author and year"),
    "key": ({"patient_id": "a b"}, "column patient_id: found 'a b'; must be letters"),
    "other capitals": ({"source_id": "Cheng2024"}, "column source_id: found 'Cheng2024'; must be "
                       "written cheng2024"),
    "known DOI": ({"source_id": "mine", "doi": "10.3389/fonc.2024.1430350"}, "is that of the "
                  "source cheng2024: write cheng2024 as source_id"),
    "other source": ({"patient_id": PATIENT}, f"{PATIENT} is in the cohort with 'cheng2024'"),
    "known line": ({"treatment_id": "cheng2024-p1-s1-ceritinib"}, "is in the cohort already"),
    "duplicate of nobody": ({"duplicate_of": "nobody"}, "must name an included patient"),
    "duplicate of itself": ({"patient_id": "a", "duplicate_of": "a"}, "must name an included"),
    "not a duplicate of nobody": ({"not_duplicate_of": "nobody"}, "must be other patients"),
    "example": ({"source_id": "example"}, "is the example of the template: delete this row"),
    "patient of the example": ({"patient_id": "Example-p1"}, "column patient_id: found "
                               "'Example-p1'; is the example of the template"),
    "author of the example": ({"first_author": "EXAMPLE: delete this row"}, "column first_author: "
                              "found 'EXAMPLE: delete this row'; is the example of the template"),
    "DOI of the example": ({"doi": "10.0000/EXAMPLE"}, "is the example of the template"),
    "synthetic patient": ({"patient_id": "syn-L01"}, "column patient_id: found 'syn-L01'; is the "
                          "id of a synthetic row"),
    "synthetic source": ({"source_id": "SYN-R01"}, "column source_id: found 'SYN-R01'; is the id"),
    "year with a letter": ({"year": "2O24", "doi": ""}, "column year: found '2O24'; must be a "
                           "year such as 2024"),
    "another article by the name of a known one": (
        {"first_author": "Cheng X", "doi": "10.0000/other"}, "column source_id: found ''; "
        "cheng2024 in the cohort is Cheng X, 2024, {title}, 10.3389/fonc.2024.1430350: write "
        "cheng2024 where it is that article, else an id such as cheng2024b"),
    "perhaps a known article": ({"first_author": "Cheng X", "doi": ""}, "cheng2024 in the cohort "
                                "is Cheng X, 2024, {title}, 10.3389/fonc.2024.1430350: write"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_CELLS)
def test_a_bad_cell_is_named_with_its_place(tmp_path, name):
    cells, message = BAD_CELLS[name]
    text = refusal(write_csv(tmp_path / "new.csv", case(), case(mutations="L1196M") | cells))
    assert "new.csv, row 3, column" in text
    title = CURATED["sources"].set_index("source_id").at["cheng2024", "title"]
    assert message.replace("{title}", title) in text
    assert ", row 2," not in text


def test_every_problem_is_listed_at_once(tmp_path):
    rows = [case(sex="x"), case(mutations="L1196M", pfs_months="x", title="=1")]
    text = refusal(write_csv(tmp_path / "new.csv", *rows))
    assert text.startswith("3 problems")


def places(refused: str) -> list[tuple[str, str]]:
    """Row and column of each problem."""
    return re.findall(r"row (\d+), column (\w+): ", refused)


def test_what_does_not_fit_together_is_listed_beside_what_no_cell_may_be(tmp_path):
    """Only what rests on a cell that cannot be read waits for it."""
    rows = [
        case(sex="x"),
        case(
            mutations="L1196M", age_years="40", pfs_relation=">", pfs_months="", vaf_percent="1;2"
        ),
        case(mutations="L1202R", age_years="30", vaf_percent="1;2", monotherapy="yes", partner="A"),
        case(mutations="F1174L", age_years="20", resistance_on="alectinibb", sample_order="0"),
        case(mutations="I1171N", age_years="60", year="2O24", doi="", pmid="x", line_number="0"),
        case(mutations="I1171T", age_years="70", duplicate_of="nobody", not_duplicate_of="no"),
    ]
    text = refusal(write_csv(tmp_path / "new.csv", *rows))
    assert places(text) == [
        ("2", "sex"), ("3", "pfs_relation"), ("3", "vaf_percent"), ("4", "monotherapy"),
        ("4", "mutations"), ("5", "resistance_on"), ("5", "sample_order"), ("6", "line_number"),
        ("6", "pmid"), ("6", "year"), ("7", "duplicate_of"), ("7", "not_duplicate_of"),
    ]  # fmt: skip


def test_a_missing_column_does_not_hide_what_is_wrong_in_others(tmp_path):
    frame = pd.DataFrame([CASE | {"sex": "x", "pfs_months": ""}, CASE | {"age_years": "x"}])
    frame.drop(columns=["mutations", "year"]).to_csv(tmp_path / "a.csv", index=False)
    assert places(refusal(tmp_path / "a.csv")) == [
        ("1", "mutations"), ("1", "year"), ("2", "pfs_relation"), ("2", "sex"), ("3", "age_years"),
    ]  # fmt: skip


def test_what_one_reading_allows_is_filled_in_and_said(tmp_path):
    """The order of a new patient's only sample, and the sign of a plain number."""
    rows = [case(sample_order="", pfs_relation=""), case(mutations="L1196M", sample_order="")]
    sheet = flatfile.read(write_csv(tmp_path / "a.csv", *rows))
    addition = place.fit(sheet, CURATED)
    assert list(addition.rows["samples"]["sample_order"]) == ["1", "1"]
    assert list(addition.rows["treatments"]["pfs_relation"]) == ["=", "="]
    assert "a.csv: column pfs_relation: '' is read as '=' (row 2)" in sheet.read_as
    one = [case(patient_id="a", sample_order="", mutations=name) for name in ("G1202R", "L1196M")]
    text = refusal(write_csv(tmp_path / "b.csv", *one))
    assert "row 3, column sample_order: found ''; must be 1 for the patient's first" in text


def test_rows_of_one_source_or_patient_must_agree(tmp_path):
    text = refusal(write_csv(tmp_path / "n.csv", case(), case(title="x"), case(title="y")))
    assert "n.csv, row 4, column title: found 'y'; must be the same in all rows of test2024" in text
    text = refusal(write_csv(tmp_path / "n.csv", case(patient_id="a"),
                             case(patient_id="a", age_years="51", line_number="3")))  # fmt: skip
    assert "row 3, column age_years: found '51'; must be the same in all rows of a: row 2" in text


def test_two_new_articles_of_one_author_and_year_are_told_apart(tmp_path):
    """The clash within a file is said as well as that with a known source, once, with a remedy."""
    other = case(doi="10.0000/other", mutations="L1196M", age_years="71")
    again = other | {"inhibitor": "brigatinib", "line_number": "3", "mutations": "F1174L"}
    text = refusal(write_csv(tmp_path / "n.csv", case(), other, again))
    assert text == (
        "1 problem in the data:\n  n.csv, row 3, column source_id: found ''; test2024 in row 2 is "
        "Test A, 2024, 10.0000/test: write test2024 where it is that article, else an id such as "
        "test2024b"
    )
    mended = other | {"source_id": "test2024b"}
    added = fit(write_csv(tmp_path / "n.csv", case(), mended, again)).rows
    assert list(added["sources"]["source_id"]) == ["test2024", "test2024b"]
    assert list(added["patients"]["source_id"]) == ["test2024", "test2024b", "test2024b"]
    # A free id is one that no row has.
    third = case(doi="10.0000/third", mutations="C1156Y", age_years="33")
    text = refusal(write_csv(tmp_path / "n.csv", case(), third, mended))
    assert "row 3, column source_id: found ''; test2024 in row 2 is Test A, 2024, " in text
    assert text.endswith("else an id such as test2024c")
    # One article is offered one id, and another another.
    titles = [case(doi="", title=t, age_years=a) for t, a in zip("xyyz", "5678", strict=True)]
    text = refusal(write_csv(tmp_path / "n.csv", *titles))
    offered = re.findall(r"row (\d), column source_id: .*? such as (\w+)", text)
    assert offered == [("3", "test2024b"), ("4", "test2024b"), ("5", "test2024c")]


def test_ids_are_offered_however_many_articles_share_a_name(tmp_path):
    """After the letters come numbers."""
    articles = [case(doi="", title=str(n), age_years=str(20 + n)) for n in range(28)]
    offered = re.findall(r"such as (\S+)", refusal(write_csv(tmp_path / "n.csv", *articles)))
    assert offered[:2] == ["test2024b", "test2024c"]
    assert offered[-3:] == ["test2024z", "test2024-27", "test2024-28"]


@pytest.mark.parametrize("mark", ["pmid", "title"])
def test_articles_differ_by_what_both_rows_state(tmp_path, mark):
    """A cell that is blank in one of the rows tells nothing apart."""
    first, second = case(doi=""), case(doi="", mutations="L1196M", age_years="71")
    for one, two, apart in (("1", "2", True), ("1", "", False), ("", "2", False)):
        path = write_csv(tmp_path / "n.csv", first | {mark: one}, second | {mark: two})
        if apart:
            assert "test2024 in row 2 is Test A, 2024" in refusal(path)
        else:
            assert list(fit(path).rows["sources"][mark]) == [one or two]


def test_a_known_patient_cannot_be_changed(tmp_path):
    row = case(source_id="cheng2024", patient_id=PATIENT, sample_order="3", sex="male",
               first_author="", year="", doi="", fusion_variant="", age_years="")  # fmt: skip
    text = refusal(write_csv(tmp_path / "n.csv", row))
    assert "column sex: found 'male'; cheng2024-p1 is in the cohort with 'female'" in text


def test_a_line_or_row_that_comes_again_is_refused(tmp_path):
    text = refusal(write_csv(tmp_path / "n.csv", case(), case()))
    assert "row 3: repeats row 2 in every cell" in text
    line = {"source_id": "cheng2024", "patient_id": PATIENT, "sample_order": "1",
            "inhibitor": "ceritinib"}  # fmt: skip
    text = refusal(write_csv(tmp_path / "n.csv", line))
    assert "is in the cohort already, as the line cheng2024-p1-s1-ceritinib" in text


def test_rows_of_one_sample_without_a_patient_are_refused(tmp_path):
    """Two lines of one patient must not become two patients unnoticed."""
    other = case(inhibitor="brigatinib", line_number="3", sample_locator="Table 2", source_note="x")
    text = refusal(write_csv(tmp_path / "n.csv", case(), case(mutations="L1196M"), other))
    assert text == (
        "1 problem in the data:\n  n.csv, row 4, column patient_id: found ''; row 2 has the same "
        "patient and sample: give both the same patient_id, or each its own"
    )
    for ids, patients in ((("a", "a"), ["a"]), (("a", "b"), ["a", "b"])):
        rows = [row | {"patient_id": name} for row, name in zip((case(), other), ids, strict=True)]
        rows[1]["sample_locator"], rows[1]["source_note"] = rows[0]["sample_locator"], ""
        added = fit(write_csv(tmp_path / "n.csv", *rows)).rows
        assert list(added["patients"]["patient_id"]) == patients


def csv_text(*rows):
    return "\n".join(",".join(row) for row in rows) + "\n"


def one_more(name):
    header = [*flatfile.COLUMNS, name]
    return header, ["x"] * len(header)


BAD_FILES = {
    "empty": (b"", "the file is empty"),
    "only a header": (",".join(flatfile.COLUMNS).encode() + b"\n", "no row below the header"),
    "Latin-1": ((",".join(flatfile.COLUMNS) + "\n\xe9" * 2).encode("latin-1"), "UTF-8"),
    "UTF-16": (",".join(flatfile.COLUMNS).encode("utf-16"), "is saved as UTF-16"),
    "NUL": (b"a,b\n1,\0\n", "NUL"),
    "unclosed quote": (b'a,b\n"1,2\n', "is not a readable CSV file"),
    "short row": (csv_text(flatfile.COLUMNS, ["x"]).encode(), "row 2: has 1 cell; the header has"),
    "column that is nearly known": (csv_text(*one_more("x")).replace("sex", "sexx").encode(),
                                    "row 1, column sexx: unexpected column; is sex meant?"),
    "another unit": (csv_text(*one_more("x")).replace("pfs_months", "PFS (days)").encode(),
                     "column PFS (days): may be pfs_months; its unit is another or not said"),
    "missing column": (b"first_author,year\na,2020\n", "row 1, column mutations: this column is"),
    "other headings": (b"Pt,Drug\n1,x\n", "column first_author: this column is missing; a table "
                       "with other headings is read by a mapping: alkpool template --columns-from"),
    "column twice": (csv_text(*one_more("Sex")).encode(),
                     "column sex: this column stands twice"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_in_words(tmp_path, name):
    content, message = BAD_FILES[name]
    path = tmp_path / "new.csv"
    path.write_bytes(content)
    assert message in refusal(path)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "a.ods").write_text("x")
    (tmp_path / "a.xlsx").write_bytes(b"PK\x03\x04 broken")
    (tmp_path / "b.csv").mkdir()
    with zipfile.ZipFile(tmp_path / "b.xlsx", "w") as archive:
        archive.writestr("x", "y")
    for name, message in {
        "a.ods": "must end in .csv, .tsv or .xlsx", "a.xlsx": "is not a readable Excel workbook",
        "b.csv": "is a folder", "b.xlsx": "is not a readable Excel workbook",
        "c.csv": "the file is missing",
    }.items():  # fmt: skip
        assert message in refusal(tmp_path / name), name


def test_a_workbook_that_unpacks_to_too_much_is_not_opened(tmp_path, monkeypatch):
    path = write_workbook(tmp_path / "a.xlsx", case())
    monkeypatch.setattr(flatfile, "MAX_UNPACKED_BYTES", 1_000_000)
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/media/x", b"0" * 2_000_000)
    assert "unpacks to more than 1 MB" in refusal(path)
    monkeypatch.setattr(flatfile, "MAX_BYTES", 100)
    assert "must be smaller than 0 MB" in refusal(path)


@pytest.mark.parametrize(("row", "column"), [(20_001, 1), (2**20, 2), (2, 16_384), (20_000, 51)])
def test_one_formatted_cell_far_away_does_not_fill_the_memory(tmp_path, row, column):
    book = openpyxl.load_workbook(write_workbook(tmp_path / "a.xlsx", case()))
    book.active.cell(row, column).font = openpyxl.styles.Font(bold=True)
    book.save(tmp_path / "a.xlsx")
    end = max(column, len(flatfile.COLUMNS))
    assert refusal(tmp_path / "a.xlsx") == (
        f"1 problem in the data:\n  a.xlsx, sheet cases: reaches to row {row} and column {end}; "
        "must have at most 20000 rows, 1000 columns and 1,000,000 cells: "
        "delete the empty ones beyond the table"
    )


def test_more_rows_than_a_table_of_cases_has_are_refused(tmp_path, monkeypatch):
    path = write_csv(tmp_path / "a.csv", *(case(age_years=str(age)) for age in range(20, 24)))
    monkeypatch.setattr(flatfile, "MAX_CASES", 4)
    assert len(fit(path).rows["patients"]) == 4
    monkeypatch.setattr(flatfile, "MAX_CASES", 3)
    assert "a.csv: has 4 rows; must have at most 3: add it in parts" in refusal(path)


BAD_EXCEL = {
    "formula": ("=1+1", "found '=1+1'; is a formula: write its value"),
    "date": (datetime.datetime(2024, 2, 1), "found '2024-02-01 00:00:00'; is a date"),
    "time": (datetime.time(8, 30), "found '08:30:00'; is a date or a time"),
    "truth": (True, "found 'True'; is a truth value"),
    "error": ("#N/A", "found '#N/A'; is an error of the spreadsheet"),
    "thousands or decimals": ("8,125", "(write a decimal point)"),
}


@pytest.mark.parametrize("name", BAD_EXCEL)
def test_a_bad_cell_of_excel_is_named_with_its_sheet(tmp_path, name):
    value, message = BAD_EXCEL[name]
    path = write_workbook(tmp_path / "new.xlsx", case() | {"pfs_months": value})
    text = refusal(path)
    assert f"new.xlsx, sheet cases, row 2, column pfs_months: {message}" in text or (
        message in text and "sheet cases, row 2, column pfs_months" in text
    )


@pytest.mark.parametrize(("stored", "meant"), [(0.125, "12.5"), (1, "100")])
def test_a_percentage_of_excel_is_read_as_one(tmp_path, stored, meant):
    """Excel stores 12.5% as 0.125."""
    path = write_workbook(tmp_path / "new.xlsx", case() | {"vaf_percent": stored})
    book = openpyxl.load_workbook(path)
    book.active.cell(2, flatfile.COLUMNS.index("vaf_percent") + 1).number_format = "0.0%"
    book.save(path)
    assert fit(path).rows["samples"].loc[0, "vaf_percent"] == meant


def test_sheets_and_merged_cells(tmp_path):
    path = write_workbook(tmp_path / "new.xlsx", case(), title="first")
    book = openpyxl.load_workbook(path)
    book.create_sheet("second")
    book.save(path)
    assert "must have a sheet 'cases'; its sheets are first, second" in refusal(path)
    path = write_workbook(tmp_path / "new.xlsx", case(), case(mutations="L1196M"))
    book = openpyxl.load_workbook(path)
    book.active.merge_cells("C2:C3")
    book.save(path)
    assert "row 2: found 'C2:C3'; is one merged cell: split it" in refusal(path)


def raised(cell):
    font = InlineFont(vertAlign="superscript")
    cell.value = CellRichText("4", TextBlock(font, "1"))


SHOWN = {
    "raised": (raised, "column pfs_months: found '41'; has a raised or lowered '1'"),
    "struck through": (lambda cell: setattr(cell, "font", Font(strike=True)), "is struck through"),
    "sign in the format": (lambda cell: setattr(cell, "number_format", '"<"0'), "by its format"),
    "unit in the format": (lambda cell: setattr(cell, "number_format", '0" weeks"'), "weeks"),
    "hidden column": (
        lambda cell: setattr(cell.parent.column_dimensions[cell.column_letter], "hidden", True),
        "row 2, column pfs_months: found '8'; stands in a hidden column"),
    "hidden row": (
        lambda cell: setattr(cell.parent.row_dimensions[cell.row], "hidden", True),
        "row 2: is hidden, and would count"),
}  # fmt: skip


@pytest.mark.parametrize("name", SHOWN)
def test_what_excel_shows_is_what_is_read(tmp_path, name):
    change, message = SHOWN[name]
    path = write_workbook(tmp_path / "new.xlsx", case() | {"pfs_months": 8})
    book = openpyxl.load_workbook(path)
    change(book.active.cell(2, flatfile.COLUMNS.index("pfs_months") + 1))
    book.save(path)
    text = refusal(path)
    assert text.startswith("1 problem")
    assert message in text


@pytest.mark.parametrize(
    "form", ["General", "0.0", "#,##0.00", "0.00E+00", "_-* #,##0_-;\\-0", "@"]
)
def test_a_number_in_another_form_is_the_number(tmp_path, form):
    path = write_workbook(tmp_path / "new.xlsx", case() | {"pfs_months": 8})
    book = openpyxl.load_workbook(path)
    cell = book.active.cell(2, flatfile.COLUMNS.index("pfs_months") + 1)
    cell.number_format, cell.comment = form, Comment("see text", "A")
    book.save(path)
    sheet = flatfile.read(path)
    assert place.fit(sheet, CURATED).rows["treatments"].at[0, "pfs_months"] == "8"
    said = f"new.xlsx, sheet cases: the comment on {cell.coordinate} is not read: 'see text'"
    assert said in sheet.read_as


@pytest.mark.parametrize(("stored", "months"), [(8.7 - 2.7, "6"), (10.3 - 4.3, "6"), (8.0, "8")])
def test_a_number_has_the_digits_that_a_spreadsheet_shows(tmp_path, stored, months):
    path = write_workbook(tmp_path / "new.xlsx", case() | {"pfs_months": stored})
    assert fit(path).rows["treatments"].at[0, "pfs_months"] == months


@pytest.mark.parametrize(("rows", "columns"), [(1, 0), (2, 0), (0, 1), (2, 1)])
def test_a_table_may_start_below_and_beside_the_first_cell(tmp_path, rows, columns):
    path = write_workbook(tmp_path / "new.xlsx", case())
    book = openpyxl.load_workbook(path)
    book.active.move_range(book.active.dimensions, rows, columns)
    where = book.active.cell(2 + rows, flatfile.COLUMNS.index("age_years") + 1 + columns)
    book.save(path)
    sheet = flatfile.read(path)
    assert place.fit(sheet, CURATED).rows["treatments"].shape[0] == 1
    assert not any("left out above" in note for note in sheet.read_as)
    where.value = datetime.date(2020, 1, 5)
    book.save(path)
    assert f"row {2 + rows}, column age_years: found '2020-01-05 00:00:00'" in refusal(path)


@pytest.mark.parametrize("last", ["D", "F"])
@pytest.mark.parametrize(("row", "said"), [(1, "left out above the header"), (4, "delete this")])
def test_what_is_merged_across_a_table_is_a_title_or_a_footnote(tmp_path, row, said, last):
    """Also where it begins as a heading does."""
    path = tmp_path / "theirs.xlsx"
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["Pt", "Prior TKI", "ALK mutations", "Next TKI"])
    sheet.append(["1", "alectinib", "G1202R", "lorlatinib"])
    sheet.append(["2", "alectinib", "I1171N", "lorlatinib"])
    if row == 1:
        sheet.insert_rows(1)
    sheet.cell(row, 1).value = "Patients with ALK resistance mutations"
    sheet.merge_cells(f"A{row}:{last}{row}")
    book.save(path)
    proposal = mapping.propose(path)
    assert "ALK mutations: mutations" in proposal
    (tmp_path / "m.yaml").write_text(proposal.replace("'?'", "smith2018"))
    sheet = mapping.read(path, mapping.load(tmp_path / "m.yaml"))
    assert list(sheet.cells["mutations"]) == ["G1202R", "I1171N"]
    assert said in "".join([*sheet.read_as, *map(str, sheet.problems)])


def test_what_stands_beside_the_table_is_not_refused(tmp_path):
    """A date, a truth value, a formula in a column that is no column of ours."""
    path = write_workbook(tmp_path / "new.xlsx", case())
    book = openpyxl.load_workbook(path)
    width = len(flatfile.COLUMNS)
    for beside, cells in enumerate(
        (("dead", True), ("start", datetime.date(2020, 1, 5)), ("sum", "=1+1")), start=1
    ):
        for row, value in enumerate(cells, start=1):
            book.active.cell(row, width + beside).value = value
    book.save(path)
    sheet = flatfile.read(path)
    assert place.fit(sheet, CURATED).rows["treatments"].shape[0] == 1
    assert sheet.read_as[-1].endswith("dead, start, sum")


def test_a_footnote_below_the_table_is_named(tmp_path):
    rows = case(), {"source_id": "Abbreviations: TKI, tyrosine kinase inhibitor"}
    text = refusal(write_csv(tmp_path / "new.csv", *rows))
    assert text.startswith("1 problem")
    assert "row 3, column source_id: found 'Abbrev" in text
    assert "delete this row where it is a footnote" in text


def test_merged_columns_do_not_fill_the_memory(tmp_path):
    path = write_workbook(tmp_path / "new.xlsx", case())
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    merged = b'<mergeCells count="1"><mergeCell ref="A1:Z1048576"/></mergeCells>'
    name = "xl/worksheets/sheet1.xml"
    parts[name] = parts[name].replace(b"</sheetData>", b"</sheetData>" + merged)
    with zipfile.ZipFile(path, "w") as archive:
        for each, content in parts.items():
            archive.writestr(each, content)
    assert "reaches to row 1048576 and column 26; must have at most" in refusal(path)


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12)
mutants = st.dictionaries(st.sampled_from(flatfile.COLUMNS), words, min_size=1, max_size=6)


@settings(
    max_examples=settings.default.max_examples // 2,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(mutants)
def test_any_cell_is_refused_in_words_or_fits(tmp_path, cells):
    """Whatever a cell holds: a message with the place, or rows that are valid with the others."""
    path = write_csv(tmp_path / "any.csv", case(), case(mutations="L1196M") | cells)
    try:
        addition = fit(path)
    except DataError as refused:
        assert all(problem.file.startswith("any.csv") for problem in refused.problems)
        return
    merged = place.merge(CURATED, addition)
    for table in COHORT_TABLES:
        frame = merged[table.name]
        assert list(cell_problems(frame, table, "")) == []
        assert frame[table.key[0]].is_monotonic_increasing
        assert len(frame) == len(CURATED[table.name]) + len(addition.rows[table.name])
    assert list(relation_problems(merged, "")) == []
    assert sum(map(len, addition.rows.values())) >= 4


# The template.


@pytest.mark.parametrize("name", ["new.csv", "new.xlsx"])
def test_the_example_is_refused_and_otherwise_valid(tmp_path, name):
    """The row shows what a valid case looks like, and can never become one."""
    path = tmp_path / name
    template.write(path)
    sheet = flatfile.read(path)
    assert len(sheet.cells) == 1
    with pytest.raises(DataError) as refused:
        place.fit(sheet, CURATED)
    (problem,) = refused.value.problems
    assert (problem.row, problem.column) == (2, "source_id")
    assert "delete this row" in problem.allowed
    renamed = flatfile.Sheet(sheet.label, sheet.cells.assign(source_id="other2020"))
    assert len(place.fit(renamed, CURATED).rows["treatments"]) == 1


def test_the_template_overwrites_nothing(tmp_path):
    path = tmp_path / "new.xlsx"
    path.write_text("cases of a month")
    with pytest.raises(FileExistsError):
        template.write(path)
    assert path.read_text() == "cases of a month"


def test_the_template_is_all_there_or_not_at_all(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    for where, function in ((os, "fsync"), (Path, "replace")):
        with monkeypatch.context() as patched:
            patched.setattr(where, function, full)
            with pytest.raises(OSError, match="No space"):
                template.write(tmp_path / "new.csv")
        assert list(tmp_path.iterdir()) == []
    template.write(tmp_path / "new.csv")
    assert (tmp_path / "new.csv").read_bytes() == template.to_csv()
    assert [path.name for path in tmp_path.iterdir()] == ["new.csv"]


def test_the_workbook_explains_every_column_and_offers_every_term():
    book = openpyxl.load_workbook(io.BytesIO(template.to_workbook()))
    assert book.sheetnames == ["cases", "explanations", "choices"]
    cases = book["cases"]
    assert tuple(cell.value for cell in cases[1]) == flatfile.COLUMNS
    assert {cases.cell(row, 8).number_format for row in range(2, 502)} == {"@"}
    rows = [[cell.value for cell in row] for row in book["explanations"].iter_rows()]
    explained = {row[1]: row for row in rows if row[1] in flatfile.COLUMNS}
    assert tuple(explained) == flatfile.COLUMNS
    for field in flatfile.FIELDS:
        assert explained[field.name][2] == field.schema.description
        assert explained[field.name][3]
    offered = {}
    for rule in cases.data_validations.dataValidation:
        _, cells = rule.formula1.split("!")
        listed = [cell.value for (cell,) in book["choices"][cells.replace("$", "")]]
        (cells,) = rule.sqref.ranges
        offered[cases.cell(1, cells.min_col).value] = listed
        assert (cells.min_row, cells.max_row) == (2, 501)
    assert offered == template.choices()
    assert offered["sex"] == ["female", "male", "unknown"]
    assert offered["pfs_relation"] == ["=", ">", "<", "~"]
    assert "lorlatinib" in offered["inhibitor"]


def test_own_tables_can_be_filled_from_the_template(tmp_path):
    """A workbook that a person filled in below the header, the example deleted."""
    path = tmp_path / "new.xlsx"
    template.write(path)
    book = openpyxl.load_workbook(path)
    for column, name in enumerate(flatfile.COLUMNS, start=1):
        book["cases"].cell(2, column).value = CASE.get(name)
    book.save(path)
    mine = tables(own_cohort(tmp_path / "mine"))
    addition = place.fit(flatfile.read(path), mine)
    assert list(addition.rows["treatments"]["treatment_id"]) == ["test2024-p1-s1-lorlatinib"]
