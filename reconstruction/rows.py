"""Stage 3: patients as tables, with the duplicates and the patients who are left out.

What no printed number decides (sources, ages, specimens ...) is drawn from the seed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alkpool import mutations
from alkpool.data.tables import COHORT_TABLES
from alkpool.paper.recount import CRIZOTINIB, LORLATINIB, TREATED_HERE
from alkpool.vocabulary import (
    LIST_SEPARATOR,
    SYNTHETIC_PREFIX,
    UNKNOWN,
    Answer,
    PatientStatus,
    Phase,
    Sex,
    SourceStatus,
    Specimen,
    StudyType,
)
from reconstruction.counts import MORE, ONE, UNREPORTED, previous_of
from reconstruction.patients import Line, Patient, choice
from reconstruction.profiles import GIVEN, OTHER
from reconstruction.readings import LITERATURE_RECORDS, Readings

PREFIX = SYNTHETIC_PREFIX
LOCATOR = "synthetic, no source"
ENSARTINIB = "ensartinib"

COHORT_STUDIES, CASE_REPORTS = 36, 33
LOCAL_TESTED = 29
LOCAL_DUPLICATES = 7
# Six local patients were reported in one earlier paper and one in another (Figure 2 legend).
LOCAL_DUPLICATES_OF_FIRST_SOURCE = 6
FURTHER_REPORTS_OF_ONE_PATIENT = 3  # a sample "reported on 4 separate occasions"
REPEATED_BY_OTHERS = "reported more than once by other groups"


def expand(
    patients: list[Patient], readings: Readings, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Write patients as the four tables of a cohort.

    Returns
    -------
    dict
        ``sources``, ``patients``, ``samples`` and ``treatments``, cells as text as in the files.
    """
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
        reason = TREATED_HERE + (f"; {REPEATED_BY_OTHERS}" if at < both else "")
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
        "sex": choice(rng, [Sex.FEMALE, Sex.MALE], [0.55, 0.45]),
        "stage": choice(rng, ["IV", "III", UNKNOWN], [0.7, 0.05, 0.25]),
        "histology": choice(rng, ["adenocarcinoma", UNKNOWN], [0.8, 0.2]),
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
    chosen = CRIZOTINIB if CRIZOTINIB in earlier and rng.random() < 0.8 else ""
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
        phase = Phase(choice(rng, [Phase.CIS, Phase.UNKNOWN], [0.3, 0.7]))
        plasma = 0.45
    specimen = choice(
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
        "monotherapy": Answer.NO if line.partner else Answer.YES,
        "partner": line.partner,
        "best_response": line.best_response,
        "pfs_relation": pfs_relation,
        "pfs_months": pfs_months,
        "dot_relation": dot_relation,
        "dot_months": dot_months,
        "status": line.status,
    }
