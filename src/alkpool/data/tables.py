"""Tables of the compendium as pandera schemas, and the problems a file can have.

A *table* is a CSV file with one header line. ``tables.yaml`` beside this module declares each of
them; the data dictionary is written from it too. Cells are validated as the text a person typed,
so that a message can quote it, and converted to numbers only once every table is valid. The columns
have no pandera type: all cells are text as they come, and checking that again would take as long as
everything else.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from functools import cache
from itertools import groupby
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


@cache
def treatments() -> dict[str, str]:
    """Name of each treatment by all that it is called, plain; blank for words that say of none."""
    known = inhibitors()
    compounds = {
        name: compound
        for compound, aliases in zip(known["inhibitor"], known["aliases"], strict=True)
        for name in (compound, *filter(None, aliases.split(LIST_SEPARATOR)))
    }
    others = {str(name): str(name) for name in OtherTreatment} | spelling.words("OtherTreatment")
    named = (others | compounds).items()
    return {plain: name for word, name in named for plain in spelling.joined(word)}


def treatment_named(text: str, refused: Mapping[str, str]) -> str:
    """Name of a treatment, from any name that people use.

    Raises
    ------
    ValueError
        Where nothing or several are named, or a name is not known, in the words of ``refused``:
        ``missing, none, several, within, unknown``, of the text and what may be meant, or the
        inhibitors that stand within it.
    """
    known, parts = treatments(), spelling.joined(text)
    named, *others = dict.fromkeys(map(known.get, parts))
    if named and not others:
        return named
    if None not in (named, *others):
        raise ValueError(refused["several" if others else "none"].format(text))
    words = (word for word, name in known.items() if name not in ("", *OtherTreatment))
    longest = "|".join(sorted(words, key=len, reverse=True))
    within = map(known.get, re.findall(longest, re.sub("[^a-z0-9]", "", text.lower())))
    if listed := ", ".join(str(name) for name, _ in groupby(within)):
        raise ValueError(refused["within"].format(text, listed))
    meant = _worn("".join(parts))
    close = (known[word] for word in known if _worn(word) & meant)
    near = " or ".join(dict.fromkeys(filter(None, (named, *others, *close))))
    why = "unknown" if spelling.treatments(text) else "missing"
    raise ValueError(refused[why].format(text, f" Is {near} meant?" if near else ""))


def _worn(word: str) -> set[str]:
    """Reduce a word by no letter or one, so that one wrong, missing or exchanged makes no odds."""
    return {word, *(word[:place] + word[place + 1 :] for place in range(len(word)))}


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
    advice = spelling.advice(name, "OtherTreatment", "")
    refused = {why: said.replace("{advice}", advice) for why, said in DECLARED["refused"].items()}
    found = treatment_named(name, refused)
    if found in list(OtherTreatment):
        raise ValueError(f"{name!r} is no ALK inhibitor: leave it out, or write it into the note")
    return found


def _inhibitor(says: str, *, also: Sequence[str] = (), several: bool = False) -> pa.Column:
    """Column of compounds of ``data/reference/inhibitors.csv``, or of the words in ``also``."""
    extra = f" or {'one of ' * (len(also) > 1)}{', '.join(also)}" if also else ""
    listed = f", several joined by {LIST_SEPARATOR} in order" if several else ""
    return names(
        says, f"must be an inhibitor of data/reference/inhibitors.csv{extra}{listed}",
        read=lambda name: name if name in also else inhibitor_named(name),
        also=also, split=spelling.treatments if several else None,
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


COHORT_TABLES = SOURCES, PATIENTS, SAMPLES, TREATMENTS = of_folder("cohorts/*")
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
