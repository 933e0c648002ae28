"""The tables of ``data/published``: what the paper prints, the checks of it, and how it is read."""

import re

import pandera.pandas as pa

from alkpool.data.reader import Table
from alkpool.data.tables import _closed, _identifier, _number, _profile, _text
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
            "id": _identifier("Key of the number."),
            "section": _text("Page and section of the paper.", required=True),
            "quantity": _text("What the number is.", required=True),
            "population": _text("Of whom or of what.", required=True),
            "numerator": _written(
                r"([0-9]+( \(implied\))?)?",
                "must be a whole number, one followed by '(implied)', or blank when not printed",
                "Printed or implied count, where there is one.",
            ),
            "denominator": _number(
                "Printed or implied total, where there is one.", "count", 1e5, whole=True
            ),
            "value": _text("The number as printed.", required=True),
            "unit": _text(
                "Its unit; (sic) where the paper uses another unit elsewhere.", required=True
            ),
            "rounding_digits": _number("Decimals printed.", "count", 9, whole=True),
            "statistic": _text("Kind of number.", required=True),
            "comparator_groups": _text("Groups that are compared, for tests."),
            "quote_location": _text("A few words to find it by.", required=True),
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
            "check_id": _identifier("Key of the check."),
            "kind": _closed(
                ("repeated", "equation", "bound", "wording"),
                "Whether numbers are printed again, two sides are equal, the left is at most the "
                "right, or two statements stand against each other.",
            ),
            "ledger_id": _ledger_ids("The numbers that are checked."),
            "check": _text("What is checked.", required=True),
            "left": _text(
                "Sum of ids (P087), counts (P143.k) and totals (P143.n) of shares, and numbers; "
                "of a wording the statement, with {P087} for the printed number."
            ),
            "right": _text("The other side, written in the same way."),
            "verdict": _closed(
                ("contradicts", "cannot be recomputed"), "Verdict of a wording.", blank="elsewhere"
            ),
            "note": _text("What a reader of the check should know."),
        }
    ),
    key=("check_id",),
)

READINGS = Table(
    "readings",
    "One row per statement of the paper that contradicts others or can be counted in several ways.",
    pa.DataFrameSchema(
        {
            "reading_id": _identifier("Key of the reading."),
            "ledger_id": _ledger_ids("The numbers concerned."),
            "check": _text("The check that finds it, where the numbers alone do not tell."),
            "words": _text("What contradicts, or what is not said.", required=True),
            "readings": _text("How it can be read.", required=True),
            "reading_used": _text("How it is read here.", required=True),
            "reason": _text("Why, where another reading gives the rows another number."),
        }
    ),
    key=("reading_id",),
)

PROFILES = Table(
    "profiles",
    "One row per mutation profile of the reconstructed cohort.",
    pa.DataFrameSchema(
        {
            "place": _number(
                "Order in which the reconstruction takes them.", "count", 99, low=1, whole=True,
                required=True,
            ),
            "profile": _profile("Mutation profile."),
            "named": _closed((Answer.YES, Answer.NO), "Whether the text names it."),
            "tested": _closed(
                (Answer.YES, Answer.NO), "Whether the reconstruction has it tested in vitro."
            ),
            "kind": _text(
                "Profiles of a kind are told apart by nothing that is printed.", required=True
            ),
        }
    ),
    key=("place",),
    integers=("place",),
)  # fmt: skip

TABLES = (LEDGER, CHECKS, READINGS, PROFILES)
