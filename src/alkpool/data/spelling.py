"""Other spellings of a cell: taken where they can mean one thing only, and said.

Every column of a table knows the spelling of the tables (``spell``), and why a cell that it
cannot take is refused (``why``). Nothing is guessed: a word, a sign or a qualifier that is not
known is left as it is, for the schema to refuse.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

import pandas as pd
import pandera.pandas as pa

from alkpool import mutations
from alkpool.files import yaml_beside
from alkpool.mutations.names import rows as reference_rows
from alkpool.problems import shortened
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, Phase, Relation

# How previous treatments are read, here and in the explorer.
PATTERNS: dict[str, str] = {}
for _name, _pattern in yaml_beside(__file__)["treatments"].items():
    PATTERNS[_name] = _pattern % PATTERNS
READ = {name: re.compile(said, re.IGNORECASE | re.ASCII) for name, said in PATTERNS.items()}
_CHANGE_IN_SIZE = re.compile(r"\s*[\[(]\s*[-+−–]?\d+(?:[.,]\d+)?\s*%\s*[\])]$")
_COMMA = re.compile(r"(0,\d+|\d+,(?:\d{1,2}|\d{4,}))")
THOUSANDS = re.compile(r"(?<![\d.,])[1-9]\d{0,2}[.,]\d{3}(?!\d)")
BOUND = re.compile(r"(?P<sign>[^\d+]*?)\s*(?P<number>\d+(?:[.,]\d+)?)\s*(?P<more>\+?)")
_MONTHS = re.compile(r"(?<=\d)\s*(?:months?|mos?\.?)(?=\+?$)", re.IGNORECASE)
_AROUND_A_DOI = re.compile(
    r"^((https?://)?(www\.|dx\.)?doi\.org/|doi:\s*)"
    r"|(/(full|abstract|e?pdf|html|fulltext|meta))?[./]?(\?\w+=.*)?$",
    re.IGNORECASE,
)
# What of a report's line is a finding of the sample, beside the mutations of ALK.
_FINDINGS = (
    "taken for a polymorphism", "another gene", "transcript of another gene", "allele frequency",
)  # fmt: skip


def cleaned(text: str) -> str:
    """Take away what nobody sees: forms of the same letter, kinds of space, spaces at the ends.

    A decimal point may be raised.
    """
    if text.isascii():
        return text.strip()
    text = re.sub(r"(?<=\d)·(?=\d)", ".", unicodedata.normalize("NFC", text))
    return "".join(" " if unicodedata.category(c) == "Zs" else c for c in text).strip()


def treatments(text: str) -> list[str]:
    """Names of a list of treatments, whatever stands between them.

    Examples
    --------
    >>> treatments("crizotinib and Alecensa -> lorlatinib")
    ['crizotinib', 'Alecensa', 'lorlatinib']
    """
    spaced = READ["space"].sub(" ", text).strip(" ")
    return READ["between"].split(spaced) if spaced else []


def joined(text: str) -> list[str]:
    """Names that ``+``, ``/`` or brackets join, in lower case: without dose, schedule and hyphen.

    Examples
    --------
    >>> joined("Lorbrena® 100 mg QD (PF-06463922)")
    ['lorbrena', 'pf06463922']
    """
    bare = READ["schedule"].sub(" ", READ["space"].sub(" ", text.lower()))
    parts = re.split("[+/]", READ["bracket"].sub(r"+\1", bare))
    return [READ["ignored"].sub("", part) for part in parts]


@cache
def _words() -> dict[tuple[str, str], tuple[str, str]]:
    return {
        (vocabulary, _plain(word)): (value, advice)
        for vocabulary, word, value, advice, _source in reference_rows("words.csv")
    }


def words(vocabulary: str) -> dict[str, str]:
    """Words that people use for the terms of a vocabulary, and their term; blank for none."""
    return {word: value for (of, word), (value, _) in _words().items() if of == vocabulary}


@lru_cache(4096)
def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()


def term(cell: str, terms: Iterable[str], vocabulary: str) -> str:
    """Term of a closed vocabulary that a cell plainly means, or the cell."""
    known = {_plain(name): str(name) for name in terms}
    plain = _plain(cell)
    if vocabulary == "BestResponse":
        plain = _CHANGE_IN_SIZE.sub("", plain)
    return known.get(plain) or _words().get((vocabulary, plain), ("", ""))[0] or cell


_REST = "what else the cell says is not read: write one of these, and the rest into the note"


def advice(cell: str, vocabulary: str, rest: str = _REST) -> str:
    """Say what to write for a word that a vocabulary does not have; ``rest`` is said of signs."""
    said = _words().get((vocabulary, _plain(cell)), ("", ""))[1]
    return said or (rest if re.search(r"[(\[*†‡§/,;:<>≤≥¹²³–-]|\s\d", cell) else "")


def number(cell: str, *, whole: bool) -> str:
    """Number with a decimal point; a comma before three digits could be either, and is left."""
    if whole:
        return re.sub(r"(?<=\d)[.,]0+$", "", cell)
    return cell.replace(",", ".") if _COMMA.fullmatch(cell) else cell


def frequencies(cell: str) -> str:
    """Percentages joined by ``;``, without their sign."""
    parts = (re.sub(r"\s*%$|(?<=[<>~])\s+", "", part.strip()) for part in re.split("[;/]", cell))
    numbers = (re.sub(r"(?<=\d),(?=\d)", ".", part.casefold()) for part in parts)
    return LIST_SEPARATOR.join(numbers)


def doi(cell: str) -> str:
    """Identifier without resolver, prefix, and what an address has behind it."""
    return _AROUND_A_DOI.sub("", cell)


def pmid(cell: str) -> str:
    """Digits of a PubMed identifier."""
    return re.sub(r"^PMID:?\s*|\.0+$", "", cell, flags=re.IGNORECASE)


def canonical(cell: str) -> str:
    """Canonical profile of a cell.

    Raises
    ------
    ValueError
        For what is none, and for a line of a report: a table has columns for the rest of it.
    """
    named = None
    with suppress(ValueError):
        named = "+".join(mutations.mutations_of(cell))
    if named == cell:
        return cell
    # What is none has the reason of the reader of reports.
    reading = mutations.read(cell)
    if named is None or any(what in _FINDINGS for what, _ in reading.set_aside):
        raise ValueError(f"write {reading.profile}, and the rest into its own column")
    return reading.profile


def profile(cell: str) -> str:
    """Canonical profile that a cell plainly means, or the cell."""
    try:
        return canonical(cell)
    except ValueError:
        return cell


def spelled(cells: pd.DataFrame, columns: Mapping[str, pa.Column]) -> pd.DataFrame:
    """Give cells the spelling of the tables.

    Parameters
    ----------
    cells : DataFrame
        Text; columns that ``columns`` does not have stay as they are.
    columns : mapping of str to pandera Column
        Name in ``cells`` to the column of a table.
    """
    done = cells.copy()
    if {"mutations", "phase", "vaf_percent", "other_findings"} <= set(cells):
        done = _reports(done)
    for measure in ("pfs", "dot"):
        if {f"{measure}_relation", f"{measure}_months"} <= set(cells):
            done = _bounds(done, f"{measure}_relation", f"{measure}_months")
    for name, column in columns.items():
        spell = (column.metadata or {}).get("spell")
        if name not in cells or spell is None:
            continue
        known = {cell: spell(cell) for cell in done[name].unique() if cell}
        if column.metadata.get("decimal") and any(map(_COMMA.fullmatch, known)):
            # With words it is refused: beside decimal commas, a point may part thousands.
            parted = filter(THOUSANDS.fullmatch, known)
            known |= {cell: f"{cell} beside decimal commas" for cell in parted}
        done[name] = done[name].map(lambda cell, known=known: known.get(cell, cell)).astype(str)
    return done


def with_signs(cells: pd.DataFrame) -> pd.DataFrame:
    """Write ``=`` where a plain number of months has no sign."""
    done = cells.copy()
    for months in {"pfs_months", "dot_months"} & {*cells}:
        relation = months.replace("months", "relation")
        plain = cells[months].str.replace(_MONTHS, "", regex=True).str.fullmatch("[0-9.,]+")
        done[relation] = cells[relation].mask(plain & (cells[relation] == ""), str(Relation.EQUAL))
    return done


def _bounds(cells: pd.DataFrame, relation: str, months: str) -> pd.DataFrame:
    """Put the sign of a number, as in ``12+``, where it belongs: a bound stays a bound."""
    cells[months] = cells[months].str.replace(_MONTHS, "", regex=True)
    odd = ~cells[months].str.fullmatch(r"[\d.,]*")
    parted: dict[object, list[str]] = {}
    for row, *written in cells.loc[odd, [months, relation]].itertuples(name=None):
        found = BOUND.fullmatch(written[0])
        if found is None:
            continue
        sign, given = (term(cell, Relation, "Relation") for cell in (found["sign"], written[1]))
        if found["more"]:
            sign = "" if sign else str(Relation.ABOVE)
        if sign in list(Relation) and given in ("", sign):
            parted[row] = [sign, found["number"]]
    return _with(cells, parted, [relation, months])


def _with(
    cells: pd.DataFrame, read: Mapping[object, list[str]], columns: list[str]
) -> pd.DataFrame:
    """Put what was read of rows into their cells, all at once: one by one takes a millisecond."""
    if read:
        cells.loc[list(read), columns] = list(read.values())
    return cells


def _reports(cells: pd.DataFrame) -> pd.DataFrame:
    """Read the lines of reports among the profiles of samples.

    Frequencies follow their mutations into the canonical order; those of no mutation, what belongs
    to another gene, and known polymorphisms, become other findings.
    """
    columns = ["mutations", "vaf_percent", "phase", "other_findings"]
    read: dict[object, list[str]] = {}
    for row, line, percent, phase, findings in cells[columns].itertuples(name=None):
        reading = _reading(line)
        if reading is None:
            continue
        names, given = reading.profile.split("+"), frequencies(percent)
        parts = given.split(LIST_SEPARATOR)
        printed = dict(zip(reading.printed, parts, strict=False))
        if given and len(printed) == len(parts) == len(reading.printed):
            given = LIST_SEPARATOR.join(printed[name] for name in names)
        stated = LIST_SEPARATOR.join(reading.vaf_percent)
        if given and stated and given != stated:
            continue
        if reading.phase and phase not in ("", UNKNOWN, reading.phase):
            continue
        if reading.phase:
            phase = reading.phase
        elif len(names) == 1 < len(reading.printed) and phase == UNKNOWN:
            phase = str(Phase.SINGLE)
        found = [f"{text} ({what})" for what, text in reading.set_aside if what in _FINDINGS]
        findings = "; ".join(filter(None, [findings, *found]))
        read[row] = [reading.profile, given or stated, phase, findings]
    return _with(cells, read, columns)


@cache
def _reading(line: str) -> mutations.Reading | None:
    """Reading of a cell that is not canonical already; None where there is nothing to read."""
    try:
        reading = mutations.read(line)
    except ValueError:
        return None
    return None if reading.profile == line else reading


def read_as(before: pd.DataFrame, after: pd.DataFrame, label: str) -> Iterator[str]:
    """Say which cells were taken for another spelling, each spelling once."""
    for name in map(str, after):
        pairs = pd.DataFrame({"old": before[name], "new": after[name]})
        pairs = pairs[pairs["old"] != pairs["new"]]
        found: Mapping[Any, pd.Index] = pairs.groupby(["old", "new"]).groups
        for pair, rows in sorted(found.items(), key=itemgetter(0)):
            old, new = (repr(shortened(str(cell))) for cell in pair)
            numbers = [str(row + 2) for row in rows]
            more = f" and {len(numbers) - 10} more" if len(numbers) > 10 else ""
            place = f"row {', '.join(numbers[:10])}{more}"
            yield f"{label}: column {name}: {old} is read as {new} ({place})"
