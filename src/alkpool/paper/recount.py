"""The printed numbers counted again from the rows of a cohort, with the package's own functions.

Two tables say how: `PARTS` for counts and shares (k of n), `NUMBERS` for everything else. A number
is counted as its sentence says. Where the sentence contradicts others, `READ_AS` counts it as the
reconstruction reads it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alkpool import mutations, stats
from alkpool.analysis import actionability, distribution, invitro
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
V3, V1 = "V3", "V1"

# Single mutations the paper counts: a mutation, or the substitutions of a residue.
L1196M, G1202R, G1269A, C1156Y = "L1196M", "G1202R", "G1269A", "C1156Y"
I1171, F1174 = "I1171X", "F1174X"
SIMILAR = (C1156Y, G1269A, F1174, I1171)
COMPOUND = "L1196M+G1202R"

# How the reason of a duplicate says that other groups reported the patient more than once.
REPEATED_BY_OTHERS = "more than once"

SIGNIFICANT = 0.05

Part = tuple[int, int]


@dataclass(frozen=True)
class Rows:
    """A cohort and what is counted in it; each table is made when it is first asked for."""

    everyone: Cohort
    calls: pd.DataFrame

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
    def literature(self) -> pd.DataFrame:
        """Records of the literature before duplicates are taken out."""
        return self.records[self.records["study_type"] != StudyType.LOCAL]

    @cached_property
    def duplicates(self) -> pd.DataFrame:
        """Duplicate records."""
        return self.records[self.records["status"] == PatientStatus.DUPLICATE]

    @cached_property
    def local(self) -> pd.Series:
        """Ids of the local patients in the pool."""
        return self.patients.loc[self.patients["study_type"] == StudyType.LOCAL, "patient_id"]

    @cached_property
    def samples(self) -> pd.DataFrame:
        """Samples of the pool with ``group``: ``multiple``, or the single mutation's name."""
        samples = self.pool.samples
        return samples.assign(group=samples["mutations"].map(_group).astype(str))

    @cached_property
    def local_samples(self) -> pd.DataFrame:
        """Samples of the local patients."""
        return self.samples[self.samples["patient_id"].isin(self.local)]

    @cached_property
    def evaluations(self) -> pd.DataFrame:
        """Monotherapy lines with a decided benefit, in the order they were given."""
        judged = evaluable(classify(lines(self.pool)))
        decided = judged[judged["benefit"] != Benefit.UNKNOWN]
        return decided.sort_values(["patient_id", "sample_order", "line_number", "treatment_id"])

    @cached_property
    def first_evaluations(self) -> pd.DataFrame:
        """The first evaluation of each patient."""
        return self.evaluations.drop_duplicates("patient_id")

    @cached_property
    def local_lines(self) -> pd.DataFrame:
        """Evaluations of the local patients."""
        return self.evaluations[self.evaluations["patient_id"].isin(self.local)]

    @cached_property
    def first_samples(self) -> pd.DataFrame:
        """First sample of every patient with variant 3 or 1."""
        first = distribution.variant_samples(self.pool)
        return first.assign(group=first["mutations"].map(_group).astype(str))

    @cached_property
    def matrix(self) -> pd.DataFrame:
        """Evidence and verdict of every profile and inhibitor."""
        return actionability.matrix(self.pool)

    @cached_property
    def tested(self) -> pd.DataFrame:
        """Calls that say something."""
        return self.calls[self.calls["call"] != Call.UNKNOWN]

    @cached_property
    def compared(self) -> pd.DataFrame:
        """Calls with a clinical verdict to compare them with."""
        return invitro.compared(self.matrix, self.calls)

    @cached_property
    def agreement(self) -> pd.DataFrame:
        """Agreement of each model."""
        return invitro.agreement(self.matrix, self.calls)


def _group(profile: str) -> str:
    if mutations.is_compound(profile):
        return distribution.MULTIPLE
    residue = mutations.residue_class(profile)
    return residue if residue in (I1171, F1174) else profile


def _where(table: pd.DataFrame, condition: pd.Series) -> Part:
    return int(condition.sum()), len(table)


def _after(group: str, inhibitor: str) -> Callable[[Rows], Part]:
    """Samples of a group among those after an inhibitor."""

    def part(rows: Rows) -> Part:
        after = rows.samples[rows.samples["resistance_on"] == inhibitor]
        return _where(after, after["group"] == group)

    return part


def _samples_after(inhibitor: str) -> Callable[[Rows], Part]:
    return lambda rows: _where(rows.samples, rows.samples["resistance_on"] == inhibitor)


def _compound_after_lorlatinib(rows: Rows) -> Part:
    after = rows.samples[rows.samples["resistance_on"] == LORLATINIB]
    return _where(after, after["mutations"] == COMPOUND)


def _mutation_count(*, multiple: bool) -> Callable[[Rows], Part]:
    def part(rows: Rows) -> Part:
        compound = rows.samples["group"] == distribution.MULTIPLE
        return _where(rows.samples, compound == multiple)

    return part


def _study_type(kind: StudyType) -> Callable[[Rows], Part]:
    return lambda rows: _where(rows.patients, rows.patients["study_type"] == kind)


def _identified(kind: StudyType) -> Callable[[Rows], Part]:
    return lambda rows: _where(rows.literature, rows.literature["study_type"] == kind)


def _sources(*kinds: StudyType) -> Callable[[Rows], Part]:
    def part(rows: Rows) -> Part:
        used = rows.everyone.sources
        used = used[(used["status"] == SourceStatus.INCLUDED)]
        of_literature = used[used["study_type"] != StudyType.LOCAL]
        return _where(of_literature, of_literature["study_type"].isin(kinds))

    return part


def _treated(rows: Rows) -> Part:
    return rows.evaluations["patient_id"].nunique(), len(rows.pool.patients)


def _local_treated(rows: Rows) -> Part:
    return rows.local_lines["patient_id"].nunique(), len(rows.local)


def _local_mutated(rows: Rows) -> Part:
    tested = rows.records["study_type"] == StudyType.LOCAL
    return len(rows.local), int(tested.sum())


def _local_line(number: int) -> Callable[[Rows], Part]:
    return lambda rows: _where(rows.local_lines, rows.local_lines["line_number"] == number)


def _objective_responses(*inhibitors: str) -> Callable[[Rows], Part]:
    def part(rows: Rows) -> Part:
        given = rows.local_lines
        if inhibitors:
            given = given[given["inhibitor"].isin(inhibitors)]
        return _where(
            given, given["best_response"].isin([BestResponse.COMPLETE, BestResponse.PARTIAL])
        )

    return part


def _complete_responses_to_brigatinib(rows: Rows) -> pd.DataFrame:
    given = rows.local_lines
    return given[
        (given["inhibitor"] == BRIGATINIB) & (given["best_response"] == BestResponse.COMPLETE)
    ]


def _partner_known(rows: Rows) -> Part:
    return _where(rows.patients, rows.patients["fusion_partner"] != UNKNOWN)


def _eml4(rows: Rows) -> Part:
    known = rows.patients[rows.patients["fusion_partner"] != UNKNOWN]
    return _where(known, known["fusion_partner"] == "EML4")


def _breakpoint_known(rows: Rows) -> Part:
    return _where(rows.patients, rows.patients["fusion_variant"] != UNKNOWN)


def _variant(*variants: str) -> Callable[[Rows], Part]:
    return lambda rows: _where(rows.patients, rows.patients["fusion_variant"].isin(variants))


def _variant_with(group: str, variant: str) -> Callable[[Rows], Part]:
    def part(rows: Rows) -> Part:
        first = rows.first_samples[rows.first_samples["fusion_variant"] == variant]
        return _where(first, first["group"] == group)

    return part


def _benefits(table: pd.DataFrame) -> Part:
    return _where(table, table["benefit"] == Benefit.BENEFIT)


def _benefit_by_mutations(*, multiple: bool) -> Callable[[Rows], Part]:
    def part(rows: Rows) -> Part:
        compound = rows.evaluations["mutations"].map(mutations.is_compound).astype(bool)
        return _benefits(rows.evaluations[compound == multiple])

    return part


def _benefit_by_previous(*, several: bool) -> Callable[[Rows], Part]:
    def part(rows: Rows) -> Part:
        previous = rows.first_evaluations["previous_inhibitors"]
        chosen = (previous > 1 if several else previous == 1).fillna(False).astype(bool)
        return _benefits(rows.first_evaluations[chosen])

    return part


def _patients_with_benefit(rows: Rows) -> Part:
    helped = rows.evaluations[rows.evaluations["benefit"] == Benefit.BENEFIT]
    return helped["patient_id"].nunique(), rows.evaluations["patient_id"].nunique()


def _untested(rows: Rows) -> Part:
    return _where(rows.samples, ~rows.samples["mutations"].isin(rows.tested["mutations"]))


def _combinations(calls: pd.DataFrame) -> int:
    return len(calls[["mutations", "inhibitor"]].drop_duplicates())


def _compared(rows: Rows) -> Part:
    return _combinations(rows.compared), _combinations(rows.tested)


def _model(name: str) -> Callable[[Rows], Part]:
    def part(rows: Rows) -> Part:
        found = rows.agreement[rows.agreement["model_id"].astype(str).str.endswith(name)]
        return int(found["agreeing"].sum()), int(found["compared"].sum())

    return part


def _cell(profile: str, inhibitor: str, k: str, n: str) -> Callable[[Rows], Part]:
    def part(rows: Rows) -> Part:
        of = rows.matrix
        cell = of[(of["profile"] == profile) & (of["inhibitor"] == inhibitor)]
        return int(cell[k].sum()), int(cell[n].sum())

    return part


def _local_duplicates(rows: Rows) -> pd.Series:
    """Duplicates of local patients by the paper that reported them."""
    of_local = rows.duplicates["duplicate_of"].isin(rows.local)
    return rows.duplicates.loc[of_local, "source_id"].value_counts()


def _repeated_by_others(rows: Rows) -> int:
    said = rows.duplicates["exclusion_reason"].str.contains(REPEATED_BY_OTHERS, regex=False)
    return int(said.sum())


def _reports_of_one_patient(rows: Rows) -> float:
    """Most often that one patient was reported."""
    return 1 + float(rows.duplicates["duplicate_of"].value_counts().max())


def _median_pfs(rows: Rows) -> stats.MedianSurvival:
    """The interval is the normal one that SPSS prints, which alone is symmetric."""
    known = rows.local_lines[rows.local_lines["pfs_months"].notna()]
    seen = known["pfs_relation"] != Relation.ABOVE
    return stats.km_median(known["pfs_months"].to_numpy(), seen.to_numpy(), method="normal")


def _fisher(*parts: Part) -> float:
    return stats.fisher_exact([[k, n - k] for k, n in parts]).p_value


def _more_often(group: str, inhibitor: str) -> Callable[[Rows], float]:
    """Fisher's P of a group after an inhibitor against all others that are named."""

    def p_value(rows: Rows) -> float:
        named = rows.samples[rows.samples["resistance_on"] != UNKNOWN]
        after = named["resistance_on"] == inhibitor
        return _fisher(
            *(_where(among, among["group"] == group) for among in (named[after], named[~after]))
        )

    return p_value


def _same_spectrum(rows: Rows) -> float:
    """P of ceritinib against brigatinib over G1202R, other single and multiple mutations."""
    kind = rows.samples["group"].where(
        rows.samples["group"].isin([G1202R, distribution.MULTIPLE]), "other single"
    )
    counts = pd.crosstab(rows.samples["resistance_on"], kind)
    return stats.fisher_exact(counts.reindex([CERITINIB, BRIGATINIB], fill_value=0)).p_value


def _variant_p(group: str) -> Callable[[Rows], float]:
    """Wald P of variant 3 against 1, adjusted for the inhibitor that failed."""

    def p_value(rows: Rows) -> float:
        first = rows.first_samples.assign(
            outcome=(rows.first_samples["group"] == group).astype(int),
            exposed=(rows.first_samples["fusion_variant"] == V3).astype(int),
        )
        try:
            fitted = stats.logistic(first, "outcome", "exposed", ["resistance_on"])
        except ValueError:
            return math.nan
        return float(fitted.loc[["exposed"], "p_value"].to_numpy(dtype=float)[0])

    return p_value


def _similar_groups(rows: Rows) -> float:
    """How many of the groups said to be similar differ by no significant Fisher's test."""
    if rows.first_samples["fusion_variant"].nunique() < 2:
        return math.nan
    return sum(
        _fisher(_variant_with(group, V3)(rows), _variant_with(group, V1)(rows)) >= SIGNIFICANT
        for group in SIMILAR
    )


def _named_among_most_common(rows: Rows) -> int:
    """How many of the six named groups are more frequent than every other single mutation."""
    counts = rows.samples.loc[
        rows.samples["group"] != distribution.MULTIPLE, "group"
    ].value_counts()
    named = [L1196M, G1202R, *SIMILAR]
    others = counts.drop(named, errors="ignore")
    return int((counts.reindex(named, fill_value=0) > others.max()).sum()) if len(others) else 0


def _agreement(extreme: str) -> Callable[[Rows], float]:
    return lambda rows: 100 * float(rows.agreement["share"].agg(extreme))


def _studies_of_models(rows: Rows) -> int:
    return int(rows.tested["model_id"].astype(str).str.replace(r"-V\d$", "", regex=True).nunique())


def _models_of_combinations(rows: Rows) -> pd.Series:
    return rows.tested.groupby(["mutations", "inhibitor"])["model_id"].nunique()


def _before(inhibitor: str) -> Callable[[Rows], float]:
    """Fewest other inhibitors before a sample that followed this one."""

    def fewest(rows: Rows) -> float:
        after = rows.samples.loc[rows.samples["resistance_on"] == inhibitor, "prior_inhibitors"]
        others = after.map(lambda prior: len({*prior.split(LIST_SEPARATOR)} - {inhibitor, UNKNOWN}))
        return float(others.min())

    return fewest


def _given_crizotinib_before(rows: Rows) -> float:
    """Percentage of the literature patients who had crizotinib before a sample."""
    of_literature = rows.samples[~rows.samples["patient_id"].isin(rows.local)]
    had = (
        of_literature["prior_inhibitors"]
        .str.split(LIST_SEPARATOR)
        .map(lambda prior: CRIZOTINIB in prior)
    )
    return 100 * float(had.groupby(of_literature["patient_id"]).any().mean())


def _several_before_lorlatinib(rows: Rows) -> float:
    """Percentage of patients given lorlatinib who had several inhibitors before."""
    given = rows.evaluations[rows.evaluations["inhibitor"] == LORLATINIB]
    several = (given["previous_inhibitors"] > 1).fillna(False).astype(bool)
    return 100 * float(several.groupby(given["patient_id"]).any().mean())


# Ledger ids that print k, ledger ids that print the share k / n, and how both are counted.
PARTS: tuple[tuple[str, str, Callable[[Rows], Part]], ...] = (
    ("P003 P139", "P004", _treated),
    ("P005", "", _patients_with_benefit),
    ("P141", "P006 P142", lambda rows: _benefits(rows.evaluations)),
    ("P020 P071 P084 P116", "", _study_type(StudyType.LOCAL)),
    ("P038", "", _sources(StudyType.COHORT, StudyType.CASE_REPORT)),
    ("P039 P120", "", _sources(StudyType.COHORT)),
    ("P040", "", _sources(StudyType.CASE_REPORT)),
    ("P049", "P050", _local_mutated),
    ("P052", "", _local_treated),
    ("P053", "", _local_line(2)),
    ("P054", "", _local_line(3)),
    ("P055", "", _local_line(4)),
    ("P056", "P058", _objective_responses()),
    ("", "P063 P064", _objective_responses(ALECTINIB)),
    ("", "P067 P068", _objective_responses(CERITINIB)),
    ("", "P069 P070", _objective_responses(LORLATINIB)),
    ("P079 P119", "", _identified(StudyType.COHORT)),
    ("P080 P121", "", _identified(StudyType.CASE_REPORT)),
    ("P087", "P088", _mutation_count(multiple=False)),
    ("P089", "P090", _mutation_count(multiple=True)),
    ("P091", "", _samples_after(CRIZOTINIB)),
    ("P102", "", _samples_after(ALECTINIB)),
    ("P104", "", _samples_after(CERITINIB)),
    ("P105", "", _samples_after(BRIGATINIB)),
    ("P111", "", _samples_after(LORLATINIB)),
    ("P092", "P093", _after(L1196M, CRIZOTINIB)),
    ("P094", "P095", _after(G1269A, CRIZOTINIB)),
    ("P098", "P099", _after(I1171, ALECTINIB)),
    ("P100", "P101", _after(G1202R, ALECTINIB)),
    ("P107", "P108", _after(G1202R, CERITINIB)),
    ("P109", "P110", _after(G1202R, BRIGATINIB)),
    ("P112", "P113 P195", _after(distribution.MULTIPLE, LORLATINIB)),
    ("P114", "P115 P196", _compound_after_lorlatinib),
    ("P126", "P127", _partner_known),
    ("P128", "", _eml4),
    ("P129", "", _breakpoint_known),
    ("P130 P156", "", _variant(V3)),
    ("P131 P157", "", _variant(V1)),
    ("", "P132 P201", _variant_with(G1202R, V3)),
    ("", "P133 P202", _variant_with(G1202R, V1)),
    ("", "P135 P198", _variant_with(L1196M, V1)),
    ("", "P136 P199", _variant_with(L1196M, V3)),
    ("", "P143 P144", _benefit_by_mutations(multiple=False)),
    ("", "P146 P147", _benefit_by_mutations(multiple=True)),
    ("", "P149 P150", _benefit_by_previous(several=False)),
    ("", "P151 P152", _benefit_by_previous(several=True)),
    ("P161", "P162", _untested),
    ("P170", "", _compared),
    ("", "P173 P174", _model("Yoda-V1")),
    ("", "P175 P176", _model("Fontana-V3")),
    ("", "P177 P178", _model("Gainor-V1")),
    ("", "P179 P180", _model("Yoda-V3")),
    ("", "P181 P182", _model("Horn-V3")),
    ("", "P183 P184", _model("Horn-V1")),
    ("", "P190", _cell(L1196M, ALECTINIB, "relapsed", "relapse_n")),
    ("", "P191", _cell(G1202R, ALECTINIB, "relapsed", "relapse_n")),
    ("", "P192", _cell(L1196M, ALECTINIB, "benefit_k", "benefit_n")),
    ("", "P193", _cell(G1202R, ALECTINIB, "benefit_k", "benefit_n")),
    ("P205", "P206", _study_type(StudyType.CASE_REPORT)),
)

# Ledger ids, and the number in the unit of the paper.
NUMBERS: tuple[tuple[str, Callable[[Rows], float]], ...] = (
    ("P001 P002 P085 P123 P154 P185 P204 P211", lambda rows: len(rows.patients)),
    ("P021 P083", lambda rows: len(rows.patients) - len(rows.local)),
    ("P007 P159 P168 P215", lambda rows: rows.tested["model_id"].nunique()),
    ("P008 P171 P186", _agreement("min")),
    ("P009 P172 P187", _agreement("max")),
    ("P024", lambda rows: rows.local_samples["mutations"].str.count(r"\+").min() + 1),
    ("P047", lambda rows: _local_mutated(rows)[1]),
    ("P051 P117", lambda rows: len(rows.local_samples)),
    ("P057", lambda rows: len(rows.local_lines)),
    ("P059", lambda rows: _median_pfs(rows).median),
    ("P060", lambda rows: _median_pfs(rows).low),
    ("P061", lambda rows: _median_pfs(rows).high),
    ("P065", lambda rows: len(_complete_responses_to_brigatinib(rows))),
    ("P066", lambda rows: _complete_responses_to_brigatinib(rows)["pfs_months"].min()),
    ("P072", lambda rows: _local_duplicates(rows).max()),
    ("P074", lambda rows: _local_duplicates(rows).sum() - _local_duplicates(rows).max()),
    ("P078 P118", lambda rows: len(rows.literature)),
    ("P081", lambda rows: _local_duplicates(rows).sum()),
    ("P082", _repeated_by_others),
    ("P086 P124 P125 P158 P212", lambda rows: len(rows.samples)),
    ("P096", _more_often(L1196M, CRIZOTINIB)),
    ("P097", _more_often(G1269A, CRIZOTINIB)),
    ("P103", _more_often(I1171, ALECTINIB)),
    ("P106", _same_spectrum),
    ("P122", lambda rows: len(rows.duplicates)),
    ("P134 P203", _variant_p(G1202R)),
    ("P137 P200", _variant_p(L1196M)),
    ("P138", _similar_groups),
    ("P140", lambda rows: len(rows.evaluations)),
    (
        "P148",
        lambda rows: _fisher(*(_benefit_by_mutations(multiple=m)(rows) for m in (False, True))),
    ),
    ("P153", lambda rows: _fisher(*(_benefit_by_previous(several=s)(rows) for s in (False, True)))),
    ("P155", _named_among_most_common),
    ("P160", _studies_of_models),
    ("P163", lambda rows: _combinations(rows.tested)),
    ("P164", lambda rows: _models_of_combinations(rows).min()),
    ("P188", lambda rows: rows.evaluations["inhibitor"].nunique()),
    ("P189", lambda rows: (rows.matrix["verdict"] == Verdict.CONFLICTING).sum()),
    ("P197", _before(LORLATINIB)),
    ("P207", _reports_of_one_patient),
    ("P208", _given_crizotinib_before),
    ("P209", _several_before_lorlatinib),
    ("P216", lambda rows: rows.samples["prior_inhibitors"].str.count(LIST_SEPARATOR).min() + 1),
)

# The same numbers under the reading that settles the contradiction they are in.
READ_AS: Mapping[str, Callable[[Rows], float]] = {
    "P005": lambda rows: _benefits(rows.evaluations)[0],
    "P129": lambda rows: _variant(V3, V1)(rows)[0],
    "P154": lambda rows: len(rows.samples),
}

_CITED = "cited from other publications"
_NAMES = "nomenclature, not a result"
_METHODS = "describes methods: no row of the pool holds it"
_DEFINED = "part of a definition: it says what is counted, and is not counted itself"
_SHOWN = "describes a figure or the reference list, not patients"

_REASONS = {
    _CITED: "P010 P014 P015 P016 P017 P018 P019",
    _NAMES: "P011 P012 P013 P075 P076 P077 P194 P213",
    _METHODS: "P022 P023 P025 P026 P027 P028 P029 P030 P031 P032 P033 P034 P035 P036 P037 P046 "
    "P048",
    _DEFINED: "P041 P042 P043 P044 P045 P062 P145 P165 P210 P217",
    _SHOWN: "P073 P166 P167 P169 P214 P218 P219",
}

# Ledger id -> why it cannot be counted from rows.
NOT_FROM_ROWS = {name: reason for reason, ids in _REASONS.items() for name in ids.split()}


def recompute(cohort: Cohort, invitro_calls: pd.DataFrame) -> pd.DataFrame:
    """Count the printed numbers from the rows of a cohort.

    Parameters
    ----------
    cohort : Cohort
        With its duplicates and excluded patients, as loaded.
    invitro_calls : DataFrame
        Calls of the in vitro models, from `invitro.by_combination`; models are known by
        the end of their id (``Yoda-V1``).

    Returns
    -------
    DataFrame
        Columns ``ledger_id, ours`` (in the unit of the paper, not rounded; shares are percent),
        ``k, n`` (count and total of a share, else missing) and ``as_read`` (the number under the
        reading of a contradiction, else missing). A number that the rows do not allow is missing.

    Notes
    -----
    `NOT_FROM_ROWS` says why the other numbers of the ledger cannot be counted.
    """
    rows = Rows(cohort, invitro_calls)
    found: dict[str, tuple[float, int | None, int | None]] = {}
    for counts, shares, part in PARTS:
        k, n = part(rows)
        found |= {name: (float(k), None, None) for name in counts.split()}
        share = 100 * k / n if n else math.nan
        found |= dict.fromkeys(shares.split(), (share, k, n))
    for names, number in NUMBERS:
        value = float(number(rows))
        found |= dict.fromkeys(names.split(), (value, None, None))
    table = pd.DataFrame(
        [(name, *found[name]) for name in sorted(found)], columns=["ledger_id", "ours", "k", "n"]
    )
    read = {name: float(number(rows)) for name, number in READ_AS.items()}
    return table.astype({"k": "Int64", "n": "Int64"}).assign(
        as_read=table["ledger_id"].map(read).astype(float)
    )
