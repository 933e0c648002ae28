"""What the published study prints: the ledger, its audit, and the same numbers from rows.

The *ledger* holds every number the paper prints. The *audit* recomputes printed numbers from one
another. *Recomputing* counts them again from the rows of a cohort.
"""

from alkpool.paper.audit import audit_ledger as audit_ledger
from alkpool.paper.audit import compare_tests as compare_tests
from alkpool.paper.audit import read_readings as read_readings
from alkpool.paper.compare import compare_with_ledger as compare_with_ledger
from alkpool.paper.compare import differing as differing
from alkpool.paper.ledger import Agreement as Agreement
from alkpool.paper.ledger import Match as Match
from alkpool.paper.ledger import read_identification as read_identification
from alkpool.paper.ledger import read_ledger as read_ledger
from alkpool.paper.recount import Readings as Readings
from alkpool.paper.recount import not_from_rows as not_from_rows
from alkpool.paper.recount import recompute as recompute
