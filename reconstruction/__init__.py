"""A synthetic cohort in which the printed numbers of the study hold at once.

The patient-level data of Koopman et al. 2022 are not openly available. Rows are drawn so that
every consistent printed number comes out: counts first (`counts`, a CP-SAT model), then patients
with their samples and lines (`patients`, `rows`), then every number is counted again from the rows
(`alkpool.paper`). No row is a patient.
"""

from reconstruction.bounds import Bounds, bounds
from reconstruction.cohorts import SEED, Tables, draw
from reconstruction.quantities import Quantity, kind, quantities
from reconstruction.readings import Infeasible, Readings

__all__ = [
    "SEED",
    "Bounds",
    "Infeasible",
    "Quantity",
    "Readings",
    "Tables",
    "bounds",
    "draw",
    "kind",
    "quantities",
]
