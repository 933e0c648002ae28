"""The rows that are measured: a simulated registry, and a cohort of CSV files made from it."""

import shutil
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from alkpool.data.cohort import DESCRIPTION_FILE
from alkpool.data.tables import COHORT_TABLES, SOURCES
from alkpool.paths import COHORTS, INVITRO
from benchmarks import registry


def write(folder: str, lines: int, seed: int) -> int:
    """Write the registry; gives the number of patients."""
    Path(folder).parent.mkdir(parents=True, exist_ok=True)
    return registry.write(Path(folder), lines, seed)


def as_cohort(simulated: str, folder: str) -> None:
    """Write a registry as a cohort of CSV files, such as the report reads.

    In vitro calls are those of the reconstruction, which are synthetic too.
    """
    source, target = Path(simulated), Path(folder)
    unfinished = target.with_name(f".{target.name}")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    shutil.copyfile(source / DESCRIPTION_FILE, unfinished / DESCRIPTION_FILE)
    shutil.copytree(COHORTS / "reconstructed" / INVITRO.name, unfinished / INVITRO.name)
    for table in COHORT_TABLES:
        places = [source] if table is SOURCES else sorted(source.glob("part-*"))
        parts = [pq.read_table(place / f"{table.name}.parquet").to_pandas() for place in places]
        rows = pd.concat(parts).astype(object).sort_values(list(table.key))
        rows.to_csv(unfinished / table.file, index=False)
    unfinished.replace(target)
