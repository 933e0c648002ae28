"""The words of an answer, and the sentence at its head; the explorer has both from here."""

from collections.abc import Mapping, Sequence
from typing import Any

from alkpool.files import yaml_beside
from alkpool.vocabulary import Phase, Standing

_ALL: Mapping[str, Any] = yaml_beside(__file__)
WORDS: dict[str, Any] = _ALL["words"]
STANDINGS: Mapping[str, str] = _ALL["standings"]
READINGS: Mapping[str, str] = _ALL["readings"]
GIVEN_BEFORE: str = WORDS["given"]


def standing_text(rows: Sequence[Mapping[Any, Any]], reading: Phase) -> str:
    """Say in a sentence what kind of evidence speaks for which inhibitor.

    With each stands whether it was given before, and with what. Where there is evidence for none,
    the sentence says whether there is no evidence or a mixed one.
    """
    if best := _said(rows, Standing.FOR, WORDS["kinds"]):
        return f"There is evidence for {'; '.join(best)}."
    mixed = _said(rows, Standing.UNDECIDED, [WORDS["mixed"]])
    clones = WORDS["clones"] if reading == Phase.TRANS else ""
    return " ".join([*mixed, WORDS["nothing_for"].format("another" if mixed else "any", clones)])


def _said(rows: Sequence[Mapping[Any, Any]], standing: Standing, kinds: Sequence[Any]) -> list[str]:
    found = [
        row
        for row in rows
        if row["standing"] == standing
        and (standing == Standing.FOR or GIVEN_BEFORE not in row["marks"])
    ]
    return [
        words.format(", ".join(map(_named, mine)))
        for words, tiers in kinds
        if (mine := [row for row in found if row["basis"] in tiers])
    ]


def _named(row: Mapping[Any, Any]) -> str:
    beside = (m for m in row["marks"] if m == GIVEN_BEFORE or m.startswith("with "))
    return " ".join([row["inhibitor"], *beside])
