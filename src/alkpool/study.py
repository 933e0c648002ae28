"""What this study hands to the compendium, which knows nothing of ALK: see ``compendium.yaml``."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from alkpool import explorer, references
from alkpool.analysis.settings import handed_down
from alkpool.data.cohort import load
from alkpool.files import filled_in_beside
from alkpool.problems import DataError, ProjectError

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
    chapters, found = [*chapters], list[str]()
    for cohort in dict.fromkeys(each["cohort"] for each in chapters if "cohort" in each):
        try:
            for said in load(cohort).read_as:
                print(f"note: {said}")
        except DataError as error:
            found += map(str, error.problems)
    for parameters in chapters:
        try:
            handed_down(parameters)
        except ProjectError as error:
            found.append(str(error))
    try:
        references.unique(references.read())
    except ProjectError as error:
        found.append(str(error))
    return list(dict.fromkeys(found))


def news(results: Path) -> str:
    """Say in Markdown what the newest data changed, from the folder of the result tables."""
    folder = results / COHORT
    takeaways = json.loads((folder / "takeaways/09-evidence-over-time.json").read_text("utf-8"))
    newest = pd.read_csv(folder / "evidence_newest.csv")
    return filled_in_beside(__file__, cohort=COHORT, takeaways=takeaways, newest=newest)
