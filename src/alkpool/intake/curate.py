"""Curation: the tables of ``data/`` made from the raw facts in ``data/raw``.

A cell of the curated cohort is either *mechanical* (a raw cell, renamed, re-coded or counted,
always in the same way) or a *decision* (a row of ``decisions.csv`` with its reason). A decision
that names no existing cell, or changes nothing, is an error: the build has no hidden judgement.
The other tables stand in the raw facts in their own form, and are put together.

Run ``python -m alkpool.intake.curate`` to build everything.
"""

import filecmp
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pandas as pd

from alkpool import paths
from alkpool.data import cohort, dictionary, duplicates, laboratory
from alkpool.data.reader import Sheet, Table
from alkpool.data.tables import ASSERTIONS, COHORT_TABLES, INVITRO_TABLES
from alkpool.files import files_in, staged, write_if_changed
from alkpool.intake import adjudicated, check, flatfile, place, raw
from alkpool.intake import groups as published_groups
from alkpool.problems import DataError, refuse_any

COHORT = "cohorts/curated"
# Below data/raw: files that `alkpool add` took, 0001.csv and so on.
ADDED = "added"
CHANGELOG = "CHANGELOG.md"


def build(folder: Path = paths.RAW) -> dict[str, pd.DataFrame]:
    """Build every table that is made from the raw facts.

    Parameters
    ----------
    folder : Path
        Folder of the raw facts.

    Returns
    -------
    dict of str to DataFrame
        Path below ``data/`` to its table, cells as text, sorted by key.

    Raises
    ------
    DataError
        With every decision or raw row that does not fit.
    """
    built = {
        COHORT: curated(folder),
        "invitro": raw.put_together(
            folder / "invitro", INVITRO_TABLES, laboratory.relation_problems
        ),
        "knowledgebases": raw.put_together(folder / "knowledgebases", [ASSERTIONS]),
        "groups": published_groups.build(folder),
    }
    return {
        f"{where}/{table.file}": raw.in_order(table, frame)
        for where, tables in built.items()
        for table, frame in tables
    }


def curated(folder: Path = paths.RAW) -> list[tuple[Table, pd.DataFrame]]:
    """Build the tables of the curated cohort: the adjudicated records, then every added file.

    Raises
    ------
    DataError
        With every decision, raw row or added row that does not fit.
    """
    tables = adjudicated.build(folder / "curated")
    for sheet in _added(folder):
        tables = place.merge(tables, place.fit(sheet, tables))
    return [(table, raw.in_order(table, tables[table.name])) for table in COHORT_TABLES]


def description(folder: Path = paths.RAW) -> str:
    """Write the description of the curated cohort, with the pairs that added files tell apart."""
    text = (folder / "curated" / cohort.DESCRIPTION_FILE).read_text("utf-8")
    pairs = {pair for sheet in _added(folder) for pair in place.distinct(sheet.cells)}
    return duplicates.with_distinct(text, sorted(pairs))


def _added(folder: Path) -> Iterator[Sheet]:
    """Read the files that `alkpool add` took, in their order."""
    for path in sorted((folder / ADDED).glob("*.csv")):
        yield flatfile.read(path, accepted=True)


def files(data: Path) -> dict[str, str]:
    """Build everything that is generated below a data folder, put it there, and check it.

    Parameters
    ----------
    data : Path
        A copy of the data folder (`alkpool.files.staged`): its raw facts are built from, and its
        other CSV files are described.

    Returns
    -------
    dict of str to str
        Path below ``data/`` to its text: the built tables and the description of the curated
        cohort, the data dictionary, the data package descriptor, and the changelog of added files
        without those that are there no more.

    Raises
    ------
    DataError
        With every problem of the decisions or of the built tables.
    """
    built = {
        name: frame.to_csv(index=False, lineterminator="\n")
        for name, frame in build(data / "raw").items()
    }
    built[f"{COHORT}/{cohort.DESCRIPTION_FILE}"] = description(data / "raw")
    _write(data, built)
    problems = cohort.check(data / COHORT)
    problems += check.folder_problems(data, check.FOLDERS, say=lambda _: None)
    refuse_any(problems or check.article_problems(data))
    contents = {place: path.read_bytes() for place, path in files_in(data, "*.csv").items()}
    documents = {
        "README.md": dictionary.data_dictionary(),
        "datapackage.json": dictionary.data_package(contents, _cohorts(data / "cohorts")),
    }
    changelog = data / "raw" / ADDED / CHANGELOG
    if changelog.is_file():
        text = changelog.read_text("utf-8")
        for number, entry in entries(text).items():
            if not changelog.with_name(f"{number}.csv").is_file():
                text = text.replace(f"## {number}, {entry}", "")
        documents[changelog.relative_to(data).as_posix()] = text
    _write(data, documents)
    return built | documents


def _write(data: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        write_if_changed(data / name, text.encode())


def entries(changelog: str) -> dict[str, str]:
    """Entries of the changelog of additions, by number, the newest first."""
    _, *parts = re.split(r"^## ([0-9]+), ", changelog, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _cohorts(folder: Path) -> dict[str, str]:
    """Say of each cohort what it is, and of a synthetic one that its rows are not patients."""
    said = {}
    for path in sorted(folder.glob(f"*/{cohort.DESCRIPTION_FILE}")):
        meta, problems = cohort.read_meta(path, path.relative_to(folder).as_posix())
        if meta is None:
            raise DataError(problems)
        said[path.parent.name] = meta.title + " (synthetic rows, not patients)" * meta.synthetic
    return said


def main() -> int:
    """Build the data, all or nothing.

    Returns
    -------
    int
        0 done, 1 the data are wrong.
    """
    try:
        with staged(paths.DATA) as stage:
            built = files(stage)
            unchanged, _, _ = filecmp.cmpfiles(paths.DATA, stage, built, shallow=False)
    except (DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    for name in built:
        print(f"data/{name}: {'unchanged' if name in unchanged else 'written'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
