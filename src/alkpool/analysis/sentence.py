"""The sentence at the head of an answer; the explorer puts the same names into the same words."""

from collections.abc import Mapping, Sequence
from typing import Any

from alkpool.vocabulary import Phase, Standing, Tier

GIVEN_BEFORE = "given before"

# Sentences of an answer, by the tiers that decide; the explorer puts in the same names. Where none
# is for, what was given before and what only related mutations leave open is no way out: not named.
Worded = tuple[str, tuple[Tier, ...]]
KINDS: tuple[Worded, ...] = (
    ("{} (patients)", (Tier.PATIENTS,)),
    ("{} (published groups)", (Tier.GROUPS,)),
    ("{} (single patients)", (Tier.FEW,)),
    ("{} (laboratory only)", (Tier.LABORATORY,)),
    ("{} (its parts only)", (Tier.COMPONENTS,)),
    ("{} (related mutations only)", (Tier.RESIDUE,)),
)
MIXED: Worded = (
    "The evidence is mixed or weak for {}.",
    (Tier.PATIENTS, Tier.GROUPS, Tier.RELAPSE, Tier.FEW, Tier.LABORATORY),
)
NOTHING_FOR = "No evidence that counts speaks for {} assessed inhibitor as next treatment{}."
OF_CLONES = " against each of these clones"
# Before the sentence where the other reading of an unknown phase amounts to something else.
IF = {Phase.CIS: "If on one allele: ", Phase.TRANS: "If in different clones: "}


def standing_text(rows: Sequence[Mapping[Any, Any]], reading: Phase) -> str:
    """Say in a sentence what kind of evidence speaks for which inhibitor.

    With each stands whether it was given before, and with what. Where there is evidence for none,
    the sentence says whether there is no evidence or a mixed one.
    """
    if best := _said(rows, Standing.FOR, KINDS):
        return f"There is evidence for {'; '.join(best)}."
    mixed = _said(rows, Standing.UNDECIDED, (MIXED,))
    clones = OF_CLONES if reading == Phase.TRANS else ""
    return " ".join([*mixed, NOTHING_FOR.format("another" if mixed else "any", clones)])


def _said(
    rows: Sequence[Mapping[Any, Any]], standing: Standing, all_words: Sequence[Worded]
) -> list[str]:
    return [
        words.format(", ".join(named))
        for words, tiers in all_words
        if (named := [
            _named(row) for row in rows
            if row["standing"] == standing and row["basis"] in tiers
            and (standing == Standing.FOR or GIVEN_BEFORE not in row["marks"])
        ])
    ]  # fmt: skip


def _named(row: Mapping[Any, Any]) -> str:
    beside = (m for m in row["marks"] if m == GIVEN_BEFORE or m.startswith("with "))
    return " ".join([row["inhibitor"], *beside])
