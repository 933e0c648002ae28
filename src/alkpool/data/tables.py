"""Tables of the compendium as pandera schemas, and the problems a file can have.

A *table* is a CSV file with one header line. ``tables.yaml`` beside this module declares each of
them; the data dictionary is written from it too. Cells are validated as the text a person typed,
so that a message can quote it, and converted to numbers only once every table is valid. The columns
have no pandera type: all cells are text as they come, and checking that again would take as long as
everything else.
"""

import difflib
import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import pandera.pandas as pa

from alkpool import paths
from alkpool.data import spelling
from alkpool.data.columns import KINDS, column
from alkpool.data.reader import Table, flagged, read_folder
from alkpool.files import yaml_beside
from alkpool.problems import Problem
from alkpool.vocabulary import LIST_SEPARATOR, OtherTreatment


@cache
def inhibitors() -> pd.DataFrame:
    """Known compounds, ``data/reference/inhibitors.csv``, one row each.

    Returns
    -------
    DataFrame
        Columns ``inhibitor, generation, figure_order, status, aliases, note``; the compounds with
        a ``figure_order`` are the ALK inhibitors whose treatment lines are assessed.
    """
    return read_folder(paths.REFERENCE, [INHIBITORS])[INHIBITORS.name]


@cache
def _inhibitor_names() -> frozenset[str]:
    """Names of the known compounds; a table looks each of its cells up here."""
    return frozenset(inhibitors()["inhibitor"])


def assessed_inhibitors() -> tuple[str, ...]:
    """Inhibitors whose clinical lines are assessed, in the order figures show them."""
    known = inhibitors().dropna(subset="figure_order").sort_values("figure_order")
    return tuple(known["inhibitor"])


def investigational_inhibitors() -> tuple[str, ...]:
    """Inhibitors that are listed apart, with what is known of them."""
    return tuple(inhibitors().query("status == 'investigational'")["inhibitor"])


_DOSE = re.compile(r"\d+([.,]\d+)?\s*m?g\b.*", re.IGNORECASE)


def _plain(name: str) -> str:
    """Reduce a name to its letters and digits, without a dose."""
    return "".join(sign for sign in _DOSE.sub("", name).casefold() if sign.isalnum())


@cache
def _names_in_use() -> dict[str, str]:
    """Plain names, codes and brand names of the known compounds to the name of the tables."""
    known = inhibitors()
    return {
        _plain(name): compound
        for compound, aliases in zip(known["inhibitor"], known["aliases"], strict=True)
        for name in (compound, *filter(None, aliases.split(LIST_SEPARATOR)))
    }


def inhibitor_named(name: str) -> str:
    """Name of an inhibitor in the tables, from any name that people use.

    Parameters
    ----------
    name : str
        Generic name, brand name or code. Case, spaces, hyphens and a dose are ignored.

    Raises
    ------
    ValueError
        For a name that ``data/reference/inhibitors.csv`` does not have; two of its names, one in
        brackets, must be those of one compound.

    Examples
    --------
    >>> inhibitor_named("Lorbrena 100 mg"), inhibitor_named("pf 06463922")
    ('lorlatinib', 'lorlatinib')
    """
    names, wanted = _names_in_use(), _plain(name)
    if wanted in names:
        return names[wanted]
    parts = list(filter(None, map(_plain, re.split(r"[+(]", name))))
    known = [names[part] for part in parts if part in names]
    if "+" not in name and len(known) == len(parts) and len({*known}) == 1:
        return known[0]
    if spelling.term(name, OtherTreatment, "OtherTreatment") in list(OtherTreatment):
        raise ValueError(f"{name!r} is no ALK inhibitor: leave it out, or write it into the note")
    if said := spelling.advice(name, "OtherTreatment", ""):
        raise ValueError(f"{name!r} is no inhibitor: {said}")
    alike = difflib.get_close_matches(wanted, names, cutoff=0.8)
    near = dict.fromkeys((*known, *(names[each] for each in alike)))
    meant = f" Is {' or '.join(near)} meant?" if near else ""
    raise ValueError(
        f"{name!r} is not a known inhibitor.{meant} A new one is a line in "
        "data/reference/inhibitors.csv: its generic name, and other names as aliases"
    )


def _inhibitor(says: str, *, also: Sequence[str] = (), several: bool = False) -> pa.Column:
    """Column of compounds of ``data/reference/inhibitors.csv``, or of the words in ``also``."""
    extra = f" or {'one of ' * (len(also) > 1)}{', '.join(also)}" if also else ""
    listed = f", several joined by {LIST_SEPARATOR} in order" if several else ""
    allowed = f"must be an inhibitor of data/reference/inhibitors.csv{extra}{listed}"

    def parts(cell: str) -> list[str]:
        return cell.split(LIST_SEPARATOR) if several else [cell]

    def valid(cell: str) -> bool:
        return _inhibitor_names().issuperset(name for name in parts(cell) if name not in also)

    def spell(cell: str) -> str:
        given = spelling.treatments(cell) if several else [cell]
        return LIST_SEPARATOR.join(_named_or_as_given(name, also) for name in given)

    def why(cell: str) -> str:
        for name in parts(cell):
            try:
                if name and name not in also:
                    inhibitor_named(name)
            except ValueError as error:
                return str(error)
        return ""

    refers_to = None if also or several else ("reference/inhibitors.csv", "inhibitor")
    return column(says, allowed, valid, spell=spell, why=why, also=also, refers_to=refers_to)


def _named_or_as_given(name: str, also: Sequence[str]) -> str:
    if name.casefold() in also:
        return name.casefold()
    try:
        return inhibitor_named(name)
    except ValueError:
        return name


def _table(place: str, declared: Mapping[str, Any]) -> Table:
    kinds = {**KINDS, "inhibitor": _inhibitor}
    columns = {
        name: kinds[options.get("kind", "text")](
            **{option: value for option, value in options.items() if option != "kind"}
        )
        for name, options in declared["columns"].items()
    }
    return Table(
        PurePosixPath(place).stem, declared["says"], pa.DataFrameSchema(columns),
        tuple(declared["key"]),
    )  # fmt: skip


DECLARED: Mapping[str, Any] = yaml_beside(__file__)

# Path below data/ (* is the name of a cohort) to the table there.
TABLES = {place: _table(place, declared) for place, declared in DECLARED["tables"].items()}


def of_folder(folder: str) -> tuple[Table, ...]:
    """Tables of a folder below ``data/``, in the order in which they are declared."""
    return tuple(table for place, table in TABLES.items() if place.startswith(f"{folder}/"))


COHORT_TABLES = SOURCES, PATIENTS, SAMPLES, TREATMENTS = of_folder("cohorts/*")[:4]
(SYNTHETIC_CALLS,) = of_folder("cohorts/*")[4:]
INVITRO_TABLES = INVITRO_SOURCES, MODELS, MEASUREMENTS = of_folder("invitro")
(ASSERTIONS,) = of_folder("knowledgebases")
(INHIBITORS,) = of_folder("reference")
LEDGER, CHECKS, READINGS, PROFILES = of_folder("published")
DRAWS, LIMITS = of_folder("identification")

# In vitro assays also measure cells without a mutation.
CONTROLS: tuple[str, ...] = MEASUREMENTS.also("mutations")


def bound_problems(treatments: pd.DataFrame, label: str) -> Iterator[Problem]:
    """List the relations without a number and the numbers without a relation, cells as text."""
    for measure in ("pfs", "dot"):
        relation, months = f"{measure}_relation", f"{measure}_months"
        without_number = (treatments[relation] != "") & (treatments[months] == "")
        yield from flagged(
            treatments, without_number, relation, label, f"must be blank: {months} is blank"
        )
        without_relation = (treatments[relation] == "") & treatments[months].str.contains(r"\d")
        yield from flagged(
            treatments, without_relation, relation, label,
            f"must be one of =, >, <, ~: {months} has a number",
        )  # fmt: skip
