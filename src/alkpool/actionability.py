"""Promised name of `alkpool.analysis.actionability`, and of the rank of inhibitors."""

from alkpool.analysis.actionability import VerdictRule, matrix
from alkpool.analysis.evidence import rank

__all__ = ["VerdictRule", "matrix", "rank"]
