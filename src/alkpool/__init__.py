"""alkpool: clinical evidence on ALK resistance mutations as a living compendium."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alkpool.analysis.evidence import look_up
    from alkpool.data.cohort import Cohort, load

__all__ = ["Cohort", "load", "look_up"]

_HOMES = {"Cohort": "data.cohort", "load": "data.cohort", "look_up": "analysis.evidence"}


def __getattr__(name: str) -> Any:
    """Import the data layer on first use: the pipeline starts without pandas."""
    if name in _HOMES:
        return getattr(import_module(f"alkpool.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'alkpool' has no attribute {name!r}")
