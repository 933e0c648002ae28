"""Every answer under every defensible combination of choices (Steegen et al. 2016).

The universes are not a sample of anything, and shares of them are no probabilities: they show how
far an answer rests on choices that data do not settle.

Nothing is run once for each universe. The counts of `alkpool.tallies` are sums over the axes of a
grid; verdicts follow by broadcasting over the thresholds, once for each *kind* of cell that these
tell apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alkpool import actionability, invitro, mutations
from alkpool.actionability import VerdictRule, decide, share
from alkpool.choices import COUNTING, EXACT, RESIDUE, RULING, Grid, Universe, calls, grid
from alkpool.cohort import Cohort
from alkpool.invitro import InVitro
from alkpool.tallies import Counts, count, tally
from alkpool.vocabulary import Call, Verdict

__all__ = ["Grid", "Headline", "Multiverse", "Universe", "grid", "run"]

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]
Kinds = NDArray[np.int32]
Places = NDArray[np.intp]

VERDICTS = tuple(Verdict)
# Stands for the verdict where a universe has no sample with the profile.
ABSENT = len(VERDICTS)
NO_SAMPLE = "no sample"


class Headline(NamedTuple):
    """An answer in every universe.

    Attributes
    ----------
    label : str
        What it is.
    unit : {"share", "difference", "cells"}
        ``k`` of ``n``; one such share minus another; or ``k`` cells of ``n``.
    k, n : ndarray of int
        Axes: different counting universes; thresholds; readings of intermediate calls; of length
        one where they have no effect. A difference has one axis more, of its two groups.
    row : ndarray of int
        Place of each counting universe in the first axis; one axis for each counting choice.
    """

    label: str
    unit: Literal["share", "difference", "cells"]
    k: Integers
    n: Integers
    row: Places

    @property
    def values(self) -> Floats:
        """What is compared between universes, axes as ``k``; missing where nothing was observed."""
        match self.unit:
            case "cells":
                return self.k.astype(float)
            case "share":
                return share(self.k, self.n)
            case "difference":
                return -np.diff(share(self.k, self.n), axis=-1)[..., 0]


@dataclass(frozen=True)
class Multiverse:
    """Every answer in every universe of a grid; made by `run`.

    Attributes
    ----------
    grid : Grid
        Choices.
    counts : Counts
        Of every cell.
    calls : mapping
        In vitro calls by the levels of ``profiles`` and ``intermediate``.
    """

    grid: Grid
    counts: Counts
    calls: Mapping[tuple[str, str], pd.DataFrame]

    @property
    def _counting(self) -> tuple[int, ...]:
        return self.grid.shape[:COUNTING]

    @property
    def _cells(self) -> tuple[int, int]:
        return len(self.counts.profiles), len(self.counts.inhibitors)

    def _of_every_cell(self, name: str) -> Integers:
        """Counts of a name in `Counts` with all axes at their full length."""
        values = getattr(self.counts, name)
        if name == "samples":
            values = values[..., None]
        return np.broadcast_to(values, (*self._counting, *self._cells))

    @cached_property
    def _kinds(self) -> tuple[Kinds, NDArray[np.int8]]:
        """Kind of each cell by counting universe, and the rule of each kind by thresholds.

        The rule is a place in `alkpool.actionability.VERDICTS`, or one beyond without a sample.
        """
        c = self.counts
        levels = {field.name: self.grid.levels(field.name) for field in fields(VerdictRule)}
        relapsing, sensitivity = share(c.relapsed, c.relapse_n), share(c.benefit_k, c.benefit_n)
        # Cells are of one kind where every comparison that a verdict makes comes out the same.
        kind = (self._of_every_cell("samples") > 0).astype(np.int64)
        for values, marks in (
            (c.relapse_n, (1,)),
            (c.benefit_n, levels["min_evaluable"]),
            (sensitivity, levels["low_sensitivity"]),
            (sensitivity, levels["high_sensitivity"]),
            (relapsing, levels["high_relapse_share"]),
            (c.relapsed, levels["high_relapse_samples"]),
            (relapsing, levels["low_relapse_share"]),
        ):
            reached = np.searchsorted(np.sort(marks), values, side="right")
            kind = kind * (len(marks) + 1) + np.where(np.isnan(values), 0, reached)
        _, first, kind_of = np.unique(kind, return_index=True, return_inverse=True)
        place = np.unravel_index(first, kind.shape)
        example = {
            name: self._of_every_cell(name)[place].reshape(-1, *[1] * RULING)
            for name in ("relapsed", "relapse_n", "benefit_k", "benefit_n")
        }
        thresholds = np.ix_(*map(np.asarray, levels.values()))
        rules = decide(**example, **dict(zip(levels, thresholds, strict=True)))
        rules[self._of_every_cell("samples")[place] == 0] = len(actionability.VERDICTS)
        return (
            kind_of.reshape(prod(self._counting), prod(self._cells)).astype(np.int32),
            rules.reshape(len(first), prod(rules.shape[1:])).astype(np.int8),
        )

    @cached_property
    def _verdicts(self) -> NDArray[np.int8]:
        """Verdict of each kind of cell by thresholds: a place in `VERDICTS`, or `ABSENT`."""
        of_rule = [VERDICTS.index(verdict) for verdict in actionability.VERDICTS.values()]
        return np.array([*of_rule, ABSENT], dtype=np.int8)[self._kinds[1]]

    def headlines(self) -> Iterator[tuple[str, Headline]]:
        """Give the answers one after the other, each with its name.

        ``benefit`` (rate over all lines), ``single_minus_multiple`` (difference of the rates),
        one for each verdict (number of cells) and ``agreement MODEL`` for each model.
        """
        k, n = np.broadcast_arrays(self.counts.group_k, self.counts.group_n)
        row = np.arange(prod(k.shape[:-1])).reshape(k.shape[:-1])
        row = np.broadcast_to(row, self._counting)
        k, n = (part.reshape(-1, 1, 1, 2) for part in (k, n))
        yield "benefit", Headline("benefit rate", "share", k.sum(axis=-1), n.sum(axis=-1), row)
        label = "benefit rate, one mutation minus several"
        yield "single_minus_multiple", Headline(label, "difference", k, n, row)
        for verdict in VERDICTS:
            yield str(verdict), self.cells(verdict)
        for model in self.models:
            yield f"agreement {model}", self.agreement(model)

    def cells(self, verdict: Verdict) -> Headline:
        """Count the cells with a verdict, of those with a sample of the profile."""
        rows, row = _distinct_rows(self._kinds[0])
        k, absent = (
            _sums(rows, (self._verdicts == place)[..., None])
            for place in (VERDICTS.index(verdict), ABSENT)
        )
        label = f"cells: {verdict}"
        return Headline(label, "cells", k, rows.shape[1] - absent, row.reshape(self._counting))

    @property
    def profiles(self) -> list[str]:
        """Profiles of the first reading, exact where it is one; the others are their classes."""
        # The axis of the readings is the last of the counting choices.
        samples = self._of_every_cell("samples")[..., 0, :, 0]
        seen = np.any(samples > 0, axis=tuple(range(COUNTING - 1))).tolist()
        return [profile for profile, found in zip(self.counts.profiles, seen, strict=True) if found]

    @property
    def models(self) -> list[str]:
        """In vitro models that have a call in some universe."""
        return sorted(
            {
                str(model)
                for called in self.calls.values()
                for model in called.loc[called["call"] != Call.UNKNOWN, "model_id"]
            }
        )

    def agreement(self, model: str) -> Headline:
        """Agreeing and compared combinations of one model, as `alkpool.invitro.agreement`."""
        observed = {
            call: np.isin(
                self._verdicts,
                [VERDICTS.index(v) for v, meant in invitro.OBSERVED.items() if meant == call],
            )[..., None]
            for call in (Call.SENSITIVE, Call.RESISTANT)
        }
        either = observed[Call.SENSITIVE] | observed[Call.RESISTANT]
        kinds = self._kinds[0].reshape(*self._counting, prod(self._cells))
        row = np.empty(self._counting, dtype=np.intp)
        k: list[Integers] = []
        n: list[Integers] = []
        for level, profiles in enumerate(self.grid.levels("profiles")):
            called = [
                self._called(model, profiles, reading)
                for reading in self.grid.levels("intermediate")
            ]
            of_level = kinds[..., level, :]
            any_call = np.unique(np.concatenate([cells for pair in called for cells in pair]))
            rows, place = _distinct_rows(of_level.reshape(-1, prod(self._cells))[:, any_call])
            row[..., level] = sum(len(part) for part in k) + place.reshape(row[..., level].shape)
            agreeing, compared = [], []
            for pair in called:
                sensitive, resistant = (rows[:, np.searchsorted(any_call, cells)] for cells in pair)
                agreeing.append(
                    _sums(sensitive, observed[Call.SENSITIVE])
                    + _sums(resistant, observed[Call.RESISTANT])
                )
                compared.append(_sums(sensitive, either) + _sums(resistant, either))
            k.append(np.concatenate(agreeing, axis=-1))
            n.append(np.concatenate(compared, axis=-1))
        return Headline(
            f"agreement with {model}", "share", np.concatenate(k), np.concatenate(n), row
        )

    def _called(self, model: str, profiles: str, reading: str) -> tuple[Places, Places]:
        """Places of the cells that a model calls sensitive, and resistant."""
        cells = pd.MultiIndex.from_product([self.counts.profiles, self.counts.inhibitors])
        called = self.calls[profiles, reading]
        called = called[called["model_id"] == model]

        def places(call: Call) -> Places:
            rows = called.loc[called["call"] == call, ["mutations", "inhibitor"]]
            found = cells.get_indexer(pd.MultiIndex.from_frame(rows))
            return found[found >= 0]

        return places(Call.SENSITIVE), places(Call.RESISTANT)

    def table(self, universes: Sequence[int] | Integers) -> pd.DataFrame:
        """Choices and answers of some universes, one row each.

        Returns
        -------
        DataFrame
            ``universe`` (its number), the choices by name, and for each headline ``NAME k`` and
            ``NAME n``; a difference has two of each, of its groups.
        """
        numbers = np.asarray(universes, dtype=np.int64)
        places = np.unravel_index(numbers, self.grid.shape)
        columns: dict[str, Any] = {"universe": numbers}
        for choice, place in zip(self.grid.choices, places, strict=True):
            columns[choice.name] = np.array(choice.levels)[place]

        counting, ruling, reading = self._split(numbers)

        def at(values: Integers, row: Places) -> Integers:
            of_rule, of_call = (
                np.minimum(place, length - 1)
                for place, length in zip((ruling, reading), values.shape[1:3], strict=True)
            )
            found: Integers = values[row.ravel()[counting], of_rule, of_call]
            return found

        for name, headline in self.headlines():
            k, n = (at(part, headline.row) for part in (headline.k, headline.n))
            if headline.unit == "difference":
                for group, word in enumerate(("one", "several")):
                    columns |= {f"{name} {word} k": k[:, group], f"{name} {word} n": n[:, group]}
            else:
                columns |= {f"{name} k": k, f"{name} n": n}
        return pd.DataFrame(columns)

    def verdicts(self, universes: Sequence[int] | Integers) -> NDArray[np.int8]:
        """Verdict of every cell in some universes.

        Returns
        -------
        ndarray of int
            Axes: the universes, `Counts.profiles`, `Counts.inhibitors`. A place in `VERDICTS`, or
            `ABSENT`.
        """
        return self._of_cells(self._verdicts, universes)

    def matrix(self, universe: int) -> pd.DataFrame:
        """Evidence and verdicts of one universe: the columns of `plain` without the intervals."""
        names = ("samples", "relapsed", "relapse_n", "benefit_k", "benefit_n", "unknown_n")
        place = np.unravel_index(universe, self.grid.shape)[:COUNTING]
        decided = {
            "verdict": np.array([*VERDICTS, ""])[self._of_cells(self._verdicts, [universe])],
            "rule": np.array([*actionability.VERDICTS, ""])[
                self._of_cells(self._kinds[1], [universe])
            ],
        }
        table = pd.DataFrame(
            {name: self._of_every_cell(name)[place].ravel() for name in names}
            | {name: values.ravel() for name, values in decided.items()},
            index=pd.MultiIndex.from_product(
                [self.counts.profiles, self.counts.inhibitors], names=["profile", "inhibitor"]
            ),
        )
        return table[table["samples"] > 0].reset_index()

    def _split(self, universes: Integers) -> tuple[Places, ...]:
        """Places of universes among the counting ones, the thresholds, and the last choice."""
        shape = (prod(self._counting), self._verdicts.shape[1], self.grid.shape[-1])
        return np.unravel_index(universes, shape)

    def _of_cells(
        self, by_kind: NDArray[np.int8], universes: Sequence[int] | Integers
    ) -> NDArray[np.int8]:
        """What each cell has by its kind, in some universes; universes, profiles, inhibitors."""
        counting, ruling, _ = self._split(np.asarray(universes, dtype=np.int64))
        kinds = self._kinds[0].reshape(-1, *self._cells)[counting]
        return by_kind[kinds, ruling[:, None, None]]

    def stability(self) -> pd.DataFrame:
        """Count for each cell of Figure 5 the universes that give each verdict.

        Returns
        -------
        DataFrame
            ``profile, inhibitor``, the verdict at the ``default``, a column for each verdict and
            ``no sample`` (numbers of universes), and ``universes``. In a universe of residue
            classes a profile has the verdict of its class.
        """
        words = [*VERDICTS, NO_SAMPLE]
        kinds = self._kinds[0].reshape(*self._counting, *self._cells)
        # Of each kind, how many universes of one counting universe have each verdict.
        often = np.stack([(self._verdicts == place).sum(axis=1) for place in range(len(words))], 1)
        often = often * self.grid.shape[-1]
        at_default = self.verdicts([self.grid.number(self.grid.default)])[0]
        place_of = {name: place for place, name in enumerate(self.counts.profiles)}
        levels = self.grid.levels("profiles")
        rows = []
        for profile in self.profiles:
            named = {EXACT: profile, RESIDUE: mutations.residue_class(profile)}
            for column, inhibitor in enumerate(self.counts.inhibitors):
                numbers = sum(
                    np.bincount(
                        kinds[..., level, place_of[named[name]], column].ravel(),
                        minlength=len(often),
                    )
                    @ often
                    for level, name in enumerate(levels)
                )
                default = at_default[place_of[named[self.grid.default.profiles]], column]
                rows.append([profile, inhibitor, words[default], *numbers])
        table = pd.DataFrame(rows, columns=["profile", "inhibitor", "default", *words])
        return table.assign(universes=self.grid.size)

    def spread(self, headline: Headline) -> Floats:
        """Values of an answer, one axis for each choice, of length one where it has no effect."""
        values = headline.values[headline.row]
        ruling = self.grid.shape[COUNTING : COUNTING + RULING]
        return values.reshape(
            *self._counting,
            *(ruling if values.shape[-2] > 1 else [1] * RULING),
            values.shape[-1],
        )

    def influence(self, headline: Headline) -> pd.DataFrame:
        """Divide the variance of an answer over the full grid among the choices.

        Returns
        -------
        DataFrame
            ``choice``, ``first_order`` (share of the variance between the levels of the choice
            alone) and ``total`` (share that is gone when all other choices are fixed, on average:
            with every interaction the choice takes part in). Missing where the answer is the same
            everywhere, or is missing in some universe.

        Notes
        -----
        Exact, because every combination of the grid is there with equal weight; the weights say
        how the grid was made, not how probable a universe is.
        """
        values = self.spread(headline)
        variance = values.var()
        if not variance > 0:
            variance = np.nan
        axes = range(values.ndim)
        first, total = [], []
        for axis in axes:
            others = tuple(other for other in axes if other != axis)
            first.append(values.mean(axis=others).var() / variance)
            total.append(values.var(axis=axis).mean() / variance)
        return pd.DataFrame(
            {"choice": [c.name for c in self.grid.choices], "first_order": first, "total": total}
        )


def _distinct_rows(rows: Kinds) -> tuple[Kinds, Places]:
    """Different rows, and the place of each row among them."""
    if rows.shape[1] == 0:
        return rows[:1], np.zeros(len(rows), dtype=np.intp)
    # As one item each: comparing rows column by column takes far longer.
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.itemsize * rows.shape[1])))
    _, first, place = np.unique(whole.ravel(), return_index=True, return_inverse=True)
    return rows[first], place


def _sums(rows: Kinds, weights: NDArray[Any]) -> Integers:
    """Sum weights of kinds (kind, ...) over the cells of rows of kinds; rows, ..."""
    places = rows + len(weights) * np.arange(len(rows))[:, None]
    how_often = np.bincount(places.ravel(), minlength=len(weights) * len(rows))
    # Whole numbers up to 2**24 are exact.
    often = how_often.reshape(len(rows), -1).astype(np.float32)
    return np.tensordot(often, weights.astype(np.float32), 1).astype(np.int64)


def run(cohort: Cohort | pd.DataFrame, grid: Grid, laboratory: InVitro | None = None) -> Multiverse:
    """Give every answer in every universe of a grid.

    Parameters
    ----------
    cohort : Cohort or DataFrame
        The cases, or their tally for this grid.
    grid : Grid
        From `grid`.
    laboratory : InVitro, optional
        To compare verdicts with; without it there is no agreement.

    Examples
    --------
    >>> from alkpool import load
    >>> choices = grid()
    >>> every = run(load("curated"), choices)
    >>> len(every.table(choices.sample(10_000)))
    10000
    """
    tallied = tally(cohort, grid) if isinstance(cohort, Cohort) else cohort
    called = {}
    if laboratory is not None:
        for profiles, reading in product(grid.levels("profiles"), grid.levels("intermediate")):
            universe = replace(grid.default, profiles=profiles, intermediate=reading)
            called[profiles, reading] = calls(laboratory, universe)
    return Multiverse(grid, count(tallied, grid), called)
