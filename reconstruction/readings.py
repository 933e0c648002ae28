"""How the numbers of the paper that contradict each other are read.

The paper prints some numbers that cannot all hold. Each field names one choice; the defaults
are those under which every other printed number can hold at once.
"""

from dataclasses import dataclass
from typing import Literal, get_args

from alkpool.analysis.actionability import VerdictRule

LITERATURE_RECORDS = 423
LOCAL_PATIENTS = 14
EARLIER_GENERATIONS = ("crizotinib", "ceritinib", "alectinib", "brigatinib")

BenefitUnit = Literal["evaluations", "patients"]
PreviousCount = Literal["first evaluation of each patient", "evaluations"]
VariantUnit = Literal["index sample", "only sample"]
OtherInhibitor = Literal["where evaluated", "always"]
SpectraTest = Literal["three categories", "two categories", "none"]
PfsUnit = Literal["lines", "patients"]


@dataclass(frozen=True)
class Readings:
    """Choices between printed numbers that contradict each other.

    Attributes
    ----------
    duplicates : int
        Confirmed duplicates among the 423 literature records. Figure 3 prints 50, the text
        7 + 44 = 51; with 50, one record counts in both groups. With 51 the pool has 386 patients.
    lorlatinib_multiple : int
        Samples after lorlatinib with several mutations, of 34. The paper prints "24 [82%]":
        28 gives the 82%, 24 the count.
    benefit_unit : {"evaluations", "patients"}
        What the abstract's 177 counts. "patients": besides the 177 evaluations, no patient
        benefits twice, so that 177 patients benefit.
    previous_count : {"first evaluation of each patient", "evaluations"}
        What the 168 + 71 = 239 previous-inhibitor counts are of. "evaluations": of the 262, the
        number of previous inhibitors of the other 23 is not reported.
    variant_unit : {"index sample", "only sample"}
        The 62 V3 and 27 V1 are patients, compared by their first sample; "only sample": each of
        them has one sample, so that 62 and 27 count samples too.
    first_line : tuple of str
        Inhibitors whose samples all followed first-line treatment. The text says so of
        crizotinib; the legend of Figure 5 read literally says so of every inhibitor.
    other_inhibitor : {"where evaluated", "always"}
        Whether the 29 samples not after one of the five named inhibitors name another one
        (ensartinib) only where the patient has an evaluation, or always.
    spectra_test : {"three categories", "two categories", "none"}
        The table behind P = .54 (ceritinib against brigatinib): G1202R, other single, multiple;
        or single and multiple; or not reproduced.
    pfs_unit : {"lines", "patients"}
        Whether the local median PFS is over the 17 lines or over the first line of each of the
        12 treated patients.
    verdict : VerdictRule
        Thresholds under which Figure 5 has exactly two conflicting cells.
    """

    duplicates: int = 50
    lorlatinib_multiple: int = 28
    benefit_unit: BenefitUnit = "evaluations"
    previous_count: PreviousCount = "first evaluation of each patient"
    variant_unit: VariantUnit = "index sample"
    first_line: tuple[str, ...] = ("crizotinib",)
    other_inhibitor: OtherInhibitor = "where evaluated"
    spectra_test: SpectraTest = "three categories"
    pfs_unit: PfsUnit = "lines"
    verdict: VerdictRule = VerdictRule()

    def __post_init__(self) -> None:
        if self.duplicates not in (50, 51):
            raise ValueError(f"duplicates is {self.duplicates}; the paper allows 50 or 51")
        if not 0 <= self.lorlatinib_multiple <= 34:
            raise ValueError(
                f"lorlatinib_multiple is {self.lorlatinib_multiple}; must be 0 to 34, "
                "the samples after lorlatinib"
            )
        strange = set(self.first_line) - set(EARLIER_GENERATIONS)
        if strange:
            raise ValueError(
                f"first_line holds {', '.join(sorted(strange))}; must be some of "
                f"{', '.join(EARLIER_GENERATIONS)}: all patients had one of them before "
                "lorlatinib (P197)"
            )
        choices = {
            "benefit_unit": BenefitUnit,
            "previous_count": PreviousCount,
            "variant_unit": VariantUnit,
            "other_inhibitor": OtherInhibitor,
            "spectra_test": SpectraTest,
            "pfs_unit": PfsUnit,
        }
        for name, choice in choices.items():
            if getattr(self, name) not in get_args(choice):
                allowed = " or ".join(repr(option) for option in get_args(choice))
                raise ValueError(f"{name} is {getattr(self, name)!r}; must be {allowed}")

    @property
    def literature_patients(self) -> int:
        """Unique patients of the literature."""
        return LITERATURE_RECORDS - self.duplicates

    @property
    def patients(self) -> int:
        """Patients of the pool."""
        return self.literature_patients + LOCAL_PATIENTS


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
