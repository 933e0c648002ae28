"""What the published study prints: the ledger, its audit, and the same numbers from rows.

The *ledger* holds every number the paper prints. The *audit* recomputes printed numbers from one
another. *Recomputing* counts them again from the rows of a cohort.
"""

from alkpool.paper.audit import audit, comparisons, two_by_two_tests
from alkpool.paper.compare import compare, rounding_distance
from alkpool.paper.ledger import Agreement, Match, ledger, printed_number, rounded
from alkpool.paper.recount import NOT_FROM_ROWS, recompute

__all__ = [
    "NOT_FROM_ROWS",
    "Agreement",
    "Match",
    "audit",
    "compare",
    "comparisons",
    "ledger",
    "printed_number",
    "recompute",
    "rounded",
    "rounding_distance",
    "two_by_two_tests",
]
