"""alkpool: clinical evidence on ALK resistance mutations as a living compendium.

These are the names that a notebook starts from; ``book/what-a-cell-can-use.md`` lists them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alkpool.analysis.actionability import VerdictRule, matrix
    from alkpool.analysis.benefit import BenefitRule, classify, evaluable
    from alkpool.analysis.evidence import look_up
    from alkpool.data.cohort import Cohort, analysis_set, characteristics, flow, lines, load
    from alkpool.data.groups import load as load_groups
    from alkpool.data.laboratory import load_assertions
    from alkpool.data.laboratory import load_for as load_laboratory
    from alkpool.data.tables import assessed_inhibitors
    from alkpool.vocabulary import UNKNOWN, Benefit, Call, Verdict

__all__ = [
    "UNKNOWN", "Benefit", "BenefitRule", "Call", "Cohort", "Verdict", "VerdictRule",
    "analysis_set", "assessed_inhibitors", "characteristics", "classify", "evaluable", "flow",
    "lines", "load", "load_assertions", "load_groups", "load_laboratory", "look_up", "matrix",
]  # fmt: skip

_HOMES = {
    "data.cohort": ("Cohort", "analysis_set", "characteristics", "flow", "lines", "load"),
    "data.tables": ("assessed_inhibitors",),
    "data.laboratory": ("load_assertions",),
    "analysis.benefit": ("BenefitRule", "classify", "evaluable"),
    "analysis.actionability": ("VerdictRule", "matrix"),
    "analysis.evidence": ("look_up",),
    "vocabulary": ("UNKNOWN", "Benefit", "Call", "Verdict"),
}
_RENAMED = {
    "load_groups": ("data.groups", "load"),
    "load_laboratory": ("data.laboratory", "load_for"),
}


def __getattr__(name: str) -> Any:
    """Import the data layer on first use: the pipeline starts without pandas."""
    found = _RENAMED | {each: (home, each) for home, names in _HOMES.items() for each in names}
    if name in found:
        home, attribute = found[name]
        return getattr(import_module(f"alkpool.{home}"), attribute)
    raise AttributeError(f"module 'alkpool' has no attribute {name!r}")
