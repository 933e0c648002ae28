"""What is wrong, in words for people: problems of data, of the project, and text safe to show."""

import argparse
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NoReturn

# Of one column of a file; so many are one mistake.
MOST_OF_A_KIND = 100


class DataError(ValueError):
    """Data that break the schema; the text lists every problem, of a column the first hundred."""

    def __init__(self, problems: Sequence["Problem"]) -> None:
        self.problems = tuple(problems)
        text = [f"{counted(len(self.problems), 'problem')} in the data:"]
        kinds: Counter[tuple[str, str]] = Counter()
        for problem in self.problems:
            kinds[kind := (problem.file, problem.column)] += 1
            if kinds[kind] <= MOST_OF_A_KIND:
                text.append(f"  {problem}")
        for (file, column), found in kinds.items():
            if found > MOST_OF_A_KIND:
                more = f"{counted(found - MOST_OF_A_KIND, 'more problem')}, not listed"
                text.append(f"  {Problem(file, None, column, '', more)}")
        super().__init__("\n".join(text))

    def __reduce__(self) -> tuple[type["DataError"], tuple[tuple["Problem", ...]]]:
        """Let a worker hand it on."""
        return DataError, (self.problems,)


class ProjectError(Exception):
    """Something in the project that a person has to put right; the text says what and where."""


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One thing wrong with a file; ``row`` is the row number a spreadsheet shows."""

    file: str
    row: int | None
    column: str
    value: str
    allowed: str

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column:
            place += f", column {shortened(self.column)}"
        shown = shortened(self.value)
        in_a_cell = self.column != "" and self.row is not None and self.row > 1
        found = f"found {shown!r}; " if self.value or in_a_cell else ""
        text = f"{place}: {found}{self.allowed}"
        # File, column and advice may repeat what others wrote.
        return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)


def refuse(file: str, allowed: str) -> NoReturn:
    """Raise the one problem of a whole file or folder."""
    raise DataError([Problem(file, None, "", "", allowed)])


def refuse_any(problems: Iterable[Problem]) -> None:
    """Raise all problems together, if there is any."""
    if found := tuple(problems):
        raise DataError(found)


def each_kind(problems: Iterable[Problem]) -> list[Problem]:
    """Say a kind once of each file and column: the first, and where the others are.

    A kind is what is said before the colon, behind which stands what to do of this one.
    """
    kinds: dict[tuple[str, ...], list[Problem]] = defaultdict(list)
    for found in sorted(problems, key=lambda found: (found.file, found.row or 0, found.column)):
        kinds[found.file, found.column, found.allowed.partition(":")[0]].append(found)
    said = []
    for first, *others in kinds.values():
        most = MOST_OF_A_KIND if first.row else 10
        named = ", ".join(str(other.row or other.value) for other in others[:most])
        named += ", ..." * (len(others) > most)
        more = f" (and {len(others)} more: {'rows ' * bool(first.row)}{named})"
        said.append(replace(first, allowed=first.allowed + more * bool(others)))
    return said


def shortened(text: str) -> str:
    """Text of at most 80 characters for a message."""
    return text if len(text) <= 80 else text[:77] + "..."


# Also in full width, as East Asian keyboards write them.
_BEGINS_A_FORMULA = "=+-@\uff1d\uff0b\uff0d\uff20"


_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.IGNORECASE)


def spreadsheet_cell(text: str) -> str:
    """Keep a spreadsheet from reading a text as a formula, and a terminal from obeying it."""
    return no_formula(printable(text))


def no_formula(cell: str) -> str:
    """Put an apostrophe before a text that a spreadsheet would read as a formula.

    Numbers stay numbers, and a sign alone is none.

    Examples
    --------
    >>> no_formula("=cmd()"), no_formula("-1.5"), no_formula("=")
    ("'=cmd()", '-1.5', '=')
    """
    begun = printable(cell).strip()
    formula = len(begun) > 1 and begun[0] in _BEGINS_A_FORMULA and not _NUMBER.fullmatch(begun)
    return f"'{cell}" if formula else cell


def as_text(text: str) -> str:
    r"""Write text from data on one line so that Markdown shows it as it is.

    Examples
    --------
    >>> print(as_text("{{ 7 }} *x*"))
    \{\{ 7 \}\} \*x\*
    """
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(text.split()))


def printable(text: str) -> str:
    """Blank what could steer a terminal: the texts come from tables that others wrote."""
    return "".join(character if character.isprintable() else " " for character in text)


def counted(number: float, singular: str, plural: str = "") -> str:
    """Number with its noun in the right form; a float as short as it can be.

    Examples
    --------
    >>> counted(1, "patient"), counted(2, "biopsy", "biopsies"), counted(1.0, "month")
    ('1 patient', '2 biopsies', '1 month')
    """
    written = f"{number:g}" if isinstance(number, float) else str(number)
    return f"{written} {singular if number == 1 else plural or singular + 's'}"


def one_of(name: str, value: object, allowed: Iterable[object]) -> None:
    """Refuse a value that is not among the allowed ones.

    Raises
    ------
    ValueError
        With the name, the value and what is allowed.
    """
    if value not in (terms := list(map(str, allowed))):
        raise ValueError(f"{name} is {value!r}; must be one of {', '.join(terms)}")


def plain_number(text: str | float) -> float:
    """Read a number as a person writes it, such as 10 or 6.5; a default comes as a number.

    Raises
    ------
    ValueError
        For any other notation, some of which Python reads as another number: 010, 6_0, 1e1, nan.

    Examples
    --------
    >>> plain_number("6.5")
    6.5
    """
    if not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", str(text), re.ASCII):
        raise ValueError(f"found {text!r}; must be a plain number, such as 10 or 6.5")
    return float(text)


def whole_from(least: int) -> Callable[[str], int]:
    """Reader of an option: a whole number of at least so much.

    Examples
    --------
    >>> whole_from(1)("4")
    4
    """

    def read(text: str) -> int:
        if not re.fullmatch(r"0|[1-9][0-9]{0,15}", text, re.ASCII) or int(text) < least:
            allowed = f"must be a whole number of at least {least}, such as {least + 3}"
            raise argparse.ArgumentTypeError(f"found {text!r}; {allowed}")
        return int(text)

    return read
