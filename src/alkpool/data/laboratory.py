"""In vitro tables and the assertions of knowledge bases: load and validate."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from alkpool import paths
from alkpool.data.cohort import Cohort
from alkpool.data.reader import read_folder
from alkpool.data.tables import (
    ASSERTIONS,
    INVITRO_SOURCES,
    INVITRO_TABLES,
    MEASUREMENTS,
    MODELS,
    SYNTHETIC_CALLS,
)
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
    models = calls[["model_id"]].drop_duplicates().sort_values("model_id", ignore_index=True)
    models = models.assign(
        source_id=cohort.name, sensitive_max=np.nan, resistant_min=np.nan,
        system=str(System.FUSION_CELLS), access=str(Access.FULL_TEXT),
    )  # fmt: skip
    measurements = calls.rename(columns={"call": "call_in_source"}).assign(
        measurement_id=[f"{cohort.name}-{place}" for place in range(len(calls))],
        value=np.nan, fold_change=np.nan, locator="synthetic",
    )  # fmt: skip
    source = {"source_id": cohort.name, "title": "Synthetic source", "secondary": "no"}
    return InVitro(
        pd.DataFrame([source]).reindex(columns=INVITRO_SOURCES.columns, fill_value=""),
        models.reindex(columns=MODELS.columns, fill_value="synthetic"),
        measurements.reindex(columns=MEASUREMENTS.columns, fill_value=""),
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


def load_assertions(folder: Path = paths.KNOWLEDGE_BASES) -> pd.DataFrame:
    """Load the knowledge base assertions, an external comparator only."""
    return read_folder(folder, [ASSERTIONS])[ASSERTIONS.name]
