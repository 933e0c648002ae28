"""The answer for one tumour: the rule that turns evidence into a standing of each inhibitor.

Clinical evidence decides first, in vitro evidence where it is insufficient (paper, Conclusions).
Nothing is ordered about which nothing is known; the inhibitor on which the tumour has just
progressed is never recommended; what rests on one dish or one patient says so.

Each tier of evidence points somewhere. The rule is the table `STEPS`: tiers of one
step are read together, and the first step in which any tier speaks decides. `Evidence` holds what
the tiers say; `alkpool.analysis.evidence.gather` collects it.
"""

from collections.abc import Collection, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from alkpool import mutations
from alkpool.analysis import offtarget, wording
from alkpool.analysis.question import Question
from alkpool.analysis.wording import GIVEN_BEFORE
from alkpool.data import tables
from alkpool.data.groups import Groups
from alkpool.files import yaml_beside
from alkpool.references import once
from alkpool.vocabulary import Phase, Standing, Tier

Row = dict[str, Any]

_RULES: Mapping[str, Any] = yaml_beside(__file__)
STEPS = tuple(tuple(map(Tier, step)) for step in _RULES["steps"])
TIERS = [*(tier for step in STEPS for tier in step), Tier.NONE, Tier.PROGRESSED]
DIFFERING = frozenset(_RULES["differing"])

COLUMNS = [
    "inhibitor", "status", "standing", "rank", "basis", "basis_text", "profile", "patients",
    "groups", "relapsed", "laboratory", "beside", "sources", "marks",
]  # fmt: skip

COMPOSED = "read from its parts"
JUST_PROGRESSED = "just progressed"
CONFLICTING = "conflicting"
PROGRESSED_TEXT = "the tumour has just progressed on it with this mutation"


@dataclass(frozen=True)
class Composition:
    """One step of the rule for a compound in cis that has no evidence of its own.

    Attributes
    ----------
    part : Standing
        It holds where any part of the compound stands so, also for want of data ...
    undone : bool
        ... and where a mutation of the compound is known to undo resistance to the inhibitor.
    standing : Standing
        What the compound amounts to.
    quoted : tuple of Standing
        Parts whose evidence is quoted: beside one that resists, what speaks for another is silent.
    text : str
        Why: the quoted ``{parts}``, and what is ``{undoing}`` resistance.
    """

    part: Standing
    undone: bool
    standing: Standing
    quoted: tuple[Standing, ...]
    text: str


COMPOSING = TypeAdapter(list[Composition]).validate_python(_RULES["composing"])


@dataclass(frozen=True)
class Finding:
    """What evidence says of a profile and an inhibitor: that of one tier, or all of it together.

    Attributes
    ----------
    standing, basis : Standing, Tier
        Where it points (undecided: both ways, or between them), and the tier that decides.
    text : str
        The finding as a clause.
    low : float
        Lower limit of its interval, which orders inhibitors of one basis.
    marks : tuple of str
        What must be said beside it, as ``1 patient``.
    rests_on : tuple of str
        Other profiles whose evidence decides.
    """

    standing: Standing = Standing.UNDECIDED
    basis: Tier = Tier.NONE
    text: str = ""
    low: float = 0.0
    marks: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether any tier says something."""
        return self.basis != Tier.NONE

    @property
    def told(self) -> str:
        """Why, with what must be said beside it, where another finding quotes it."""
        quoted = self.marks and not self.rests_on
        return f"{self.text} [{', '.join(self.marks)}]" if quoted else self.text


@dataclass(frozen=True)
class Cell:
    """Everything known of one profile and one inhibitor, by tier, and what stands behind it.

    Attributes
    ----------
    findings : mapping of Tier to Finding
        Tiers that say something.
    patients, relapsed, laboratory : dict
        Counts, with the rows behind them; of patients also the ``verdict`` and
        ``verdict_probability`` of `alkpool.analysis.actionability.matrix`.
    groups : list of dict
        Published groups.
    sources : tuple of dict
        Each source, from `alkpool.references.cite`.
    hint : str
        What is known and decides nothing.
    calls, assertions : list of dict
        Measurements and assertions of knowledge bases with all that is known of them.
    """

    findings: Mapping[Tier, Finding]
    patients: Row
    groups: list[Row]
    relapsed: Row
    laboratory: Row
    sources: tuple[Row, ...]
    hint: str
    calls: list[Row]
    assertions: list[Row]

    @property
    def behind(self) -> Row:
        """What an answer holds of it."""
        return {
            name: deepcopy(getattr(self, name))
            for name in ("patients", "groups", "relapsed", "laboratory")
        }


NOTHING = Cell(
    findings={}, groups=[], sources=(), hint="", calls=[], assertions=[], **_RULES["nothing"]
)


@dataclass(frozen=True)
class Evidence:
    """What an answer is read from; made by `alkpool.analysis.evidence.gather`.

    Attributes
    ----------
    cells : mapping
        `Cell` by profile and inhibitor, of what is known.
    about : mapping
        What the evidence rests on: cohort, counts, date of the search.
    published : Groups
        Published groups, for questions without a mutation.
    """

    cells: Mapping[tuple[str, str], Cell]
    about: Mapping[str, Any]
    published: Groups

    def cell(self, name: str, inhibitor: str) -> Cell:
        """What is known; empty where nothing is."""
        return self.cells.get((name, inhibitor), NOTHING)

    def own(self, name: str, inhibitor: str) -> Finding:
        """What the evidence on a profile itself decides."""
        return decide(self.cell(name, inhibitor).findings)

    def sources(self, names: Iterable[str], inhibitor: str) -> list[Row]:
        """What stands behind several profiles, each source once."""
        return once(source for name in names for source in self.cell(name, inhibitor).sources)

    @cached_property
    def profiles(self) -> frozenset[str]:
        """Profiles of which something is known."""
        return frozenset(name for name, _ in self.cells)

    @cached_property
    def substitutions(self) -> Mapping[str, list[str]]:
        """Known substitutions of each residue by its class, the class itself included."""
        found: dict[str, list[str]] = {}
        for name in sorted(name for name in self.profiles if "+" not in name):
            found.setdefault(mutations.residue_class(name), []).append(name)
        return found

    @cached_property
    def restoring(self) -> frozenset[tuple[str, str]]:
        """Mutations that are known to undo the resistance of another to an inhibitor.

        A compound is sensitive though one of its mutations alone resists: the others undid it, as
        L1198F does for crizotinib (Shaw 2016).
        """
        found = set()
        for name, inhibitor in self.cells:
            if "+" in name and self.own(name, inhibitor).standing == Standing.FOR:
                parts = {p: assess(p, inhibitor, self).standing for p in name.split("+")}
                if Standing.AGAINST in parts.values():
                    found |= {(p, inhibitor) for p in parts if parts[p] != Standing.AGAINST}
        return frozenset(found)


@dataclass(frozen=True)
class Answer:
    """The answer to one question.

    Attributes
    ----------
    question : Question
        What was asked.
    standing_text : str
        What the evidence amounts to, in a sentence.
    inhibitors : DataFrame
        See `answer`; empty for a question without a mutation.
    reading : Phase
        How the profile was read.
    other_reading : DataFrame or None
        The same for the other reading of an unknown phase, where it differs.
    others : list of dict
        Inhibitors that are not assessed, with what is known: ``inhibitor, status, known,
        sources``.
    words : list of dict
        What is known of tumours without a mutation and of off-target findings: ``text, sources``.
    about : mapping
        What the evidence rests on.
    """

    question: Question
    standing_text: str
    inhibitors: pd.DataFrame
    reading: Phase
    other_reading: pd.DataFrame | None
    others: list[Row]
    words: list[Row]
    about: Mapping[str, Any]


PROGRESSED = Finding(Standing.AGAINST, Tier.PROGRESSED, PROGRESSED_TEXT, marks=(JUST_PROGRESSED,))


def decide(findings: Mapping[Tier, Finding]) -> Finding:
    """Apply the table of steps to what the tiers say.

    Examples
    --------
    >>> resists = Finding(Standing.AGAINST, Tier.LABORATORY, "resistant in 2 models")
    >>> decide({Tier.LABORATORY: resists}).standing
    <Standing.AGAINST: 'against'>
    """
    for step in STEPS:
        if said := [findings[tier] for tier in step if tier in findings]:
            standing = together(finding.standing for finding in said)
            conflict = len(said) > 1 and standing == Standing.UNDECIDED
            marks = dict.fromkeys(mark for finding in said for mark in finding.marks)
            return replace(
                said[0],
                standing=standing,
                text="; ".join(finding.text for finding in said),
                marks=(*[CONFLICTING] * conflict, *marks),
            )
    return Finding()


def together(standings: Iterable[Standing]) -> Standing:
    """Standing of evidence that is read together: undecided where it points in several ways."""
    found = set(standings)
    return found.pop() if len(found) == 1 else Standing.UNDECIDED


def assess(name: str, inhibitor: str, evidence: Evidence) -> Finding:
    """Standing of an inhibitor for a profile, by its own evidence or what is related to it.

    A single mutation is read from the other substitutions of its residue, where they agree; a
    compound in cis from its parts: any that resists speaks against.
    """
    cell, own = evidence.cell(name, inhibitor), evidence.own(name, inhibitor)
    if own.known:
        return own
    related = (_by_parts if "+" in name else _by_residue)(name, inhibitor, evidence)
    if related is None:
        return replace(own, text=cell.hint)
    hint = cell.hint or "no data on this mutation itself" * ("+" not in name)
    text = "; ".join(filter(None, (hint, related.text)))
    # It has arisen on this inhibitor: what is related to it cannot speak for it.
    arisen = related.standing == Standing.FOR and cell.relapsed["k"]
    standing = Standing.UNDECIDED if arisen else related.standing
    return replace(related, standing=standing, text=text)


def _by_residue(name: str, inhibitor: str, evidence: Evidence) -> Finding | None:
    residue = mutations.residue_class(name)
    said = {
        other: decision
        for other in evidence.substitutions.get(residue, ())
        if other != name and (decision := evidence.own(other, inhibitor)).known
    }
    if not said:
        return None
    by_text: dict[str, list[str]] = {}
    for other, decision in said.items():
        by_text.setdefault(decision.told, []).append(other)
    listed = "; ".join(f"{', '.join(names)}: {text}" for text, names in by_text.items())
    opening = "other substitutions of this residue"
    standing = together(decision.standing for decision in said.values())
    if standing == Standing.FOR and residue in DIFFERING:
        standing = Standing.UNDECIDED
        opening += " are known to differ, so none speaks for it"
    elif len({decision.standing for decision in said.values()}) > 1:
        opening += " disagree, so none counts"
    return Finding(
        standing, Tier.RESIDUE, f"{opening}: {listed}",
        min(decision.low for decision in said.values()),
        ("other substitutions only",), tuple(said),
    )  # fmt: skip


def parts_of(name: str, profiles: Iterable[str]) -> list[str]:
    """Single mutations of a compound, and the smaller compounds in it that are known."""
    singles = name.split("+")
    smaller = (known for known in profiles if "+" in known and {*known.split("+")} < {*singles})
    return [*singles, *sorted(smaller)]


def _by_parts(name: str, inhibitor: str, evidence: Evidence) -> Finding | None:
    parts = parts_of(name, evidence.profiles)
    said = {part: assess(part, inhibitor, evidence) for part in parts}
    if not any(decision.known for decision in said.values()):
        return None
    resist = [part for part in parts if said[part].standing == Standing.AGAINST]
    # One that is in a compound which resists all the same undoes nothing here.
    undoing = [
        part
        for part in parts
        if (part, inhibitor) in evidence.restoring
        and not any(part in other.split("+") for other in resist)
    ]
    step = composing([decision.standing for decision in said.values()], bool(undoing))
    quoted = {
        part: decision
        for part, decision in said.items()
        if decision.known
        and decision.standing in step.quoted
        # A smaller compound that is composed itself is told by its mutations.
        and not (
            decision.basis == Tier.COMPONENTS
            and any(said[one].standing == decision.standing for one in part.split("+"))
        )
    }
    told = "; ".join(f"{part} alone: {decision.told}" for part, decision in quoted.items())
    behind = dict.fromkeys([*quoted, *(name for d in quoted.values() for name in d.rests_on)])
    return Finding(
        step.standing, Tier.COMPONENTS, step.text.format(undoing=", ".join(undoing), parts=told),
        min(decision.low for decision in said.values()), (COMPOSED,), tuple(behind),
    )  # fmt: skip


def composing(standings: Collection[Standing], undone: bool = False) -> Composition:
    """Step that decides on several mutations together, of which `undone` undoes resistance."""
    return next(
        step for step in COMPOSING if step.part in standings and (undone or not step.undone)
    )


def answer(question: Question, evidence: Evidence) -> Answer:
    """Answer a question.

    Returns
    -------
    Answer
        Its ``inhibitors`` have a row for each assessed inhibitor, first those with evidence for
        them, then the undecided, then those with evidence against them, last the one on which
        the tumour has just progressed: ``inhibitor``; ``status`` (of the compound);
        ``standing`` (`Standing`); ``rank`` (within ``for``, equal evidence shares one; else
        missing); ``basis`` (`Tier`); ``basis_text``; ``profile``, whose evidence the columns show,
        in trans the clone that decides; ``patients`` (``k`` of ``n`` decided lines,
        ``not_counted``, their ``verdict`` and ``verdict_probability``, the ``lines``);
        ``groups``; ``relapsed`` (``k`` of ``n`` samples and their ``source``, ``of``: mutated
        samples where no others were taken; no ``n`` where the samples were chosen);
        ``laboratory`` (numbers of models ``sensitive``, ``resistant``, values with ``no_call``,
        the ``calls``); ``beside``, in trans the other clones with their ``profile`` and the same
        columns; ``sources`` (of `alkpool.references.cite`); ``marks``, what must not be overlooked.

    Notes
    -----
    Koopman et al. 2022, Conclusions. Within ``for`` the order is the tier, then the lower limit
    of the interval. Off-target findings beside a mutation: nothing is ranked, because the
    inhibitor may be right for the mutation and fail all the same.
    """
    words = offtarget.words(question.findings, not question.mutations, evidence.published)
    if not question.mutations:
        text = "No resistance mutation of ALK is named, so no inhibitor is compared."
        nothing = pd.DataFrame(columns=COLUMNS)
        return Answer(question, text, nothing, question.phase, None, [], words, evidence.about)
    frames = {
        reading: pd.DataFrame(ordered_rows(question, reading, evidence), columns=COLUMNS)
        .astype({"rank": "Int64"})
        for reading in question.readings
    }  # fmt: skip
    (lead, frame), *rest = frames.items()
    decided = ["inhibitor", "standing", "rank", "basis"]
    other = next((one for _, one in rest if not one[decided].equals(frame[decided])), None)
    unranked = f"Not ranked, because of {', '.join(question.findings)}. " * bool(question.findings)
    reading = "" if other is None else wording.WORDS["if"][lead]
    text = unranked + reading + wording.standing_text(frame.to_dict("records"), lead)
    others = not_assessed(question, evidence)
    return Answer(question, text, frame, lead, other, others, words, evidence.about)


def ordered_rows(question: Question, reading: Phase, evidence: Evidence) -> list[Row]:
    """Rows of one reading, in order and ranked: `COLUMNS`, and the ``key`` that orders them."""
    names = question.mutations if reading == Phase.TRANS else (question.profile,)
    status = tables.inhibitors().set_index("inhibitor")["status"]
    rows: list[Row] = []
    for inhibitor in tables.assessed_inhibitors():
        found = {
            name: (assess(name, inhibitor, evidence), evidence.cell(name, inhibitor))
            for name in names
        }
        weakest = max(names, key=lambda name: order(*found[name]))
        decision, cell = found[weakest]
        behind = [*names, *(other for name in names for other in found[name][0].rests_on)]
        # The weakest decides, and what is known of every other clone stands beside it.
        others = [name for name in names if name != weakest]
        if others:
            beside = (f"; beside it {name}: {found[name][0].told or 'no data'}" for name in others)
            text = f"{weakest}: {decision.text or 'no data'}{''.join(beside)}"
            decision = replace(decision, text=text)
        if inhibitor == question.progressed_on:
            known = f" ({decision.text})" if decision.standing == Standing.AGAINST else ""
            decision = replace(PROGRESSED, text=PROGRESSED.text + known)
        elif inhibitor in question.prior:
            decision = replace(decision, marks=(GIVEN_BEFORE, *decision.marks))
        rows.append(
            {
                "inhibitor": inhibitor,
                "profile": weakest,
                "beside": [{"profile": name} | found[name][1].behind for name in others],
                "status": str(status[inhibitor]),
                "rank": None,
                "sources": evidence.sources(behind, inhibitor),
            }
            | row_of(decision, cell)
            | cell.behind
        )
    rows.sort(key=lambda row: row["key"])
    ranked = [] if question.findings else [r for r in rows if r["standing"] == Standing.FOR]
    for row in ranked:
        row["rank"] = 1 + sum(other["key"] < row["key"] for other in ranked)
    return rows


def row_of(decision: Finding, cell: Cell = NOTHING) -> Row:
    """What a row holds of a decision, with the ``key`` that orders it."""
    return {
        "standing": str(decision.standing),
        "basis": str(decision.basis),
        "basis_text": decision.text or "no data",
        "marks": list(decision.marks),
        "key": list(order(decision, cell)),
    }


def order(decision: Finding, cell: Cell) -> tuple[float, ...]:
    """Sort key: best evidence first, the inhibitor that has just failed last."""
    standing = list(Standing).index(decision.standing)
    tier = TIERS.index(decision.basis)
    match decision.standing:
        case Standing.FOR:
            return standing, 0, tier, -decision.low
        case Standing.AGAINST:
            # What is least sure comes first.
            return standing, int(decision.basis == Tier.PROGRESSED), -tier, 0
    k, n = cell.patients["k"], cell.patients["n"]
    anything = decision.basis != Tier.NONE or bool(cell.sources)
    return standing, (0 if k else 2 if n else 1 if anything else 3), tier, 0


def not_assessed(question: Question, evidence: Evidence) -> list[Row]:
    """Inhibitors outside the assessed ones of which something is known for the question."""
    history = dict.fromkeys(question.prior, GIVEN_BEFORE)
    history |= {question.progressed_on: PROGRESSED_TEXT}
    names = dict.fromkeys([question.profile, *question.mutations])
    rows = []
    for inhibitor in tables.investigational_inhibitors():
        if known := {n: text for n in names if (text := known_of(n, inhibitor, evidence))}:
            told = "; ".join([*filter(None, [history.get(inhibitor)]), *known.values()])
            row = {"inhibitor": inhibitor, "status": "not assessed", "known": told}
            rows.append(row | {"sources": evidence.sources(known, inhibitor)})
    return rows


def known_of(name: str, inhibitor: str, evidence: Evidence) -> str:
    """Say what is known of an inhibitor that is not assessed."""
    cell = evidence.cell(name, inhibitor)
    told = [finding.text for finding in cell.findings.values()] or [cell.hint]
    return "; ".join(f"{name}: {text}" for text in told if text)
