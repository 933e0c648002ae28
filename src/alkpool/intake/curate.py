"""Curation: the tables of ``data/`` made from the raw facts in ``data/raw``.

A cell of a built table is either *mechanical* (a raw cell, renamed, re-coded or counted, always in
the same way) or a *decision* (a row of ``decisions.csv`` with its reason). A decision that names
no existing cell, or changes nothing, is an error: the build has no hidden judgement.

Run ``python -m alkpool.intake.curate`` to build everything.
"""

import re
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from alkpool import paths
from alkpool.data import cohort, dictionary, spelling
from alkpool.data.reader import Table
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.files import write_if_changed
from alkpool.intake import check, flatfile, place, raw
from alkpool.intake import groups as published_groups
from alkpool.intake.laboratory import assertions, invitro
from alkpool.problems import DataError, refuse_any
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

COHORT = "cohorts/curated"
# Below data/raw: files that `alkpool add` took, 0001.csv and so on.
ADDED = "added"
CHANGELOG = "CHANGELOG.md"
NO_SEPARABLE_PATIENT = "no patient can be separated in the text seen"
_PERCENTAGE = re.compile(r"(?:(?P<mutation>\S+) )?(?P<percent>\d+(?:\.\d+)?)%")


def build(folder: Path = paths.RAW) -> dict[str, pd.DataFrame]:
    """Build every table that is made from the raw facts.

    Parameters
    ----------
    folder : Path
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
    built = {
        COHORT: curated(folder),
        "invitro": invitro(folder / "invitro"),
        "knowledgebases": assertions(folder / "knowledgebases"),
        "groups": published_groups.build(folder),
    }
    return {
        f"{where}/{table.file}": raw.in_order(table, frame)
        for where, tables in built.items()
        for table, frame in tables
    }


def curated(folder: Path = paths.RAW) -> list[tuple[Table, pd.DataFrame]]:
    """Build the tables of the curated cohort: the adjudicated records, then every added file.

    Raises
    ------
    DataError
        With every decision, raw row or added row that does not fit.
    """
    tables = _curated(folder / "curated")
    for path in sorted((folder / ADDED).glob("*.csv")):
        addition = place.fit(flatfile.read(path, accepted=True), tables)
        tables = place.merge(tables, addition)
    return [(table, raw.in_order(table, tables[table.name])) for table in COHORT_TABLES]


def _curated(folder: Path) -> dict[str, pd.DataFrame]:
    files = (folder / "adjudicated.csv", folder / f"{raw.SECOND_SEARCH}.csv")
    records = pd.concat(map(raw.read_raw, files))
    # What a source reports of several patients together is in data/groups.
    records = records[records["include"] != "group"].reset_index(drop=True)
    records = raw.with_place(records.rename(columns={"seen_in": "read_via"}))
    patients = records["source_key"] + "-" + records["patient"]
    unverified = raw.unverified(records["verified"])
    records = records.assign(
        source_id=records["source_key"],
        patient_id=patients,
        sample_id=patients + "-" + records["sample"],
        priors=records["prior_alk_inhibitors"].map(raw.number_listed),
        remark=raw.joined(records["note"], records["adjudication"], unverified),
    )
    decisions = raw.read_decisions(folder / raw.DECISIONS, COHORT_TABLES)
    built = {PATIENTS.name: raw.decide(_patients(records), PATIENTS, decisions)}
    built[SAMPLES.name] = raw.decide(_samples(records), SAMPLES, decisions)
    lines = _treatments(records, built[SAMPLES.name])
    built[TREATMENTS.name] = raw.decide(lines, TREATMENTS, decisions)
    sources = _sources(raw.read_raw(folder / "sources.csv"), records, built[PATIENTS.name])
    built[SOURCES.name] = raw.decide(sources, SOURCES, decisions)
    return built


_RECORDS = "curated/adjudicated.csv"


def _patients(records: pd.DataFrame) -> pd.DataFrame:
    excluded = records["include"] == Answer.NO
    return raw.as_table(
        records, PATIENTS, _RECORDS,
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
    notes = raw.joined(earliest["remark"], reason.where(earliest["include"] == "sample_only", ""))
    profiles = records["alk_mutations"].map(spelling.profile)
    prior = records["sample_id"].map(earliest["prior_alk_inhibitors"])
    single = ~profiles.str.contains("+", regex=False) & ~profiles.isin(["", UNKNOWN])
    return raw.as_table(
        records, SAMPLES, _RECORDS,
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
    given = (records["next_alk_inhibitor"] != "") & (records["include"] != "sample_only")
    lines = records[given]
    of_sample = lines["sample_id"].map(samples.set_index("sample_id")["prior_inhibitors"])
    before, then = lines["priors"], of_sample.map(raw.number_listed)
    complete = (before > 0) & ~of_sample.str.contains(UNKNOWN)
    return raw.as_table(
        lines, TREATMENTS, _RECORDS,
        line_number=(before + 1).astype(str).where(complete, ""),
        lines_since_sample=(before - then).astype(str).where(complete, "0"),
        pfs_relation=np.where(lines["pfs_months"] == "", "", Relation.EQUAL),
        dot_relation=np.where(lines["dot_months"] == "", "", Relation.EQUAL),
    )  # fmt: skip


def _sources(read: pd.DataFrame, records: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    kinds = records[["source_id", "study_type"]].drop_duplicates()
    read = read.rename(columns={"source_key": "source_id"})
    read = read.merge(kinds, on="source_id", how="left")
    included = patients.loc[patients["status"] == PatientStatus.INCLUDED, "source_id"]
    contributes = read["source_id"].isin(included)
    stated = records.groupby("source_id")["exclusion_reason"].unique()
    reasons = stated.map(lambda each: "; ".join(filter(None, each)))
    reasons = read["source_id"].map(reasons).fillna(NO_SEPARABLE_PATIENT)
    seen_at = ("read at: " + read["url_seen"]).where(read["url_seen"] != "", "")
    return raw.as_table(
        read, SOURCES, _RECORDS,
        study_type=read["study_type"].fillna(UNKNOWN),
        status=np.where(contributes, SourceStatus.INCLUDED, SourceStatus.EXCLUDED),
        exclusion_reason=reasons.mask(contributes, ""),
        note=raw.joined(read["comments"], read["pmcid"], seen_at),
    )  # fmt: skip


def files(data: Path = paths.DATA) -> dict[str, str]:
    """Build and validate everything that is generated below ``data/``.

    Parameters
    ----------
    data : Path
        The data folder: its raw facts are built from, and its other CSV files are described.

    Returns
    -------
    dict of str to str
        Path below ``data/`` to its text: the built tables, the data dictionary, the data package
        descriptor, and the changelog of added files without those that are there no more.

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
    changelog = data / "raw" / ADDED / CHANGELOG
    if changelog.is_file():
        text = changelog.read_text("utf-8")
        for number, entry in entries(text).items():
            if not changelog.with_name(f"{number}.csv").is_file():
                text = text.replace(f"## {number}, {entry}", "")
        documents[changelog.relative_to(data).as_posix()] = text
    return built | documents


def entries(changelog: str) -> dict[str, str]:
    """Entries of the changelog of additions, by number, the newest first."""
    _, *parts = re.split(r"^## ([0-9]+), ", changelog, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


def _cohorts(folder: Path) -> dict[str, str]:
    """Say of each cohort what it is, and of a synthetic one that its rows are not patients."""
    said = {}
    for path in sorted(folder.glob(f"*/{cohort.DESCRIPTION_FILE}")):
        meta, problems = cohort.read_meta(path, path.relative_to(folder).as_posix())
        if meta is None:
            raise DataError(problems)
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
            write_if_changed(stage / name, text.encode())
        if description.is_file():
            shutil.copy(description, stage / COHORT)
        problems = cohort.check(stage / COHORT)
        problems += check.folder_problems(stage, check.FOLDERS, say=lambda _: None)
        if not problems:
            problems += check.article_problems(stage)
    refuse_any(problems)


def main() -> int:
    """Build the data.

    Returns
    -------
    int
        0 done, 1 the data are wrong.
    """
    try:
        generated = files(paths.DATA)
    except DataError as error:
        print(error, file=sys.stderr)
        return 1
    for name, text in generated.items():
        written = write_if_changed(paths.DATA / name, text.encode())
        print(f"data/{name}: {'written' if written else 'unchanged'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
