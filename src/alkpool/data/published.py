"""The tables of ``data/published``: what the paper prints, the checks of it, and how it is read."""

import re

import pandera.pandas as pa

from alkpool.data.columns import closed, identifier, number, profile, text
from alkpool.data.reader import Table
from alkpool.vocabulary import Answer


def _written(pattern: str, allowed: str, description: str) -> pa.Column:
    check = pa.Check(
        lambda cell: bool(re.fullmatch(pattern, cell)), element_wise=True, error=allowed
    )
    return pa.Column(
        None, check, description=description, metadata={"allowed": allowed, "pattern": pattern}
    )


def _ledger_ids(description: str) -> pa.Column:
    allowed = "must be ids of results.csv joined by ';', or blank"
    return _written(r"(P[0-9]{3}(;P[0-9]{3})*)?", allowed, description)


LEDGER = Table(
    "results",
    "One row per number that Koopman et al. 2022 print, with its place.",
    pa.DataFrameSchema(
        {
            "id": identifier("Key of the number."),
            "section": text("Page and section of the paper.", required=True),
            "quantity": text("What the number is.", required=True),
            "population": text("Of whom or of what.", required=True),
            "numerator": _written(
                r"([0-9]+( \(implied\))?)?",
                "must be a whole number, one followed by '(implied)', or blank when not printed",
                "Printed or implied count, where there is one.",
            ),
            "denominator": number(
                "Printed or implied total, where there is one.", "count", 1e5, whole=True
            ),
            "value": text("The number as printed.", required=True),
            "unit": text(
                "Its unit; (sic) where the paper uses another unit elsewhere.", required=True
            ),
            "rounding_digits": number("Decimals printed.", "count", 9, whole=True),
            "statistic": text("Kind of number.", required=True),
            "comparator_groups": text("Groups that are compared, for tests."),
            "quote_location": text("A few words to find it by.", required=True),
        }
    ),
    key=("id",),
    integers=("denominator", "rounding_digits"),
)

CHECKS = Table(
    "checks",
    "One row per check of printed numbers against each other.",
    pa.DataFrameSchema(
        {
            "check_id": identifier("Key of the check."),
            "kind": closed(
                ("repeated", "equation", "bound", "wording"),
                "Whether numbers are printed again, two sides are equal, the left is at most the "
                "right, or two statements stand against each other.",
            ),
            "ledger_id": _ledger_ids("The numbers that are checked."),
            "check": text("What is checked.", required=True),
            "left": text(
                "Sum of ids (P087), counts (P143.k) and totals (P143.n) of shares, and numbers; "
                "of a wording the statement, with {P087} for the printed number."
            ),
            "right": text("The other side, written in the same way."),
            "verdict": closed(
                ("contradicts", "cannot be recomputed"), "Verdict of a wording.", blank="elsewhere"
            ),
            "note": text("What a reader of the check should know."),
        }
    ),
    key=("check_id",),
)

READINGS = Table(
    "readings",
    "One row per statement of the paper that contradicts others or can be counted in several ways.",
    pa.DataFrameSchema(
        {
            "reading_id": identifier("Key of the reading."),
            "ledger_id": _ledger_ids("The numbers concerned."),
            "check": text("The check that finds it, where the numbers alone do not tell."),
            "words": text("What contradicts, or what is not said.", required=True),
            "readings": text("How it can be read.", required=True),
            "reading_used": text("How it is read here.", required=True),
            "reason": text("Why, where another reading gives the rows another number."),
        }
    ),
    key=("reading_id",),
)

PROFILES = Table(
    "profiles",
    "One row per mutation profile of the reconstructed cohort.",
    pa.DataFrameSchema(
        {
            "place": number(
                "Order in which the reconstruction takes them.", "count", 99, low=1, whole=True,
                required=True,
            ),
            "profile": profile("Mutation profile."),
            "named": closed((Answer.YES, Answer.NO), "Whether the text names it."),
            "tested": closed(
                (Answer.YES, Answer.NO), "Whether the reconstruction has it tested in vitro."
            ),
            "kind": text(
                "Profiles of a kind are told apart by nothing that is printed.", required=True
            ),
        }
    ),
    key=("place",),
    integers=("place",),
)  # fmt: skip

TABLES = (LEDGER, CHECKS, READINGS, PROFILES)
