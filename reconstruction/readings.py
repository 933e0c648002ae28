"""How the numbers of the paper that contradict each other are read.

The paper prints some numbers that cannot all hold. Each field names one choice; the defaults
are those under which every other printed number can hold at once.
"""

from dataclasses import dataclass
from typing import Literal

from alkpool import paper

LITERATURE_RECORDS = 423


@dataclass(frozen=True)
class Readings(paper.Readings):
    """Readings under which numbers are counted, and choices that only rows can show.

    Attributes
    ----------
    duplicates : int
        Confirmed duplicates among the 423 literature records. Figure 3 prints 50, the text
        7 + 44 = 51; with 50, one record counts in both groups. With 51 the pool has 386 patients.
    lorlatinib_multiple : int
        Samples after lorlatinib with several mutations, of 34. The paper prints "24 [82%]":
        28 gives the 82%, 24 the count.
    variant_unit : {"index sample", "only sample"}
        The 62 V3 and 27 V1 are patients, compared by their first sample; "only sample": each of
        them has one sample, so that 62 and 27 count samples too.
    other_inhibitor : {"where evaluated", "always"}
        Whether the 29 samples not after one of the five named inhibitors name another one
        (ensartinib) only where the patient has an evaluation, or always.
    benefit_unit, previous_count, first_line, spectra_test, pfs_unit, verdict
        As in `alkpool.paper.Readings`. With ``benefit_unit="patients"`` no patient benefits twice,
        so that 177 patients benefit; with ``previous_count="evaluations"`` the number of previous
        inhibitors of the other 23 evaluations is not reported.
    """

    duplicates: int = 50
    lorlatinib_multiple: int = 28
    variant_unit: Literal["index sample", "only sample"] = "index sample"
    other_inhibitor: Literal["where evaluated", "always"] = "where evaluated"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.duplicates not in (50, 51):
            raise ValueError(f"duplicates is {self.duplicates}; the paper allows 50 or 51")
        if not 0 <= self.lorlatinib_multiple <= 34:
            raise ValueError(
                f"lorlatinib_multiple is {self.lorlatinib_multiple}; must be 0 to 34, "
                "the samples after lorlatinib"
            )

    @property
    def given_up(self) -> set[str]:
        """Printed numbers that cannot hold under the readings."""
        ids: set[str] = set()
        if self.lorlatinib_multiple != 24:
            ids |= {"P112"}
        if self.lorlatinib_multiple != 28:
            ids |= {"P113", "P195"}
        if self.duplicates == 51:
            ids |= {"P001", "P002", "P021", "P083", "P085", "P122", "P123", "P185", "P204", "P211"}
        if self.spectra_test == "none":
            ids |= {"P106"}
        return ids

    @property
    def literature_patients(self) -> int:
        """Unique patients of the literature."""
        return LITERATURE_RECORDS - self.duplicates


DEFAULT_READINGS = Readings()


class Infeasible(ValueError):
    """Published numbers that cannot hold together under some readings.

    Attributes
    ----------
    ledger_ids : tuple of str
        A small set of rows of ``data/published/results.csv`` that conflict.
    """

    def __init__(self, ledger_ids: tuple[str, ...], detail: str) -> None:
        self.ledger_ids = ledger_ids
        super().__init__(detail)
