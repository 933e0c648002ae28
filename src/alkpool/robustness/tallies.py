"""Counts of every cell under every choice that counts can depend on.

A cohort is reduced to a *tally*: counts of samples and lines that no choice of a grid tells apart.
Tallies of parts of a cohort add up, so that no part need be in memory with another.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alkpool import mutations
from alkpool.analysis.actionability import assessed_profiles, profile_order
from alkpool.analysis.benefit import BenefitRule, classify
from alkpool.data.cohort import Cohort
from alkpool.data.tables import assessed_inhibitors
from alkpool.robustness.choices import CHOICES, LEFT_OUT, RESIDUE, Grid, by_endpoint, marked
from alkpool.stats import Integers
from alkpool.vocabulary import Answer, Benefit, Phase

Places = NDArray[np.intp]

_SITE = ["unit", "mutations", "phase", "inhibitor"]
_MARKS = [f"not_{choice.name}" for choice in CHOICES if choice.strict and choice.block != "lines"]
KEYS = [*_SITE, "outcomes", *_MARKS]
# What a line can be, by place, and what each of these counts as where undecided lines are read so.
_OUTCOMES = [Benefit.BENEFIT, Benefit.NO_BENEFIT, Benefit.UNKNOWN]
_READ = {"benefit": (0, 1, 0), "no benefit": (0, 1, 1), LEFT_OUT: (0, 1, 2)}
_NOT_COUNTED = 3


def tally(cohort: Cohort, grid: Grid) -> pd.DataFrame:
    """Count the samples and lines that no choice of a grid tells apart.

    Returns
    -------
    DataFrame
        One row for each group: `KEYS` and ``n``. ``unit`` is sample or line, ``inhibitor`` the
        one that failed or that the line is of, ``outcomes`` what a line is in each universe of its
        block (0 benefit, 1 no benefit, 2 unknown, 3 not counted), blank of a sample.

    Notes
    -----
    Tallies of parts of a cohort add up where each patient is whole in one part: see `add`.
    """
    samples, lines = marked(cohort)
    lines = lines[lines["monotherapy"] != Answer.NO]
    taken = samples.assign(unit="sample", inhibitor=samples["resistance_on"], outcomes="")
    given = lines.assign(unit="line", outcomes=_outcomes(lines, grid))
    return add(part[KEYS].assign(n=1) for part in (taken, given))


def add(tallies: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up tallies; how a cohort was divided makes no difference."""
    summed = (part.groupby(KEYS, as_index=False, observed=True) for part in tallies)
    # Not categories: those of two parts differ.
    texts = dict.fromkeys([*_SITE, "outcomes"], str)
    parts = [part.agg({"n": "sum"}).astype(texts) for part in summed]
    return pd.concat(parts).groupby(KEYS, as_index=False).agg({"n": "sum"})


def _outcomes(lines: pd.DataFrame, grid: Grid) -> pd.Categorical:
    """Outcome of each line in every universe of its block, each kind of line judged once."""
    words = ["best_response", "status", "pfs_relation", "dot_relation"]
    marks = [f"not_{choice.name}" for choice in grid.block("lines") if choice.strict]
    told = lines.groupby([*words, *marks], observed=True, dropna=False).ngroup().to_numpy()
    months = (lines[name].to_numpy(float, na_value=np.nan) for name in ("pfs_months", "dot_months"))
    thresholds = grid.levels("threshold_months")
    example, kind = alike((told, told), *((each, thresholds) for each in months))
    kinds = lines.iloc[example]
    rules = product(*map(grid.levels, ("threshold_months", "endpoint", "ongoing_dot")))
    place = {str(benefit): number for number, benefit in enumerate(_OUTCOMES)}
    judged = [
        classify(by_endpoint(kinds, endpoint), BenefitRule(months, ongoing))["benefit"].map(place)
        for months, endpoint, ongoing in rules
    ]
    levels = np.array([_READ[level] for level in grid.levels("unknown_lines")], dtype=np.int8)
    read = levels[:, np.array(judged, dtype=int)].swapaxes(0, 1)[:, :, None]
    outcomes = np.where(_kept(kinds, grid, "lines"), read, np.int8(_NOT_COUNTED))
    letters = outcomes.reshape(prod(grid.shape("lines")), len(kinds)).T + np.int8(ord("0"))
    patterns = np.array([row.tobytes().decode() for row in letters], dtype=object)
    # As categories: written out for each line, they would take much memory.
    return pd.Categorical(patterns[kind])


def alike(*compared: tuple[NDArray[Any], Sequence[Any] | NDArray[Any]]) -> tuple[Places, Places]:
    """Number what every comparison with the marks says alike; values broadcast.

    Returns
    -------
    tuple of ndarray
        The flat place of an example of each kind, and the kind of each place.
    """
    kind = np.zeros((), dtype=np.int64)
    for values, marks in compared:
        steps = np.unique(marks)
        place = np.searchsorted(steps, values) + np.searchsorted(steps, values, side="right")
        kind = kind * (2 * len(steps) + 2) + np.where(np.isnan(values), 0, place + 1)
    _, example, number = np.unique(kind, return_index=True, return_inverse=True)
    return example, number


@dataclass(frozen=True)
class Counts:
    """Counts of every universe.

    Attributes
    ----------
    profiles, inhibitors : tuple of str
        The cells, inhibitors of a profile one after the other; a profile that a universe does not
        have has no sample there.
    samples, relapsed, relapse_n, benefit_k, benefit_n : ndarray of int
        As in `actionability.matrix`. Axes: the first four of `choices.BLOCKS`, of length one
        where the block has no effect, and cells.
    group_k, group_n : ndarray of int
        Lines with benefit, and decided ones, of all inhibitors: after samples with one mutation,
        and with several (the last axis, after those of the blocks).
    places : tuple of ndarray
        For each of the four blocks, the place of its universes on its axis.
    """

    profiles: tuple[str, ...]
    inhibitors: tuple[str, ...]
    samples: Integers
    relapsed: Integers
    relapse_n: Integers
    benefit_k: Integers
    benefit_n: Integers
    group_k: Integers
    group_n: Integers
    places: tuple[Places, ...]


def count(tallied: pd.DataFrame, grid: Grid) -> Counts:
    """Count the cells of every universe of a grid."""
    of_site = tallied.groupby(_SITE, sort=False).ngroup().to_numpy()
    sites = tallied[_SITE].drop_duplicates(ignore_index=True)
    number = tallied["n"].to_numpy(dtype=np.int64)
    is_line = (tallied["unit"] == "line").to_numpy()
    kept, of_samples = distinct(_kept(tallied, grid, "samples"))
    shared, of_shares = distinct(_kept(tallied, grid, "relapse"))
    universes = prod(grid.shape("lines"))
    letters = "".join(tallied["outcomes"].str.ljust(universes, str(_NOT_COUNTED))).encode()
    outcomes = np.frombuffer(letters, dtype=np.int8).reshape(len(tallied), universes) - ord("0")
    read, of_lines = distinct(outcomes.T)

    def at_sites(counted: NDArray[np.bool_]) -> Integers:
        return _summed(counted, of_site, len(sites), number)

    # Axes: lines, samples, relapse, sites. One mask after the other, to spare memory.
    benefit, no_benefit = (
        np.stack([at_sites(mask & (read == outcome)) for mask in kept], axis=1)[:, :, None]
        for outcome in (0, 1)
    )
    taken = at_sites(kept & ~is_line)[None, :, None]
    followed = at_sites(kept[:, None] & shared & ~is_line)[None]

    readings = [_profiles(sites, *levels) for levels in readings_of(grid)]
    profiles = tuple(sorted({p for r in readings for p in r["profile"]}, key=profile_order))
    inhibitors = assessed_inhibitors()
    of_inhibitor = pd.Index(inhibitors).get_indexer(pd.Index(sites["inhibitor"]))

    def at_cells(values: Integers, drug: NDArray[Any], drugs: int) -> Integers:
        """Sum sites into cells of a profile and one of so many drugs, in each reading."""
        summed = []
        for named in readings:
            site = named["sample_id"].to_numpy(dtype=np.intp)
            profile = pd.Index(profiles).get_indexer(pd.Index(named["profile"]))
            cell = np.where(drug[site] < 0, -1, profile * drugs + drug[site])
            summed.append(_summed(values[..., site], cell, len(profiles) * drugs))
        return np.stack(summed, axis=2)

    several = sites["mutations"].map(mutations.is_compound).to_numpy(dtype=np.int64)
    samples = at_cells(taken, np.zeros_like(of_inhibitor), 1)
    relapse_n = _summed(followed, of_inhibitor, len(inhibitors))[:, :, None]
    cells = of_inhibitor, len(inhibitors)
    return Counts(
        profiles=profiles,
        inhibitors=inhibitors,
        samples=np.repeat(samples, len(inhibitors), axis=-1),
        relapsed=at_cells(followed, *cells),
        relapse_n=np.tile(relapse_n, len(profiles)),
        benefit_k=at_cells(benefit, *cells),
        benefit_n=at_cells(benefit + no_benefit, *cells),
        group_k=_summed(benefit, several, 2)[:, :, None],
        group_n=_summed(benefit + no_benefit, several, 2)[:, :, None],
        places=(of_lines, of_samples, np.arange(len(readings)), of_shares),
    )


def _summed(
    values: NDArray[Any], group: NDArray[Any], groups: int, weights: Integers | int = 1
) -> Integers:
    """Sum the last axis by group, of which there are so many; -1 belongs to none."""
    (places,) = np.nonzero(group >= 0)
    each = np.broadcast_to(weights, group.shape)[places].astype(np.int64)
    into = csr_array((each, (group[places], places)), shape=(groups, len(group)))
    flat = values.reshape(prod(values.shape[:-1]), len(group))
    return np.asarray(into @ flat.T).T.reshape(*values.shape[:-1], groups)


def distinct(rows: NDArray[Any]) -> tuple[NDArray[Any], Places]:
    """Different rows, and the place of each row among them."""
    # As one item each: comparing rows column by column takes far longer.
    whole = np.array([row.tobytes() for row in rows])
    _, first, place = np.unique(whole, return_index=True, return_inverse=True)
    return rows[first], place


def _kept(tallied: pd.DataFrame, grid: Grid, block: str) -> NDArray[np.bool_]:
    """Tell which rows count in each universe of a block, by the choices that leave rows out."""
    kept = np.ones((1, len(tallied)), dtype=bool)
    for choice in grid.block(block):
        if choice.strict:
            marked = tallied[f"not_{choice.name}"].to_numpy(dtype=bool)
            levels = [~marked | (level != choice.strict) for level in choice.levels]
            # The levels of a later choice vary faster.
            kept = np.concatenate(kept[:, None] & np.array(levels))
    return kept


def readings_of(grid: Grid) -> Iterator[tuple[str, str]]:
    """Levels of ``apart`` and ``profiles``, in the order of their axis."""
    return product(grid.levels("apart"), grid.levels("profiles"))


def _profiles(site: pd.DataFrame, apart: str, level: str) -> pd.DataFrame:
    """Profiles under which each site is assessed: ``sample_id`` (its number), ``profile``."""
    named = site.assign(sample_id=site.index)
    if level == RESIDUE:
        named["mutations"] = named["mutations"].map(mutations.residue_class)
    if apart == "trans and unknown":
        named["phase"] = named["phase"].replace({str(Phase.UNKNOWN): str(Phase.TRANS)})
    return assessed_profiles(named, split_trans=apart != "none")
