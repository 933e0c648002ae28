"""The one place that knows where things are.

``ALKPOOL_HOME`` points at another checkout, ``ALKPOOL_RESULTS`` at another folder for result
tables (the pipeline stages each chapter's tables there before it publishes them), and
``ALKPOOL_CACHE`` at another folder for finished fits.
"""

import os
import re
from pathlib import Path

HOME = Path(os.environ.get("ALKPOOL_HOME") or Path(__file__).resolve().parents[2])

DATA = HOME / "data"
COHORTS = DATA / "cohorts"
INVITRO = DATA / "invitro"
KNOWLEDGE_BASES = DATA / "knowledgebases"
GROUPS = DATA / "groups"
PUBLISHED = DATA / "published"
IDENTIFICATION = DATA / "identification"
REFERENCE = DATA / "reference"
RAW = DATA / "raw"

NOTEBOOKS = HOME / "notebooks"
TAKEAWAYS = NOTEBOOKS / "takeaways"
BOOK = HOME / "book"
BUILD = HOME / "build"
CACHE = Path(os.environ.get("ALKPOOL_CACHE") or BUILD / "cache")
RESULTS = Path(os.environ.get("ALKPOOL_RESULTS") or HOME / "results")

NAMESAKE = "its name is that of a cohort of the project; rename the folder"
STRANGE = "its name must hold only letters, digits, spaces, '.', '_' and '-'; rename the folder"


def cohort_names() -> list[str]:
    """Names of the project's cohorts, the folders in ``data/cohorts``."""
    return sorted(path.name for path in COHORTS.glob("*/"))


def cohort_folder(name_or_path: str | Path, base: Path = Path()) -> Path:
    """Folder of a cohort given by its name in ``data/cohorts``, or by a path from ``base``."""
    text = str(name_or_path)
    if text in cohort_names():
        return COHORTS / text
    # A link that leads to itself is no folder, but `Path.resolve` raises.
    folder = Path(os.path.realpath(base / text))
    return COHORTS / folder.name if folder.parent == COHORTS.resolve() else folder


def results_of(cohort: str) -> Path:
    """Folder for the result tables of a cohort, ``results/<cohort>`` for those of the project.

    Rows of any other cohort may be those of patients whom nobody has published: whoever runs a
    notebook, its tables stay in ``build``, which git ignores and no release takes along.

    Parameters
    ----------
    cohort : str
        Name of the cohort; of several that are pooled, their names joined by ``+``.

    Examples
    --------
    >>> shown(results_of("curated+hospital"))
    'build/cohorts/curated+hospital/results/curated+hospital'
    """
    tracked = RESULTS.resolve() == (HOME / "results").resolve()
    if tracked and cohort not in cohort_names():
        return BUILD / "cohorts" / cohort / "results" / cohort
    return RESULTS / cohort


def name_problem(folder: Path) -> str:
    """Say what is wrong with the name of a folder as that of an own cohort; blank if nothing.

    Results are kept by the name of the cohort: those of one would replace those of another of
    that name. It stands on pages and in addresses, where signs would be more than text.
    """
    if not folder.is_dir() or folder == COHORTS / folder.name:
        return ""
    if folder.name in cohort_names():
        return NAMESAKE
    return "" if re.fullmatch(r"[\w .-]+", folder.name) else STRANGE


def shown(path: Path) -> str:
    """Path as a person names it: from the checkout where it lies in it."""
    return str(path.relative_to(HOME) if path.is_relative_to(HOME) else path)
