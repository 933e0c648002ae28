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

from alkpool import mutations, paths
from alkpool.data import cohort, dictionary, spelling
from alkpool.data.reader import Table
from alkpool.data.tables import ASSERTIONS, PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.files import write_atomically
from alkpool.intake import check, flatfile, place
from alkpool.intake import groups as published_groups
from alkpool.intake.laboratory import assertions, invitro
from alkpool.intake.raw import (
    DECISIONS,
    NOT_STATED,
    SECOND_SEARCH,
    SEX,
    decide,
    joined,
    joined_cells,
    listed,
    read_decisions,
    read_raw,
    unverified,
    with_place,
)
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
CHANGELOG = "CHANGELOG.md"
NO_SEPARABLE_PATIENT = "no patient can be separated in the text seen"
_PERCENTAGE = re.compile(r"(?:(?P<mutation>\S+) )?(?P<percent>\d+(?:\.\d+)?)%")


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
    built = {
        COHORT: curated(raw),
        "invitro": invitro(raw / "invitro"),
        "knowledgebases": [(ASSERTIONS, assertions(raw / "knowledgebases"))],
        "groups": published_groups.build(raw),
    }
    return {
        f"{folder}/{table.file}": frame[table.columns].sort_values(
            list(table.key), ignore_index=True
        )
        for folder, tables in built.items()
        for table, frame in tables
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
        addition = place.fit(flatfile.read(path, accepted=True), tables)
        tables = place.merge(tables, addition)
    return [
        (table, tables[table.name].sort_values(list(table.key), ignore_index=True))
        for table, _ in built
    ]


def _curated(folder: Path) -> list[tuple[Table, pd.DataFrame]]:
    records = pd.concat(map(read_raw, (folder / "adjudicated.csv", folder / SECOND_SEARCH)))
    # What a source reports of several patients together is in data/groups.
    records = with_place(records[records["include"] != "group"].reset_index(drop=True))
    decisions = read_decisions(folder / DECISIONS, (SOURCES, PATIENTS, SAMPLES, TREATMENTS))
    excluded = records["include"] == Answer.NO
    records = records.assign(
        patient_id=records["source_key"] + "-" + records["patient"],
        sample_id=records["source_key"] + "-" + records["patient"] + "-" + records["sample"],
        status=np.where(excluded, PatientStatus.EXCLUDED, PatientStatus.INCLUDED),
        patient_exclusion=records["exclusion_reason"].where(excluded, ""),
        remark=joined_cells(
            records["note"], records["adjudication"], unverified(records["verified"])
        ),
        prior=records["prior_alk_inhibitors"].map(listed),
    )
    patients = decide(_patients(records), PATIENTS, decisions)
    samples = decide(_samples(records), SAMPLES, decisions)
    treatments = decide(_treatments(records, samples), TREATMENTS, decisions)
    read = read_raw(folder / "sources.csv")
    sources = decide(_sources(read, records, patients), SOURCES, decisions)
    return [(SOURCES, sources), (PATIENTS, patients), (SAMPLES, samples), (TREATMENTS, treatments)]


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
    columns = {
        "source_key": "source_id",
        "patient_exclusion": "exclusion_reason",
        "age": "age_years",
    }
    one = one.replace({"sex": SEX, "fusion_partner": NOT_STATED, "fusion_variant": NOT_STATED})
    return one.rename(columns=columns).assign(
        duplicate_of="", stage=UNKNOWN, histology=UNKNOWN, note=""
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
    profiles = one["alk_mutations"].map(spelling.profile)
    columns = {
        "sample_type": "specimen",
        "alk_mutations": "mutations",
        "vaf": "vaf_percent",
        "other_mechanisms": "other_findings",
    }
    return (
        one.replace({"sample_type": NOT_STATED, "resistance_on": NOT_STATED})
        .rename(columns=columns)
        .assign(
            sample_order=one["sample"].str.removeprefix("s"),
            prior_inhibitors=[LIST_SEPARATOR.join(prior) or UNKNOWN for prior in earliest["prior"]],
            mutations=profiles,
            phase=[_phase(*cells) for cells in zip(one["phase"], profiles, strict=True)],
            vaf_percent=[_vaf(*cells) for cells in zip(one["vaf"], profiles, strict=True)],
            note=joined_cells(earliest["remark"], without_line),
        )
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
    of_sample = lines["sample_id"].map(samples.set_index("sample_id")["prior_inhibitors"])
    of_sample = of_sample.map(listed)
    before, then = lines["prior"].map(len), of_sample.map(len)
    complete = (before > 0) & ~of_sample.map(lambda names: UNKNOWN in names).astype(bool)
    columns = {
        "record_id": "treatment_id",
        "next_alk_inhibitor": "inhibitor",
        "treatment_status": "status",
        "remark": "note",
    }
    stated = ("monotherapy", "best_response", "treatment_status")
    return (
        lines.replace(dict.fromkeys(stated, NOT_STATED))
        .drop(columns=["status", "note"])
        .rename(columns=columns)
        .assign(
            line_number=(before + 1).astype(str).where(complete, ""),
            lines_since_sample=(before - then).astype(str).where(complete, "0"),
            partner="",
            pfs_relation=np.where(lines["pfs_months"] == "", "", Relation.EQUAL),
            dot_relation=np.where(lines["dot_months"] == "", "", Relation.EQUAL),
        )
    )


def _sources(read: pd.DataFrame, records: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    kinds = _agreed(records, "source_key", ["study_type"]).set_index("source_key")["study_type"]
    included = patients.loc[patients["status"] == PatientStatus.INCLUDED, "source_id"]
    contributes = read["source_key"].isin(included)
    reasons = (
        records.groupby("source_key")["exclusion_reason"]
        .agg(lambda stated: joined(*dict.fromkeys(stated)))
        .reindex(read["source_key"], fill_value=NO_SEPARABLE_PATIENT)
    )
    seen_at = np.where(read["url_seen"] == "", "", "read at: " + read["url_seen"])
    return read.rename(columns={"source_key": "source_id"}).assign(
        study_type=kinds.reindex(read["source_key"], fill_value=UNKNOWN).to_numpy(),
        status=np.where(contributes, SourceStatus.INCLUDED, SourceStatus.EXCLUDED),
        exclusion_reason=np.where(contributes, "", reasons),
        note=joined_cells(read["comments"], read["pmcid"], seen_at),
    )


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
            write_atomically(stage / name, text)
        if description.is_file():
            shutil.copy(description, stage / COHORT)
        problems = cohort.check(stage / COHORT)
        problems += check.folder_problems(stage, check.FOLDERS, say=lambda _: None)
        if not problems:
            problems += check.article_problems(stage)
    if problems:
        raise DataError(problems)


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
        path = paths.DATA / name
        unchanged = path.is_file() and path.read_bytes() == text.encode()
        if not unchanged:
            write_atomically(path, text)
        print(f"data/{name}: {'unchanged' if unchanged else 'written'}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
