"""Name a small set of printed numbers that contradict each other."""

from ortools.sat.python.cp_model import INFEASIBLE, CpSolver

from alkpool.paper import read_ledger
from reconstruction.counts import CountModel, build
from reconstruction.readings import Infeasible, Readings
from reconstruction.targets import solver

DETERMINISTIC_SECONDS = 20.0


def refuse_contradiction(readings: Readings) -> None:
    """Raise where printed numbers contradict each other under the readings.

    Raises
    ------
    Infeasible
        With the ids of a set of printed numbers none of which can be left out of the
        contradiction, as far as the solver could tell in the time allowed.
    """
    model = build(readings, None, guarded=True)
    core = _conflicting(model, tuple(model.guards))
    if core is None:
        return
    for ids in tuple(core):
        smaller = _conflicting(model, tuple(other for other in core if other != ids))
        if smaller is not None:
            core = smaller
    raise Infeasible(_split(core), _message(core))


def _conflicting(model: CountModel, ids: tuple[str, ...]) -> tuple[str, ...] | None:
    """Some of the ids that cannot hold together; None where they can, or time ran out."""
    model.model.clear_assumptions()
    model.model.add_assumptions([model.guards[name] for name in ids])
    solve: CpSolver = solver(0, DETERMINISTIC_SECONDS)
    if solve.solve(model.model) != INFEASIBLE:
        return None
    names = {literal.index: name for name, literal in model.guards.items()}
    return tuple(names[at] for at in solve.sufficient_assumptions_for_infeasibility())


def _split(core: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({name for ids in core for name in ids.split()}))


def _message(core: tuple[str, ...]) -> str:
    rows = read_ledger()
    printed = zip(rows["id"], rows["quantity"], rows["value"], strict=True)
    ids = _split(core)
    listed = [f"  {name}: {quantity} = {value}" for name, quantity, value in printed if name in ids]
    return "\n".join(
        ["these printed numbers cannot hold together under the readings chosen:", *listed]
    )
