"""The printed numbers counted again from the rows of a cohort, with the package's own functions.

``data/published/counts.csv`` says which rows a number counts, or why none can give it; what is more
than a count of rows has a function in `NUMBERS`. A number is counted as its sentence says. Where
the sentence contradicts others, `READ_AS` counts it under the reading that settles the
contradiction. `Readings` holds what can be read in several ways; ``data/published/readings.csv``
says in words how sentences are read that allow several counts.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pandas as pd

from alkpool import mutations, stats
from alkpool.analysis import actionability, distribution, invitro
from alkpool.analysis.actionability import VerdictRule
from alkpool.analysis.benefit import classify, evaluable
from alkpool.data.cohort import Cohort, analysis_set, lines
from alkpool.data.tables import COUNTS
from alkpool.paper.ledger import SHARES, published_rows, read_ledger
from alkpool.problems import one_of
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    UNKNOWN,
    Benefit,
    Call,
    PatientStatus,
    Relation,
    SourceStatus,
    StudyType,
)

CRIZOTINIB, CERITINIB, ALECTINIB = "crizotinib", "ceritinib", "alectinib"
BRIGATINIB, LORLATINIB = "brigatinib", "lorlatinib"
EARLIER = (CRIZOTINIB, CERITINIB, ALECTINIB, BRIGATINIB)
NAMED = (*EARLIER, LORLATINIB)

# Single mutations the paper counts: a mutation, or the substitutions of a residue.
L1196M, G1202R, G1269A, C1156Y = "L1196M", "G1202R", "G1269A", "C1156Y"
I1171, F1174 = "I1171X", "F1174X"
SIMILAR = (C1156Y, G1269A, F1174, I1171)
COMPOUND = "L1196M+G1202R"
MULTIPLE = distribution.MULTIPLE

# How the reason of a duplicate says that the patient was reported by the local centre before.
TREATED_HERE = "treated at the local centre"

SIGNIFICANT = 0.05

Part = tuple[int, int]


@dataclass(frozen=True)
class Readings:
    """Sentences of the paper that can be counted in several ways, and the way chosen.

    Attributes
    ----------
    benefit_unit : {"evaluations", "patients"}
        What the abstract's 177 patients with benefit are (P005).
    previous_count : {"first evaluation of each patient", "evaluations"}
        What the 168 and 71 with one and with several previous inhibitors are (P149 to P153).
    first_line : tuple of str
        Inhibitors whose samples all followed first-line treatment. The text says so of
        crizotinib (P091); the legend of Figure 5 read literally says so of every inhibitor.
    spectra_test : {"three categories", "two categories", "none"}
        The table behind P = .54, ceritinib against brigatinib (P106): G1202R, other single,
        multiple; or single and multiple; or not reproduced.
    pfs_unit : {"lines", "patients"}
        Whether the local median PFS (P059 to P061) is over all lines, or over the first line of
        each patient.
    verdict : VerdictRule
        Thresholds of Figure 5 (P008, P009, P170 to P184, P189).

    Raises
    ------
    ValueError
        Where a reading is none of these.

    Examples
    --------
    >>> Readings(pfs_unit="patients").benefit_unit
    'evaluations'
    """

    benefit_unit: Literal["evaluations", "patients"] = "evaluations"
    previous_count: Literal["first evaluation of each patient", "evaluations"] = (
        "first evaluation of each patient"
    )
    first_line: tuple[str, ...] = (CRIZOTINIB,)
    spectra_test: Literal["three categories", "two categories", "none"] = "three categories"
    pfs_unit: Literal["lines", "patients"] = "lines"
    verdict: VerdictRule = VerdictRule()

    def __post_init__(self) -> None:
        for name, kind in get_type_hints(type(self)).items():
            if get_origin(kind) is Literal:
                one_of(name, getattr(self, name), get_args(kind))
        if strange := set(self.first_line) - set(EARLIER):
            raise ValueError(
                f"first_line holds {', '.join(sorted(strange))}; must be some of "
                f"{', '.join(EARLIER)}: all patients had one of them before lorlatinib (P197)"
            )


@cache
def counts() -> Mapping[str, Any]:
    """Ledger id -> its row of ``data/published/counts.csv``."""
    rows = published_rows(COUNTS).itertuples()
    return {name: row for row in rows for name in row.ledger_id.split(LIST_SEPARATOR)}


def not_from_rows() -> dict[str, str]:
    """Why the other printed numbers cannot be counted from rows, by ledger id.

    Examples
    --------
    >>> not_from_rows()["P010"]
    'cited from other publications'
    """
    return {name: how.why_not for name, how in counts().items() if how.why_not}


@dataclass(frozen=True)
class Rows:
    """A cohort and what is counted in it; each table is made when it is first asked for."""

    everyone: Cohort
    calls: pd.DataFrame
    readings: Readings = Readings()

    def among(self, name: str) -> pd.DataFrame:
        """Rows of which a printed number counts some or all."""
        how = counts()[name]
        table: pd.DataFrame = getattr(self, how.table)
        return table.query(how.among) if how.among else table

    def part(self, name: str) -> Part:
        """Count and total of a printed number."""
        how, among = counts()[name], self.among(name)
        if how.distinct:
            return among[how.distinct].nunique(), len(among)
        total = int(among[how.total].sum()) if how.total else len(among)
        return _counted(name, among) if how.counted else total, total

    @cached_property
    def pool(self) -> Cohort:
        """The analysis set."""
        return analysis_set(self.everyone)

    @cached_property
    def sources(self) -> pd.DataFrame:
        """Sources that are included."""
        return self.everyone.sources[self.everyone.sources["status"] == SourceStatus.INCLUDED]

    @cached_property
    def records(self) -> pd.DataFrame:
        """Every patient record, with its type of study."""
        types = self.everyone.sources[["source_id", "study_type"]]
        return self.everyone.patients.merge(types, on="source_id", validate="many_to_one")

    @cached_property
    def patients(self) -> pd.DataFrame:
        """Patients of the pool, and whether a line of theirs has a decided benefit."""
        included = self.records[self.records["status"] == PatientStatus.INCLUDED]
        evaluated = included["patient_id"].isin(self.evaluations["patient_id"])
        return included.assign(evaluated=evaluated)

    @cached_property
    def duplicates(self) -> pd.DataFrame:
        """Duplicate records of patients in the pool, and whether of one treated here."""
        marked = self.records[self.records["status"] == PatientStatus.DUPLICATE]
        marked = marked[marked["duplicate_of"].isin(self.patients["patient_id"])]
        local = self.patients.loc[self.patients["study_type"] == StudyType.LOCAL, "patient_id"]
        here = marked["exclusion_reason"].str.contains(TREATED_HERE, regex=False)
        return marked.assign(treated_here=here & marked["duplicate_of"].isin(local))

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Samples of the pool: their class, and whether a model has tested the profile."""
        types = self.records[["patient_id", "study_type"]]
        samples = _classed(self.pool.samples.merge(types, on="patient_id", validate="many_to_one"))
        return samples.assign(tested=samples["mutations"].isin(self.tested["mutations"]))

    @cached_property
    def first_samples(self) -> pd.DataFrame:
        """First sample of every patient with variant 3 or 1."""
        return _classed(distribution.variant_samples(self.pool))

    @cached_property
    def lines(self) -> pd.DataFrame:
        """Monotherapy lines with their benefit, in the order they were given."""
        judged = evaluable(classify(lines(self.pool)))
        judged = judged.assign(multiple=judged["mutations"].map(mutations.is_compound).astype(bool))
        return judged.sort_values(["patient_id", "sample_order", "line_number", "treatment_id"])

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """Lines with a decided benefit."""
        return self.lines[self.lines["benefit"] != Benefit.UNKNOWN]

    @cached_property
    def by_previous(self) -> pd.DataFrame:
        """Evaluations that are told apart by the number of previous inhibitors."""
        counted = self.evaluations
        if self.readings.previous_count == "first evaluation of each patient":
            counted = counted.drop_duplicates("patient_id")
        return counted[counted["previous_inhibitors"].notna()]

    @cached_property
    def median_pfs(self) -> stats.MedianSurvival:
        """The interval is the normal one that SPSS prints, which alone is symmetric."""
        known = self.among("P057").dropna(subset="pfs_months")
        if self.readings.pfs_unit == "patients":
            known = known.drop_duplicates("patient_id")
        seen = known["pfs_relation"] != Relation.ABOVE
        return stats.km_median(known["pfs_months"].to_numpy(), seen.to_numpy(), method="normal")

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Evidence and verdict of every profile and inhibitor."""
        return actionability.matrix(self.pool, self.readings.verdict)

    @cached_property
    def tested(self) -> pd.DataFrame:
        """Calls that say something, with their study: models are named ``Yoda-V1``."""
        calls = self.calls[self.calls["call"] != Call.UNKNOWN].astype(str)
        return calls.assign(
            study=calls["model_id"].str.replace(r"-V\d$", "", regex=True),
            combination=calls["mutations"] + " " + calls["inhibitor"],
        )

    @cached_property
    def compared(self) -> pd.DataFrame:
        """Calls beside the verdict of the patients."""
        return invitro.compared(self.matrix, self.tested)

    @cached_property
    def agreement(self) -> pd.Series:
        """Percentage of the compared calls of each model that agree."""
        return 100 * self.compared.groupby("model_id")["agrees"].mean()


def _counted(name: str, rows: pd.DataFrame) -> int:
    """Sum of what a printed number counts, a condition or a column of numbers."""
    values: Any = rows.eval(counts()[name].counted)
    return int(values.sum())


def _classed(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples with their class as the paper names it: ``multiple``, a mutation, or two residues."""
    classed = distribution.with_class(samples, by_residue=False)
    residue = classed["mutations"].map(mutations.residue_class)
    by_residue = residue.isin([I1171, F1174]) & (classed["mutation_count"] == 1)
    return classed.assign(mutation_class=residue.where(by_residue, classed["mutation_class"]))


def _first_line(rows: Rows) -> int:
    """Samples after crizotinib; under the default reading, after nothing else before."""
    after = rows.among("P092")
    if CRIZOTINIB not in rows.readings.first_line:
        return len(after)
    return int((after["prior_inhibitors"] == CRIZOTINIB).sum())


def _fisher(*parts: Part) -> float:
    return stats.fisher_exact([[k, n - k] for k, n in parts]).p_value


def _more_often(rows: Rows, name: str) -> float:
    """Fisher's P of a share after an inhibitor; missing where it is not more frequent there.

    The larger P against all other samples and against those after the other named inhibitors.
    """
    k, n = rows.part(name)
    others = rows.samples.drop(rows.among(name).index)
    named = others[others["resistance_on"].isin(NAMED)]
    against = [(_counted(name, table), len(table)) for table in (others, named)]
    if any(k * other_n <= other_k * n for other_k, other_n in against):
        return math.nan
    return max(_fisher((k, n), part) for part in against)


def _same_spectrum(rows: Rows) -> float:
    """P of ceritinib against brigatinib over the categories of the reading."""
    apart = [MULTIPLE] if rows.readings.spectra_test == "two categories" else [G1202R, MULTIPLE]
    kind = rows.samples["mutation_class"].where(
        rows.samples["mutation_class"].isin(apart), "other single"
    )
    counts = pd.crosstab(rows.samples["resistance_on"], kind)
    return stats.fisher_exact(counts.reindex([CERITINIB, BRIGATINIB], fill_value=0)).p_value


def _variant_p(rows: Rows, group: str) -> float:
    """Wald P of variant 3 against 1, adjusted for the inhibitor that failed."""
    found = distribution.variant_effect(rows.first_samples, group)
    fitted = found.loc[found["method"] == "logistic regression", "p_value"]
    return float(fitted.iloc[0]) if len(fitted) else math.nan


def _similar_groups(rows: Rows) -> float:
    """How many of the groups said to be similar differ by no significant Fisher's test."""
    first = rows.first_samples
    if first["fusion_variant"].nunique() < 2:
        return math.nan
    tables = (
        pd.crosstab(first["fusion_variant"], first["mutation_class"] == group) for group in SIMILAR
    )
    both = (table.reindex(columns=[True, False], fill_value=0) for table in tables)
    return sum(stats.fisher_exact(table).p_value >= SIGNIFICANT for table in both)


def _named_among_most_common(rows: Rows) -> int:
    """How many of the six named groups are more frequent than every other single mutation."""
    counts = rows.samples.loc[
        rows.samples["mutation_class"] != MULTIPLE, "mutation_class"
    ].value_counts()
    named = [L1196M, G1202R, *SIMILAR]
    others = counts.drop(named, errors="ignore")
    return int((counts.reindex(named, fill_value=0) > others.max()).sum()) if len(others) else 0


def _fewest_before_lorlatinib(rows: Rows) -> float:
    """Fewest other inhibitors before a sample that followed lorlatinib, where all are named."""
    prior = rows.among("P111")["prior_inhibitors"].str.split(LIST_SEPARATOR)
    named = prior[prior.map(lambda names: UNKNOWN not in names).astype(bool)]
    return float(named.map(lambda names: len({*names} - {LORLATINIB})).min())


def _given_crizotinib_before(rows: Rows) -> float:
    """Percentage of the literature patients who had crizotinib before a sample."""
    samples = rows.samples[rows.samples["study_type"] != StudyType.LOCAL]
    prior = samples["prior_inhibitors"].str.split(LIST_SEPARATOR)
    had = prior.map(lambda names: CRIZOTINIB in names)
    return 100 * float(had.groupby(samples["patient_id"]).any().mean())


def _several_before_lorlatinib(rows: Rows) -> float:
    """Percentage of patients with several inhibitors before their first line of lorlatinib."""
    given = rows.lines[rows.lines["inhibitor"] == LORLATINIB].drop_duplicates("patient_id")
    before = given["previous_inhibitors"].dropna()
    return 100 * float((before > 1).mean()) if len(before) else math.nan


# Ledger ids, and the number in the unit of the paper, where it is no count of rows.
NUMBERS: Mapping[str, Callable[[Rows], float]] = {
    "P008 P171 P186": lambda r: r.agreement.min(),
    "P009 P172 P187": lambda r: r.agreement.max(),
    "P024": lambda r: r.among("P051")["mutations"].str.count(r"\+").min() + 1,
    "P059": lambda r: r.median_pfs.median,
    "P060": lambda r: r.median_pfs.low,
    "P061": lambda r: r.median_pfs.high,
    "P066": lambda r: r.among("P065")["pfs_months"].min(),
    "P072": lambda r: r.among("P081")["source_id"].value_counts().max(),
    "P074": lambda r: len(r.among("P081")) - r.among("P081")["source_id"].value_counts().max(),
    "P091": _first_line,
    "P096": lambda r: _more_often(r, "P093"),
    "P097": lambda r: _more_often(r, "P095"),
    "P103": lambda r: _more_often(r, "P099"),
    "P106": _same_spectrum,
    "P134 P203": lambda r: _variant_p(r, G1202R),
    "P137 P200": lambda r: _variant_p(r, L1196M),
    "P138": _similar_groups,
    "P148": lambda r: _fisher(r.part("P143"), r.part("P146")),
    "P153": lambda r: _fisher(r.part("P149"), r.part("P151")),
    "P155": _named_among_most_common,
    "P164": lambda r: r.tested.groupby("combination")["model_id"].nunique().min(),
    "P197": _fewest_before_lorlatinib,
    "P207": lambda r: 1 + r.duplicates["duplicate_of"].value_counts().max(),
    "P208": _given_crizotinib_before,
    "P209": _several_before_lorlatinib,
    "P216": lambda r: r.samples["prior_inhibitors"].str.count(LIST_SEPARATOR).min() + 1,
}

# The same numbers under the reading that settles the contradiction they are in.
READ_AS: Mapping[str, Callable[[Rows], float]] = {
    "P005": lambda r: r.part("P005" if r.readings.benefit_unit == "patients" else "P141")[0],
    "P129": lambda r: r.part("P130")[0] + r.part("P131")[0],
    "P154": lambda r: len(r.samples),
}


def recompute(
    cohort: Cohort, invitro_calls: pd.DataFrame, readings: Readings = Readings()
) -> pd.DataFrame:
    """Count the printed numbers from the rows of a cohort.

    Parameters
    ----------
    cohort : Cohort
        With its duplicates and excluded patients, as loaded.
    invitro_calls : DataFrame
        Calls of the in vitro models, from `invitro.by_combination`; models are known by
        the end of their id (``Yoda-V1``).
    readings : Readings
        How sentences are read that can be counted in several ways.

    Returns
    -------
    DataFrame
        Columns ``ledger_id, ours`` (in the unit of the paper, not rounded; shares are percent),
        ``k, n`` (count and total of a share, else missing) and ``as_read`` (the number under the
        reading of a contradiction, else missing). A number that the rows do not allow is missing.

    Notes
    -----
    `not_from_rows` says why the other numbers of the ledger cannot be counted.

    Examples
    --------
    >>> import alkpool
    >>> from alkpool.data import laboratory
    >>> pool = alkpool.load("reconstructed")
    >>> calls = invitro.by_combination(invitro.with_call(laboratory.load_for(pool)))
    >>> recompute(pool, calls).set_index("ledger_id").loc["P154", ["ours", "as_read"]].tolist()
    [387.0, 450.0]
    """
    rows = Rows(cohort, invitro_calls, readings)
    statistics = read_ledger().set_index("id")["statistic"]
    found: dict[str, tuple[float, int | None, int | None]] = {}
    for ids in dict.fromkeys(how.ledger_id for how in counts().values() if how.table):
        names = ids.split(LIST_SEPARATOR)
        k, n = rows.part(names[0])
        share = (100 * k / n if n else math.nan, k, n)
        found |= {name: share if statistics[name] in SHARES else (k, None, None) for name in names}
    for names, number in NUMBERS.items():
        found |= dict.fromkeys(names.split(), (float(number(rows)), None, None))
    ours = pd.DataFrame(
        [(name, *found[name]) for name in sorted(found)], columns=["ledger_id", "ours", "k", "n"]
    )
    read = {name: float(number(rows)) for name, number in READ_AS.items()}
    return ours.astype({"k": "Int64", "n": "Int64"}).assign(
        as_read=ours["ledger_id"].map(read).astype(float)
    )
