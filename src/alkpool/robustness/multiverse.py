"""Every answer under many defensible combinations of choices (Steegen et al. 2016).

A grid has more universes than anybody could look at, so that some are drawn. Shares of them are no
probabilities: they show how far an answer rests on choices that data do not settle.

Arrays have a row for each universe and a column for each *cell*, of a profile and an inhibitor.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import reduce
from itertools import product
from operator import add as joined
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from alkpool import mutations
from alkpool.analysis import actionability, invitro
from alkpool.analysis.actionability import VerdictRule, assessed_profiles, decide, profile_order
from alkpool.analysis.benefit import BenefitRule, classify
from alkpool.data.cohort import Cohort
from alkpool.data.laboratory import InVitro
from alkpool.data.tables import assessed_inhibitors
from alkpool.robustness.choices import CHOICES, LEFT_OUT, RESIDUE, Grid, by_endpoint, calls, marked
from alkpool.vocabulary import Answer, Benefit, Call, Phase, Verdict

Numbers = NDArray[Any]

VERDICTS = list(map(str, Verdict))
# Stands for the verdict where a universe has no sample with the profile.
NO_SAMPLE = "no sample"
WORDS = [*VERDICTS, NO_SAMPLE]
DIFFERENCE = "single_minus_multiple"

# Universes times cells that are looked at together, which bounds the memory; a row takes less.
AT_ONCE, ROWS = 500_000, 8
# The total influence of a choice is told by one in so many universes.
SPACING = 4

MARKS = [f"not_{choice.name}" for choice in CHOICES if choice.strict]
KEYS = ["unit", "mutations", "phase", "inhibitor", "outcomes", *MARKS]

# Choices that a rule of benefit is made of.
_RULE = ["threshold_months", "endpoint", "ongoing_dot"]
_LINES = ["benefit", f"{DIFFERENCE} one", f"{DIFFERENCE} several"]
_READING, _CALLING = ["apart", "profiles"], ["intermediate", "exploratory", "profiles"]
# What a line can be, and what it counts as where undecided lines are read so.
_LETTERS = dict(zip([*Benefit, LEFT_OUT], "+-??", strict=True))
_SIGN = {str(Call.SENSITIVE): 1, str(Call.RESISTANT): -1}
# What each of `WORDS` amounts to as a call.
_SAYS = pd.Series(WORDS).map(invitro.OBSERVED).map(_SIGN).fillna(0).to_numpy(np.float32)
_OF_RULE = np.array([WORDS.index(word) for word in actionability.VERDICTS.values()], np.int8)


def tally(cohort: Cohort, grid: Grid) -> pd.DataFrame:
    """Count the samples and lines that no universe of a grid tells apart.

    Returns
    -------
    DataFrame
        One row for each group: `KEYS` and ``n``. ``unit`` is sample or line, ``inhibitor`` the
        one that failed or that the line is of, ``outcomes`` a letter for what a line is under each
        rule of benefit, the last choice of `_RULE` varying fastest; blank of a sample.

    Notes
    -----
    Tallies of parts of a cohort add up where each patient is whole in one part: see `add`.
    """
    samples, lines = marked(cohort)
    lines = lines[lines["monotherapy"] != Answer.NO]
    judged = (
        classify(by_endpoint(lines, endpoint), BenefitRule(months, ongoing))["benefit"]
        for months, endpoint, ongoing in product(*map(grid.levels, _RULE))
    )
    outcomes = reduce(joined, (benefit.astype(str).map(_LETTERS) for benefit in judged))
    taken = samples.assign(unit="sample", inhibitor=samples["resistance_on"], outcomes="")
    # Marks of lines only are those of no sample.
    taken = taken.assign(**{mark: False for mark in MARKS if mark not in taken})
    given = lines.assign(unit="line", outcomes=outcomes)
    return add(part[KEYS].assign(n=1) for part in (taken, given))


def add(tallies: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Add up tallies; how a cohort was divided makes no difference."""
    summed = (part.groupby(KEYS, as_index=False, observed=True) for part in tallies)
    # Not categories: those of two parts differ.
    texts = dict.fromkeys(["unit", "mutations", "phase", "inhibitor", "outcomes"], str)
    parts = [part.agg({"n": "sum"}).astype(texts) for part in summed]
    return pd.concat(parts).groupby(KEYS, as_index=False).agg({"n": "sum"})


@dataclass(frozen=True)
class Answers:
    """The answers in some universes.

    Attributes
    ----------
    universes : DataFrame
        Their choices, as `Grid.universes`.
    k, n : DataFrame
        Counts of each answer: ``benefit`` (of all decided lines, and of those after samples with
        one mutation and with several, of which `DIFFERENCE` is made), one for each verdict (cells,
        of those with a sample of the profile), and ``agreement MODEL``, as `invitro.agreement`.
    verdicts, decided : ndarray of int
        Of each cell, the place of its verdict in `WORDS`, and its decided lines.
    """

    universes: pd.DataFrame
    k: pd.DataFrame
    n: pd.DataFrame
    verdicts: Numbers
    decided: Numbers

    @property
    def values(self) -> pd.DataFrame:
        """Every answer, as `unit_of` has it; missing where nothing was observed."""
        told = self.k / self.n
        told[VERDICTS] = self.k[VERDICTS].astype(float)
        one, several = (told.pop(part) for part in _LINES[1:])
        told.insert(1, DIFFERENCE, one - several)
        return told


def unit_of(name: str) -> Literal["cells", "difference", "share"]:
    """Tell what an answer is: a number of cells, one share minus another, or a share."""
    if name in VERDICTS:
        return "cells"
    return "difference" if name == DIFFERENCE else "share"


class Multiverse:
    """Answers universes of a grid; made by `run`.

    Parameters
    ----------
    rows : DataFrame
        The cohort, from `tally` for this grid.
    grid : Grid
        Choices.
    laboratory : InVitro
        To compare verdicts with.

    Attributes
    ----------
    cells : MultiIndex
        ``profile, inhibitor``, of every profile that some universe has.
    models : list of str
        Models with a call in some universe.
    """

    def __init__(self, rows: pd.DataFrame, grid: Grid, laboratory: InVitro) -> None:
        self.grid, self.rows = grid, rows
        self._is_sample = (rows["unit"] == "sample").to_numpy()
        # For each rule of benefit what every row is; a sample is nothing.
        self._letters = {
            rule: rows["outcomes"].str.slice(at, at + 1).to_numpy("S1")
            for at, rule in enumerate(product(*map(grid.levels, _RULE)))
        }
        named = {
            reading: _profiles(rows, *reading) for reading in product(*map(grid.levels, _READING))
        }
        profiles = pd.Index(sorted(set().union(*named.values()), key=profile_order), dtype=str)
        inhibitors = pd.Index(assessed_inhibitors())
        self.cells = pd.MultiIndex.from_product(
            [profiles, inhibitors], names=["profile", "inhibitor"]
        )
        # What adds up rows: all, those with one mutation and with several; those of an inhibitor;
        # and in each reading those of a profile and of a cell.
        number, several = (
            rows["n"].to_numpy(),
            rows["mutations"].map(mutations.is_compound).to_numpy(bool),
        )
        self._of_lines = np.column_stack([number, number * ~several, number * several])
        self._of_inhibitor = self._summing(rows["inhibitor"], inhibitors)
        self._of_reading: dict[Any, tuple[csr_array, csr_array]] = {}
        for reading, profile in named.items():
            cell = profile + " " + rows["inhibitor"].loc[profile.index]
            of_cell = self._summing(cell, self.cells.map(" ".join))
            self._of_reading[reading] = self._summing(profile, profiles), of_cell

        called = {
            reading: calls(
                laboratory, replace(grid.default, **dict(zip(_CALLING, reading, strict=True)))
            )
            for reading in product(*map(grid.levels, _CALLING))
        }
        every = pd.concat(called.values())
        self.models = sorted(every.loc[every["call"] != Call.UNKNOWN, "model_id"].unique())
        # Cells by models: 1 sensitive, -1 resistant, 0 neither.
        self._signs: dict[Any, Numbers] = {
            reading: table.assign(sign=table["call"].map(_SIGN))
            .pivot(index=["mutations", "inhibitor"], columns="model_id", values="sign")
            .reindex(index=self.cells, columns=self.models)
            .fillna(0)
            .to_numpy(np.float32)
            for reading, table in called.items()
        }

    def _summing(self, labels: pd.Series, columns: pd.Index) -> csr_array:
        """Matrix that adds up the rows with each label; those of no column are left out."""
        row, column = labels.index.to_numpy(), columns.get_indexer(pd.Index(labels))
        known = column >= 0
        each = self.rows["n"].to_numpy()[row[known]]
        return csr_array((each, (row[known], column[known])), (len(self.rows), len(columns)))

    def _kept(self, universes: pd.DataFrame, block: str) -> NDArray[np.bool_]:
        """Tell which rows count, by the choices of a block that leave rows out."""
        kept = np.ones((len(universes), len(self.rows)), dtype=bool)
        for choice in self.grid.block(block):
            if choice.strict:
                strict = (universes[choice.name] == choice.strict).to_numpy()
                kept &= ~np.outer(strict, self.rows[f"not_{choice.name}"])
        return kept

    def _counted(self, universes: pd.DataFrame) -> Iterator[tuple[Any, dict[str, Numbers]]]:
        """Count some universes after the others.

        Gives their places, and of every cell the counts of `actionability.matrix` and the place of
        the ``verdict`` in `WORDS`, with ``k`` and ``n``, the lines of `_LINES`.
        """
        step = max(1, AT_ONCE // max(len(self.rows) // ROWS, len(self.cells), 1))
        for reading, places in universes.groupby(_READING).indices.items():
            of_profile, of_cell = self._of_reading[reading]
            inhibitors, profiles = self._of_inhibitor.shape[1], of_profile.shape[1]
            for at in (places[start : start + step] for start in range(0, len(places), step)):
                some = universes.iloc[at]
                kept = self._kept(some, "samples")
                taken = kept & self._is_sample
                followed = taken & self._kept(some, "relapse")
                rules = some[_RULE].itertuples(index=False, name=None)
                letters = np.array([self._letters[rule] for rule in rules])
                read = some["unknown_lines"].map(_LETTERS).to_numpy("S1")[:, None]
                letters = np.where(letters == b"?", read, letters)
                kept &= self._kept(some, "lines")
                helped = kept & (letters == b"+")
                decided = helped | kept & (letters == b"-")
                evidence = {
                    "relapsed": followed @ of_cell,
                    "relapse_n": np.tile(followed @ self._of_inhibitor, profiles),
                    "benefit_k": helped @ of_cell,
                    "benefit_n": decided @ of_cell,
                }
                samples = np.repeat(taken @ of_profile, inhibitors, axis=1)
                rule = decide(
                    **evidence, **{t: some[t].to_numpy()[:, None] for t in VerdictRule().thresholds}
                )
                verdict = np.where(samples > 0, _OF_RULE[rule], WORDS.index(NO_SAMPLE))
                lines = {"k": helped @ self._of_lines, "n": decided @ self._of_lines}
                yield at, {"samples": samples, **evidence, "verdict": verdict, **lines}

    def answer(self, universes: pd.DataFrame) -> Answers:
        """Give all answers in some universes, as `Grid.universes`."""
        number, cells, models = len(universes), len(self.cells), len(self.models)
        verdicts, decided = np.empty((number, cells), np.int8), np.empty((number, cells), np.int32)
        lines_k, lines_n = (np.empty((number, len(_LINES)), np.int64) for _ in "kn")
        for at, counts in self._counted(universes):
            verdicts[at], decided[at] = counts["verdict"], counts["benefit_n"]
            lines_k[at], lines_n[at] = counts["k"], counts["n"]
        agreeing, compared = (np.empty((number, models), np.int64) for _ in "kn")
        for reading, places in universes.groupby(_CALLING).indices.items():
            says, signs = _SAYS[verdicts[places]], self._signs[reading]
            compared[places] = np.abs(says) @ np.abs(signs)
            # A product is 1 where both say the same, else -1.
            agreeing[places] = (compared[places] + says @ signs) / 2
        of_verdict = [(verdicts == place).sum(axis=1) for place in range(len(VERDICTS))]
        present = [(verdicts != WORDS.index(NO_SAMPLE)).sum(axis=1)] * len(VERDICTS)
        columns = [*_LINES, *VERDICTS, *(f"agreement {model}" for model in self.models)]
        k, n = (
            pd.DataFrame(np.column_stack(parts), universes.index, columns)
            for parts in ([lines_k, *of_verdict, agreeing], [lines_n, *present, compared])
        )
        return Answers(universes, k, n, verdicts, decided)

    def matrix(self, number: int) -> pd.DataFrame:
        """Evidence and verdicts of one universe.

        Returns
        -------
        DataFrame
            ``profile, inhibitor, samples, relapsed, relapse_n, benefit_k, benefit_n, verdict``, in
            the order of `alkpool.analysis.actionability.matrix`.
        """
        ((_, counts),) = self._counted(self.grid.universes([number]))
        columns = {name: of[0] for name, of in counts.items() if name not in ("k", "n")}
        table = pd.DataFrame(columns, self.cells)
        table["verdict"] = np.array(WORDS)[table["verdict"]]
        return table[table["samples"] > 0].reset_index()

    def stability(self, drawn: Answers) -> pd.DataFrame:
        """Count for each cell of Figure 5 the universes that give each verdict.

        Parameters
        ----------
        drawn : Answers
            Of the default first, as `Grid.sample` draws it, and of others.

        Returns
        -------
        DataFrame
            ``profile, inhibitor``, the verdict at the ``default`` (in the first universe), a column
            for each verdict and ``no sample`` (numbers of universes), ``universes``, and
            ``most_n``, the most decided lines in any. In a universe of residue classes a profile
            has the verdict of its class.
        """
        level = drawn.universes["profiles"].to_numpy()
        first = level == self.grid.levels("profiles")[0]
        seen = (drawn.verdicts[first] != WORDS.index(NO_SAMPLE)).any(axis=0)
        names: pd.DataFrame = self.cells[seen].to_frame(index=False)
        classes = names.assign(profile=names["profile"].map(mutations.residue_class))
        of_class = self.cells.get_indexer(pd.MultiIndex.from_frame(classes))
        verdicts, decided = (
            np.where((level == RESIDUE)[:, None], values[:, of_class], values[:, seen])
            for values in (drawn.verdicts, drawn.decided)
        )
        counts = {word: (verdicts == place).sum(axis=0) for place, word in enumerate(WORDS)}
        usual, most = np.array(WORDS)[verdicts[0]], decided.max(axis=0)
        return names.assign(default=usual, **counts, universes=len(verdicts), most_n=most)

    def influence(self, drawn: Answers) -> pd.DataFrame:
        """Divide the variance of each answer among the choices (Saltelli et al. 2010).

        Returns
        -------
        DataFrame
            ``answer``, ``choice``, ``first_order`` (share of the variance between the levels of
            the choice alone) and ``total`` (share that is left when all other choices are fixed:
            with every interaction in which the choice takes part). Missing where the answer is the
            same everywhere, or is missing in some universe.

        Notes
        -----
        Estimates, wrong by some percentage points in the second digit. For the total every
        `SPACING`-th universe takes each level of the choice.
        """
        values, some = drawn.values, drawn.universes[::SPACING]
        first, total = {}, {}
        for choice in self.grid.choices:
            means = values.groupby(drawn.universes[choice.name]).transform("mean")
            first[choice.name] = means.var(ddof=0) / _spread(values)
            # The level that a universe has is answered already.
            others = [values.loc[some.index]]
            for level in choice.levels:
                changed = some[some[choice.name] != level].assign(**{choice.name: level})
                others.append(self.answer(changed).values)
            answered = pd.concat(others)
            left = answered.groupby(level="universe").var(ddof=0).mean()
            total[choice.name] = left / _spread(answered)
        parts = [pd.DataFrame(part).T.unstack() for part in (first, total)]
        table = pd.concat(parts, axis=1, keys=["first_order", "total"])
        return table.clip(0, 1).round(2).rename_axis(["answer", "choice"]).reset_index()


def _spread(values: pd.DataFrame) -> pd.Series:
    """Variance of each answer; missing where it has none, but for rounding, or is not known."""
    variance = values.var(ddof=0, skipna=False)
    return variance.where(variance > 1e-20)


def _profiles(rows: pd.DataFrame, apart: str, level: str) -> pd.Series:
    """Profiles under which each row is assessed, one or several, by its number."""
    named = rows[["mutations", "phase"]].assign(sample_id=rows.index)
    if level == RESIDUE:
        named["mutations"] = named["mutations"].map(mutations.residue_class)
    if apart == "trans and unknown":
        named["phase"] = named["phase"].replace({str(Phase.UNKNOWN): str(Phase.TRANS)})
    return assessed_profiles(named, split_trans=apart != "none").set_index("sample_id")["profile"]


def run(cohort: Cohort, grid: Grid, laboratory: InVitro) -> Multiverse:
    """Prepare to answer any universe of a grid.

    Parameters
    ----------
    cohort : Cohort
        The cases.
    grid : Grid
        From `grid`.
    laboratory : InVitro
        To compare verdicts with; a synthetic cohort brings its own, or one without models.

    Examples
    --------
    >>> from alkpool import load, load_laboratory
    >>> from alkpool.robustness.choices import grid
    >>> cohort, choices = load("curated"), grid()
    >>> drawn = choices.universes(choices.sample(10_000))
    >>> len(run(cohort, choices, load_laboratory(cohort)).answer(drawn).values)
    10000
    """
    return Multiverse(tally(cohort, grid), grid, laboratory)
