"""Columns of the tables: what a cell may hold, in words for people and as a check.

Every function of `KINDS` makes a pandera column of what ``tables.yaml`` says of one: its meaning
(``says``) as the description and, in ``metadata``, what is ``allowed`` and the ``unit``. Where
people write it in other ways, ``spell`` gives a cell the spelling of the tables, and ``why`` says
of one that is refused what to write (`alkpool.data.spelling`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

import pandera.pandas as pa

from alkpool import vocabulary
from alkpool.data import spelling
from alkpool.data.reader import NO_UNSEEN, UNSEEN
from alkpool.files import yaml_beside
from alkpool.vocabulary import LIST_SEPARATOR

_DECLARED = yaml_beside(__file__)


def column(says: str, allowed: str, check: Callable[[str], bool], **metadata: Any) -> pa.Column:
    """Column whose cells pass a check."""
    return pa.Column(
        None, pa.Check(check, element_wise=True, error=allowed), description=says,
        metadata={"allowed": allowed, **metadata},
    )  # fmt: skip


def number(
    says: str,
    *,
    unit: str,
    high: float,
    low: float = 0,
    whole: bool = False,
    required: bool = False,
) -> pa.Column:
    """Column of numbers from ``low`` to ``high``, without sign, exponent or thousands separator."""
    # [0-9], because \d is any Unicode digit.
    pattern = re.compile(r"[0-9]+" if whole else r"[0-9]+(\.[0-9]+)?")
    kind = "a whole number" if whole else "a number with a decimal point"
    allowed = f"must be {kind} from {low:g} to {high:g}"
    if not required:
        allowed += ", or blank when not stated"

    def valid(cell: str) -> bool:
        if cell == "":
            return not required
        return bool(pattern.fullmatch(cell)) and low <= float(cell) <= high

    return column(
        says, allowed, valid, unit=unit, minimum=low, maximum=high, decimal=not whole,
        spell=partial(spelling.number, whole=whole),
        why=partial(_number_advice, unit=unit, whole=whole),
    )  # fmt: skip


def _number_advice(cell: str, *, unit: str, whole: bool) -> str:
    for advice in _DECLARED["no_number"]:
        for_it = advice.get("unit", unit) == unit and not (whole and "decimal" in advice)
        if for_it and re.search(advice["found"], cell, re.IGNORECASE):
            return str(advice["says"].format(cell=cell, unit=unit))
    return ""


def choice(says: str, *, of: str | Sequence[str], blank: str = "") -> pa.Column:
    """Column of a closed vocabulary; ``blank`` says what a blank cell means, if it may be blank."""
    terms = [str(term) for term in (getattr(vocabulary, of) if isinstance(of, str) else of)]
    name = of if isinstance(of, str) else ""
    allowed = f"must be one of {', '.join(terms)}"
    if blank:
        allowed += f", or blank {blank}"
    valid = {*terms, ""} if blank else {*terms}
    return column(
        says, allowed, valid.__contains__, terms=tuple(terms),
        spell=partial(spelling.term, terms=terms, vocabulary=name),
        why=partial(spelling.advice, vocabulary=name),
    )  # fmt: skip


def pattern(
    says: str, *, pattern: str, allowed: str, blank: bool = True, spell: str = "", **metadata: Any
) -> pa.Column:
    """Column of cells of a pattern, a regular expression, and of blank ones.

    ``spell`` names a function of `alkpool.data.spelling`.
    """
    wanted = re.compile(pattern)
    if spell:
        metadata["spell"] = getattr(spelling, spell)
    return column(
        says, f"must be {allowed}",
        lambda cell: bool(wanted.fullmatch(cell)) or (blank and cell == ""),
        pattern=pattern, **metadata,
    )  # fmt: skip


def text(says: str, *, required: bool = False) -> pa.Column:
    """Column of free text, without signs that nobody sees."""
    allowed = "must not be blank" if required else "free text"
    checks = [pa.Check(lambda cell: not UNSEEN.search(cell), element_wise=True, error=NO_UNSEEN)]
    if required:
        checks.append(pa.Check(bool, element_wise=True, error=allowed))
    return pa.Column(None, checks, description=says, metadata={"allowed": allowed})


def names(
    says: str,
    allowed: str,
    *,
    read: Callable[[str], str],
    also: Sequence[str] = (),
    split: Callable[[str], list[str]] | None = None,
    **metadata: Any,
) -> pa.Column:
    """Column of names, or of the words in ``also``; of lists of names where ``split`` parts them.

    ``read`` gives the name of the tables that is meant, and raises where there is none.
    """
    words = {word.casefold(): word for word in also}

    @lru_cache(1024)
    def meant(name: str) -> tuple[str, str]:
        """Give the name that is meant, and why it is refused as it stands."""
        try:
            known = read(name)
        except ValueError as error:
            return name, str(error)
        return known, "" if known == name else f"write it as {known}"

    def why(cell: str) -> str:
        given = cell.split(LIST_SEPARATOR) if split else [cell]
        return "" if cell in also else next(filter(None, (meant(name)[1] for name in given)), "")

    def spelled(cell: str) -> str:
        given = split(cell) if split else [cell]
        return LIST_SEPARATOR.join(words.get(name.casefold()) or meant(name)[0] for name in given)

    return column(
        says, allowed, lambda cell: not why(cell), why=why, spell=spelled, also=tuple(also),
        **metadata,
    )  # fmt: skip


def profile(says: str, *, also: Sequence[str] = (), several: bool = False) -> pa.Column:
    """Column of canonical mutation profiles, or of the words in ``also``."""
    allowed = "must be a canonical mutation profile such as G1202R or L1196M+G1202R"
    if several:
        allowed = (
            "must be canonical mutation profiles or residue classes such as G1202R or I1171X, "
            f"several joined by {LIST_SEPARATOR},"
        )
    if also:
        allowed += f" or one of {', '.join(also)}"
    parts = (lambda cell: cell.split(LIST_SEPARATOR)) if several else None
    return names(says, allowed, read=spelling.canonical, also=also, split=parts)


KINDS: Mapping[str, Callable[..., pa.Column]] = {
    "text": text, "number": number, "choice": choice, "pattern": pattern, "profile": profile,
    **{name: partial(pattern, **kind) for name, kind in _DECLARED["patterns"].items()},
}  # fmt: skip
