"""Every answer under every defensible combination of choices (Steegen et al. 2016).

The universes are not a sample of anything, and shares of them are no probabilities: they show how
far an answer rests on choices that data do not settle.

Nothing is run once for each universe. What differs between the universes of a block of choices is
computed once: every answer is an array with an axis for each of `choices.BLOCKS`, of length one
where the block has no effect, and ``places`` say where on its axis each universe of a block is.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce
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
from alkpool.robustness.tallies import Counts, Places, count, distinct, readings_of, tally
from alkpool.stats import Floats
from alkpool.vocabulary import Call, Verdict

__all__ = ["Grid", "Headline", "Multiverse", "Universe", "grid", "run"]

Integers = NDArray[np.int64] | NDArray[np.int32]

VERDICTS = tuple(Verdict)
# Stands for the verdict where a universe has no sample with the profile.
ABSENT = len(VERDICTS)
NO_SAMPLE = "no sample"

_CALLED = {Call.SENSITIVE: 1, Call.RESISTANT: 2}


class Headline(NamedTuple):
    """An answer in every universe.

    Attributes
    ----------
    label : str
        What it is.
    unit : {"share", "difference", "cells"}
        ``k`` of ``n``; one such share minus another; or ``k`` cells of ``n``.
    k, n : ndarray of int
        One axis for each block of choices; a difference has one axis more, of its two groups.
    places : tuple of ndarray
        For each block, the place of its universes on its axis.
    exact : bool
        Whether the interval is exact (Clopper-Pearson), as for the agreement of models.
    """

    label: str
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

    def at(self, universes: Sequence[Places]) -> tuple[Integers, Integers]:
        """Give ``k`` and ``n`` in universes named by their numbers within each block."""
        at = tuple(place[within] for place, within in zip(self.places, universes, strict=True))
        k, n = np.broadcast_arrays(self.k, self.n)
        return k[at], n[at]


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
        In vitro calls by the levels of ``profiles``, ``intermediate`` and ``exploratory``.
    """

    grid: Grid
    counts: Counts
    calls: Mapping[tuple[str, ...], pd.DataFrame]

    @property
    def _size(self) -> list[int]:
        """Universes of each block."""
        return [prod(self.grid.shape(block)) for block in BLOCKS]

    @cached_property
    def _index(self) -> pd.MultiIndex:
        return pd.MultiIndex.from_product(
            [self.counts.profiles, self.counts.inhibitors], names=["profile", "inhibitor"]
        )

    @property
    def _kinds(self) -> NDArray[np.int32]:
        """Kind of each cell: axes of `Counts`, the cells in one."""
        return self._decided[0]

    @property
    def _verdicts(self) -> NDArray[np.int8]:
        """Verdict of each kind of cell by thresholds: a place in `VERDICTS`, or `ABSENT`."""
        return self._decided[1]

    @cached_property
    def _decided(self) -> tuple[NDArray[np.int32], NDArray[np.int8]]:
        c = self.counts
        levels = {choice.name: choice.levels for choice in self.grid.block("verdict")}
        relapsing = share(c.relapsed, c.relapse_n)
        # Of each different pair once: there are few.
        above = int(c.benefit_n.max(initial=0)) + 1
        pairs, of_pair = np.unique(c.benefit_k * above + c.benefit_n, return_inverse=True)
        helped, decided = np.divmod(pairs, above)
        sensitivity, lower = share(helped, decided), stats.wilson(helped, decided).low
        # Cells are of one kind where every comparison that a verdict makes comes out the same.
        line_kind = _kind(
            (decided, levels["min_evaluable"]),
            (sensitivity, levels["low_sensitivity"]),
            (sensitivity, levels["high_sensitivity"]),
            (np.asarray(lower), levels["likely_lower"]),
        )
        sample_kind = _kind(
            (c.samples, (1,)),
            (c.relapse_n, (1,)),
            (relapsing, levels["high_relapse_share"]),
            (c.relapsed, levels["high_relapse_samples"]),
            (relapsing, levels["low_relapse_share"]),
        )
        kind = sample_kind * (line_kind.max(initial=0) + 1) + line_kind[of_pair]
        _, first, number = np.unique(kind, return_index=True, return_inverse=True)
        place = np.unravel_index(first, kind.shape)
        names = ("samples", "relapsed", "relapse_n", "benefit_k", "benefit_n")
        absent, *example = (
            np.broadcast_to(getattr(c, name), kind.shape)[place].reshape(-1, *[1] * len(levels))
            for name in names
        )
        thresholds = np.ix_(*map(np.asarray, levels.values()))
        rules = decide(*example, **dict(zip(levels, thresholds, strict=True)))
        of_rule = [VERDICTS.index(verdict) for verdict in actionability.VERDICTS.values()]
        verdicts = np.array(of_rule, dtype=np.int8)[rules]
        verdicts[absent.ravel() == 0] = ABSENT
        return (
            number.reshape(*kind.shape[:4], prod(kind.shape[4:])).astype(np.int32),
            verdicts.reshape(len(first), self._size[4]),
        )

    @cached_property
    def _often(self) -> NDArray[np.float32]:
        """How many cells are of each kind; the last axis."""
        return _how_often(self._kinds, len(self._verdicts))

    def _places(
        self, verdict: Places | None = None, call: Places | None = None
    ) -> tuple[Places, ...]:
        """Places of all blocks, with those of the last two, which differ between answers."""
        alike = [np.zeros(size, dtype=np.intp) for size in self._size]
        last = (alike[4] if verdict is None else verdict, alike[5] if call is None else call)
        return (*self.counts.places, *last)

    def headlines(self) -> Iterator[tuple[str, Headline]]:
        """Give the answers one after the other, each with its name.

        ``benefit`` (rate over all lines), ``single_minus_multiple`` (difference of the rates),
        one for each verdict (number of cells) and ``agreement MODEL`` for each model.
        """
        k, n = (part[:, :, :, :, None, None] for part in (self.counts.group_k, self.counts.group_n))
        alike = [np.zeros(size, dtype=np.intp) for size in self._size]
        places = (*self.counts.places[:2], *alike[2:])
        yield "benefit", Headline("benefit rate", "share", k.sum(-1), n.sum(-1), places)
        label = "benefit rate, one mutation minus several"
        yield "single_minus_multiple", Headline(label, "difference", k, n, places)
        for verdict in VERDICTS:
            yield str(verdict), self.cells(verdict)
        for model in self.models:
            yield f"agreement {model}", self.agreement(model)

    def cells(self, verdict: Verdict) -> Headline:
        """Count the cells with a verdict, of those with a sample of the profile."""
        says, place = distinct((self._verdicts == VERDICTS.index(verdict)).T)
        present = (self._verdicts != ABSENT)[:, :1].T
        k, n = (_summed(self._often, cells)[..., None] for cells in (says, present))
        return Headline(f"cells: {verdict}", "cells", k, n, self._places(place))

    @property
    def profiles(self) -> list[str]:
        """Profiles of the first reading, exact where it is one; the others are their classes."""
        seen = self.counts.samples.max(axis=(0, 1, 3, 5), initial=0)
        first = seen[:: len(self.grid.levels("profiles"))].max(axis=0) > 0
        return [name for name, found in zip(self.counts.profiles, first, strict=True) if found]

    @cached_property
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
        kinds, (observed, of_rule) = self._kinds, self._observed
        # Cells that some universe can compare, by reading of profiles.
        telling = observed.max(axis=0, initial=0)[kinds].max(axis=(0, 1, 3)) > 0
        levels = [self.grid.levels("profiles").index(level) for _, level in readings_of(self.grid)]
        called = self._called[:, levels, self.models.index(model)] * telling
        different, of_call = distinct(called.reshape(len(called), telling.size))
        shape = (*kinds.shape[:4], len(observed), len(different))
        k, n = np.zeros(shape, dtype=np.int32), np.zeros(shape, dtype=np.int32)
        for call, by_reading in enumerate(different.reshape(len(different), *telling.shape)):
            for reading, cells in enumerate(by_reading):
                for code in set(cells.tolist()) - {0}:
                    often = _how_often(
                        kinds[:, :, reading][..., cells == code], len(self._verdicts)
                    )
                    k[:, :, reading, ..., call] += _summed(often, observed == code)
                    n[:, :, reading, ..., call] += _summed(often, observed > 0)
        places = self._places(of_rule, of_call)
        return Headline(f"agreement with {model}", "share", k, n, places, exact=True)

    @cached_property
    def _observed(self) -> tuple[NDArray[np.int8], Places]:
        """Call that the verdict of each kind of cell amounts to, a code of `_CALLED` or 0."""
        calls = [invitro.OBSERVED.get(verdict) for verdict in VERDICTS]
        codes = np.array([*(_CALLED[call] if call else 0 for call in calls), 0], dtype=np.int8)
        return distinct(codes[self._verdicts].T)

    @cached_property
    def _called(self) -> NDArray[np.int8]:
        """Codes of `_CALLED`, or 0: readings of calls, levels of profiles, models, cells."""
        readings = list(product(*map(self.grid.levels, ("intermediate", "exploratory"))))
        profiles, models = self.grid.levels("profiles"), self.models
        shape = (len(readings), len(profiles), len(models), len(self._index))
        codes = np.zeros(shape, dtype=np.int8)
        for place in np.ndindex(*shape[:2]):
            called = self.calls[profiles[place[1]], *readings[place[0]]]
            called = called[called["call"].isin(list(_CALLED))]
            cells = self._index.get_indexer(
                pd.MultiIndex.from_frame(called[["mutations", "inhibitor"]])
            )
            found = cells >= 0
            model = pd.Index(models).get_indexer(pd.Index(called["model_id"]))
            codes[place][model[found], cells[found]] = called["call"].map(_CALLED)[found]
        return codes

    def _within(self, universes: Sequence[int] | Integers) -> list[Places]:
        """Numbers of universes within each block."""
        return list(np.unravel_index(np.asarray(universes, dtype=np.int64), self._size))

    def table(self, universes: Sequence[int] | Integers) -> pd.DataFrame:
        """Choices and answers of some universes, one row each.

        Returns
        -------
        DataFrame
            ``universe`` (its number), the choices by name, and for each headline ``NAME k`` and
            ``NAME n``; a difference has two of each, of its groups.
        """
        numbers = np.asarray(universes, dtype=np.int64)
        within = self._within(numbers)
        columns: dict[str, Any] = {"universe": numbers}
        for block, place in zip(BLOCKS, within, strict=True):
            places = np.unravel_index(place, self.grid.shape(block))
            for choice, at in zip(self.grid.block(block), places, strict=True):
                columns[choice.name] = np.array(choice.levels)[at]
        for name, headline in self.headlines():
            k, n = headline.at(within)
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
        *counting, ruling, _ = self._within(universes)
        at = tuple(p[within] for p, within in zip(self.counts.places, counting, strict=True))
        found = self._verdicts[self._kinds[at], ruling[:, None]]
        return found.reshape(len(found), len(self.counts.profiles), len(self.counts.inhibitors))

    def matrix(self, universe: int) -> pd.DataFrame:
        """Evidence and verdicts of one universe, columns as in `actionability.matrix`."""
        names = ("samples", "relapsed", "relapse_n", "benefit_k", "benefit_n", "unknown_n")
        counting = self._within([universe])[:4]
        at = [int(p[n][0]) for p, n in zip(self.counts.places, counting, strict=True)]
        shape = self._kinds.shape[:4]
        cells = (len(self.counts.profiles), len(self.counts.inhibitors))
        table = pd.DataFrame(
            {
                name: np.broadcast_to(getattr(self.counts, name), (*shape, *cells))[*at].ravel()
                for name in names
            },
            index=self._index,
        )
        words = np.array([*VERDICTS, ""])
        table["verdict"] = words[self.verdicts([universe]).ravel()]
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
        words, inhibitors = [*VERDICTS, NO_SAMPLE], self.counts.inhibitors
        kinds, (lines, samples, _, shares) = self._kinds, self.counts.places
        shape = (*kinds.shape[:2], kinds.shape[3])
        # Of each kind, how many universes of one counting universe have each verdict.
        often = np.stack([(self._verdicts == place).sum(axis=1) for place in range(len(words))], 1)
        often = often * self._size[5]
        weights = reduce(np.multiply.outer, map(np.bincount, (lines, samples, shares)))
        of_cell = np.arange(kinds.shape[-1]) * len(often)
        repeated = np.broadcast_to(weights[..., None], (*shape, kinds.shape[-1])).ravel()
        most = self.counts.benefit_n.max(axis=(0, 1, 3))
        place_of = {name: place for place, name in enumerate(self.counts.profiles)}
        named = {
            EXACT: [place_of[name] for name in self.profiles],
            RESIDUE: [place_of.get(mutations.residue_class(name), 0) for name in self.profiles],
        }
        numbers = np.zeros((), dtype=np.int64)
        decided = np.zeros((), dtype=np.int64)
        for reading, (_, level) in enumerate(readings_of(self.grid)):
            codes = (kinds[:, :, reading] + of_cell).ravel()
            found = np.bincount(codes, repeated, len(of_cell) * len(often))
            by_verdict = found.reshape(len(of_cell), len(often)).astype(np.int64) @ often
            by_verdict = by_verdict.reshape(len(place_of), len(inhibitors), len(words))
            numbers = numbers + by_verdict[named[level]]
            decided = np.maximum(decided, most[reading, named[level]])
        default = self.verdicts([self.grid.number(self.grid.default)])[0]
        default = default[named[self.grid.default.profiles]]
        index = pd.MultiIndex.from_product([self.profiles, inhibitors])
        table = index.to_frame(index=False, name=["profile", "inhibitor"])
        table["default"] = np.array(words)[default.ravel()]
        of_words = dict(zip(words, numbers.reshape(-1, len(words)).T, strict=True))
        return table.assign(**of_words, universes=self.grid.size, most_n=decided.ravel())

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
        missing = bool(np.isnan(different[-1:]).any())
        levels, everywhere = {}, np.zeros(len(different))
        for flat, others, places in self._by_block(headline, step):
            found = np.array([np.bincount(row, others, len(different)) for row in flat])
            for name, by_level in places.items():
                taken = np.array([np.bincount(row, minlength=len(flat)) for row in by_level])
                levels[name] = (taken @ found).astype(np.int64)
                everywhere = levels[name].sum(axis=0)
        known = len(different) - missing
        steps = pd.DataFrame(
            {"value": different[:known], "universes": everywhere[:known].astype(np.int64)}
        )
        low, high = self._limits(headline, step, known)
        return Curve(
            steps=steps.assign(low=low, high=high),
            levels={name: found[:, :known] for name, found in levels.items()},
            default=self.at_default(headline),
            missing=int(everywhere[known:].sum()),
        )

    def at_default(self, headline: Headline) -> float:
        """Value of an answer at the default."""
        within = self._within([self.grid.number(self.grid.default)])
        at = tuple(p[n] for p, n in zip(headline.places, within, strict=True))
        return float(headline.values[at][0])

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
        return pd.DataFrame(
            {
                "choice": [choice.name for choice in self.grid.choices],
                "first_order": _fractions(first, scale),
                "total": _fractions(total, scale),
            }
        )


def _kind(*compared: tuple[NDArray[Any], Sequence[float]]) -> Integers:
    """Number what different comparisons of values with marks say; values broadcast."""
    kind = np.zeros((), dtype=np.int64)
    for values, marks in compared:
        reached = np.searchsorted(np.sort(marks), values, side="right")
        kind = kind * (len(marks) + 1) + np.where(np.isnan(values), 0, reached)
    return kind


def _how_often(kinds: NDArray[np.int32], number: int) -> NDArray[np.float32]:
    """Count the cells of each kind: kinds for cells in the last axis."""
    rows = kinds.reshape(prod(kinds.shape[:-1]), kinds.shape[-1])
    codes = rows + number * np.arange(len(rows))[:, None]
    often = np.bincount(codes.ravel(), minlength=number * len(rows))
    # Whole numbers up to 2**24 are exact.
    return often.reshape(*kinds.shape[:-1], number).astype(np.float32)


def _summed(often: NDArray[np.float32], says: NDArray[np.bool_]) -> NDArray[np.int32]:
    """Sum how often each kind is there over the kinds of which something holds; columns, kinds."""
    return (often @ says.T.astype(np.float32)).astype(np.int32)


def _fractions(parts: list[Any], whole: float) -> Floats:
    """Divide, without the rounding errors that differ from one machine to the next."""
    return np.round(np.array(parts, dtype=float) / whole, 9).clip(0, 1) + 0.0


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
    names = ("profiles", "intermediate", "exploratory")
    called = {}
    if laboratory is not None:
        for levels in product(*map(grid.levels, names)):
            universe = replace(grid.default, **dict(zip(names, levels, strict=True)))
            called[levels] = calls(laboratory, universe)
    return Multiverse(grid, count(tallied, grid), called)
