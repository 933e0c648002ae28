"""The laboratory tables and assertions, made from raw facts and decisions."""

import re
from pathlib import Path

import pandas as pd

from alkpool.data import spelling
from alkpool.data.reader import Table
from alkpool.data.tables import ASSERTIONS, INVITRO_SOURCES, INVITRO_TABLES, MEASUREMENTS, MODELS
from alkpool.intake import added_models, raw
from alkpool.problems import Problem, refuse_any
from alkpool.vocabulary import UNKNOWN, Answer


def invitro(folder: Path) -> list[tuple[Table, pd.DataFrame]]:
    """Build the in vitro tables from a folder of raw facts."""
    calls = _with_model(raw.read_raw(folder / "calls.csv"), raw.read_raw(folder / "model_keys.csv"))
    # A setting without a model says why it has none.
    calls = calls[calls["model_id"] != ""].reset_index(drop=True)
    made = (
        raw.as_table(calls, INVITRO_SOURCES, _CALLS, secondary=str(Answer.NO)),
        _models(calls, raw.read_raw(folder / "models.csv")),
        _measurements(calls),
    )
    built = {}
    for table, frame in zip(INVITRO_TABLES, made, strict=True):
        later = raw.read_raw(folder / raw.SECOND_SEARCH / table.file)
        later = later.rename(columns={"seen_in": "read_via"})
        built[table.name] = pd.concat([frame, later], ignore_index=True)
    sources, models, measurements = built.values()
    models = built[MODELS.name] = raw.with_place(
        models.merge(sources[["source_id", "doi", "pmid"]], on="source_id", how="left")
    )
    built[MEASUREMENTS.name] = raw.with_place(
        measurements.merge(models[["model_id", "doi", "pmid"]], on="model_id", how="left")
    )
    decisions = raw.read_decisions(folder / raw.DECISIONS, INVITRO_TABLES)
    for table in INVITRO_TABLES:
        built[table.name] = raw.decide(built[table.name], table, decisions)
    with_added = added_models.join(folder / "added", built)
    return [(table, with_added[table.name]) for table in INVITRO_TABLES]


_CALLS = "invitro/calls.csv"
_SETTING = ["cell_line", "fusion", "readout"]


def _with_model(calls: pd.DataFrame, keys: pd.DataFrame) -> pd.DataFrame:
    """Assign each call to its model; each key must be used, each call must have one."""
    calls = calls.rename(columns={"model_id": "raw_model"})
    setting = ["raw_model", *_SETTING]
    used, known = ({*map(tuple, table[setting].to_numpy())} for table in (calls, keys))
    refuse_any(
        Problem("invitro/model_keys.csv", None, "", " | ".join(row), words)
        for rows, words in (
            (used - known, "these calls have no model: add a row"),
            (known - used, "no call has this cell line, fusion and readout: remove the row"),
        )
        for row in sorted(rows)
    )
    # The first key of a model says what the model is; the others are its controls and remarks.
    stands_for = keys.drop_duplicates("model_id").set_index("model_id")
    stands_for = stands_for[[*_SETTING, "system", "access"]].add_suffix("_of_model")
    kept = keys[[*setting, "model_id", "source_id"]]
    matched = calls.merge(kept, on=setting, how="left", validate="many_to_one")
    return matched.join(stands_for, on="model_id")


def _models(calls: pd.DataFrame, assays: pd.DataFrame) -> pd.DataFrame:
    # "Fontana-V3 (=Fontana2015-EML4)": the name of Koopman 2022 and the one the calls use.
    named = assays.pop("model_id")
    named = named.str.extract(r"\(=(.*)\)", expand=False).fillna(named)
    refuse_any(
        Problem(_CALLS, None, "model_id", name, "has calls but no row in models.csv")
        for name in sorted({*calls["raw_model"]} - {*named})
    )
    one = calls.drop_duplicates("model_id").drop(columns=[*_SETTING, "verified"])
    one = one.rename(columns=lambda name: name.removesuffix("_of_model"))
    one = one.join(assays.set_index(named), on="raw_model")
    with_numbers = one["model_id"].isin(calls.loc[calls["value_nM"] != "", "model_id"])
    potency = [
        _potency_type(readout, with_numbers=numbers)
        for readout, numbers in zip(one["readout"], with_numbers, strict=True)
    ]
    return raw.as_table(
        one, MODELS, _CALLS,
        cell_line=one["cell_line"].replace("not stated", UNKNOWN),
        fusion=one["fusion"].replace("not stated", UNKNOWN),
        potency_type=potency,
        unit=["none" if kind == "class" else "nM" for kind in potency],
        note=raw.unverified(one["verified"]),
    )  # fmt: skip


def _potency_type(readout: str, *, with_numbers: bool) -> str:
    named = re.findall(r"\b(?:IC50|GI50|Ki)\b", readout)
    if len(named) == 1:
        return str(named[0])
    return UNKNOWN if with_numbers else "class"


def _measurements(calls: pd.DataFrame) -> pd.DataFrame:
    otherwise = [
        (f"{name.replace('_', ' ')} as read: " + calls[name]).where(
            calls[name] != calls[f"{name}_of_model"], ""
        )
        for name in _SETTING
    ]
    calls = calls.assign(mutations=calls["mutation"].map(spelling.profile))
    return raw.as_table(
        calls, MEASUREMENTS, _CALLS,
        measurement_id=raw.measurement_ids(calls), note=raw.joined(*otherwise),
    )  # fmt: skip


def assertions(folder: Path) -> list[tuple[Table, pd.DataFrame]]:
    """Build the table of assertions from a folder of raw facts."""
    read = raw.read_raw(folder / "assertions.csv")
    # A residue alone stands for its class.
    classes = read["mutation"].str.replace(r"^([A-Z]\d+)$", r"\1X", regex=True)
    profiles, inhibitor = classes.map(spelling.profile), read["inhibitor"].str.lower()
    record = read["kb"].map(raw.slug) + "-" + read["kb_record_id"].map(raw.slug)
    cell = profiles.str.replace("+", ".") + "-" + inhibitor
    first = raw.as_table(
        read, ASSERTIONS, "knowledgebases/assertions.csv",
        assertion_id=record + "-" + cell + "-" + read["direction"],
        mutations=profiles,
        as_printed=read["molecular_profile"].str.removeprefix("as printed: "),
        inhibitor=inhibitor,
        direction=read["direction"].str.replace("_", " "),
    )  # fmt: skip
    both = pd.concat(
        [first, raw.read_raw(folder / "assertions_second_search.csv")], ignore_index=True
    )
    # The record of CIViC is the place; of a review's table, the table.
    numbers = " " + both["record"].where(both["knowledge_base"] == "CIViC", "")
    return [(ASSERTIONS, raw.with_place(both.assign(read_via=both["locator"] + numbers, doi="")))]
