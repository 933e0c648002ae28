"""The checked-in cohort: write it, and compare it byte for byte with a new reconstruction."""

from pathlib import Path

import yaml

from alkpool.data.cohort import DESCRIPTION_FILE
from alkpool.data.tables import COHORT_TABLES
from alkpool.paths import INVITRO
from reconstruction.cohorts import META, NAME, Tables
from reconstruction.invitro_calls import as_tables


def contents(tables: Tables) -> dict[str, bytes]:
    """File name -> content of a reconstructed cohort's folder."""
    frames = {table.file: getattr(tables, table.name) for table in COHORT_TABLES}
    for file, frame in as_tables(tables.invitro_calls, NAME).items():
        frames[f"{INVITRO.name}/{file}"] = frame
    files = {
        name: frame.to_csv(index=False, lineterminator="\n").encode()
        for name, frame in frames.items()
    }
    about = META.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    text = yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=98)
    return {DESCRIPTION_FILE: text.encode(), **files}


def write(tables: Tables, folder: Path) -> None:
    """Write a reconstructed cohort, replacing the files that are there."""
    for name, content in contents(tables).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)


def differing(tables: Tables, folder: Path) -> list[str]:
    """Names of the files of a folder that are not what the tables would write."""
    return [
        name
        for name, content in contents(tables).items()
        if not (folder / name).is_file() or (folder / name).read_bytes() != content
    ]
