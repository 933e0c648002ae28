"""The laboratory tables and assertions, made from raw facts and decisions."""

import re
from pathlib import Path

import pandas as pd

from alkpool.data import spelling
from alkpool.data.reader import Table
from alkpool.data.tables import INVITRO_SOURCES, INVITRO_TABLES, MEASUREMENTS, MODELS
from alkpool.intake import added_models
from alkpool.intake.raw import (
    DECISIONS,
    NOT_STATED,
    RESIDUE_ONLY,
    SECOND_SEARCH_FOLDER,
    decide,
    joined_cells,
    measurement_ids,
    read_decisions,
    read_raw,
    refuse_each,
    slug,
    unverified,
    with_place,
)
from alkpool.problems import DataError, Problem
from alkpool.vocabulary import UNKNOWN, Answer


def invitro(folder: Path) -> list[tuple[Table, pd.DataFrame]]:
    """Build the in vitro tables from a folder of raw facts."""
    calls = _with_model(read_raw(folder / "calls.csv"), read_raw(folder / "model_keys.csv"))
    # A setting without a model says why it has none.
    calls = calls[calls["model_id"] != ""].reset_index(drop=True)
    assays = read_raw(folder / "models.csv")
    # "Fontana-V3 (=Fontana2015-EML4)": the name of Koopman 2022 and the one the calls use.
    named = assays["model_id"].str.extract(r"\(=(.*)\)", expand=False)
    assays = assays.set_index(named.fillna(assays["model_id"]))
    undescribed = sorted({*calls["raw_model"]} - {*assays.index})
    refuse_each(_CALLS, "model_id", undescribed, "has calls but no row in models.csv")
    decisions = read_decisions(folder / DECISIONS, (INVITRO_SOURCES, MODELS, MEASUREMENTS))
    made = (_invitro_sources(calls), _models(calls, assays), _measurements(calls))
    built = {
        table.name: pd.concat([frame, read_raw(folder / SECOND_SEARCH_FOLDER / table.file)])
        for table, frame in zip(INVITRO_TABLES, made, strict=True)
    }
    articles = built[INVITRO_SOURCES.name].set_index("source_id")[["doi", "pmid"]]
    models = built[MODELS.name] = with_place(built[MODELS.name].join(articles, on="source_id"))
    built[MEASUREMENTS.name] = with_place(
        built[MEASUREMENTS.name].join(models.set_index("model_id")[["doi", "pmid"]], on="model_id")
    )
    built = {
        table.name: decide(built[table.name].reset_index(drop=True), table, decisions)
        for table in INVITRO_TABLES
    }
    with_added = added_models.join(folder / "added", built)
    return [(table, with_added[table.name]) for table in INVITRO_TABLES]


_CALLS = "invitro/calls.csv"
_SETTING = ["cell_line", "fusion", "readout"]
_NOT_SAID = {"not stated": UNKNOWN}


def _with_model(calls: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Assign each call to its model; each key must be used, each call must have one."""
    calls = calls.rename(columns={"model_id": "raw_model"})
    setting = ["raw_model", *_SETTING]
    merged = calls.merge(keys, on=setting, how="outer", indicator=True, validate="many_to_one")
    label = "invitro/model_keys.csv"
    problems = [
        Problem(label, None, "", " | ".join(row[name] for name in setting), words)
        for side, words in (
            ("left_only", "these calls have no model: add a row"),
            ("right_only", "no call has this cell line, fusion and readout: remove the row"),
        )
        for _, row in merged[merged["_merge"] == side].drop_duplicates(setting).iterrows()
    ]
    if problems:
        raise DataError(problems)
    # The first key of a model says what the model is; the others are its controls and remarks.
    stands_for = keys.drop_duplicates("model_id").set_index("model_id")
    stands_for = stands_for[[*_SETTING, "system", "access"]].add_suffix("_of_model")
    kept = keys[[*setting, "model_id", "source_id"]]
    matched = calls.merge(kept, on=setting, how="left", validate="many_to_one")
    return matched.join(stands_for, on="model_id")


def _models(calls: pd.DataFrame, assays: pd.DataFrame) -> pd.DataFrame:
    one = calls.drop_duplicates("model_id").set_index("raw_model")
    described = assays.loc[one.index]
    numbers = calls[calls["value_nM"] != ""].groupby("model_id").size()
    potency = [
        _potency_type(readout, with_numbers=model in numbers.index)
        for model, readout in zip(one["model_id"], one["readout_of_model"], strict=True)
    ]
    said = [f"{name}_of_model" for name in (*_SETTING, "system", "access")]
    models = one[["model_id", "source_id", *said]]
    models = models.rename(columns=lambda name: name.removesuffix("_of_model"))
    return models.replace({"cell_line": _NOT_SAID, "fusion": _NOT_SAID}).assign(
        assay=described["assay"],
        potency_type=potency,
        unit=["none" if kind == "class" else "nM" for kind in potency],
        sensitive_max="",
        resistant_min="",
        threshold_source=described["threshold_rule"],
        seen_in=described["source"],
        note=unverified(described["verified"]),
    )


def _potency_type(readout: str, *, with_numbers: bool) -> str:
    named = re.findall(r"\b(?:IC50|GI50|Ki)\b", readout)
    if len(named) == 1:
        return str(named[0])
    return UNKNOWN if with_numbers else "class"


def _invitro_sources(calls: pd.DataFrame) -> pd.DataFrame:
    fields = ["first_author", "year", "doi", "pmid"]
    one = calls[["source_id", *fields]].drop_duplicates()
    repeated = one.loc[one["source_id"].duplicated(), "source_id"]
    refuse_each(_CALLS, "source_id", repeated, f"its calls differ in {', '.join(fields)}")
    return one.assign(journal="", title="", secondary=str(Answer.NO), note="")


def _measurements(calls: pd.DataFrame) -> pd.DataFrame:
    remarks = joined_cells(
        *(
            (f"{name.replace('_', ' ')} as read: " + calls[name]).where(
                calls[name] != calls[f"{name}_of_model"], ""
            )
            for name in _SETTING
        )
    )
    columns = ["model_id", "inhibitor", "relation", "value_nM", "call_in_source", "seen_in"]
    measured = calls[columns].replace({"call_in_source": NOT_STATED})
    measured = measured.rename(columns={"value_nM": "value"}).assign(
        mutations=calls["mutation"].map(spelling.profile), fold_change="", note=remarks
    )
    return measured.assign(measurement_id=measurement_ids(measured))


def assertions(folder: Path) -> pd.DataFrame:
    """Build the table of assertions from a folder of raw facts."""
    read = read_raw(folder / "assertions.csv")
    residue = read["mutation"].map(lambda name: bool(RESIDUE_ONLY.fullmatch(name)))
    profiles = read["mutation"].where(~residue, read["mutation"] + "X").map(spelling.profile)
    inhibitor = read["inhibitor"].str.lower()
    record = read["kb"].map(slug) + "-" + read["kb_record_id"].map(slug)
    cell = profiles.str.replace("+", ".") + "-" + inhibitor
    columns = {
        "kb": "knowledge_base",
        "kb_record_id": "record",
        "molecular_profile": "as_printed",
        "url_or_repo_path_seen": "locator",
    }
    first = read.rename(columns=columns).assign(
        assertion_id=record + "-" + cell + "-" + read["direction"],
        mutations=profiles,
        as_printed=read["molecular_profile"].str.removeprefix("as printed: "),
        inhibitor=inhibitor,
        direction=read["direction"].str.replace("_", " "),
    )
    both = pd.concat([first, read_raw(folder / "assertions_second_search.csv")], ignore_index=True)
    # The record of CIViC is the place; of a review's table, the table.
    numbers = " " + both["record"].where(both["knowledge_base"] == "CIViC", "")
    return with_place(both.assign(seen_in=both["locator"] + numbers, doi=""))
