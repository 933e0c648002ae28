"""Named ways to spoil a valid cohort, each with what has to come of it.

A way gets a `Mutant`, a copy of a small valid cohort, and changes it with the mutant's random
generator. It returns `Refused`, the place that a message must name, or `Accepted`, the cells that
are other than before; nothing else may happen.
"""

import csv
import io
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from alkpool import paths
from alkpool.data.cohort import DESCRIPTION_FILE
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SAMPLES, SOURCES, TREATMENTS

# Included, excluded, in trans, with two samples, with combined and repeated lines.
KEPT = (
    "cheng2024-p1", "choi2010-p1", "dagogojack2019-p1", "doebele2012-p1", "doebele2012-p3",
    "ou2015-p1", "shaw2016-p1",
)  # fmt: skip
DUPLICATE = {
    "patient_id": "zz2099-p1", "source_id": "choi2010", "status": "duplicate",
    "duplicate_of": "choi2010-p1", "sex": "unknown", "stage": "unknown", "histology": "unknown",
    "fusion_partner": "unknown", "fusion_variant": "unknown",
}  # fmt: skip

NUMBERS = {
    SOURCES.name: ["year"],
    PATIENTS.name: ["age_years"],
    SAMPLES.name: ["sample_order"],
    TREATMENTS.name: ["line_number", "lines_since_sample", "pfs_months", "dot_months"],
}
DECIMALS = {PATIENTS.name: ["age_years"], TREATMENTS.name: ["pfs_months", "dot_months"]}
CLOSED = {
    SOURCES.name: ["study_type", "sampling", "access", "status"],
    PATIENTS.name: ["status", "sex"],
    SAMPLES.name: ["specimen", "phase"],
    TREATMENTS.name: ["monotherapy", "best_response", "status"],
}
KEYS = {
    SOURCES.name: ["source_id"],
    PATIENTS.name: ["patient_id"],
    SAMPLES.name: ["sample_id"],
    TREATMENTS.name: ["treatment_id"],
}
FOREIGN = {
    PATIENTS.name: ["source_id"],
    SAMPLES.name: ["patient_id"],
    TREATMENTS.name: ["sample_id"],
}
DRUGS = {SAMPLES.name: ["resistance_on"], TREATMENTS.name: ["inhibitor"]}
REQUIRED_TEXT = {
    PATIENTS.name: ["stage", "histology", "fusion_partner", "fusion_variant"],
    SAMPLES.name: ["locator"],
    TREATMENTS.name: ["locator"],
}
FREE_TEXT = {
    SOURCES.name: ["first_author", "journal", "title", "note"],
    PATIENTS.name: ["stage", "histology", "fusion_partner", "note"],
    SAMPLES.name: ["other_findings", "locator", "read_via", "note"],
    TREATMENTS.name: ["locator", "read_via", "note"],
}
# In these, too, nothing may stand that is not seen.
TYPED = FREE_TEXT | {SOURCES.name: [*FREE_TEXT[SOURCES.name], "doi", "pmid"]}

Columns = dict[str, list[str]]
Rows = list[list[str]]


@dataclass(frozen=True)
class Refused:
    """A message has to name this place, and hold these words.

    ``None`` and blank are for what has no row or column, ``*`` stands for any.
    """

    file: str
    row: int | str | None = None
    column: str = ""
    words: str = ""


@dataclass(frozen=True)
class Accepted:
    """The data load with these cells, by table, row as a spreadsheet counts, and column.

    A note holds the words of ``said``; without any there is none.
    """

    cells: dict[tuple[str, int, str], str] = field(default_factory=dict)
    said: str = ""


Fate = Refused | Accepted
Way = Callable[["Mutant"], Fate]
WAYS: dict[str, Way] = {}


def way(mutate: Way) -> Way:
    """Register a way under its name in words."""
    WAYS[mutate.__name__.replace("_", " ")] = mutate
    return mutate


def base_tables() -> dict[str, Rows]:
    """Small valid cohort of real rows, each table with its header."""
    tables: dict[str, Rows] = {}
    keep = set(KEPT)
    for table, column in ((PATIENTS, "patient_id"), (SAMPLES, "patient_id"),
                          (TREATMENTS, "sample_id"), (SOURCES, "source_id")):  # fmt: skip
        path = paths.COHORTS / "curated" / table.file
        header, *rows = csv.reader(path.read_text("utf-8").splitlines())
        if table is SOURCES:
            keep = {row[1] for row in tables[PATIENTS.name][1:]}
        kept = [row for row in rows if row[header.index(column)] in keep]
        if table is SAMPLES:
            keep = {row[0] for row in kept}
        tables[table.name] = [header, *kept]
    header = tables[PATIENTS.name][0]
    tables[PATIENTS.name].append([DUPLICATE.get(column, "") for column in header])
    return tables


def as_csv(rows: Rows, **form: object) -> str:
    """Write rows as the project does, or in another form."""
    text = io.StringIO()
    csv.writer(text, **{"lineterminator": "\n"} | form).writerows(rows)  # type: ignore[arg-type]
    return text.getvalue()


DESCRIPTION = (
    "title: Fuzzed\nkind: own\nsynthetic: false\ndescription: Rows of a test.\nlicence: none\n"
)


class Mutant:
    """A cohort folder that is about to be spoiled."""

    def __init__(self, folder: Path, tables: dict[str, Rows], seed: object) -> None:
        self.random = Random(str(seed))
        self.folder = folder
        self.tables = {name: [list(row) for row in rows] for name, rows in tables.items()}
        self.set_back(DESCRIPTION_FILE)
        for table in COHORT_TABLES:
            self.set_back(table.file)

    def set_back(self, name: str) -> Path:
        """Write a file as it was, in the place of whatever stands there."""
        path = self.folder / name
        if name == DESCRIPTION_FILE:
            path.write_text(DESCRIPTION)
        else:
            path.write_text(as_csv(self.tables[path.stem]), "utf-8")
        return path

    def file(self, table: str) -> str:
        """Name of a table in messages."""
        return f"{self.folder.name}/{table}.csv"

    def table(self) -> str:
        """Any table."""
        return self.random.choice(sorted(self.tables))

    def cell(self, columns: Columns, *, filled: bool = False) -> tuple[str, int, str]:
        """Any cell of these columns: table, row as a spreadsheet counts, column."""
        table = self.random.choice(sorted(columns))
        column = self.random.choice(columns[table])
        place = self.tables[table][0].index(column)
        rows = [
            number
            for number, row in enumerate(self.tables[table][1:], start=2)
            if row[place] or not filled
        ]
        return (table, self.random.choice(rows), column) if rows else self.cell(columns)

    def get(self, table: str, row: int, column: str) -> str:
        """Text of a cell."""
        return self.tables[table][row - 1][self.tables[table][0].index(column)]

    def put(self, table: str, row: int, column: str, value: str) -> None:
        """Change a cell, and write its table."""
        self.tables[table][row - 1][self.tables[table][0].index(column)] = value
        self.set_back(f"{table}.csv")

    def refuse(self, columns: Columns, values: list[str], words: str = "") -> Refused:
        """Put one of the values into any cell of these columns, which must not do."""
        table, row, column = self.cell(columns)
        self.put(table, row, column, self.random.choice(values))
        return Refused(self.file(table), row, column, words)

    def accept(self, columns: Columns, values: list[str]) -> Accepted:
        """Put one of the values into any cell of these columns, which must do."""
        table, row, column = self.cell(columns)
        value = self.random.choice(values)
        self.put(table, row, column, value)
        return Accepted({(table, row, column): value})

    def write_bytes(self, table: str, content: bytes) -> None:
        """Write a table in a form of its own."""
        (self.folder / f"{table}.csv").write_bytes(content)

    def text(self, table: str) -> str:
        """Content of a table as the project writes it."""
        return as_csv(self.tables[table])


# Wrong values


@way
def word_for_a_number(m: Mutant) -> Fate:
    return m.refuse(NUMBERS, ["six", "young", "n.a.", "?", "5-6", "half"])


@way
def nan_and_infinity(m: Mutant) -> Fate:
    words = ["NaN", "nan", "inf", "-inf", "Infinity", "NULL", "None", "<NA>", "NA", "#N/A"]
    return m.refuse(NUMBERS, words)


@way
def number_out_of_range(m: Mutant) -> Fate:
    return m.refuse(NUMBERS, ["-1", "-0.5", "2101", "99999", "1e3", "1E+02", "301.5", "0x10"])


@way
def huge_number(m: Mutant) -> Fate:
    length = m.random.choice([19, 40, 309, 400, 5000])
    return m.refuse(NUMBERS, ["9" * length, f"{'9' * length}.5", f"1e{length}"])


@way
def decimal_comma(m: Mutant) -> Fate:
    table, row, column = m.cell(DECIMALS, filled=True)
    value = f"{m.random.randrange(1, 90)},{m.random.randrange(10)}"
    m.put(table, row, column, value)
    read = value.replace(",", ".")
    return Accepted({(table, row, column): read}, f"{value!r} is read as {read!r}")


@way
def comma_of_thousands_or_decimals(m: Mutant) -> Fate:
    return m.refuse(DECIMALS, [f"{m.random.randrange(1, 90)},125"], "decimal point")


@way
def decimal_comma_without_quotes(m: Mutant) -> Fate:
    table, row, column = m.cell(DECIMALS)
    m.put(table, row, column, "!1")
    m.write_bytes(table, m.text(table).replace("!1", "3,5").encode())
    return Refused(m.file(table), row, "", "the header has")


@way
def thousands_and_units(m: Mutant) -> Fate:
    return m.refuse(NUMBERS, ["1 000", "1'000", "1_0", "12 weeks", "6m", "52y", "40%", "$5", "6."])


@way
def foreign_digits(m: Mutant) -> Fate:
    return m.refuse(NUMBERS, ["\uff13\uff15", "\u0663\u0665", "\u09e9", "\u00bd", "\u2212 3", "²"])


@way
def impossible_months(m: Mutant) -> Fate:
    columns = {TREATMENTS.name: ["pfs_months", "dot_months"]}
    return m.refuse(columns, ["300.01", "1200", "-6", "43983"], "from 0 to 300")


@way
def excel_date(m: Mutant) -> Fate:
    dates = ["2020-06-30", "30/06/2020", "Jun-20", "6. Jan", "44012", "2020-06-30 00:00:00"]
    return m.refuse(NUMBERS | CLOSED | DRUGS, dates)


@way
def mutation_that_a_spreadsheet_made_a_date(m: Mutant) -> Fate:
    return m.refuse({SAMPLES.name: ["mutations"]}, ["1-Mar", "2020-03-01", "Sep-02", "36951"])


@way
def wrong_residue(m: Mutant) -> Fate:
    values = ["L1202R", "A1196M", "G1171N", "X1202R", "G9999R", "G1202", "1202R", "G1202RR"]
    return m.refuse({SAMPLES.name: ["mutations"]}, values)


@way
def mutation_in_another_spelling(m: Mutant) -> Fate:
    table, row, column = m.cell({SAMPLES.name: ["mutations"]}, filled=True)
    names = m.get(table, row, column).split("+")
    spelled = m.random.choice(["p.{}", "ALK {}", "({})", " {} "])
    written = m.random.choice([" / ", " and ", "; "]).join(map(spelled.format, names[::-1]))
    before = m.get(table, row, column)
    if before == "unknown":
        return Accepted()
    # Frequencies follow their mutations.
    place = m.tables[table][0].index("vaf_percent")
    given = m.tables[table][row - 1][place]
    m.tables[table][row - 1][place] = ";".join(given.split(";")[::-1])
    m.put(table, row, column, written)
    return Accepted({(table, row, column): before}, "is read as" * (written.strip() != before))


@way
def term_that_is_not_known(m: Mutant) -> Fate:
    return m.refuse(CLOSED | DRUGS, ["maybe", "?", "-", "0", "TRUE", "aspirin", "partial response"])


@way
def mixed_case(m: Mutant) -> Fate:
    table, row, column = m.cell(CLOSED | DRUGS, filled=True)
    value = m.get(table, row, column)
    other = m.random.choice([value.title(), value.swapcase(), value[0].swapcase() + value[1:]])
    if other == value:
        other = value.swapcase()
    m.put(table, row, column, other)
    return Accepted({(table, row, column): value}, f"{other!r} is read as {value!r}")


@way
def blank_in_a_closed_vocabulary(m: Mutant) -> Fate:
    return m.refuse(CLOSED | DRUGS, ["", " ", "  "])


@way
def blank_where_text_must_be(m: Mutant) -> Fate:
    return m.refuse(REQUIRED_TEXT, [""], "must not be blank")


@way
def space_around_a_cell(m: Mutant) -> Fate:
    table, row, column = m.cell(CLOSED | DRUGS | KEYS, filled=True)
    value = m.get(table, row, column)
    spaced = [f" {value}", f"{value} ", f"\u00a0{value}", f"{value}\t", f"\u2003{value}"]
    m.put(table, row, column, m.random.choice(spaced))
    return Accepted()


@way
def look_alike_letters(m: Mutant) -> Fate:
    table, row, column = m.cell(CLOSED | KEYS, filled=True)
    value = m.get(table, row, column)
    alike = dict(zip("aceiopxyACEGIKMNPRT", "асеіорхуАСЕԌІКМΝРRТ", strict=True))
    other = "".join(alike.get(letter, letter) for letter in value)
    m.put(table, row, column, other if other != value else value + "\u0430")
    return Refused(m.file(table), row, column)


@way
def invisible_mark_in_a_key_or_term(m: Mutant) -> Fate:
    table, row, column = m.cell(CLOSED | KEYS, filled=True)
    value = m.get(table, row, column)
    mark = m.random.choice(["\u200f", "\u200e", "\u200b", "\u202e", "\u00ad", "\ufeff", "\u2060"])
    place = m.random.randrange(len(value) + 1)
    m.put(table, row, column, value[:place] + mark + value[place:])
    return Refused(m.file(table), row, column)


@way
def text_that_reads_in_another_order(m: Mutant) -> Fate:
    marks = ["\u202a", "\u202b", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"]
    return m.refuse(TYPED, [f"benefit {mark}on\u202c after" for mark in marks], "control")


@way
def control_characters(m: Mutant) -> Fate:
    codes = [1, 7, 8, 11, 12, 27, 31, 127, 128, 133, 155, 0xFFFD, 0xFFFE]
    return m.refuse(TYPED, [f"a{chr(code)}[31mb" for code in codes], "control")


@way
def key_with_forbidden_characters(m: Mutant) -> Fate:
    values = ["a b", "../x", "a/b", "=1+1", "a;b", "<b>", "ä-p1", "a,b", "a'b", '"', "{{x}}", "-a"]
    return m.refuse(KEYS | FOREIGN, values)


# Wrong relations


@way
def key_twice(m: Mutant) -> Fate:
    table = m.table()
    row = m.random.randrange(3, len(m.tables[table]) + 1)
    column = m.tables[table][0][0]
    m.put(table, row, column, m.get(table, row - 1, column))
    return Refused(m.file(table), row, column, "stands twice")


@way
def row_twice(m: Mutant) -> Fate:
    table = m.table()
    row = m.random.randrange(2, len(m.tables[table]) + 1)
    m.tables[table].insert(row, list(m.tables[table][row - 1]))
    m.set_back(f"{table}.csv")
    return Refused(m.file(table), row + 1, m.tables[table][0][0], "stands twice")


@way
def key_that_leads_nowhere(m: Mutant) -> Fate:
    return m.refuse(FOREIGN, ["nobody2020", "x", "0", "choi2010-p1-s1-p1", "CHOI2010"])


@way
def row_that_others_need_is_missing(m: Mutant) -> Fate:
    table, (child, column) = m.random.choice(
        [
            (SOURCES.name, (PATIENTS.name, "source_id")),
            (PATIENTS.name, (SAMPLES.name, "patient_id")),
        ]
    )
    header, *rows = m.tables[child]
    place = header.index(column)
    row = m.random.randrange(2, len(rows) + 2)
    needed = rows[row - 2][place]
    m.tables[table] = [each for each in m.tables[table] if each[0] != needed]
    m.set_back(f"{table}.csv")
    return Refused(m.file(child), row, column, "must be one of")


@way
def cycle_of_duplicates(m: Mutant) -> Fate:
    rows = m.random.sample(range(2, len(m.tables[PATIENTS.name]) + 1), m.random.choice([1, 2, 3]))
    names = [m.get(PATIENTS.name, row, "patient_id") for row in rows]
    for row, other in zip(rows, [*names[1:], names[0]], strict=True):
        m.put(PATIENTS.name, row, "status", "duplicate")
        m.put(PATIENTS.name, row, "duplicate_of", other)
    return Refused(m.file(PATIENTS.name), rows[0], "duplicate_of", "included patient")


@way
def rows_out_of_order(m: Mutant) -> Fate:
    table = m.table()
    row = m.random.randrange(2, len(m.tables[table]))
    rows = m.tables[table]
    rows[row - 1], rows[row] = rows[row], rows[row - 1]
    m.set_back(f"{table}.csv")
    return Accepted(said=f"rows are sorted by {rows[0][0]}")


@way
def two_columns_with_each_others_cells(m: Mutant) -> Fate:
    table, one, other = m.random.choice(
        [
            (PATIENTS.name, "sex", "age_years"), (PATIENTS.name, "source_id", "sex"),
            (SAMPLES.name, "mutations", "phase"), (SAMPLES.name, "specimen", "resistance_on"),
            (TREATMENTS.name, "inhibitor", "best_response"), (SOURCES.name, "year", "status"),
            (TREATMENTS.name, "status", "monotherapy"), (SOURCES.name, "study_type", "source_id"),
        ]
    )  # fmt: skip
    header = m.tables[table][0]
    here, there = header.index(one), header.index(other)
    header[here], header[there] = header[there], header[here]
    m.set_back(f"{table}.csv")
    return Refused(m.file(table), "*", "*")


@way
def number_without_its_relation(m: Mutant) -> Fate:
    measure = m.random.choice(["pfs", "dot"])
    row = m.random.randrange(2, len(m.tables[TREATMENTS.name]) + 1)
    blank = m.random.choice(["relation", "months"])
    m.put(TREATMENTS.name, row, f"{measure}_relation", "" if blank == "relation" else ">")
    m.put(TREATMENTS.name, row, f"{measure}_months", "" if blank == "months" else "6")
    return Refused(m.file(TREATMENTS.name), row, f"{measure}_relation")


# Wrong form of a file


@way
def missing_column(m: Mutant) -> Fate:
    table = m.table()
    column = m.random.choice(m.tables[table][0])
    place = m.tables[table][0].index(column)
    for row in m.tables[table]:
        del row[place]
    m.set_back(f"{table}.csv")
    return Refused(m.file(table), 1, column, "missing")


@way
def extra_column(m: Mutant) -> Fate:
    table = m.table()
    name = m.random.choice(
        ["colour", "", " ", "Unnamed: 12", "=1+1", "a\nb", "x" * 5000, "\x1b[2J"]
    )
    for row in m.tables[table]:
        row.append("1")
    m.tables[table][0][-1] = name
    m.set_back(f"{table}.csv")
    if not name.strip():
        return Refused(m.file(table), 1, "without a name", "give it a name")
    return Accepted(said="set aside, as no column of the table")


@way
def column_name_in_another_case(m: Mutant) -> Fate:
    table = m.table()
    place = m.random.randrange(len(m.tables[table][0]))
    name = m.tables[table][0][place]
    spelled = [name.upper(), name.title(), name.replace("_", " ") + " ", f" {name}"]
    m.tables[table][0][place] = m.random.choice(spelled)
    m.set_back(f"{table}.csv")
    return Accepted(said=f" is read as {name}" * (m.tables[table][0][place].strip() != name))


@way
def column_twice(m: Mutant) -> Fate:
    table = m.table()
    header = m.tables[table][0]
    name = m.random.choice(header)
    place = header.index(name)
    for row in m.tables[table]:
        row.append(row[place])
    m.set_back(f"{table}.csv")
    return Refused(m.file(table), 1, name, "twice")


@way
def header_repeated_among_the_rows(m: Mutant) -> Fate:
    table = m.table()
    row = m.random.randrange(2, len(m.tables[table]) + 2)
    m.tables[table].insert(row - 1, list(m.tables[table][0]))
    m.set_back(f"{table}.csv")
    return Refused(m.file(table), row, "*")


@way
def no_header(m: Mutant) -> Fate:
    table = m.table()
    column = m.random.choice(m.tables[table].pop(0))
    m.set_back(f"{table}.csv")
    return Refused(m.file(table), 1, column, "missing")


@way
def ragged_row(m: Mutant) -> Fate:
    table = m.table()
    row = m.random.randrange(2, len(m.tables[table]) + 1)
    if m.random.random() < 0.5:
        m.tables[table][row - 1].append("more")
    else:
        del m.tables[table][row - 1][-m.random.randrange(1, 4) :]
    m.set_back(f"{table}.csv")
    return Refused(m.file(table), row, "", "the header has")


@way
def blank_line_among_the_rows(m: Mutant) -> Fate:
    table = m.table()
    row = m.random.randrange(2, len(m.tables[table]) + 1)
    m.tables[table].insert(row - 1, [])
    m.set_back(f"{table}.csv")
    return Accepted(said="1 blank row left out")


@way
def line_of_commas_alone(m: Mutant) -> Fate:
    table = m.table()
    m.tables[table].append([""] * len(m.tables[table][0]))
    m.set_back(f"{table}.csv")
    return Accepted(said="1 blank row left out")


@way
def other_separator(m: Mutant) -> Fate:
    table = m.table()
    text = as_csv(m.tables[table], delimiter=m.random.choice(";\t|"))
    m.write_bytes(table, text.encode())
    return Accepted()


@way
def cut_off_file(m: Mutant) -> Fate:
    table = m.table()
    row = m.random.randrange(2, len(m.tables[table]) + 1)
    cut = m.tables[table][row - 1][: m.random.randrange(1, 5)]
    short = [*m.tables[table][: row - 1], cut]
    m.write_bytes(table, as_csv(short).rstrip("\n").encode())
    return Refused(m.file(table), row, "", "the header has")


@way
def cut_off_between_quotes(m: Mutant) -> Fate:
    table, row, column = m.cell(FREE_TEXT)
    value = "a, b " * 9
    m.put(table, row, column, value.strip())
    text = m.text(table)
    m.write_bytes(table, text[: text.index(value.strip()) + m.random.randrange(1, 30)].encode())
    return Refused(m.file(table), row, column, "quot")


@way
def stray_quote_at_the_start_of_a_cell(m: Mutant) -> Fate:
    table, row, column = m.cell(FREE_TEXT)
    m.put(table, row, column, "!stray")
    m.write_bytes(
        table, m.text(table).replace("!stray", '"' + m.random.choice(["a", 'a"b'])).encode()
    )
    return Refused(m.file(table), "*", "*")


@way
def empty_file(m: Mutant) -> Fate:
    table = m.table()
    m.write_bytes(
        table, m.random.choice([b"", b"\n", b"\r\n\r\n", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
    )
    return Refused(m.file(table), None, "", "empty")


@way
def missing_file(m: Mutant) -> Fate:
    name = m.random.choice([DESCRIPTION_FILE, *(table.file for table in COHORT_TABLES)])
    path = m.folder / name
    path.unlink()
    if m.random.random() < 0.5:
        path.symlink_to(m.random.choice([name, "nowhere.csv"]))
    return Refused(f"{m.folder.name}/{name}", None, "", "missing")


@way
def folder_in_the_place_of_a_file(m: Mutant) -> Fate:
    table = m.table()
    path = m.folder / f"{table}.csv"
    path.unlink()
    path.mkdir()
    return Refused(m.file(table), None, "", "is a folder")


@way
def pipe_or_device_in_the_place_of_a_file(m: Mutant) -> Fate:
    table = m.table()
    path = m.folder / f"{table}.csv"
    path.unlink()
    if m.random.random() < 0.5:
        os.mkfifo(path)
    else:
        path.symlink_to(m.random.choice(["/dev/zero", "/dev/null"]))
    return Refused(m.file(table), None, "", "no plain file")


@way
def latin_1(m: Mutant) -> Fate:
    table, row, column = m.cell(FREE_TEXT)
    if m.random.random() < 0.5 and row > 2:
        # A line break within an earlier cell makes no further row.
        m.put(table, 2, column, "two\nlines")
    m.put(table, row, column, f"{m.random.choice(['Müller', 'Gómez', '½', '“q”'])} H")
    m.write_bytes(table, m.text(table).encode("cp1252"))
    return Refused(m.file(table), row, column, "UTF-8")


@way
def utf_16_or_utf_32(m: Mutant) -> Fate:
    table = m.table()
    encoding = m.random.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-be"])
    m.write_bytes(table, m.text(table).encode(encoding))
    return Refused(m.file(table), "*", "*", "UTF-8")


@way
def nul_byte(m: Mutant) -> Fate:
    table, row, column = m.cell(FREE_TEXT)
    m.put(table, row, column, "a!nul!b")
    m.write_bytes(table, m.text(table).encode().replace(b"!nul!", b"\0"))
    return Refused(m.file(table), row, column, "NUL")


@way
def workbook_or_archive_called_csv(m: Mutant) -> Fate:
    table = m.table()
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("xl/workbook.xml", m.text(table))
    kinds = [content.getvalue(), b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), b"\x1f\x8b\x08x",
             b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", b"\x89PNG\r\n\x1a\n"]  # fmt: skip
    m.write_bytes(table, m.random.choice(kinds))
    return Refused(m.file(table), "*", "*", "CSV")


@way
def page_in_the_place_of_a_table(m: Mutant) -> Fate:
    table = m.table()
    pages = ["<!DOCTYPE html>\n<html>, </html>\n", '{"a": [1, 2]}\n', "version https://git-lfs\n"]
    m.write_bytes(table, m.random.choice(pages).encode())
    return Refused(m.file(table), 1, m.tables[table][0][0], "missing")


@way
def random_bytes(m: Mutant) -> Fate:
    table = m.table()
    m.write_bytes(table, b"\xff" + m.random.randbytes(m.random.randrange(1, 2000)))
    return Refused(m.file(table), "*", "*", "UTF-8")


@way
def cell_of_megabytes(m: Mutant) -> Fate:
    size = m.random.choice([32_768, 40_000, 131_073, 1_000_000])
    if m.random.random() < 0.05:
        size = 10_000_000
    return m.refuse(FREE_TEXT | KEYS | CLOSED | NUMBERS, [m.random.choice("x9") * size])


# Wrong description


@way
def description_that_is_no_description(m: Mutant) -> Fate:
    texts = [
        "", "text", "- a\n- b\n", "title: [\n", "\t", "{", "a: b: c\n", "title: &a [*a]\n", "0",
        "[" * 5000, "a: !!timestamp x\n", "a: !!int ''\n", "a: !!bool x\n", "a: !!python/none\n",
        "? [a]\n: b\n", "%YAML 9.9\n---\na: b\n", "a: b\n---\na: c\n", "a: \x07\n",
    ]  # fmt: skip
    (m.folder / DESCRIPTION_FILE).write_text(m.random.choice(texts))
    return Refused(f"{m.folder.name}/{DESCRIPTION_FILE}", None, "")


@way
def description_in_another_encoding(m: Mutant) -> Fate:
    text = DESCRIPTION.replace("Fuzzed", "Müller")
    content = text.encode(m.random.choice(["cp1252", "utf-16", "utf-32"]))
    (m.folder / DESCRIPTION_FILE).write_bytes(content)
    return Refused(f"{m.folder.name}/{DESCRIPTION_FILE}", None, "", "UTF-8")


@way
def key_of_the_description_wrong(m: Mutant) -> Fate:
    bombs = "".join(
        f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9) if n else 1}]\n" for n in range(9)
    )
    changes = [
        ("title: Fuzzed", "title: 5"), ("title: Fuzzed", "title: [a]"), ("title", "Title"),
        ("false", "'no'"), ("false", "0"), ("false", "null"), ("own", "Own"), ("own", "[own]"),
        ("licence: none\n", ""), ("licence: none", "licence:"),
        ("title: Fuzzed", "title: 2020-01-01"),
        ("licence: none", "licence: none\nsearch_date: '2020-01-01'"),
        ("licence: none", "licence: none\nsearch_date: 2020-13-01"),
        ("licence: none", "licence: none\nsearch_date: 2020-06-30 10:00:00"),
        ("licence: none", "licence: none\ncolour: red"), ("licence: none", "licence: none\n1: x"),
        ("title: Fuzzed", f"title: 0x{'f' * 5000}"), ("title: Fuzzed", f"title: {'9' * 5000}"),
        ("title: Fuzzed", f"{bombs}title: *x8"), ("title: Fuzzed", "title: !!binary aGk="),
        ("title: Fuzzed", "title: Fuzzed\n" + "y" * 5000 + ": 1"),
        ("title: Fuzzed", 'title: "a\\e[2Jb"'),
    ]  # fmt: skip
    old, new = m.random.choice(changes)
    (m.folder / DESCRIPTION_FILE).write_text(DESCRIPTION.replace(old, new))
    return Refused(f"{m.folder.name}/{DESCRIPTION_FILE}", None, "")


@way
def key_of_the_description_twice(m: Mutant) -> Fate:
    twice = m.random.choice(["synthetic: true\n", "synthetic: false\n", "title: Other\n"])
    (m.folder / DESCRIPTION_FILE).write_text(DESCRIPTION + twice)
    return Refused(f"{m.folder.name}/{DESCRIPTION_FILE}", None, "", "twice")


# Harmless


@way
def harmless_byte_order_mark(m: Mutant) -> Fate:
    table = m.table()
    m.write_bytes(table, m.text(table).encode("utf-8-sig"))
    return Accepted()


@way
def harmless_windows_or_old_line_ends(m: Mutant) -> Fate:
    table = m.table()
    m.write_bytes(
        table, as_csv(m.tables[table], lineterminator=m.random.choice(["\r\n", "\r"])).encode()
    )
    return Accepted()


@way
def harmless_quotes_around_every_cell(m: Mutant) -> Fate:
    table = m.table()
    m.write_bytes(table, as_csv(m.tables[table], quoting=csv.QUOTE_ALL).encode())
    return Accepted()


@way
def harmless_columns_in_another_order(m: Mutant) -> Fate:
    table = m.table()
    order = list(range(len(m.tables[table][0])))
    m.random.shuffle(order)
    m.write_bytes(table, as_csv([[row[n] for n in order] for row in m.tables[table]]).encode())
    return Accepted()


@way
def harmless_end_of_the_file(m: Mutant) -> Fate:
    table = m.table()
    text = m.text(table)
    m.write_bytes(table, m.random.choice([text[:-1], text[:-1] + "\r\n"]).encode())
    return Accepted()


@way
def harmless_other_files_beside(m: Mutant) -> Fate:
    names = [
        "notes.txt",
        ".~lock.patients.csv#",
        "patients (1).csv",
        "Thumbs.db",
        "patients.csv.bak",
    ]
    (m.folder / m.random.choice(names)).write_bytes(m.random.randbytes(99))
    return Accepted()


@way
def harmless_formula_as_text(m: Mutant) -> Fate:
    formulae = [
        "=cmd()", "=1+1", "+1", "-1+1", "@SUM(A1)", '=HYPERLINK("http://x.example";"x")',
        "=cmd|' /C calc'!A0", "'=1", "-", "=", "+49 171", "@drug",
    ]  # fmt: skip
    return m.accept(FREE_TEXT, formulae)


@way
def harmless_page_source_as_text(m: Mutant) -> Fate:
    sources = [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</td></tr></table>",
        "<!-- x", "&lt;b&gt;", "{{ 7 * 7 }}", "{% raw %}", "{eval-rst}`x`", "```{raw} html", "$x$",
        "[a](javascript:alert(1))", "| a | b |", ":::{note}", "\\", "%s %(a)s {0}", "'; DROP TABLE",
        "${HOME}", "`id`", "../../etc/passwd",
    ]  # fmt: skip
    return m.accept(FREE_TEXT, sources)


@way
def harmless_text_of_the_world(m: Mutant) -> Fate:
    texts = [
        "Müller", "王伟", "עברית", "العربية", "Ελληνικά", "👩🏽‍🔬", "a\u200fb", "5 µM ± 1",
        "İstanbul ı", "ﬁ", "x" * 3000, 'a "quoted" word', "a, b; c", "a\nb",
        "nan", "NULL", "None", "TRUE", "007", "1e5", "1,5",
    ]  # fmt: skip
    return m.accept(FREE_TEXT, texts)


@way
def harmless_signs_that_look_the_same(m: Mutant) -> Fate:
    """Forms of one letter, and kinds of space, are read as one."""
    ((place, cell),) = m.accept(FREE_TEXT, ["n\u0303", "a\u00a0b"]).cells.items()
    return Accepted({place: {"n\u0303": "\u00f1", "a\u00a0b": "a b"}[cell]})


@way
def harmless_blank_where_nothing_is_stated(m: Mutant) -> Fate:
    columns = {SOURCES.name: ["first_author", "journal", "title", "doi", "pmid", "note"],
               PATIENTS.name: ["note"], SAMPLES.name: ["other_findings", "vaf_percent", "note"],
               TREATMENTS.name: ["note"]}  # fmt: skip
    return m.accept(columns, [""])


@way
def harmless_number_with_zeros(m: Mutant) -> Fate:
    zeros = m.random.choice(["0", "000", "0" * 400])
    table, row, column = m.cell({PATIENTS.name: ["age_years"], SOURCES.name: ["year"]}, filled=True)
    value = m.get(table, row, column)
    m.put(table, row, column, f"{zeros}{value}")
    return Accepted()


HARMLESS = tuple(name for name in WAYS if name.startswith("harmless"))
