"""Cohorts: load, validate, pool, and the selection flow.

A cohort is a folder with ``cohort.yaml`` and four tables (sources, patients, samples,
treatments). Every analysis works on the *analysis set*: included patients, their samples and
their lines of treatment.
"""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pandas as pd
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from alkpool import paths, stats
from alkpool.schema import (
    COHORT_TABLES,
    LIST_SEPARATOR,
    PATIENTS,
    SAMPLES,
    SOURCES,
    TREATMENTS,
    UNKNOWN,
    DataError,
    Problem,
    cell_problems,
    read_text,
    unknown_keys,
)
from alkpool.vocabulary import PatientStatus, Phase, SourceStatus, StudyType

DESCRIPTION_FILE = "cohort.yaml"


class CohortMeta(BaseModel):
    """What ``cohort.yaml`` says about a cohort."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    kind: Literal["curated", "reconstructed", "own"]
    synthetic: bool
    description: str
    licence: str
    search_date: datetime.date | None = None


@dataclass(frozen=True)
class Cohort:
    """Four tidy tables with their description.

    Attributes
    ----------
    name : str
        Folder name, or the names of the pooled cohorts joined by ``+``.
    sources, patients, samples, treatments : DataFrame
        Columns as in the data dictionary.
    meta : CohortMeta
        Title, kind, licence, and whether the rows are synthetic.
    """

    name: str
    sources: pd.DataFrame
    patients: pd.DataFrame
    samples: pd.DataFrame
    treatments: pd.DataFrame
    meta: CohortMeta

    @property
    def synthetic(self) -> bool:
        """Whether the rows are made up to fit published numbers."""
        return self.meta.synthetic


def folder_of(name_or_path: str | Path) -> Path:
    """Folder of a cohort given by its name in ``data/cohorts`` or by a path."""
    text = str(name_or_path)
    named = paths.COHORTS / text
    if "/" not in text and "\\" not in text and named.is_dir():
        return named
    return Path(name_or_path)


def load(*names_or_paths: str | Path) -> Cohort:
    """Load one cohort, or pool several.

    Parameters
    ----------
    *names_or_paths : str or Path
        Names of folders in ``data/cohorts``, or paths; a text may hold several joined by commas.

    Returns
    -------
    Cohort
        All rows, also those of excluded and duplicate patients; see `analysis_set`.

    Raises
    ------
    DataError
        With every problem of the data, as ``alkpool check`` prints them.
    """
    wanted = [
        part.strip() if isinstance(part, str) else part
        for item in names_or_paths
        for part in (item.split(",") if isinstance(item, str) else [item])
    ]
    if not wanted:
        raise ValueError("name at least one cohort")
    cohorts = [_load_one(folder_of(item)) for item in wanted]
    return cohorts[0] if len(cohorts) == 1 else pool(cohorts)


def _load_one(folder: Path) -> Cohort:
    frames, meta, problems = _read(folder)
    if problems or meta is None:
        raise DataError(problems)
    typed = {table.name: table.typed(frames[table.name]) for table in COHORT_TABLES}
    return Cohort(name=folder.name, meta=meta, **typed)


def check(folder: Path) -> list[Problem]:
    """List every problem of a cohort folder; empty when it is valid."""
    return sorted(_read(folder)[2])


def _read(folder: Path) -> tuple[dict[str, pd.DataFrame], CohortMeta | None, list[Problem]]:
    label = folder.name
    if not folder.is_dir():
        known = sorted(path.name for path in paths.COHORTS.iterdir() if path.is_dir())
        missing = f"no such cohort; known are {', '.join(known)}, or give the path of a folder"
        return {}, None, [Problem(str(folder), None, "", "", missing)]
    meta, problems = _read_meta(folder / DESCRIPTION_FILE, f"{label}/{DESCRIPTION_FILE}")
    frames, well_formed = {}, True
    for table in COHORT_TABLES:
        file = f"{label}/{table.file}"
        frames[table.name], form = read_text(folder / table.file, table, file)
        well_formed = well_formed and not form
        problems += form or list(cell_problems(frames[table.name], table, file))
    if well_formed:
        problems += _relations_between(frames, label)
    return frames, meta, problems


def _read_meta(path: Path, label: str) -> tuple[CohortMeta | None, list[Problem]]:
    if not path.is_file():
        return None, [Problem(label, None, "", "", "the file is missing")]
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return CohortMeta.model_validate(content), []
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        return None, [Problem(label, None, "", "", f"is not readable YAML ({reason})")]
    except ValidationError as errors:
        return None, [
            Problem(label, None, ".".join(map(str, error["loc"])), "", error["msg"])
            for error in errors.errors()
        ]


def _relations_between(frames: dict[str, pd.DataFrame], label: str) -> Iterator[Problem]:
    sources, patients = frames[SOURCES.name], frames[PATIENTS.name]
    samples, treatments = frames[SAMPLES.name], frames[TREATMENTS.name]
    yield from unknown_keys(
        patients, "source_id", f"{label}/{PATIENTS.file}", sources["source_id"],
        "source_id of sources.csv",
    )  # fmt: skip
    yield from unknown_keys(
        samples, "patient_id", f"{label}/{SAMPLES.file}", patients["patient_id"],
        "patient_id of patients.csv",
    )  # fmt: skip
    yield from unknown_keys(
        treatments, "sample_id", f"{label}/{TREATMENTS.file}", samples["sample_id"],
        "sample_id of samples.csv",
    )  # fmt: skip
    yield from _source_rows(sources, patients, f"{label}/{SOURCES.file}")
    yield from _patient_rows(patients, f"{label}/{PATIENTS.file}")
    yield from _sample_rows(patients, samples, f"{label}/{SAMPLES.file}")
    yield from _treatment_rows(treatments, f"{label}/{TREATMENTS.file}")


def _flag(
    frame: pd.DataFrame, wrong: pd.Series, column: str, label: str, allowed: str
) -> Iterator[Problem]:
    for row, value in frame.loc[wrong, column].items():
        yield Problem(label, int(str(row)) + 2, column, str(value), allowed)


def _source_rows(sources: pd.DataFrame, patients: pd.DataFrame, label: str) -> Iterator[Problem]:
    excluded = sources["status"] == SourceStatus.EXCLUDED
    yield from _flag(
        sources, excluded & (sources["exclusion_reason"] == ""), "exclusion_reason", label,
        "must say why the source is excluded",
    )  # fmt: skip
    contributing = patients.loc[patients["status"] == PatientStatus.INCLUDED, "source_id"]
    yield from _flag(
        sources, excluded & sources["source_id"].isin(contributing), "status", label,
        "must be included: it has included patients",
    )  # fmt: skip


def _patient_rows(patients: pd.DataFrame, label: str) -> Iterator[Problem]:
    duplicate = patients["status"] == PatientStatus.DUPLICATE
    included = patients.loc[patients["status"] == PatientStatus.INCLUDED, "patient_id"]
    yield from _flag(
        patients, duplicate & ~patients["duplicate_of"].isin(included), "duplicate_of", label,
        "must name an included patient of patients.csv",
    )  # fmt: skip
    yield from _flag(
        patients, ~duplicate & (patients["duplicate_of"] != ""), "duplicate_of", label,
        "must be blank unless status is duplicate",
    )  # fmt: skip
    excluded = patients["status"] == PatientStatus.EXCLUDED
    yield from _flag(
        patients, excluded & (patients["exclusion_reason"] == ""), "exclusion_reason", label,
        "must say why the patient is excluded",
    )  # fmt: skip


def _sample_rows(patients: pd.DataFrame, samples: pd.DataFrame, label: str) -> Iterator[Problem]:
    included = patients.loc[patients["status"] == PatientStatus.INCLUDED, "patient_id"]
    unnamed = samples["mutations"] == UNKNOWN
    yield from _flag(
        samples, unnamed & samples["patient_id"].isin(included), "mutations", label,
        "must be a mutation profile: the patient is included",
    )  # fmt: skip
    compound = samples["mutations"].str.contains("+", regex=False)
    single = samples["phase"] == Phase.SINGLE
    yield from _flag(
        samples, compound & single, "phase", label,
        "must be cis, trans or unknown for several mutations",
    )  # fmt: skip
    yield from _flag(
        samples, ~compound & ~single & ~unnamed, "phase", label,
        "must be single for one mutation",
    )  # fmt: skip
    counts = samples["mutations"].str.count(r"\+") + 1
    given = samples["vaf_percent"].map(lambda cell: len(cell.split(LIST_SEPARATOR)))
    yield from _flag(
        samples, (samples["vaf_percent"] != "") & (given != counts), "vaf_percent", label,
        "must have one percentage for each mutation of the profile",
    )  # fmt: skip
    failed_on_listed = pd.Series(
        [
            failed in prior.split(LIST_SEPARATOR)
            for failed, prior in zip(
                samples["resistance_on"], samples["prior_inhibitors"], strict=True
            )
        ],
        index=samples.index,
        dtype=bool,
    )
    yield from _flag(
        samples, ~failed_on_listed, "prior_inhibitors", label,
        "must contain the inhibitor of resistance_on",
    )  # fmt: skip
    yield from _flag(
        samples, samples.duplicated(["patient_id", "sample_order"]), "sample_order", label,
        "stands twice for this patient",
    )  # fmt: skip


def _treatment_rows(treatments: pd.DataFrame, label: str) -> Iterator[Problem]:
    for measure in ("pfs", "dot"):
        relation, months = f"{measure}_relation", f"{measure}_months"
        without_number = (treatments[relation] != "") & (treatments[months] == "")
        yield from _flag(
            treatments, without_number, relation, label, f"must be blank: {months} is blank"
        )
        without_relation = (treatments[relation] == "") & (treatments[months] != "")
        yield from _flag(
            treatments, without_relation, relation, label,
            f"must be one of =, >, <, ~: {months} has a number",
        )  # fmt: skip


def pool(cohorts: list[Cohort]) -> Cohort:
    """Put several cohorts together for one run.

    Raises
    ------
    DataError
        Where a key stands in two of the cohorts, or where synthetic rows would be mixed with
        real ones.
    """
    name = "+".join(cohort.name for cohort in cohorts)
    if len({cohort.synthetic for cohort in cohorts}) > 1:
        made_up = ", ".join(cohort.name for cohort in cohorts if cohort.synthetic)
        reason = f"{made_up} is synthetic and cannot be pooled with real patients"
        raise DataError([Problem(name, None, "", "", reason)])
    problems, pooled = [], {}
    for table in COHORT_TABLES:
        frame = pd.concat([getattr(cohort, table.name) for cohort in cohorts], ignore_index=True)
        (key,) = table.key
        problems += [
            Problem(f"{name}/{table.file}", None, key, str(value), "stands in two cohorts")
            for value in frame.loc[frame.duplicated([key]), key].unique()
        ]
        pooled[table.name] = frame
    if problems:
        raise DataError(problems)
    meta = cohorts[0].meta.model_copy(
        update={
            "title": " and ".join(cohort.meta.title for cohort in cohorts),
            "kind": "own",
            "description": " ".join(cohort.meta.description for cohort in cohorts),
            "licence": "; ".join(dict.fromkeys(cohort.meta.licence for cohort in cohorts)),
        }
    )
    return Cohort(name=name, meta=meta, **pooled)


def analysis_set(cohort: Cohort) -> Cohort:
    """Keep included patients with their samples and lines of treatment."""
    patients = cohort.patients[cohort.patients["status"] == PatientStatus.INCLUDED]
    samples = cohort.samples[cohort.samples["patient_id"].isin(patients["patient_id"])]
    treatments = cohort.treatments[cohort.treatments["sample_id"].isin(samples["sample_id"])]
    sources = cohort.sources[cohort.sources["status"] == SourceStatus.INCLUDED]
    return replace(
        cohort,
        sources=sources.reset_index(drop=True),
        patients=patients.reset_index(drop=True),
        samples=samples.reset_index(drop=True),
        treatments=treatments.reset_index(drop=True),
    )


def lines(cohort: Cohort) -> pd.DataFrame:
    """Lines of treatment with what is known of their sample, patient and source.

    Returns
    -------
    DataFrame
        One row per line of treatment: the columns of treatments, then
        ``patient_id, sample_order, specimen, resistance_on, prior_inhibitors, mutations, phase,
        fusion_partner, fusion_variant, source_id, study_type, year, previous_inhibitors``;
        ``previous_inhibitors`` counts the different ALK inhibitors before the line (missing
        where the source leaves some unnamed).
    """
    samples = cohort.samples[
        ["sample_id", "patient_id", "sample_order", "specimen", "resistance_on",
         "prior_inhibitors", "mutations", "phase"]
    ]  # fmt: skip
    patients = cohort.patients[["patient_id", "source_id", "fusion_partner", "fusion_variant"]]
    sources = cohort.sources[["source_id", "study_type", "year"]]
    table = (
        cohort.treatments.merge(samples, on="sample_id", validate="many_to_one")
        .merge(patients, on="patient_id", validate="many_to_one")
        .merge(sources, on="source_id", validate="many_to_one")
    )
    return table.assign(previous_inhibitors=_previous_inhibitors(table))


def _previous_inhibitors(table: pd.DataFrame) -> pd.Series:
    ordered = table.sort_values(["patient_id", "sample_order", "line_number", "treatment_id"])
    given: dict[str, set[str]] = {}
    counts: dict[object, int | None] = {}
    for line in ordered.itertuples():
        before = given.setdefault(str(line.patient_id), set())
        before |= set(str(line.prior_inhibitors).split(LIST_SEPARATOR))
        counts[line.Index] = None if UNKNOWN in before else len(before)
        given[str(line.patient_id)] = before | {str(line.inhibitor)}
    return pd.Series(counts, dtype="Int64").reindex(table.index)


def flow(cohort: Cohort) -> pd.DataFrame:
    """Count the boxes of the selection flow from the rows (paper, Figure 3).

    Returns
    -------
    DataFrame
        Columns ``step, study_type, sources, patients, samples``, with every step for every study
        type that occurs. ``identified`` is the sum of ``excluded``, ``duplicate`` and
        ``included``; ``no patient`` counts the sources that were read and gave nobody.
    """
    rows = cohort.patients.merge(cohort.sources[["source_id", "study_type"]], on="source_id")
    sampled = cohort.samples.merge(rows[["patient_id", "status", "study_type"]], on="patient_id")
    steps = [("identified", list(PatientStatus))] + [
        (str(status), [status])
        for status in (PatientStatus.EXCLUDED, PatientStatus.DUPLICATE, PatientStatus.INCLUDED)
    ]
    table = [
        {
            "step": step,
            "study_type": str(kind),
            "sources": rows.loc[chosen, "source_id"].nunique(),
            "patients": int(chosen.sum()),
            "samples": int(
                (sampled["status"].isin(statuses) & (sampled["study_type"] == kind)).sum()
            ),
        }
        for step, statuses in steps
        for kind in StudyType
        for chosen in [rows["status"].isin(statuses) & (rows["study_type"] == kind)]
    ]
    without = cohort.sources[~cohort.sources["source_id"].isin(rows["source_id"])]
    table += [
        {"step": "no patient", "study_type": str(kind), "patients": 0, "samples": 0,
         "sources": int((without["study_type"] == kind).sum())}
        for kind in StudyType
    ]  # fmt: skip
    flowing = pd.DataFrame(table)
    occurring = set(cohort.sources["study_type"]) or {str(StudyType.UNKNOWN)}
    return flowing[flowing["study_type"].isin(occurring)].reset_index(drop=True)


def characteristics(cohort: Cohort) -> pd.DataFrame:
    """Count the baseline characteristics of the analysis set.

    Returns
    -------
    DataFrame
        Columns ``characteristic, value, unit, k, n, share, low, high``: ``k`` of ``n`` patients
        or samples (``unit``), with the Wilson 95% interval; unknown is a value.
    """
    pooled = analysis_set(cohort)
    patients = pooled.patients.merge(pooled.sources[["source_id", "study_type"]], on="source_id")
    prior = pooled.samples["prior_inhibitors"].str.split(LIST_SEPARATOR)
    distinct = prior.map(
        lambda names: "not all known" if UNKNOWN in names else str(len(set(names)))
    )
    columns = {
        ("Report", "patients"): patients["study_type"],
        ("Sex", "patients"): patients["sex"],
        ("Stage", "patients"): patients["stage"],
        ("Histology", "patients"): patients["histology"],
        ("Fusion partner", "patients"): patients["fusion_partner"],
        ("EML4-ALK variant", "patients"): patients["fusion_variant"],
        ("Specimen", "samples"): pooled.samples["specimen"],
        ("Phase of the mutations", "samples"): pooled.samples["phase"],
        ("ALK inhibitors before the sample", "samples"): distinct,
    }
    table = pd.DataFrame(
        [
            {"characteristic": name, "value": str(value), "unit": unit, "k": k, "n": len(column)}
            for (name, unit), column in columns.items()
            for value, k in column.value_counts().sort_index().items()
        ],
        columns=["characteristic", "value", "unit", "k", "n"],
    )
    return table.join(stats.proportions(table["k"], table["n"]))
