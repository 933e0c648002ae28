"""Columns of the tables: what a cell may hold, in words for people and as a check.

Every function of `KINDS` makes a pandera column of what ``tables.yaml`` says of one: its meaning
(``says``) as the description and, in ``metadata``, what is ``allowed`` and the ``unit``. Where
people write it in other ways, ``spell`` gives a cell the spelling of the tables, and ``why`` says
of one that is refused what to write (`alkpool.data.spelling`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandera.pandas as pa

from alkpool import vocabulary
from alkpool.data import spelling
from alkpool.data.reader import NO_UNSEEN, UNSEEN, canonical_problem
from alkpool.vocabulary import LIST_SEPARATOR


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


_MADE_A_DATE = re.compile(
    r"\b(jan|feb|m[aä]r|mrz|apr|ma[iy]|jun|jul|aug|sep|o[ck]t|nov|de[cz])|\d+[-/.]\d+[-/.]\d", re.I
)


def _number_advice(cell: str, *, unit: str, whole: bool) -> str:
    if re.search("[0-9][.,][0-9]{3} [a-z]", cell):
        return "a sign before three digits may part thousands: write none, or fewer decimals"
    if not whole and re.search("[0-9],[0-9]", cell):
        return "write a decimal point"
    if unit == "months" and re.search("day|week|year", cell, re.IGNORECASE):
        return (
            "give months: a year has 12, a week is 0.23 of one, a day 0.033; alkpool add --columns "
            "converts them"
        )
    if unit == "months" and _MADE_A_DATE.search(cell):
        return "perhaps a date that a spreadsheet made of a number: write the number"
    if unit == "months" and re.search("[<>≥≤~+]", cell) and spelling.BOUND.fullmatch(cell):
        return "a sign belongs into the relation, which says another: write the number alone here"
    if re.fullmatch(r"[0-9.,]+\s*[A-Za-z.]+", cell):
        return f"write the number alone, in {unit}"
    if unit == "months" and re.fullmatch(r"n\.?r\.?|not reached", cell, re.IGNORECASE):
        return (
            "not reached: write the months so far, the relation > and the status ongoing; not "
            "reported: leave it blank"
        )
    bound_or_range = r"[>≥]\s*[0-9]+|[0-9]+\s*\+|[0-9]+\s*[-–]\s*[0-9]+"
    if unit == "years" and re.fullmatch(bound_or_range, cell):
        return (
            "a bound or a range: write the middle of the range, or 90 for all above 89, and "
            f"{cell!r} into the note of the patient"
        )
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


def pattern(says: str, *, pattern: str, allowed: str, **metadata: Any) -> pa.Column:
    """Column of blank cells and cells of a pattern, a regular expression."""
    wanted = re.compile(pattern)
    return column(
        says, f"must be {allowed}", lambda cell: cell == "" or bool(wanted.fullmatch(cell)),
        pattern=pattern, **metadata,
    )  # fmt: skip


doi = partial(
    pattern, pattern=r"10\.[0-9]{4,9}/\S+",
    allowed="a DOI such as 10.1016/j.cllc.2021.06.011, or blank", spell=spelling.doi,
)  # fmt: skip
pmid = partial(
    pattern, pattern=r"[1-9][0-9]{0,7}",
    allowed="the digits of a PubMed identifier (a number with PMC is another), or blank",
    spell=spelling.pmid,
)  # fmt: skip
_PERCENTAGE = r"(unknown|[<>~]?([0-9]{1,2}(\.[0-9]+)?|100(\.0+)?))"
frequencies = partial(
    pattern, pattern=f"{_PERCENTAGE}({LIST_SEPARATOR}{_PERCENTAGE})*", unit="%",
    allowed="percentages from 0 to 100 joined by ; in the order of the profile, with <, > or ~ "
    "before a bound, 'unknown' for one that is not stated, or blank when none is",
    spell=spelling.frequencies,
)  # fmt: skip


def text(says: str, *, required: bool = False) -> pa.Column:
    """Column of free text, without signs that nobody sees."""
    allowed = "must not be blank" if required else "free text"
    checks = [
        pa.Check(lambda cell: cell == cell.strip(), element_wise=True,
                 error="must not start or end with a space"),
        pa.Check(lambda cell: not UNSEEN.search(cell), element_wise=True, error=NO_UNSEEN),
    ]  # fmt: skip
    if required:
        checks.append(pa.Check(lambda cell: cell != "", element_wise=True, error=allowed))
    return pa.Column(None, checks, description=says, metadata={"allowed": allowed})


def identifier(
    says: str, *, blank: bool = False, refers_to: Sequence[str] | None = None
) -> pa.Column:
    """Column of keys of this table or, by file and column, of another."""
    allowed = "must be letters, digits, dot, hyphen or underscore" + (", or blank" * blank)
    wanted = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
    return column(
        says, allowed, lambda cell: (blank and cell == "") or bool(wanted.fullmatch(cell)),
        pattern=wanted.pattern, refers_to=refers_to,
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

    def problem(cell: str) -> str:
        parts = cell.split(LIST_SEPARATOR) if several else [cell]
        return "" if cell in also else next(filter(None, map(canonical_problem, parts)), "")

    return column(
        says, allowed, lambda cell: not problem(cell), also=tuple(also), why=problem,
        spell=partial(_profile, also=also, several=several),
    )  # fmt: skip


def _profile(cell: str, *, also: Sequence[str], several: bool) -> str:
    words = {word.casefold(): word for word in also}
    parts = cell.split(LIST_SEPARATOR) if several else [cell]
    return LIST_SEPARATOR.join(words.get(p.casefold()) or spelling.profile(p) for p in parts)


KINDS: Mapping[str, Callable[..., pa.Column]] = {
    "text": text, "identifier": identifier, "number": number, "choice": choice, "doi": doi,
    "pmid": pmid, "frequencies": frequencies, "pattern": pattern, "profile": profile,
}  # fmt: skip
