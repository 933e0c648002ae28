"""A simulated registry: a synthetic cohort as large as one wants, in the project's schema.

It stands in for a national registry where speed and memory are measured. Its rows are drawn from
a few frequencies, some printed in the paper and the others assumed (each says which), so what is
computed from it is no evidence and says nothing of any patient. Ids start with ``SYN-``.

The folder holds ``cohort.yaml``, ``sources.parquet`` and partitions ``part-00000`` and so on,
each with ``patients.parquet``, ``samples.parquet`` and ``treatments.parquet`` of complete
patients. Columns are those of the data dictionary; closed vocabularies are dictionary-encoded. A
partition depends on the seed, its number and its number of lines only, so neither workers nor
their number change the result, and memory is that of one partition for each worker.
"""

import argparse
import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from itertools import permutations
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import yaml
from numpy.typing import NDArray

from alkpool.data.cohort import DESCRIPTION_FILE, Cohort, CohortMeta
from alkpool.data.reader import Table
from alkpool.data.tables import PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.mutations import is_compound
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

Codes = NDArray[np.integer]
# Terms with how often they are drawn.
Weights = Mapping[str, float]

# Lines of treatment of a partition; about 150,000 patients.
PART_LINES = 100_000
MAX_LINES = 1_000_000_000
THOUSANDS = re.compile(r"\d{1,3}(,\d{3})+")

PREFIX = f"{SYNTHETIC_PREFIX}REG"
LOCATOR = "synthetic, no source"
META = CohortMeta(
    title="Simulated registry (synthetic)",
    kind="own",
    synthetic=True,
    description=(
        "Synthetic rows, drawn from a few frequencies to measure speed and memory. No row is a "
        f"patient, and nothing computed from them is evidence. Ids start with {PREFIX}."
    ),
    licence="CC BY 4.0",
)

# Samples after each inhibitor (paper, Results and Figure 4: five are named; the other 29 of 450
# samples are put down to ensartinib).
AFTER = {
    "crizotinib": 220, "alectinib": 82, "ceritinib": 53, "lorlatinib": 34, "brigatinib": 32,
    "ensartinib": 29,
}  # fmt: skip
INHIBITORS = tuple(AFTER)
LORLATINIB = INHIBITORS.index("lorlatinib")

# Shares of profiles after an inhibitor, in percent as printed (paper, Results; the share of
# I1171X is spread over its three substitutions, and L1196M after alectinib is 9 of 82).
PRINTED_SHARES: dict[str, dict[str, float]] = {
    "crizotinib": {"L1196M": 25, "G1269A": 15},
    "alectinib": {"I1171N": 11, "I1171S": 11, "I1171T": 11, "G1202R": 32, "L1196M": 11},
    "ceritinib": {"G1202R": 36},
    "lorlatinib": {"L1196M+G1202R": 12},
    "brigatinib": {"G1202R": 31},
    "ensartinib": {},
}
# Samples with several mutations, in percent: 28 of 34 after lorlatinib, else 77 of 416 (paper,
# Results: 82% after lorlatinib, 105 of 450 in all).
SEVERAL = dict.fromkeys(INHIBITORS, 100 * 77 / 416) | {"lorlatinib": 82}
# Profiles that share the rest equally (assumed).
PROFILES = (
    "G1123S", "T1151M", "T1151dup", "L1152R", "C1156Y", "I1171N", "I1171S", "I1171T", "F1174C",
    "F1174L", "F1174V", "V1180L", "L1196M", "L1198F", "G1202R", "G1202del", "D1203N", "S1206Y",
    "E1210K", "G1269A", "C1156Y+L1198F", "D1203N+E1210K", "I1171N+L1196M", "L1196M+G1202R",
    "L1196M+G1269A", "G1202R+G1269A",
)  # fmt: skip

# Patients by number of samples, in percent: 450 samples of 387 patients (paper, Results); that
# nobody has more than three is assumed.
SAMPLES_EACH = (85, 14, 1)
# Patients with a line after the last sample: with those after earlier samples, 239 of 387
# patients have one (paper, Results).
TREATED_AT_LAST = 0.55
# Patients with two inhibitors before the first sample: 71 of 239 (paper, Results); all who
# progressed on lorlatinib.
TWO_BEFORE = 71 / 239
# Records that repeat a patient: 50 for 387 patients (paper, Figure 3).
DUPLICATES = 50 / 387
# Sources, and the records of each kind (paper, Figure 3).
SOURCES_OF = {StudyType.COHORT: 36, StudyType.CASE_REPORT: 33, StudyType.LOCAL: 1}
RECORDS_OF = {StudyType.COHORT: 390, StudyType.CASE_REPORT: 33, StudyType.LOCAL: 14}
# Fusion partner and EML4-ALK variant of 387 patients (paper, Results).
FUSIONS = {
    ("EML4", "V3"): 62, ("EML4", "V1"): 27, ("EML4", UNKNOWN): 14, ("KIF5B", UNKNOWN): 4,
    (UNKNOWN, UNKNOWN): 280,
}  # fmt: skip

# Percent of lines with benefit, for one mutation and for several (paper, Results: 150 of 213 and
# 27 of 49). The class that the rules give differs from it where months are short or missing.
BENEFIT = (70, 55)
# Best responses with and without benefit, and everything below, are assumed: every rule fires.
RESPONSES_WITH: Weights = {"CR": 5, "PR": 65, "SD": 15, "MR": 2, "NE": 2, UNKNOWN: 11}
RESPONSES_WITHOUT: Weights = {"PD": 60, "SD": 18, "MR": 5, "NE": 3, UNKNOWN: 14}
# Months are gamma with this shape and, without and with benefit, these means; the median of the
# latter is near the printed median PFS of 9.2 months.
MONTHS_SHAPE, MONTHS_MEAN = 1.5, (3.5, 12.0)
LONGEST_MONTHS = 120.0
REPORTED = {"pfs": 0.60, "dot": 0.45}
STATUSES: Weights = {
    TreatmentStatus.ENDED: 72,
    TreatmentStatus.ONGOING: 18,
    TreatmentStatus.UNKNOWN: 10,
}
RELATIONS: Weights = {Relation.EQUAL: 90, Relation.ABOUT: 5, Relation.BELOW: 5}
RELATIONS_ONGOING: Weights = {Relation.EQUAL: 10, Relation.ABOVE: 90}
MONOTHERAPY: Weights = {Answer.YES: 95, Answer.NO: 3, Answer.UNKNOWN: 2}
SPECIMENS: Weights = {
    Specimen.TISSUE: 60,
    Specimen.PLASMA: 30,
    Specimen.EFFUSION: 8,
    Specimen.UNKNOWN: 2,
}
PHASES: Weights = {Phase.CIS: 30, Phase.TRANS: 10, Phase.UNKNOWN: 60}
SEXES: Weights = {Sex.FEMALE: 54, Sex.MALE: 42, Sex.UNKNOWN: 4}
STAGES: Weights = {"IV": 75, "III": 5, UNKNOWN: 20}
HISTOLOGIES: Weights = {"adenocarcinoma": 80, UNKNOWN: 20}
AGE_MEAN, AGE_SD, AGES = 53, 11, (20, 90)

# The longest history: two inhibitors before the first of three samples.
_HISTORIES = [
    history for n in range(1, 2 + len(SAMPLES_EACH)) for history in permutations(range(6), n)
]
_HISTORY_TERMS = [LIST_SEPARATOR.join(INHIBITORS[at] for at in h) for h in _HISTORIES]


def _history_number(order: NDArray[np.int64], length: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number the first inhibitors of each row of ``order``, as digits of base 7 from 1."""
    number = np.zeros(len(order), dtype=np.int64)
    for at in range(order.shape[1]):
        number = np.where(at < length, 7 * number + order[:, at] + 1, number)
    return number


def _history_codes() -> NDArray[np.int16]:
    longest = max(map(len, _HISTORIES))
    order = np.array([[*h, *[0] * (longest - len(h))] for h in _HISTORIES])
    numbers = _history_number(order, np.array([len(h) for h in _HISTORIES]))
    codes = np.zeros(7**longest, dtype=np.int16)
    codes[numbers] = np.arange(len(numbers), dtype=np.int16)
    return codes


_HISTORY_CODES = _history_codes()


def profile_shares(inhibitor: str) -> NDArray[np.float64]:
    """Shares of `PROFILES` after an inhibitor: the printed ones, and the rest spread equally."""
    printed = PRINTED_SHARES[inhibitor]
    shares = np.array([printed.get(profile, 0.0) for profile in PROFILES])
    several = np.array([is_compound(profile) for profile in PROFILES])
    for kind, percent in ((several, SEVERAL[inhibitor]), (~several, 100 - SEVERAL[inhibitor])):
        rest = kind & (shares == 0)
        shares[rest] = (percent - shares[kind].sum()) / rest.sum()
    return shares / 100


def parts(lines: int) -> list[int]:
    """Lines of treatment of each partition."""
    full, rest = divmod(lines, PART_LINES)
    return [PART_LINES] * full + [rest] * (rest > 0)


def simulate(seed: int, part: int, lines: int) -> dict[str, pa.Table]:
    """Draw one partition.

    Parameters
    ----------
    seed, part : int
        The stream of random numbers.
    lines : int
        Lines of treatment, at least 1.

    Returns
    -------
    dict of str to pyarrow.Table
        ``patients``, ``samples`` and ``treatments``, columns as in the data dictionary.
    """
    rng = np.random.default_rng([seed, part])
    sampled, treated_last = _patients_with(lines, rng)
    count = len(sampled)
    order, before = _inhibitors(count, rng)

    owner = np.repeat(np.arange(count), sampled)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(sampled) - sampled, sampled)
    earlier = before[owner] + place
    failed = order[owner, earlier - 1]
    profile = _profiles(failed, rng)
    several = np.array([is_compound(name) for name in PROFILES])[profile]

    # A duplicate repeats a patient and the first sample, under another source.
    repeated = np.sort(rng.choice(count, round(DUPLICATES * count), replace=False))
    record = np.concatenate([np.arange(count), repeated])
    first = np.flatnonzero(place == 0)
    row = np.concatenate([np.arange(len(owner)), first[repeated]])
    row_record = np.concatenate([owner, np.arange(count, len(record))])

    patient_id = _ids(f"{PREFIX}-{part:05d}-", np.arange(1, len(record) + 1), 6)
    sample_id = _joined(patient_id.take(pa.array(row_record)), "-S", place[row] + 1)
    given = (place < sampled[owner] - 1) | treated_last[owner]
    return {
        PATIENTS.name: _patients(patient_id, record, count, rng),
        SAMPLES.name: _ordered(
            SAMPLES,
            sample_id=sample_id,
            patient_id=patient_id.take(pa.array(row_record)),
            sample_order=pa.array(place[row] + 1),
            specimen=_drawn(SPECIMENS, len(owner), rng).take(pa.array(row)),
            resistance_on=_coded(failed[row], INHIBITORS),
            prior_inhibitors=_coded(
                _HISTORY_CODES[_history_number(order[owner], earlier)[row]], _HISTORY_TERMS
            ),
            mutations=_coded(profile[row], PROFILES),
            phase=_phases(several, rng).take(pa.array(row)),
        ),
        TREATMENTS.name: _treatments(
            sample_id.take(pa.array(np.flatnonzero(given))),
            (earlier + 1)[given],
            order[owner, earlier][given],
            several[given],
            rng,
        ),
    }


def _patients_with(
    lines: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Draw samples of each patient, and whether a line follows the last, for so many lines."""
    # A patient has 0.7 lines on average: these are more than enough.
    enough = 8 * lines // 5 + 100
    sampled = _draw(SAMPLES_EACH, enough, rng) + 1
    treated_last = rng.random(enough) < TREATED_AT_LAST
    total = np.cumsum(sampled - 1 + treated_last)
    count = int(np.searchsorted(total, lines)) + 1
    sampled, treated_last = sampled[:count], treated_last[:count]
    if surplus := int(total[count - 1]) - lines:
        sampled[-1] += treated_last[-1] - 1 - surplus
        treated_last[-1] = True
    return sampled, treated_last


def _inhibitors(
    count: int, rng: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw each patient's inhibitors in order, and how many precede the first sample."""
    weights = np.array([*AFTER.values()]) / sum(AFTER.values())
    # Weighted sampling without replacement (Efraimidis and Spirakis 2006).
    keys = np.log(rng.random((count, len(INHIBITORS)))) / weights
    order = np.argsort(-keys, axis=1)
    two = (rng.random(count) < TWO_BEFORE) | (order[:, 0] == LORLATINIB)
    order[two, :2] = order[two, 1::-1]
    return order, 1 + two.astype(np.int64)


def _profiles(failed: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw a profile for each sample, by the inhibitor that failed."""
    drawn = np.empty(len(failed), dtype=np.int64)
    for at, inhibitor in enumerate(INHIBITORS):
        here = failed == at
        drawn[here] = _draw(profile_shares(inhibitor), int(here.sum()), rng)
    return drawn


def _patients(
    patient_id: pa.Array, record: NDArray[np.int64], count: int, rng: np.random.Generator
) -> pa.Table:
    duplicate = np.arange(len(record)) >= count
    names = [name for name, _ in source_names()]
    weights = np.array([RECORDS_OF[kind] / SOURCES_OF[kind] for _, kind in source_names()])
    source = _draw(weights, len(record), rng)
    # Never the source of the patient that is repeated.
    source[count:] = (
        source[record[count:]] + rng.integers(1, len(names), len(record) - count)
    ) % len(names)
    fusion = _draw([*FUSIONS.values()], count, rng)[record]
    partners, variants = zip(*FUSIONS, strict=True)
    age = np.clip(np.round(rng.normal(AGE_MEAN, AGE_SD, count)), *AGES)
    known = pa.array(record)
    original = patient_id.take(pa.array(record, mask=~duplicate))
    return _ordered(
        PATIENTS,
        patient_id=patient_id,
        source_id=_coded(source, names),
        status=_coded(duplicate.astype(np.int8), (PatientStatus.INCLUDED, PatientStatus.DUPLICATE)),
        duplicate_of=pc.fill_null(original, ""),
        age_years=pa.array(age[record]),
        sex=_drawn(SEXES, count, rng).take(known),
        stage=_drawn(STAGES, count, rng).take(known),
        histology=_drawn(HISTOLOGIES, count, rng).take(known),
        fusion_partner=_coded(fusion, partners),
        fusion_variant=_coded(fusion, variants),
    )


def _phases(several: NDArray[np.bool_], rng: np.random.Generator) -> pa.Array:
    drawn = _draw([*PHASES.values()], len(several), rng)
    return _coded(np.where(several, drawn, len(PHASES)), (*PHASES, Phase.SINGLE))


def _treatments(
    sample_id: pa.Array,
    line_number: NDArray[np.int64],
    inhibitor: NDArray[np.int64],
    several: NDArray[np.bool_],
    rng: np.random.Generator,
) -> pa.Table:
    count = len(line_number)
    benefit = 100 * rng.random(count) < np.where(several, BENEFIT[1], BENEFIT[0])
    terms = list(BestResponse)
    response = _either(benefit, RESPONSES_WITH, RESPONSES_WITHOUT, terms, rng)
    status = _draw([*STATUSES.values()], count, rng)
    ongoing = status == [*STATUSES].index(TreatmentStatus.ONGOING)
    reported = {
        f"{measure}_{name}": column
        for measure in REPORTED
        for name, column in zip(
            ("relation", "months"), _months(measure, benefit, ongoing, rng), strict=True
        )
    }
    return _ordered(
        TREATMENTS,
        treatment_id=_joined(sample_id, "-T", np.ones(count, dtype=np.int64)),
        sample_id=sample_id,
        line_number=pa.array(line_number),
        lines_since_sample=pa.array(np.zeros(count, dtype=np.int64)),
        inhibitor=_coded(inhibitor, INHIBITORS),
        monotherapy=_drawn(MONOTHERAPY, count, rng),
        best_response=_coded(response, terms),
        status=_coded(status, [*STATUSES]),
        **reported,
    )


def _months(
    measure: str,
    benefit: NDArray[np.bool_],
    ongoing: NDArray[np.bool_],
    rng: np.random.Generator,
) -> tuple[pa.Array, pa.Array]:
    """Draw the relation and the months of a measure; blank where it is not reported."""
    count = len(benefit)
    mean = np.where(benefit, MONTHS_MEAN[1], MONTHS_MEAN[0])
    months = np.round(rng.gamma(MONTHS_SHAPE, mean / MONTHS_SHAPE), 1).clip(0, LONGEST_MONTHS)
    missing = rng.random(count) >= REPORTED[measure]
    terms = ["", *Relation]
    relation = _either(ongoing, RELATIONS_ONGOING, RELATIONS, terms, rng)
    return _coded(np.where(missing, 0, relation), terms), pa.array(months, mask=missing)


def _draw(
    weights: Sequence[float] | NDArray[np.float64], count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Draw places in a list of weights."""
    bounds = np.cumsum(np.asarray(weights, dtype=float))
    drawn: NDArray[np.int64] = np.searchsorted(bounds, rng.random(count) * bounds[-1], side="right")
    return drawn


def _either(
    condition: NDArray[np.bool_],
    weights: Weights,
    otherwise: Weights,
    terms: Sequence[str],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Draw places in ``terms``, by one of two weights of some of them."""
    chosen, other = (
        np.array([terms.index(term) for term in shares])[
            _draw([*shares.values()], len(condition), rng)
        ]
        for shares in (weights, otherwise)
    )
    return np.where(condition, chosen, other)


def _drawn(weights: Weights, count: int, rng: np.random.Generator) -> pa.Array:
    return _coded(_draw([*weights.values()], count, rng), [*weights])


def _coded(codes: Codes, terms: Sequence[str]) -> pa.DictionaryArray:
    """Dictionary-encode places in a list of terms; terms may stand in it more than once."""
    distinct = list(dict.fromkeys(map(str, terms)))
    number = np.array([distinct.index(term) for term in terms], dtype=np.int16)
    return pa.DictionaryArray.from_arrays(pa.array(number[codes]), pa.array(distinct, pa.string()))


def _ids(prefix: str, numbers: NDArray[np.int64], width: int) -> pa.Array:
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(prefix, digits, "")


def _joined(names: pa.Array, infix: str, numbers: NDArray[np.int64]) -> pa.Array:
    return pc.binary_join_element_wise(names, pa.array(numbers).cast(pa.string()), infix)


def _ordered(table: Table, **columns: pa.Array) -> pa.Table:
    """Put columns in file order; the others say nothing, or that the row has no source."""
    count = len(next(iter(columns.values())))
    zeros = np.zeros(count, dtype=np.int8)
    silent = {"locator": _coded(zeros, [LOCATOR])}
    blank = _coded(zeros, [""])
    return pa.table({name: columns.get(name, silent.get(name, blank)) for name in table.columns})


def source_names() -> Iterator[tuple[str, StudyType]]:
    """Names of the sources, with their kind."""
    for kind, count in SOURCES_OF.items():
        for number in range(1, count + 1):
            yield f"{PREFIX}-{kind.replace('_', '-')}-{number:02d}", kind


def sources() -> pa.Table:
    """Table of the sources; they stand for no publication."""
    rows = [
        {
            "source_id": name, "study_type": str(kind), "sampling": UNKNOWN, "access": UNKNOWN,
            "title": "Synthetic source", "status": str(SourceStatus.INCLUDED),
            "note": "synthetic; stands for no publication",
        }
        for name, kind in sorted(source_names())
    ]  # fmt: skip
    text = pd.DataFrame(rows).reindex(columns=SOURCES.columns, fill_value="")
    return pa.Table.from_pandas(SOURCES.typed(text), preserve_index=False)


def part_folder(folder: Path, part: int) -> Path:
    """Folder of a partition."""
    return folder / f"part-{part:05d}"


def load(folder: Path, part: int) -> Cohort:
    """Load one partition as a cohort; closed vocabularies are categories."""
    about = yaml.safe_load((folder / DESCRIPTION_FILE).read_text(encoding="utf-8"))
    files = {SOURCES.name: folder / f"{SOURCES.name}.parquet"} | {
        table.name: part_folder(folder, part) / f"{table.name}.parquet"
        for table in (PATIENTS, SAMPLES, TREATMENTS)
    }
    tables = {name: pq.read_table(file).to_pandas() for name, file in files.items()}
    return Cohort(
        name=f"{folder.name}/{part}", meta=CohortMeta.model_validate(about), folder=folder, **tables
    )


def write(folder: Path, lines: int, seed: int, workers: int = 1) -> int:
    """Write a registry: all of it, or nothing.

    Parameters
    ----------
    folder : Path
        A new folder, or an empty one.
    lines : int
        Lines of treatment.
    seed : int
        Of the random numbers.
    workers : int
        Processes that write partitions.

    Returns
    -------
    int
        Patients who are included.

    Raises
    ------
    FileExistsError
        Where the folder holds something.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise FileExistsError(f"{folder} exists; name a new folder")
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        unfinished.mkdir(parents=True)
        about = META.model_dump(mode="json", exclude_none=True)
        text = yaml.safe_dump(about, sort_keys=False, allow_unicode=True, width=98)
        (unfinished / DESCRIPTION_FILE).write_text(text, encoding="utf-8")
        pq.write_table(sources(), unfinished / f"{SOURCES.name}.parquet")
        sizes = parts(lines)
        work = partial(_write_part, unfinished, seed)
        if workers == 1 or len(sizes) == 1:
            patients = sum(map(work, range(len(sizes)), sizes))
        else:
            with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as processes:
                patients = sum(processes.map(work, range(len(sizes)), sizes))
        unfinished.replace(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return patients


def _write_part(folder: Path, seed: int, part: int, lines: int) -> int:
    tables = simulate(seed, part, lines)
    place = part_folder(folder, part)
    place.mkdir()
    for name, table in tables.items():
        pq.write_table(table, place / f"{name}.parquet", compression="zstd")
    included = pc.equal(tables[PATIENTS.name]["status"], PatientStatus.INCLUDED)
    return int(pc.sum(included).as_py())


def _count(text: str) -> int:
    """Read a whole number, also one written 1e7, 10_000_000 or 10,000,000."""
    try:
        number = float(text.replace(",", "") if THOUSANDS.fullmatch(text) else text)
    except ValueError:
        number = float("nan")
    if not (1 <= number <= MAX_LINES and number.is_integer()):
        raise argparse.ArgumentTypeError(
            f"found {text!r}; must be a whole number from 1 to {MAX_LINES}, such as 1e7"
        )
    return int(number)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write a simulated registry: a synthetic cohort of any size, to measure speed and memory."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.registry", description=main.__doc__)
    parser.add_argument("folder", type=Path, help="new folder to write")
    parser.add_argument("--lines", type=_count, default=PART_LINES, help="lines of treatment")
    parser.add_argument("--seed", type=int, default=1, help="default 1")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="processes")
    options = parser.parse_args(arguments)
    if options.seed < 0 or options.workers < 1:
        parser.error("--seed must be at least 0, --workers at least 1")
    try:
        patients = write(options.folder, options.lines, options.seed, options.workers)
    except OSError as error:
        print(error, file=sys.stderr)
        return 1
    print(
        f"wrote {options.folder}: {options.lines:,} lines of {patients:,} patients in "
        f"{len(parts(options.lines)):,} parts; synthetic, no row is a patient"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
