"""Tumours without a resistance mutation of ALK, and resistance by other means: words, no ranking.

What is said stands in Koopman et al. 2022 or in a reference of it, or comes from the published
groups.
"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from alkpool import mutations, paths
from alkpool.analysis.groups import WITH, WITHOUT
from alkpool.data.groups import NOT_SPLIT, Groups
from alkpool.files import yaml_beside
from alkpool.problems import counted
from alkpool.references import Cited, cite, with_sources
from alkpool.vocabulary import LIST_SEPARATOR, Access

Row = dict[str, Any]

_WORDS: Mapping[str, Any] = yaml_beside(__file__)
UNCOUNTED: str = _WORDS["uncounted"]
PAPER = cite(_WORDS["paper"])
NO_MUTATION = re.compile(_WORDS["no_mutation"], re.IGNORECASE)


@cache
def mechanisms() -> dict[str, Row]:
    """Ways to resist outside ALK by name, from ``data/reference/mechanisms.csv``.

    Each has the pattern of its ``names`` and of how it is ``reported`` in a line, what the paper
    ``says`` of it, and the reference that the paper gives (``source, doi``).
    """
    with (paths.REFERENCE / "mechanisms.csv").open(encoding="utf-8", newline="") as file:
        return {row["mechanism"]: row for row in csv.DictReader(file)}


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
        if re.fullmatch(f"{mechanism['names']}|{re.escape(name)}", wanted, re.IGNORECASE):
            return name
    raise ValueError(
        f"nothing is collected on the finding {wanted!r}; known are {', '.join(mechanisms())}"
    )


def reported(beside: str) -> list[str]:
    """Names of the findings in what stands beside the mutations of a line of a report."""
    return [
        name
        for name, mechanism in mechanisms().items()
        if (pattern := mechanism["reported"]) and re.search(pattern, beside, re.IGNORECASE)
    ]


def words(findings: Sequence[str], without: bool, published: Groups) -> list[Row]:
    """What is known of the findings, and of tumours without a mutation where none was found.

    Returns
    -------
    list of dict
        ``text`` and its ``sources`` (`alkpool.references.cite`).
    """
    known, said = mechanisms(), []
    for name in findings:
        said.append({"text": known[name]["says"], "sources": [PAPER, _reference(known[name])]})
        said += _counts(name, published)
    if without:
        sources = [PAPER, *map(_reference, known.values())]
        said += [{"text": _WORDS["share"], "sources": [PAPER]}, *_without_mutation(published)]
        said.append({"text": _WORDS["look_for"].format(", ".join(known)), "sources": sources})
    return said


def _reference(mechanism: Row) -> Cited:
    author, _, year = mechanism["source"].rpartition(" ")
    said = {"access": Access.SECONDARY, "locator": "as Koopman et al. 2022 cite it"}
    return cite({"first_author": author, "year": year, "doi": mechanism["doi"]} | said)


def _counts(name: str, published: Groups) -> Iterator[Row]:
    rows = published.counts[published.counts["mutations"] == name]
    rows = rows[rows["percent_printed"] != ""]
    for row in with_sources(rows, published.sources).to_dict("records"):
        text = _WORDS["amplified"].format_map({**row, "uncounted": UNCOUNTED})
        yield {"text": text, "sources": [row["cited"]]}


def _without_mutation(published: Groups) -> Iterator[Row]:
    """Outcomes of patients without a mutation, each beside those with one in the same report."""
    table = published.outcomes
    reports = table.loc[table["mutations"] == WITHOUT, "source_id"].unique()
    chosen = table["source_id"].isin(reports) & table["mutations"].isin([WITHOUT, WITH])
    for row in with_sources(table[chosen], published.sources).to_dict("records"):
        results = []
        if row["percent_printed"]:
            results.append(f"{row['percent_printed']}% {row['endpoint']}, {UNCOUNTED}")
        if pd.notna(row["pfs_months"]):
            median = counted(row["pfs_months"], "month")
            of = f" ({counted(row['n'], 'patient')})" if pd.notna(row["n"]) else ""
            results.append(
                f"median progression-free survival {median}{of}, {_WORDS['no_interval']}"
            )
        if results:
            text = _WORDS["without"].format(
                mutations=row["mutations"].capitalize().replace("alk", "ALK"),
                inhibitor=row["inhibitor"].replace(NOT_SPLIT, "the next ALK inhibitor"),
                after=row["after"].replace(LIST_SEPARATOR, ", "),
                population=row["population"], results=", ".join(results),
            )  # fmt: skip
            yield {"text": text, "sources": [row["cited"]]}
