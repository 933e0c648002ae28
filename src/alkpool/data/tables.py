"""Tables of the compendium as pandera schemas, and the problems a file can have.

A *table* is a CSV file with one header line. ``tables.yaml`` beside this module declares each of
them; the data dictionary is written from it too. Cells are validated as the text a person typed,
so that a message can quote it, and converted to numbers only once every table is valid. The columns
have no pandera type: all cells are text as they come, and checking that again would take as long as
everything else.
"""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache, lru_cache
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
import pandera.pandas as pa

from alkpool import paths
from alkpool.data import spelling
from alkpool.data.columns import KINDS, names
from alkpool.data.reader import Table, read_folder
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
    in_use, wanted = _names_in_use(), _plain(name)
    if wanted in in_use:
        return in_use[wanted]
    parts = list(filter(None, map(_plain, re.split(r"[+(]", name))))
    known = [in_use[part] for part in parts if part in in_use]
    if "+" not in name and len(known) == len(parts) and len({*known}) == 1:
        return known[0]
    if spelling.term(name, OtherTreatment, "OtherTreatment") in list(OtherTreatment):
        raise ValueError(f"{name!r} is no ALK inhibitor: leave it out, or write it into the note")
    if said := spelling.advice(name, "OtherTreatment", ""):
        raise ValueError(f"{name!r} is no inhibitor: {said}")
    alike = difflib.get_close_matches(wanted, in_use, cutoff=0.8)
    near = dict.fromkeys((*known, *(in_use[each] for each in alike)))
    meant = f" Is {' or '.join(near)} meant?" if near else ""
    raise ValueError(
        f"{name!r} is not a known inhibitor.{meant} A new one is a line in "
        "data/reference/inhibitors.csv: its generic name, and other names as aliases"
    )


@lru_cache(1024)
def _inhibitor_problem(name: str) -> str:
    """Say why a cell is no name of the tables; blank where it is one."""
    try:
        meant = inhibitor_named(name)
    except ValueError as error:
        return str(error)
    return "" if meant == name else f"write it as {meant}"


def _meant(name: str) -> str:
    try:
        return inhibitor_named(name)
    except ValueError:
        return name


def _inhibitor(says: str, *, also: Sequence[str] = (), several: bool = False) -> pa.Column:
    """Column of compounds of ``data/reference/inhibitors.csv``, or of the words in ``also``."""
    extra = f" or {'one of ' * (len(also) > 1)}{', '.join(also)}" if also else ""
    listed = f", several joined by {LIST_SEPARATOR} in order" if several else ""
    return names(
        says, f"must be an inhibitor of data/reference/inhibitors.csv{extra}{listed}",
        problem=lambda name: "" if name in also else _inhibitor_problem(name),
        spell=_meant, also=also, split=spelling.treatments if several else None,
        refers_to=None if also or several else ("reference/inhibitors.csv", "inhibitor"),
    )  # fmt: skip


def _column(kind: str = "text", **options: Any) -> pa.Column:
    return {**KINDS, "inhibitor": _inhibitor}[kind](**options)


def _table(place: str, declared: Mapping[str, Any]) -> Table:
    columns = {name: _column(**options) for name, options in declared["columns"].items()}
    name, schema = PurePosixPath(place).stem, pa.DataFrameSchema(columns)
    return Table(name, declared["says"], schema, tuple(declared["key"]))


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
LEDGER, CHECKS, COUNTS, READINGS, PROFILES = of_folder("published")
DRAWS, LIMITS = of_folder("identification")

# In vitro assays also measure cells without a mutation.
CONTROLS: tuple[str, ...] = MEASUREMENTS.also("mutations")


Rules = Iterable[Mapping[str, str]]
# Cells that are wrong in themselves: file, row, column.
Unread = Set[tuple[str, int | None, str]]

# Name to rules of a table, or of some of its columns.
RULES: Mapping[str, Sequence[Mapping[str, str]]] = DECLARED["rules"]


def rule_problems(
    rules: Rules, frame: pd.DataFrame, label: str, unread: Unread = frozenset(), **known: pd.Series
) -> Iterator[Problem]:
    """List the cells, as text, that break a rule; see `RULES`. ``known`` is what @names mean.

    A rule that names one of the ``unread`` cells (file, row, column) says nothing of its row.
    """
    # pandas compares text in other columns than those of objects by looking at each in turn.
    text = frame.astype(dict.fromkeys(frame.select_dtypes("str"), object))
    among = {name: keys.astype(object) for name, keys in known.items()}
    for rule in rules:
        wrong = text[text.eval(rule["wrong"], engine="python", local_dict=among)]
        needed = [name for name in text if name in rule["wrong"]]
        for place, row in zip(wrong.index, wrong.to_dict("records"), strict=True):
            at = int(place) + 2
            if not any((label, at, name) in unread for name in needed):
                said = rule["says"].format_map(row)
                yield Problem(label, at, rule["column"], row[rule["column"]], said)
