"""The decision rule: what the evidence lets one expect of each inhibitor for one tumour.

Clinical evidence decides first; where it is insufficient, in vitro calls of primary models; where
neither decides, all substitutions of the residue together, marked as such (paper, Conclusions).
Nothing is expected beyond the evidence: insufficient evidence is an answer. The rule reads plain
tables, which `alkpool.analysis.evidence.gather` collects, and its sentences are fixed templates.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import pandas as pd

from alkpool import mutations
from alkpool.data import tables
from alkpool.vocabulary import Call, Expectation, Phase, Specimen, Tier, Verdict

COLUMNS = [
    "rank", "inhibitor", "tier", "expectation", "verdict", "rule", "profile",
    "benefit_k", "benefit_n", "unknown_n", "combined_n", "sensitivity_low", "sensitivity_high",
    "relapsed", "relapse_n", "relapse_low", "relapse_high",
    "calls", "assertions", "sources", "reason", "warnings",
]  # fmt: skip

# What an outcome lets one expect: of the profile itself, and of its residue class.
EXPECTED = {
    Verdict.LIKELY: (Expectation.LIKELY, Expectation.CLASS_FAVOURABLE),
    Verdict.POSSIBLE: (Expectation.POSSIBLE, Expectation.CLASS_FAVOURABLE),
    Call.SENSITIVE: (Expectation.SENSITIVE, Expectation.CLASS_FAVOURABLE),
    Verdict.CONFLICTING: (Expectation.CONFLICTING, Expectation.CONFLICTING),
    Verdict.INSUFFICIENT: (Expectation.INSUFFICIENT, Expectation.INSUFFICIENT),
    Call.RESISTANT: (Expectation.RESISTANT, Expectation.CLASS_UNFAVOURABLE),
    Verdict.NONE: (Expectation.NONE, Expectation.CLASS_UNFAVOURABLE),
}

_Row = dict[str, Any]

_COUNTS = (
    "benefit in {benefit_k} of {benefit_n} decided lines of {inhibitor}, "
    "found in {relapsed} of {relapse_n} samples after it"
)
_CALLS = "primary in vitro calls: {sensitive} sensitive, {resistant} resistant"
_ITSELF = "Nothing decides for {asked} itself; "
REASONS = {
    "clinical": f"Clinical evidence on {{name}}: {_COUNTS} ({{rule}}: {{why}}).",
    "in vitro": f"Clinical evidence on {{name}} is insufficient ({_COUNTS}); {_CALLS}.",
    "residue class, clinical": f"{_ITSELF}clinical evidence on all {{name}}: {_COUNTS} "
    "({rule}: {why}).",
    "residue class, in vitro": f"{_ITSELF}on all {{name}} clinical evidence is insufficient "
    f"({_COUNTS}); {_CALLS}.",
    "none": f"Nothing decides for {{name}} or its residue: {_COUNTS}; {_CALLS}.",
}

# In the order in which they are given.
WARNINGS = {
    "progressed": "the tumour has just progressed on it",
    "given": "given before",
    "cis": "in cis: assessed as one compound profile, not by its single mutations",
    "trans": "in trans: each mutation assessed alone, the weakest evidence decides",
    "phase": "phase unknown: assessed as one compound profile, as if in cis",
    "plasma": "plasma sample: mutations may come from different clones, or be missed",
    "domain": "outside the kinase domain: {outside}",
    "class": "evidence on the residue class {name} only: substitutions of a residue differ",
    "limited": "no sample after {inhibitor} in the pool: benefit is at most possible",
    "disagree": "primary in vitro models disagree",
    "review": "{review} only in what does not count, such as cell-free models and reviews",
    "findings": "off-target findings in the cases behind it: {findings}",
}


@dataclass(frozen=True)
class Question:
    """One tumour; made by `ask`.

    Attributes
    ----------
    mutations : tuple of str
        Canonical names, sorted by residue.
    prior : tuple of str
        Inhibitors given, in order; the tumour has progressed on the last.
    phase : Phase
        ``single`` for one mutation.
    specimen : Specimen
        What was sequenced.
    """

    mutations: tuple[str, ...]
    prior: tuple[str, ...]
    phase: Phase
    specimen: Specimen

    @property
    def profile(self) -> str:
        """Canonical profile."""
        return "+".join(self.mutations)

    @property
    def assessed(self) -> tuple[str, ...]:
        """Profiles to assess: in trans each mutation alone."""
        return self.mutations if self.phase == Phase.TRANS else (self.profile,)


@dataclass(frozen=True)
class Evidence:
    """What a rank is read from; made by `alkpool.analysis.evidence.gather`.

    Attributes
    ----------
    facts : DataFrame
        One row for each ``level`` (``profile``, ``residue class``), ``name`` and assessed
        inhibitor: counts, intervals, ``verdict, rule, why``, the numbers of primary in vitro
        calls ``sensitive, resistant``, and ``review``, what only reviews call it. The rows with
        a blank name hold for every name that the table lacks.
    cases, calls, assertions : DataFrame
        What stands behind the facts, a row each with ``profile, residue_class, inhibitor`` and
        the source as ``source_id, label, url``.
    about : mapping
        What the evidence rests on: cohort, counts, date of the search.
    """

    facts: pd.DataFrame
    cases: pd.DataFrame
    calls: pd.DataFrame
    assertions: pd.DataFrame
    about: Mapping[str, object]


def ask(
    profile: str,
    prior: Sequence[str] = (),
    phase: str = Phase.UNKNOWN,
    specimen: str = Specimen.UNKNOWN,
) -> Question:
    """Read a question and refuse an impossible one.

    Raises
    ------
    ValueError
        For an unreadable or impossible mutation, an unknown inhibitor, a phase or a specimen
        outside its vocabulary, or the phase of a single mutation.
    TypeError
        If `prior` is a text instead of a sequence of names.
    """
    if isinstance(prior, str):
        raise TypeError(f"prior is the text {prior!r}; must be a sequence of inhibitors")
    names = mutations.mutations_of(profile)
    given = tuple(name.strip().lower() for name in prior)
    compounds = tables.inhibitors()["inhibitor"]
    for name in given:
        if name not in set(compounds):
            raise ValueError(
                f"prior inhibitor {name!r} is not known; give generic names, no generation and "
                f"no abbreviation: {', '.join(compounds)}"
            )
    known = _term(phase, Phase, "phase")
    if len(names) == 1:
        if known not in (Phase.SINGLE, Phase.UNKNOWN):
            raise ValueError(f"phase is {known}, but {names[0]} is a single mutation")
        known = Phase.SINGLE
    elif known == Phase.SINGLE:
        raise ValueError(f"phase is single, but there are {len(names)} mutations")
    return Question(names, given, known, _term(specimen, Specimen, "specimen"))


_Term = TypeVar("_Term", Phase, Specimen)


def _term(text: str, vocabulary: type[_Term], name: str) -> _Term:
    if text not in list(vocabulary):
        raise ValueError(f"{name} is {text!r}; must be one of {', '.join(vocabulary)}")
    return vocabulary(text)


def answer(question: Question, evidence: Evidence) -> pd.DataFrame:
    """Rank the assessed inhibitors for a question.

    Returns
    -------
    DataFrame
        See `alkpool.analysis.evidence.rank`, which also states the order.
    """
    facts = indexed(evidence.facts)
    behind = [_records(table) for table in (evidence.cases, evidence.calls, evidence.assertions)]
    rows = []
    for inhibitor in tables.assessed_inhibitors():
        found = [assess(name, inhibitor, facts) for name in question.assessed]
        weakest = max(found, key=lambda row: row["key"])
        rows.append(weakest | _behind(weakest, *behind))
        rows[-1]["warnings"] = _warnings(rows[-1], question)
    keys = [_order(row, question) for row in rows]
    table = pd.DataFrame(rows).assign(
        rank=[1 + sum(other < key for other in keys) for key in keys], profile=lambda t: t["name"]
    )
    return table.sort_values("rank", kind="stable", ignore_index=True)[COLUMNS]


def _records(table: pd.DataFrame) -> list[_Row]:
    return table.to_dict("records")  # type: ignore[return-value]


def indexed(facts: pd.DataFrame) -> Mapping[tuple[str, str, str], _Row]:
    """Facts of an `Evidence` by level, name and inhibitor."""
    return {(f["level"], f["name"], f["inhibitor"]): f for f in _records(facts)}


def assess(asked: str, inhibitor: str, facts: Mapping[tuple[str, str, str], _Row]) -> _Row:
    """Find the evidence that decides for one profile, and say what it lets one expect.

    Parameters
    ----------
    asked, inhibitor : str
        Canonical profile, assessed inhibitor.
    facts : mapping
        From `indexed`.

    Returns
    -------
    dict
        The fact that decides, with ``asked, tier, expectation, reason`` and the ``key`` by which
        inhibitors are ordered.
    """

    def known(level: str, name: str) -> _Row:
        other = facts[level, "", inhibitor]
        return facts.get((level, name, inhibitor), other) | {"name": name}

    fact = known("profile", asked)
    tier, outcome = _outcome(fact)
    template: str = tier
    expectation = EXPECTED[outcome][0]
    if tier == Tier.NONE:
        related = known(Tier.RESIDUE, mutations.residue_class(asked))
        basis, outcome = _outcome(related)
        if basis != Tier.NONE:
            fact, tier, template = related, Tier.RESIDUE, f"{Tier.RESIDUE}, {basis}"
            expectation = EXPECTED[outcome][1]
    row = fact | {"asked": asked, "tier": str(tier), "expectation": str(expectation)}
    # Only clinical evidence has a strength beyond its expectation; nothing counts as nothing.
    strength = fact["sensitivity_low"] if tier == Tier.CLINICAL and fact["benefit_n"] else 0.0
    key = (list(Expectation).index(expectation), list(Tier).index(tier), -strength)
    return row | {"reason": REASONS[template].format(**row), "key": key}


def _outcome(fact: _Row) -> tuple[Tier, Verdict | Call]:
    """Read one fact: clinical evidence first, in vitro calls where it is insufficient."""
    if fact["verdict"] != Verdict.INSUFFICIENT:
        return Tier.CLINICAL, Verdict(fact["verdict"])
    if fact["sensitive"] and fact["resistant"]:
        return Tier.IN_VITRO, Verdict.CONFLICTING
    if fact["sensitive"]:
        return Tier.IN_VITRO, Call.SENSITIVE
    if fact["resistant"]:
        return Tier.IN_VITRO, Call.RESISTANT
    return Tier.NONE, Verdict.INSUFFICIENT


def _order(row: _Row, question: Question) -> tuple[float, ...]:
    level, tier, strength = row["key"]
    return level, question.prior[-1:] == (row["inhibitor"],), tier, strength


def _behind(row: _Row, cases: list[_Row], calls: list[_Row], assertions: list[_Row]) -> _Row:
    """Collect the rows behind a fact, and their sources, each once."""
    column = "residue_class" if row["tier"] == Tier.RESIDUE else "profile"

    def of_it(table: list[_Row], *also: str) -> list[_Row]:
        names = (row["name"], *also)
        return [r for r in table if r["inhibitor"] == row["inhibitor"] and r[column] in names]

    mine, measured = of_it(cases), of_it(calls)
    # What a knowledge base asserts of any substitution of the residue holds for this one.
    asserted = of_it(assertions, mutations.residue_class(row["name"]))
    sources: dict[str, _Row] = {}
    for r in (*mine, *measured, *asserted):
        source = {column: r[column] for column in ("source_id", "label", "url")}
        sources.setdefault(r["url"] or r["label"], source)
    named = {r["sample_id"]: r["other_findings"] for r in mine if r["other_findings"]}
    return {
        "calls": measured,
        "assertions": asserted,
        "sources": list(sources.values()),
        "findings": "; ".join(f"{finding} ({sample})" for sample, finding in named.items()),
    }


def _warnings(row: _Row, question: Question) -> list[str]:
    """Say what must not be overlooked about one inhibitor."""
    inhibitor, phase = row["inhibitor"], question.phase
    progressed = question.prior[-1:] == (inhibitor,)
    outside = ", ".join(m for m in question.mutations if not mutations.in_kinase_domain(m))
    applies = {
        "progressed": progressed,
        "given": inhibitor in question.prior and not progressed,
        "cis": phase == Phase.CIS,
        "trans": phase == Phase.TRANS,
        "phase": phase == Phase.UNKNOWN,
        "plasma": question.specimen == Specimen.PLASMA,
        "domain": outside,
        "class": row["tier"] == Tier.RESIDUE,
        "limited": row["rule"] == "V6" and row["relapse_n"] == 0,
        "disagree": row["sensitive"] and row["resistant"],
        "review": row["review"],
        "findings": row["findings"],
    }
    return [text.format(outside=outside, **row) for code, text in WARNINGS.items() if applies[code]]
