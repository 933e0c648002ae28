"""Stage 2: from counts to patients with their samples, lines of treatment and fusion variants.

Every choice that no printed number decides (profiles within a class, months, responses ...) is
drawn from the seed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from scipy.stats import fisher_exact

from alkpool.paper.recount import SIGNIFICANT
from alkpool.vocabulary import UNKNOWN, BestResponse, Relation, TreatmentStatus
from reconstruction.counts import ONE, Action, Course
from reconstruction.local import LocalCourse, LocalLine
from reconstruction.profiles import COMMON, FAILED, GIVEN, ON_PANEL
from reconstruction.readings import Readings
from reconstruction.variants import CARRIERS, REST, STRATA, VARIANT_PATIENTS, draw_strata

EML4 = "EML4"
EML4_PATIENTS = 103
OTHER_PARTNERS = ("KIF5B", "KIF5B", "KLC1", "STRN")

# Lines beside the 262 evaluations, given to patients who have one: the paper keeps such lines
# apart without printing how many there are.
UNKNOWN_CLASS_LINES = 15
COMBINATION_LINES = 6

ATTEMPTS = 500


class Redraw(Exception):
    """The random choices of this draw do not fit together; the next ones may."""


@dataclass(frozen=True)
class Line:
    """One line of treatment, cells as in treatments.csv."""

    inhibitor: str
    best_response: str
    pfs: tuple[str, float] | None
    dot: tuple[str, float] | None
    status: str
    partner: str = ""


@dataclass(frozen=True)
class Sample:
    """One sample with the lines that followed it."""

    failed: str
    profile: str
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Patient:
    """A patient's samples, and what preceded the first."""

    samples: tuple[Sample, ...]
    previous: str
    local: bool = False
    evaluated: bool = False
    partner: str = UNKNOWN
    variant: str = UNKNOWN


@dataclass(frozen=True)
class Counts:
    """Solved counts: profiles of each class of samples, and literature courses."""

    pools: Mapping[tuple[str, Action], Sequence[str]]
    courses: Mapping[Course, int]


@dataclass
class _Pools:
    """Profiles not yet given to a sample, by class."""

    left: dict[tuple[str, Action], list[str]] = field(default_factory=dict)

    def take(self, key: tuple[str, Action], wanted: Iterable[str] | None = None) -> str:
        pool = self.left[key]
        places = (
            range(len(pool))
            if wanted is None
            else [at for at, profile in enumerate(pool) if profile in wanted]
        )
        if not places:
            raise Redraw(f"no suitable profile is left for {key}")
        return pool.pop(places[0])


def draw_patients(
    counts: Counts,
    local: tuple[LocalCourse, ...],
    readings: Readings,
    rng: np.random.Generator,
) -> list[Patient]:
    """Draw the patients of the pool, the local ones first.

    Raises
    ------
    Redraw
        Where the random choices do not fit together.
    """
    patients = _with_variants(_patients(counts, local, rng), readings, rng)
    return _with_further_lines(patients, rng)


def _patients(
    counts: Counts, local: tuple[LocalCourse, ...], rng: np.random.Generator
) -> list[Patient]:
    pools = _Pools(
        {key: rng.permutation(list(pool)).tolist() for key, pool in counts.pools.items()}
    )
    patients = _local_patients(local, pools, rng)
    literature = _literature_patients(counts.courses, pools, rng)
    return [*patients, *(literature[at] for at in rng.permutation(len(literature)))]


def _local_patients(
    local: tuple[LocalCourse, ...], pools: _Pools, rng: np.random.Generator
) -> list[Patient]:
    patients = []
    for course in local:
        samples = []
        for sample in course:
            action = (sample.line.inhibitor, sample.line.benefit) if sample.line else None
            profile = pools.take((sample.failed, action), ON_PANEL)
            lines = (_local_line(sample.line, rng),) if sample.line else ()
            samples.append(Sample(sample.failed, profile, lines))
        evaluated = course[0].line is not None
        patients.append(Patient(tuple(samples), ONE, local=True, evaluated=evaluated))
    return patients


def _literature_patients(
    courses: Mapping[Course, int], pools: _Pools, rng: np.random.Generator
) -> list[Patient]:
    # Second samples choose their profile first, and without the two mutations of the variant
    # comparison where possible: it counts first samples.
    later: dict[Course, list[str]] = {}
    for course, number in courses.items():
        for sample in course.samples[1:] * number:
            plain = [profile for profile in pools.left[sample] if profile not in CARRIERS]
            later.setdefault(course, []).append(pools.take(sample, plain or None))
    patients = []
    for course, number in courses.items():
        for at in range(number):
            samples = []
            for order, (failed, action) in enumerate(course.samples, start=1):
                profile = later[course][at] if order > 1 else pools.take((failed, action))
                lines = _lines_of(action, rng, last=order == len(course.samples))
                samples.append(Sample(failed, profile, lines))
            evaluated = bool(course.evaluations)
            patients.append(Patient(tuple(samples), course.previous, evaluated=evaluated))
    return patients


def _local_line(line: LocalLine, rng: np.random.Generator) -> Line:
    relation = Relation.EQUAL if line.progressed else Relation.ABOVE
    ended = TreatmentStatus.ENDED if line.progressed else TreatmentStatus.ONGOING
    beyond = round(line.pfs_months + float(rng.uniform(0, 2)), 1)
    return Line(
        line.inhibitor,
        line.best_response,
        (relation, line.pfs_months),
        (relation, beyond),
        ended,
    )


def _months(rng: np.random.Generator, low: float, high: float) -> float:
    return round(float(rng.uniform(low, high)), 1)


def choice(rng: np.random.Generator, options: Sequence[str], shares: Sequence[float]) -> str:
    """Draw one of the options."""
    return str(rng.choice(options, p=shares))


def _lines_of(action: Action, rng: np.random.Generator, *, last: bool) -> tuple[Line, ...]:
    """The line of an action, with an outcome that the rule of Figure 1 puts in its class."""
    if action is None:
        return ()
    inhibitor, benefit = action
    outcome = _benefit_line if benefit else _no_benefit_line
    return (outcome(inhibitor, rng, last=last),)


_UNDECIDED = (
    BestResponse.STABLE,
    BestResponse.MIXED,
    BestResponse.NOT_EVALUABLE,
    BestResponse.UNKNOWN,
)
_UNDECIDED_SHARES = (0.6, 0.1, 0.1, 0.2)


def _benefit_line(inhibitor: str, rng: np.random.Generator, *, last: bool) -> Line:
    rule = choice(rng, ["R1", "R3", "R6"], [0.7, 0.18, 0.12])
    ongoing = last and rng.random() < 0.3
    status = TreatmentStatus.ONGOING if ongoing else TreatmentStatus.ENDED
    months = (Relation.ABOVE if ongoing else Relation.EQUAL, _months(rng, 6.0, 28.0))
    undecided = choice(rng, _UNDECIDED, _UNDECIDED_SHARES)
    if rule == "R1":
        response = choice(rng, [BestResponse.COMPLETE, BestResponse.PARTIAL], [0.1, 0.9])
        known = rng.random() < 0.6
        return Line(inhibitor, response, months if known else None, None, status)
    if rule == "R3":
        return Line(inhibitor, undecided, months, None, status)
    return Line(inhibitor, undecided, None, months, status)


def _no_benefit_line(inhibitor: str, rng: np.random.Generator, *, last: bool) -> Line:
    rule = choice(rng, ["R2", "R5", "R8"], [0.6, 0.25, 0.15])
    short = (Relation.EQUAL, _months(rng, 0.7, 5.9))
    if last and rng.random() < 0.15:
        short = (Relation.BELOW, float(rng.integers(2, 7)))
    undecided = choice(rng, _UNDECIDED, _UNDECIDED_SHARES)
    status = choice(rng, [TreatmentStatus.ENDED, TreatmentStatus.UNKNOWN], [0.8, 0.2])
    if rule == "R2":
        known = rng.random() < 0.6
        return Line(inhibitor, BestResponse.PROGRESSIVE, short if known else None, None, status)
    if rule == "R5":
        return Line(inhibitor, undecided, short, None, status)
    return Line(inhibitor, undecided, None, short, status)


def _unknown_line(inhibitor: str, rule: str, rng: np.random.Generator) -> Line:
    """A line that rule R4, R7 or R9 leaves unknown."""
    undecided = choice(rng, _UNDECIDED, _UNDECIDED_SHARES)
    short = (Relation.EQUAL, _months(rng, 0.5, 5.9))
    if rule == "R4":
        return Line(inhibitor, undecided, short, None, TreatmentStatus.ONGOING)
    if rule == "R7":
        return Line(inhibitor, undecided, None, short, TreatmentStatus.ONGOING)
    open_bound = (Relation.ABOVE, short[1]) if rng.random() < 0.5 else None
    return Line(inhibitor, undecided, open_bound, None, TreatmentStatus.UNKNOWN)


def _with_further_lines(patients: list[Patient], rng: np.random.Generator) -> list[Patient]:
    """Add lines of unknown class and combinations after the last line of evaluated patients."""
    further = ["R4", "R7", "R9"] * (UNKNOWN_CLASS_LINES // 3) + [""] * COMBINATION_LINES
    extended = list(patients)
    eligible = [
        at
        for at, patient in enumerate(patients)
        if patient.evaluated and not patient.local and not _ongoing(patient)
    ]
    for at, rule in zip(rng.permutation(eligible), further, strict=False):
        patient = patients[at]
        used = {sample.failed for sample in patient.samples} | {
            line.inhibitor for sample in patient.samples for line in sample.lines
        }
        inhibitor = str(rng.choice([i for i in GIVEN if i not in used]))
        if rule:
            line = _unknown_line(inhibitor, rule, rng)
        else:
            partner = choice(rng, ["chemotherapy", "radiotherapy"], [0.7, 0.3])
            line = replace(_benefit_line(inhibitor, rng, last=True), partner=partner)
        *before, final = patient.samples
        final = replace(final, lines=(*final.lines, line))
        extended[at] = replace(patient, samples=(*before, final))
    return extended


def _ongoing(patient: Patient) -> bool:
    lines = [line for sample in patient.samples for line in sample.lines]
    return lines[-1].status == TreatmentStatus.ONGOING


def _with_variants(
    patients: list[Patient], readings: Readings, rng: np.random.Generator
) -> list[Patient]:
    """Give fusion partners and variants so that the comparison of Figure 4 C holds."""
    eligible = [
        at
        for at, patient in enumerate(patients)
        if readings.variant_unit == "index sample" or len(patient.samples) == 1
    ]
    strata: dict[tuple[str, str], list[int]] = {}
    for at in rng.permutation(eligible).tolist():
        first = patients[at].samples[0]
        group = first.profile if first.profile in CARRIERS else REST
        strata.setdefault((group, first.failed), []).append(at)
    available = {
        (group, d): len(strata.get((group, d), [])) for group in (*CARRIERS, REST) for d in STRATA
    }
    drawn = draw_strata(rng, available)
    for _ in range(ATTEMPTS):
        chosen = _patients_of_strata(drawn, strata, rng)
        if _similar_otherwise(patients, chosen):
            break
    else:
        raise Redraw("the other mutations are not similarly distributed between the variants")
    known = dict(chosen)
    rest = [at for at in rng.permutation(len(patients)).tolist() if at not in known]
    # One local patient has variant 5, beside the 89 with variant 1 or 3 (Figure 2).
    fifth = next(at for at in rest if patients[at].local)
    known[fifth] = "V5"
    rest.remove(fifth)
    partners = dict.fromkeys(known, EML4)
    unnamed = EML4_PATIENTS - len(known)
    partners |= dict.fromkeys(rest[:unnamed], EML4)
    partners |= dict(zip(rest[unnamed:], OTHER_PARTNERS, strict=False))
    return [
        replace(patient, partner=partners.get(at, UNKNOWN), variant=known.get(at, UNKNOWN))
        for at, patient in enumerate(patients)
    ]


def _patients_of_strata(
    drawn: Mapping[tuple[str, str, str], int],
    strata: Mapping[tuple[str, str], list[int]],
    rng: np.random.Generator,
) -> dict[int, str]:
    chosen: dict[int, str] = {}
    for (group, d), members in strata.items():
        order = iter(rng.permutation(members).tolist())
        for variant in VARIANT_PATIENTS:
            for _ in range(drawn.get((variant, d, group), 0)):
                chosen[next(order)] = variant
    return chosen


def _similar_otherwise(patients: list[Patient], chosen: Mapping[int, str]) -> bool:
    first = {at: patients[at].samples[0].profile for at in chosen}
    for name, members in COMMON.items():
        if name in CARRIERS:
            continue
        carriers = [
            sum(first[at] in members for at in chosen if chosen[at] == variant)
            for variant in VARIANT_PATIENTS
        ]
        totals = list(VARIANT_PATIENTS.values())
        table = [[k, n - k] for k, n in zip(carriers, totals, strict=True)]
        if fisher_exact(np.array(table)).pvalue < SIGNIFICANT:
            return False
    return True


def class_pools(
    samples: Mapping[tuple[str, str], int], lines: Mapping[tuple[str, str, str, int], int]
) -> dict[tuple[str, Action], list[str]]:
    """List the profiles of each class of samples, once for each sample."""
    pools: dict[tuple[str, Action], list[str]] = {}
    evaluated: Counter[tuple[str, str]] = Counter()
    for (d, m, i, b), number in lines.items():
        pools.setdefault((d, (i, b)), []).extend([m] * number)
        evaluated[d, m] += number
    for d in FAILED:
        for (failed, m), number in samples.items():
            if failed == d:
                pools.setdefault((d, None), []).extend([m] * (number - evaluated[d, m]))
    return pools
