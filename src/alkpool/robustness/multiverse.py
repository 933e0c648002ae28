"""Every answer under every defensible combination of choices (Steegen et al. 2016).

The universes are not a sample of anything, and shares of them are no probabilities: they show how
far an answer rests on choices that data do not settle.

Nothing is run once for each universe. What differs between the universes of a block of choices is
computed once: every answer is an array with an axis for each of `choices.BLOCKS`, of length one
where the block has no effect, and ``places`` say where on its axis each universe of a block is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from math import prod
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from statsmodels.stats.proportion import confint_proportions_2indep

from alkpool import mutations, stats
from alkpool.analysis import actionability, invitro
from alkpool.analysis.actionability import decide, share
from alkpool.data.cohort import Cohort
from alkpool.data.laboratory import InVitro
from alkpool.robustness.choices import BLOCKS, EXACT, RESIDUE, Grid, Universe, calls, grid
from alkpool.robustness.tallies import Counts, Places, alike, count, distinct, readings_of, tally
from alkpool.stats import Floats
from alkpool.vocabulary import Call, Verdict

__all__ = ["Grid", "Headline", "Multiverse", "Universe", "grid", "run"]

Integers = NDArray[np.int64] | NDArray[np.int32]

VERDICTS = tuple(Verdict)
# Stands for the verdict where a universe has no sample with the profile.
ABSENT = len(VERDICTS)
NO_SAMPLE = "no sample"

_COUNTED = ("samples", "relapsed", "relapse_n", "benefit_k", "benefit_n")
_CALLED: dict[Call | None, int] = {Call.SENSITIVE: 1, Call.RESISTANT: 2}


class Headline(NamedTuple):
    """An answer in every universe.

    Attributes
    ----------
    unit : {"share", "difference", "cells"}
        ``k`` of ``n``; one such share minus another; or ``k`` cells of ``n``.
    k, n : ndarray of int
        One axis for each block of choices; a difference has one axis more, of its two groups.
    places : tuple of ndarray
        For each block, the place of its universes on its axis.
    exact : bool
        Whether the interval is exact (Clopper-Pearson), as for the agreement of models.
    """

    unit: Literal["share", "difference", "cells"]
    k: Integers
    n: Integers
    places: tuple[Places, ...]
    exact: bool = False

    @property
    def values(self) -> Floats:
        """What is compared between universes; missing where nothing was observed."""
        match self.unit:
            case "cells":
                return self.k.astype(float)
            case "share":
                return share(self.k, self.n)
            case "difference":
                return -np.diff(share(self.k, self.n), axis=-1)[..., 0]

    @property
    def weights(self) -> list[Integers]:
        """How many universes of a block share each place on its axis."""
        return [np.bincount(place) for place in self.places]


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


class Multiverse:
    """Every answer in every universe of a grid; made by `run`.

    Parameters
    ----------
    grid : Grid
        Choices.
    counts : Counts
        Of every cell.
    calls : DataFrame
        In vitro calls, as `choices.calls`; ``level`` and ``reading`` are the places of the level
        of ``profiles`` and of the universe of the block of calls.
    """

    def __init__(self, grid: Grid, counts: Counts, calls: pd.DataFrame) -> None:
        self.grid, self.counts, self.calls = grid, counts, calls
        known = calls.loc[calls["call"] != Call.UNKNOWN, "model_id"]
        self.models: list[str] = sorted(map(str, known.unique()))
        self._size = [prod(grid.shape(block)) for block in BLOCKS]
        # Places of blocks that have no effect.
        self._alike = [np.zeros(size, dtype=np.intp) for size in self._size]
        self._index = pd.MultiIndex.from_product(
            [counts.profiles, counts.inhibitors], names=["profile", "inhibitor"]
        )
        # Kind of each cell, on the axes of `Counts`; verdict of each kind by thresholds, a place in
        # `VERDICTS` or `ABSENT`; and how many cells are of each kind.
        self._kinds, self._verdicts = self._decided()
        universes, number = prod(self._kinds.shape[:4]), len(self._verdicts)
        codes = self._kinds.reshape(universes, len(self._index))
        codes = codes + number * np.arange(universes)[:, None]
        often = np.bincount(codes.ravel(), minlength=number * universes)
        # Whole numbers up to 2**24 are exact.
        self._often = often.reshape(*self._kinds.shape[:4], number).astype(np.float32)

    def _decided(self) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        """Decide once for all cells of which every comparison that a verdict makes is the same."""
        c = self.counts
        levels = {choice.name: choice.levels for choice in self.grid.block("verdict")}
        sensitivity, relapsing = share(c.benefit_k, c.benefit_n), share(c.relapsed, c.relapse_n)
        example, kinds = alike(
            (c.samples, (1,)),
            (c.benefit_n, levels["min_evaluable"]),
            (sensitivity, levels["low_sensitivity"] + levels["high_sensitivity"]),
            (np.asarray(stats.wilson(c.benefit_k, c.benefit_n).low), levels["likely_lower"]),
            (relapsing, levels["low_relapse_share"] + levels["high_relapse_share"]),
            (c.relapsed, levels["high_relapse_samples"]),
        )
        samples, *counted = (
            np.broadcast_to(getattr(c, name), kinds.shape).flat[example][:, None]
            for name in _COUNTED
        )
        thresholds = (each.ravel() for each in np.meshgrid(*levels.values(), indexing="ij"))
        rules = decide(*counted, **dict(zip(levels, thresholds, strict=True)))
        of_rule = [VERDICTS.index(verdict) for verdict in actionability.VERDICTS.values()]
        verdicts = np.where(samples > 0, np.array(of_rule)[rules], ABSENT)
        return kinds.astype(np.int32), verdicts.astype(np.int8)

    def headlines(self) -> Iterator[tuple[str, Headline]]:
        """Give the answers one after the other, each with its name.

        ``benefit`` (rate over all lines), ``single_minus_multiple`` (difference of the rates),
        one for each verdict (number of cells) and ``agreement MODEL`` for each model.
        """
        k, n = (part[:, :, :, :, None, None] for part in (self.counts.group_k, self.counts.group_n))
        places = (*self.counts.places[:2], *self._alike[2:])
        yield "benefit", Headline("share", k.sum(-1), n.sum(-1), places)
        yield "single_minus_multiple", Headline("difference", k, n, places)
        for verdict in VERDICTS:
            yield str(verdict), self.cells(verdict)
        for model in self.models:
            yield f"agreement {model}", self.agreement(model)

    def cells(self, verdict: Verdict) -> Headline:
        """Count the cells with a verdict, of those with a sample of the profile."""
        says, place = distinct((self._verdicts == VERDICTS.index(verdict)).T)
        present = (self._verdicts[:, :1] != ABSENT).T
        k, n = (
            (self._often @ kinds.T.astype(np.float32)).astype(np.int32)[..., None]
            for kinds in (says, present)
        )
        return Headline("cells", k, n, (*self.counts.places, place, self._alike[5]))

    @property
    def profiles(self) -> list[str]:
        """Profiles of the first reading, exact where it is one; the others are their classes."""
        seen = self.counts.samples.max(axis=(0, 1, 3), initial=0)
        first = seen[:: len(self.grid.levels("profiles"))].max(axis=0) > 0
        return list(self._index[first].unique("profile"))

    def agreement(self, model: str) -> Headline:
        """Agreeing and compared combinations of one model, as `invitro.agreement`."""
        meant = [*(_CALLED.get(invitro.OBSERVED.get(verdict), 0) for verdict in VERDICTS), 0]
        # Call that the verdict of each kind of cell amounts to, or 0.
        observed, of_rule = distinct(np.array(meant, dtype=np.int8)[self._verdicts].T)
        # Cells that some universe can compare, by reading of profiles.
        telling = observed.max(axis=0, initial=0)[self._kinds].max(axis=(0, 1, 3)) > 0
        levels = [self.grid.levels("profiles").index(level) for _, level in readings_of(self.grid)]
        called, of_call = distinct(self._called(model)[:, levels] * telling)
        shape = (*self._kinds.shape[:4], len(observed), len(called))
        k, n = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int32)
        for call, reading in np.ndindex(called.shape[:2]):
            (cells,) = np.nonzero(called[call, reading])
            seen = np.moveaxis(observed[:, self._kinds[:, :, reading][..., cells]], 0, -2)
            k[:, :, reading, ..., call] = (seen == called[call, reading, cells]).sum(axis=-1)
            n[:, :, reading, ..., call] = (seen > 0).sum(axis=-1)
        return Headline("share", k, n, (*self.counts.places, of_rule, of_call), exact=True)

    def _called(self, model: str) -> NDArray[np.int8]:
        """Codes of `_CALLED`, or 0: readings of calls, levels of profiles, cells."""
        shape = self._size[5], len(self.grid.levels("profiles")), len(self._index)
        codes = np.zeros(shape, dtype=np.int8)
        called = self.calls[(self.calls["model_id"] == model) & self.calls["call"].isin(_CALLED)]
        pairs = pd.MultiIndex.from_frame(called[["mutations", "inhibitor"]])
        cells = self._index.get_indexer(pairs)
        called, cells = called[cells >= 0], cells[cells >= 0]
        reading, level = called[["reading", "level"]].to_numpy(dtype=np.intp).T
        codes[reading, level, cells] = called["call"].map(_CALLED)
        return codes

    def _within(self, universes: Sequence[int] | Integers) -> list[Places]:
        """Numbers of universes within each block."""
        return list(np.unravel_index(np.asarray(universes, dtype=np.int64), self._size))

    def _at(
        self, places: tuple[Places, ...], universes: Sequence[int] | Integers
    ) -> tuple[Places, ...]:
        """Index of universes on the axes of an array with these places of the first blocks."""
        within = self._within(universes)
        return tuple(place[number] for place, number in zip(places, within, strict=False))

    def table(self, universes: Sequence[int] | Integers) -> pd.DataFrame:
        """Choices and answers of some universes, one row each.

        Returns
        -------
        DataFrame
            ``universe`` (its number), the choices by name, and for each headline ``NAME k`` and
            ``NAME n``; a difference has two of each, of its groups.
        """
        numbers = np.asarray(universes, dtype=np.int64)
        columns: dict[str, Any] = {"universe": numbers}
        for block, place in zip(BLOCKS, self._within(numbers), strict=True):
            places = np.unravel_index(place, self.grid.shape(block))
            for choice, levels in zip(self.grid.block(block), places, strict=True):
                columns[choice.name] = np.array(choice.levels)[levels]
        for name, headline in self.headlines():
            at = self._at(headline.places, numbers)
            k, n = (part[at] for part in np.broadcast_arrays(headline.k, headline.n))
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
        ruling = self._within(universes)[4]
        kinds = self._kinds[self._at(self.counts.places, universes)]
        found = self._verdicts[kinds, ruling[:, None]]
        return found.reshape(len(found), len(self.counts.profiles), len(self.counts.inhibitors))

    def matrix(self, universe: int) -> pd.DataFrame:
        """Counts and verdicts of one universe, columns as in `actionability.matrix`."""
        at = self._at(self.counts.places, [universe])
        counted = {
            name: np.broadcast_to(getattr(self.counts, name), self._kinds.shape)[at][0]
            for name in _COUNTED
        }
        verdicts = np.array([*VERDICTS, ""])[self.verdicts([universe]).ravel()]
        table = pd.DataFrame(counted, self._index).assign(verdict=verdicts)
        return table[table["samples"] > 0].reset_index()

    def stability(self) -> pd.DataFrame:
        """Count for each cell of Figure 5 the universes that give each verdict.

        Returns
        -------
        DataFrame
            ``profile, inhibitor``, the verdict at the ``default``, a column for each verdict and
            ``no sample`` (numbers of universes), ``universes``, and ``most_n``, the most decided
            lines in any. In a universe of residue classes a profile has the verdict of its class.
        """
        c, default = self.counts, self.grid.default
        words = [*map(str, VERDICTS), NO_SAMPLE]
        lines, samples, _, shares = map(np.bincount, c.places)
        weights = reduce(np.multiply.outer, (lines, samples, shares))
        # Of each kind, how many universes of one counting universe have each verdict.
        often = np.stack([(self._verdicts == place).sum(1) for place in range(len(words))], axis=1)
        often *= self._size[5]
        classes = [mutations.residue_class(name) for name in self.profiles]
        named = {EXACT: self.profiles, RESIDUE: classes}
        # Cells of the profiles, by level.
        rows = {
            level: self._index.get_indexer(pd.MultiIndex.from_product([names, c.inhibitors]))
            for level, names in named.items()
        }
        numbers, most = np.zeros((), dtype=np.int64), np.zeros((), dtype=np.int64)
        for reading, (_, level) in enumerate(readings_of(self.grid)):
            kinds = self._kinds[:, :, reading].reshape(weights.size, -1).T[rows[level]]
            found = [np.bincount(each, weights.ravel(), len(often)) for each in kinds]
            numbers = numbers + np.array(found).astype(np.int64) @ often
            decided = c.benefit_n[:, :, reading].max(axis=(0, 1, 2))
            most = np.maximum(most, decided[rows[level]])
        usual = self.verdicts([self.grid.number(default)]).ravel()[rows[default.profiles]]
        table = self._index[rows[EXACT]].to_frame(index=False)
        return table.assign(
            default=np.array(words)[usual],
            **dict(zip(words, numbers.T, strict=True)),
            universes=self.grid.size,
            most_n=most,
        )

    def _by_block(
        self, headline: Headline, values: NDArray[Any]
    ) -> Iterator[tuple[NDArray[Any], Floats, dict[str, Places]]]:
        """Look at values along each block of choices.

        Gives them with the block as first axis and all others as second, the universes that share
        a place on the second, and for each choice the places of its universes, by level.
        """
        weights = headline.weights
        for axis, block in enumerate(BLOCKS):
            flat = np.moveaxis(values, axis, 0).reshape(values.shape[axis], -1)
            others = reduce(np.multiply.outer, [*weights[:axis], *weights[axis + 1 :]]).ravel()
            places = headline.places[axis].reshape(self.grid.shape(block))
            levels = {
                choice.name: np.moveaxis(places, at, 0).reshape(len(choice.levels), -1)
                for at, choice in enumerate(self.grid.block(block))
            }
            yield flat, others.astype(float), levels

    def curve(self, headline: Headline) -> Curve:
        """Put the universes in the order of an answer."""
        different, step = np.unique(headline.values, return_inverse=True)
        levels = {}
        for flat, others, places in self._by_block(headline, step):
            found = np.array([np.bincount(row, others, len(different)) for row in flat])
            for name, by_level in places.items():
                levels[name] = np.array([found[row].sum(axis=0) for row in by_level]).astype(int)
        everywhere = next(iter(levels.values())).sum(axis=0)
        known = int((~np.isnan(different)).sum())
        steps = pd.DataFrame({"value": different[:known], "universes": everywhere[:known]})
        low, high = self._limits(headline, step, known)
        default = self._at(headline.places, [self.grid.number(self.grid.default)])
        return Curve(
            steps=steps.assign(low=low, high=high),
            levels={name: found[:, :known] for name, found in levels.items()},
            default=float(headline.values[default][0]),
            missing=int(everywhere[known:].sum()),
        )

    def _limits(self, headline: Headline, step: Places, steps: int) -> tuple[Floats, Floats]:
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
        weights = reduce(np.multiply.outer, headline.weights) / self.grid.size
        values = headline.values - (headline.values * weights).sum()
        variance = (values**2 * weights).sum()
        first, total = [], []
        for flat, others, places in self._by_block(headline, values):
            share_of = others / others.sum()
            # Mean product of two places of the block over all others.
            means, products = flat @ share_of, (flat * share_of) @ flat.T
            for by_level in places.values():
                first.append(means[by_level].mean(axis=1).var())
                pairs = [products[one, other].mean() for one, other in product(by_level, by_level)]
                total.append(variance - np.mean(pairs))
        # Below this the answer is the same everywhere, but for rounding.
        scale = variance if variance > 1e-20 else np.nan
        # Rounded, for the last digits differ from one machine to the next.
        parts = (np.array([first, total]) / scale).round(9).clip(0, 1) + 0.0
        names = [choice.name for choice in self.grid.choices]
        return pd.DataFrame({"choice": names, "first_order": parts[0], "total": parts[1]})


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
    called = [pd.DataFrame(columns=["model_id", "call"])]
    if laboratory is not None:
        readings = product(*map(grid.levels, ("intermediate", "exploratory")))
        for (at, reading), (level, profiles) in product(
            enumerate(readings), enumerate(grid.levels("profiles"))
        ):
            names = dict(zip(("intermediate", "exploratory"), reading, strict=True))
            universe = replace(grid.default, profiles=profiles, **names)
            called.append(calls(laboratory, universe).assign(level=level, reading=at))
    return Multiverse(grid, count(tallied, grid), pd.concat(called))
