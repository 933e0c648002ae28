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
    lines = [
        f"Everything below is computed from the published cases of the cohort `{COHORT}`; cohorts "
        "marked synthetic are no part of it.",
        "It informs specialists and is no medical advice.",
        "",
        "## What the newest data changed",
        "",
        *(f"- {sentence}" for sentence in takeaways),
        "",
        *_moved(pd.read_csv(folder / "evidence_newest.csv")),
    ]
    if since is None:
        return lines
    moved = timeline.changes(_actionability(since), pd.read_csv(folder / "actionability.csv"))
    counts = moved["moved"].value_counts()
    return [
        *lines,
        f"## Since {since.name}",
        "",
        f"Verdicts that moved: {counts.get('verdict', 0)}; combinations whose own counts moved "
        f"besides: {counts.get('counts', 0)}; of which only the denominator moved, the samples "
        f"after the inhibitor: {counts.get('denominator', 0)}.",
        "",
        *_moved(moved),
    ]


def _actionability(since: Path) -> pd.DataFrame:
    for folder in (since / "results" / COHORT, since / COHORT):
        if (file := folder / "actionability.csv").is_file():
            return pd.read_csv(file)
    raise ProjectError(
        f"{since}: has no results/{COHORT}/actionability.csv; must be the folder of a release or "
        "of its results"
    )


def _moved(changes: pd.DataFrame) -> list[str]:
    """Rows of the changes as a Markdown table, without those of the denominator alone."""
    rows = changes[changes["moved"] != "denominator"]
    if rows.empty:
        return []
    lines = [
        "| profile | inhibitor | verdict before | verdict | benefit / decided lines before | now "
        "(95% CI) | relapsed / samples after it before | now (95% CI) | other lines before | now |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows.to_dict("records"):
        cells = [row["profile"], row["inhibitor"], row["verdict_before"], row["verdict"]]
        for k, n, name in (
            ("benefit_k", "benefit_n", "benefit"), ("relapsed", "relapse_n", "relapse"),
        ):  # fmt: skip
            now = f"{row[k]}/{row[n]}"
            if row[n]:
                now += f" ({row[f'{name}_low']:.0%} to {row[f'{name}_high']:.0%})"
            cells += [f"{row[f'{k}_before']}/{row[f'{n}_before']}", now]
        cells += [
            str(row[f"unknown_n{when}"] + row[f"combined_n{when}"]) for when in ("_before", "")
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, "", "Other lines are undecided, or not known to be monotherapy.", ""]
