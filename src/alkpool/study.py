"""What this study hands to the compendium, which knows nothing of ALK: see ``compendium.yaml``."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from alkpool import explorer, references
from alkpool.analysis import timeline
from alkpool.analysis.settings import handed_down
from alkpool.data.cohort import load
from alkpool.files import filled_in_beside
from alkpool.intake import duplicates
from alkpool.problems import ProjectError

# The cohort of the published cases.
COHORT = "curated"


def contexts(cohort: str) -> dict[str, Any]:
    """Collect what the templates of the book need, from published cases where rows are made up.

    Parameters
    ----------
    cohort : str
        Cohort of the compendium; several are joined by commas.
    """
    found = explorer.contexts(COHORT if load(cohort).synthetic else cohort)
    return found | {"references": references.listed(references.read())}


def problems(chapters: Iterable[Mapping[str, Any]]) -> list[str]:
    """List what no chapter can run with: rules, cohorts, of their parameters, and references."""
    found = []
    for parameters in chapters:
        found += duplicates.of_two_cohorts(parameters.get("cohort", ""))
        try:
            handed_down(parameters)
        except ProjectError as error:
            found.append(str(error))
    try:
        references.unique(references.read())
    except ProjectError as error:
        found.append(str(error))
    return list(dict.fromkeys(found))


def news(results: Path, since: Path | None = None) -> list[str]:
    """Say what the newest data changed, and which verdicts moved since an earlier release.

    Parameters
    ----------
    results : Path
        Folder of the result tables.
    since : Path, optional
        Folder of an earlier release, or of its results.

    Returns
    -------
    list of str
        Lines of Markdown.

    Raises
    ------
    ProjectError
        Where ``since`` has no matrix of verdicts.
    """
    folder = results / COHORT
    takeaways = json.loads((folder / "takeaways/09-evidence-over-time.json").read_text("utf-8"))
    now = pd.read_csv(folder / "actionability.csv")
    text = filled_in_beside(
        __file__,
        cohort=COHORT,
        takeaways=takeaways,
        newest=pd.read_csv(folder / "evidence_newest.csv"),
        since=since and since.name,
        since_then=timeline.changes(_actionability(since), now) if since else None,
    )
    return text.splitlines()


def _actionability(since: Path) -> pd.DataFrame:
    for folder in (since / "results" / COHORT, since / COHORT):
        if (file := folder / "actionability.csv").is_file():
            return pd.read_csv(file)
    raise ProjectError(
        f"{since}: has no results/{COHORT}/actionability.csv; must be the folder of a release or "
        "of its results"
    )
