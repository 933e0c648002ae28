"""Promised name of `alkpool.analysis.invitro`."""

from alkpool.analysis.invitro import agreement

__all__ = ["agreement"]
