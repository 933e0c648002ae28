"""References of the facts, from the tables of sources.

They are made whenever the book is rendered, so they cannot lag behind the data. A field that was
not seen is blank in the table and stays out of the reference.
"""

import csv
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from alkpool import paths

TABLES = ("cohorts/curated/sources.csv", "groups/sources.csv", "invitro/sources.csv")
HEADING = "Made from the tables of sources; correct a source there.\n\n"

# It stands in the list of the paper and the methods.
PAPER = "koopman2022"

IDENTIFIERS = ("doi", "pmid")

_FIRST_AUTHOR = re.compile(r"(?P<surname>.+?)(?: (?P<initials>[A-Z]{1,3}))?")
_PLAIN_SURNAME = re.compile(r"[\w'’. -]+")

# TeX has no name for these that the reader of the references knows: they travel as private
# characters, and `plain` brings them back.
_PRIVATE = {sign: chr(0xE000 + ord(sign)) for sign in "{}$^~"}
_BACK = {ord(private): sign for sign, private in _PRIVATE.items()}
_TEX = str.maketrans(
    _PRIVATE | {"\\": r"\textbackslash{}"} | {sign: f"\\{sign}" for sign in "&%#_"}
)
# Two of these together would become another sign.
_JOINED = re.compile("[-`'!?](?=[-`'])")

Row = dict[str, str]

# What in a place names a record, and the address before it.
_ADDRESSES = (
    (r"PMID:? ?(\d+)", "https://pubmed.ncbi.nlm.nih.gov/"),
    (r"(?i:doi)[: ] ?(10\.\d{4,}/[^\s;,]+)", "https://doi.org/"),
    (r"\b(PMC\d+)", "https://pmc.ncbi.nlm.nih.gov/articles/"),
    (r"\bEID(\d+)", "https://civicdb.org/links/evidence/"),
    (r"\b(NCT\d{8})", "https://clinicaltrials.gov/study/"),
    (r"(https?://\S+)", ""),
    (r"\bgithub[: ]([\w.-]+/[\w.-]+)", "https://github.com/"),
)


def label(first_author: str, year: Any, key: str) -> str:
    """Short name of a source: first author and year, or its key where one was not seen.

    Examples
    --------
    >>> label("Ou SH", 2015, "ou2015"), label("", 2015, "ou2015")
    ('Ou 2015', 'ou2015')
    """
    seen = first_author and str(year) not in ("", "<NA>", "nan")
    return f"{first_author.split(' ')[0]} {int(year)}" if seen else key


def address(pmid: str, doi: str, *places: str) -> str:
    """Address that opens: PubMed, the DOI, or what stands in a place; blank where there is none.

    Examples
    --------
    >>> address("", "", "CIViC EID1367; Table 2")
    'https://civicdb.org/links/evidence/1367'
    """
    if pmid:
        return f"https://pubmed.ncbi.nlm.nih.gov/{quote(pmid)}/"
    if doi:
        return f"https://doi.org/{quote(doi)}"
    for place in places:
        for pattern, begin in _ADDRESSES:
            if found := re.search(pattern, place):
                return begin + found[1].rstrip(".,;)")
    return ""


def unique(rows: Iterable[Row]) -> list[Row]:
    """Keep the sources that a reader can find, each once, sorted by their key.

    Findable are those with a DOI, a PubMed identifier, a title or an address. A DOI or PubMed
    identifier that comes again under another key is the same publication.

    Raises
    ------
    ValueError
        Where one key stands for two publications.
    """
    kept: dict[str, Row] = {}
    owners: dict[str, str] = {}
    for row in rows:
        # A DOI is the same in capitals or not.
        marks = {name: row[name].casefold() for name in IDENTIFIERS if row.get(name)}
        if not (marks or row.get("title") or row.get("url")):
            continue
        # BibTeX does not tell capitals in keys apart.
        key = row["source_id"].lower()
        owner = next((owners[mark] for mark in marks.values() if mark in owners), key)
        known = kept.get(owner, {})
        for name, mark in marks.items():
            if known.get(name, "").casefold() not in ("", mark):
                raise ValueError(
                    f"{row.get('place', key)}: {name}: found {row[name]!r}; must be "
                    f"{known[name]!r} as in {known.get('place', owner)}, or {owner} stands for two "
                    "publications"
                )
        given = {name: value for name, value in row.items() if value}
        kept[owner] = {**given, **{name: value for name, value in known.items() if value}}
        owners |= dict.fromkeys(marks.values(), owner)
    return [{**kept[key], "source_id": key} for key in sorted(kept)]


def entry(row: Row) -> str:
    """BibTeX entry of one source."""
    fields = {
        # Of a database record no author may have been seen; the list still needs a place for it.
        "author": _author(row.get("first_author", "")) or "{Author not seen}",
        # Inner braces keep the capitals of ALK and of mutation names.
        "title": f"{{{_escaped(row['title'])}}}" if row.get("title") else "",
        "journal": _escaped(row.get("journal", "")),
        "year": row.get("year", "") or "year not seen",
        "doi": row.get("doi", ""),
        "pubmed": row.get("pmid", ""),
        "note": _escaped(row.get("note", "")) if row.get("url") else "",
        "url": row.get("url", ""),
        "keywords": "source",
    }
    kind = "article" if row.get("title") and row.get("journal") else "misc"
    written = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{row['source_id']},", *written, "}"])


def _author(name: str) -> str:
    parts = _FIRST_AUTHOR.fullmatch(name)
    if parts is None:
        return ""
    initials = " ".join(f"{letter}." for letter in parts["initials"] or "")
    surname = _escaped(parts["surname"])
    if not (initials and _PLAIN_SURNAME.fullmatch(parts["surname"])) or " and " in surname:
        surname = f"{{{surname}}}"
    return f"{surname}, {initials} and others" if initials else f"{surname} and others"


def _escaped(text: str) -> str:
    return _JOINED.sub(r"{\g<0>}", text.translate(_TEX))


def plain(text: str) -> str:
    """Bring back the characters of a rendered reference that TeX could not take."""
    return text.translate(_BACK)


def render(rows: Iterable[Row]) -> str:
    """Text of the BibTeX file."""
    return HEADING + "\n\n".join(entry(row) for row in unique(rows)) + "\n"


def read(data: Path = paths.DATA) -> Iterator[Row]:
    """Rows of the tables of sources in a data folder, of those that are there.

    One without an identifier has the ``url`` of its first row in a table beside it, if any.
    """
    for table in (data / name for name in TABLES):
        beside = [
            row for name in ("outcomes.csv", "counts.csv") for row in _rows(table.with_name(name))
        ]
        for number, row in enumerate(_rows(table), start=2):
            if row["source_id"] == PAPER:
                continue
            row |= {"place": f"{table.relative_to(data)}, row {number}"}
            places = [
                (each["locator"], each["read_via"])
                for each in beside
                if each["source_id"] == row["source_id"]
            ]
            known = any(row[name] for name in IDENTIFIERS)
            yield row if known or not places else row | {"url": address("", "", *places[0])}


def _rows(table: Path) -> Iterator[Row]:
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
