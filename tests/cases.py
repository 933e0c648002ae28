"""Flat files of new cases for tests. The people in them are made up."""

import contextlib
import csv
import io
import shutil
import subprocess
import sys
from pathlib import Path
from unittest import mock

from openpyxl import Workbook

from alkpool import cli, paths
from alkpool.data.reader import read_text
from alkpool.data.tables import COHORT_TABLES
from alkpool.intake import flatfile

CASE = {
    "study_type": "case_report", "first_author": "Test A", "year": "2024", "doi": "10.0000/test",
    "age_years": "50", "sex": "female", "fusion_partner": "EML4", "fusion_variant": "V1",
    "sample_order": "1", "specimen": "tissue", "resistance_on": "alectinib",
    "prior_inhibitors": "alectinib", "mutations": "G1202R", "sample_locator": "Table 1, row 2",
    "line_number": "2", "inhibitor": "lorlatinib", "monotherapy": "yes", "best_response": "PR",
    "pfs_relation": "=", "pfs_months": "8", "treatment_status": "ended",
}  # fmt: skip


def case(**cells: str) -> dict[str, str]:
    return CASE | cells


def write_csv(path: Path, *rows: dict[str, str]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, flatfile.COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_workbook(path: Path, *rows: dict[str, object], title: str = "cases") -> Path:
    book = Workbook()
    sheet = book.active
    sheet.title = title
    sheet.append(list(flatfile.COLUMNS))
    for row in rows:
        sheet.append([row.get(name) for name in flatfile.COLUMNS])
    book.save(path)
    return path


def own_cohort(folder: Path) -> Path:
    """Copy of the curated cohort as one of somebody's own."""
    shutil.copytree(paths.COHORTS / "curated", folder, copy_function=shutil.copyfile)
    description = folder / "cohort.yaml"
    description.write_text(description.read_text("utf-8").replace("kind: curated", "kind: own"))
    return folder


def tables(folder: Path):
    return {table.name: read_text(folder / table.file, table, table.file)[0]
            for table in COHORT_TABLES}  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        # What Python compiles of a module it imports is no content.
        if path.is_file() and path.suffix != ".pyc"
    }


def alkpool(*arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a command as its executable does, in this process: starting one takes seconds."""
    streams = [io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2)]
    command = ["alkpool", *map(str, arguments)]
    code = 0
    with (
        mock.patch.object(sys, "argv", command),
        mock.patch.dict("os.environ", {"COLUMNS": "120"}),
        contextlib.redirect_stdout(streams[0]),
        contextlib.redirect_stderr(streams[1]),
    ):
        try:
            cli.main()
        except SystemExit as stopped:
            code = int(stopped.code or 0)
    printed = [stream.buffer.getvalue().decode() for stream in streams]  # type: ignore[attr-defined]
    return subprocess.CompletedProcess(command, code, *printed)
