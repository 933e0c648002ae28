"""What the published study prints: the ledger, its audit, and the same numbers from rows.

The *ledger* holds every number the paper prints. The *audit* recomputes printed numbers from one
another. *Recomputing* counts them again from the rows of a cohort.
"""

from alkpool.paper.audit import audit_ledger, compare_tests, read_readings
from alkpool.paper.compare import compare_with_ledger, differing
from alkpool.paper.ledger import Agreement, Match, read_identification, read_ledger
from alkpool.paper.recount import Readings, not_from_rows, recompute

__all__ = [
    "Agreement",
    "Match",
    "Readings",
    "audit_ledger",
    "compare_tests",
    "compare_with_ledger",
    "differing",
    "not_from_rows",
    "read_identification",
    "read_ledger",
    "read_readings",
    "recompute",
]
