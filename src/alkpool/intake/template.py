"""The empty flat file that a person fills in: a workbook with drop-downs, or a CSV file."""

import io
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from alkpool import paths
from alkpool.data import tables
from alkpool.data.cohort import DESCRIPTION_FILE
from alkpool.files import write_atomically, write_if_changed, yaml_beside
from alkpool.intake import flatfile
from alkpool.intake.flatfile import COLUMNS, FIELDS, NOT_DUPLICATE, REQUIRED, SHEET
from alkpool.problems import refuse
from alkpool.vocabulary import UNKNOWN

# Rows with drop-downs and text format; more can be filled in, without them.
PREPARED_ROWS = 500

# What the template says beside the schemas, and its example row.
_SAYS: Mapping[str, Any] = yaml_beside(__file__)
# Name and colour of each table's columns.
_TITLES: Mapping[str, tuple[str, str]] = _SAYS["titles"]


def choices() -> dict[str, list[str]]:
    """Allowed values of each column that has a list of them."""
    listed = {field.name: list(field.terms) for field in FIELDS if field.terms}
    known = list(tables.inhibitors()["inhibitor"])
    return listed | {"resistance_on": [*known, UNKNOWN], "inhibitor": known}


def explanations() -> list[tuple[str, ...]]:
    """Say of each column: part, name, meaning, what is allowed, unit, and what a blank means."""
    rows = {}
    for field in FIELDS:
        meta = field.schema.metadata or {}
        allowed = _SAYS["allowed"].get(field.name, meta["allowed"].removeprefix("must be "))
        blank = "Must be filled in for what is new." if field.name in REQUIRED else ""
        if UNKNOWN in (*field.terms, *allowed.split()):
            blank = f"Blank: {UNKNOWN}."
        blank = _SAYS["when_blank"].get(field.name, blank)
        says = str(field.schema.description), allowed, str(meta.get("unit", "")), blank
        rows[field.name] = (_TITLES[field.table.name][0], field.name, *says)
    rows[NOT_DUPLICATE] = (_TITLES["patients"][0], NOT_DUPLICATE, *_SAYS["not_duplicate_of"])
    return [rows[name] for name in COLUMNS]


def _example() -> pd.DataFrame:
    return pd.DataFrame([_SAYS["example"]], columns=list(COLUMNS))


def to_csv() -> bytes:
    """Write header and example row."""
    return flatfile.to_csv(_example()).encode()


def to_workbook() -> bytes:
    """Write the sheets ``cases``, ``explanations`` and ``choices``."""
    explained = pd.DataFrame(explanations(), columns=list(_SAYS["widths"])).style
    explained.map(lambda _: "white-space: normal; vertical-align: top")
    explained.map_index(lambda _: "font-weight: bold", axis="columns")
    above = _SAYS["introduction"]
    listed = pd.DataFrame({name: pd.Series(terms) for name, terms in choices().items()})
    packed = io.BytesIO()
    with pd.ExcelWriter(packed, engine="openpyxl") as book:
        _example().to_excel(book, sheet_name=SHEET, index=False)
        explained.to_excel(book, sheet_name="explanations", index=False, startrow=len(above) + 1)
        listed.to_excel(book, sheet_name="choices", index=False)
        _prepare(book.sheets[SHEET])
        sheet = book.sheets["explanations"]
        for row, line in enumerate(above, start=1):
            sheet.cell(row, 1, line)
        for place, width in enumerate(_SAYS["widths"].values(), start=1):
            sheet.column_dimensions[get_column_letter(place)].width = width
    return packed.getvalue()


def _prepare(sheet: Worksheet) -> None:
    colours = dict(_TITLES.values())
    lists = choices()
    for part, name, *_ in explanations():
        place = COLUMNS.index(name) + 1
        letter = get_column_letter(place)
        # As text, or a spreadsheet makes dates of what looks like one.
        for row in range(2, PREPARED_ROWS + 2):
            sheet.cell(row, place).number_format = "@"
        sheet.cell(1, place).font = Font(bold=True)
        sheet.cell(1, place).fill = PatternFill("solid", start_color=colours[part])
        sheet.cell(2, place).font = Font(italic=True, color="FF666666")
        sheet.column_dimensions[letter].width = max(12, len(name) + 3)
        if name in lists:
            column = get_column_letter(list(lists).index(name) + 1)
            rule = DataValidation(
                type="list", formula1=f"choices!${column}$2:${column}${len(lists[name]) + 1}",
                allow_blank=True, showErrorMessage=True, errorTitle=name,
                error="Choose one of the list, or leave the cell blank.",
            )  # fmt: skip
            rule.add(f"{letter}2:{letter}{PREPARED_ROWS + 1}")
            sheet.add_data_validation(rule)
    sheet.freeze_panes = "A2"


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
