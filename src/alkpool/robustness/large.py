"""The multiverse of a cohort of any size, on this machine or on a Dask cluster.

A large cohort is a folder of *partitions*, ``part-*``, each with the tables of some patients as
Parquet files. No partition need be in memory with another: each is reduced to its tally, a job of
its own, and the tallies add up.
"""

import argparse
import math
import os
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

from alkpool import paths
from alkpool.data import cohort as cohorts
from alkpool.data import laboratory
from alkpool.data.cohort import Cohort
from alkpool.data.columns import MAX_MONTHS
from alkpool.data.laboratory import InVitro
from alkpool.data.reader import Table, cell_problems, is_among
from alkpool.data.tables import PATIENTS, SAMPLES, SOURCES, SYNTHETIC_CALLS, TREATMENTS
from alkpool.files import locked, write_atomically, write_if_changed
from alkpool.problems import DataError, Problem
from alkpool.robustness import jobs, multiverse
from alkpool.robustness.choices import CHOICES, Choice, Grid, Level, grid
from alkpool.robustness.jobs import Job
from alkpool.robustness.multiverse import Integers, Multiverse
from alkpool.robustness.tallies import add, tally

PARTITIONS = "part-*"
UNIVERSES = 10_000
# Universes of one job: some seconds of work, some megabytes of result.
PER_JOB = 50_000
# Names the cohort whose answers a folder holds.
OWNER = "cohort.txt"

# Columns that a tally reads; the others of a partition stay on disk.
NEEDED = {
    SOURCES.name: ["source_id", "study_type"],
    PATIENTS.name: ["patient_id", "source_id", "status"],
    SAMPLES.name: ["sample_id", "patient_id", "specimen", "resistance_on", "mutations", "phase"],
    TREATMENTS.name: [
        "sample_id", "inhibitor", "monotherapy", "best_response", "pfs_relation", "pfs_months",
        "dot_relation", "dot_months", "status",
    ],
}  # fmt: skip


def partitions(folder: Path) -> list[Path]:
    """Partitions of a cohort, in order; none where it is a folder of CSV files."""
    return sorted(path for path in folder.glob(PARTITIONS) if path.is_dir())


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
        raise DataError(problems)
    nothing = {
        table.name: pd.DataFrame(columns=NEEDED[table.name])
        for table in (PATIENTS, SAMPLES, TREATMENTS)
    }
    return Cohort(name=folder.name, meta=meta, folder=folder, sources=sources, **nothing)


def read_partition(folder: Path, cohort: Cohort) -> Cohort:
    """Read what a tally needs of one partition of a cohort.

    Raises
    ------
    DataError
        Where a column is missing, a value is outside its vocabulary, a patient or sample stands
        twice, or a sample or line belongs to nobody in the partition.
    """
    label = f"{folder.parent.name}/{folder.name}"
    problems: list[Problem] = []
    patients, samples, treatments = (
        _read(folder, table, label, problems) for table in (PATIENTS, SAMPLES, TREATMENTS)
    )
    for frame, table, column, known, where in (
        (patients, PATIENTS, "source_id", cohort.sources, "sources"),
        (samples, SAMPLES, "patient_id", patients, "patients of the partition"),
        (treatments, TREATMENTS, "sample_id", samples, "samples of the partition"),
    ):
        if not problems:
            dangling = frame.loc[~is_among(frame[column], known[column]), column]
            problems += [
                Problem(f"{label}/{table.name}.parquet", None, column, str(value),
                        f"must be one of the {where}")
                for value in dangling.drop_duplicates()
            ]  # fmt: skip
    for frame, table, column in (
        (patients, PATIENTS, "patient_id"),
        (samples, SAMPLES, "sample_id"),
    ):
        twice = frame.loc[frame[column].duplicated(), column]
        problems += [
            Problem(f"{label}/{table.name}.parquet", None, column, str(value),
                    "stands twice; must be unique")
            for value in twice.drop_duplicates()
        ]  # fmt: skip
    if problems:
        raise DataError(problems)
    return replace(cohort, patients=patients, samples=samples, treatments=treatments)


def _read(folder: Path, table: Table, label: str, problems: list[Problem]) -> pd.DataFrame:
    """Read the needed columns of a Parquet file, and add what is wrong with its values."""
    file, columns = f"{label}/{table.name}.parquet", NEEDED[table.name]
    try:
        frame = pd.read_parquet(folder / f"{table.name}.parquet", columns=columns)
    # Arrow says in one of these what is wrong with a file.
    except (OSError, ValueError) as error:
        problems.append(
            Problem(file, None, "", "", f"cannot be read ({str(error).splitlines()[0]})")
        )
        return pd.DataFrame(columns=columns)
    for column in columns:
        if column in table.decimals:
            months = frame[column]
            strange = months[months.notna() & ~months.between(0, MAX_MONTHS)]
            problems += [
                Problem(
                    file, None, column, f"{value:g}", f"must be a number from 0 to {MAX_MONTHS}"
                )
                for value in strange.drop_duplicates()
            ]
        elif not column.endswith("_id"):
            alone = replace(table, schema=table.schema.select_columns([column]), key=())
            values = pd.DataFrame({column: frame[column].drop_duplicates().astype(str)})
            problems += [
                replace(problem, row=None)
                for problem in cell_problems(values.reset_index(drop=True), alone, file)
            ]
    return frame


def tally_partition(folder: Path, cohort: Cohort, choices: Grid) -> pd.DataFrame:
    """Tally of one partition; the work of a job."""
    return tally(read_partition(folder, cohort), choices)


def patient_hashes(folder: Path) -> pd.DataFrame:
    """Hashes of the patients of one partition, eight bytes each; the work of a job."""
    problems: list[Problem] = []
    patients = _read(folder, PATIENTS, f"{folder.parent.name}/{folder.name}", problems)
    if problems:
        raise DataError(problems)
    return pd.DataFrame({"patient": _hashes(patients["patient_id"])})


def _hashes(ids: pd.Series) -> NDArray[np.uint64]:
    return np.asarray(pd.util.hash_pandas_object(ids.astype(str), index=False), dtype=np.uint64)


def split_patients(parts: Sequence[Path], hashed: Iterable[pd.DataFrame]) -> list[Problem]:
    """Find patients whose rows are in more than one partition, where they would count twice.

    Parameters
    ----------
    parts : sequence of Path
        Partitions.
    hashed : iterable of DataFrame
        From `patient_hashes`, of each. Ids are read again only where hashes are equal.

    Returns
    -------
    list of Problem
        One for each partition that repeats patients of earlier ones.
    """
    hashes = np.concatenate([each["patient"].to_numpy() for each in hashed])
    hashes.sort()
    again = np.unique(hashes[1:][hashes[1:] == hashes[:-1]])
    first: dict[str, str] = {}
    problems = []
    for part in parts if len(again) else ():
        file = part / f"{PATIENTS.name}.parquet"
        ids = pd.read_parquet(file, columns=["patient_id"])["patient_id"].astype(str)
        suspected = ids[np.isin(_hashes(ids), again)]
        split = [name for name in suspected if first.setdefault(name, part.name) != part.name]
        if split:
            problems.append(
                Problem(
                    f"{part.parent.name}/{part.name}/{file.name}", None, "patient_id", split[0],
                    f"is in {first[split[0]]} too; patients of this file that stand in earlier "
                    f"ones: {len(split)}; all rows of a patient must be in one partition",
                )
            )  # fmt: skip
    return problems


def tallied(
    folder: Path, choices: Grid, kept: Path, *, scheduler: str | None = None, workers: int = 1
) -> tuple[Cohort, pd.DataFrame]:
    """Tally a cohort of partitions, each a job.

    Parameters
    ----------
    folder : Path
        The cohort; workers elsewhere see it under the same path.
    choices : Grid
        Of the multiverse.
    kept : Path
        Where finished tallies are kept.
    scheduler, workers
        See `alkpool.robustness.jobs.run`.

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
    cohort, code = described(folder), Path(__file__).parent.glob("*.py")
    shared = jobs.fingerprint([*code, folder / f"{SOURCES.name}.parquet"], repr(choices))
    parts = partitions(folder)
    keys = [f"{part.name}-{jobs.fingerprint(part.glob('*.parquet'), shared)}" for part in parts]
    named = list(zip(keys, parts, strict=True))
    # Tallies first: what is wrong with any table of a partition is told before anything is kept.
    work = [Job(key, partial(tally_partition, part, cohort, choices)) for key, part in named]
    work += [Job(f"patients-{key}", partial(patient_hashes, part)) for key, part in named]
    results = jobs.run(work, kept, scheduler=scheduler, workers=workers)
    total = add(islice(results, len(parts)))
    if problems := split_patients(parts, results):
        raise DataError(problems)
    return cohort, total


def laboratory_of(cohort: Cohort) -> InVitro | None:
    """In vitro tables that belong to a cohort; a synthetic one may have none."""
    folder = cohort.folder or paths.COHORTS / cohort.name
    if cohort.synthetic and not (folder / SYNTHETIC_CALLS.file).is_file():
        return None
    return laboratory.load_for(cohort)


def answers(
    total: pd.DataFrame, choices: Grid, laboratory: InVitro | None, numbers: Integers
) -> pd.DataFrame:
    """Everything that some universes say; the work of a job.

    Returns
    -------
    DataFrame
        One row for each universe: the columns of `multiverse.Multiverse.table`, and one
        for each profile and inhibitor with the verdict, or ``no sample``.
    """
    every = multiverse.run(total, choices, laboratory)
    words = pd.Index([*multiverse.VERDICTS, multiverse.NO_SAMPLE], dtype=str)
    cells = [f"{p} {i}" for p in every.counts.profiles for i in every.counts.inhibitors]
    codes = every.verdicts(numbers).reshape(len(numbers), len(cells)).T
    verdicts = {
        cell: pd.Categorical.from_codes(code, words)
        for cell, code in zip(cells, codes, strict=True)
    }
    return pd.concat([every.table(numbers), pd.DataFrame(verdicts)], axis="columns")


def write(
    cohort: Cohort, total: pd.DataFrame, choices: Grid, numbers: Integers, folder: Path,
    *, scheduler: str | None = None, workers: int = 1,
) -> Multiverse:  # fmt: skip
    """Write what the universes say: of some everything, of all the summaries.

    Writes ``universes/part-*.parquet`` (see `answers`; each a job), ``stability.csv`` and
    ``influence.csv``.
    """
    laboratory = laboratory_of(cohort)
    code = Path(__file__).parent.glob("*.py")
    read = [] if laboratory is None else [getattr(laboratory, f.name) for f in fields(laboratory)]
    tables = [table.to_csv(index=False) for table in (total, *read)]
    shared = jobs.fingerprint(code, repr(choices), *tables)
    blocks = [numbers[start : start + PER_JOB] for start in range(0, len(numbers), PER_JOB)]
    work = [
        Job(
            f"universes-{jobs.fingerprint([], shared, block.tobytes().hex())}",
            partial(answers, total, choices, laboratory, block),
        )
        for block in blocks
    ]
    kept = jobs.run(work, folder / "jobs", scheduler=scheduler, workers=workers)
    written = [folder / "universes" / f"part-{place:05d}.parquet" for place in range(len(blocks))]
    for path, part in zip(written, kept, strict=True):
        jobs.keep(marked(part, cohort), path)
    # Of an earlier sweep that wrote more universes.
    for path in set((folder / "universes").glob("part-*.parquet")) - set(written):
        path.unlink()
    every = multiverse.run(total, choices, laboratory)
    influence = pd.concat(
        every.influence(headline).assign(answer=name) for name, headline in every.headlines()
    )
    for name, table in (("stability", every.stability()), ("influence", influence)):
        text = marked(table, cohort).to_csv(index=False, float_format="%.6g", lineterminator="\n")
        write_atomically(folder / f"{name}.csv", text)
    return every


def marked(table: pd.DataFrame, cohort: Cohort) -> pd.DataFrame:
    """Say in every row of a synthetic cohort that it is."""
    return table.assign(synthetic="yes") if cohort.synthetic else table


def claim(place: Path, folder: Path) -> None:
    """Reserve a folder of answers for one cohort; a cohort of the project goes by its name.

    Raises
    ------
    ValueError
        Where it holds those of another.
    """
    place.mkdir(parents=True, exist_ok=True)
    of_project = folder == paths.COHORTS / folder.name
    owner = os.fsencode(folder.name if of_project else folder)
    mark = place / OWNER
    with locked(place):
        if mark.is_file() and (other := mark.read_bytes()) != owner:
            raise ValueError(
                f"{place} holds the answers of {os.fsdecode(other)}, not of {folder}: name another "
                "--output, or remove it"
            )
        write_if_changed(mark, owner)


def main(arguments: list[str] | None = None) -> int:
    """Answer every combination of choices for cohorts of any size."""
    parser = argparse.ArgumentParser(
        prog="python -m alkpool.robustness.large", description=main.__doc__
    )
    parser.add_argument(
        "cohorts", nargs="*", default=["curated", "reconstructed"], metavar="COHORT",
        help="name in data/cohorts, or folder, also one of partitions; default: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--universes", default=str(UNIVERSES), metavar="N",
        help="write the answers of so many, drawn from the grid; 'all'; default: %(default)s",
    )  # fmt: skip
    parser.add_argument(
        "--levels", action="append", default=[], metavar="CHOICE=A,B",
        help=f"other levels of a choice; choices: {', '.join(c.name for c in CHOICES)}",
    )  # fmt: skip
    parser.add_argument("--output", type=Path, default=paths.BUILD / "sweep")
    jobs.add_options(parser)
    options = parser.parse_args(arguments)
    if options.workers < 1:
        parser.error("--workers must be at least 1")
    try:
        choices = _asked(options.levels)
        count = choices.size if options.universes == "all" else int(options.universes)
        if count < 1:
            raise ValueError("--universes must be 'all' or a number from 1")
    except (ValueError, TypeError) as error:
        parser.error(str(error))
    folders = {name: paths.cohort_folder(name) for name in options.cohorts}
    for name, folder in folders.items():
        same = [other for other in folders if folders[other].name == folder.name]
        if len({folders[other] for other in same}) > 1 or paths.is_namesake(folder):
            parser.error(
                f"{name}: another cohort is called {folder.name}, and answers are kept by name; "
                "rename the folder"
            )
    numbers = choices.sample(count)
    where = {"scheduler": options.scheduler, "workers": options.workers}
    try:
        options.output.mkdir(parents=True, exist_ok=True)
        for folder in filter(Path.is_dir, folders.values()):
            claim(options.output / folder.name, folder)
    except ValueError as error:
        parser.error(str(error))
    except OSError as error:
        print(f"--output: {error}; must be a folder that can be written", file=sys.stderr)
        return 1
    try:
        for name, folder in folders.items():
            if partitions(folder):
                kept = options.output / folder.name / "jobs"
                cohort, total = tallied(folder, choices, kept, **where)
            else:
                cohort = cohorts.load(name)
                total = tally(cohort, choices)
            write(cohort, total, choices, numbers, options.output / cohort.name, **where)
            units = total.groupby("unit")["n"].sum().reindex(["sample", "line"], fill_value=0)
            print(
                f"{cohort.name}: {choices.size} universes of {units['sample']} samples and "
                f"{units['line']} lines; wrote the answers of {len(numbers)} to "
                f"{options.output / cohort.name}"
            )
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    # A full disk, or no scheduler at the address.
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _asked(levels: Sequence[str]) -> Grid:
    """Grid with the levels of the command line, such as ``plasma=counted``."""
    wanted: dict[str, Any] = {}
    known = {choice.name: choice for choice in CHOICES}
    for text in levels:
        name, equals, values = text.partition("=")
        if not equals:
            raise ValueError(f"--levels {text}: write CHOICE=A,B")
        if name not in known:
            raise ValueError(f"--levels: {name} is no choice; known are {', '.join(known)}")
        wanted[name] = [_level(known[name], value) for value in values.split(",")]
    return grid(**wanted)


def _level(choice: Choice, text: str) -> Level:
    """Read a level of a choice; whether a number is in its range is for the grid to say."""
    try:
        level = yaml.safe_load(text)
    except yaml.YAMLError:
        level = None
    if isinstance(choice.levels[0], bool | str):
        fits, allowed = level in choice.levels, f"one of {', '.join(map(str, choice.levels))}"
    else:
        number = isinstance(level, int | float) and not isinstance(level, bool)
        fits, allowed = number and math.isfinite(level), "a number"
    if not fits:
        raise ValueError(f"--levels: {choice.name} is {text!r}; must be {allowed}")
    return level


if __name__ == "__main__":
    sys.exit(main())
