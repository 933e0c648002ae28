"""Tumours without a resistance mutation of ALK, and resistance by other means: words, no ranking.

What is said stands in Koopman et al. 2022 or in a reference of it, or comes from the published
groups.
"""

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alkpool.data.groups import Groups
from alkpool.references import address, label

Row = dict[str, Any]


@dataclass(frozen=True)
class Mechanism:
    """A way to resist ALK inhibitors outside ALK.

    Attributes
    ----------
    names : str
        Pattern of the names that people use.
    says : str
        What the paper says of it.
    label, doi : str
        The reference that the paper gives.
    """

    names: str
    says: str
    label: str
    doi: str


PAPER = {"label": "Koopman 2022", "url": "https://doi.org/10.1016/j.cllc.2021.06.011"}
MECHANISMS = {
    "MET amplification": Mechanism(
        r"c?-?met\b.*",
        "MET amplification is a known way to resist ALK inhibitors, and may sensitize the tumour "
        "to crizotinib, which inhibits MET too (Discussion).",
        "Dagogo-Jack 2020",
        "10.1158/1078-0432.CCR-19-3906",
    ),
    "small-cell transformation": Mechanism(
        r"(sclc|small[- ]?cell)\b.*",
        "Transformation to small-cell lung cancer is a known way to resist ALK inhibitors "
        "(Discussion); it has been seen together with G1202R, and a liquid biopsy alone may miss "
        "it (title of the reference).",
        "Ou 2017",
        "10.1016/j.lungcan.2017.02.005",
    ),
    "epithelial-to-mesenchymal transition": Mechanism(
        r"(emt|epithelial)\b.*",
        "Epithelial-to-mesenchymal transition is a known way to resist ALK inhibitors "
        "(Discussion), independent of the mutation status of ALK (title of the reference).",
        "Fukuda 2019",
        "10.1158/0008-5472.CAN-18-2052",
    ),
    "BRAF V600E": Mechanism(
        r"b-?raf\b.*",
        "BRAF V600E is a known way to resist ALK inhibitors (Discussion).",
        "Urbanska 2020",
        "10.3390/ijms21082847",
    ),
}

_NO_MUTATION = re.compile(
    r"(no|without)( alk)?( resistance)?( kinase domain)? mutations?( found| detected)?|none"
    r"|wild[- ]?type|wt|negative",
    re.IGNORECASE,
)


def is_no_mutation(text: str) -> bool:
    """Tell whether a text says that no mutation of ALK was found."""
    return bool(_NO_MUTATION.fullmatch(" ".join(text.split())))


def named(text: str) -> str:
    """Name of an off-target finding, from the names that people use.

    Raises
    ------
    ValueError
        For a finding of which nothing is collected here.

    Examples
    --------
    >>> named("cMET amplification"), named("SCLC")
    ('MET amplification', 'small-cell transformation')
    """
    wanted = " ".join(text.split())
    for name, mechanism in MECHANISMS.items():
        if re.fullmatch(mechanism.names, wanted, re.IGNORECASE) or wanted.lower() == name.lower():
            return name
    raise ValueError(
        f"nothing is collected on the finding {wanted!r}; known are {', '.join(MECHANISMS)}"
    )


def words(findings: Sequence[str], without: bool, published: Groups | None) -> list[Row]:
    """What is known of the findings, and of tumours without a mutation where none was found.

    Returns
    -------
    list of dict
        ``text`` and its ``sources`` (``label, url``).
    """
    said = [
        {
            "text": MECHANISMS[name].says,
            "sources": [PAPER, _reference(MECHANISMS[name])],
        }
        for name in findings
    ]
    if published is not None and "MET amplification" in findings:
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
        if published is not None:
            said += _without_mutation(published)
        if not findings:
            look_for = ", ".join(MECHANISMS)
            said.append(
                {
                    "text": f"To be assessed in addition (Discussion): {look_for}. Each can be "
                    "asked for as a finding.",
                    "sources": [PAPER, *map(_reference, MECHANISMS.values())],
                }
            )
    return said


def _reference(mechanism: Mechanism) -> Row:
    return {"label": mechanism.label, "url": f"https://doi.org/{mechanism.doi}"}


def _counts(published: Groups) -> Iterator[Row]:
    rows = published.counts[published.counts["mutations"] == "MET amplification"]
    for row in rows[rows["percent_printed"] != ""].to_dict("records"):
        yield {
            "text": f"MET amplification in {row['percent_printed']}% of samples after "
            f"{row['after']}.",
            "sources": [_source_of(row, published.sources)],
        }


def _without_mutation(published: Groups) -> Iterator[Row]:
    """Outcomes of patients without a mutation, each beside those with one in the same report."""
    table = published.outcomes
    reports = table.loc[table["mutations"] == "no ALK mutation", "source_id"].unique()
    chosen = table["source_id"].isin(reports) & table["mutations"].isin(
        ["no ALK mutation", "any ALK mutation"]
    )
    for row in table[chosen].to_dict("records"):
        results = [
            f"{row['percent_printed']}% {row['endpoint']}" if row["percent_printed"] else "",
            f"median progression-free survival (months): {row['pfs_months']:g}"
            if pd.notna(row["pfs_months"])
            else "",
        ]
        if any(results):
            drug = "the next ALK inhibitor" if row["inhibitor"] == "not split" else row["inhibitor"]
            yield {
                "text": f"{row['mutations'].capitalize().replace('alk', 'ALK')}, {drug} after "
                f"{row['after'].replace(';', ', ')} ({row['population']}): "
                f"{', '.join(filter(None, results))}.",
                "sources": [_source_of(row, published.sources)],
            }


def _source_of(row: Mapping[Hashable, Any], sources: pd.DataFrame) -> Row:
    """Label and address of the source of a row of the published groups."""
    source = sources[sources["source_id"] == row["source_id"]].to_dict("records")[0]
    return {
        "label": label(source["first_author"], source["year"], row["source_id"]),
        "url": address(source["pmid"], source["doi"], row["locator"], row.get("read_via", "")),
    }
