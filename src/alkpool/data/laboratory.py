"""In vitro tables and the assertions of knowledge bases: load and validate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from alkpool import paths
from alkpool.data import tables
from alkpool.data.cohort import Cohort
from alkpool.data.reader import flagged, key_problems, read_folder, synthetic_ids
from alkpool.data.tables import ASSERTIONS, INVITRO_TABLES, MEASUREMENTS, MODELS
from alkpool.problems import Problem
from alkpool.vocabulary import Access, System

# Models of a tumour driven by an ALK fusion, read in a primary text or a database made from it.
DECIDING_SYSTEMS = (System.FUSION_CELLS, System.PATIENT_CELLS)
DECIDING_ACCESS = (Access.FULL_TEXT, Access.ABSTRACT, Access.DATABASE_RECORD)


@dataclass(frozen=True)
class InVitro:
    """In vitro tables, columns as in the data dictionary."""

    sources: pd.DataFrame
    models: pd.DataFrame
    measurements: pd.DataFrame


def load(folder: Path = paths.INVITRO) -> InVitro:
    """Load and validate the in vitro tables.

    Raises
    ------
    DataError
        With every problem of the data.
    """
    return InVitro(**read_folder(folder, INVITRO_TABLES))


def load_for(cohort: Cohort) -> InVitro:
    """Load the in vitro tables that belong to a cohort.

    A synthetic cohort brings synthetic ones of its own, or has none; real ones are compared with
    the real measurements. The two are never mixed.
    """
    if not cohort.synthetic:
        return load()
    folder = (cohort.folder or paths.COHORTS / cohort.name) / paths.INVITRO.name
    if folder.is_dir():
        return load(folder)
    return InVitro(
        *(table.typed(pd.DataFrame(columns=table.columns, dtype=str)) for table in INVITRO_TABLES)
    )


def relation_problems(frames: Mapping[str, pd.DataFrame], label: str) -> Iterator[Problem]:
    """List what does not fit in and between the measured tables, cells as text."""
    yield from key_problems(frames, INVITRO_TABLES, label)
    made_up = "is the id of a synthetic row, and none stands among measurements"
    for table in INVITRO_TABLES:
        frame, (key,) = frames[table.name], table.key
        yield from flagged(frame, synthetic_ids(frame[key]), key, f"{label}/{table.file}", made_up)
    measured = frames[MEASUREMENTS.name]["model_id"]
    for table in (MODELS, MEASUREMENTS):
        rules, where = tables.RULES[table.name], f"{label}/{table.file}"
        yield from tables.rule_problems(rules, frames[table.name], where, measured=measured)


def decides(models: pd.DataFrame) -> "pd.Series[bool]":
    """Tell which models may decide what is expected of an inhibitor; the others are shown apart.

    Parameters
    ----------
    models : DataFrame
        Columns ``system`` and ``access``.

    Returns
    -------
    Series of bool
        True for ALK-fusion cells and patient-derived cells read in a primary text or in a
        database that is made from it.

    Examples
    --------
    >>> models = pd.DataFrame({"system": ["ALK-fusion cells", "cell-free"], "access": "abstract"})
    >>> decides(models).to_list()
    [True, False]
    """
    return models["system"].isin(DECIDING_SYSTEMS) & models["access"].isin(DECIDING_ACCESS)


def load_assertions(folder: Path = paths.KNOWLEDGE_BASES) -> pd.DataFrame:
    """Load the knowledge base assertions, an external comparator only."""
    return read_folder(folder, [ASSERTIONS])[ASSERTIONS.name]
