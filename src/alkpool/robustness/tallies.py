"""Counts of every cell under every choice that counts can depend on.

A cohort is reduced to a *tally*: counts of samples and lines that no choice of a grid tells apart.
Tallies of parts of a cohort add up, so that no part need be in memory with another.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alkpool import mutations
from alkpool.analysis.actionability import assessed_profiles, profile_order
from alkpool.analysis.benefit import BenefitRule, classify
from alkpool.data.cohort import Cohort
from alkpool.data.tables import assessed_inhibitors
from alkpool.robustness.choices import COUNTED, LEFT_OUT, RESIDUE, Grid
from alkpool.vocabulary import UNKNOWN, Answer, Benefit, PatientStatus, Specimen, StudyType

Integers = NDArray[np.int64]

# Marks that keep the counts of a tally apart because some universe leaves them out.
MARKS = ("monotherapy_unknown", "duplicate", "case_report", "plasma")
_TEXTS = ["unit", "mutations", "phase", "inhibitor", "outcomes"]
_KEYS = [*MARKS, *_TEXTS]
_LETTER = {Benefit.BENEFIT: "b", Benefit.NO_BENEFIT: "n", Benefit.UNKNOWN: "u"}


def tally(cohort: Cohort, grid: Grid) -> pd.DataFrame:
    """Count the samples and lines that no choice of a grid tells apart.

    Returns
    -------
    DataFrame
        One row for each group: a column for each of `MARKS`, ``unit`` (sample, line),
        ``mutations, phase, inhibitor`` (the one that failed, or that the line is of),
        ``outcomes`` (of lines: one letter for each benefit rule of the grid; b, n or u) and
        ``n``.

    Notes
    -----
    Tallies of parts of a cohort add up where each patient is whole in one part: see `add`.
    """
    patients = cohort.patients[
        cohort.patients["status"].isin([PatientStatus.INCLUDED, PatientStatus.DUPLICATE])
    ]
    study = cohort.sources.set_index("source_id")["study_type"]
    marked = pd.DataFrame(
        {
            "patient_id": patients["patient_id"],
            "duplicate": patients["status"] == PatientStatus.DUPLICATE,
            "case_report": patients["source_id"].map(study) == StudyType.CASE_REPORT,
        }
    )
    named = cohort.samples[cohort.samples["mutations"] != UNKNOWN]
    samples = named[["sample_id", "patient_id", "mutations", "phase", "resistance_on"]].assign(
        plasma=named["specimen"] == Specimen.PLASMA
    )
    samples = samples.merge(marked, on="patient_id", validate="many_to_one")
    judged = cohort.treatments[cohort.treatments["monotherapy"] != Answer.NO]
    lines = judged[["sample_id", "inhibitor"]].assign(
        monotherapy_unknown=judged["monotherapy"] == Answer.UNKNOWN,
        outcomes=_outcomes(judged, grid),
    )
    lines = lines.merge(samples, on="sample_id", validate="many_to_one").assign(unit="line")
    taken = samples.rename(columns={"resistance_on": "inhibitor"}).assign(
        unit="sample", monotherapy_unknown=False, outcomes=""
    )
    return add(_summed(part[_KEYS].assign(n=1)) for part in (taken, lines))


def add(tallies: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up tallies, one after the other; how a cohort was divided makes no difference."""
    return reduce(lambda total, part: _summed(pd.concat([total, part])), tallies)


def _summed(rows: pd.DataFrame) -> pd.DataFrame:
    summed = rows.groupby(_KEYS, as_index=False, observed=True).agg({"n": "sum"})
    # Not categories: those of two parts differ.
    return summed.astype(dict.fromkeys(_TEXTS, str))


def _benefit_rules(grid: Grid) -> list[BenefitRule]:
    levels = (grid.levels("threshold_months"), grid.levels("ongoing_dot"))
    return [BenefitRule(float(months), reading) for months, reading in product(*levels)]


def _outcomes(lines: pd.DataFrame, grid: Grid) -> NDArray[np.object_]:
    """Classify each line by every benefit rule of the grid, each kind of line once.

    Two times are of one kind where no threshold lies between them.
    """
    thresholds = np.sort(np.array(grid.levels("threshold_months"), dtype=float))
    between = np.concatenate(
        [thresholds[:1] / 2, (thresholds[:-1] + thresholds[1:]) / 2, thresholds[-1:] + 1]
    )
    columns = [
        "best_response",
        "status",
        "pfs_relation",
        "pfs_months",
        "dot_relation",
        "dot_months",
    ]
    told = lines[columns]
    for measure in ("pfs_months", "dot_months"):
        months = told[measure].to_numpy(dtype=float, na_value=np.nan)
        place = np.searchsorted(thresholds, months).clip(max=len(thresholds))
        kind = np.where(np.isin(months, thresholds) | np.isnan(months), months, between[place])
        told = told.assign(**{measure: kind})
    number = np.zeros(len(told), dtype=np.int64)
    for column in columns:
        codes, different = pd.factorize(told[column])
        number = number * (len(different) + 1) + codes + 1
    _, first, kind_of = np.unique(number, return_index=True, return_inverse=True)
    kinds = told.iloc[first]
    letters = [
        classify(kinds, rule)["benefit"].map({str(k): v for k, v in _LETTER.items()})
        for rule in _benefit_rules(grid)
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
        As in `actionability.matrix`. One axis for each counting choice, of length one
        where the choice has no effect, then ``profiles`` and ``inhibitors`` (``samples`` has
        no inhibitors, and ``relapse_n`` one profile, for all).
    group_k, group_n : ndarray of int
        Lines with benefit, and decided ones, of all inhibitors: after samples with one mutation,
        and with several (the last axis).
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


def count(tallied: pd.DataFrame, grid: Grid) -> Counts:
    """Count the cells of every universe of a grid."""
    readings = list(product(grid.levels("split_trans"), grid.levels("profiles")))
    named = [_read(tallied, split, level) for split, level in readings]
    profiles = tuple(
        sorted({name for names in named for name in names["profile"]}, key=profile_order)
    )
    inhibitors = assessed_inhibitors()
    samples, lines = (tallied[tallied["unit"] == unit] for unit in ("sample", "line"))
    assessed = {"profile": profiles, "inhibitor": inhibitors}
    by_reading = [
        (
            _sample_sums(
                samples.merge(names, on=["mutations", "phase"]), grid, {"profile": profiles}
            ),
            _sample_sums(samples.merge(names, on=["mutations", "phase"]), grid, assessed),
            _outcome_sums(lines.merge(names, on=["mutations", "phase"]), grid, assessed),
        )
        for names in named
    ]
    shape = tuple(len(grid.levels(name)) for name in ("split_trans", "profiles"))

    def stacked(parts: Sequence[Integers], axes_of_cells: int) -> Integers:
        """Put the readings of profiles as the last two choices, before the axes of the cells."""
        joined = np.stack(parts)
        joined = joined.reshape(*shape, *joined.shape[1:])
        return np.moveaxis(joined, (0, 1), (-axes_of_cells - 2, -axes_of_cells - 1))

    of_profile, relapsed, outcomes = zip(*by_reading, strict=True)
    benefit_k, benefit_n, unknown_n = _decided(stacked(outcomes, 3), grid)
    compound = lines["mutations"].map(mutations.is_compound).map({False: "one", True: "several"})
    groups = _outcome_sums(lines.assign(group=compound), grid, {"group": ("one", "several")})
    group_k, group_n, _ = _decided(groups[..., None, None, :, :], grid)
    after = _sample_sums(samples, grid, {"inhibitor": inhibitors})
    return Counts(
        profiles=profiles,
        inhibitors=inhibitors,
        samples=stacked(of_profile, 1),
        relapsed=stacked(relapsed, 2),
        relapse_n=after[..., None, None, None, :],
        benefit_k=benefit_k,
        benefit_n=benefit_n,
        unknown_n=unknown_n,
        group_k=group_k,
        group_n=group_n,
    )


def _read(tallied: pd.DataFrame, split_trans: bool, level: str) -> pd.DataFrame:
    """Profiles under which each kind of sample is assessed: ``mutations, phase, profile``."""
    kinds = tallied[["mutations", "phase"]].drop_duplicates().reset_index(drop=True)
    kinds = kinds.assign(sample_id=kinds.index)
    named = kinds
    if level == RESIDUE:
        named = kinds.assign(mutations=kinds["mutations"].map(mutations.residue_class))
    assessed = assessed_profiles(named, split_trans=split_trans)
    return kinds.merge(assessed, on="sample_id")[["mutations", "phase", "profile"]]


def _table(rows: pd.DataFrame, axes: Mapping[str, Sequence[str]]) -> Integers:
    """Sum ``n`` into an array with an axis for each mark and for each of some columns."""
    marks = [rows[mark].to_numpy(dtype=np.intp) for mark in MARKS]
    codes = [
        pd.Index(labels).get_indexer(pd.Index(rows[column])) for column, labels in axes.items()
    ]
    known = np.all([code >= 0 for code in codes], axis=0)
    table = np.zeros([2] * len(MARKS) + [len(labels) for labels in axes.values()], dtype=np.int64)
    np.add.at(table, tuple(code[known] for code in (*marks, *codes)), rows["n"].to_numpy()[known])
    return table


# Level of the choice -> whether rows without the mark, and with it, count.
_COUNTS_WITH_MARK = {"stated": False, "not excluded": True, LEFT_OUT: False, COUNTED: True}


def _kept(table: Integers, grid: Grid) -> Integers:
    """Replace each mark by the choice that decides whether what bears it counts."""
    for axis, name in enumerate(("monotherapy", "duplicates", "case_reports", "plasma")):
        counts = np.array(
            [[1, _COUNTS_WITH_MARK[level]] for level in grid.levels(name)], dtype=np.int64
        )
        table = np.moveaxis(np.tensordot(counts, table, (1, axis)), 0, axis)
    return table


def _sample_sums(rows: pd.DataFrame, grid: Grid, axes: Mapping[str, Sequence[str]]) -> Integers:
    """Count samples: the choices on lines have no effect."""
    table = _kept(_table(rows, axes), grid)[:1]
    return table[None, None, None]


def _outcome_sums(rows: pd.DataFrame, grid: Grid, axes: Mapping[str, Sequence[str]]) -> Integers:
    """Count lines by class: axes of the benefit rules, the marks, those given, and the class."""
    patterns = sorted(rows["outcomes"].unique())
    table = _kept(_table(rows, {**axes, "outcomes": patterns}), grid)
    shape = (len(grid.levels("threshold_months")), len(grid.levels("ongoing_dot")))
    letters = np.array([list(pattern) for pattern in patterns], dtype="U1").reshape(-1, *shape)
    classes = np.stack([letters == letter for letter in _LETTER.values()], axis=-1)
    # Products of whole numbers are exact in floating point up to 2**53.
    by_class = np.tensordot(table.astype(float), classes.astype(float), 1).astype(np.int64)
    return np.moveaxis(by_class, (-3, -2), (0, 1))


def _decided(outcomes: Integers, grid: Grid) -> tuple[Integers, Integers, Integers]:
    """Lines with benefit, decided and undecided lines, with the axis of undecided lines."""
    benefit, no_benefit, unknown = np.moveaxis(outcomes, -1, 0)
    as_decided = [level == "no benefit" for level in grid.levels("unknown_lines")]
    return (
        benefit[:, :, None],
        np.stack([benefit + no_benefit + unknown * counted for counted in as_decided], axis=2),
        np.stack([unknown * (not counted) for counted in as_decided], axis=2),
    )
