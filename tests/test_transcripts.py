"""The frozen rows of the first search against what was transcribed, and the decisions on it.

Nothing builds these rows any more. Every cell of them stands in the transcripts, renamed or in the
spelling of the tables, or has a decision with its reason; and nothing that was transcribed is lost.
What is taken as a copy is listed in the README of the transcripts. Whether these say what their
sources say, no test can tell.
"""

import re

import pandas as pd
import pytest

from alkpool import paths
from alkpool.data import spelling

TRANSCRIPTS = paths.RAW / "transcripts"
SETTING = ["cell_line", "fusion", "readout"]
EVIDENCE = re.compile(r"EID(\d+(?:(?:-|, ?(?:EID)?)\d+)*)")
CHEMBL = re.compile(r"ChEMBL (?:doc )?((?:assay )?CHEMBL\d+)")


def read(path):
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def frozen(name):
    table = read(paths.RAW / "invitro/first_search" / f"{name}.csv")
    return table.set_index(table.columns[0])


def place(seen, doi, pmid):
    """Records and identifiers that a text read and its source name, and then the text itself."""
    items = []
    for listed in EVIDENCE.findall(seen):
        for part in listed.replace("EID", "").split(","):
            first, _, last = part.strip().partition("-")
            items += [f"EID{number}" for number in range(int(first), int(last or first) + 1)]
    named = [f"CIViC {', '.join(items)}"] if items else []
    named += [f"ChEMBL {record}" for record in CHEMBL.findall(seen)]
    named += [f"PMID {pmid}"] if pmid else [f"DOI {doi}"] if doi else []
    named += re.findall(r"PMC\d+", seen)
    if not named and seen.startswith("github"):
        named = ["primary record not identified"]
    return ("; ".join(dict.fromkeys(named)), seen) if named else (seen, "")


def places(seen, said):
    """``locator`` and ``read_via`` of texts, and of the ``doi`` and ``pmid`` of their sources."""
    found = map(place, seen.str.strip(), said["doi"], said["pmid"])
    return pd.DataFrame(found, seen.index, ["locator", "read_via"])


@pytest.fixture(scope="module")
def decisions():
    return read(TRANSCRIPTS / "decisions.csv")


@pytest.fixture(scope="module")
def calls():
    """Transcribed calls with the model that their cell line, fusion and readout make up."""
    read_calls = read(TRANSCRIPTS / "calls.csv").rename(columns={"model_id": "raw_model"})
    keys = read(TRANSCRIPTS / "model_keys.csv")
    found = read_calls.merge(keys, on=["raw_model", *SETTING], how="outer", indicator=True)
    assert set(found.pop("_merge")) == {"both"}, "a call without a key, or a key without a call"
    assert len(found) == len(read_calls) == 271
    # In the order of the calls, by which repeated measurements are numbered.
    return read_calls.merge(keys, on=["raw_model", *SETTING], validate="many_to_one")


def first_keys():
    """What the models are; the later keys of a model are its controls and remarks."""
    keys = read(TRANSCRIPTS / "model_keys.csv").query("model_id != ''")
    return keys.drop_duplicates("model_id").set_index("model_id")


def differing(expected, table):
    """Cells of a frozen table that are others than those expected."""
    assert sorted(expected.index) == sorted(table.index)
    assert sorted(expected.columns) == sorted(table.columns), "a column is held against nothing"
    either = expected.stack() != table.loc[expected.index, expected.columns].stack()
    return {cell: table.at[cell] for cell in either.index[either]}


def decided(decisions, table, frame):
    chosen = decisions[(decisions["table"] == table) & decisions["record"].isin(frame.index)]
    return {(row.record, row.field): row.value for row in chosen.itertuples()}


def test_every_decision_is_in_the_rows_and_has_a_reason(decisions):
    assert len(decisions) == 127
    assert (decisions["reason"] != "").all()
    assert not decisions.duplicated(["table", "record", "field"]).any()
    for name, chosen in decisions.groupby("table"):
        parts = [read(paths.RAW / f"invitro/{search}_search/{name}.csv")
                 for search in ("first", "second")]  # fmt: skip
        table = pd.concat(parts).set_index(parts[0].columns[0])
        for row in chosen.itertuples():
            assert table.at[row.record, row.field] == row.value, row


def test_a_combination_without_a_model_says_why(calls):
    without = calls[calls["model_id"] == ""]
    assert (without["reason"] != "").all()
    # The table of this review counts as assertions, once.
    assert list(without["raw_model"]) == ["Lin2017-review"] * 94


def test_every_measurement_is_transcribed_and_every_transcribed_one_is_there(calls, decisions):
    kept = calls[calls["model_id"] != ""]
    expected = pd.DataFrame(
        {
            "model_id": kept["model_id"],
            "mutations": kept["mutation"].map(spelling.profile),
            "inhibitor": kept["inhibitor"],
            "relation": kept["relation"],
            "value": kept["value_nM"],
            "fold_change": "",
            "call_in_source": kept["call_in_source"].replace("", "unknown"),
            "note": "",
        }
    ).join(places(kept["seen_in"], kept))
    # A call in another setting than the first key of its model says so.
    models = kept[["model_id"]].join(first_keys()[SETTING], on="model_id")
    for name in SETTING:
        otherwise = f"{name.replace('_', ' ')} as read: " + kept[name]
        expected["note"] += otherwise.where(kept[name] != models[name], "") + "; "
    expected["note"] = expected["note"].str.strip("; ")
    profiles = expected["mutations"].str.replace("+", ".")
    ids = expected["model_id"] + "-" + profiles + "-" + expected["inhibitor"]
    times = ids.groupby(ids).cumcount() + 1
    expected.index = ids + ("-" + times.astype(str)).where(times > 1, "")
    table = frozen("measurements")
    assert len(expected) == 177
    found = differing(expected, table)
    assert found == decided(decisions, "measurements", table)


def test_every_model_is_what_its_first_key_and_the_assays_say(calls, decisions):
    assays = read(TRANSCRIPTS / "assays.csv")
    # "Fontana-V3 (=Fontana2015-EML4)": the name of Koopman 2022 and the one the calls use.
    named = assays["model_id"].str.extract(r"\(=(.*)\)", expand=False).fillna(assays["model_id"])
    first = first_keys()
    of_model = assays.set_index(named).loc[first["raw_model"]].set_axis(first.index)
    expected = first[["source_id", "system", "access", *SETTING]].assign(
        assay=of_model["assay"], threshold_source=of_model["threshold_rule"],
        sensitive_max="", resistant_min="",
        note=("verified: " + of_model["verified"]).mask(of_model["verified"] == "yes", ""),
    )  # fmt: skip
    sources = calls.drop_duplicates("source_id").set_index("source_id")
    said = sources.loc[first["source_id"], ["doi", "pmid"]]
    expected = expected.join(places(of_model["source"], said))
    # What the readout names, if it is one thing; no number, no unit.
    with_numbers = first.index.isin(calls.loc[calls["value_nM"] != "", "model_id"])
    named = first["readout"].str.findall(r"\b(?:IC50|GI50|Ki)\b")
    potency = named.str[0].where(named.str.len() == 1, "class")
    expected["potency_type"] = potency.mask((potency == "class") & with_numbers, "unknown")
    expected["unit"] = "nM"
    expected["unit"] = expected["unit"].mask(expected["potency_type"] == "class", "none")
    expected[SETTING] = expected[SETTING].replace("not stated", "unknown")
    table = frozen("models")
    assert len(expected) == 36
    found = differing(expected, table)
    assert found == decided(decisions, "models", table)
    assert (table["potency_type"] == "class").sum() == 11


def test_every_source_is_as_its_calls_name_it(calls, decisions):
    said = ["first_author", "year", "doi", "pmid"]
    named = calls.query("model_id != ''")[["source_id", *said]].drop_duplicates()
    assert named["source_id"].is_unique
    blank = dict.fromkeys(["journal", "title", "note"], "")
    expected = named.set_index("source_id").assign(**blank, secondary="no")
    table = frozen("sources")
    assert len(expected) == 25
    found = differing(expected, table)
    assert found == decided(decisions, "sources", table)


def test_every_assertion_is_transcribed_and_every_transcribed_one_is_there():
    noted = read(TRANSCRIPTS / "assertions.csv")
    classes = noted["mutation"].str.replace(r"^([A-Z]\d+)$", r"\1X", regex=True)
    expected = noted.rename(columns={"kb": "knowledge_base", "kb_record_id": "record"}).assign(
        mutations=classes.map(spelling.profile),
        as_printed=noted["molecular_profile"].str.removeprefix("as printed: "),
        inhibitor=noted["inhibitor"].str.lower(),
        direction=noted["direction"].str.replace("_", " "),
    )
    # The record of CIViC is the place; of a review's table, the table.
    records = expected["record"].where(expected["knowledge_base"] == "CIViC", "")
    seen = expected["url_or_repo_path_seen"] + " " + records
    expected = expected.join(places(seen, expected.assign(doi="")))
    named = [expected[part].str.replace(r"[^A-Za-z0-9.]+", "-", regex=True).str.strip("-")
             for part in ("knowledge_base", "record")]  # fmt: skip
    profiles = expected["mutations"].str.replace("+", ".")
    said = [named[1], profiles, expected["inhibitor"], noted["direction"]]
    expected.index = named[0].str.cat(said, sep="-")
    table = read(paths.RAW / "knowledgebases/first_search/assertions.csv")
    table = table.set_index("assertion_id")
    expected = expected.drop(columns=["mutation", "molecular_profile", "url_or_repo_path_seen"])
    assert len(table) == 168
    assert differing(expected, table) == {}
