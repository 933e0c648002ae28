"""Stage 1: count tables that satisfy the printed numbers, as a CP-SAT model.

Variables are counts: samples by failed inhibitor and profile, evaluated lines by failed
inhibitor, profile, inhibitor given and benefit, and patients by the courses their samples form.
Each printed number is a constraint that knows its ledger ids.

An *action* is what followed a sample: ``None`` (no evaluated line) or (inhibitor given, benefit).
*Previous* is the number of inhibitors before a line: "one", "more", or "unreported".
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from ortools.sat.python.cp_model import (
    BoundedLinearExpression,
    CpModel,
    IntVar,
    LinearExpr,
)

from alkpool.paper.audit import most_for_p_below
from alkpool.paper.recount import (
    ALECTINIB,
    BRIGATINIB,
    CERITINIB,
    COMPOUND,
    CRIZOTINIB,
    G1202R,
    G1269A,
    I1171,
    L1196M,
    LORLATINIB,
)
from reconstruction.local import RESPONSES, LocalCourse
from reconstruction.profiles import (
    COMMON,
    FAILED,
    GIVEN,
    LESS_COMMON,
    MULTIPLE,
    ON_PANEL,
    OTHER,
    PROFILES,
    SINGLE,
    TESTED,
    UNTESTED,
)
from reconstruction.readings import Readings
from reconstruction.variants import CARRIERS, STRATA

SAMPLES, EVALUATIONS, TREATED = 450, 262, 239
AFTER = {CRIZOTINIB: 220, CERITINIB: 53, ALECTINIB: 82, BRIGATINIB: 32, LORLATINIB: 34}
AFTER_OTHER = SAMPLES - sum(AFTER.values())
AFTER_IDS = {
    CRIZOTINIB: "P091", CERITINIB: "P104", ALECTINIB: "P102", BRIGATINIB: "P105",
    LORLATINIB: "P111", OTHER: "P086",
}  # fmt: skip

# (profiles, failed inhibitor) -> samples, ledger ids.
PRINTED_CELLS = (
    ((L1196M,), CRIZOTINIB, 55, "P092 P093"),
    ((G1269A,), CRIZOTINIB, 34, "P094 P095"),
    (COMMON[I1171], ALECTINIB, 27, "P098 P099"),
    ((G1202R,), ALECTINIB, 26, "P100 P101 P191"),
    ((L1196M,), ALECTINIB, 9, "P190"),
    ((G1202R,), CERITINIB, 19, "P107 P108"),
    ((G1202R,), BRIGATINIB, 10, "P109 P110"),
    ((COMPOUND,), LORLATINIB, 4, "P114 P115 P196"),
)
MOST_COMMON = (
    (CRIZOTINIB, (L1196M, G1269A), 34, "P092 P094"),
    (ALECTINIB, (I1171, G1202R), 26, "P098 P100"),
    (CERITINIB, (G1202R,), 19, "P107"),
    (BRIGATINIB, (G1202R,), 10, "P109"),
)
# "More often with crizotinib (alectinib) than with other inhibitors, P < .001".
P_BELOW = 0.001
MORE_OFTEN = (
    ((L1196M,), CRIZOTINIB, 55, "P096"),
    ((G1269A,), CRIZOTINIB, 34, "P097"),
    (COMMON[I1171], ALECTINIB, 27, "P103"),
)
CONFLICTING = {(L1196M, ALECTINIB): (9, 11, "P192"), (G1202R, ALECTINIB): (4, 6, "P193")}
COMPARED = 45
UNTESTED_SAMPLES = 152

# (multiple after ceritinib, multiple after brigatinib): the only counts for which a
# Freeman-Halton test on {G1202R, other single, multiple} prints .54, and one for which
# Fisher's test on {single, multiple} does.
SPECTRA_MULTIPLE = {"three categories": ((12, 11), (22, 11)), "two categories": ((7, 6),)}

# Enough for strata with the printed P values to be found.
CARRIERS_OF_STRATUM = 3

ONE, MORE, UNREPORTED = "one", "more", "unreported"
# previous -> (benefit, no benefit), ledger ids.
PREVIOUS_SPLIT = {ONE: (109, 59, "P149 P150"), MORE: (50, 21, "P151 P152")}

Action = tuple[str, int] | None


class Course(NamedTuple):
    """Samples of a patient in order, each with its failed inhibitor and action.

    ``previous`` is that of the first sample; blank where it is left to chance.
    """

    previous: str
    samples: tuple[tuple[str, Action], ...]

    @property
    def evaluations(self) -> list[tuple[str, str, int]]:
        """Evaluations in order: previous, inhibitor given, benefit."""
        later = UNREPORTED if self.previous == UNREPORTED else MORE
        return [
            (later if order else self.previous, *action)
            for order, (_, action) in enumerate(self.samples)
            if action
        ]


Guards = dict[str, IntVar]


# What comparing expressions gives; a plain truth value where both sides are constant.
Condition = BoundedLinearExpression | bool | np.bool_


def sum_of(parts: Sequence[IntVar]) -> LinearExpr:
    """Sum of variables."""
    return LinearExpr.sum(parts)


@dataclass(frozen=True)
class CountModel:
    """A CP-SAT model with its variables.

    Attributes
    ----------
    samples : mapping
        (failed, profile) -> variable.
    lines : mapping
        (failed, profile, given, benefit) -> variable.
    cells : mapping
        (profile, given, benefit) -> variable, the lines of a cell of Figure 5.
    courses : mapping
        `Course` -> literature patients; empty where courses are left out.
    local_benefit : list
        Local lines with benefit where no courses are given.
    guards : mapping
        Ledger ids -> literal that switches the constraint on; empty unless guarded.
    """

    model: CpModel
    guarded: bool
    samples: dict[tuple[str, str], IntVar] = field(default_factory=dict)
    lines: dict[tuple[str, str, str, int], IntVar] = field(default_factory=dict)
    cells: dict[tuple[str, str, int], IntVar] = field(default_factory=dict)
    courses: dict[Course, IntVar] = field(default_factory=dict)
    local_benefit: list[IntVar] = field(default_factory=list)
    guards: Guards = field(default_factory=dict)

    def after(self, failed: str, profiles: Iterable[str] = PROFILES) -> LinearExpr:
        """Samples after an inhibitor with one of the profiles."""
        return sum_of([self.samples[failed, profile] for profile in profiles])

    def with_profiles(self, profiles: Sequence[str], among: Iterable[str] = FAILED) -> LinearExpr:
        """Samples with one of the profiles after any of some inhibitors."""
        return sum_of([self.samples[d, profile] for d in among for profile in profiles])

    def evaluated(
        self,
        profiles: Iterable[str] = PROFILES,
        given: Iterable[str] = GIVEN,
        benefit: Iterable[int] = (0, 1),
    ) -> LinearExpr:
        """Evaluated lines after samples with some profiles."""
        given, benefit = tuple(given), tuple(benefit)
        return sum_of([self.cells[m, i, b] for m in profiles for i in given for b in benefit])

    def evaluated_after(
        self,
        failed: str,
        profiles: Iterable[str] = PROFILES,
        given: Iterable[str] = GIVEN,
        benefit: Iterable[int] = (0, 1),
    ) -> LinearExpr:
        """Evaluated lines after samples that followed one inhibitor."""
        others, benefit = [i for i in given if i != failed], tuple(benefit)
        return sum_of(
            [self.lines[failed, m, i, b] for m in profiles for i in others for b in benefit]
        )

    def require(self, ids: str, constraint: Condition, *, when: Sequence[IntVar] = ()) -> None:
        """Add the constraint of a printed number."""
        conditions = list(when)
        if self.guarded:
            if ids not in self.guards:
                self.guards[ids] = self.model.new_bool_var(ids)
            conditions.append(self.guards[ids])
        added = self.model.add(constraint)
        if conditions:
            added.only_enforce_if(conditions)


def build(
    readings: Readings, local: tuple[LocalCourse, ...] | None, *, guarded: bool = False
) -> CountModel:
    """Build the model of the printed numbers.

    Parameters
    ----------
    readings : Readings
        How contradictions are read.
    local : tuple or None
        Courses of the local patients. With None, patients' courses are left out: the model is a
        relaxation, and what it excludes is excluded by the printed numbers.
    guarded : bool
        Whether each printed number can be switched off by a literal.
    """
    counts = CountModel(CpModel(), guarded)
    _variables(counts)
    _distribution(counts, readings)
    _comparisons(counts, readings)
    _benefit(counts)
    _verdicts(counts, readings)
    if local is None:
        _evaluations_by_previous(counts, readings)
        _local_lines(counts)
    else:
        _courses(counts, readings, local)
        _carriers_of_variants(counts)
    return counts


def _variables(counts: CountModel) -> None:
    model = counts.model
    total = {**AFTER, OTHER: AFTER_OTHER}
    for d in FAILED:
        for m in PROFILES:
            sample = model.new_int_var(0, total[d], f"samples {d} {m}")
            counts.samples[d, m] = sample
            for i in GIVEN:
                if i == d:
                    continue
                for b in (0, 1):
                    line = model.new_int_var(0, total[d], f"lines {d} {m} {i} {b}")
                    counts.lines[d, m, i, b] = line
            # One evaluation for each sample: "clinical benefit for each different
            # mutation-inhibitor combination was assessed separately".
            model.add(counts.evaluated_after(d, [m]) <= sample)
    for m in PROFILES:
        for i in GIVEN:
            for b in (0, 1):
                cell = model.new_int_var(0, EVALUATIONS, f"cell {m} {i} {b}")
                counts.cells[m, i, b] = cell
                parts = [counts.lines[d, m, i, b] for d in FAILED if d != i]
                model.add(cell == sum_of(parts))


def _distribution(counts: CountModel, readings: Readings) -> None:
    for d, total in {**AFTER, OTHER: AFTER_OTHER}.items():
        counts.require(AFTER_IDS[d], counts.after(d) == total)
    counts.require("P087", counts.with_profiles(SINGLE) == 345)
    counts.require("P089", counts.with_profiles(MULTIPLE) == 105)
    counts.require("P112 P113", counts.after(LORLATINIB, MULTIPLE) == readings.lorlatinib_multiple)
    counts.require("P161 P162", counts.with_profiles(UNTESTED) == UNTESTED_SAMPLES)
    for profiles, d, printed, ids in PRINTED_CELLS:
        counts.require(ids, counts.after(d, profiles) == printed)
    for d, leading, ceiling, ids in MOST_COMMON:
        for name, members in _single_classes():
            if name not in leading:
                counts.require(ids, counts.after(d, members) <= ceiling - 1)
    for m in PROFILES:
        if m != COMPOUND:
            counts.require("P114", counts.samples[LORLATINIB, m] <= 3)
    # The six most common single mutations: every other one is rarer than each of them.
    rarest = counts.model.new_int_var(0, SAMPLES, "rarest of the six")
    for members in COMMON.values():
        counts.require("P155", counts.with_profiles(members) >= rarest)
    for m in LESS_COMMON:
        counts.require("P155", counts.with_profiles([m]) <= rarest - 1)
    # "First- and second-generation ALK inhibitors mostly induced single ALK mutations".
    for d in (CRIZOTINIB, CERITINIB, ALECTINIB, BRIGATINIB):
        counts.require("P217", 2 * counts.after(d, MULTIPLE) <= AFTER[d] - 1)


def _single_classes() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield from COMMON.items()
    yield from ((m, (m,)) for m in LESS_COMMON)


def _comparisons(counts: CountModel, readings: Readings) -> None:
    for profiles, d, printed, ids in MORE_OFTEN:
        others = [other for other in FAILED if other != d]
        named = [other for other in others if other != OTHER]
        for among in (named, others):
            size = sum({**AFTER, OTHER: AFTER_OTHER}[other] for other in among)
            most = most_for_p_below(printed, AFTER[d], size, P_BELOW)
            counts.require(ids, counts.with_profiles(profiles, among) <= most)
    allowed = SPECTRA_MULTIPLE.get(readings.spectra_test)
    if allowed:
        options = [counts.model.new_bool_var(f"spectra {option}") for option in allowed]
        counts.require("P106", sum_of(options) == 1)
        for d, at in ((CERITINIB, 0), (BRIGATINIB, 1)):
            chosen = LinearExpr.weighted_sum(options, [option[at] for option in allowed])
            counts.require("P106", counts.after(d, MULTIPLE) == chosen)


def _benefit(counts: CountModel) -> None:
    counts.require("P140", counts.evaluated() == EVALUATIONS)
    counts.require("P141 P142", counts.evaluated(benefit=[1]) == 177)
    counts.require("P143 P144", counts.evaluated(SINGLE, benefit=[1]) == 150)
    counts.require("P143 P144", counts.evaluated(SINGLE) == 213)
    counts.require("P146 P147", counts.evaluated(MULTIPLE, benefit=[1]) == 27)
    counts.require("P146 P147", counts.evaluated(MULTIPLE) == 49)


def _verdicts(counts: CountModel, readings: Readings) -> None:
    """Figure 5: exactly two conflicting cells, and 45 compared with in vitro evidence."""
    model, rule = counts.model, readings.verdict
    low = Fraction(str(rule.low_sensitivity))
    sufficient = []
    for m in PROFILES:
        for i in GIVEN:
            n = counts.evaluated([m], [i])
            k = counts.evaluated([m], [i], [1])
            relapsed = counts.samples[i, m]
            least = least_for_high(rule.high_relapse_share, AFTER[i], rule.high_relapse_samples)
            if (m, i) in CONFLICTING:
                benefit, evaluated, ids = CONFLICTING[m, i]
                counts.require(ids, n == evaluated)
                counts.require(ids, k == benefit)
                counts.require("P189", relapsed >= least)
                counts.require("P189", n >= rule.min_evaluable)
                counts.require("P189", low.denominator * k >= low.numerator * n)
                continue
            enough = model.new_bool_var(f"enough {m} {i}")
            high = model.new_bool_var(f"high {m} {i}")
            model.add(n >= rule.min_evaluable).only_enforce_if(enough)
            model.add(n <= rule.min_evaluable - 1).only_enforce_if(~enough)
            model.add(relapsed >= least).only_enforce_if(high)
            model.add(relapsed <= least - 1).only_enforce_if(~high)
            below = low.denominator * k <= low.numerator * n - 1
            counts.require("P189", below, when=[enough, high])
            if m in TESTED:
                either = model.new_bool_var(f"sufficient {m} {i}")
                model.add_max_equality(either, [enough, high])
                sufficient.append(either)
    counts.require("P170", sum_of(sufficient) == COMPARED)


def least_for_high(share: float, n: int, minimum: int) -> int:
    """Fewest of n samples for a relapsing share that counts as high."""
    return next(r for r in range(minimum, n + 2) if r / n >= share or r > n)


def _evaluations_by_previous(counts: CountModel, readings: Readings) -> None:
    """Split evaluations by previous inhibitors without forming patients' courses."""
    after_one: list[IntVar] = []
    split: dict[tuple[str, int], list[IntVar]] = {}
    for d in FAILED:
        # Later evaluations of a patient are outside the split, or those without a number.
        outside = [] if d in readings.first_line else [UNREPORTED]
        kinds = [kind for kind in previous_of(d, readings) if kind != UNREPORTED] + outside
        for i in GIVEN:
            for b in (0, 1):
                if i == d:
                    continue
                parts = [
                    counts.model.new_int_var(0, EVALUATIONS, f"{d} {i} {b} {k}") for k in kinds
                ]
                counts.model.add(sum_of(parts) == counts.evaluated_after(d, given=[i], benefit=[b]))
                for kind, part in zip(kinds, parts, strict=True):
                    split.setdefault((kind, b), []).append(part)
                    if kind == ONE and i == LORLATINIB:
                        after_one.append(part)
    _require_split(counts, split, {})
    _require_lorlatinib_after_several(counts, after_one)


def _require_split(
    counts: CountModel,
    split: Mapping[tuple[str, int], list[IntVar]],
    local: Mapping[tuple[str, int], int],
) -> None:
    for kind, (benefit, no_benefit, ids) in PREVIOUS_SPLIT.items():
        for b, printed in ((1, benefit), (0, no_benefit)):
            literature = sum_of(split.get((kind, b), []))
            counts.require(ids, literature == printed - local.get((kind, b), 0))


def _require_lorlatinib_after_several(
    counts: CountModel,
    after_one: Sequence[IntVar],
    *,
    local_after_one: int = 0,
    unreported: Sequence[IntVar] = (),
) -> None:
    """Most patients given lorlatinib had more than one inhibitor before."""
    reported = counts.evaluated(given=[LORLATINIB]) - sum_of(unreported)
    counts.require("P209", 2 * (sum_of(after_one) + local_after_one) <= reported - 1)


def previous_of(failed: str, readings: Readings) -> tuple[str, ...]:
    """How many previous inhibitors a patient's first sample can have."""
    if failed in readings.first_line:
        return (ONE,)
    if failed == LORLATINIB:
        known: tuple[str, ...] = (MORE,)  # every one had an earlier inhibitor (P197)
    else:
        known = (ONE, MORE)
    return (*known, UNREPORTED) if readings.previous_count == "evaluations" else known


def actions(failed: str, *, instead_of: Iterable[str] = ()) -> Iterator[Action]:
    """What can follow a sample: nothing evaluated, or a line of an inhibitor not yet failed."""
    yield None
    for i in GIVEN:
        if i != failed and i not in instead_of:
            yield (i, 0)
            yield (i, 1)


def _courses(counts: CountModel, readings: Readings, local: tuple[LocalCourse, ...]) -> None:
    """Form the courses of the literature patients: one sample, or two in a row."""
    _course_variables(counts, readings)
    in_class: dict[tuple[str, Action], list[IntVar]] = {}
    split: dict[tuple[str, int], list[IntVar]] = {}
    given_lorlatinib: dict[str, list[IntVar]] = {}
    treated = []
    for course, patients in counts.courses.items():
        for sample in course.samples:
            in_class.setdefault(sample, []).append(patients)
        evaluated = course.evaluations
        if evaluated:
            treated.append(patients)
        for order, (kind, given, benefit) in enumerate(evaluated):
            if order == 0 or readings.previous_count == "evaluations":
                split.setdefault((kind, benefit), []).append(patients)
            if given == LORLATINIB:
                given_lorlatinib.setdefault(kind, []).append(patients)
        twice = sum(benefit for _, _, benefit in evaluated) > 1
        if readings.benefit_unit == "patients" and twice:
            counts.require("P005", patients == 0)
    own, own_split, own_treated = _local_classes(readings, local)
    everyone = sum_of([*counts.courses.values()])
    counts.require("P083 P085 P086", everyone == readings.literature_patients)
    counts.require("P139 P003", sum_of(treated) == TREATED - own_treated)
    _require_split(counts, split, own_split)
    _require_lorlatinib_after_several(
        counts,
        given_lorlatinib.get(ONE, []),
        local_after_one=sum(
            bool(first.line and first.line.inhibitor == LORLATINIB) for first, *_ in local
        ),
        unreported=given_lorlatinib.get(UNREPORTED, []),
    )
    for d in FAILED:
        for a in actions(d):
            taken = own.get((d, a), 0)
            counts.model.add(
                _in_class(counts, d, a, PROFILES) == sum_of(in_class.get((d, a), [])) + taken
            )
            if taken:
                counts.model.add(_in_class(counts, d, a, ON_PANEL) >= taken)


def _course_variables(counts: CountModel, readings: Readings) -> None:
    for d in FAILED:
        for a in actions(d):
            stated = previous_of(d, readings)
            alone = [Course(kind, ((d, a),)) for kind in (stated if a else ("",))]
            # The second sample was taken at progression on the line after the first.
            pairs = [
                Course(kind, ((d, a), (d2, a2)))
                for d2 in FAILED
                if d2 not in (d, *readings.first_line) and (a is None or a[0] == d2)
                for a2 in actions(d2, instead_of=[d])
                for kind in (stated if a else _unstated(a2, readings))
            ]
            for course in (*alone, *pairs):
                counts.courses[course] = counts.model.new_int_var(
                    0, readings.literature_patients, f"patients {course}"
                )


def _unstated(next_action: Action, readings: Readings) -> tuple[str, ...]:
    """Kinds of a pair whose first sample has no evaluation."""
    if readings.previous_count == "evaluations" and next_action:
        return ("", UNREPORTED)
    return ("",)


def _in_class(counts: CountModel, d: str, a: Action, profiles: Sequence[str]) -> LinearExpr:
    if a:
        return counts.evaluated_after(d, profiles, [a[0]], [a[1]])
    return counts.after(d, profiles) - counts.evaluated_after(d, profiles)


def _local_classes(
    readings: Readings, local: tuple[LocalCourse, ...]
) -> tuple[dict[tuple[str, Action], int], dict[tuple[str, int], int], int]:
    """Local samples by class, local evaluations in the previous-inhibitor split, treated."""
    classes: dict[tuple[str, Action], int] = {}
    split: dict[tuple[str, int], int] = {}
    every = readings.previous_count == "evaluations"
    for course in local:
        for order, sample in enumerate(course):
            line = sample.line
            action = (line.inhibitor, line.benefit) if line else None
            classes[sample.failed, action] = classes.get((sample.failed, action), 0) + 1
            if line and (every or order == 0):
                kind = ONE if order == 0 else MORE
                split[kind, line.benefit] = split.get((kind, line.benefit), 0) + 1
    return classes, split, sum(course[0].line is not None for course in local)


def _carriers_of_variants(counts: CountModel) -> None:
    """Leave each stratum of the fusion variant comparison carriers of both mutations."""
    for mutation in CARRIERS:
        for d in STRATA:
            counts.require("P134 P137", counts.samples[d, mutation] >= CARRIERS_OF_STRATUM)


def _local_lines(counts: CountModel) -> None:
    for i, (total, responses) in RESPONSES.items():
        benefit = counts.model.new_int_var(responses, total, f"local benefit {i}")
        counts.local_benefit.append(benefit)
        ids = "P056 P063 P065 P067 P069"
        counts.require(ids, counts.evaluated(given=[i], benefit=[1]) >= benefit)
        counts.require(ids, counts.evaluated(given=[i], benefit=[0]) >= total - benefit)
