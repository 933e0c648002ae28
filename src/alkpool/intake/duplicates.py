"""Which patients of a cohort may be the same person: a transparent score for each pair.

Facts that two records both state are compared one by one. Each outcome of a comparison has a
*weight*, the logarithm to base 2 of how much more often it happens between two reports of one
patient (``same``) than between two patients (``other``); what a record does not state weighs
nothing. The *score* of a pair is the sum.

References
----------
Fellegi IP, Sunter AB. A theory for record linkage. J Am Stat Assoc 1969;64:1183-1210,
doi:10.1080/01621459.1969.10501049
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from alkpool.data.tables import PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, Relation

# Of 437 patients that the study identified 50 were confirmed duplicates (Figure 3): a new patient
# repeats a given one of a few hundred with odds of about 1 to 2,000, and one of the few dozen here
# with about 1 to 300, which is 8 bits. From there on a pair is as likely the same patient as not.
PROBABLE = 8.0
# Shown, but no answer is asked for.
POSSIBLE = 4.0

# Reports give the age at diagnosis, at treatment or at biopsy.
SAME_AGE_YEARS = 1
NEAR_AGE_YEARS = 3
# Reports round months, and count from different days. Every number that both state must agree: one
# that fits by chance among others that contradict it is no sign of one patient.
SAME_MONTHS = 0.5


@dataclass(frozen=True)
class Outcome:
    """One outcome of comparing a fact of two records.

    ``same`` and ``other`` are the shares of pairs with this outcome among two reports of one
    patient and among two patients; they are judgements, with their reason.
    """

    same: float
    other: float
    reason: str

    @property
    def weight(self) -> float:
        """Bits of evidence for one patient; negative where it speaks for two."""
        return math.log2(self.same / self.other)


WEIGHTS: dict[str, dict[str, Outcome]] = {
    "source": {
        "same report": Outcome(0.05, 0.10, "a report lists each of its patients once"),
        "same first author": Outcome(0.30, 0.05, "groups report a case again in their series"),
        "other first author": Outcome(0.65, 0.85, "most pairs of reports share no first author"),
    },
    "age": {
        "same": Outcome(0.90, 0.07, "ages spread over decades; within a year 7% of pairs agree"),
        "near": Outcome(0.07, 0.10, "diagnosis and treatment can lie years apart"),
        "different": Outcome(0.03, 0.83, "no report moves an age by more than three years"),
    },
    "sex": {
        "same": Outcome(0.98, 0.50, "half of all pairs agree by chance"),
        "different": Outcome(0.02, 0.50, "sex is rarely misprinted"),
    },
    "fusion partner": {
        "same": Outcome(0.98, 0.90, "nearly all fusions are with EML4"),
        "different": Outcome(0.02, 0.10, "a partner is rarely corrected"),
    },
    "fusion variant": {
        "same": Outcome(0.95, 0.35, "variants 1 and 3 make up most fusions"),
        "different": Outcome(0.05, 0.65, "a variant is rarely corrected"),
    },
    "mutations": {
        "same profile": Outcome(0.85, 0.10, "the commonest profiles each have a tenth of samples"),
        "shared mutation": Outcome(0.12, 0.08, "a second report may list more of the mutations"),
        "none shared": Outcome(0.03, 0.82, "only another sample of the same patient differs so"),
    },
    "drugs": {
        "same": Outcome(0.60, 0.10, "few sequences of inhibitors are common"),
        "one continues": Outcome(0.30, 0.30, "a later report follows the patient for longer"),
        "different": Outcome(0.10, 0.60, "a report rarely leaves out a line in between"),
    },
    "months": {
        "same": Outcome(0.80, 0.05, "months to the half agree by chance in one of twenty"),
        "different": Outcome(0.20, 0.95, "a later cut-off can move a number"),
    },
}


@dataclass(frozen=True)
class Record:
    """What is compared of a patient; blank or empty where nothing is stated."""

    patient: str
    source: str
    author: str
    age: float | None
    sex: str
    partner: str
    variant: str
    profiles: frozenset[str]
    drugs: tuple[str, ...]
    months: Mapping[tuple[str, str], float]


@dataclass(frozen=True)
class Match:
    """Two records that may be one patient; ``reasons`` are (fact, outcome, shown, weight)."""

    new: str
    old: str
    score: float
    reasons: tuple[tuple[str, str, str, float], ...]
    identical: bool = False

    @property
    def probable(self) -> bool:
        """Whether the pair needs an answer before it can be merged."""
        return self.identical or self.score >= PROBABLE


def records(tables: Mapping[str, pd.DataFrame]) -> dict[str, Record]:
    """Collect what is compared of every patient.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of a cohort, cells as text.
    """
    authors = tables[SOURCES.name].set_index("source_id")["first_author"]
    samples = tables[SAMPLES.name].assign(order=tables[SAMPLES.name]["sample_order"].astype(int))
    samples = samples.sort_values(["patient_id", "order"])
    lines = dict(iter(tables[TREATMENTS.name].groupby("sample_id")))
    by_patient = dict(iter(samples.groupby("patient_id")))
    found = {}
    for patient in tables[PATIENTS.name].to_dict("records"):
        name = str(patient["patient_id"])
        own = by_patient.get(name, samples.iloc[:0]).to_dict("records")
        drugs: list[str] = []
        months: dict[tuple[str, str], float] = {}
        for sample in own:
            stated = str(sample["prior_inhibitors"]).split(LIST_SEPARATOR)
            prior = [drug for drug in stated if _known(drug)]
            drugs += prior if len(prior) > len(drugs) else []
            for line in _rows(lines.get(sample["sample_id"])):
                drugs.append(line["inhibitor"])
                months |= _months(line)
        found[name] = Record(
            patient=name,
            source=str(patient["source_id"]),
            author=str(authors.get(patient["source_id"], "")),
            age=float(patient["age_years"]) if patient["age_years"] else None,
            sex=_known(patient["sex"]),
            partner=_known(patient["fusion_partner"]),
            variant=_known(patient["fusion_variant"]),
            profiles=frozenset(filter(None, (_known(sample["mutations"]) for sample in own))),
            drugs=tuple(dict.fromkeys(drugs)),
            months=months,
        )
    return found


def _rows(frame: pd.DataFrame | None) -> list[dict[str, str]]:
    return [] if frame is None else frame.to_dict("records")  # type: ignore[return-value]


def _known(cell: object) -> str:
    return "" if cell == UNKNOWN else str(cell)


def _months(line: Mapping[str, str]) -> dict[tuple[str, str], float]:
    """Exact months only: two bounds can differ and both hold."""
    return {
        (line["inhibitor"], measure): float(line[f"{measure}_months"])
        for measure in ("pfs", "dot")
        if line[f"{measure}_relation"] in (Relation.EQUAL, Relation.ABOUT)
    }


def compare(one: Record, other: Record) -> Match:
    """Score a pair of records."""
    outcomes = [
        (fact, outcome, shown)
        for fact, outcome, shown in (
            ("source", *_source(one, other)),
            ("age", *_age(one, other)),
            ("sex", *_equal(one.sex, other.sex)),
            ("fusion partner", *_equal(one.partner, other.partner)),
            ("fusion variant", *_equal(one.variant, other.variant)),
            ("mutations", *_profiles(one, other)),
            ("drugs", *_drugs(one, other)),
            ("months", *_same_months(one, other)),
        )
        if outcome
    ]
    reasons = tuple(
        (fact, outcome, shown, WEIGHTS[fact][outcome].weight) for fact, outcome, shown in outcomes
    )
    score = sum(weight for *_, weight in reasons)
    alike = {"same", "same report", "same profile"}
    identical = one.source == other.source and all(outcome in alike for _, outcome, _ in outcomes)
    # Beyond the source, something must be stated by both for two rows of it to be the same.
    return Match(one.patient, other.patient, score, reasons, identical and len(outcomes) > 1)


def _source(one: Record, other: Record) -> tuple[str, str]:
    if one.source == other.source:
        return "same report", one.source
    if one.author and one.author == other.author:
        return "same first author", one.author
    return "other first author", f"{one.source}, {other.source}"


def _age(one: Record, other: Record) -> tuple[str, str]:
    if one.age is None or other.age is None:
        return "", ""
    shown = f"{one.age:g}, {other.age:g}"
    apart = abs(one.age - other.age)
    if apart <= SAME_AGE_YEARS:
        return "same", shown
    return ("near" if apart <= NEAR_AGE_YEARS else "different"), shown


def _equal(one: str, other: str) -> tuple[str, str]:
    if not one or not other:
        return "", ""
    return ("same", one) if one.casefold() == other.casefold() else ("different", f"{one}, {other}")


def _profiles(one: Record, other: Record) -> tuple[str, str]:
    if not one.profiles or not other.profiles:
        return "", ""
    if common := one.profiles & other.profiles:
        return "same profile", ", ".join(sorted(common))
    shown = ", ".join(sorted(one.profiles)) + " and " + ", ".join(sorted(other.profiles))
    shared = _single(one.profiles) & _single(other.profiles)
    return ("shared mutation" if shared else "none shared"), shown


def _single(profiles: Iterable[str]) -> set[str]:
    return {name for profile in profiles for name in profile.split("+")}


def _drugs(one: Record, other: Record) -> tuple[str, str]:
    if not one.drugs or not other.drugs:
        return "", ""
    shorter, longer = sorted((one.drugs, other.drugs), key=len)
    if shorter == longer:
        return "same", ", ".join(longer)
    shown = f"{', '.join(one.drugs)} and {', '.join(other.drugs)}"
    return ("one continues" if longer[: len(shorter)] == shorter else "different"), shown


def _same_months(one: Record, other: Record) -> tuple[str, str]:
    stated = sorted(one.months.keys() & other.months.keys())
    if not stated:
        return "", ""
    pairs = [(key, one.months[key], other.months[key]) for key in stated]
    shown = ", ".join(f"{drug} {kind.upper()} {a:g}, {b:g}" for (drug, kind), a, b in pairs)
    same = all(abs(a - b) <= SAME_MONTHS for _, a, b in pairs)
    return ("same" if same else "different"), shown


def matches(new: Iterable[str], tables: Mapping[str, pd.DataFrame]) -> list[Match]:
    """Pairs of a new patient and any other that may be one person, the likeliest first.

    Parameters
    ----------
    new : iterable of str
        New patients. Two of them are compared where they come from different reports: within
        one the reader has told them apart.
    tables : mapping of str to DataFrame
        Tables with the new rows in them, cells as text.
    """
    known = records(tables)
    names = sorted(new)
    old = sorted(known.keys() - set(names))
    pairs = [(name, other) for name in names for other in old]
    pairs += [
        (name, other)
        for place, name in enumerate(names)
        for other in names[place + 1 :]
        if known[name].source != known[other].source
    ]
    found = [compare(known[one], known[other]) for one, other in pairs]
    kept = [match for match in found if match.probable or match.score >= POSSIBLE]
    return sorted(kept, key=lambda match: (-match.probable, -match.score, match.new, match.old))
