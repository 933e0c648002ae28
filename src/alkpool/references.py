"""Sources as a reader knows them, and the list of references, from the tables of sources.

The list is made whenever the book is rendered, so it cannot lag behind the data. A field that was
not seen is blank in the table and stays out of the reference.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from alkpool import paths
from alkpool.files import yaml_beside
from alkpool.problems import ProjectError
from alkpool.vocabulary import Access

if TYPE_CHECKING:
    import pandas as pd

TABLES = ("cohorts/curated/sources.csv", "groups/sources.csv", "invitro/sources.csv")
FACTS = ("outcomes.csv", "counts.csv", "models.csv")

# It stands in the list of the paper and the methods.
PAPER = "koopman2022"

IDENTIFIERS = ("doi", "pmid")
UNSIGNED = "Author not seen"

_FIRST_AUTHOR = re.compile(r"(?P<surname>.+?)(?: [A-Z]{1,3})?")

Row = dict[str, str]

_DECLARED = yaml_beside(__file__)
_ADDRESSES: Sequence[Row] = _DECLARED["addresses"]
# Records of knowledge bases, and those whose addresses were not seen.
_RECORD = re.compile(r"\bEID\d+|\bChEMBL (assay )?CHEMBL\d+")
_DATABASE = re.compile(r"\bOncoKB\b|\bCIViC\b")
# What the entry says of itself.
_UNSEEN = re.compile(r"(authors?|title|year)(, | and |authors?|title|year)* not seen")
_MISSING = ("", "None", "nan", "<NA>")

# How directly a source was read, in a word or two, the most direct first.
READ: Mapping[str, str] = _DECLARED["read"]
# In words of the source itself, wherever they stand.
DIRECT = (Access.FULL_TEXT, Access.ABSTRACT)
# Columns of a table of sources that `cite` reads.
NAMING = ("first_author", "year", "journal", "trials", "title", "pmid", "doi")

Cited = dict[str, str]


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
        for kind in _ADDRESSES:
            if found := re.search(kind["found"], place):
                return kind["begin"] + found[1].rstrip(".,;)")
    return ""


def cite(source: Mapping[Any, Any], known: Mapping[str, Row] | None = None) -> Cited:
    """Say what a source is, as a reader knows it: the words of every answer and page.

    Parameters
    ----------
    source : mapping
        Columns `NAMING` of a table of sources, with the ``access``, ``locator`` and ``read_via`` of
        a fact; any may be missing, blank or NA.
    known : mapping, optional
        From `known`: what other tables say of the same publication fills blanks.

    Returns
    -------
    dict
        ``label``, its short name; ``text``, the same with journal and identifier; ``url``, its
        address; ``via`` and ``via_url``, where it was read instead, blank where it was read
        itself; ``read``, how directly, a value of `READ`; ``place``, the locators of the data.

    Examples
    --------
    >>> found = cite({"first_author": "Ou SH", "year": 2015, "journal": "J", "pmid": "25736571",
    ...               "locator": "CIViC EID1367; PMID 25736571", "access": "database record"})
    >>> in_words(found)
    'Ou 2015, J, PMID 25736571, via CIViC EID1367 (knowledge base)'
    >>> cite({"year": 2014, "pmid": "24819116"})["text"]
    'Report of 2014 (PMID 24819116; authors and title not seen)'
    """
    row = {
        str(name): "" if str(value) in _MISSING else str(value) for name, value in source.items()
    }
    for other in filter(None, map((known or {}).get, _marks(row).values())):
        row |= {name: other.get(name, "") for name in NAMING if not row.get(name)}
    author, year, journal, trials, title, pmid, doi = (row.get(name, "") for name in NAMING)
    places = [*filter(None, (row.get("locator"), row.get("read_via")))]
    # A source without a fact beside it may say in its note where it was read.
    read_at = row.get("note", "").partition("read at:")[2]
    url = address(pmid, doi) or row.get("url") or address("", "", *places or [read_at])
    access = row.get("access") or Access.UNKNOWN
    year = year.removesuffix(".0")
    surname = (_FIRST_AUTHOR.fullmatch(author) or {"surname": ""})["surname"]
    name = surname or journal or trials.partition(" (")[0]
    key = row.get("source_id", "")
    record = _record(url) or (key if name or title else f"source {key}".strip())
    label = f"{name}{' ' if surname or journal else ', '}{year}".strip(" ,") if name else record
    if title or name not in ("", record):
        dated = year or ("year not seen" if url else "")
        words = [label if name else title, dated, journal, record]
    elif url:
        report, unseen = (f"Report of {year}", "authors") if year else ("Report", "authors, year")
        if not address(pmid, doi, row.get("locator") or row.get("url") or read_at):
            # A copy is the place where it was read, and no name of it.
            report, record = f"{report}, not identified", f"read in {record}"
            label = "unidentified report"
        words = [f"{report} ({record}; {unseen} and title not seen)"]
    else:
        words = [record, year]
    first, *more = words
    via, via_url = ("", "") if access in DIRECT else _via(places, url)
    return {
        "label": label,
        "text": ", ".join([first, *(word for word in more if word and word not in first)]),
        "url": url,
        "via": via,
        "via_url": via_url,
        "read": READ[access],
        "place": "; read via ".join(places),
    }


def with_sources(
    table: "pd.DataFrame", sources: "pd.DataFrame", known: Mapping[str, Row] | None = None
) -> "pd.DataFrame":
    """Add ``cited``, from `cite`, and its ``label`` to rows with the ``source_id`` of a source.

    Examples
    --------
    >>> import pandas as pd
    >>> facts = pd.DataFrame({"source_id": ["ou2015"], "locator": ["PMID 25736571"]})
    >>> sources = pd.DataFrame({"source_id": ["ou2015"], "first_author": ["Ou SH"], "year": [2015]})
    >>> with_sources(facts, sources)["label"].tolist()
    ['Ou 2015']
    """
    columns = [name for name in (*NAMING, "access") if name in sources]
    named = sources.set_index("source_id")[columns].to_dict("index")
    rows = table.to_dict("records")
    cited: list[Any] = [cite(named.get(row["source_id"], {}) | row, known) for row in rows]
    labels = [each["label"] for each in cited]
    return table.assign(cited=cited, label=labels).astype({"cited": object, "label": str})


def patient_names(patients: "pd.DataFrame", sources: "pd.DataFrame") -> dict[str, str]:
    """What a reader calls each patient, by id: source and number; an id of another form stays.

    Examples
    --------
    >>> import pandas as pd
    >>> patients = pd.DataFrame({"patient_id": ["lin2018-p1", "K-7"], "source_id": "lin2018"})
    >>> sources = pd.DataFrame({"source_id": ["lin2018"], "first_author": "Lin JJ", "year": 2018})
    >>> patient_names(patients, sources)
    {'lin2018-p1': 'Lin 2018, patient 1', 'K-7': 'K-7'}
    """
    found = {}
    for row in with_sources(patients[["patient_id", "source_id"]], sources).to_dict("records"):
        name, number = row["patient_id"], row["patient_id"].removeprefix(f"{row['source_id']}-p")
        found[name] = f"{row['label']}, patient {number}" if number.isdecimal() else name
    # Two sources of one author and year keep their ids apart.
    said = [*found.values()]
    return {name: text if said.count(text) == 1 else name for name, text in found.items()}


def in_words(cited: Cited) -> str:
    """Write a source of `cite` in a line."""
    via = f", via {cited['via']}" if cited["via"] else ""
    return f"{cited['text']}{via} ({cited['read']})"


def once(sources: Iterable[Cited]) -> list[Cited]:
    """Keep each source once, as it was read most directly."""
    directness = list(READ.values()).index
    found: dict[str, Cited] = {}
    for source in sources:
        other = found.setdefault(source["url"] or source["text"], source)
        if directness(source["read"]) < directness(other["read"]):
            found[source["url"] or source["text"]] = source
    return list(found.values())


def _record(url: str) -> str:
    """Name of the record that an address opens: ``PMID 25736571``; of others the host."""
    for kind in _ADDRESSES:
        if kind["begin"] and url.startswith(kind["begin"]):
            return kind["name"] + unquote(url.removeprefix(kind["begin"])).strip("/")
    return (urlsplit(url).hostname or "").removeprefix("www.")


def _via(places: Sequence[str], url: str) -> tuple[str, str]:
    """Name and address of what was read in the place of a source."""
    text = " ".join(places)
    if found := _RECORD.search(text):
        other = address("", "", found[0])
    elif found := _DATABASE.search(text):
        return found[0], ""
    else:
        other = address("", "", *reversed(places))
    return ("", "") if _record(other) == _record(url) else (_record(other), other)


def known(data: Path = paths.DATA) -> dict[str, Row]:
    """What the tables say of each publication, by its DOI and PubMed identifier."""
    return {mark: row for row in unique(read(data)) for mark in _marks(row).values()}


def _marks(row: Mapping[str, str]) -> Row:
    # A DOI is the same in capitals or not.
    return {name: row[name].casefold() for name in IDENTIFIERS if row.get(name)}


def unique(rows: Iterable[Row]) -> list[Row]:
    """Keep the sources that a reader can find, each once, sorted by their key.

    Findable are those with a DOI, a PubMed identifier, a title or an address. A DOI or PubMed
    identifier that comes again under another key is the same publication.

    Raises
    ------
    ProjectError
        Where one key stands for two publications.
    """
    kept: dict[str, Row] = {}
    owners: dict[str, str] = {}
    for row in rows:
        marks = _marks(row)
        if not (marks or row.get("title") or row.get("url")):
            continue
        # BibTeX does not tell capitals in keys apart.
        key = row["source_id"].lower()
        owner = next((owners[mark] for mark in marks.values() if mark in owners), key)
        known = kept.get(owner, {})
        for name, mark in marks.items():
            if known.get(name, "").casefold() not in ("", mark):
                raise ProjectError(
                    f"{row.get('place', key)}: {name}: found {row[name]!r}; must be "
                    f"{known[name]!r} as in {known.get('place', owner)}, or {owner} stands for two "
                    "publications"
                )
        given = {name: value for name, value in row.items() if value}
        kept[owner] = {**given, **{name: value for name, value in known.items() if value}}
        owners |= dict.fromkeys(marks.values(), owner)
    return [{**kept[key], "source_id": key} for key in sorted(kept)]


def listed(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """References as the list of the book shows them, by author and title, unsigned ones last.

    Parameters
    ----------
    rows : iterable of dict
        Rows of tables of sources, from `read`.

    Returns
    -------
    list of dict
        Of each source of `unique` what `cite` says, and its ``reference``: authors, title, journal
        and year; where the title was not seen, it says what the source is about. ``links`` are
        the ``name`` and ``url`` of its records.

    Raises
    ------
    ProjectError
        Where one key stands for two publications.

    Examples
    --------
    >>> row = {"source_id": "choi2010", "first_author": "Choi YL", "year": "2010", "doi": "10.1/x"}
    >>> listed([row])[0]["reference"]
    'Choi YL and others. Title not seen. 2010.'
    """
    found: list[dict[str, Any]] = []
    for row in unique(rows):
        parts = row.get("note", "").partition("read at:")[0].split("; ")
        about = "; ".join(part for part in parts if part and not _UNSEEN.fullmatch(part))
        author = f"{row['first_author']} and others" if row.get("first_author") else UNSIGNED
        title = row.get("title") or f"Title not seen{': ' * bool(about)}{about}"
        dated = ", ".join(filter(None, (row.get("journal"), row.get("year") or "year not seen")))
        words = ". ".join((author, title.removesuffix("."), dated))
        cited, doi = cite(row), row.get("doi", "")
        urls = dict.fromkeys(filter(None, (cited["url"], address("", doi))))
        links = [{"name": _record(url), "url": url} for url in urls]
        found.append({**cited, "reference": f"{words}.", "links": links})
    found.sort(
        key=lambda each: (each["reference"].startswith(UNSIGNED), each["reference"].casefold())
    )
    return found


def read(data: Path = paths.DATA) -> Iterator[Row]:
    """Rows of the tables of sources in a data folder, of those that are there.

    Each has the place of its most directly read fact in a table beside it, or of its note; one
    without an identifier has its address as ``url``.
    """
    directness = [*READ, ""].index
    for table in (data / name for name in TABLES):
        beside = [row for name in FACTS for row in _rows(table.with_name(name))]
        # The last of equal keys stays: the most directly read.
        beside.sort(key=lambda fact: directness(fact.get("access", "")))
        facts = {fact.get("source_id", ""): fact for fact in reversed(beside)}
        for number, row in enumerate(_rows(table), start=2):
            if row["source_id"] == PAPER:
                continue
            # A table without facts beside it says in its note where a source was read.
            fact = facts.get(row["source_id"], {"locator": row.get("note", "")})
            said = {name: fact.get(name, "") for name in ("access", "locator", "read_via")}
            row = said | row | {"place": f"{table.relative_to(data)}, row {number}"}
            if not any(row[name] for name in IDENTIFIERS):
                row["url"] = address("", "", row["locator"], row["read_via"])
            yield row


def _rows(table: Path) -> Iterator[Row]:
    if table.is_file():
        with table.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
