"""Tumours without a resistance mutation of ALK, and resistance by other means: words, no ranking.

What is said stands in Koopman et al. 2022 or in a reference of it, or comes from the published
groups.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import pandas as pd

from alkpool import mutations, paths
from alkpool.data.groups import Groups
from alkpool.references import Cited, cite, with_sources
from alkpool.vocabulary import Access

Row = dict[str, Any]

UNCOUNTED = "printed without a count, so without an interval"
PAPER = cite(
    {
        "first_author": "Koopman B",
        "year": 2022,
        "journal": "Clin Lung Cancer",
        "doi": "10.1016/j.cllc.2021.06.011",
        "access": Access.FULL_TEXT,
    }
)


@cache
def mechanisms() -> dict[str, Row]:
    """Ways to resist outside ALK by name, from ``data/reference/mechanisms.csv``.

    Each has the pattern of its ``names`` and of how it is ``reported`` in a line, what the paper
    ``says`` of it, and the reference that the paper gives (``source, doi``).
    """
    with (paths.REFERENCE / "mechanisms.csv").open(encoding="utf-8", newline="") as file:
        return {row["mechanism"]: row for row in csv.DictReader(file)}


NO_MUTATION = re.compile(
    r"(no|without|keine?|geen)"
    r"([ -](alk|resistance|resistenz|secondary|acquired|detectable|kinase[ -]domain))*"
    r"[ -]?(mutation(s|en)?|mutaties?)( in alk)?"
    r"( found| detected| identified| nachgewiesen| nachweisbar| gevonden| aangetoond)?"
    r"|none( found| detected)?|not detected|(alk:? )?(wild[- ]?type|wt)|negative",
    re.IGNORECASE,
)


def is_no_mutation(text: str) -> bool:
    """Tell whether a text says that no mutation of ALK was found."""
    return bool(NO_MUTATION.fullmatch(" ".join(text.split())))


def named(text: str) -> str:
    """Name of an off-target finding, from the names that people use.

    Raises
    ------
    ValueError
        For a finding of which nothing is collected here, or that was not found.

    Examples
    --------
    >>> named("cMET amplification"), named("SCLC")
    ('MET amplification', 'small-cell transformation')
    """
    wanted = " ".join(text.split())
    if mutations.pattern("not found").search(wanted):
        raise ValueError(f"{wanted!r}: a finding that was not found is none: leave it out")
    for name, mechanism in mechanisms().items():
        if (
            re.fullmatch(mechanism["names"], wanted, re.IGNORECASE)
            or wanted.lower() == name.lower()
        ):
            return name
    raise ValueError(
        f"nothing is collected on the finding {wanted!r}; known are {', '.join(mechanisms())}"
    )


def reported(set_aside: Sequence[tuple[str, str]]) -> list[str]:
    """Names of the findings among what was set aside of a line of a report."""
    return [
        name
        for name, mechanism in mechanisms().items()
        if (pattern := mechanism["reported"])
        and any(re.search(pattern, text, re.IGNORECASE) for _, text in set_aside)
    ]


def words(findings: Sequence[str], without: bool, published: Groups) -> list[Row]:
    """What is known of the findings, and of tumours without a mutation where none was found.

    Returns
    -------
    list of dict
        ``text`` and its ``sources`` (`alkpool.references.cite`).
    """
    said = [
        {"text": mechanisms()[name]["says"], "sources": [PAPER, _reference(mechanisms()[name])]}
        for name in findings
    ]
    if "MET amplification" in findings:
        said += _counts(published)
    if without:
        said.append(
            {
                "text": "A mutation of the ALK kinase domain is found in approximately 19% to 54% "
                "of samples that resist an ALK inhibitor (Introduction): many tumours resist by "
                "other means.",
                "sources": [PAPER],
            }
        )
        said += _without_mutation(published)
        if not findings:
            look_for = ", ".join(mechanisms())
            said.append(
                {
                    "text": f"To be assessed in addition (Discussion): {look_for}. Each can be "
                    "asked for as a finding.",
                    "sources": [PAPER, *map(_reference, mechanisms().values())],
                }
            )
    return said


def _reference(mechanism: Row) -> Cited:
    author, _, year = mechanism["source"].rpartition(" ")
    said = {"access": Access.SECONDARY, "locator": "as Koopman et al. 2022 cite it"}
    return cite({"first_author": author, "year": year, "doi": mechanism["doi"]} | said)


def _counts(published: Groups) -> Iterator[Row]:
    rows = published.counts[published.counts["mutations"] == "MET amplification"]
    rows = rows[rows["percent_printed"] != ""]
    for row in with_sources(rows, published.sources).to_dict("records"):
        yield {
            "text": f"MET amplification in {row['percent_printed']}% of samples after "
            f"{row['after']}, {UNCOUNTED}.",
            "sources": [row["cited"]],
        }


def _without_mutation(published: Groups) -> Iterator[Row]:
    """Outcomes of patients without a mutation, each beside those with one in the same report."""
    table = published.outcomes
    reports = table.loc[table["mutations"] == "no ALK mutation", "source_id"].unique()
    chosen = table["source_id"].isin(reports) & table["mutations"].isin(
        ["no ALK mutation", "any ALK mutation"]
    )
    for row in with_sources(table[chosen], published.sources).to_dict("records"):
        results = []
        if row["percent_printed"]:
            results.append(f"{row['percent_printed']}% {row['endpoint']}, {UNCOUNTED}")
        if pd.notna(row["pfs_months"]):
            results.append(f"median progression-free survival {row['pfs_months']:g} months")
        if results:
            drug = "the next ALK inhibitor" if row["inhibitor"] == "not split" else row["inhibitor"]
            yield {
                "text": f"{row['mutations'].capitalize().replace('alk', 'ALK')}, {drug} after "
                f"{row['after'].replace(';', ', ')} ({row['population']}): "
                f"{', '.join(results)}.",
                "sources": [row["cited"]],
            }
