"""Stage 2: from counts to patients, samples and lines of treatment.

Every choice that no printed number decides (profiles within a class, ages, months ...) is drawn
from the seed.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.stats import fisher_exact

from alkpool import mutations
from alkpool.data.tables import COHORT_TABLES
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    SYNTHETIC_PREFIX,
    UNKNOWN,
    Answer,
    BestResponse,
    PatientStatus,
    Phase,
    Relation,
    Sex,
    SourceStatus,
    Specimen,
    StudyType,
    TreatmentStatus,
)
from reconstruction.counts import MORE, ONE, UNREPORTED, Action, Course, previous_of
from reconstruction.local import LocalCourse, LocalLine
from reconstruction.profiles import COMMON, FAILED, GIVEN, LORLATINIB, ON_PANEL, OTHER
from reconstruction.readings import LITERATURE_RECORDS, Readings
from reconstruction.variants import CARRIERS, REST, STRATA, VARIANT_PATIENTS, draw_strata

PREFIX = SYNTHETIC_PREFIX
LOCATOR = "synthetic, no source"
ENSARTINIB = "ensartinib"

COHORT_STUDIES, CASE_REPORTS = 36, 33
LOCAL_TESTED = 29
LOCAL_DUPLICATES = 7
# Six local patients were reported in one earlier paper and one in another (Figure 2 legend).
LOCAL_DUPLICATES_OF_FIRST_SOURCE = 6
FURTHER_REPORTS_OF_ONE_PATIENT = 3  # a sample "reported on 4 separate occasions"
AT_LOCAL_CENTRE = "treated at the local centre"
REPEATED_BY_OTHERS = "reported more than once by other groups"

EML4 = "EML4"
EML4_PATIENTS = 103
OTHER_PARTNERS = ("KIF5B", "KIF5B", "KLC1", "STRN")

# Lines beside the 262 evaluations, given to patients who have one: the paper keeps such lines
# apart without printing how many there are.
UNKNOWN_CLASS_LINES = 15
COMBINATION_LINES = 6

# Largest P at which a mutation is not "similarly distributed" between two fusion variants.
SIMILAR_P = 0.05
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
    monotherapy: str = Answer.YES


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


def expand(
    counts: Counts,
    local: tuple[LocalCourse, ...],
    readings: Readings,
    rng: np.random.Generator,
) -> dict[str, pd.DataFrame]:
    """Expand counts into the four tables of a cohort.

    Returns
    -------
    dict
        ``sources``, ``patients``, ``samples`` and ``treatments``, cells as text as in the files.

    Raises
    ------
    Redraw
        Where the random choices do not fit together.
    """
    patients = _with_variants(_patients(counts, local, rng), readings, rng)
    patients = _with_further_lines(patients, rng)
    ids = _patient_ids(patients)
    records = _records(ids, patients, readings, rng)
    tables = {
        "sources": _source_rows(),
        "patients": _patient_rows(ids, patients, records, rng),
        **_sample_and_treatment_rows(ids, patients, records, readings, rng),
    }
    return {
        table.name: pd.DataFrame(
            [[str(row.get(column, "")) for column in table.columns] for row in tables[table.name]],
            columns=table.columns,
            dtype=str,
        ).sort_values(list(table.key), ignore_index=True)
        for table in COHORT_TABLES
    }


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


def _choice(rng: np.random.Generator, options: Sequence[str], shares: Sequence[float]) -> str:
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
    rule = _choice(rng, ["R1", "R3", "R6"], [0.7, 0.18, 0.12])
    ongoing = last and rng.random() < 0.3
    status = TreatmentStatus.ONGOING if ongoing else TreatmentStatus.ENDED
    months = (Relation.ABOVE if ongoing else Relation.EQUAL, _months(rng, 6.0, 28.0))
    undecided = _choice(rng, _UNDECIDED, _UNDECIDED_SHARES)
    if rule == "R1":
        response = _choice(rng, [BestResponse.COMPLETE, BestResponse.PARTIAL], [0.1, 0.9])
        known = rng.random() < 0.6
        return Line(inhibitor, response, months if known else None, None, status)
    if rule == "R3":
        return Line(inhibitor, undecided, months, None, status)
    return Line(inhibitor, undecided, None, months, status)


def _no_benefit_line(inhibitor: str, rng: np.random.Generator, *, last: bool) -> Line:
    rule = _choice(rng, ["R2", "R5", "R8"], [0.6, 0.25, 0.15])
    short = (Relation.EQUAL, _months(rng, 0.7, 5.9))
    if last and rng.random() < 0.15:
        short = (Relation.BELOW, float(rng.integers(2, 7)))
    undecided = _choice(rng, _UNDECIDED, _UNDECIDED_SHARES)
    status = _choice(rng, [TreatmentStatus.ENDED, TreatmentStatus.UNKNOWN], [0.8, 0.2])
    if rule == "R2":
        known = rng.random() < 0.6
        return Line(inhibitor, BestResponse.PROGRESSIVE, short if known else None, None, status)
    if rule == "R5":
        return Line(inhibitor, undecided, short, None, status)
    return Line(inhibitor, undecided, None, short, status)


def _unknown_line(inhibitor: str, rule: str, rng: np.random.Generator) -> Line:
    """A line that rule R4, R7 or R9 leaves unknown."""
    undecided = _choice(rng, _UNDECIDED, _UNDECIDED_SHARES)
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
            alone = _choice(rng, [Answer.NO, Answer.UNKNOWN], [0.7, 0.3])
            line = replace(_benefit_line(inhibitor, rng, last=True), monotherapy=alone)
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
    known = dict(patients_variant for patients_variant in chosen.items())
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
        if fisher_exact(np.array(table)).pvalue < SIMILAR_P:
            return False
    return True


def _patient_ids(patients: list[Patient]) -> list[str]:
    local = sum(patient.local for patient in patients)
    return [
        f"{PREFIX}L{at + 1:02d}" if at < local else f"{PREFIX}P{at + 1 - local:03d}"
        for at in range(len(patients))
    ]


@dataclass(frozen=True)
class _Records:
    """Source of each included patient, and the duplicate records."""

    source_of: Mapping[str, str]
    duplicates: Sequence[tuple[str, str, str, str]]  # record id, source, original, reason


def _cohort_source(number: int) -> str:
    return f"{PREFIX}C{number:02d}"


def _case_source(number: int) -> str:
    return f"{PREFIX}R{number:02d}"


LOCAL_SOURCE = f"{PREFIX}UMCG"


def _records(
    ids: list[str], patients: list[Patient], readings: Readings, rng: np.random.Generator
) -> _Records:
    local = [i for i, patient in zip(ids, patients, strict=True) if patient.local]
    literature = [i for i, patient in zip(ids, patients, strict=True) if not patient.local]
    source_of = dict.fromkeys(local, LOCAL_SOURCE)
    shuffled = rng.permutation(literature).tolist()
    for number, patient in enumerate(shuffled[:CASE_REPORTS], start=1):
        source_of[patient] = _case_source(number)
    in_cohorts = shuffled[CASE_REPORTS:]
    sizes = rng.dirichlet(np.full(COHORT_STUDIES, 1.2))
    for at, patient in enumerate(in_cohorts):
        number = at if at < COHORT_STUDIES else int(rng.choice(COHORT_STUDIES, p=sizes))
        source_of[patient] = _cohort_source(number + 1)
    numbered = iter(range(len(literature) + 1, LITERATURE_RECORDS + 1))
    duplicates = []
    both = LOCAL_DUPLICATES + 44 - readings.duplicates
    for at, original in enumerate(rng.permutation(local)[:LOCAL_DUPLICATES].tolist()):
        source = _cohort_source(1 if at < LOCAL_DUPLICATES_OF_FIRST_SOURCE else 2)
        reason = AT_LOCAL_CENTRE + (f"; {REPEATED_BY_OTHERS}" if at < both else "")
        duplicates.append((f"{PREFIX}P{next(numbered):03d}", source, original, reason))
    originals = rng.permutation(in_cohorts).tolist()
    repeats = [originals[0]] * FURTHER_REPORTS_OF_ONE_PATIENT + originals[1:]
    used: dict[str, set[str]] = {}
    for number in numbered:
        original = repeats.pop(0)
        taken = used.setdefault(original, {source_of[original]})
        free = [_cohort_source(n + 1) for n in range(COHORT_STUDIES)]
        source = str(rng.choice([name for name in free if name not in taken]))
        taken.add(source)
        duplicates.append((f"{PREFIX}P{number:03d}", source, original, REPEATED_BY_OTHERS))
    return _Records(source_of, duplicates)


def _source_rows() -> list[dict[str, object]]:
    names = [(LOCAL_SOURCE, StudyType.LOCAL)]
    names += [(_cohort_source(n + 1), StudyType.COHORT) for n in range(COHORT_STUDIES)]
    names += [(_case_source(n + 1), StudyType.CASE_REPORT) for n in range(CASE_REPORTS)]
    return [
        {
            "source_id": name,
            "study_type": kind,
            "sampling": UNKNOWN,
            "access": UNKNOWN,
            "title": "Synthetic source",
            "status": SourceStatus.INCLUDED,
            "note": "synthetic; stands for no publication",
        }
        for name, kind in names
    ]


def _patient_rows(
    ids: list[str], patients: list[Patient], records: _Records, rng: np.random.Generator
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for name, patient in zip(ids, patients, strict=True):
        rows.append(
            {
                "patient_id": name,
                "source_id": records.source_of[name],
                "status": PatientStatus.INCLUDED,
                **_characteristics(rng),
                "fusion_partner": patient.partner,
                "fusion_variant": patient.variant,
            }
        )
    original = {str(row["patient_id"]): row for row in rows}
    for name, source, repeated, reason in records.duplicates:
        rows.append(
            {
                **original[repeated],
                "patient_id": name,
                "source_id": source,
                "status": PatientStatus.DUPLICATE,
                "duplicate_of": repeated,
                "exclusion_reason": reason,
            }
        )
    for number in range(sum(patient.local for patient in patients) + 1, LOCAL_TESTED + 1):
        rows.append(
            {
                "patient_id": f"{PREFIX}L{number:02d}",
                "source_id": LOCAL_SOURCE,
                "status": PatientStatus.EXCLUDED,
                "exclusion_reason": "no ALK mutation found",
                **_characteristics(rng),
                "fusion_partner": UNKNOWN,
                "fusion_variant": UNKNOWN,
            }
        )
    return rows


def _characteristics(rng: np.random.Generator) -> dict[str, object]:
    return {
        "age_years": int(np.clip(rng.normal(53, 11), 22, 86)),
        "sex": _choice(rng, [Sex.FEMALE, Sex.MALE], [0.55, 0.45]),
        "stage": _choice(rng, ["IV", "III", UNKNOWN], [0.7, 0.05, 0.25]),
        "histology": _choice(rng, ["adenocarcinoma", UNKNOWN], [0.8, 0.2]),
    }


def _sample_and_treatment_rows(
    ids: list[str],
    patients: list[Patient],
    records: _Records,
    readings: Readings,
    rng: np.random.Generator,
) -> dict[str, list[dict[str, object]]]:
    samples: list[dict[str, object]] = []
    treatments: list[dict[str, object]] = []
    for name, patient in zip(ids, patients, strict=True):
        named = _other_inhibitor(patient, readings)
        prior = _first_prior(patient, named, readings, rng)
        for order, sample in enumerate(patient.samples, start=1):
            failed = named if sample.failed == OTHER else sample.failed
            if order > 1:
                prior = [*prior, failed]
            samples.append(
                {
                    "sample_id": f"{name}-S{order}",
                    "patient_id": name,
                    "sample_order": order,
                    "resistance_on": failed,
                    "prior_inhibitors": LIST_SEPARATOR.join(prior),
                    **_sequencing(sample.profile, rng),
                    "locator": LOCATOR,
                }
            )
            for further, line in enumerate(sample.lines):
                number = "" if UNKNOWN in prior else len(prior) + 1 + further
                treatments.append(
                    {
                        "treatment_id": f"{name}-S{order}-T{further + 1}",
                        "sample_id": f"{name}-S{order}",
                        "line_number": number,
                        "lines_since_sample": further,
                        **_cells(line),
                        "locator": LOCATOR,
                    }
                )
    first = {str(row["patient_id"]): row for row in samples if row["sample_order"] == 1}
    for name, _, repeated, _ in records.duplicates:
        samples.append({**first[repeated], "sample_id": f"{name}-S1", "patient_id": name})
    return {"samples": samples, "treatments": treatments}


def _other_inhibitor(patient: Patient, readings: Readings) -> str:
    always = readings.other_inhibitor == "always"
    return ENSARTINIB if patient.evaluated or always else UNKNOWN


def _first_prior(
    patient: Patient, other: str, readings: Readings, rng: np.random.Generator
) -> list[str]:
    """ALK inhibitors before the first sample, in order; never one that follows it."""
    first = patient.samples[0].failed
    failed = other if first == OTHER else first
    kind = patient.previous or _free_previous(first, readings, rng)
    if kind == ONE:
        return [failed]
    if kind == UNREPORTED:
        return [UNKNOWN, failed]
    later = {sample.failed for sample in patient.samples} | {
        line.inhibitor for sample in patient.samples for line in sample.lines
    }
    earlier = [i for i in GIVEN if i not in later and i != LORLATINIB]
    if not earlier:
        earlier = [ENSARTINIB] if other != ENSARTINIB or OTHER not in later else [LORLATINIB]
    # Crizotinib came first for most patients of these years.
    chosen = "crizotinib" if "crizotinib" in earlier and rng.random() < 0.8 else ""
    return [chosen or str(rng.choice(earlier)), failed]


def _free_previous(failed: str, readings: Readings, rng: np.random.Generator) -> str:
    options = [kind for kind in previous_of(failed, readings) if kind != UNREPORTED]
    return MORE if options[-1] == MORE and (len(options) == 1 or rng.random() < 0.7) else ONE


def _sequencing(profile: str, rng: np.random.Generator) -> dict[str, object]:
    names = mutations.mutations_of(profile)
    phase = Phase.SINGLE
    plasma = 0.25
    if len(names) > 1:
        # Never trans: those are assessed as separate single mutants, and would move counts.
        phase = Phase(_choice(rng, [Phase.CIS, Phase.UNKNOWN], [0.3, 0.7]))
        plasma = 0.45
    specimen = _choice(
        rng,
        [Specimen.TISSUE, Specimen.PLASMA, Specimen.EFFUSION],
        [0.9 - plasma, plasma, 0.1],
    )
    share = [f"{rng.uniform(0.5, 45):.1f}" for _ in names]
    known = rng.random() < 0.35
    return {
        "specimen": specimen,
        "mutations": profile,
        "phase": phase,
        "vaf_percent": LIST_SEPARATOR.join(share) if known else "",
    }


def _cells(line: Line) -> dict[str, object]:
    pfs_relation, pfs_months = line.pfs or ("", "")
    dot_relation, dot_months = line.dot or ("", "")
    return {
        "inhibitor": line.inhibitor,
        "monotherapy": line.monotherapy,
        "best_response": line.best_response,
        "pfs_relation": pfs_relation,
        "pfs_months": pfs_months,
        "dot_relation": dot_relation,
        "dot_months": dot_months,
        "status": line.status,
    }


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
