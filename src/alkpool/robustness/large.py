"""The multiverse of a cohort of any size, on this machine or on a Dask cluster.

A large cohort is a folder of *partitions*, ``part-*``, each with the tables of some patients as
Parquet files. Dask counts what no choice tells apart, one partition at a time, and the multiverse
answers from the counts; no partition need be in memory with another.
"""

import argparse
import logging
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
from dask.distributed import Client

from alkpool import paths
from alkpool.data import cohort as cohorts
from alkpool.data import laboratory
from alkpool.data.cohort import Cohort
from alkpool.data.reader import Table, cell_problems, flagged, references_between, unknown_keys
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.files import write_atomically
from alkpool.problems import DataError, Problem, counted, whole_from
from alkpool.robustness.choices import Grid, grid
from alkpool.robustness.multiverse import KEYS, Multiverse, add, tally

# Columns that a tally reads; the others of a partition stay on disk.
NEEDED = {
    SOURCES.name: ["source_id", "study_type", "sampling", "status"],
    PATIENTS.name: ["patient_id", "source_id", "status"],
    SAMPLES.name: [
        "sample_id", "patient_id", "sample_order", "specimen", "resistance_on", "mutations",
        "phase", "note",
    ],
    TREATMENTS.name: [
        "treatment_id", "sample_id", "line_number", "lines_since_sample", "inhibitor",
        "monotherapy", "best_response", "pfs_relation", "pfs_months", "dot_relation",
        "dot_months", "status", "note",
    ],
}  # fmt: skip


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of `client`."""
    parser.add_argument(
        "--scheduler", type=_address, help="address of a Dask scheduler; default: this machine"
    )
    parser.add_argument(
        "--workers", type=whole_from(1), default=os.cpu_count(), help="on this machine"
    )


def _address(text: str) -> str:
    if not re.fullmatch(r"(tcp|tls|ws|wss)://(\[[0-9a-f:]+\]|[^\s/:]+):[1-9][0-9]{0,4}", text):
        allowed = "must be the address of a Dask scheduler, such as tcp://host:8786"
        raise argparse.ArgumentTypeError(f"found {text!r}; {allowed}")
    return text


@contextmanager
def client(scheduler: str | None, workers: int | None) -> Iterator[Client]:
    """Connect to a Dask scheduler, or start one that only this process can use.

    Raises
    ------
    ConnectionError
        Where there is no scheduler at the address.
    """
    local: dict[str, Any] = {
        "n_workers": workers, "threads_per_worker": 1, "memory_limit": 0,
        "dashboard_address": "127.0.0.1:0", "silence_logs": logging.CRITICAL,
        # Without it every user of the machine could run code in the workers.
        "security": True,
    }  # fmt: skip
    try:
        connected = Client(scheduler) if scheduler else Client(**local)
    except (OSError, ValueError) as error:
        raise ConnectionError(
            f"--scheduler {scheduler}: {error}; must be the address of a running Dask "
            "scheduler, such as tcp://host:8786"
        ) from error
    with connected:
        yield connected


def partitions(folder: Path) -> list[Path]:
    """Partitions of a cohort, in order; none where it is a folder of CSV files."""
    return sorted(path for path in folder.glob("part-*") if path.is_dir())


def described(folder: Path) -> Cohort:
    """Description and sources of a cohort of partitions, without patients.

    Raises
    ------
    DataError
        Where one of them is missing or wrong.
    """
    file = f"{folder.name}/{cohorts.DESCRIPTION_FILE}"
    meta, problems = cohorts.read_meta(folder / cohorts.DESCRIPTION_FILE, file)
    sources = _read(folder, SOURCES, folder.name, problems)
    if problems or meta is None:
        raise _refused(problems)
    patients, samples, treatments = (
        table.typed(pd.DataFrame(columns=table.columns, dtype=str))
        for table in (PATIENTS, SAMPLES, TREATMENTS)
    )
    return Cohort(folder.name, sources, patients, samples, treatments, meta, folder)


def read_partition(folder: Path, cohort: Cohort) -> Cohort:
    """Read what a tally needs of one partition of a cohort.

    Raises
    ------
    DataError
        Where a column is missing, a value is outside its vocabulary, a patient, sample or line
        stands twice, or a sample or line belongs to nobody in the partition.
    """
    label, problems = f"{folder.parent.name}/{folder.name}", list[Problem]()
    frames = {
        table.name: _read(folder, table, label, problems)
        for table in (PATIENTS, SAMPLES, TREATMENTS)
    }
    known = {SOURCES.name: cohort.sources} | frames
    if not problems:
        for table, column, other in references_between(COHORT_TABLES):
            rows, file, (key,) = frames[table.name], f"{label}/{table.name}.parquet", table.key
            once = rows.drop_duplicates(column)
            where = other.name + ("" if other is SOURCES else " of the partition")
            problems += unknown_keys(once, column, file, known[other.name][column], where)
            twice = rows[key].duplicated()
            problems += flagged(rows, twice, key, file, "stands twice; must be unique")
    if problems:
        raise _refused(problems)
    patients, samples, treatments = frames.values()
    return replace(cohort, patients=patients, samples=samples, treatments=treatments)


def _read(folder: Path, table: Table, label: str, problems: list[Problem]) -> pd.DataFrame:
    """Read the needed columns of a Parquet file, and add what is wrong with its values."""
    file, columns = f"{label}/{table.name}.parquet", NEEDED[table.name]
    try:
        frame = pd.read_parquet(folder / f"{table.name}.parquet", columns=columns)
    # Arrow says in one of these what is wrong with a file.
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        problems.append(Problem(file, None, "", "", f"cannot be read ({reason})"))
        return pd.DataFrame(columns=columns)
    for column in columns:
        if not column.endswith("_id"):
            cells = frame[column].drop_duplicates().astype(str).fillna("")
            if column in table.numbers:
                cells = cells.str.removesuffix(".0")
            different = cells.reset_index(drop=True).to_frame()
            problems += cell_problems(different, table.part([column]), file)
    return frame


def _refused(problems: list[Problem]) -> DataError:
    """Error of a file whose rows have no numbers that a person could look up."""
    return DataError([replace(problem, row=None) for problem in problems])


def tally_partition(folder: Path, cohort: Cohort, choices: Grid) -> pd.DataFrame:
    """Tally of one partition."""
    return tally(read_partition(folder, cohort), choices)


def tallied(folder: Path, choices: Grid) -> tuple[Cohort, pd.DataFrame]:
    """Tally a cohort of partitions, with the Dask client that is connected.

    Parameters
    ----------
    folder : Path
        The cohort; workers elsewhere see it under the same path.
    choices : Grid
        Of the multiverse.

    Returns
    -------
    Cohort
        Without patients.
    DataFrame
        The tally of all partitions.

    Raises
    ------
    DataError
        Where a partition is wrong, or a patient is in two.
    """
    import dask.dataframe as dd

    cohort, parts = described(folder), partitions(folder)
    none = tally(cohort, choices)
    parted = dd.from_map(tally_partition, parts, cohort=cohort, choices=choices, meta=none)
    total = parted.groupby(KEYS)["n"].sum().compute().reset_index()
    if problems := split_patients(folder):
        raise DataError(problems)
    return cohort, add([total])


def split_patients(folder: Path) -> list[Problem]:
    """Find patients whose rows are in more than one partition, where they would count twice."""
    import dask.dataframe as dd

    files = [part / f"{PATIENTS.name}.parquet" for part in partitions(folder)]
    ids = dd.read_parquet(files, columns=["patient_id"])["patient_id"].astype(str)
    times = ids.value_counts(split_out=len(files))
    twice = times[times > 1].compute().sort_index()
    others = f", and {len(twice) - 1} more" if len(twice) > 1 else ""
    allowed = f"is in several partitions{others}; all rows of a patient must be in one partition"
    return [
        Problem(folder.name, None, "patient_id", str(name), allowed) for name in twice.index[:1]
    ]


def write(cohort: Cohort, total: pd.DataFrame, choices: Grid, count: int, folder: Path) -> None:
    """Write the answers of drawn universes, and what they say of each cell and of each choice.

    Every row of a synthetic cohort says that it is.
    """
    every = Multiverse(total, choices, laboratory.load_for(cohort))
    drawn = every.answer(choices.universes(choices.sample(count)))
    counts = [drawn.universes, drawn.k.add_suffix(" k"), drawn.n.add_suffix(" n")]
    tables = {
        "universes": pd.concat(counts, axis=1).reset_index(),
        "stability": every.stability(drawn),
        "influence": every.influence(drawn),
    }
    mark = {"synthetic": "yes"} if cohort.synthetic else {}
    for name, table in tables.items():
        text = table.assign(**mark).to_csv(index=False, float_format="%.6g", lineterminator="\n")
        write_atomically(folder / f"{name}.csv", text)


def main(arguments: list[str] | None = None) -> int:
    """Answer many combinations of choices for a cohort of any size."""
    parser = argparse.ArgumentParser(
        prog="python -m alkpool.robustness.large", description=main.__doc__
    )
    parser.add_argument("cohort", type=Path, metavar="COHORT", help="folder of partitions, part-*")
    parser.add_argument(
        "--universes", type=whole_from(1), default=10_000, metavar="N",
        help="draw so many from the grid; default: %(default)s",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, default=paths.BUILD / "sweep")
    add_options(parser)
    options = parser.parse_args(arguments)
    folder = options.cohort.resolve()
    if not partitions(folder):
        parser.error(f"{options.cohort} has no partitions; must be a folder with part-00000 in it")
    choices = grid()
    try:
        with client(options.scheduler, options.workers):
            cohort, total = tallied(folder, choices)
        write(cohort, total, choices, options.universes, options.output / folder.name)
    # Wrong data, no scheduler at the address, or a disk that cannot be written.
    except (DataError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    units = total.groupby("unit")["n"].sum().reindex(["sample", "line"], fill_value=0)
    size = " and ".join(counted(n, str(unit)) for unit, n in units.items())
    print(
        f"{cohort.name}: {min(options.universes, choices.size):,} of {choices.size:,} universes "
        f"of {size}; answers: {options.output / folder.name}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
