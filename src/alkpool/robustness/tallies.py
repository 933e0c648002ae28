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
from alkpool.robustness.choices import LEFT_OUT, RESIDUE, STRICT, Grid, by_endpoint, marked
from alkpool.stats import Integers
from alkpool.vocabulary import Answer, Benefit, Phase

Places = NDArray[np.intp]

_LINE_MARKS = [f"not {name}" for name in ("monotherapy", "lines", "biopsy")]
_SAMPLE_MARKS = [f"not {name}" for name in ("duplicates", "case_reports", "plasma", "unverified")]
_SHARE_MARKS = ["not relapse_from"]
_SITE = ["unit", "mutations", "phase", "inhibitor"]
KEYS = [*_SITE, "outcomes", *_LINE_MARKS, *_SAMPLE_MARKS, *_SHARE_MARKS]
_OUTCOMES = [Benefit.BENEFIT, Benefit.NO_BENEFIT, Benefit.UNKNOWN]
# What an undecided line counts as: a place in _OUTCOMES.
_UNDECIDED = {"benefit": 0, "no benefit": 1, LEFT_OUT: 2}
_NOT_COUNTED = 3


def tally(cohort: Cohort, grid: Grid) -> pd.DataFrame:
    """Count the samples and lines that no choice of a grid tells apart.

    Returns
    -------
    DataFrame
        One row for each group: `KEYS` and ``n``. ``unit`` is sample or line, ``inhibitor`` the
        one that failed or that the line is of, ``outcomes`` the benefit of a line by each rule of
        the grid (0 benefit, 1 no benefit, 2 unknown).

    Notes
    -----
    Tallies of parts of a cohort add up where each patient is whole in one part: see `add`.
    """
    samples, lines = marked(cohort)
    lines = lines[lines["monotherapy"] != Answer.NO]
    taken = samples.assign(
        unit="sample", inhibitor=samples["resistance_on"], outcomes="",
        **dict.fromkeys(_LINE_MARKS, False),
    )  # fmt: skip
    given = lines.assign(unit="line", outcomes=_outcomes(lines, grid))
    return add(part[KEYS].assign(n=1) for part in (taken, given))


def add(tallies: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up tallies; how a cohort was divided makes no difference."""
    # Not categories: those of two parts differ.
    parts = [part.astype(dict.fromkeys([*_SITE, "outcomes"], str)) for part in tallies]
    return pd.concat(parts).groupby(KEYS, as_index=False, observed=True).agg({"n": "sum"})


def _outcomes(lines: pd.DataFrame, grid: Grid) -> NDArray[np.object_]:
    """Classify each line by every benefit rule of the grid, each kind of line once.

    Two times are of one kind where no threshold lies between them.
    """
    thresholds = np.sort(np.array(grid.levels("threshold_months"), dtype=float))
    between = np.array([0, *thresholds]) + np.diff([0, *thresholds, thresholds[-1] + 2]) / 2
    told = lines[["best_response", "status", "pfs_relation", "dot_relation"]].astype(str)
    for measure in ("pfs_months", "dot_months"):
        months = lines[measure].to_numpy(dtype=float, na_value=np.nan)
        kind = between[np.searchsorted(thresholds, months).clip(max=len(thresholds))]
        exact = np.isin(months, thresholds) | np.isnan(months)
        told = told.assign(**{measure: np.where(exact, months, kind)})
    kind_of = told.groupby(list(told), dropna=False).ngroup().to_numpy()
    kinds = told.iloc[np.unique(kind_of, return_index=True)[1]]
    names = ("threshold_months", "endpoint", "ongoing_dot")
    place = {str(benefit): str(number) for number, benefit in enumerate(_OUTCOMES)}
    letters = [
        classify(by_endpoint(kinds, endpoint), BenefitRule(months, ongoing))["benefit"].map(place)
        for months, endpoint, ongoing in product(*map(grid.levels, names))
    ]
    patterns = np.array(["".join(row) for row in zip(*letters, strict=True)], dtype=object)
    return patterns[kind_of]


@dataclass(frozen=True)
class Counts:
    """Counts of every universe.

    Attributes
    ----------
    profiles, inhibitors : tuple of str
        The cells; a profile that a universe does not have has no sample there.
    samples, relapsed, relapse_n, benefit_k, benefit_n, unknown_n : ndarray of int
        As in `actionability.matrix`. Axes: the first four of `choices.BLOCKS`, of length one
        where the block has no effect, profiles and inhibitors (``relapse_n`` has one profile, for
        all, and ``samples`` one inhibitor).
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
    unknown_n: Integers
    group_k: Integers
    group_n: Integers
    places: tuple[Places, ...]


def count(tallied: pd.DataFrame, grid: Grid) -> Counts:
    """Count the cells of every universe of a grid."""
    tallied = tallied.sort_values(KEYS, ignore_index=True)
    starts = np.flatnonzero(~tallied.duplicated(_SITE))
    site = tallied.loc[starts, _SITE].reset_index(drop=True)
    is_line = (tallied["unit"] == "line").to_numpy()
    kept, of_samples = distinct(_kept(tallied, grid, _SAMPLE_MARKS))
    shared, of_shares = distinct(_kept(tallied, grid, _SHARE_MARKS))
    read, of_lines = distinct(_read_lines(tallied, grid))

    def at_sites(counted: NDArray[np.bool_]) -> Integers:
        """Sum the rows of each site that count; axes as given, with sites for rows."""
        rows = counted * tallied["n"].to_numpy(dtype=np.int64)
        summed: Integers = np.add.reduceat(rows, starts, axis=-1) if len(starts) else rows
        return summed

    # Axes: lines, samples, relapse, sites. One mask after the other, to spare memory.
    outcomes = [
        np.stack([at_sites(mask & (read == outcome)) for mask in kept], axis=1)[:, :, None]
        for outcome in range(len(_OUTCOMES))
    ]
    taken = at_sites(kept & ~is_line)[None, :, None]
    followed = at_sites(kept[:, None] & shared & ~is_line)[None]

    readings = [_profiles(site, *levels) for levels in readings_of(grid)]
    profiles = tuple(sorted({p for r in readings for p in r["profile"]}, key=profile_order))
    inhibitors = assessed_inhibitors()
    of_inhibitor = (site["inhibitor"].to_numpy()[:, None] == np.array(inhibitors)).astype(np.int64)
    of_profile = np.zeros((len(readings), len(site), len(profiles)), dtype=np.int64)
    for reading, named in zip(of_profile, readings, strict=True):
        places = pd.Index(profiles).get_indexer(pd.Index(named["profile"]))
        np.add.at(reading, (named["sample_id"].to_numpy(dtype=np.intp), places), 1)
    size = len(profiles) * len(inhibitors)
    cell = [
        csr_array((reading[:, :, None] * of_inhibitor[:, None]).reshape(len(site), size).T)
        for reading in of_profile
    ]

    def cells(values: Integers) -> Integers:
        """Sum sites into cells, for each reading of profiles."""
        flat = values.reshape(prod(values.shape[:-1]), len(site)).T
        shape = (*values.shape[:-1], len(profiles), len(inhibitors))
        return np.stack([(into @ flat).T.reshape(shape) for into in cell], axis=2)

    several = site["mutations"].map(mutations.is_compound).to_numpy(dtype=bool)
    group = np.stack([~several, several], axis=-1).astype(np.int64)
    benefit, no_benefit, unknown = outcomes
    return Counts(
        profiles=profiles,
        inhibitors=inhibitors,
        samples=np.einsum("lsfx,rxp->lsrfp", taken, of_profile)[..., None],
        relapsed=cells(followed),
        relapse_n=(followed @ of_inhibitor)[:, :, None, :, None],
        benefit_k=cells(benefit),
        benefit_n=cells(benefit + no_benefit),
        unknown_n=cells(unknown),
        group_k=(benefit @ group)[:, :, None],
        group_n=((benefit + no_benefit) @ group)[:, :, None],
        places=(of_lines, of_samples, np.arange(len(readings)), of_shares),
    )


def distinct(rows: NDArray[Any]) -> tuple[NDArray[Any], Places]:
    """Different rows, and the place of each row among them."""
    if rows.shape[1] == 0:
        return rows[:1], np.zeros(len(rows), dtype=np.intp)
    # As one item each: comparing rows column by column takes far longer.
    whole = np.ascontiguousarray(rows).view(np.dtype((np.void, rows.itemsize * rows.shape[1])))
    _, first, place = np.unique(whole.ravel(), return_index=True, return_inverse=True)
    return rows[first], place


def _kept(tallied: pd.DataFrame, grid: Grid, marks: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which rows count; one row of the result for each combination of levels."""
    kept = np.ones((1, len(tallied)), dtype=bool)
    for mark in marks:
        name, bears = mark.removeprefix("not "), tallied[mark].to_numpy(dtype=bool)
        levels = [~bears | (level != STRICT[name]) for level in grid.levels(name)]
        # The levels of a later choice vary faster.
        kept = np.stack([kept & level for level in levels], axis=1)
        kept = kept.reshape(prod(kept.shape[:2]), len(tallied))
    return kept


def _read_lines(tallied: pd.DataFrame, grid: Grid) -> NDArray[np.int8]:
    """Outcome of every line, a place in _OUTCOMES or not counted, by universes of its block."""
    rules = prod(grid.shape("lines")[:3])
    outcomes = np.full((rules, len(tallied)), _NOT_COUNTED, dtype=np.int8)
    is_line = (tallied["unit"] == "line").to_numpy()
    letters = "".join(tallied.loc[is_line, "outcomes"]).encode()
    outcomes[:, is_line] = np.frombuffer(letters, np.int8).reshape(-1, rules).T - ord("0")
    meant = np.array(
        [[0, 1, _UNDECIDED[level], _NOT_COUNTED] for level in grid.levels("unknown_lines")],
        dtype=np.int8,
    )
    read = np.moveaxis(meant[:, outcomes], 0, 1)[:, :, None]
    read = np.where(_kept(tallied, grid, _LINE_MARKS), read, np.int8(_NOT_COUNTED))
    return read.reshape(prod(read.shape[:3]), len(tallied))


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
