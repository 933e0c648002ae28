"""The local cohort (paper, Results and Figure 2): courses of the 14 patients.

Drawn first, because its numbers are small and exact; profiles and classes of the pool are then
fitted around it.
"""

from dataclasses import dataclass

import numpy as np

from alkpool.analysis.benefit import THRESHOLD_MONTHS
from alkpool.paper.recount import ALECTINIB, BRIGATINIB, CERITINIB, CRIZOTINIB, LORLATINIB
from alkpool.vocabulary import BestResponse
from reconstruction.readings import Infeasible, Readings

# Patients by number of lines after their first sample: 12 had a second line of treatment, 4 of
# them a third and 1 a fourth; 2 had none.
LINES_OF_PATIENT = (3, 2, 2, 2, *(1,) * 8, 0, 0)

# 23 samples: one before each of the 17 lines, one of each untreated patient, and four at
# progression on a patient's last line.
FINAL_SAMPLES = 4

# (lines, objective responses) by inhibitor.
RESPONSES = {ALECTINIB: (5, 3), BRIGATINIB: (1, 1), CERITINIB: (5, 3), LORLATINIB: (6, 5)}

# Months and whether progression was seen. Found by random search: the Kaplan-Meier median is 9.2
# and both the interval that SPSS prints (Collett) and the log-log interval read 3.8-14.6. The
# censored 16.0 is the complete response that lasted more than 16 months.
LONG_RESPONSE = (16.0, False)
PFS_OF_LINES = (
    (1.3, True), (1.7, True), (2.1, True), (3.8, True), (4.6, True), (4.9, True), (5.8, True),
    (6.6, True), (9.2, True), (9.8, True), (11.3, True), (12.2, True), (14.6, True),
    LONG_RESPONSE, (18.1, True), (21.4, False), (24.2, True),
)  # fmt: skip
PFS_OF_PATIENTS = (
    (3.4, True), (3.8, True), (6.8, True), (7.0, True), (7.5, True), (8.8, False), (9.2, True),
    (11.1, True), (14.1, True), (14.6, True), LONG_RESPONSE, (29.9, True),
)  # fmt: skip
PFS_OF_FURTHER_LINES = ((1.9, True), (2.7, True), (5.2, True), (6.4, True), (10.3, True))

ATTEMPTS = 20_000
OUTCOMES_OF_COURSES = 100


@dataclass(frozen=True)
class LocalLine:
    """One line of treatment; ``progressed`` is False where follow-up ended before."""

    inhibitor: str
    best_response: BestResponse
    pfs_months: float
    progressed: bool

    @property
    def benefit(self) -> int:
        """1 where the rule of Figure 1 says benefit."""
        responded = self.best_response in (BestResponse.COMPLETE, BestResponse.PARTIAL)
        stable = self.best_response is BestResponse.STABLE
        return int(responded or (stable and self.pfs_months >= THRESHOLD_MONTHS))


@dataclass(frozen=True)
class LocalSample:
    """A sample after ``failed``, and the line that followed it, if any."""

    failed: str
    line: LocalLine | None


LocalCourse = tuple[LocalSample, ...]

# Months and whether progression was seen, for several lines.
Pfs = tuple[tuple[float, bool], ...]

# Patient and position of a line in the patient's course.
LineKey = tuple[int, int]


def draw_courses(rng: np.random.Generator, readings: Readings) -> tuple[LocalCourse, ...]:
    """Draw the courses of the 14 local patients.

    Returns
    -------
    tuple of tuple of LocalSample
        One course for each patient, in order of sampling; every printed number of the local
        cohort holds.

    Raises
    ------
    Infeasible
        Where the readings leave no such courses.
    """
    for _ in range(ATTEMPTS):
        courses = _inhibitor_courses(rng, readings)
        if courses is None:
            continue
        for _ in range(OUTCOMES_OF_COURSES):
            lines = _outcomes(rng, readings, courses)
            if lines is not None:
                return _sampled(rng, courses, lines)
    ids = ("P051", "P053", "P054", "P055", "P063", "P065", "P067", "P069")
    raise Infeasible(
        ids,
        f"no courses of the 14 local patients were found that fit {', '.join(ids)} "
        f"where all samples after {', '.join(readings.first_line)} are first-line",
    )


def _inhibitor_courses(
    rng: np.random.Generator, readings: Readings
) -> list[tuple[str, ...]] | None:
    """Inhibitors of each patient in order, the first-line one included."""
    pool = [name for name, (count, _) in RESPONSES.items() for _ in range(count)]
    order = iter(rng.permutation(pool))
    courses = []
    for count in LINES_OF_PATIENT:
        first = CRIZOTINIB if rng.random() < 0.85 else CERITINIB
        course = (first, *(str(next(order)) for _ in range(count)))
        if len(set(course)) < len(course):
            return None
        if any(failed in readings.first_line for failed in course[1:-1]):
            return None
        courses.append(course)
    return courses


def _outcomes(
    rng: np.random.Generator, readings: Readings, courses: list[tuple[str, ...]]
) -> dict[LineKey, LocalLine] | None:
    """Response and months of each line."""
    inhibitor_of = {
        (patient, place): inhibitor
        for patient, course in enumerate(courses)
        for place, inhibitor in enumerate(course)
        if place > 0
    }
    responders = {
        key
        for inhibitor, (_, responses) in RESPONSES.items()
        for key in _some(rng, [k for k, i in inhibitor_of.items() if i == inhibitor], responses)
    }
    once = readings.benefit_unit == "patients"
    if once and len({patient for patient, _ in responders}) < len(responders):
        return None
    groups: list[tuple[list[LineKey], Pfs]] = [(list(inhibitor_of), PFS_OF_LINES)]
    if readings.pfs_unit == "patients":
        groups = [
            ([key for key in inhibitor_of if key[1] == 1], PFS_OF_PATIENTS),
            ([key for key in inhibitor_of if key[1] > 1], PFS_OF_FURTHER_LINES),
        ]
    last = {(patient, len(course) - 1) for patient, course in enumerate(courses)}
    months: dict[LineKey, tuple[float, bool]] = {}
    for keys, values in groups:
        found = _months(rng, keys, values, inhibitor_of, responders, last)
        if found is None:
            return None
        months |= found
    outcomes = {
        key: LocalLine(
            inhibitor, _response(rng, inhibitor, months[key][0], key in responders), *months[key]
        )
        for key, inhibitor in inhibitor_of.items()
    }
    benefiting = [patient for (patient, _), line in outcomes.items() if line.benefit]
    if once and len(set(benefiting)) < len(benefiting):
        return None
    return outcomes


def _some(rng: np.random.Generator, keys: list[LineKey], number: int) -> list[LineKey]:
    return [keys[at] for at in rng.permutation(len(keys))[:number]]


def _months(
    rng: np.random.Generator,
    keys: list[LineKey],
    values: Pfs,
    inhibitor_of: dict[LineKey, str],
    responders: set[LineKey],
    last: set[LineKey],
) -> dict[LineKey, tuple[float, bool]] | None:
    """Months of each line: the long response to brigatinib, censored ones to last lines."""
    brigatinib = [key for key in keys if inhibitor_of[key] == BRIGATINIB]
    if len(brigatinib) != values.count(LONG_RESPONSE) or not last.issuperset(brigatinib):
        return None
    months = dict.fromkeys(brigatinib, LONG_RESPONSE)
    censored = [value for value in values if not value[1] and value != LONG_RESPONSE]
    free = [key for key in keys if key in last & responders and key not in months]
    if len(free) < len(censored):
        return None
    months |= dict(zip(_some(rng, free, len(censored)), censored, strict=True))
    # Responders tend to stay free of progression for longer, with exceptions.
    remaining = [key for key in keys if key not in months]
    tendency = {key: (key in responders) + rng.normal(0, 0.5) for key in remaining}
    seen = sorted(value for value in values if value[1])
    return months | dict(zip(sorted(remaining, key=tendency.__getitem__), seen, strict=True))


def _response(
    rng: np.random.Generator, inhibitor: str, months: float, responded: bool
) -> BestResponse:
    if responded:
        return BestResponse.COMPLETE if inhibitor == BRIGATINIB else BestResponse.PARTIAL
    stable = months >= THRESHOLD_MONTHS or rng.random() < 0.4
    return BestResponse.STABLE if stable else BestResponse.PROGRESSIVE


def _sampled(
    rng: np.random.Generator,
    courses: list[tuple[str, ...]],
    lines: dict[LineKey, LocalLine],
) -> tuple[LocalCourse, ...]:
    ended = [
        patient
        for patient, course in enumerate(courses)
        if len(course) > 1 and lines[patient, len(course) - 1].progressed
    ]
    resampled = set(rng.choice(ended, FINAL_SAMPLES, replace=False).tolist())
    sampled = []
    for patient, course in enumerate(courses):
        samples = [
            LocalSample(failed, lines.get((patient, place + 1)))
            for place, failed in enumerate(course)
            if place < len(course) - 1 or len(course) == 1 or patient in resampled
        ]
        sampled.append(tuple(samples))
    return tuple(sampled)
