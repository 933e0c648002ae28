"""The ledger, and when a number is the same as a printed one."""

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any

import pandas as pd

from alkpool import paths
from alkpool.data.reader import Table, read_folder
from alkpool.data.tables import DRAWS, LEDGER, LIMITS, PROFILES

FRACTION, PROPORTION = SHARES = "fraction", "proportion"

_NUMBER = re.compile(r"[<>]?\d*\.?\d+")
# Far below any printed digit, far above the rounding error of a float.
_FLOAT_DIGITS = 9


class Agreement(StrEnum):
    """Verdict of a check of printed numbers against each other."""

    EXACT = "agrees"
    ROUNDED = "agrees after rounding"
    CONTRADICTS = "contradicts"
    OPEN = "cannot be recomputed"


class Match(StrEnum):
    """Whether a number counted from rows is the printed one."""

    YES = "yes"
    NO = "no"
    NOT_RECOMPUTED = "not recomputed"


def published_rows(table: Table) -> Any:
    """Rows of a table of ``data/published``."""
    return read_folder(paths.PUBLISHED, [table])[table.name]


def read_ledger() -> pd.DataFrame:
    """Load and validate the numbers that Koopman et al. 2022 print.

    Returns
    -------
    DataFrame
        ``results.csv``, columns as in the data dictionary; ``id`` is the ledger id.

    Raises
    ------
    DataError
        With every problem of the file.

    Examples
    --------
    >>> read_ledger().set_index("id").loc["P001", ["value", "unit"]].tolist()
    ['387', 'patients']
    """
    ledger: pd.DataFrame = published_rows(LEDGER)
    return ledger


def read_identification() -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Load what the printed numbers leave open: drawn cohorts, limits, and the profiles.

    Returns
    -------
    tuple of DataFrame
        ``draws.csv`` and ``limits.csv`` of ``data/identification``, and ``profiles.csv`` of
        ``data/published``; columns as in the data dictionary.

    Examples
    --------
    >>> draws, limits, profiles = read_identification()
    >>> int(limits["low"].min())
    0
    """
    kept = read_folder(paths.IDENTIFICATION, [DRAWS, LIMITS])
    return kept[DRAWS.name], kept[LIMITS.name], published_rows(PROFILES)


def printed_number(value: str) -> float:
    """Read a printed value as a number; a bound (``<.001``, ``>50``) gives the bound.

    Raises
    ------
    ValueError
        Where it is no single number, as with dates and lists.

    Examples
    --------
    >>> printed_number("<.001"), printed_number("9.2")
    (0.001, 9.2)
    """
    if not _NUMBER.fullmatch(value):
        raise ValueError(f"{value!r} is no single number")
    return float(value.lstrip("<>"))


def rounded(value: Fraction | float, digits: int) -> str:
    """Round as people do, halves upwards.

    Examples
    --------
    >>> rounded(0.125, 2), rounded(Fraction(34, 220) * 100, 0)
    ('0.13', '15')
    """
    exact = Decimal(f"{float(value):.{_FLOAT_DIGITS}f}")
    return str(exact.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP))


def prints_as(value: Fraction | float, printed: str, digits: int) -> bool:
    """Whether a number, rounded like the printed one, is the printed one.

    A printed bound is met by every number on its side.
    """
    if math.isnan(value):
        return False
    limit = printed_number(printed)
    if printed.startswith("<"):
        return value < limit
    if printed.startswith(">"):
        return value > limit
    return float(rounded(value, digits)) == limit


@dataclass(frozen=True)
class Number:
    """A printed number, with its row of the ledger as text; written, it is as printed."""

    row: Any

    def __str__(self) -> str:
        return str(self.row.value)

    def __float__(self) -> float:
        return printed_number(self.row.value)

    @property
    def digits(self) -> int:
        """Decimals printed."""
        return int(self.row.rounding_digits or 0)

    @property
    def k(self) -> int:
        """Printed or implied count of a share."""
        return int(self.row.numerator.split()[0])

    @property
    def n(self) -> int:
        """Total of a share."""
        return int(self.row.denominator)

    @property
    def percent(self) -> float:
        """Share before rounding."""
        return 100 * self.k / self.n

    def prints(self, value: Fraction | float) -> bool:
        """Whether a number would be printed so."""
        return prints_as(value, str(self), self.digits)


def by_id(ledger: pd.DataFrame) -> dict[str, Number]:
    """Printed numbers by ledger id."""
    text = ledger.astype(object).where(ledger.notna(), "").astype(str)
    return {str(row.id): Number(row) for row in text.itertuples()}
