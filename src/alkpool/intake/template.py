"""The empty flat file that a person fills in: a workbook with drop-downs, or a CSV file."""

import csv
import io
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from alkpool import paths
from alkpool.data import tables
from alkpool.data.cohort import DESCRIPTION_FILE
from alkpool.files import write_atomically, write_if_changed, yaml_beside
from alkpool.intake.flatfile import (
    COLUMNS,
    FIELDS,
    NOT_DUPLICATE,
    REQUIRED,
    SHEET,
)
from alkpool.problems import refuse
from alkpool.vocabulary import UNKNOWN

# Rows with drop-downs and text format; more can be filled in, without them.
PREPARED_ROWS = 500

# What the template says beside the schemas, and its example row.
_SAYS: Mapping[str, Any] = yaml_beside(__file__)
_EXAMPLE_ROW: Mapping[str, str] = _SAYS["example"]
# Name and colour of each table's columns.
_TITLES: Mapping[str, tuple[str, str]] = _SAYS["titles"]


def choices() -> dict[str, list[str]]:
    """Allowed values of each column that has a list of them."""
    listed = {field.name: list(field.terms) for field in FIELDS if field.terms}
    known = list(tables.inhibitors()["inhibitor"])
    return listed | {"resistance_on": [*known, UNKNOWN], "inhibitor": known}


def explanations() -> list[tuple[str, str, str, str, str, str]]:
    """Say of each column: part, name, meaning, what is allowed, unit, and what a blank means."""
    rows = {}
    for field in FIELDS:
        meta = field.schema.metadata or {}
        allowed = str(meta["allowed"]).removeprefix("must be ")
        if field.name == "mutations":
            allowed = "one or more mutations in any usual spelling, as G1202R or L1196M+G1202R"
        blank = _SAYS["when_blank"].get(field.name, "")
        if not blank and UNKNOWN in (*field.terms, *allowed.split()):
            blank = f"Blank: {UNKNOWN}."
        if field.name in REQUIRED and not blank:
            blank = "Must be filled in for what is new."
        rows[field.name] = (
            _TITLES[field.table.name][0], field.name, str(field.schema.description), allowed,
            str(meta.get("unit", "")), blank,
        )  # fmt: skip
    rows[NOT_DUPLICATE] = (_TITLES["patients"][0], NOT_DUPLICATE, *_SAYS["not_duplicate_of"])
    return [rows[name] for name in COLUMNS]


def to_csv() -> bytes:
    """Write header and example row."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(
        [COLUMNS, [_EXAMPLE_ROW.get(name, "") for name in COLUMNS]]
    )
    return text.getvalue().encode()


def to_workbook() -> bytes:
    """Write the sheets ``cases``, ``explanations`` and ``choices``."""
    book = Workbook()
    cases = book.active
    cases.title = SHEET
    explained, listed = book.create_sheet("explanations"), book.create_sheet("choices")
    for place, (name, values) in enumerate(choices().items(), start=1):
        for row, value in enumerate([name, *values], start=1):
            listed.cell(row, place, value)
    _fill_cases(cases)
    _fill_explanations(explained)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _fill_cases(sheet: Worksheet) -> None:
    parts = {row[1]: row[0] for row in explanations()}
    colours = dict(_TITLES.values())
    lists = choices()
    for place, name in enumerate(COLUMNS, start=1):
        letter = get_column_letter(place)
        heading = sheet.cell(1, place, name)
        heading.font = Font(bold=True)
        heading.fill = PatternFill("solid", start_color=colours[parts[name]])
        sheet.column_dimensions[letter].width = max(12, len(name) + 3)
        example = sheet.cell(2, place, _EXAMPLE_ROW.get(name))
        example.font = Font(italic=True, color="FF666666")
        # As text, or a spreadsheet makes dates of what looks like one.
        for row in range(2, PREPARED_ROWS + 2):
            sheet.cell(row, place).number_format = "@"
        if name in lists:
            column = get_column_letter(list(lists).index(name) + 1)
            cells = f"choices!${column}$2:${column}${len(lists[name]) + 1}"
            rule = DataValidation(
                type="list", formula1=cells, allow_blank=True, showErrorMessage=True,
                errorTitle=name, error="Choose one of the list, or leave the cell blank.",
            )  # fmt: skip
            rule.add(f"{letter}2:{letter}{PREPARED_ROWS + 1}")
            sheet.add_data_validation(rule)
    sheet.freeze_panes = "A2"


def _fill_explanations(sheet: Worksheet) -> None:
    for line in _SAYS["introduction"]:
        sheet.append([line])
    sheet.append([])
    sheet.append(["part", "column", "meaning", "allowed", "unit", "blank"])
    for cell in sheet[sheet.max_row]:
        cell.font = Font(bold=True)
    for row in explanations():
        sheet.append(row)
    for letter, width in zip("ABCDEF", (22, 20, 60, 60, 10, 50), strict=True):
        sheet.column_dimensions[letter].width = width
    for row in sheet.iter_rows(min_row=len(_SAYS["introduction"]) + 2):
        for cell in row:
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def write(path: Path) -> None:
    """Write the template that the suffix asks for: all of it, or nothing.

    Raises
    ------
    FileExistsError
        Where there is such a file: it may hold cases.
    """
    content = to_csv() if path.suffix.lower() == ".csv" else to_workbook()
    # Takes the name, which nobody else can then take.
    path.open("xb").close()
    try:
        write_if_changed(path, content)
    except BaseException:
        path.unlink()
        raise


def start_cohort(folder: Path) -> None:
    """Make the folder of an own cohort, its description and its four tables without rows.

    Only its owner can read it.

    Raises
    ------
    DataError
        Where there is such a folder, its name will not do, or it would lie in the project.
    """
    if folder.resolve().is_relative_to(paths.HOME.resolve()):
        refuse(str(folder), "lies in this project, whose files are shared: name one outside")
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        refuse(str(folder), "is there already")
    try:
        if wrong := paths.name_problem(folder.resolve()):
            refuse(str(folder), wrong)
        write_atomically(folder / DESCRIPTION_FILE, _SAYS["description"])
        for table in tables.COHORT_TABLES:
            write_atomically(folder / table.file, ",".join(table.columns) + "\n")
    except BaseException:
        shutil.rmtree(folder)
        raise
