"""Which patients of a cohort may be the same person: the facts on which two records agree.

Facts that two records both state are compared one by one; what a record does not state speaks
neither way. A pair is shown with the facts that agree and those that differ, and a person decides.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import yaml

from alkpool.data.reader import rows_by
from alkpool.data.tables import COHORT_TABLES, PATIENTS, SAMPLES, SOURCES, TREATMENTS
from alkpool.vocabulary import LIST_SEPARATOR, UNKNOWN, PatientStatus, Relation

if TYPE_CHECKING:
    from alkpool.data.cohort import Cohort

# Facts that agree less those that differ. Of seven facts, sex, fusion partner and drugs agree by
# chance in most pairs: four more than that are seldom chance, and the file must say which it is.
PROBABLE = 4
# Shown, but no answer is asked for.
POSSIBLE = 3

# Each patient is compared with each: of more, those that are alike could fill the memory.
MAX_PAIRS = 1_000_000
TOO_MANY = "so many patients: whether any stands twice is not looked at"

# Reports give the age at diagnosis, at treatment or at biopsy.
SAME_AGE_YEARS = 1
NEAR_AGE_YEARS = 3
# Reports round months, and count from different days. Every number that both state must agree: one
# that fits by chance among others that contradict it is no sign of one patient.
SAME_MONTHS = 0.5

# What an outcome of a comparison says of one patient; any other speaks neither way.
AGREE = ("same", "same profile")
DIFFER = ("different", "none shared")

# What a record states of a patient, by the name of the fact in messages.
Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Match:
    """Two records that may be one patient; ``reasons`` are (fact, outcome, what is stated)."""

    new: str
    old: str
    same_report: bool
    reasons: tuple[tuple[str, str, str], ...]

    @property
    def score(self) -> int:
        """Facts that agree, less those that differ."""
        return sum(_says(outcome) for _, outcome, _ in self.reasons)

    @property
    def identical(self) -> bool:
        """Whether both stand in one report and agree in all that both state."""
        agree = all(outcome in AGREE for _, outcome, _ in self.reasons)
        return self.same_report and agree and bool(self.reasons)

    @property
    def shown(self) -> str:
        """What agrees and what differs, in words."""
        return "; ".join(f"{fact} {outcome} ({said})" for fact, outcome, said in self.reasons)

    @property
    def counted_twice(self) -> str:
        """What is said of a pair of two cohorts that are to be pooled."""
        return f"may be one patient, who would count twice: {self.shown}; {self.answer_across}"

    @property
    def answer_across(self) -> str:
        """How a person answers where the two are in two cohorts, in words."""
        return (
            f"where they are two, write distinct_patients: [[{self.new}, {self.old}]] into the "
            "cohort.yaml of your cohort; where they are one, exclude yours with an exclusion_reason"
        )

    @property
    def probable(self) -> bool:
        """Whether the pair needs an answer before it can be merged."""
        return self.identical or self.score >= PROBABLE


def records(tables: Mapping[str, pd.DataFrame]) -> dict[str, Facts]:
    """Collect what is compared of every patient: the report, and the facts that it states.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        Tables of a cohort, cells as text.
    """
    samples = tables[SAMPLES.name].assign(order=tables[SAMPLES.name]["sample_order"].astype(int))
    by_patient = rows_by(samples.sort_values(["patient_id", "order"]), "patient_id")
    lines = rows_by(tables[TREATMENTS.name], "sample_id")
    # Of a report without identifiers, under whatever id.
    known = tables[SOURCES.name].query("first_author != '' and title != '' and year != ''")
    names = known["first_author"] + known["title"] + known["year"]
    articles = dict(zip(known["source_id"], names, strict=True))
    found: dict[str, Facts] = {}
    for patient in tables[PATIENTS.name].to_dict("records"):
        own = by_patient.get(patient["patient_id"], [])
        drugs: list[str] = []
        months: dict[str, float] = {}
        for sample in own:
            prior = list(filter(_known, str(sample["prior_inhibitors"]).split(LIST_SEPARATOR)))
            drugs += prior if len(prior) > len(drugs) else []
            for line in lines.get(sample["sample_id"], []):
                drugs.append(line["inhibitor"])
                # Of exact months only: two bounds can differ and both hold.
                for measure in ("pfs", "dot"):
                    if line[f"{measure}_relation"] in (Relation.EQUAL, Relation.ABOUT):
                        said = f"{line['inhibitor']} {measure.upper()}"
                        months[said] = float(line[f"{measure}_months"])
        facts = {
            "report": articles.get(patient["source_id"], patient["source_id"]),
            "age": float(patient["age_years"]) if patient["age_years"] else "",
            "sex": _known(patient["sex"]),
            "fusion partner": _known(patient["fusion_partner"]),
            "fusion variant": _known(patient["fusion_variant"]),
            "mutations": tuple(sorted({*filter(_known, (sample["mutations"] for sample in own))})),
            "drugs": tuple(dict.fromkeys(drugs)),
            "months": months,
        }
        # An age of 0 is stated.
        found[str(patient["patient_id"])] = {
            k: fact for k, fact in facts.items() if fact or fact == 0
        }
    return found


def _known(cell: object) -> str:
    return "" if cell == UNKNOWN else str(cell)


def _age(one: float, other: float) -> str:
    apart = abs(one - other)
    if apart <= SAME_AGE_YEARS:
        return "same"
    return "near" if apart <= NEAR_AGE_YEARS else "different"


def _equal(one: str, other: str) -> str:
    return "same" if one.casefold() == other.casefold() else "different"


def _profiles(one: Sequence[str], other: Sequence[str]) -> str:
    if {*one} & {*other}:
        return "same profile"
    single, others = ({*"+".join(profiles).split("+")} for profiles in (one, other))
    return "shared mutation" if single & others else "none shared"


def _drugs(one: Sequence[str], other: Sequence[str]) -> str:
    shorter, longer = sorted((one, other), key=len)
    if shorter == longer:
        return "same"
    return "one continues" if longer[: len(shorter)] == shorter else "different"


def _same_months(one: Mapping[str, float], other: Mapping[str, float]) -> str:
    apart = [abs(one[line] - other[line]) for line in one.keys() & other.keys()]
    if not apart:
        return ""
    return "same" if max(apart) <= SAME_MONTHS else "different"


def _shown(fact: Any) -> str:
    match fact:
        case str():
            return fact
        case float() | int():
            return f"{fact:g}"
        case dict():
            return ", ".join(f"{line} {months:g}" for line, months in fact.items())
    return ", ".join(fact)


# What is compared, by its name in messages, and how.
_FACTS: Mapping[str, Callable[[Any, Any], str]] = {
    "age": _age, "sex": _equal, "fusion partner": _equal, "fusion variant": _equal,
    "mutations": _profiles, "drugs": _drugs, "months": _same_months,
}  # fmt: skip


def _says(outcome: str) -> int:
    return (outcome in AGREE) - (outcome in DIFFER)


def compare(new: str, old: str, known: Mapping[str, Facts]) -> Match:
    """Compare what the records of two patients both state."""
    one, other = known[new], known[old]
    reasons = []
    for fact, outcome_of in _FACTS.items():
        if fact in one and fact in other and (outcome := outcome_of(one[fact], other[fact])):
            said = dict.fromkeys(_shown(facts[fact]) for facts in (one, other))
            reasons.append((fact, outcome, " and ".join(said)))
    return Match(new, old, one["report"] == other["report"], tuple(reasons))


def matches(new: Iterable[str], tables: Mapping[str, pd.DataFrame]) -> list[Match]:
    """Pairs of a new patient and any other that may be one person, the likeliest first.

    Parameters
    ----------
    new : iterable of str
        New patients. Two of one report were told apart by whoever read it, unless much is stated
        and all of it agrees, as in a row copied under another name.
    tables : mapping of str to DataFrame
        Tables with the new rows in them, cells as text.
    """
    known = records(tables)
    names = sorted(new_ones := set(new))
    kept = []
    for one, other in _alike(names, sorted(known), known):
        match = compare(one, other, known)
        if other in new_ones and match.same_report:
            wanted = match.identical and match.score >= PROBABLE
        else:
            wanted = match.identical or match.score >= POSSIBLE
        kept += [match] * wanted
    return sorted(kept, key=lambda match: (-match.probable, -match.score, match.new, match.old))


def _alike(
    names: Sequence[str], others: Sequence[str], known: Mapping[str, Facts]
) -> Iterator[tuple[str, str]]:
    """Pairs that `compare` may find alike, each once.

    Of every fact but the months there are few values: each is compared with each once.
    """
    score = np.zeros((len(names), len(others)), dtype=np.int8)
    agree = score == 0
    for fact, outcome_of in {"report": _equal, **_FACTS}.items():
        if fact == "months":
            continue
        (rows, mine), (columns, theirs) = (
            pd.factorize(pd.Series([known[name].get(fact, "") for name in group], dtype=object))
            for group in (names, others)
        )
        said = [[0 if "" in (a, b) else _says(outcome_of(a, b)) for b in theirs] for a in mine]
        table = np.array(said, dtype=np.int8).reshape(len(mine), len(theirs))
        outcomes = table[np.ix_(rows, columns)]
        agree &= outcomes >= 0
        score += outcomes * (fact != "report")
    twice = set(names)
    for row, column in np.argwhere((score >= POSSIBLE - 1) | agree):
        one, other = names[row], others[column]
        if other > one or other not in twice:
            yield one, other


def as_text(cohorts: Sequence["Cohort"]) -> dict[str, pd.DataFrame]:
    """Tables of cohorts put together, cells as text, as `records` reads them."""
    return {
        table.name: pd.concat([getattr(each, table.name) for each in cohorts], ignore_index=True)
        .astype(object)
        .fillna("")
        .astype(str)
        for table in COHORT_TABLES
    }


def unanswered(cohorts: Sequence["Cohort"], *, across: bool = False) -> list[Match] | None:
    """Pairs of included patients who are probably one person, with no answer in a ``cohort.yaml``.

    Parameters
    ----------
    cohorts : sequence of Cohort
        What is put together.
    across : bool
        Compare the patients of one cohort with those of another only.

    Returns
    -------
    list of Match or None
        None where there are more than `MAX_PAIRS` to look at.
    """
    groups = [
        sorted(each.patients.loc[each.patients["status"] == PatientStatus.INCLUDED, "patient_id"])
        for each in cohorts
    ]
    everyone = sorted(chain(*groups))
    sides = list(combinations(groups, 2)) if across else [(everyone, everyone)]
    if sum(len(one) * len(other) for one, other in sides) > MAX_PAIRS:
        return None
    answered = {frozenset(pair) for each in cohorts for pair in each.meta.distinct_patients}
    known = records(as_text(cohorts))
    pairs = chain.from_iterable(_alike(*side, known) for side in sides)
    found = (compare(*pair, known) for pair in pairs if {*pair} not in answered)
    return [match for match in found if match.probable]


def with_distinct(description: str, pairs: Iterable[tuple[str, str]]) -> str:
    """Put pairs of patients who are two into the text of a ``cohort.yaml``; the rest stays."""
    known = yaml.safe_load(description).get("distinct_patients", ())
    new = (list(pair) for pair in pairs if {*pair} not in map(set, known))
    stated = [yaml.safe_dump(pair, default_flow_style=True, width=10_000).strip() for pair in new]
    if not stated:
        return description
    listed = ", ".join(stated)
    root: yaml.MappingNode = yaml.compose(description, yaml.SafeLoader)  # type: ignore[assignment]
    given = {key.value: value for key, value in root.value}.get("distinct_patients")
    if given is None:
        return f"{description.rstrip()}\ndistinct_patients: [{listed}]\n"
    # In front of the first one, so that each comment stays beside what it is on.
    place = given.start_mark.index + bool(given.flow_style)
    indent = "\n" + " " * given.start_mark.column
    first = f"{listed}, " if given.flow_style else "".join(f"- {each}{indent}" for each in stated)
    return description[:place] + first + description[place:]
