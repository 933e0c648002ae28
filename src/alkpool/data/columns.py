"""Columns of the tables: what a cell may hold, in words for people and as a check.

Every function makes a pandera column with its meaning (``description``) and, in ``metadata``,
what is ``allowed`` and the ``unit``; the data dictionary is generated from them. Where people
write it in other ways, ``spell`` gives a cell the spelling of the tables, and ``why`` says of one
that is refused what to write (`alkpool.data.spelling`).
"""

import re
from collections.abc import Callable, Iterable, Sequence
from functools import partial

import pandera.pandas as pa

from alkpool.data import spelling
from alkpool.data.reader import NO_UNSEEN, UNSEEN, canonical_problem
from alkpool.vocabulary import LIST_SEPARATOR, Relation

# Plausible ranges (design, section 2): outside them a number is a typing error.
MAX_MONTHS = 300


def _is_number(low: float, high: float, *, whole: bool, required: bool) -> pa.Check:
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

    return pa.Check(valid, element_wise=True, error=allowed)


def number(
    description: str,
    unit: str,
    high: float,
    *,
    low: float = 0,
    whole: bool = False,
    required: bool = False,
    why: Callable[[str], str] | None = None,
) -> pa.Column:
    """Column of numbers from ``low`` to ``high``, without sign, exponent or thousands separator."""
    check = _is_number(low, high, whole=whole, required=required)
    return pa.Column(
        None, check, description=description,
        metadata={"unit": unit, "allowed": check.error, "minimum": low, "maximum": high,
                  "decimal": not whole, "spell": partial(spelling.number, whole=whole),
                  "why": partial(_number_advice, why=why, whole=whole)},
    )  # fmt: skip


def _number_advice(cell: str, *, why: Callable[[str], str] | None, whole: bool) -> str:
    if not whole and re.search("[0-9],[0-9]", cell):
        return "write a decimal point"
    return why(cell) if why else ""


def closed(vocabulary: Iterable[str], description: str, *, blank: str = "") -> pa.Column:
    """Column of a closed vocabulary; ``blank`` says what a blank cell means, if it may be blank."""
    terms = list(vocabulary)
    allowed = f"must be one of {', '.join(terms)}"
    if blank:
        terms = [*terms, ""]
        allowed += f", or blank {blank}"
    name = getattr(vocabulary, "__name__", "")
    return pa.Column(
        None, pa.Check.isin(terms, error=allowed), description=description,
        metadata={"allowed": allowed, "terms": tuple(filter(None, terms)),
                  "spell": partial(spelling.term, terms=terms, vocabulary=name),
                  "why": partial(spelling.advice, vocabulary=name)},
    )  # fmt: skip


def _identified(
    description: str, pattern: str, allowed: str, spell: Callable[[str], str]
) -> pa.Column:
    check = pa.Check(
        lambda cell: cell == "" or bool(re.fullmatch(pattern, cell)), element_wise=True,
        error=allowed,
    )  # fmt: skip
    return pa.Column(
        None, check, description=description,
        metadata={"allowed": allowed, "pattern": pattern, "spell": spell},
    )  # fmt: skip


def doi() -> pa.Column:
    """Column of digital object identifiers."""
    return _identified(
        "Digital object identifier without resolver.", r"10\.[0-9]{4,9}/\S+",
        "must be a DOI such as 10.1016/j.cllc.2021.06.011, or blank", spelling.doi,
    )  # fmt: skip


def pmid() -> pa.Column:
    """Column of PubMed identifiers."""
    return _identified(
        "PubMed identifier.", r"[1-9][0-9]{0,7}",
        "must be the digits of a PubMed identifier (a number with PMC is another), or blank",
        spelling.pmid,
    )  # fmt: skip


def text(description: str, *, required: bool = False) -> pa.Column:
    """Column of free text, without signs that nobody sees."""
    allowed = "must not be blank" if required else "free text"
    checks = [
        pa.Check(lambda cell: cell == cell.strip(), element_wise=True,
                 error="must not start or end with a space"),
        pa.Check(lambda cell: not UNSEEN.search(cell), element_wise=True, error=NO_UNSEEN),
    ]  # fmt: skip
    if required:
        checks.append(pa.Check(lambda cell: cell != "", element_wise=True, error=allowed))
    return pa.Column(None, checks, description=description, metadata={"allowed": allowed})


def identifier(description: str, *, blank: bool = False) -> pa.Column:
    """Column of keys of this table or of another."""
    allowed = "must be letters, digits, dot, hyphen or underscore" + (", or blank" * blank)
    pattern = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
    check = pa.Check(
        lambda cell: (blank and cell == "") or bool(pattern.fullmatch(cell)),
        element_wise=True,
        error=allowed,
    )
    return pa.Column(
        None, check, description=description,
        metadata={"allowed": allowed, "pattern": pattern.pattern},
    )  # fmt: skip


def profile(description: str, *, also: Sequence[str] = ()) -> pa.Column:
    """Column of canonical mutation profiles, or of the words in ``also``."""
    extra = f" or one of {', '.join(also)}" if also else ""
    allowed = f"must be a canonical mutation profile such as G1202R or L1196M+G1202R{extra}"
    check = pa.Check(
        lambda cell: cell in also or not canonical_problem(cell), element_wise=True, error=allowed
    )
    return pa.Column(
        None, check, description=description,
        metadata={"allowed": allowed, "why": canonical_problem,
                  "spell": partial(_profile, also=also)},
    )  # fmt: skip


def _profile(cell: str, *, also: Sequence[str]) -> str:
    words = {word.casefold(): word for word in also}
    return words.get(cell.casefold()) or spelling.profile(cell)


_PERCENTAGE = r"(unknown|[<>~]?([0-9]{1,2}(\.[0-9]+)?|100(\.0+)?))"
_VAF_PATTERN = re.compile(f"{_PERCENTAGE}({LIST_SEPARATOR}{_PERCENTAGE})*")


def vaf(description: str) -> pa.Column:
    """Column of allele frequencies, one for each mutation of a profile."""
    allowed = (
        "must be percentages from 0 to 100 joined by ; in the order of the profile, with <, > or ~ "
        "before a bound, 'unknown' for one that is not stated, or blank when none is"
    )
    check = pa.Check(
        lambda cell: cell == "" or bool(_VAF_PATTERN.fullmatch(cell)), element_wise=True,
        error=allowed,
    )  # fmt: skip
    return pa.Column(
        None, check, description=description,
        metadata={"unit": "%", "allowed": allowed, "pattern": _VAF_PATTERN.pattern,
                  "spell": spelling.frequencies},
    )  # fmt: skip


RELATION_BLANK = "where no number is given"


def months(measure: str) -> dict[str, pa.Column]:
    """Columns ``relation`` and ``months`` of a measure, such as progression-free survival."""
    return {
        "relation": closed(
            Relation, f"How the {measure} is bounded (~ is read as =).", blank=RELATION_BLANK
        ),
        "months": number(
            f"{measure[0].upper()}{measure[1:]}.", "months", MAX_MONTHS, why=_months_advice
        ),
    }


def _months_advice(cell: str) -> str:
    if re.search("day|week|year", cell, re.IGNORECASE):
        return "give months; alkpool add --columns takes days, weeks and years"
    if re.fullmatch(r"n\.?r\.?|not reached", cell, re.IGNORECASE):
        return (
            "not reached: write the months so far, the relation > and the status ongoing; not "
            "reported: leave it blank"
        )
    return ""


def age_advice(cell: str) -> str:
    """Say how to enter an age that is a bound or a range."""
    if re.fullmatch(r"[>≥]\s*[0-9]+|[0-9]+\s*\+|[0-9]+\s*[-–]\s*[0-9]+", cell):
        return (
            "a bound or a range: write the middle of the range, or 90 for all above 89, and "
            f"{cell!r} into the note of the patient"
        )
    return ""


PLACE = {
    "locator": text("Place in the primary record, which a reader can open.", required=True),
    "read_via": text("Where it was read instead, such as a copy; blank: at the locator."),
}
