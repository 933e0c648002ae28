"""The printed numbers counted again from the rows of a cohort, with the package's own functions.

Two tables say how: `SHARES` for shares (k of n) and their counts, `NUMBERS` for everything else. A
number is counted as its sentence says. Where the sentence contradicts others, `READ_AS` counts it
under the reading that settles the contradiction. `Readings` holds what can be read in several ways;
``data/published/readings.csv`` says in words how sentences are read that allow several counts.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, get_args, get_origin, get_type_hints

import pandas as pd

from alkpool import mutations, stats
from alkpool.analysis import actionability, distribution, invitro
from alkpool.analysis.actionability import VerdictRule
from alkpool.analysis.benefit import classify, evaluable
from alkpool.data.cohort import Cohort, analysis_set, lines
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    UNKNOWN,
    Benefit,
    BestResponse,
    Call,
    PatientStatus,
    Relation,
    SourceStatus,
    StudyType,
    Verdict,
)

CRIZOTINIB, CERITINIB, ALECTINIB = "crizotinib", "ceritinib", "alectinib"
BRIGATINIB, LORLATINIB = "brigatinib", "lorlatinib"
EARLIER = (CRIZOTINIB, CERITINIB, ALECTINIB, BRIGATINIB)
NAMED = (*EARLIER, LORLATINIB)
V3, V1 = "V3", "V1"

# Single mutations the paper counts: a mutation, or the substitutions of a residue.
L1196M, G1202R, G1269A, C1156Y = "L1196M", "G1202R", "G1269A", "C1156Y"
I1171, F1174 = "I1171X", "F1174X"
SIMILAR = (C1156Y, G1269A, F1174, I1171)
COMPOUND = "L1196M+G1202R"
MULTIPLE = distribution.MULTIPLE

# How the reason of a duplicate says who reported the patient before.
TREATED_HERE, REPEATED_BY_OTHERS = "treated at the local centre", "more than once"

OBJECTIVE = (BestResponse.COMPLETE, BestResponse.PARTIAL)
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
            if get_origin(kind) is Literal and getattr(self, name) not in get_args(kind):
                allowed = " or ".join(map(repr, get_args(kind)))
                raise ValueError(f"{name} is {getattr(self, name)!r}; must be {allowed}")
        if strange := set(self.first_line) - set(EARLIER):
            raise ValueError(
                f"first_line holds {', '.join(sorted(strange))}; must be some of "
                f"{', '.join(EARLIER)}: all patients had one of them before lorlatinib (P197)"
            )


@dataclass(frozen=True)
class Rows:
    """A cohort and what is counted in it; each table is made when it is first asked for."""

    everyone: Cohort
    calls: pd.DataFrame
    readings: Readings = Readings()

    @cached_property
    def pool(self) -> Cohort:
        """The analysis set."""
        return analysis_set(self.everyone)

    @cached_property
    def records(self) -> pd.DataFrame:
        """Every patient record, with its type of study."""
        return self._with_study_type(self.everyone.patients)

    @cached_property
    def patients(self) -> pd.DataFrame:
        """Patients of the pool, with their type of study."""
        return self._with_study_type(self.pool.patients)

    def _with_study_type(self, patients: pd.DataFrame) -> pd.DataFrame:
        types = self.everyone.sources[["source_id", "study_type"]]
        return patients.merge(types, on="source_id", validate="many_to_one")

    @cached_property
    def studies(self) -> pd.DataFrame:
        """Sources of the literature that are included."""
        used = self.everyone.sources
        local = used["study_type"] == StudyType.LOCAL
        return used[(used["status"] == SourceStatus.INCLUDED) & ~local]

    @cached_property
    def literature(self) -> pd.DataFrame:
        """Records of the literature before duplicates are taken out."""
        return self.records[self.records["study_type"] != StudyType.LOCAL]

    @cached_property
    def duplicates(self) -> pd.DataFrame:
        """Duplicate records of patients in the pool."""
        marked = self.records[self.records["status"] == PatientStatus.DUPLICATE]
        return marked[marked["duplicate_of"].isin(self.patients["patient_id"])]

    @cached_property
    def local(self) -> pd.Series:
        """Ids of the local patients in the pool."""
        return self.patients.loc[self.patients["study_type"] == StudyType.LOCAL, "patient_id"]

    @cached_property
    def local_duplicates(self) -> pd.Series:
        """Duplicates of local patients by the paper that reported them."""
        reason = self.duplicates["exclusion_reason"].str.contains(TREATED_HERE, regex=False)
        of_local = self.duplicates["duplicate_of"].isin(self.local) & reason
        return self.duplicates.loc[of_local, "source_id"].value_counts()

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Samples of the pool with ``group``: ``multiple``, or the single mutation's name."""
        samples = self.pool.samples
        return samples.assign(group=samples["mutations"].map(_group).astype(str))

    @cached_property
    def local_samples(self) -> pd.DataFrame:
        """Samples of the local patients."""
        return self.samples[self.samples["patient_id"].isin(self.local)]

    def after(self, *inhibitors: str) -> pd.DataFrame:
        """Samples taken after one of the inhibitors."""
        return self.samples[self.samples["resistance_on"].isin(inhibitors)]

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
    def helped(self) -> pd.DataFrame:
        """Evaluations with benefit."""
        return self.evaluations[self.evaluations["benefit"] == Benefit.BENEFIT]

    @cached_property
    def local_lines(self) -> pd.DataFrame:
        """Evaluations of the local patients."""
        return self.evaluations[self.evaluations["patient_id"].isin(self.local)]

    @cached_property
    def complete_responses(self) -> pd.DataFrame:
        """Local complete responses to brigatinib."""
        lines = self.local_lines
        complete = lines["best_response"] == BestResponse.COMPLETE
        return lines[(lines["inhibitor"] == BRIGATINIB) & complete]

    @cached_property
    def median_pfs(self) -> stats.MedianSurvival:
        """The interval is the normal one that SPSS prints, which alone is symmetric."""
        known = self.local_lines[self.local_lines["pfs_months"].notna()]
        if self.readings.pfs_unit == "patients":
            known = known.drop_duplicates("patient_id")
        seen = known["pfs_relation"] != Relation.ABOVE
        return stats.km_median(known["pfs_months"].to_numpy(), seen.to_numpy(), method="normal")

    @cached_property
    def first_samples(self) -> pd.DataFrame:
        """First sample of every patient with variant 3 or 1."""
        first = distribution.variant_samples(self.pool)
        return first.assign(group=first["mutations"].map(_group).astype(str))

    def with_variant(self, variant: str) -> pd.DataFrame:
        """First sample of every patient with a variant."""
        return self.first_samples[self.first_samples["fusion_variant"] == variant]

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Evidence and verdict of every profile and inhibitor."""
        return actionability.matrix(self.pool, self.readings.verdict)

    @cached_property
    def tested(self) -> pd.DataFrame:
        """Calls that say something."""
        return self.calls[self.calls["call"] != Call.UNKNOWN]

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """Agreement of each model."""
        return invitro.agreement(self.matrix, self.calls)


def _group(profile: str) -> str:
    if mutations.is_compound(profile):
        return MULTIPLE
    residue = mutations.residue_class(profile)
    return residue if residue in (I1171, F1174) else profile


def _share(table: pd.DataFrame, column: str, *values: object) -> Part:
    """Rows that hold one of the values, and all."""
    return int(table[column].isin(values).sum()), len(table)


def _benefits(table: pd.DataFrame) -> Part:
    return _share(table, "benefit", Benefit.BENEFIT)


def _responses(rows: Rows, *inhibitors: str) -> Part:
    lines = rows.local_lines
    given = lines[lines["inhibitor"].isin(inhibitors)] if inhibitors else lines
    return _share(given, "best_response", *OBJECTIVE)


def _by_mutations(rows: Rows, *, multiple: bool) -> Part:
    return _benefits(rows.evaluations[rows.evaluations["multiple"] == multiple])


def _by_previous(rows: Rows, *, several: bool) -> Part:
    counted = rows.evaluations
    if rows.readings.previous_count == "first evaluation of each patient":
        counted = counted.drop_duplicates("patient_id")
    known = counted[counted["previous_inhibitors"].notna()]
    return _benefits(known[(known["previous_inhibitors"] > 1) == several])


def _first_line(rows: Rows) -> int:
    """Samples after crizotinib; under the default reading, after nothing else before."""
    after = rows.after(CRIZOTINIB)
    if CRIZOTINIB not in rows.readings.first_line:
        return len(after)
    return int((after["prior_inhibitors"] == CRIZOTINIB).sum())


def _combinations(calls: pd.DataFrame) -> int:
    return len(calls[["mutations", "inhibitor"]].drop_duplicates())


def _model(rows: Rows, name: str) -> Part:
    found = rows.agreement[rows.agreement["model_id"].astype(str).str.endswith(name)]
    return int(found["agreeing"].sum()), int(found["compared"].sum())


def _cell(rows: Rows, profile: str, k: str, n: str) -> Part:
    of = rows.matrix
    cell = of[(of["profile"] == profile) & (of["inhibitor"] == ALECTINIB)]
    return int(cell[k].sum()), int(cell[n].sum())


def _fisher(*parts: Part) -> float:
    return stats.fisher_exact([[k, n - k] for k, n in parts]).p_value


def _more_often(rows: Rows, group: str, inhibitor: str) -> float:
    """Fisher's P of a group after an inhibitor; missing where it is not more frequent there.

    The larger P against all other samples and against those after the other named inhibitors.
    """
    k, n = _share(rows.after(inhibitor), "group", group)
    others = rows.samples[rows.samples["resistance_on"] != inhibitor]
    named = others[others["resistance_on"].isin(NAMED)]
    against = [_share(table, "group", group) for table in (others, named)]
    if any(k * other_n <= other_k * n for other_k, other_n in against):
        return math.nan
    return max(_fisher((k, n), part) for part in against)


def _same_spectrum(rows: Rows) -> float:
    """P of ceritinib against brigatinib over the categories of the reading."""
    apart = [MULTIPLE] if rows.readings.spectra_test == "two categories" else [G1202R, MULTIPLE]
    kind = rows.samples["group"].where(rows.samples["group"].isin(apart), "other single")
    counts = pd.crosstab(rows.samples["resistance_on"], kind)
    return stats.fisher_exact(counts.reindex([CERITINIB, BRIGATINIB], fill_value=0)).p_value


def _variant_p(rows: Rows, group: str) -> float:
    """Wald P of variant 3 against 1, adjusted for the inhibitor that failed."""
    first = rows.first_samples.assign(
        outcome=(rows.first_samples["group"] == group).astype(int),
        exposed=(rows.first_samples["fusion_variant"] == V3).astype(int),
    )
    try:
        fitted = stats.logistic(first, "outcome", "exposed", ["resistance_on"])
    except ValueError:
        return math.nan
    return float(fitted.loc[["exposed"], "p_value"].to_numpy(dtype=float)[0])


def _similar_groups(rows: Rows) -> float:
    """How many of the groups said to be similar differ by no significant Fisher's test."""
    if rows.first_samples["fusion_variant"].nunique() < 2:
        return math.nan
    return sum(
        _fisher(*(_share(rows.with_variant(variant), "group", group) for variant in (V3, V1)))
        >= SIGNIFICANT
        for group in SIMILAR
    )


def _named_among_most_common(rows: Rows) -> int:
    """How many of the six named groups are more frequent than every other single mutation."""
    counts = rows.samples.loc[rows.samples["group"] != MULTIPLE, "group"].value_counts()
    named = [L1196M, G1202R, *SIMILAR]
    others = counts.drop(named, errors="ignore")
    return int((counts.reindex(named, fill_value=0) > others.max()).sum()) if len(others) else 0


def _fewest_before_lorlatinib(rows: Rows) -> float:
    """Fewest other inhibitors before a sample that followed lorlatinib, where all are named."""
    prior = rows.after(LORLATINIB)["prior_inhibitors"].str.split(LIST_SEPARATOR)
    named = prior[prior.map(lambda names: UNKNOWN not in names).astype(bool)]
    return float(named.map(lambda names: len({*names} - {LORLATINIB})).min())


def _given_crizotinib_before(rows: Rows) -> float:
    """Percentage of the literature patients who had crizotinib before a sample."""
    of_literature = rows.samples[~rows.samples["patient_id"].isin(rows.local)]
    prior = of_literature["prior_inhibitors"].str.split(LIST_SEPARATOR)
    had = prior.map(lambda names: CRIZOTINIB in names)
    return 100 * float(had.groupby(of_literature["patient_id"]).any().mean())


def _several_before_lorlatinib(rows: Rows) -> float:
    """Percentage of patients with several inhibitors before their first line of lorlatinib."""
    given = rows.lines[rows.lines["inhibitor"] == LORLATINIB].drop_duplicates("patient_id")
    before = given["previous_inhibitors"].dropna()
    return 100 * float((before > 1).mean()) if len(before) else math.nan


# Ledger ids that print k, ledger ids that print the share k / n, and how both are counted.
SHARES: tuple[tuple[str, str, Callable[[Rows], Part]], ...] = (
    ("P003 P139", "P004", lambda r: (r.evaluations["patient_id"].nunique(), len(r.patients))),
    ("P141", "P006 P142", lambda r: _benefits(r.evaluations)),
    ("P049", "P050", lambda r: (len(r.local), _share(r.records, "study_type", "local")[0])),
    ("P056", "P058", _responses),
    ("", "P063 P064", lambda r: _responses(r, ALECTINIB)),
    ("", "P067 P068", lambda r: _responses(r, CERITINIB)),
    ("", "P069 P070", lambda r: _responses(r, LORLATINIB)),
    ("P087", "P088", lambda r: (len(r.samples) - _share(r.samples, "group", MULTIPLE)[0],
                                len(r.samples))),
    ("P089", "P090", lambda r: _share(r.samples, "group", MULTIPLE)),
    ("P092", "P093", lambda r: _share(r.after(CRIZOTINIB), "group", L1196M)),
    ("P094", "P095", lambda r: _share(r.after(CRIZOTINIB), "group", G1269A)),
    ("P098", "P099", lambda r: _share(r.after(ALECTINIB), "group", I1171)),
    ("P100", "P101", lambda r: _share(r.after(ALECTINIB), "group", G1202R)),
    ("P107", "P108", lambda r: _share(r.after(CERITINIB), "group", G1202R)),
    ("P109", "P110", lambda r: _share(r.after(BRIGATINIB), "group", G1202R)),
    ("P112", "P113 P195", lambda r: _share(r.after(LORLATINIB), "group", MULTIPLE)),
    ("P114", "P115 P196", lambda r: _share(r.after(LORLATINIB), "mutations", COMPOUND)),
    ("P126", "P127", lambda r: (len(r.patients) - _share(r.patients, "fusion_partner", UNKNOWN)[0],
                                len(r.patients))),
    ("", "P132 P201", lambda r: _share(r.with_variant(V3), "group", G1202R)),
    ("", "P133 P202", lambda r: _share(r.with_variant(V1), "group", G1202R)),
    ("", "P135 P198", lambda r: _share(r.with_variant(V1), "group", L1196M)),
    ("", "P136 P199", lambda r: _share(r.with_variant(V3), "group", L1196M)),
    ("", "P143 P144", lambda r: _by_mutations(r, multiple=False)),
    ("", "P146 P147", lambda r: _by_mutations(r, multiple=True)),
    ("", "P149 P150", lambda r: _by_previous(r, several=False)),
    ("", "P151 P152", lambda r: _by_previous(r, several=True)),
    ("P161", "P162", lambda r: (int((~r.samples["mutations"].isin(r.tested["mutations"])).sum()),
                                len(r.samples))),
    ("", "P173 P174", lambda r: _model(r, "Yoda-V1")),
    ("", "P175 P176", lambda r: _model(r, "Fontana-V3")),
    ("", "P177 P178", lambda r: _model(r, "Gainor-V1")),
    ("", "P179 P180", lambda r: _model(r, "Yoda-V3")),
    ("", "P181 P182", lambda r: _model(r, "Horn-V3")),
    ("", "P183 P184", lambda r: _model(r, "Horn-V1")),
    ("", "P190", lambda r: _cell(r, L1196M, "relapsed", "relapse_n")),
    ("", "P191", lambda r: _cell(r, G1202R, "relapsed", "relapse_n")),
    ("", "P192", lambda r: _cell(r, L1196M, "benefit_k", "benefit_n")),
    ("", "P193", lambda r: _cell(r, G1202R, "benefit_k", "benefit_n")),
    ("P205", "P206", lambda r: _share(r.patients, "study_type", StudyType.CASE_REPORT)),
)  # fmt: skip

# Ledger ids, and the number in the unit of the paper.
NUMBERS: tuple[tuple[str, Callable[[Rows], float]], ...] = (
    ("P001 P002 P085 P123 P154 P185 P204 P211", lambda r: len(r.patients)),
    ("P005", lambda r: r.helped["patient_id"].nunique()),
    ("P007 P159 P168 P215", lambda r: r.tested["model_id"].nunique()),
    ("P008 P171 P186", lambda r: 100 * float(r.agreement["share"].min())),
    ("P009 P172 P187", lambda r: 100 * float(r.agreement["share"].max())),
    ("P020 P071 P084 P116", lambda r: len(r.local)),
    ("P021 P083", lambda r: len(r.patients) - len(r.local)),
    ("P024", lambda r: r.local_samples["mutations"].str.count(r"\+").min() + 1),
    ("P038", lambda r: _share(r.studies, "study_type", "cohort", "case_report")[0]),
    ("P039 P120", lambda r: _share(r.studies, "study_type", StudyType.COHORT)[0]),
    ("P040", lambda r: _share(r.studies, "study_type", StudyType.CASE_REPORT)[0]),
    ("P047", lambda r: _share(r.records, "study_type", StudyType.LOCAL)[0]),
    ("P051 P117", lambda r: len(r.local_samples)),
    ("P052", lambda r: r.local_lines["patient_id"].nunique()),
    ("P053", lambda r: _share(r.local_lines, "line_number", 2)[0]),
    ("P054", lambda r: _share(r.local_lines, "line_number", 3)[0]),
    ("P055", lambda r: _share(r.local_lines, "line_number", 4)[0]),
    ("P057", lambda r: len(r.local_lines)),
    ("P059", lambda r: r.median_pfs.median),
    ("P060", lambda r: r.median_pfs.low),
    ("P061", lambda r: r.median_pfs.high),
    ("P065", lambda r: len(r.complete_responses)),
    ("P066", lambda r: r.complete_responses["pfs_months"].min()),
    ("P072", lambda r: r.local_duplicates.max()),
    ("P074", lambda r: r.local_duplicates.sum() - r.local_duplicates.max()),
    ("P078 P118", lambda r: len(r.literature)),
    ("P079 P119", lambda r: _share(r.literature, "study_type", StudyType.COHORT)[0]),
    ("P080 P121", lambda r: _share(r.literature, "study_type", StudyType.CASE_REPORT)[0]),
    ("P081", lambda r: r.local_duplicates.sum()),
    ("P082", lambda r: r.duplicates["exclusion_reason"].str.contains(REPEATED_BY_OTHERS).sum()),
    ("P086 P124 P125 P158 P212", lambda r: len(r.samples)),
    ("P091", _first_line),
    ("P096", lambda r: _more_often(r, L1196M, CRIZOTINIB)),
    ("P097", lambda r: _more_often(r, G1269A, CRIZOTINIB)),
    ("P102", lambda r: len(r.after(ALECTINIB))),
    ("P103", lambda r: _more_often(r, I1171, ALECTINIB)),
    ("P104", lambda r: len(r.after(CERITINIB))),
    ("P105", lambda r: len(r.after(BRIGATINIB))),
    ("P106", _same_spectrum),
    ("P111", lambda r: len(r.after(LORLATINIB))),
    ("P122", lambda r: len(r.duplicates)),
    ("P128", lambda r: _share(r.patients, "fusion_partner", "EML4")[0]),
    ("P129", lambda r: (r.patients["fusion_variant"] != UNKNOWN).sum()),
    ("P130 P156", lambda r: _share(r.patients, "fusion_variant", V3)[0]),
    ("P131 P157", lambda r: _share(r.patients, "fusion_variant", V1)[0]),
    ("P134 P203", lambda r: _variant_p(r, G1202R)),
    ("P137 P200", lambda r: _variant_p(r, L1196M)),
    ("P138", _similar_groups),
    ("P140", lambda r: len(r.evaluations)),
    ("P148", lambda r: _fisher(*(_by_mutations(r, multiple=m) for m in (False, True)))),
    ("P153", lambda r: _fisher(*(_by_previous(r, several=s) for s in (False, True)))),
    ("P155", _named_among_most_common),
    ("P160", lambda r: r.tested["model_id"].astype(str).str.replace(r"-V\d$", "", regex=True)
                        .nunique()),
    ("P163", lambda r: _combinations(r.tested)),
    ("P164", lambda r: r.tested.groupby(["mutations", "inhibitor"])["model_id"].nunique().min()),
    ("P170", lambda r: _combinations(invitro.compared(r.matrix, r.calls))),
    ("P188", lambda r: r.evaluations["inhibitor"].nunique()),
    ("P189", lambda r: (r.matrix["verdict"] == Verdict.CONFLICTING).sum()),
    ("P197", _fewest_before_lorlatinib),
    ("P207", lambda r: 1 + float(r.duplicates["duplicate_of"].value_counts().max())),
    ("P208", _given_crizotinib_before),
    ("P209", _several_before_lorlatinib),
    ("P216", lambda r: r.samples["prior_inhibitors"].str.count(LIST_SEPARATOR).min() + 1),
)  # fmt: skip

# The same numbers under the reading that settles the contradiction they are in.
READ_AS: Mapping[str, Callable[[Rows], float]] = {
    "P005": lambda r: (
        len(r.helped)
        if r.readings.benefit_unit == "evaluations"
        else r.helped["patient_id"].nunique()
    ),
    "P129": lambda r: _share(r.patients, "fusion_variant", V3, V1)[0],
    "P154": lambda r: len(r.samples),
}

_REASONS = {
    "cited from other publications": "P010 P014 P015 P016 P017 P018 P019",
    "nomenclature, not a result": "P011 P012 P013 P075 P076 P077 P194 P213",
    "describes methods: no row of the pool holds it": "P022 P023 P025 P026 P027 P028 P029 P030 "
    "P031 P032 P033 P034 P035 P036 P037 P046 P048",
    "part of a definition: it says what is counted, and is not counted itself": "P041 P042 P043 "
    "P044 P045 P062 P145 P165 P210 P217",
    "describes a figure or the reference list, not patients": "P073 P166 P167 P169 P214 P218 P219",
}

# Ledger id -> why it cannot be counted from rows.
NOT_FROM_ROWS = {name: reason for reason, ids in _REASONS.items() for name in ids.split()}


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
    `NOT_FROM_ROWS` says why the other numbers of the ledger cannot be counted.

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
    found: dict[str, tuple[float, int | None, int | None]] = {}
    for counts, shares, part in SHARES:
        k, n = part(rows)
        found |= dict.fromkeys(counts.split(), (float(k), None, None))
        found |= dict.fromkeys(shares.split(), (100 * k / n if n else math.nan, k, n))
    for names, number in NUMBERS:
        found |= dict.fromkeys(names.split(), (float(number(rows)), None, None))
    table = pd.DataFrame(
        [(name, *found[name]) for name in sorted(found)], columns=["ledger_id", "ours", "k", "n"]
    )
    read = {name: float(number(rows)) for name, number in READ_AS.items()}
    return table.astype({"k": "Int64", "n": "Int64"}).assign(
        as_read=table["ledger_id"].map(read).astype(float)
    )
