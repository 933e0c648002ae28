"""What is allowed and yet worth a look: cells that are valid and often mistakes."""

import datetime
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alkpool import mutations
from alkpool.data.cohort import Cohort, lines
from alkpool.data.reader import Table
from alkpool.data.tables import PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.problems import Problem
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, BestResponse, TreatmentStatus

# Months on one line that are rare after resistance, and common where days were typed.
LONG_MONTHS = 60
# A tumour that grew at once was seldom treated for so many months without progression.
LONG_PROGRESSIVE_MONTHS = 6
# Treatment beyond progression is common; progression long after the end of treatment is not.
SLACK_MONTHS = 3
CHILD_YEARS = 18


@dataclass(frozen=True)
class Look:
    """One kind of mistake: the column that shows it, and which rows of the table have it."""

    table: Table
    column: str
    words: str
    odd: Callable[[pd.DataFrame], pd.Series]


def _numbers(cell: str) -> list[float]:
    stated = (part.lstrip("<>~") for part in cell.split(LIST_SEPARATOR))
    return [float(part) for part in stated if part not in ("", UNKNOWN)]


def _is_first_after_others(rows: pd.DataFrame) -> pd.Series:
    before = rows["prior_inhibitors"].map(lambda cell: len(set(cell.split(LIST_SEPARATOR))))
    return (rows["line_number"] <= before).fillna(False)


LOOKS = (
    Look(SOURCES, "year", "is still to come", lambda rows: rows["year"] > _this_year()),
    Look(PATIENTS, "age_years", "is a child's age: are these years?",
         lambda rows: rows["age_years"] < CHILD_YEARS),
    Look(SAMPLES, "vaf_percent", "is below 1: per cent, or a fraction?",
         lambda rows: rows["vaf_percent"].map(
             lambda cell: bool(_numbers(cell)) and "<" not in cell and max(_numbers(cell)) < 1)),
    Look(SAMPLES, "sample_order", "is not the patient's first, which is not here",
         lambda rows: rows["sample_order"] > rows.groupby("patient_id")["sample_id"]
         .transform("size")),
    Look(TREATMENTS, "pfs_months", "is long for a line whose best response is PD",
         lambda rows: (rows["best_response"] == BestResponse.PROGRESSIVE)
         & (rows["pfs_months"] > LONG_PROGRESSIVE_MONTHS)),
    Look(TREATMENTS, "pfs_months", "is no time for the response to be seen",
         lambda rows: rows["best_response"].isin([BestResponse.COMPLETE, BestResponse.PARTIAL])
         & (rows["pfs_months"] == 0)),
    Look(TREATMENTS, "pfs_months", "is long: are these days?",
         lambda rows: rows["pfs_months"] > LONG_MONTHS),
    Look(TREATMENTS, "dot_months", "is long: are these days?",
         lambda rows: rows["dot_months"] > LONG_MONTHS),
    Look(TREATMENTS, "dot_months", "is much less than the PFS of a line that ended: exchanged?",
         lambda rows: (rows["status"] == TreatmentStatus.ENDED)
         & (rows["pfs_months"] > rows["dot_months"] + SLACK_MONTHS)),
    Look(TREATMENTS, "line_number", "is too low for the inhibitors before the sample",
         _is_first_after_others),
)  # fmt: skip


def _this_year() -> int:
    return datetime.datetime.now(datetime.UTC).year


def worth_a_look(cohort: Cohort) -> Iterator[Problem]:
    """List the cells of a valid cohort that a person should look at again; of a synthetic one none.

    Returns
    -------
    iterator of Problem
        Each names the row by its key: rows are sorted on reading.
    """
    if cohort.synthetic:
        return
    rows = {
        SOURCES.name: cohort.sources,
        PATIENTS.name: cohort.patients,
        SAMPLES.name: cohort.samples,
        TREATMENTS.name: lines(cohort),
    }
    for look in LOOKS:
        frame = rows[look.table.name]
        for row in frame[look.odd(frame)].to_dict("records"):
            yield _note(cohort, look.table, row, look.column, look.words)
    for row in cohort.samples[cohort.samples["mutations"] != UNKNOWN].to_dict("records"):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", mutations.MutationWarning)
            mutations.parse(str(row["mutations"]))
        for warning in caught:
            yield _note(cohort, SAMPLES, row, "mutations", str(warning.message))


def _note(cohort: Cohort, table: Table, row: Mapping[Any, Any], column: str, words: str) -> Problem:
    place = f"{cohort.name}/{table.file}, {row[table.key[0]]}"
    value = row[column]
    shown = f"{value:g}" if isinstance(value, int | float) else str(value)
    return Problem(place, None, column, shown, words)
