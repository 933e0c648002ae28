"""What is allowed and yet worth a look: cells that are valid and often mistakes.

The kinds of mistakes are listed in ``plausible.yaml`` beside this module.
"""

import datetime
import math
from collections.abc import Iterator, Mapping
from typing import Any

from alkpool import mutations
from alkpool.data.cohort import Cohort, lines
from alkpool.data.tables import COHORT_TABLES, SAMPLES
from alkpool.files import yaml_beside
from alkpool.problems import Problem
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN

LOOKS: list[Mapping[str, str]] = yaml_beside(__file__)
# What is the same where one line of a patient stands after two samples.
_LINE = ["patient_id", "inhibitor", "best_response", "pfs_months", "dot_months"]
_KEYS = {table.name: table.key[0] for table in COHORT_TABLES}


def worth_a_look(cohort: Cohort) -> Iterator[Problem]:
    """List the cells of a valid cohort that a person should look at again; of a synthetic one none.

    Returns
    -------
    iterator of Problem
        Each names the row by its key: rows are sorted on reading.
    """
    if cohort.synthetic:
        return
    treatments = lines(cohort)
    outcome = treatments[["pfs_months", "dot_months"]].notna().any(axis="columns")
    outcome |= treatments["best_response"] != UNKNOWN
    rows = {
        "sources": cohort.sources,
        "patients": cohort.patients,
        "samples": cohort.samples.assign(
            highest_vaf=cohort.samples["vaf_percent"].map(_highest),
            samples=cohort.samples.groupby("patient_id")["sample_id"].transform("size"),
        ),
        "treatments": treatments.assign(
            inhibitors_before=treatments["prior_inhibitors"].map(
                lambda cell: len(set(cell.split(LIST_SEPARATOR)))
            ),
            again=treatments.duplicated(_LINE) & outcome,
        ),
    }
    names = {"this_year": datetime.datetime.now(datetime.UTC).year}
    for look in LOOKS:
        odd = rows[look["table"]].query(look["when"], local_dict=names, engine="python")
        for row in odd.to_dict("records"):
            yield _note(cohort, look["table"], row, look["column"], look["says"])
    for row in cohort.samples[cohort.samples["mutations"] != UNKNOWN].to_dict("records"):
        for said in mutations.outside_domain(row["mutations"]):
            yield _note(cohort, SAMPLES.name, row, "mutations", said)


def _highest(percentages: str) -> float:
    """Highest of the percentages of a sample; NaN where none is stated, or one only as ``<``."""
    stated = [] if "<" in percentages else percentages.split(LIST_SEPARATOR)
    numbers = (float(part.lstrip(">~")) for part in stated if part not in ("", UNKNOWN))
    return max(numbers, default=math.nan)


def _note(cohort: Cohort, table: str, row: Mapping[Any, Any], column: str, says: str) -> Problem:
    place = f"{cohort.name}/{table}.csv, {row[_KEYS[table]]}"
    value = row[column]
    shown = f"{value:g}" if isinstance(value, int | float) else str(value)
    return Problem(place, None, column, shown, says)
