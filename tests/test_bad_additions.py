"""Spoilt flat files of new cases: refused with place and remedy, or harmless.

That a refused file changes nothing is shown in `test_additions`.
"""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pandas as pd
import pytest
from cases import case, own_cohort, tables, write_csv
from days import by_day
from openpyxl import Workbook

from alkpool.intake import flatfile, place
from alkpool.intake.flatfile import COLUMNS
from alkpool.problems import DataError

MUTANTS_OF_A_WAY = 4
Rows = list[dict[str, str]]
Place = tuple[int | None, str]

ROWS = (
    case(first_author="Fuzz A", patient_id="fuzz-p1"),
    case(first_author="Fuzz A", patient_id="fuzz-p2", age_years="61", sex="male",
         mutations="I1171N", pfs_months="3.5"),
    case(first_author="Other B", doi="10.0000/other", age_years="33", mutations="L1196M",
         patient_id="fuzz-p3", inhibitor="brigatinib", pfs_relation=">", pfs_months="12"),
)  # fmt: skip

# Each value stands for a class of mistakes: column, values, and whether the place must be named.
WRONG = {
    "word for a number": (["year", "age_years", "sample_order", "line_number", "pfs_months"],
                          ["six", "n.a.", "?", "5-6", "NaN", "inf", "None"]),
    "number out of range": (["age_years", "pfs_months"], ["-1", "99999", "1e3", "43983"]),
    "huge number": (["age_years", "pfs_months"], ["9" * 40, "9" * 5000]),
    "comma of thousands or decimals": (["pfs_months", "age_years"], ["3,125", "1,000"]),
    "date of a spreadsheet": (["pfs_months", "year", "mutations"], ["2020-06-30", "Jun-20"]),
    "foreign digits": (["age_years", "pfs_months"], ["\u0663\u0665", "\u09e9"]),
    "wrong residue": (["mutations"], ["L1202R", "G1202", "Mar-02", "no mutation"]),
    "term that is not known": (["sex", "specimen", "best_response", "treatment_status"],
                               ["maybe", "x", "0", "partial"]),
    "drug that is not known": (["inhibitor", "resistance_on", "prior_inhibitors"], ["aspirin"]),
    "formula": (["sample_locator", "treatment_note", "title"],
                ["=cmd()", "+1+1", "-x", "@SUM(A1)", "=1"]),
    "control character": (["sample_locator", "title"], ["a\x1b[2Jb", "a\x07b", "a\x85b"]),
    "mark that turns text around": (["title", "patient_note"], ["a\u202eb", "a\u2066b"]),
    "huge cell": (["title", "sample_note"], ["x" * 40_000, "x" * 1_000_000]),
    "key with forbidden characters": (["patient_id"], ["a b", "../x", "<b>", "ä"]),
    "duplicate of nobody": (["duplicate_of"], ["nobody-p1"]),
    "look-alike letters": (["inhibitor"], ["l\u043erlatinib"]),
}  # fmt: skip

HARMLESS = {
    "page source": (["title", "patient_note", "sample_note"],
                    ["<script>alert(1)</script>", "{{ 7 }}", "</td>", "a; b, c", 'a "b"', "%s"]),
    "text of the world": (["title"], ["Müller", "王伟", "עברית", "n\u0303", "nan", "NULL", "1,5"]),
    "decimal comma": (["pfs_months", "age_years"], ["3,5", "12,0"]),
    "line break": (["patient_note", "title"], ["a\nb", "a\r\nb"]),
    "mixed case": (["sex"], ["Female", "FEMALE"]),
    "spelling of a mutation": (["mutations"], ["p.G1202R", "g1202r", "Gly1202Arg", "ALK G1202R"]),
    "space around a cell": (["inhibitor"], [" lorlatinib", "lorlatinib\u00a0"]),
}  # fmt: skip


def as_workbook(path: Path, rows: Rows) -> None:
    """Write text cells, as the template formats them."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "cases"
    sheet.append(list(COLUMNS))
    for row in rows:
        sheet.append([None] * len(COLUMNS))
        for number, name in enumerate(COLUMNS, start=1):
            if row.get(name):
                cell = sheet.cell(sheet.max_row, number)
                cell.value = row[name]
                cell.data_type = "s"
    book.save(path)


@pytest.fixture(scope="module")
def mine(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """Tables of the cohort to add to."""
    return tables(own_cohort(tmp_path_factory.mktemp("added") / "mine"))


def problems_of(file: Path, mine: dict[str, pd.DataFrame]) -> list[str]:
    """What is wrong with a flat file, by the code that `alkpool add` runs; empty where it fits."""
    try:
        sheet = flatfile.read(file)
        place.fit(sheet, mine)
    except DataError as error:
        for problem in error.problems:
            assert problem.allowed
            assert str(problem).isprintable()
            assert len(str(problem)) < 2000
            assert str(problem).startswith(file.name)
        return [str(problem) for problem in error.problems]
    return []


def spoilt(
    folder: Path, name: str, number: int, changes: tuple[list[str], list[str]]
) -> tuple[Path, int, str]:
    """Write a file with one changed cell, as CSV or as workbook; name its place."""
    random = Random(f"{name} {number}")
    columns, values = changes
    rows = [dict(row) for row in ROWS]
    row, column, value = random.randrange(3), random.choice(columns), random.choice(values)
    rows[row][column] = value
    # openpyxl itself refuses what no workbook can hold.
    only_csv = len(value) > 32_000 or any(ord(c) < 32 and c not in "\n\r\t" for c in value)
    path = folder / ("flat.csv" if only_csv or number % 3 else "flat.xlsx")
    write_csv(path, *rows) if path.suffix == ".csv" else as_workbook(path, rows)
    return path, row + 2, column


def test_the_file_fits_before_it_is_spoilt(tmp_path: Path, mine: dict[str, pd.DataFrame]) -> None:
    assert problems_of(write_csv(tmp_path / "flat.csv", *ROWS), mine) == []
    as_workbook(tmp_path / "flat.xlsx", list(ROWS))
    assert problems_of(tmp_path / "flat.xlsx", mine) == []


@pytest.mark.parametrize("name", by_day(WRONG, one_in=2))
def test_a_wrong_cell_is_refused_with_its_row_and_column(
    tmp_path: Path, mine: dict[str, pd.DataFrame], name: str
) -> None:
    for number in range(MUTANTS_OF_A_WAY):
        path, row, column = spoilt(tmp_path, name, number, WRONG[name])
        found = problems_of(path, mine)
        assert any(f", row {row}, column {column}: " in text for text in found), (number, found)


@pytest.mark.parametrize("name", HARMLESS)
def test_a_harmless_cell_fits(tmp_path: Path, mine: dict[str, pd.DataFrame], name: str) -> None:
    for number in range(MUTANTS_OF_A_WAY):
        path, _, _ = spoilt(tmp_path, name, number, HARMLESS[name])
        assert problems_of(path, mine) == [], number


def flat_text(**form: object) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", **{"lineterminator": "\n"} | form)  # type: ignore[arg-type]
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue()


FORMS: dict[str, Callable[[Random], tuple[bytes, str]]] = {
    "empty": lambda _: (b"", "the file is empty"),
    "header alone": lambda _: (flat_text().splitlines()[0].encode(), "has no row"),
    "latin 1": lambda _: (flat_text().replace("Table 1", "Größe").encode("latin-1"), "UTF-8"),
    "utf 16": lambda _: (flat_text().encode("utf-16"), "UTF-16"),
    "nul": lambda r: (flat_text().replace("Fuzz", "Fu\0zz", 1).encode(), "NUL"),
    "cut off": lambda r: (flat_text().encode()[: -r.randrange(20, 150)], "flat.csv"),
    "no header": lambda _: (flat_text().partition("\n")[2].encode(), "row 1"),
    "header twice": lambda _: ((flat_text() + flat_text()).encode(), "row 5"),
    "quote left open": lambda _: (flat_text().replace("fuzz-p2", '"fuzz-p2').encode(), "row 3"),
    "ragged": lambda r: (flat_text().replace("fuzz-p2", "fuzz-p2,x").encode(), "row 3"),
    "other column": lambda _: (flat_text().replace("year", "jahr", 1).encode(), "row 1"),
    "column twice": lambda _: (flat_text().replace("title", "journal", 1).encode(), "row 1"),
    "row twice": lambda _: ((flat_text() + flat_text().splitlines()[1]).encode(), "row 5"),
    "random": lambda r: (b"\xff" + r.randbytes(500), "flat.csv"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_file_of_a_wrong_form_is_refused(
    tmp_path: Path, mine: dict[str, pd.DataFrame], name: str
) -> None:
    for number in range(2):
        content, words = FORMS[name](Random(f"{name} {number}"))
        (tmp_path / "flat.csv").write_bytes(content)
        found = problems_of(tmp_path / "flat.csv", mine)
        assert found, number
        assert any(words in text for text in found), found


def damaged(random: Random, path: Path) -> Iterator[bytes]:
    """Workbooks that are none, or no longer."""
    as_workbook(path, list(ROWS))
    good = path.read_bytes()
    yield b""
    yield b"PK\x03\x04"
    yield good[: random.randrange(10, len(good) - 10)]
    yield flat_text().encode()
    yield b"\xd0\xcf\x11\xe0" + bytes(600)
    empty = io.BytesIO()
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("[Content_Types].xml", "<x>")
    yield empty.getvalue()
    place = random.randrange(len(good) - 200)
    yield good[:place] + random.randbytes(100) + good[place + 100 :]


@pytest.mark.parametrize("seed", range(2))
def test_a_damaged_workbook_is_refused_or_reads_as_before(
    tmp_path: Path, mine: dict[str, pd.DataFrame], seed: int
) -> None:
    path = tmp_path / "flat.xlsx"
    for number, content in enumerate(damaged(Random(seed), path)):
        path.write_bytes(content)
        # Bytes that nothing depends on may be other ones.
        assert problems_of(path, mine) or number == 6


@pytest.mark.parametrize("kind", ["xlsm", "txt", "folder", "loop", "missing"])
def test_what_is_no_flat_file_is_refused(
    tmp_path: Path, mine: dict[str, pd.DataFrame], kind: str
) -> None:
    path = tmp_path / (
        "flat.txt" if kind == "txt" else "flat.xls" if kind == "xlsm" else "flat.csv"
    )
    if kind == "folder":
        path.mkdir()
    elif kind == "loop":
        path.symlink_to(path)
    elif kind != "missing":
        path.write_text("x")
    assert problems_of(path, mine)
