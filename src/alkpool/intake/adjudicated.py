"""The curated cohort: its tables made from the adjudicated records and the decisions on cells."""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from alkpool.data import spelling
from alkpool.data.reader import Table
from alkpool.data.tables import PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.files import yaml_beside
from alkpool.intake import raw
from alkpool.problems import Problem, refuse_any
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    UNKNOWN,
    Answer,
    PatientStatus,
    Phase,
    Relation,
    Sex,
    SourceStatus,
)

NO_SEPARABLE_PATIENT = "no patient can be separated in the text seen"
NOT_IDENTIFIED = "primary record not identified"

_COPIED_AS: dict[str, str] = yaml_beside(__file__)
_PERCENTAGE = re.compile(r"(?:(?P<mutation>\S+) )?(?P<percent>\d+(?:\.\d+)?)%")
_EVIDENCE = re.compile(r"EID(\d+(?:(?:-|, ?(?:EID)?)\d+)*)")


def build(folder: Path) -> dict[str, pd.DataFrame]:
    """Build the tables of the curated cohort from the adjudicated records.

    Parameters
    ----------
    folder : Path
        Raw facts of the cohort.

    Returns
    -------
    dict of str to DataFrame
        Sources, patients, samples and treatments, cells as text.

    Raises
    ------
    DataError
        With every decision that does not fit, and where records of one patient, sample or source
        differ in what they say of it.
    """
    searches = (raw.read_raw(folder / name) for name in ("adjudicated.csv", "second_search.csv"))
    records = pd.concat(searches).rename(columns=_COPIED_AS)
    # What a source reports of several patients together is in data/groups.
    records = _with_place(records[records["include"] != "group"].reset_index(drop=True))
    patients = records["source_id"] + "-" + records["patient"]
    unverified = ("verified: " + records["verified"]).mask(records["verified"] == Answer.YES, "")
    records = records.assign(
        patient_id=patients,
        sample_id=patients + "-" + records["sample"],
        priors=_listed(records["prior_alk_inhibitors"]),
        note=_joined(records["note"], records["adjudication"], unverified),
    )
    decisions = raw.read_decisions(folder / raw.DECISIONS)
    built = {PATIENTS.name: raw.decide(_patients(records), PATIENTS, decisions)}
    built[SAMPLES.name] = raw.decide(_samples(records), SAMPLES, decisions)
    lines = _treatments(records, built[SAMPLES.name])
    built[TREATMENTS.name] = raw.decide(lines, TREATMENTS, decisions)
    sources = _sources(raw.read_raw(folder / "sources.csv"), records, built[PATIENTS.name])
    built[SOURCES.name] = raw.decide(sources, SOURCES, decisions)
    return built


def _patients(records: pd.DataFrame) -> pd.DataFrame:
    excluded = records["include"] == Answer.NO
    return _table(
        records, PATIENTS,
        status=np.where(excluded, PatientStatus.EXCLUDED, PatientStatus.INCLUDED),
        exclusion_reason=records["exclusion_reason"].where(excluded, ""),
        sex=records["sex"].replace({"F": Sex.FEMALE, "M": Sex.MALE, "": Sex.UNKNOWN}),
        stage=UNKNOWN, histology=UNKNOWN, note="",
        fusion_partner=records["fusion_partner"].replace("", UNKNOWN),
        fusion_variant=records["fusion_variant"].replace("", UNKNOWN),
    )  # fmt: skip


def _samples(records: pd.DataFrame) -> pd.DataFrame:
    # A record is a line after the sample, and lists the lines between them as prior ones too.
    earliest = records.loc[records["priors"].sort_values(kind="stable").index]
    earliest = earliest.drop_duplicates("sample_id").set_index("sample_id")
    reason = "no line of treatment entered: " + earliest["exclusion_reason"]
    notes = _joined(earliest["note"], reason.where(earliest["include"] == "sample_only", ""))
    profiles = records["alk_mutations"].map(spelling.profile)
    single = ~profiles.str.contains("+", regex=False) & ~profiles.isin(["", UNKNOWN])
    prior = records["sample_id"].map(earliest["prior_alk_inhibitors"])
    return _table(
        records, SAMPLES,
        sample_order=records["sample"].str.removeprefix("s"),
        prior_inhibitors=prior.replace("", UNKNOWN),
        mutations=profiles,
        phase=records["phase"].replace("", UNKNOWN).mask(single, str(Phase.SINGLE)),
        vaf_percent=list(map(_vaf, records["vaf"], profiles)),
        note=records["sample_id"].map(pd.Series(notes, earliest.index)),
    )  # fmt: skip


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
    given = (records["inhibitor"] != "") & (records["include"] != "sample_only")
    lines = records[given]
    of_sample = lines["sample_id"].map(samples.set_index("sample_id")["prior_inhibitors"])
    before, then = lines["priors"], _listed(of_sample)
    complete = (before > 0) & ~of_sample.str.contains(UNKNOWN)
    return _table(
        lines, TREATMENTS,
        line_number=(before + 1).astype(str).where(complete, ""),
        lines_since_sample=(before - then).astype(str).where(complete, "0"),
        pfs_relation=np.where(lines["pfs_months"] == "", "", Relation.EQUAL),
        dot_relation=np.where(lines["dot_months"] == "", "", Relation.EQUAL),
    )  # fmt: skip


def _sources(read: pd.DataFrame, records: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    kinds = records[["source_id", "study_type"]].drop_duplicates()
    read = read.rename(columns=_COPIED_AS).merge(kinds, on="source_id", how="left")
    included = patients.loc[patients["status"] == PatientStatus.INCLUDED, "source_id"]
    contributes = read["source_id"].isin(included)
    stated = records.groupby("source_id")["exclusion_reason"].unique()
    reasons = stated.map(lambda each: "; ".join(filter(None, each)))
    reasons = read["source_id"].map(reasons).fillna(NO_SEPARABLE_PATIENT)
    seen_at = ("read at: " + read["url_seen"]).where(read["url_seen"] != "", "")
    return _table(
        read, SOURCES,
        study_type=read["study_type"].fillna(UNKNOWN),
        status=np.where(contributes, SourceStatus.INCLUDED, SourceStatus.EXCLUDED),
        exclusion_reason=reasons.mask(contributes, ""),
        note=_joined(read["comments"], read["pmcid"], seen_at),
    )  # fmt: skip


def _table(rows: pd.DataFrame, table: Table, **made: Any) -> pd.DataFrame:
    """One row for each key of a table; what is not ``made`` is copied, or blank where rows lack it.

    A blank copy is ``unknown`` where the vocabulary has that word. Rows that say the same of one
    key are one; a column in which they differ is refused.
    """
    frame = rows.reindex(columns=table.columns, fill_value="")
    for name, column in table.schema.columns.items():
        said = column.metadata
        if UNKNOWN in (*said.get("terms", ()), *said.get("also", ())):
            frame[name] = frame[name].replace("", UNKNOWN)
    frame = frame.assign(**made).drop_duplicates()
    (key,) = table.key
    differing = frame.groupby(key).nunique() > 1
    refuse_any(
        Problem("curated/adjudicated.csv", None, str(name), str(record),
                f"differs between its rows ({key})")
        for name in differing
        for record in differing.index[differing[name]]
    )  # fmt: skip
    return frame


def _listed(cells: pd.Series) -> pd.Series:
    """Count the items of cells that are lists; a blank one has none."""
    return cells.str.count(LIST_SEPARATOR) + (cells != "")


def _joined(*columns: Iterable[str]) -> list[str]:
    """Cells of columns that are not blank, joined by ``;`` row by row."""
    return ["; ".join(filter(None, cells)) for cells in zip(*columns, strict=True)]


def _with_place(records: pd.DataFrame) -> pd.DataFrame:
    """Tell the primary record of each row from the text in which it was read, ``read_via``.

    ``locator`` becomes the records and identifiers that the text and ``doi`` and ``pmid`` name;
    where they name none, it is the text itself, and ``read_via`` is blank.
    """
    locators, copies = [], []
    for text, doi, pmid in records[["read_via", "doi", "pmid"]].itertuples(index=False):
        seen = text.strip()
        items = ", ".join(f"EID{number}" for number in _evidence_items(seen))
        named = [f"CIViC {items}"] if items else []
        named += [f"PMID {pmid}"] if pmid else [f"DOI {doi}"] if doi else []
        named += re.findall(r"PMC\d+", seen)
        if not named and seen.startswith("github"):
            named = [NOT_IDENTIFIED]
        locators.append("; ".join(dict.fromkeys(named)) or seen)
        copies.append(seen if named else "")
    return records.assign(locator=locators, read_via=copies)


def _evidence_items(text: str) -> Iterator[int]:
    """Numbers of the CIViC evidence items that a text names, such as EID441-444,1352."""
    for listed in _EVIDENCE.findall(text):
        for part in listed.replace("EID", "").split(","):
            first, _, last = part.strip().partition("-")
            yield from range(int(first), int(last or first) + 1)
