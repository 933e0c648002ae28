"""What published groups of patients show: outcomes by mutation beside the rates of everybody.

Groups are read as printed. They share patients and count response where the cohorts count
benefit: rows stand side by side, without a sum and without a test.
"""

import numpy as np
import pandas as pd

from alkpool import stats
from alkpool.data.groups import NOT_SPLIT, OUTCOMES, Groups, as_printed
from alkpool.data.tables import inhibitors
from alkpool.vocabulary import LIST_SEPARATOR, Endpoint, OtherTreatment

BASE_RATE = "not selected"
WITH, WITHOUT = "any ALK mutation", "no ALK mutation"


def outcomes_by_mutation(groups: Groups) -> pd.DataFrame:
    """Outcomes of groups with a mutation, and base rates of the same inhibitors.

    Parameters
    ----------
    groups : Groups
        From `alkpool.data.groups.load`.

    Returns
    -------
    DataFrame
        Rows of ``groups.outcomes`` that count responses or benefit, by inhibitor and, within it,
        those with a mutation, with and without any, then the base rates after the same
        treatment, or where either names a class of treatments only. Added are ``kind``
        (``mutation``, ``with or without``, ``base rate``), ``source`` (author and year, or the
        id), and ``share, low, high`` (fractions, Wilson 95%), missing where no count is printed;
        ``percent`` is then what is printed, and ``printed`` the same in words with the interval
        of the source.

    Examples
    --------
    >>> from alkpool.data.groups import load
    >>> rows = outcomes_by_mutation(load()).set_index("outcome_id")
    >>> print(*rows.loc["shaw2019-g1202rdel-lorlatinib", ["kind", "k", "n"]])
    mutation 16 28
    """
    counted = (Endpoint.RESPONSE, Endpoint.BENEFIT, Endpoint.CONTROL)
    rows = groups.outcomes[groups.outcomes["endpoint"].isin(counted)]
    kinds = {BASE_RATE: "base rate", WITH: "with or without", WITHOUT: "with or without"}
    rows = rows.assign(kind=rows["mutations"].map(kinds).fillna("mutation"))
    base = rows["kind"] == "base rate"
    comparable = [_comparable(row, rows[~base]) for _, row in rows[base].iterrows()]
    rows = rows.drop(rows.index[base][~np.array(comparable, dtype=bool)])
    known = groups.sources.set_index("source_id")
    named = known["first_author"] + " " + known["year"].astype(str)
    stated = (known["first_author"] != "") & known["year"].notna()
    named = named.where(stated, known.index.to_series())
    shares = stats.proportions(
        rows["k"].astype(float).fillna(0), rows["n"].where(rows["k"].notna(), 0).astype(float)
    )
    rows = rows.assign(
        source=rows["source_id"].map(named),
        percent=pd.to_numeric(rows["percent_printed"], errors="coerce"),
        printed=[as_printed(row) for row in rows.to_dict("records")],
    ).join(shares)
    in_order = inhibitors().sort_values("figure_order", kind="stable")["inhibitor"]
    order = [*in_order, NOT_SPLIT, "mutation", "with or without", "base rate"]
    keys = ["inhibitor", "kind", "mutations", "after", "outcome_id"]
    return rows.sort_values(
        keys, ignore_index=True,
        key=lambda cells: cells.map(order.index) if cells.name in keys[:2] else cells,
    )  # fmt: skip


def _comparable(base: pd.Series, groups: pd.DataFrame) -> bool:
    """Tell whether a base rate is of the same inhibitor after the same treatment as a group."""
    after = groups.loc[groups["inhibitor"] == base["inhibitor"], "after"]
    classes = [name for name in OUTCOMES.also("after") if name != OtherTreatment.CHEMOTHERAPY]
    named = not set(base["after"].split(LIST_SEPARATOR)).intersection(classes)
    return any(
        base["after"] == other
        or not (named and set(other.split(LIST_SEPARATOR)).isdisjoint(classes))
        for other in after
    )


def contrasts(groups: Groups) -> pd.DataFrame:
    """Groups with any ALK mutation beside those of the same source without one.

    Returns
    -------
    DataFrame
        ``source, inhibitor, after, group`` (where the mutation was looked for), ``with_mutation,
        without_mutation`` (as printed: a percentage of responses, or months of median
        progression-free survival), ``measure``; how many patients these are of, ``with_n,
        without_n`` (missing where the source does not say), and ``access, read_via, locator``.
    """
    outcomes = groups.outcomes.assign(
        site=groups.outcomes["outcome_id"].str.extract(r"(plasma|tissue)", expand=False).fillna("")
    )
    keys = ["source_id", "inhibitor", "after", "site"]
    pairs = outcomes[outcomes["mutations"] == WITH].merge(
        outcomes[outcomes["mutations"] == WITHOUT], on=keys, suffixes=("_with", "_without")
    )
    beside = pairs[["n_with", "n_without", "access_with", "read_via_with", "locator_with"]]
    beside = beside.set_axis(["with_n", "without_n", "access", "read_via", "locator"], axis=1)
    found = []
    for printed, unit in (
        ("percent_printed", "responses, %"), ("pfs_months", "median PFS, months"),
    ):  # fmt: skip
        sides = pairs[[f"{printed}_with", f"{printed}_without"]].replace("", None)
        sides = sides.apply(pd.to_numeric).set_axis(["with_mutation", "without_mutation"], axis=1)
        table = pairs[keys].assign(measure=unit).join(sides.dropna(), how="inner")
        found.append(table.join(beside))
    return pd.concat(found).sort_values([*keys, "measure"], ignore_index=True)
