"""Two independent extractions of the published cases, and how far they agree."""

import re
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from alkpool import paths, stats
from alkpool.data import spelling
from alkpool.intake.raw import read_raw
from alkpool.vocabulary import UNKNOWN

# From the first to the last column that says something of a record; the others identify it or
# comment on it.
FIRST_FIELD, LAST_FIELD = "study_type", "treatment_status"


class Extractions(NamedTuple):
    """The two extractions and what they were settled to, cells as text."""

    first: pd.DataFrame
    second: pd.DataFrame
    adjudicated: pd.DataFrame


def read_extractions(raw: Path = paths.RAW) -> Extractions:
    """Read the two independent extractions and the adjudicated records.

    Parameters
    ----------
    raw : Path
        Folder of the raw facts.

    Returns
    -------
    Extractions
        Frames ``first``, ``second``, ``adjudicated``; one row per record and next line of
        treatment, cells as text, blank where not stated.
    """
    files = ("extraction_a.csv", "extraction_b.csv", "adjudicated.csv")
    return Extractions(*(read_raw(raw / "curated" / file) for file in files))


def agreement(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Agreement of two extractions, field by field, over the records that both hold.

    A cell that only one extraction states is an omission, not a contradiction: it is counted on
    its own, and agreement and kappa are taken over the cells that both state. ``unknown`` is read
    as not stated. Cells are compared as the schema would store them (canonical mutation names,
    numbers by value) and otherwise letter by letter.

    Parameters
    ----------
    first, second : DataFrame
        Extractions as from `read_extractions`.

    Returns
    -------
    DataFrame
        One row per field: ``field, records, both_stated, agreeing, agreement, low, high`` (share
        of both_stated with Wilson's 95% interval), ``kappa, kappa_low, kappa_high`` (Cohen's;
        missing where both extractions use a single value), ``first_only, second_only, neither``.
    """
    a, b = map(_compared, (first, second))
    common = a.index.intersection(b.index)
    rows = []
    for name in a:
        one, two = a[name][common], b[name][common]
        of_one, of_two = one != "", two != ""
        stated = of_one & of_two
        agreeing, n = int((one == two)[stated].sum()), int(stated.sum())
        kappa = stats.kappa(one[stated], two[stated])
        rows.append([
            name, len(common), n, agreeing, kappa.observed_agreement, *stats.wilson(agreeing, n),
            kappa.kappa, kappa.low, kappa.high, int((of_one & ~of_two).sum()),
            int((of_two & ~of_one).sum()), int((~of_one & ~of_two).sum()),
        ])  # fmt: skip
    columns = [
        "field", "records", "both_stated", "agreeing", "agreement", "low", "high", "kappa",
        "kappa_low", "kappa_high", "first_only", "second_only", "neither",
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def disagreements(
    first: pd.DataFrame, second: pd.DataFrame, adjudicated: pd.DataFrame
) -> pd.DataFrame:
    """List every difference between two extractions and how it was settled.

    Parameters
    ----------
    first, second, adjudicated : DataFrame
        As from `read_extractions`.

    Returns
    -------
    DataFrame
        ``record, field, kind, first, second, settled, settled_as, adjudication``. ``kind`` is
        ``different values``, ``first only`` or ``second only``; ``settled_as`` says which
        extraction the settled value agrees with (``first``, ``second``, ``neither``). A record
        that one extraction found alone is one row with the field ``record``; its ``settled`` is
        the adjudicated ``include``.

    Raises
    ------
    ValueError
        Where a record of an extraction was not adjudicated.
    """
    a, b, settled = (table.set_index("record_id") for table in (first, second, adjudicated))
    extracted = {*a.index, *b.index}
    if unsettled := sorted(extracted - {*settled.index}):
        raise ValueError(f"not adjudicated: {', '.join(unsettled)}")
    fields = [str(name) for name in a.loc[:, FIRST_FIELD:LAST_FIELD]]
    rows = []
    for record in settled.index[settled.index.isin(extracted)]:
        found = ["found" * (record in table.index) for table in (a, b)]
        if not all(found):
            side = "first" if found[0] else "second"
            include, reason = settled.loc[record, ["include", "adjudication"]]
            rows.append((record, "record", f"{side} only", *found, include, side, reason))
            continue
        for field in fields:
            cells = [str(table.at[record, field]) for table in (a, b, settled)]
            one, two, final = (_comparable(field, cell) for cell in cells)
            if one != two:
                kind = "different values" if one and two else f"{'first' if one else 'second'} only"
                settled_as = {one: "first", two: "second"}.get(final, "neither")
                reason = settled.at[record, "adjudication"]
                rows.append((record, field, kind, *cells, settled_as, reason))
    columns = "record field kind first second settled settled_as adjudication"
    return pd.DataFrame(rows, columns=columns.split())


def _compared(extraction: pd.DataFrame) -> pd.DataFrame:
    """What an extraction states of each record, as it is compared."""
    fields = extraction.set_index("record_id").loc[:, FIRST_FIELD:LAST_FIELD]
    compared = {name: fields[name].map(partial(_comparable, str(name))) for name in fields}
    return pd.DataFrame(compared)


def _comparable(field: str, cell: str) -> str:
    """Reduce a raw cell to what is compared; blank where nothing is stated."""
    if cell == UNKNOWN:
        return ""
    if field == "alk_mutations":
        return spelling.profile(cell)
    return f"{float(cell):g}" if re.fullmatch(r"\d+(\.\d+)?", cell) else cell
