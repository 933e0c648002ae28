"""Flat files of new cases for tests. The people in them are made up."""

import csv
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

from openpyxl import Workbook

from alkpool import files, paths
from alkpool.data.reader import read_text
from alkpool.data.tables import COHORT_TABLES
from alkpool.intake import add as additions
from alkpool.intake import flatfile

# Places of a checkout that tests move.
MOVED = ("HOME", "DATA", "COHORTS", "RAW")
_FORKS = multiprocessing.get_context("forkserver")

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
    return {table.name: read_text(folder / table.file, table, table.file).cells
            for table in COHORT_TABLES}  # fmt: skip


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        # What Python compiles of a module it imports is no content.
        if path.is_file() and path.suffix != ".pyc"
    }


def add(file: Path | str, folder: Path | str) -> str:
    place = additions.target(str(folder))
    with additions.alone(place):
        return additions.commit(additions.plan(Path(file), place))


def _added(file: Path, folder: Path, places: dict[str, Path], where: str | None) -> None:
    def die(*arguments: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    for name, place in places.items():
        setattr(paths, name, place)
    if where == "after":
        exchange = files.exchange
        files.exchange = lambda *names: (exchange(*names), die())
        files.shutil.rmtree = lambda *names, **more: None
    elif where is not None:
        setattr(files if where == "exchange" else additions, where, die)
    add(file, folder)


def adding(file: Path, folder: Path | str, where: str | None = None) -> Callable[[], int]:
    """Add a file in a process of its own, which kills itself at a place of the code.

    What waits for it gives its exit code. The process comes from one that has loaded the package.
    """
    _FORKS.set_forkserver_preload(["alkpool.intake.add"])
    places = {name: getattr(paths, name) for name in MOVED}
    process = _FORKS.Process(target=_added, args=(file, folder, places, where))
    process.start()

    def ended() -> int:
        process.join()
        return process.exitcode

    return ended
