"""The page "Add a case" can be followed as it is written."""

import csv
import re
import shlex
import shutil

import openpyxl
import pytest
from cases import CASE, tables
from command import alkpool
from test_additions import home  # noqa: F401 (a fixture)
from test_duplicates import REPORTED_AGAIN

from alkpool import paths
from alkpool.data import cohort
from alkpool.intake import curate, flatfile, mapping, place
from alkpool.problems import DataError

PAGE = (paths.BOOK / "how-to-add-a-case.md").read_text("utf-8")
RESULTS = paths.RESULTS
FILE = "new-cases.xlsx"


def commands(step: int) -> list[str]:
    """Commands of a numbered step, without the program."""
    (text,) = re.findall(rf"^{step}\. (.*?)(?=^\d+\. |^## )", PAGE, re.MULTILINE | re.DOTALL)
    return re.findall(r"^ *\$ (.+)$", text, re.MULTILINE)


def run(step: int):
    """Type the command of a step."""
    (command,) = [line for line in commands(step) if "alkpool" in line]
    program, *arguments = shlex.split(command)
    assert program == ".venv/bin/alkpool"
    return alkpool(*arguments)


def fill_in(path, *rows):
    """Steps 2 to 4 and 6, by a person: over the example row and below."""
    book = openpyxl.load_workbook(path)
    for number, row in enumerate(rows, start=2):
        for column, name in enumerate(flatfile.COLUMNS, start=1):
            book["cases"].cell(number, column).value = row.get(name)
    book.save(path)


def test_the_mapping_of_the_page_reads_a_table_with_its_headings(tmp_path):
    (text,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "mapping.yaml").write_text(text, encoding="utf-8")
    how = mapping.load(tmp_path / "mapping.yaml")
    rows = [
        list(how.columns),
        ["ALK4", "Nemo 2017", "51", "F", "2", "crizotinib, Alecensa", "p.G1202R", "Lorbrena", "PR",
         "212", "yes"],
        ["", "", "", "", "1", "crizotinib", "I1171T", "ceritinib", "PD", "<60", "no"],
        # Without a next line, whatever is said of its end.
        ["ALK5", "", "", "", "1", "alectinib", "G1202R, L1196M", "", "", "", ""],
        ["ALK6", "", "", "", "1", "alectinib", "G1202R", "", "", "", "no"],
    ]  # fmt: skip
    with (tmp_path / "ST7.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    sheet = mapping.read(tmp_path / "ST7.csv", how)
    cells = sheet.cells[:2]
    read = cells[["patient_id", "first_author", "age_years", "prior_inhibitors", "mutations",
                  "inhibitor", "pfs_months", "treatment_status"]].values.tolist()  # fmt: skip
    assert read == [
        ["koopman-ALK4", "Nemo", "51", "crizotinib;alectinib", "G1202R", "lorlatinib", "6.97",
         "ongoing"],
        ["koopman-ALK4", "Nemo", "51", "crizotinib", "I1171T", "ceritinib", "1.97", "ended"],
    ]  # fmt: skip
    rows = place.fit(sheet, tables(paths.COHORTS / "curated")).rows
    assert [len(rows[name]) for name in ("patients", "samples", "treatments")] == [3, 4, 2]
    assert [*rows["treatments"]["locator"]] == ["Table ST7"] * 2
    assert "column Ongoing: 'no' is read as '' (row 5)" in "\n".join(sheet.read_as)


def test_what_is_said_of_a_line_without_an_inhibitor_is_asked_for(tmp_path):
    """Only an end, or nothing, is left out."""
    columns = "columns: {Pt: {column: patient_id, prefix: a-}, Prior: prior_inhibitors, Mutation: "
    columns += "mutations, Next: inhibitor, BOR: best_response}\neverywhere: {first_author: A, "
    columns += "year: 2018, sample_locator: S1, treatment_locator: S2}\n"
    (tmp_path / "mapping.yaml").write_text(columns)
    (tmp_path / "t.csv").write_text("Pt,Prior,Mutation,Next,BOR\n1,alectinib,G1202R,,PR\n")
    sheet = mapping.read(tmp_path / "t.csv", mapping.load(tmp_path / "mapping.yaml"))
    with pytest.raises(DataError, match="row 2, column Next: found ''"):
        place.fit(sheet, tables(paths.COHORTS / "curated"))


@pytest.mark.nightly
def test_ten_steps(home, monkeypatch):  # noqa: F811
    monkeypatch.chdir(home)
    assert [step for step in range(1, 11) if commands(step)] == [1, 5, 8, 9]
    assert run(1).returncode == 0
    assert "delete this row" in run(5).stderr
    fill_in(home / FILE, CASE, REPORTED_AGAIN)
    seen = run(5)
    assert seen.returncode == 0, seen.stderr
    assert "probable: other2024-p1 and choi2010-p1" in seen.stdout
    assert run(8).returncode == 1
    fill_in(home / FILE, CASE, REPORTED_AGAIN | {"duplicate_of": "choi2010-p1"})
    assert "Verdicts that move: none" in run(5).stdout
    merged = run(8)
    assert merged.returncode == 0, merged.stderr
    assert (home / "data/raw/added/0001.csv").is_file()
    assert "added to curated as data/raw/added/0001.csv" in merged.stdout
    assert "To undo" in (home / "data/raw/added/CHANGELOG.md").read_text("utf-8")
    patients = cohort.load(home / "data/cohorts/curated").patients.set_index("patient_id")
    assert patients.loc["other2024-p1", "status"] == "duplicate"
    assert commands(9) == ["make report", ".venv/bin/alkpool diff"]


@pytest.mark.nightly
def test_the_way_back(home, monkeypatch):  # noqa: F811
    """What the changelog says undoes the addition to the byte."""
    before = {path: path.read_bytes() for path in (home / "data").rglob("*") if path.is_file()}
    monkeypatch.chdir(home)
    run(1)
    fill_in(home / FILE, CASE)
    assert run(8).returncode == 0
    (home / "data/raw/added/0001.csv").unlink()
    for name, text in curate.files(home / "data").items():
        (home / "data" / name).write_text(text, "utf-8")
    shutil.rmtree(home / "data/raw/added")
    assert {path: path.read_bytes() for path in (home / "data").rglob("*") if path.is_file()} == (
        before
    )


def test_the_page_says_what_the_score_does():
    """Thresholds in the text are those of the code."""
    from alkpool.data import duplicates

    assert f"at least {duplicates.PROBABLE} more facts agree than differ" in PAGE
    assert f"from {duplicates.POSSIBLE} on the pair is shown" in PAGE
