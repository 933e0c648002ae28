"""Every answer under every defensible combination of choices (Steegen et al. 2016).

The universes are not a sample of anything, and shares of them are no probabilities: they show how
far an answer rests on choices that data do not settle.

Nothing is run once for each universe. The counts of `tallies` are sums over the axes of a
grid; verdicts follow by broadcasting over the thresholds, once for each *kind* of cell that these
tell apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.proportion import confint_proportions_2indep

from alkpool import mutations, stats
from alkpool.analysis import actionability, invitro
from alkpool.analysis.actionability import VerdictRule, decide, share
from alkpool.data.cohort import Cohort
from alkpool.data.laboratory import InVitro
from alkpool.robustness.choices import COUNTING, EXACT, RESIDUE, RULING, Grid, Universe, calls, grid
from alkpool.robustness.tallies import Counts, count, tally
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
    exact : bool
        Whether the interval is exact (Clopper-Pearson), as for the agreement of models.
    """

    label: str
    unit: Literal["share", "difference", "cells"]
    k: Integers
    n: Integers
    row: Places
    exact: bool = False

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
class Curve:
    """An answer in all universes, in order: the specification curve (Simonsohn et al. 2020).

    Attributes
    ----------
    steps : DataFrame
        One row for each different value, lowest first: ``value``, ``universes`` (their number),
        and ``low`` and ``high``, the widest 95% interval of any of them (missing for cells).
    levels : dict
        For each choice an array of its levels by steps: universes with the level.
    default : float
        The value at the default.
    missing : int
        Universes in which nothing was observed.
    """

    steps: pd.DataFrame
    levels: dict[str, Integers]
    default: float
    missing: int

    def quantile(self, share: float) -> float:
        """Value below which this share of the universes is."""
        upto = self.steps["universes"].cumsum()
        return float(self.steps.loc[upto >= share * self.universes, "value"].min())

    @property
    def universes(self) -> int:
        """Number of universes with a value."""
        return int(self.steps["universes"].sum())


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

    @cached_property
    def _index(self) -> pd.MultiIndex:
        return pd.MultiIndex.from_product(
            [self.counts.profiles, self.counts.inhibitors], names=["profile", "inhibitor"]
        )

    def _of_every_cell(self, name: str) -> Integers:
        """Counts of a name in `Counts` with all axes at their full length."""
        values = getattr(self.counts, name)
        if name == "samples":
            values = values[..., None]
        return np.broadcast_to(values, (*self._counting, *self._cells))

    @cached_property
    def _kinds(self) -> tuple[Kinds, NDArray[np.int8]]:
        """Kind of each cell by counting universe, and the rule of each kind by thresholds.

        The rule is a place in `actionability.VERDICTS`, or one beyond without a sample.
        """
        c = self.counts
        levels = {name: self.grid.levels(name) for name in VerdictRule().thresholds}
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
        """Agreeing and compared combinations of one model, as `invitro.agreement`."""
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
        by_level = [
            [self._called(model, profiles, reading) for reading in self.grid.levels("intermediate")]
            for profiles in self.grid.levels("profiles")
        ]
        if all(
            np.array_equal(one, called[0][call])
            for called in by_level
            for pair in called
            for call, one in enumerate(pair)
        ):
            # No call is intermediate: the readings do not differ.
            by_level = [called[:1] for called in by_level]
        for level, called in enumerate(by_level):
            of_level = kinds[..., level, :]
            any_call = np.unique(np.concatenate([cells for pair in called for cells in pair]))
            rows, place = _distinct_rows(of_level.reshape(row[..., level].size, -1)[:, any_call])
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
            f"agreement with {model}",
            "share",
            np.concatenate(k),
            np.concatenate(n),
            row,
            exact=True,
        )

    @cached_property
    def _calls(self) -> dict[tuple[str, str], pd.DataFrame]:
        """Calls of the cells, with their place among these."""
        placed = {}
        for read, called in self.calls.items():
            names = pd.MultiIndex.from_frame(called[["mutations", "inhibitor"]])
            placed[read] = called.assign(cell=self._index.get_indexer(names)).query("cell >= 0")
        return placed

    def _called(self, model: str, profiles: str, reading: str) -> tuple[Places, Places]:
        """Places of the cells that a model calls sensitive, and resistant."""
        called = self._calls[profiles, reading]
        of_model = called["model_id"] == model
        sensitive, resistant = (
            called.loc[of_model & (called["call"] == call), "cell"].to_numpy()
            for call in (Call.SENSITIVE, Call.RESISTANT)
        )
        return sensitive, resistant

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
            index=self._index,
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
        kinds = self._kinds[0].reshape(prod(self._counting), *self._cells)[counting]
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

    def curve(self, headline: Headline) -> Curve:
        """Put the universes in the order of an answer."""
        values = headline.values
        known = ~np.isnan(values)
        different, place = np.unique(values[known], return_inverse=True)
        # Where nothing was observed, a step beyond the last.
        step = np.full(values.shape, len(different))
        step[known] = place
        repeats = self.grid.size // (headline.row.size * values[0].size)

        def universes(row: Places, steps: Integers) -> Integers:
            weights = np.bincount(row.ravel(), minlength=len(steps)) * repeats
            each = np.repeat(weights, steps[0].size)
            return np.bincount(steps.ravel(), each, len(different) + 1).astype(np.int64)

        everywhere = universes(headline.row, step)
        by_choice = step.reshape(len(step), *self._lengths(headline)[COUNTING:])
        levels = {}
        for axis, choice in enumerate(self.grid.choices):
            number = len(choice.levels)
            if axis < COUNTING:
                found = [universes(headline.row.take([at], axis), step) for at in range(number)]
            elif by_choice.shape[1 + axis - COUNTING] == 1:
                found = [everywhere // number] * number
            else:
                found = [
                    universes(headline.row, by_choice.take([at], 1 + axis - COUNTING))
                    for at in range(number)
                ]
            levels[choice.name] = np.array(found)[:, :-1]
        low, high = self._limits(headline, step, len(different))
        return Curve(
            steps=pd.DataFrame(
                {"value": different, "universes": everywhere[:-1], "low": low, "high": high}
            ),
            levels=levels,
            default=self.at_default(headline),
            missing=int(everywhere[-1]),
        )

    def at_default(self, headline: Headline) -> float:
        """Value of an answer at the default."""
        number = self.grid.number(self.grid.default)
        counting, ruling, reading = (int(at[0]) for at in self._split(np.array([number])))
        of_row = headline.values[headline.row.flat[counting]]
        return float(of_row[min(ruling, len(of_row) - 1), min(reading, of_row.shape[1] - 1)])

    def _lengths(self, headline: Headline) -> tuple[int, ...]:
        """Levels of each choice; one where a choice of verdicts or calls has no effect."""
        _, by_rule, by_call = headline.values.shape
        ruling = self.grid.shape[COUNTING : COUNTING + RULING]
        return (*self._counting, *(ruling if by_rule > 1 else [1] * RULING), by_call)

    def _limits(self, headline: Headline, step: Integers, steps: int) -> tuple[Floats, Floats]:
        """Widest interval at each step: exact for the agreement of models, else Wilson's."""
        if headline.unit == "cells":
            return np.full(steps, np.nan), np.full(steps, np.nan)
        pairs = np.stack([headline.k, headline.n], axis=-1).reshape(step.size, -1)
        rows = pd.DataFrame(pairs).assign(step=step.ravel()).drop_duplicates()
        rows = rows[rows["step"] < steps]
        counts = rows.drop(columns="step").to_numpy().T
        if headline.unit == "difference":
            # Newcombe 1998: from Wilson's intervals of the two shares.
            low, high = confint_proportions_2indep(*counts, method="newcomb")
        else:
            low, high = (stats.clopper_pearson if headline.exact else stats.wilson)(*counts)
        widest = pd.DataFrame({"step": rows["step"], "low": low, "high": high}).groupby("step")
        return widest["low"].min().to_numpy(), widest["high"].max().to_numpy()

    def influence(self, headline: Headline) -> pd.DataFrame:
        """Divide the variance of an answer over the full grid among the choices.

        Returns
        -------
        DataFrame
            ``choice``, ``first_order`` (share of the variance between the levels of the choice
            alone) and ``total`` (share that is left when all other choices are fixed, on average:
            with every interaction in which the choice takes part). Missing where the answer is the
            same everywhere, or is missing in some universe.

        Notes
        -----
        Exact, because every combination of the grid is there with equal weight; the weights say
        how the grid was made, not how probable a universe is.
        """
        row, values = headline.row, headline.values
        weights = np.bincount(row.ravel(), minlength=len(values)) / row.size
        values = values - np.tensordot(weights, values, 1).mean()
        # Mean product of two counting universes over the choices that are left.
        flat = values.reshape(len(values), -1)
        products = flat @ flat.T / flat.shape[1]
        variance = weights @ products.diagonal()
        of_row, first, total = flat.mean(axis=1)[row], [], []
        for axis, levels in enumerate(self._counting):
            others = tuple(other for other in range(COUNTING) if other != axis)
            first.append(of_row.mean(axis=others).var())
            apart = np.moveaxis(row, axis, 0)
            pairs = [products[one, other].mean() for one, other in product(apart, apart)]
            total.append(variance - sum(pairs) / levels**2)
        by_rule = values.reshape(len(values), *self._lengths(headline)[COUNTING:])
        for axis in range(1, by_rule.ndim):
            others = tuple(other for other in range(by_rule.ndim - 1) if other != axis - 1)
            first.append(np.tensordot(weights, by_rule, 1).mean(axis=others).var())
            within = by_rule.var(axis=axis).reshape(len(values), -1).mean(axis=1)
            total.append(weights @ within)
        # Below this the answer is the same everywhere, but for rounding.
        scale = variance if variance > 1e-20 else np.nan
        return pd.DataFrame(
            {
                "choice": [choice.name for choice in self.grid.choices],
                "first_order": _fractions(first, scale),
                "total": _fractions(total, scale),
            }
        )


def _fractions(parts: list[Any], whole: float) -> Floats:
    """Divide, without the rounding errors that differ from one machine to the next."""
    return np.round(np.array(parts, dtype=float) / whole, 9).clip(0, 1) + 0.0


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
