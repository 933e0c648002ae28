"""The references say what the tables of sources say, and nothing else."""

import csv
import re
from pathlib import Path

import pytest
from pybtex.database import parse_file

from alkpool import paths, references
from alkpool.problems import ProjectError
from alkpool.references import listed

SOURCE = {"source_id": "choi2010", "first_author": "Choi YL", "year": "2010", "doi": "10.1/x"}


def test_every_findable_source_has_a_reference() -> None:
    """Each DOI and PubMed identifier of the tables stands in one reference, and no other does."""
    rows = list(references.read())
    written = [link["url"] for source in listed(rows) for link in source["links"]]
    stated = {
        url
        for row in rows
        for url in (references.address(row["pmid"], ""), references.address("", row["doi"]))
        if url
    }
    found = [url for url in written if "doi.org" in url or "pubmed" in url]
    assert sorted(found) == sorted(stated)


def test_no_source_is_left_out_or_a_stump() -> None:
    """Each row of each table is in the list, with an address, and with more than an identifier."""
    stated = {
        row["source_id"].lower()
        for table in references.TABLES
        for row in csv.DictReader((paths.DATA / table).read_text("utf-8").splitlines())
    }
    sources = references.unique(references.read())
    assert {row["source_id"] for row in sources} == stated - {references.PAPER}
    for row in sources:
        (cited,) = listed([row])
        assert all(link["url"].startswith("http") for link in cited["links"]), row
        assert cited["links"], row
        assert row["source_id"] not in cited["label"] + cited["text"], row
        assert row.get("title") or "Title not seen" in cited["reference"], row
        assert cited["read"] != "reading not stated", row


CENTRE = "Karolinska University Hospital"
NOWHERE = "read at: https://x.org/p"


@pytest.mark.parametrize(
    ("row", "label", "text"),
    [
        ({"year": "2014", "pmid": "7"}, "PMID 7",
         "Report of 2014 (PMID 7; authors and title not seen)"),
        ({"pmid": "7"}, "PMID 7", "Report (PMID 7; authors, year and title not seen)"),
        ({"note": NOWHERE}, "x.org", "Report (x.org; authors, year and title not seen)"),
        # Where a copy was read is no name of what it copies.
        ({"locator": "record not identified", "read_via": "github:x/y@1"}, "unidentified report",
         "Report, not identified (read in github.com/x/y; authors, year and title not seen)"),
        ({"trials": "PMC7", "locator": "PMC7"}, "PMC7",
         "Report (PMC7; authors, year and title not seen)"),
        ({"trials": CENTRE, "locator": "PMC7"}, CENTRE, f"{CENTRE}, year not seen, PMC7"),
        ({"first_author": "Ou SH", "note": NOWHERE}, "Ou", "Ou, year not seen, x.org"),
        ({"title": "T", "note": NOWHERE}, "x.org", "T, year not seen, x.org"),
        ({"title": "Synthetic source"}, "x07", "Synthetic source, x07"),
        # What a note compares with is no address of the source.
        ({"title": "T", "note": "assay as in PMID 25736571"}, "x07", "T, x07"),
        ({"year": "2024"}, "source x07", "source x07, 2024"),
        ({}, "source x07", "source x07"),
        ({"source_id": "", "year": "2024"}, "source", "source, 2024"),
    ],
)  # fmt: skip
def test_what_was_not_seen_is_said_in_words(row: dict[str, str], label: str, text: str) -> None:
    """A reader is never left with a bare key."""
    cited = references.cite({"source_id": "x07"} | row)
    assert (cited["label"], cited["text"]) == (label, text)


@pytest.mark.parametrize(
    ("place", "via", "url"),
    [
        ("CIViC EID7; PMID 8", "CIViC EID7", "https://civicdb.org/links/evidence/7"),
        ("ChEMBL CHEMBL7", "ChEMBL CHEMBL7", "https://www.ebi.ac.uk/chembl/explore/document/CHEMBL7"),
        ("ChEMBL assay CHEMBL7; github:a/b", "ChEMBL assay CHEMBL7",
         "https://www.ebi.ac.uk/chembl/explore/assay/CHEMBL7"),
        ("OncoKB, G1202R; github:a/b", "OncoKB", ""),
    ],
)  # fmt: skip
def test_what_a_source_was_read_in_has_an_address(place: str, via: str, url: str) -> None:
    """The record of a knowledge base, and no copy of it."""
    cited = references.cite({"pmid": "9", "locator": place, "access": "database record"})
    assert (cited["via"], cited["via_url"]) == (via, url)


def test_a_cohort_shown_alone_names_its_sources() -> None:
    """Without facts beside them, their notes say where they were read."""
    table = paths.DATA / references.TABLES[0]
    for row in csv.DictReader(table.read_text("utf-8").splitlines()):
        cited = references.cite(row)
        assert cited["url"], row
        assert row["source_id"] not in cited["label"] + cited["text"], row


def test_every_citation_has_a_reference() -> None:
    """Keys cited in prose exist."""
    text = "\n".join(page.read_text("utf-8") for page in paths.BOOK.glob("*.md"))
    cited = {
        key for keys in re.findall(r"\{cite(?::t|:p)?\}`([^`]+)`", text) for key in keys.split(",")
    }
    assert cited
    assert cited <= set(parse_file(paths.BOOK / "references.bib").entries)


def test_what_was_not_seen_stays_out() -> None:
    """A note that says so, too, is not repeated; then comes what the source is about."""
    note = "18 rebiopsies; author, year and title not seen; which review was not seen"
    (blank,) = listed([SOURCE | {"title": "", "journal": "", "pmid": ""}])
    (noted,) = listed([SOURCE | {"title": "", "note": note}])
    assert blank["reference"] == "Choi YL and others. Title not seen. 2010."
    said = "Title not seen: 18 rebiopsies; which review was not seen"
    assert noted["reference"] == f"Choi YL and others. {said}. 2010."


def test_one_publication_has_one_reference() -> None:
    """A known identifier, or the same key, is the same publication; blanks are filled."""
    again = {"source_id": "other", "doi": "10.1/x", "pmid": "7", "title": "T"}
    capital = {"source_id": "Choi2010", "pmid": "7"}
    (row,) = references.unique([SOURCE, again, capital])
    assert row == SOURCE | {"pmid": "7", "title": "T"}


def test_sources_that_nobody_can_find_are_left_out() -> None:
    """A reference needs an identifier or a title."""
    assert listed([{"source_id": "x", "year": "2013", "first_author": "Hu"}]) == []


def test_a_doi_in_capitals_is_the_same() -> None:
    assert len(listed([SOURCE | {"doi": "10.1/ab"}, SOURCE | {"doi": "10.1/AB"}])) == 1


def test_the_rows_of_two_publications_are_named(tmp_path: Path) -> None:
    for table, pmid in zip(references.TABLES[:2], ("1", "2"), strict=True):
        (tmp_path / table).parent.mkdir(parents=True)
        (tmp_path / table).write_text(f"source_id,doi,pmid\nx,,\nchoi2010,10.1/x,{pmid}\n")
    with pytest.raises(ProjectError, match="two publications") as refused:
        references.unique(references.read(tmp_path))
    assert str(refused.value).startswith(
        "groups/sources.csv, row 3: pmid: found '2'; must be '1' as in "
        "cohorts/curated/sources.csv, row 3, or choi2010 stands for two publications"
    )


def test_one_key_for_two_publications_is_refused() -> None:
    """Contradicting identifiers are never joined."""
    with pytest.raises(ProjectError, match="choi2010 stands for two publications"):
        listed([SOURCE, SOURCE | {"doi": "10.1/y"}])
