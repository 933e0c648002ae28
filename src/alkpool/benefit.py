"""Promised name of `alkpool.analysis.benefit`."""

from alkpool.analysis.benefit import BenefitRule, classify

__all__ = ["BenefitRule", "classify"]
