"""In vitro tables and the assertions of knowledge bases: load and validate."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from alkpool import paths
from alkpool.data.cohort import Cohort
from alkpool.data.reader import read_folder, unknown_keys
from alkpool.data.tables import (
    ASSERTIONS,
    INVITRO_SOURCES,
    INVITRO_TABLES,
    MEASUREMENTS,
    MODELS,
    SYNTHETIC_CALLS,
)
from alkpool.problems import DataError, Problem
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
    frames = read_folder(folder, INVITRO_TABLES)
    problems = [*_relations_between(frames, folder.name)]
    if problems:
        raise DataError(problems)
    return InVitro(**frames)


def load_for(cohort: Cohort) -> InVitro:
    """Load the in vitro tables that belong to a cohort.

    A synthetic cohort brings synthetic calls of its own, or has none; real ones are compared with
    the real measurements. The two are never mixed.
    """
    if not cohort.synthetic:
        return load()
    folder = cohort.folder or paths.COHORTS / cohort.name
    if (folder / SYNTHETIC_CALLS.file).is_file():
        calls = read_folder(folder, [SYNTHETIC_CALLS])[SYNTHETIC_CALLS.name]
    else:
        calls = pd.DataFrame(columns=SYNTHETIC_CALLS.columns, dtype=str)
    models = sorted(calls["model_id"].unique())
    source, made_up = cohort.name, "synthetic"
    return InVitro(
        sources=pd.DataFrame(
            [
                dict.fromkeys(INVITRO_SOURCES.columns, "")
                | {"source_id": source, "title": "Synthetic source", "secondary": "no"}
            ]
        ),
        models=pd.DataFrame(
            [
                dict.fromkeys(MODELS.columns, made_up)
                | {"model_id": model, "source_id": source, "sensitive_max": np.nan}
                | {"resistant_min": np.nan, "system": str(System.FUSION_CELLS)}
                | {"access": str(Access.FULL_TEXT)}
                for model in models
            ],
            columns=MODELS.columns,
        ),
        measurements=calls.rename(columns={"call": "call_in_source"}).assign(
            measurement_id=[f"{source}-{place}" for place in range(len(calls))],
            relation="",
            value=np.nan,
            fold_change=np.nan,
            locator=made_up,
            read_via="",
            note="",
        )[MEASUREMENTS.columns],
    )


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


def _relations_between(frames: dict[str, pd.DataFrame], label: str) -> list[Problem]:
    sources, models = frames[INVITRO_SOURCES.name], frames[MODELS.name]
    return [
        *unknown_keys(
            models, "source_id", f"{label}/{MODELS.file}", sources["source_id"],
            "source_id of sources.csv",
        ),
        *unknown_keys(
            frames[MEASUREMENTS.name], "model_id", f"{label}/{MEASUREMENTS.file}",
            models["model_id"], "model_id of models.csv",
        ),
    ]  # fmt: skip


def load_assertions(folder: Path = paths.KNOWLEDGE_BASES) -> pd.DataFrame:
    """Load the knowledge base assertions, an external comparator only."""
    return read_folder(folder, [ASSERTIONS])[ASSERTIONS.name]
