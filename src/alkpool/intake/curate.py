"""Curation: the tables of ``data/`` made from the raw facts in ``data/raw``.

A cell of a built table is either *mechanical* (a raw cell, renamed, re-coded or counted, always in
the same way) or a *decision* (a row of ``decisions.csv`` with its reason). A decision that names
no existing cell, or changes nothing, is an error: the build has no hidden judgement.

Run ``python -m alkpool.intake.curate`` to build everything, with ``--check`` to compare only.
"""

import argparse
import csv
import io
import re
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import yaml

from alkpool import mutations, paths, references, stats
from alkpool.data import cohort, dictionary, groups, laboratory
from alkpool.data.reader import Table, read_folder
from alkpool.data.tables import (
    ASSERTIONS,
    INVITRO_SOURCES,
    INVITRO_TABLES,
    MEASUREMENTS,
    MODELS,
    PATIENTS,
    SAMPLES,
    SOURCES,
    TREATMENTS,
)
from alkpool.files import write_atomically
from alkpool.intake import added_models, flatfile, place
from alkpool.intake import groups as published
from alkpool.problems import DataError, Problem
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    UNKNOWN,
    Answer,
    PatientStatus,
    Phase,
    Relation,
    SourceStatus,
)

COHORT = "cohorts/curated"
# Below data/raw: files that `alkpool add` took, 0001.csv and so on.
ADDED = "added"
DECISIONS = "decisions.csv"
DECISION_COLUMNS = ("table", "record", "field", "value", "reason")

# What the two extractions state about a record; the other columns identify it or comment on it.
EXTRACTED_FIELDS = (
    "study_type",
    "sample_type",
    "fusion_partner",
    "fusion_variant",
    "age",
    "sex",
    "prior_alk_inhibitors",
    "resistance_on",
    "alk_mutations",
    "phase",
    "vaf",
    "other_mechanisms",
    "next_alk_inhibitor",
    "monotherapy",
    "best_response",
    "pfs_months",
    "dot_months",
    "treatment_status",
)

DISAGREEMENT_COLUMNS = (
    "record",
    "field",
    "kind",
    "first",
    "second",
    "settled",
    "settled_as",
    "adjudication",
)

SECOND_SEARCH = "second_search.csv"
SECOND_SEARCH_FOLDER = "second_search"
NOT_IDENTIFIED = "primary record not identified"
NO_SEPARABLE_PATIENT = "no patient can be separated in the text seen"

_SEX = {"F": "female", "M": "male", "": UNKNOWN}
_PERCENTAGE = re.compile(r"(?:(?P<mutation>\S+) )?(?P<percent>\d+(?:\.\d+)?)%")
_RESIDUE_ONLY = re.compile(r"[A-Z]\d+")
_NUMBER = re.compile(r"\d+(\.\d+)?")


class Extractions(NamedTuple):
    """The two extractions and what they were settled to, cells as text."""

    first: pd.DataFrame
    second: pd.DataFrame
    adjudicated: pd.DataFrame


@dataclass(frozen=True)
class Decision:
    """One judged cell of a built table; ``row`` is its row number in the file."""

    row: int
    table: str
    record: str
    field: str
    value: str
    reason: str


def read_extractions(raw: Path = paths.RAW) -> Extractions:
    """Read the two independent extractions and the adjudicated records.

    Parameters
    ----------
    raw : Path
        Folder of the raw facts.

    Returns
    -------
    Extractions
        Frames ``first``, ``second``, ``adjudicated``; one row per record and next line of
        treatment, cells as text, blank where not stated.
    """
    folder = raw / "curated"
    return Extractions(
        first=_read(folder / "extraction_a.csv"),
        second=_read(folder / "extraction_b.csv"),
        adjudicated=_read(folder / "adjudicated.csv"),
    )


def agreement(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Agreement of two extractions, field by field, over the records that both hold.

    A cell that only one extraction states is an omission, not a contradiction: it is counted on
    its own, and agreement and kappa are taken over the cells that both state. ``unknown`` is read
    as not stated. Cells are compared as the schema would store them (canonical mutation names,
    numbers by value) and otherwise letter by letter.

    Parameters
    ----------
    first, second : DataFrame
        Extractions as from `read_extractions`.

    Returns
    -------
    DataFrame
        One row per field: ``field, records, both_stated, agreeing, agreement, low, high`` (share
        of both_stated with Wilson's 95% interval), ``kappa, kappa_low, kappa_high`` (Cohen's;
        missing where both extractions use a single value), ``first_only, second_only, neither``.
    """
    a, b = (table.set_index("record_id") for table in (first, second))
    common = [record for record in a.index if record in b.index]
    return pd.DataFrame(
        [_field_agreement(field, a[field][common], b[field][common]) for field in EXTRACTED_FIELDS]
    )


def disagreements(
    first: pd.DataFrame, second: pd.DataFrame, adjudicated: pd.DataFrame
) -> pd.DataFrame:
    """List every difference between two extractions and how it was settled.

    Parameters
    ----------
    first, second, adjudicated : DataFrame
        As from `read_extractions`.

    Returns
    -------
    DataFrame
        ``record, field, kind, first, second, settled, settled_as, adjudication``. ``kind`` is
        ``different values``, ``first only`` or ``second only``; ``settled_as`` says which
        extraction the settled value agrees with (``first``, ``second``, ``neither``). A record
        that one extraction found alone is one row with the field ``record``; its ``settled`` is
        the adjudicated ``include``.

    Raises
    ------
    ValueError
        Where a record of an extraction was not adjudicated.
    """
    a, b, settled = (table.set_index("record_id") for table in (first, second, adjudicated))
    extracted = {*a.index, *b.index}
    unsettled = sorted(extracted - {*settled.index})
    if unsettled:
        raise ValueError(f"not adjudicated: {', '.join(unsettled)}")
    rows = []
    for record in settled.index[settled.index.isin(extracted)]:
        if not (record in a.index and record in b.index):
            found = "first" if record in a.index else "second"
            rows.append(
                {
                    "record": record,
                    "field": "record",
                    "kind": f"{found} only",
                    "first": "found" if found == "first" else "",
                    "second": "found" if found == "second" else "",
                    "settled": settled.loc[record, "include"],
                    "settled_as": found,
                    "adjudication": settled.loc[record, "adjudication"],
                }
            )
            continue
        for field in EXTRACTED_FIELDS:
            one, two, final = (
                _comparable(field, str(table.loc[record, field])) for table in (a, b, settled)
            )
            if one == two:
                continue
            rows.append(
                {
                    "record": record,
                    "field": field,
                    "kind": "different values" if one and two else _only_one(one),
                    "first": a.loc[record, field],
                    "second": b.loc[record, field],
                    "settled": settled.loc[record, field],
                    "settled_as": {one: "first", two: "second"}.get(final, "neither"),
                    "adjudication": settled.loc[record, "adjudication"],
                }
            )
    return pd.DataFrame(rows, columns=list(DISAGREEMENT_COLUMNS))


def _only_one(first: str) -> str:
    return "first only" if first else "second only"


def _field_agreement(field: str, first: pd.Series, second: pd.Series) -> dict[str, object]:
    one = np.array([_comparable(field, cell) for cell in first], dtype=object)
    two = np.array([_comparable(field, cell) for cell in second], dtype=object)
    stated = (one != "") & (two != "")
    agreeing, n = int((one == two)[stated].sum()), int(stated.sum())
    interval = stats.wilson(agreeing, n)
    kappa = stats.kappa(one[stated], two[stated])
    return {
        "field": field,
        "records": len(one),
        "both_stated": n,
        "agreeing": agreeing,
        "agreement": kappa.observed_agreement,
        "low": interval.low,
        "high": interval.high,
        "kappa": kappa.kappa,
        "kappa_low": kappa.low,
        "kappa_high": kappa.high,
        "first_only": int(((one != "") & (two == "")).sum()),
        "second_only": int(((one == "") & (two != "")).sum()),
        "neither": int(((one == "") & (two == "")).sum()),
    }


def _comparable(field: str, cell: str) -> str:
    """Reduce a raw cell to what is compared; blank where nothing is stated."""
    if cell == UNKNOWN:
        return ""
    if field == "alk_mutations":
        return _canonical(cell)
    return f"{float(cell):g}" if _NUMBER.fullmatch(cell) else cell


def build(raw: Path = paths.RAW) -> dict[str, pd.DataFrame]:
    """Build every table that is made from the raw facts.

    Parameters
    ----------
    raw : Path
        Folder of the raw facts.

    Returns
    -------
    dict of str to DataFrame
        Path below ``data/`` to its table, cells as text, sorted by key.

    Raises
    ------
    DataError
        With every decision or raw row that does not fit. Cells are validated by `validate`.
    """
    built = curated(raw)
    measured = _invitro(raw / "invitro")
    tables = {f"{COHORT}/{table.file}": (table, frame) for table, frame in built}
    tables |= {f"invitro/{table.file}": (table, frame) for table, frame in measured}
    tables[f"knowledgebases/{ASSERTIONS.file}"] = ASSERTIONS, _assertions(raw / "knowledgebases")
    tables |= {f"groups/{table.file}": (table, frame) for table, frame in published.build(raw)}
    return {
        file: frame[table.columns].sort_values(list(table.key), ignore_index=True)
        for file, (table, frame) in tables.items()
    }


def curated(raw: Path = paths.RAW) -> list[tuple[Table, pd.DataFrame]]:
    """Build the tables of the curated cohort: the adjudicated records, then every added file.

    Raises
    ------
    DataError
        With every decision, raw row or added row that does not fit.
    """
    built = _curated(raw / "curated")
    tables = {table.name: frame[table.columns] for table, frame in built}
    for path in sorted((raw / ADDED).glob("*.csv")):
        addition = place.fit(flatfile.read(path), tables)
        tables = place.merge(tables, addition)
    return [
        (table, tables[table.name].sort_values(list(table.key), ignore_index=True))
        for table, _ in built
    ]


def decide(
    frame: pd.DataFrame, table: Table, decisions: Sequence[Decision], label: str = DECISIONS
) -> pd.DataFrame:
    """Put the decisions on one table into its cells.

    Parameters
    ----------
    frame : DataFrame
        Mechanically built table, cells as text.
    table : Table
        Its schema.
    decisions : sequence of Decision
        Decisions on any table; those on others are left alone.
    label : str
        How messages name the file of the decisions.

    Returns
    -------
    DataFrame
        The table with the decided cells.

    Raises
    ------
    DataError
        Where a decision names no record or column of the table, or its key, changes nothing,
        has no reason, or where two decide the same cell.
    """
    (key,) = table.key
    repeated = frame.loc[frame[key].duplicated(), key]
    problems = [Problem(table.file, None, key, name, "stands twice") for name in repeated]
    if problems:
        raise DataError(problems)
    decided, seen = frame.set_index(key, drop=False), set()
    for decision in decisions:
        if decision.table != table.name:
            continue
        column, value, allowed = "", "", ""
        if decision.record not in decided.index:
            column, value, allowed = "record", decision.record, f"is no {key} of {table.file}"
        elif decision.field not in table.columns or decision.field == key:
            named = ", ".join(name for name in table.columns if name != key)
            column, value, allowed = "field", decision.field, f"must be one of {named}"
        elif (decision.record, decision.field) in seen:
            column, value, allowed = "record", decision.record, "this cell is decided twice"
        elif decided.at[decision.record, decision.field] == decision.value:
            column, value = "value", decision.value
            allowed = "changes nothing: the raw facts give this value already"
        elif not decision.reason:
            column, allowed = "reason", "must not be blank"
        if allowed:
            problems.append(Problem(label, decision.row, column, value, allowed))
            continue
        seen.add((decision.record, decision.field))
        decided.at[decision.record, decision.field] = decision.value
    if problems:
        raise DataError(problems)
    return decided.reset_index(drop=True)


def read_decisions(path: Path, tables: Iterable[Table]) -> list[Decision]:
    """Read a file of decisions.

    Parameters
    ----------
    path : Path
        CSV file with the columns ``table, record, field, value, reason``.
    tables : iterable of Table
        Tables that may be decided on.

    Raises
    ------
    DataError
        Where the columns differ or a decision names another table.
    """
    frame = _read(path)
    label = f"{path.parent.name}/{path.name}"
    if tuple(frame.columns) != DECISION_COLUMNS:
        found, wanted = ", ".join(frame.columns), ", ".join(DECISION_COLUMNS)
        raise DataError([Problem(label, 1, "", found, f"the columns must be {wanted}")])
    known = [table.name for table in tables]
    decisions = [
        Decision(row, *cells)
        for row, cells in enumerate(frame.itertuples(index=False, name=None), start=2)
    ]
    strange = [
        Problem(label, decision.row, "table", decision.table, f"must be one of {', '.join(known)}")
        for decision in decisions
        if decision.table not in known
    ]
    if strange:
        raise DataError(strange)
    return decisions


def _read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")


def _canonical(profile: str) -> str:
    """Name a profile canonically; what is none is left for the schema to refuse by its words."""
    try:
        return "+".join(mutations.mutations_of(profile))
    except ValueError:
        return profile


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)


_EVIDENCE = re.compile(r"EID(\d+(?:(?:-|, ?(?:EID)?)\d+)*)")


def _with_place(rows: pd.DataFrame) -> pd.DataFrame:
    """Tell the primary record of each row from the text in which it was read.

    ``seen_in`` becomes ``locator``, the records and identifiers that it and ``doi`` and ``pmid``
    name, and ``read_via``, itself; where they name none, it is the place.
    """
    locators, copies = [], []
    for row in rows[["seen_in", "doi", "pmid"]].to_dict("records"):
        seen, doi, pmid = row["seen_in"].strip(), row["doi"], row["pmid"]
        items = ", ".join(f"EID{number}" for number in _evidence_items(seen))
        named = [f"CIViC {items}"] if items else []
        named += [f"ChEMBL {key}" for key in re.findall(r"ChEMBL (?:doc|assay) (CHEMBL\d+)", seen)]
        named += [f"PMID {pmid}"] if pmid else [f"DOI {doi}"] if doi else []
        named += re.findall(r"PMC\d+", seen)
        if not named and seen.startswith("github"):
            named = [NOT_IDENTIFIED]
        locators.append("; ".join(dict.fromkeys(named)) or seen)
        copies.append(seen if named else "")
    return rows.assign(locator=locators, read_via=copies)


def _evidence_items(text: str) -> Iterator[int]:
    """Numbers of the CIViC evidence items that a text names, such as EID441-444,1352."""
    for listed in _EVIDENCE.findall(text):
        for part in listed.replace("EID", "").split(","):
            first, _, last = part.strip().partition("-")
            yield from range(int(first), int(last or first) + 1)


def _curated(folder: Path) -> list[tuple[Table, pd.DataFrame]]:
    records = pd.concat(map(_read, (folder / "adjudicated.csv", folder / SECOND_SEARCH)))
    # What a source reports of several patients together is in data/groups.
    records = _with_place(records[records["include"] != "group"].reset_index(drop=True))
    decisions = read_decisions(folder / DECISIONS, (SOURCES, PATIENTS, SAMPLES, TREATMENTS))
    excluded = records["include"] == Answer.NO
    records = records.assign(
        patient_id=records["source_key"] + "-" + records["patient"],
        sample_id=records["source_key"] + "-" + records["patient"] + "-" + records["sample"],
        status=np.where(excluded, PatientStatus.EXCLUDED, PatientStatus.INCLUDED),
        patient_exclusion=records["exclusion_reason"].where(excluded, ""),
        remark=[
            _joined(note, adjudication, "" if verified == Answer.YES else f"verified: {verified}")
            for note, adjudication, verified in zip(
                records["note"], records["adjudication"], records["verified"], strict=True
            )
        ],
        prior=records["prior_alk_inhibitors"].map(_listed),
    )
    patients = decide(_patients(records), PATIENTS, decisions)
    samples = decide(_samples(records), SAMPLES, decisions)
    treatments = decide(_treatments(records, samples), TREATMENTS, decisions)
    read = _read(folder / "sources.csv")
    sources = decide(_sources(read, records, patients), SOURCES, decisions)
    return [(SOURCES, sources), (PATIENTS, patients), (SAMPLES, samples), (TREATMENTS, treatments)]


def _listed(cell: str) -> list[str]:
    return cell.split(LIST_SEPARATOR) if cell else []


def _agreed(records: pd.DataFrame, by: str, fields: list[str]) -> pd.DataFrame:
    """Take one row per group; its rows must agree on the fields."""
    grouped = records.groupby(by, sort=False)[fields]
    differing = grouped.nunique() > 1
    problems = [
        Problem(
            "curated/adjudicated.csv", None, field, str(group), f"differs between its rows ({by})"
        )
        for field in fields
        for group in differing.index[differing[field]]
    ]
    if problems:
        raise DataError(problems)
    return grouped.first().reset_index()


def _patients(records: pd.DataFrame) -> pd.DataFrame:
    fields = ["source_key", "status", "patient_exclusion", "age", "sex", "fusion_partner"]
    one = _agreed(records, "patient_id", [*fields, "fusion_variant"])
    return pd.DataFrame(
        {
            "patient_id": one["patient_id"],
            "source_id": one["source_key"],
            "status": one["status"],
            "duplicate_of": "",
            "exclusion_reason": one["patient_exclusion"],
            "age_years": one["age"],
            "sex": one["sex"].replace(_SEX),
            "stage": UNKNOWN,
            "histology": UNKNOWN,
            "fusion_partner": one["fusion_partner"].replace("", UNKNOWN),
            "fusion_variant": one["fusion_variant"].replace("", UNKNOWN),
            "note": "",
        }
    )


def _samples(records: pd.DataFrame) -> pd.DataFrame:
    fields = ["patient_id", "sample", "sample_type", "resistance_on", "alk_mutations", "phase"]
    fields += ["vaf", "other_mechanisms", "locator", "read_via"]
    one = _agreed(records, "sample_id", fields)
    # A record is a line after the sample, and lists the lines between them as prior ones too.
    earliest = records.loc[records["prior"].map(len).sort_values(kind="stable").index]
    earliest = earliest.groupby("sample_id").first().loc[one["sample_id"]]
    without_line = np.where(
        earliest["include"] == "sample_only",
        "no line of treatment entered: " + earliest["exclusion_reason"],
        "",
    )
    profiles = one["alk_mutations"].map(_canonical)
    return pd.DataFrame(
        {
            "sample_id": one["sample_id"],
            "patient_id": one["patient_id"],
            "sample_order": one["sample"].str.removeprefix("s"),
            "specimen": one["sample_type"].replace("", UNKNOWN),
            "resistance_on": one["resistance_on"].replace("", UNKNOWN),
            "prior_inhibitors": [
                LIST_SEPARATOR.join(prior) or UNKNOWN for prior in earliest["prior"]
            ],
            "mutations": profiles,
            "phase": [_phase(*cells) for cells in zip(one["phase"], profiles, strict=True)],
            "vaf_percent": [_vaf(*cells) for cells in zip(one["vaf"], profiles, strict=True)],
            "other_findings": one["other_mechanisms"],
            "locator": one["locator"],
            "read_via": one["read_via"],
            "note": [
                _joined(*parts) for parts in zip(earliest["remark"], without_line, strict=True)
            ],
        }
    )


def _phase(stated: str, profile: str) -> str:
    try:
        several = mutations.is_compound(profile)
    except ValueError:
        several = True
    return stated or UNKNOWN if several else str(Phase.SINGLE)


def _vaf(stated: str, profile: str) -> str:
    """Order the percentages as the profile; text that is no plain percentage stays as it is."""
    if not stated:
        return ""
    parts = [_PERCENTAGE.fullmatch(part.strip()) for part in stated.split(";")]
    names = profile.split("+")
    given = {part["mutation"] or profile: part["percent"] for part in parts if part}
    if None in parts or len(given) < len(parts) or not given.keys() <= set(names):
        return stated
    return LIST_SEPARATOR.join(given.get(name, UNKNOWN) for name in names)


def _treatments(records: pd.DataFrame, samples: pd.DataFrame) -> pd.DataFrame:
    given = (records["next_alk_inhibitor"] != "") & (records["include"] != "sample_only")
    lines = records[given]
    prior_of_sample = lines["sample_id"].map(samples.set_index("sample_id")["prior_inhibitors"])
    line_numbers, since_sample = [], []
    for prior, of_sample in zip(lines["prior"], prior_of_sample.map(_listed), strict=True):
        complete = bool(prior) and UNKNOWN not in of_sample
        line_numbers.append(str(len(prior) + 1) if complete else "")
        since_sample.append(str(len(prior) - len(of_sample)) if complete else "0")
    return pd.DataFrame(
        {
            "treatment_id": lines["record_id"],
            "sample_id": lines["sample_id"],
            "line_number": line_numbers,
            "lines_since_sample": since_sample,
            "inhibitor": lines["next_alk_inhibitor"],
            "monotherapy": lines["monotherapy"].replace("", UNKNOWN),
            "partner": "",
            "best_response": lines["best_response"].replace("", UNKNOWN),
            "pfs_relation": np.where(lines["pfs_months"] == "", "", Relation.EQUAL),
            "pfs_months": lines["pfs_months"],
            "dot_relation": np.where(lines["dot_months"] == "", "", Relation.EQUAL),
            "dot_months": lines["dot_months"],
            "status": lines["treatment_status"].replace("", UNKNOWN),
            "locator": lines["locator"],
            "read_via": lines["read_via"],
            "note": lines["remark"],
        }
    )


def _sources(read: pd.DataFrame, records: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    kinds = _agreed(records, "source_key", ["study_type"]).set_index("source_key")["study_type"]
    included = patients.loc[patients["status"] == PatientStatus.INCLUDED, "source_id"]
    contributes = read["source_key"].isin(included)
    reasons = (
        records.groupby("source_key")["exclusion_reason"]
        .agg(lambda stated: _joined(*dict.fromkeys(stated)))
        .reindex(read["source_key"], fill_value=NO_SEPARABLE_PATIENT)
    )
    seen_at = np.where(read["url_seen"] == "", "", "read at: " + read["url_seen"])
    return pd.DataFrame(
        {
            "source_id": read["source_key"],
            "study_type": kinds.reindex(read["source_key"], fill_value=UNKNOWN).to_numpy(),
            "sampling": read["sampling"],
            "access": read["access"],
            "first_author": read["first_author"],
            "year": read["year"],
            "journal": read["journal"],
            "title": read["title"],
            "doi": read["doi"],
            "pmid": read["pmid"],
            "status": np.where(contributes, SourceStatus.INCLUDED, SourceStatus.EXCLUDED),
            "exclusion_reason": np.where(contributes, "", reasons),
            "note": [
                _joined(*parts)
                for parts in zip(read["comments"], read["pmcid"], seen_at, strict=True)
            ],
        }
    )


def _invitro(folder: Path) -> list[tuple[Table, pd.DataFrame]]:
    calls = _with_model(_read(folder / "calls.csv"), _read(folder / "model_keys.csv"))
    # A setting without a model says why it has none.
    calls = calls[calls["model_id"] != ""].reset_index(drop=True)
    assays = _read(folder / "models.csv")
    # "Fontana-V3 (=Fontana2015-EML4)": the name of Koopman 2022 and the one the calls use.
    named = assays["model_id"].str.extract(r"\(=(.*)\)", expand=False)
    assays = assays.set_index(named.fillna(assays["model_id"]))
    undescribed = sorted({*calls["raw_model"]} - {*assays.index})
    if undescribed:
        reason = "has calls but no row in models.csv"
        raise DataError(
            [Problem("invitro/calls.csv", None, "model_id", name, reason) for name in undescribed]
        )
    decisions = read_decisions(folder / DECISIONS, (INVITRO_SOURCES, MODELS, MEASUREMENTS))
    made = (_invitro_sources(calls), _models(calls, assays), _measurements(calls))
    built = {
        table.name: pd.concat([frame, _read(folder / SECOND_SEARCH_FOLDER / table.file)])
        for table, frame in zip(INVITRO_TABLES, made, strict=True)
    }
    articles = built[INVITRO_SOURCES.name].set_index("source_id")[["doi", "pmid"]]
    models = built[MODELS.name] = _with_place(built[MODELS.name].join(articles, on="source_id"))
    built[MEASUREMENTS.name] = _with_place(
        built[MEASUREMENTS.name].join(models.set_index("model_id")[["doi", "pmid"]], on="model_id")
    )
    built = {
        table.name: decide(built[table.name].reset_index(drop=True), table, decisions)
        for table in INVITRO_TABLES
    }
    with_added = added_models.join(folder / "added", built)
    return [(table, with_added[table.name]) for table in INVITRO_TABLES]


_SETTING = ["cell_line", "fusion", "readout"]


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
    one = calls.drop_duplicates("model_id")
    described = assays.loc[one["raw_model"]]
    numbers = calls[calls["value_nM"] != ""].groupby("model_id").size()
    potency = [
        _potency_type(readout, with_numbers=model in numbers.index)
        for model, readout in zip(one["model_id"], one["readout_of_model"], strict=True)
    ]
    return pd.DataFrame(
        {
            "model_id": one["model_id"].to_numpy(),
            "source_id": one["source_id"].to_numpy(),
            "system": one["system_of_model"].to_numpy(),
            "access": one["access_of_model"].to_numpy(),
            "assay": described["assay"].to_numpy(),
            "cell_line": one["cell_line_of_model"].replace("not stated", UNKNOWN).to_numpy(),
            "fusion": one["fusion_of_model"].replace("not stated", UNKNOWN).to_numpy(),
            "readout": one["readout_of_model"].to_numpy(),
            "potency_type": potency,
            "unit": ["none" if kind == "class" else "nM" for kind in potency],
            "sensitive_max": "",
            "resistant_min": "",
            "threshold_source": described["threshold_rule"].to_numpy(),
            "seen_in": described["source"].to_numpy(),
            "note": [
                "" if verified == Answer.YES else f"verified: {verified}"
                for verified in described["verified"]
            ],
        }
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
    if len(repeated):
        reason = f"its calls differ in {', '.join(fields)}"
        raise DataError(
            [Problem("invitro/calls.csv", None, "source_id", name, reason) for name in repeated]
        )
    return one.assign(journal="", title="", secondary=str(Answer.NO), note="")


def _measurements(calls: pd.DataFrame) -> pd.DataFrame:
    profiles = calls["mutation"].map(_canonical)
    remarks = [
        _joined(
            *(
                f"{name.replace('_', ' ')} as read: {row[name]}"
                for name in _SETTING
                if row[name] != row[f"{name}_of_model"]
            )
        )
        for row in calls[[*_SETTING, *(f"{name}_of_model" for name in _SETTING)]].to_dict("records")
    ]
    return pd.DataFrame(
        {
            "measurement_id": _numbered(
                "-".join(parts)
                for parts in zip(
                    calls["model_id"],
                    profiles.str.replace("+", "."),
                    calls["inhibitor"],
                    strict=True,
                )
            ),
            "model_id": calls["model_id"],
            "mutations": profiles,
            "inhibitor": calls["inhibitor"],
            "relation": calls["relation"],
            "value": calls["value_nM"],
            "fold_change": "",
            "call_in_source": calls["call_in_source"].replace("", UNKNOWN),
            "seen_in": calls["seen_in"],
            "note": remarks,
        }
    )


def _numbered(names: Iterable[str]) -> list[str]:
    """Append -2, -3 ... to a name that came before, in the order of the raw file."""
    counts: dict[str, int] = {}
    keys = []
    for name in names:
        counts[name] = counts.get(name, 0) + 1
        keys.append(name if counts[name] == 1 else f"{name}-{counts[name]}")
    return keys


def _slug(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")


def _assertions(folder: Path) -> pd.DataFrame:
    read = _read(folder / "assertions.csv")
    residue = read["mutation"].map(lambda name: bool(_RESIDUE_ONLY.fullmatch(name)))
    profiles = read["mutation"].where(~residue, read["mutation"] + "X").map(_canonical)
    inhibitor = read["inhibitor"].str.lower()
    parts = zip(
        read["kb"].map(_slug),
        read["kb_record_id"].map(_slug),
        profiles.str.replace("+", "."),
        inhibitor,
        read["direction"],
        strict=True,
    )
    first = pd.DataFrame(
        {
            "assertion_id": ["-".join(part) for part in parts],
            "knowledge_base": read["kb"],
            "record": read["kb_record_id"],
            "mutations": profiles,
            "as_printed": read["molecular_profile"].str.removeprefix("as printed: "),
            "disease": read["disease"],
            "nsclc": read["nsclc"],
            "inhibitor": inhibitor,
            "direction": read["direction"].str.replace("_", " "),
            "level": read["level"],
            "evidence_type": read["evidence_type"],
            "rating": read["rating"],
            "pmid": read["pmid"],
            "citation": read["citation"],
            "locator": read["url_or_repo_path_seen"],
            "licence": read["licence"],
        }
    )
    both = pd.concat([first, _read(folder / "assertions_second_search.csv")], ignore_index=True)
    # The record of CIViC is the place; of a review's table, the table.
    numbers = " " + both["record"].where(both["knowledge_base"] == "CIViC", "")
    return _with_place(both.assign(seen_in=both["locator"] + numbers, doi=""))


def files(data: Path = paths.DATA) -> dict[str, str]:
    """Build and validate everything that is generated below ``data/``.

    Parameters
    ----------
    data : Path
        The data folder: its raw facts are built from, and its other CSV files are described.

    Returns
    -------
    dict of str to str
        Path below ``data/`` to its text: the built tables, the data dictionary and the data
        package descriptor.

    Raises
    ------
    DataError
        With every problem of the decisions or of the built tables.
    """
    built = {
        name: frame.to_csv(index=False, lineterminator="\n")
        for name, frame in build(data / "raw").items()
    }
    validate(built, data / COHORT / cohort.DESCRIPTION_FILE)
    contents = {
        path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*.csv")
    }
    contents |= {name: text.encode() for name, text in built.items()}
    documents = {
        "README.md": dictionary.data_dictionary(),
        "datapackage.json": dictionary.data_package(contents, _cohorts(data / "cohorts")),
    }
    return built | documents


def _cohorts(folder: Path) -> dict[str, str]:
    """Say of each cohort what it is, and of a synthetic one that its rows are not patients."""
    said = {}
    for path in sorted(folder.glob(f"*/{cohort.DESCRIPTION_FILE}")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            meta = cohort.CohortMeta.model_validate(content)
        except (ValueError, yaml.YAMLError) as error:
            label = path.relative_to(folder).as_posix()
            raise DataError([Problem(label, None, "", "", " ".join(str(error).split()))]) from error
        said[path.parent.name] = meta.title + " (synthetic rows, not patients)" * meta.synthetic
    return said


def validate(built: Mapping[str, str], description: Path) -> None:
    """Check built tables with the schemas, as a reader of them would, before they are written.

    Parameters
    ----------
    built : mapping of str to str
        Path below ``data/`` to the text of a table.
    description : Path
        ``cohort.yaml`` of the curated cohort.

    Raises
    ------
    DataError
        With every problem.
    """
    with tempfile.TemporaryDirectory() as folder:
        stage = Path(folder)
        for name, text in built.items():
            write_atomically(stage / name, text)
        if description.is_file():
            shutil.copy(description, stage / COHORT)
        problems = cohort.check(stage / COHORT)
        for load in (
            lambda: laboratory.load(stage / "invitro"),
            lambda: read_folder(stage / "knowledgebases", [ASSERTIONS]),
            lambda: groups.load(stage / "groups"),
        ):
            try:
                load()
            except DataError as error:
                problems += error.problems
        try:
            references.render([] if problems else references.read(stage))
        except ValueError as error:
            where = " and ".join(references.TABLES)
            problems.append(Problem(where, None, "", "", str(error)))
    if problems:
        raise DataError(problems)


def main(arguments: Sequence[str] | None = None) -> int:
    """Build the data, or compare them with what is checked in.

    Returns
    -------
    int
        0 done, 1 the data are wrong or differ.
    """
    parser = argparse.ArgumentParser(
        prog="python -m alkpool.intake.curate",
        description="Build data/ from the facts in data/raw.",
    )
    parser.add_argument("--check", action="store_true", help="compare only; 1 where files differ")
    check = parser.parse_args(arguments).check
    try:
        generated = files(paths.DATA)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    differing = [
        name
        for name, text in generated.items()
        if not (paths.DATA / name).is_file() or (paths.DATA / name).read_bytes() != text.encode()
    ]
    if check:
        for name in differing:
            print(f"data/{name} differs: run python -m alkpool.intake.curate", file=sys.stderr)
        return 1 if differing else 0
    for name in differing:
        write_atomically(paths.DATA / name, generated[name])
    for name, text in generated.items():
        rows = f"{len(list(csv.reader(io.StringIO(text)))) - 1} rows, " * name.endswith(".csv")
        print(f"data/{name}: {rows}{'written' if name in differing else 'unchanged'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
