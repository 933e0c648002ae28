"""Cohorts: load, validate, pool, and the selection flow.

A cohort is a folder with ``cohort.yaml`` and four tables (sources, patients, samples,
treatments). Every analysis works on the *analysis set*: included patients, their samples and
their lines of treatment.
"""

import datetime
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool

from alkpool import mutations, paths, stats
from alkpool.data import duplicates, reader, tables
from alkpool.data.reader import is_among
from alkpool.data.tables import COHORT_TABLES, INVITRO_TABLES, PATIENTS, SOURCES, Unread
from alkpool.files import validated
from alkpool.problems import DataError, Problem, refuse, refuse_any
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, PatientStatus, SourceStatus, StudyType

DESCRIPTION_FILE = "cohort.yaml"

# What the exclusion reason of a patient starts with who is shown beside the pool, uncounted.
OTHER_TUMOUR = "other tumour: "

_IN_TWO = "stands in two cohorts: {}leave it out of one, or where it is another rename it"


def _seen(text: str) -> str:
    if reader.UNSEEN.search(text):
        raise ValueError(reader.NO_UNSEEN)
    return text


Text = Annotated[str, AfterValidator(_seen)]


class CohortMeta(BaseModel):
    """What ``cohort.yaml`` says about a cohort."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: Text
    kind: Literal["curated", "reconstructed", "own"] = Field(
        description="one of curated, reconstructed, own"
    )
    synthetic: StrictBool
    description: Text
    licence: Text
    search_date: datetime.date | None = Field(
        default=None, strict=True, description="a date such as 2020-06-30, without quotes"
    )
    distinct_patients: tuple[tuple[str, str], ...] = Field(
        default=(),
        description="pairs of patients who resemble each other and are two, as [[a-p1, b-p2]]",
    )


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
    folder : Path or None
        Where it was loaded from; None for pooled and built cohorts.
    own : frozenset of str
        Patients of cohorts of one's own, by their id.
    read_as : tuple of str
        What in its files was taken for another spelling, or set aside.
    """

    name: str
    sources: pd.DataFrame
    patients: pd.DataFrame
    samples: pd.DataFrame
    treatments: pd.DataFrame
    meta: CohortMeta
    folder: Path | None = None
    own: frozenset[str] = frozenset()
    read_as: tuple[str, ...] = ()

    @property
    def synthetic(self) -> bool:
        """Whether the rows are made up to fit published numbers."""
        return self.meta.synthetic


def load(*names_or_paths: str | Path) -> Cohort:
    """Load one cohort, or pool several.

    Parameters
    ----------
    *names_or_paths : str or Path
        Names of folders in ``data/cohorts``, or paths; a text may hold several joined by commas.

    Returns
    -------
    Cohort
        All rows, also those of excluded and duplicate patients; see `analysis_set`. Of several,
        ``read_as`` says where they are too many for the patients to be compared.

    Raises
    ------
    DataError
        With every problem of all cohorts, as ``alkpool check`` prints them; also where a folder
        elsewhere has the name of a cohort of the project, and where patients of two cohorts are
        probably the same, with how to answer.
    """
    wanted = [
        part.strip() if isinstance(part, str) else part
        for item in names_or_paths
        for part in (item.split(",") if isinstance(item, str) else [item])
    ]
    if not wanted or "" in wanted:
        raise ValueError("name at least one cohort, and one between any two commas")
    folders = list(map(paths.cohort_folder, wanted))
    if twice := [folder.name for folder in sorted(set(folders)) if folders.count(folder) > 1]:
        raise ValueError(f"name {' and '.join(twice)} once: its patients would count twice")
    named = [(str(folder), paths.name_problem(folder)) for folder in folders]
    problems = [Problem(name, None, "", "", wrong) for name, wrong in named if wrong]
    found = list(map(read, folders))
    refuse_any(problems + [problem for _, wrong in found for problem in wrong])
    cohorts = [cohort for cohort, _ in found if cohort]
    if len(cohorts) == 1:
        return cohorts[0]
    pooled, alike = pool(cohorts), duplicates.unanswered(cohorts, across=True)
    refuse_any(
        Problem(pooled.name, None, "", "", f"{match.new} and {match.old} {match.counted_twice}")
        for match in alike or ()
    )
    unseen = (duplicates.TOO_MANY,) * (alike is None)
    return replace(pooled, read_as=(*pooled.read_as, *unseen))


def check(folder: Path) -> list[Problem]:
    """List every problem of a cohort folder; empty when it is valid."""
    return read(folder)[1]


def read(folder: Path) -> tuple[Cohort | None, list[Problem]]:
    """Read a cohort folder, also one whose name is taken and that `load` therefore refuses.

    Returns
    -------
    Cohort or None
        None where there are problems.
    list of Problem
        In the order of the files.
    """
    if not folder.is_dir():
        known = ", ".join(paths.cohort_names())
        missing = (
            f"no such cohort; known are {known}, or give the path of a folder, without a comma"
        )
        return None, [Problem(str(folder), None, "", "", missing)]
    label = folder.name
    meta, problems = read_meta(folder / DESCRIPTION_FILE, f"{label}/{DESCRIPTION_FILE}")
    sheets, found = reader.read_sheets(folder, COHORT_TABLES)
    problems += found
    frames = {name: sheet.cells for name, sheet in sheets.items()}
    if not any(sheet.problems for sheet in sheets.values()):
        # Of a cell that is wrong in itself, that is said and nothing more.
        wrong = {(problem.file, problem.row, problem.column) for problem in problems}
        problems += (
            problem
            for problem in relation_problems(frames, label, wrong)
            if (problem.file, problem.row, problem.column) not in wrong
        )
        if meta is not None and not meta.synthetic:
            problems += _synthetic_rows(frames, label)
    # A synthetic cohort may bring made-up in vitro tables.
    if (made_up := folder / paths.INVITRO.name).is_dir():
        try:
            reader.read_folder(made_up, INVITRO_TABLES, f"{label}/{made_up.name}")
        except DataError as error:
            problems += error.problems
    if problems or meta is None:
        return None, sorted(problems)
    typed, read_as = {}, list[str]()
    for table, sheet in zip(COHORT_TABLES, sheets.values(), strict=True):
        (key,) = table.key
        read_as += sheet.read_as
        if not sheet.cells[key].is_monotonic_increasing:
            read_as.append(f"{sheet.label}: rows are sorted by {key}")
        in_order = sheet.cells.sort_values(key, kind="stable", ignore_index=True)
        typed[table.name] = table.typed(in_order)
    own = frozenset(typed[PATIENTS.name]["patient_id"]) if meta.kind == "own" else frozenset()
    return Cohort(
        name=label, meta=meta, folder=folder, own=own, read_as=tuple(read_as), **typed
    ), []


def read_meta(path: Path, label: str) -> tuple[CohortMeta | None, list[Problem]]:
    """Read the description of a cohort; None where there are problems."""
    try:
        return validated(CohortMeta, path, label), []
    except DataError as error:
        return None, [*error.problems]


def _synthetic_rows(frames: dict[str, pd.DataFrame], label: str) -> Iterator[Problem]:
    """List the made-up rows of a cohort that says it has none."""
    for table in COHORT_TABLES:
        (key,) = table.key
        frame = frames[table.name]
        yield from reader.flagged(
            frame, reader.synthetic_ids(frame[key]), key, f"{label}/{table.file}",
            "is the id of a synthetic row; such a cohort must say synthetic: true",
        )  # fmt: skip


def relation_problems(
    frames: dict[str, pd.DataFrame], label: str, unread: Unread = frozenset()
) -> Iterator[Problem]:
    """List what does not fit between the tables of a cohort, cells as text.

    Rules that need one of the ``unread`` cells (file, row, column) say nothing of its row.
    """
    yield from reader.key_problems(frames, COHORT_TABLES, label)
    sources, patients, samples, treatments = (frames[table.name] for table in COHORT_TABLES)
    patient_of = dict(zip(samples["sample_id"], samples["patient_id"], strict=True))
    of_lines = treatments["sample_id"].map(patient_of)
    treatments = treatments.assign(line_again=_repeats(of_lines, treatments["line_number"]))
    prior = zip(samples["resistance_on"], samples["prior_inhibitors"], strict=True)
    samples = samples.assign(
        # As 0 or 1, which an empty table has too.
        mutations_of_one_residue=[
            int("+" in name and _changes_one_residue_twice(name)) for name in samples["mutations"]
        ],
        lists_resistance_on=[
            int(failed in (UNKNOWN, *names.split(LIST_SEPARATOR))) for failed, names in prior
        ],
        order_again=_repeats(samples["patient_id"], samples["sample_order"]),
    )
    included = patients[patients["status"] == PatientStatus.INCLUDED]
    known = {
        "included": included["patient_id"],
        "contributing": included["source_id"],
        "sampled": samples["patient_id"],
    }
    told = zip(COHORT_TABLES, (sources, patients, samples, treatments), strict=True)
    for table, frame in told:
        where = f"{label}/{table.file}"
        yield from tables.rule_problems(tables.RULES[table.name], frame, where, unread, **known)
    yield from _same_articles(sources, f"{label}/{SOURCES.file}")


def _same_articles(sources: pd.DataFrame, label: str) -> Iterator[Problem]:
    """List the articles that stand under two ids: their patients would count twice."""
    for mark in ("doi", "pmid"):
        first: dict[str, str] = {}
        for row, source, value in sources[["source_id", mark]].itertuples(name=None):
            known = first.setdefault(value.casefold(), source)
            if value and source != known:
                allowed = f"{source} is the article of {known}: give both one source_id, and "
                allowed += "each patient one patient_id"
                yield Problem(label, int(row) + 2, mark, value, allowed)


def _changes_one_residue_twice(profile: str) -> bool:
    """Tell of a profile; of what is none its own cell says why."""
    with suppress(ValueError):
        return bool(mutations.changed_twice(profile))
    return False


def _repeats(patients: pd.Series, numbers: pd.Series) -> pd.Series:
    """Tell in which rows a patient has a number again; as a number 02 is 2."""
    numbered = pd.DataFrame(
        {"patient": patients, "number": pd.to_numeric(numbers, errors="coerce")}
    )
    return numbered.duplicated() & numbered.notna().all(axis="columns")


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
        refuse(name, f"{made_up} is synthetic and cannot be pooled with real patients")
    pooled, problems = {}, list[Problem]()
    for table in COHORT_TABLES:
        frame = pd.concat([getattr(cohort, table.name) for cohort in cohorts], ignore_index=True)
        (key,) = table.key
        problems += [
            Problem(f"{name}/{table.file}", None, key, str(value), _IN_TWO.format(""))
            for value in frame.loc[frame.duplicated([key]), key].unique()
        ]
        pooled[table.name] = frame
    problems += [
        replace(problem, row=None, allowed=_IN_TWO.format(f"{problem.allowed.partition(':')[0]}; "))
        for problem in _same_articles(pooled[SOURCES.name], f"{name}/{SOURCES.file}")
    ]
    refuse_any(problems)
    meta = cohorts[0].meta.model_copy(
        update={
            "title": " and ".join(cohort.meta.title for cohort in cohorts),
            "kind": "own",
            "description": " ".join(cohort.meta.description for cohort in cohorts),
            "licence": "; ".join(dict.fromkeys(cohort.meta.licence for cohort in cohorts)),
            "distinct_patients": sum((cohort.meta.distinct_patients for cohort in cohorts), ()),
        }
    )
    read_as = tuple(said for cohort in cohorts for said in cohort.read_as)
    own = frozenset().union(*(cohort.own for cohort in cohorts))
    return Cohort(name=name, meta=meta, own=own, read_as=read_as, **pooled)


def apart(cohorts: list[Cohort]) -> list[Problem]:
    """List what keeps cohorts from being pooled."""
    try:
        pool(cohorts)
    except DataError as error:
        return [*error.problems]
    return []


def ours(cohort: Cohort) -> Cohort:
    """Keep the included patients of one's own, with their samples and lines of treatment."""
    mine = is_among(cohort.patients["patient_id"], sorted(cohort.own))
    return analysis_set(replace(cohort, patients=cohort.patients[mine]))


def analysis_set(cohort: Cohort) -> Cohort:
    """Keep included patients with their samples and lines of treatment."""
    return _only(cohort, cohort.patients["status"] == PatientStatus.INCLUDED)


def cited_sources(pool: Cohort) -> pd.DataFrame:
    """Sources as answers cite them: of one's own patients, where nothing is said, own records."""
    mine = pool.patients.loc[pool.patients["patient_id"].isin(pool.own), "source_id"]
    own = pool.sources["source_id"].isin(mine) & (pool.sources["access"] == UNKNOWN)
    own &= (pool.sources["doi"] == "") & (pool.sources["pmid"] == "")
    return pool.sources.assign(access=pool.sources["access"].mask(own, "own"))


def of_other_tumours(cohort: Cohort) -> Cohort:
    """Keep the patients who are left out because their tumour is no lung cancer."""
    return _only(cohort, cohort.patients["exclusion_reason"].str.startswith(OTHER_TUMOUR))


def _only(cohort: Cohort, kept: pd.Series) -> Cohort:
    patients = cohort.patients[kept]
    samples = cohort.samples[is_among(cohort.samples["patient_id"], patients["patient_id"])]
    treatments = cohort.treatments[is_among(cohort.treatments["sample_id"], samples["sample_id"])]
    theirs = is_among(cohort.sources["source_id"], patients["source_id"])
    sources = cohort.sources[theirs | (cohort.sources["status"] == SourceStatus.INCLUDED)]
    sources, patients, samples, treatments = (
        frame.reset_index(drop=True) for frame in (sources, patients, samples, treatments)
    )
    return replace(
        cohort, sources=sources, patients=patients, samples=samples, treatments=treatments
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
    patients = cohort.patients[["source_id", "patient_id", "status"]]
    rows = cohort.sources[["source_id", "study_type"]].merge(patients, on="source_id", how="left")
    rows = rows.merge(cohort.samples[["patient_id", "sample_id"]], on="patient_id", how="left")
    rows["step"] = rows["status"].astype(object).fillna("no patient")
    identified = rows[rows["patient_id"].notna()].assign(step="identified")
    counts = (
        pd.concat([identified, rows])
        .groupby(["step", "study_type"])
        .agg(
            sources=("source_id", "nunique"),
            patients=("patient_id", "nunique"),
            samples=("sample_id", "nunique"),
        )
    )
    steps = ["identified", "excluded", "duplicate", "included", "no patient"]
    kinds = [kind.value for kind in StudyType if kind in {*rows["study_type"]}]
    boxes = pd.MultiIndex.from_product(
        [steps, kinds or [StudyType.UNKNOWN.value]], names=counts.index.names
    )
    return counts.reindex(boxes, fill_value=0).reset_index()


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
            (name, str(value), unit, k, len(column))
            for (name, unit), column in columns.items()
            for value, k in column.value_counts().sort_index().items()
        ],
        columns=["characteristic", "value", "unit", "k", "n"],
    )
    return table.join(stats.proportions(table["k"], table["n"]))
