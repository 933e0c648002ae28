"""The references say what the tables of sources say, and nothing else."""

import csv
import re
from pathlib import Path

import pytest
from pybtex.database import BibliographyData, parse_file, parse_string
from pybtex.richtext import Text

from alkpool import paths, references

SOURCE = {"source_id": "choi2010", "first_author": "Choi YL", "year": "2010", "doi": "10.1/x"}


def parsed(*rows: dict[str, str]) -> BibliographyData:
    """Entries that are written for the rows, as BibTeX reads them."""
    return parse_string(references.render(rows), "bibtex")


def test_every_findable_source_has_a_reference() -> None:
    """Each DOI and PubMed identifier of the tables stands in one reference, and no other does."""
    rows = list(references.read())
    written = parsed(*rows).entries.values()
    for column, field in (("doi", "doi"), ("pmid", "pubmed")):
        stated = {row[column] for row in rows if row[column]}
        found = [entry.fields[field] for entry in written if field in entry.fields]
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
        cited = references.cite(row)
        assert cited["url"].startswith("http"), row
        assert row["source_id"] not in cited["label"] + cited["text"], row
        note = parsed(row).entries[row["source_id"]].fields["note"]
        assert cited["read"].capitalize() in note, row
        assert row.get("title") or "Title not seen" in note, row
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


def test_a_cohort_shown_alone_names_its_sources() -> None:
    """Without facts beside them, their notes say where they were read."""
    table = paths.DATA / references.TABLES[0]
    for row in csv.DictReader(table.read_text("utf-8").splitlines()):
        cited = references.cite(row)
        assert cited["url"], row
        assert row["source_id"] not in cited["label"] + cited["text"], row


def test_keys_of_the_two_lists_differ() -> None:
    """A method and a source never share a key, which BibTeX reads without capitals."""
    lists = parse_file(paths.BOOK / "references.bib"), parsed(*references.read())
    keys = [key.lower() for each in lists for key in each.entries]
    assert len(keys) == len(set(keys))


def test_every_citation_has_a_reference() -> None:
    """Keys cited in prose exist."""
    text = "\n".join(page.read_text("utf-8") for page in paths.BOOK.glob("*.md"))
    cited = {
        key for keys in re.findall(r"\{cite(?::t|:p)?\}`([^`]+)`", text) for key in keys.split(",")
    }
    assert cited
    assert cited <= set(parse_file(paths.BOOK / "references.bib").entries)


def test_blank_fields_stay_out() -> None:
    """What was not seen is not in the reference."""
    entry = parsed(SOURCE | {"title": "", "journal": "", "pmid": ""}).entries["choi2010"]
    note = "Title not seen. Reading not stated"
    fields = {"year": "2010", "doi": "10.1/x", "note": note, "keywords": "source"}
    assert dict(entry.fields) == fields
    assert entry.type == "misc"


def test_a_note_does_not_repeat_what_was_not_seen() -> None:
    """Where no title was seen, the entry says so once, and then what the source is about."""
    note = "18 rebiopsies; author, year and title not seen; which review was not seen"
    entry = parsed(SOURCE | {"title": "", "note": note}).entries["choi2010"]
    said = "Title not seen: 18 rebiopsies; which review was not seen. Reading not stated"
    assert entry.fields["note"] == said


def test_capitals_and_special_characters_survive() -> None:
    """Names of genes keep their capitals; TeX's own characters are escaped."""
    row = SOURCE | {"title": "ALK & 5% of F1174C_x", "journal": "J Med", "pmid": "7"}
    entry = parsed(row).entries["choi2010"]
    assert entry.type == "article"
    assert entry.fields["title"] == r"{ALK \& 5\% of F1174C\_x}"
    assert entry.fields["pubmed"] == "7"


ODD = (
    "{{ x }} {# y", "}", "$\\unknown{x}$ $$y$$", "C:\\n \\x3c", "a -- b --- c <!-- d",
    "``q'' 'r' !`s",
    "~ ^ % & # _", "<script>a</script>", "A and B, C, D", "Caf\u00e9 \u2265 5",
)  # fmt: skip


@pytest.mark.parametrize("text", ODD)
@pytest.mark.parametrize("initials", ["", " A"])
def test_any_text_is_shown_as_it_was_typed(text: str, initials: str) -> None:
    """Whatever TeX would make of it; a source that breaks the references breaks the book."""
    row = SOURCE | {"title": text, "journal": text, "first_author": text + initials}
    (entry,) = parsed(row).entries.values()
    author, others = entry.persons["author"]
    shown = [entry.fields["title"], entry.fields["journal"], *author.last_names]
    said = [references.plain(str(Text.from_latex(each))) for each in shown]
    # The end of a name may be initials of its own.
    assert said[:2] == [text, text]
    assert f"{text} A".startswith(said[2])
    assert str(others) == "others"


@pytest.mark.parametrize(
    ("name", "last", "first"),
    [
        ("Choi YL", ["Choi"], ["Y.", "L."]),
        ("Sanchez-Herrero E", ["Sanchez-Herrero"], ["E."]),
        ("Hu", ["{Hu}"], []),
        ("van der Berg AB", ["Berg"], ["A.", "B."]),
    ],
)
def test_authors(name: str, last: list[str], first: list[str]) -> None:
    """Initials are told from the surname, and the others are 'and others'."""
    author, others = parsed(SOURCE | {"first_author": name}).entries["choi2010"].persons["author"]
    assert author.last_names == last
    assert author.first_names + author.middle_names == first
    assert str(others) == "others"


def test_one_publication_has_one_reference() -> None:
    """A known identifier, or the same key, is the same publication; blanks are filled."""
    again = {"source_id": "other", "doi": "10.1/x", "pmid": "7", "title": "T"}
    capital = {"source_id": "Choi2010", "pmid": "7"}
    (entry,) = parsed(SOURCE, again, capital).entries.values()
    assert entry.key == "choi2010"
    assert {"doi": "10.1/x", "pubmed": "7", "title": "{T}"}.items() <= dict(entry.fields).items()


def test_sources_that_nobody_can_find_are_left_out() -> None:
    """A reference needs an identifier or a title."""
    assert parsed({"source_id": "x", "year": "2013", "first_author": "Hu"}).entries == {}


def test_a_doi_in_capitals_is_the_same() -> None:
    assert len(parsed(SOURCE | {"doi": "10.1/ab"}, SOURCE | {"doi": "10.1/AB"}).entries) == 1


def test_the_rows_of_two_publications_are_named(tmp_path: Path) -> None:
    for table, pmid in zip(references.TABLES[:2], ("1", "2"), strict=True):
        (tmp_path / table).parent.mkdir(parents=True)
        (tmp_path / table).write_text(f"source_id,doi,pmid\nx,,\nchoi2010,10.1/x,{pmid}\n")
    with pytest.raises(ValueError, match="two publications") as refused:
        references.unique(references.read(tmp_path))
    assert str(refused.value).startswith(
        "groups/sources.csv, row 3: pmid: found '2'; must be '1' as in "
        "cohorts/curated/sources.csv, row 3, or choi2010 stands for two publications"
    )


def test_one_key_for_two_publications_is_refused() -> None:
    """Contradicting identifiers are never joined."""
    with pytest.raises(ValueError, match="choi2010 stands for two publications"):
        parsed(SOURCE, SOURCE | {"doi": "10.1/y"})
