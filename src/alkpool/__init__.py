"""alkpool: clinical evidence on ALK resistance mutations as a living compendium."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alkpool.data.cohort import Cohort, load

__all__ = ["Cohort", "load"]


def __getattr__(name: str) -> Any:
    """Import the data layer on first use: the pipeline starts without pandas."""
    if name in __all__:
        from alkpool.data import cohort

        return getattr(cohort, name)
    raise AttributeError(f"module 'alkpool' has no attribute {name!r}")
