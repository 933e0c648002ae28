"""What the model of benefit sees of a cohort: decided lines, as counts in cells.

A *cell* is a mutation profile and an inhibitor.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alkpool import mutations
from alkpool.analysis.actionability import assessed_profiles, profile_order
from alkpool.analysis.benefit import BenefitRule, classify, evaluable
from alkpool.data.cohort import Cohort, analysis_set, lines
from alkpool.data.tables import assessed_inhibitors
from alkpool.stats import Floats, Integers
from alkpool.vocabulary import Benefit, Specimen, StudyType

COVARIATES = ("case report", "plasma")


@dataclass(frozen=True)
class Design:
    """What the model sees of a cohort.

    Attributes
    ----------
    profiles, inhibitors : tuple of str
        A cell is one of each, in the order of `alkpool.analysis.actionability.matrix`.
    residues : tuple of str
        Residue classes of the single mutations, such as I1171X.
    rows : DataFrame
        Decided lines alike in ``source_id, study_type, specimen, profiles`` (a tuple; several only
        in trans) and ``inhibitor``: ``benefit_k`` with benefit of ``benefit_n``.
    """

    profiles: tuple[str, ...]
    inhibitors: tuple[str, ...]
    residues: tuple[str, ...]
    rows: pd.DataFrame

    @property
    def cells(self) -> pd.MultiIndex:
        """Profile and inhibitor of each cell."""
        return pd.MultiIndex.from_product(
            [self.profiles, self.inhibitors], names=["profile", "inhibitor"]
        )


def decided_lines(cohort: Cohort, benefit_rule: BenefitRule = BenefitRule()) -> pd.DataFrame:
    """Monotherapy lines of the assessed inhibitors of which benefit is known.

    Returns
    -------
    DataFrame
        Rows of `alkpool.data.cohort.lines` of the analysis set, with ``benefit`` and ``rule``.
    """
    judged = evaluable(classify(lines(analysis_set(cohort)), benefit_rule), benefit_rule)
    known = judged["benefit"] != Benefit.UNKNOWN
    return judged[known & judged["inhibitor"].isin(assessed_inhibitors())]


def design(
    cohort: Cohort, benefit_rule: BenefitRule = BenefitRule(), *, split_trans: bool = True
) -> Design:
    """Collect what the model sees of a cohort: its `decided_lines`, alike ones in one row.

    Parameters
    ----------
    cohort : Cohort
        Only its `alkpool.data.cohort.analysis_set` counts.
    benefit_rule, split_trans
        As in `alkpool.analysis.actionability.matrix`, of which the cells are those of this design.
    """
    assessed = assessed_profiles(analysis_set(cohort).samples, split_trans=split_trans)
    profiles = tuple(sorted(assessed["profile"].unique(), key=profile_order))
    decided = decided_lines(cohort, benefit_rule)
    of_sample = {name: tuple(group) for name, group in assessed.groupby("sample_id")["profile"]}
    alike = ["source_id", "study_type", "specimen", "profiles", "inhibitor"]
    rows = (
        decided.assign(
            profiles=decided["sample_id"].map(of_sample).astype(object),
            benefit_k=decided["benefit"] == Benefit.BENEFIT,
            benefit_n=1,
        )
        .groupby(alike, as_index=False)[["benefit_k", "benefit_n"]]
        .sum()
    )
    parts = {part for profile in profiles for part in _parts(profile)}
    return Design(profiles, assessed_inhibitors(), tuple(sorted(parts, key=profile_order)), rows)


def _parts(profile: str) -> list[str]:
    """Residue class of each mutation of a profile."""
    return [mutations.residue_class(name) for name in mutations.mutations_of(profile)]


def covariate_rows(of: Design) -> Floats:
    """Of each row of a design, 1 or 0 for each of `COVARIATES`."""
    case = of.rows["study_type"] == StudyType.CASE_REPORT
    plasma = of.rows["specimen"] == Specimen.PLASMA
    return np.column_stack([case, plasma]).astype(float)


@dataclass(frozen=True)
class Arrays:
    """A design as arrays; ``shape`` is the number of profiles, inhibitors and residues."""

    shape: tuple[int, int, int]
    parts: Integers  # residues of each profile, with their shares
    part_shares: Floats
    compound: Floats  # 1 for a profile with several mutations
    kind: Integers  # of each row: rows of one kind have the same probability
    cells: Integers  # of each kind, with their shares
    cell_shares: Floats
    covariates: Floats  # of each kind


def arrays_of(of: Design) -> Arrays:
    """A design as arrays."""
    parts, part_shares = _shares([[of.residues.index(p) for p in _parts(m)] for m in of.profiles])
    names = ["profiles", "inhibitor", *COVARIATES]
    shifted = pd.DataFrame(covariate_rows(of), columns=list(COVARIATES), index=of.rows.index)
    alike = of.rows.join(shifted).groupby(names)
    kinds = pd.DataFrame(list(alike.groups), columns=names)
    cells, cell_shares = _shares(
        [
            [of.profiles.index(name) * len(of.inhibitors) + of.inhibitors.index(drug) for name in m]
            for m, drug in zip(kinds["profiles"], kinds["inhibitor"], strict=True)
        ]
    )
    return Arrays(
        shape=(len(of.profiles), len(of.inhibitors), len(of.residues)),
        parts=parts,
        part_shares=part_shares,
        compound=np.array([float(mutations.is_compound(name)) for name in of.profiles]),
        kind=np.asarray(alike.ngroup(), dtype=np.int64),
        cells=cells,
        cell_shares=cell_shares,
        covariates=kinds[list(COVARIATES)].to_numpy(dtype=float),
    )


def _shares(groups: list[list[int]]) -> tuple[Integers, Floats]:
    """Members of each group, filled up to one length, and the equal share of each true member."""
    longest = max(map(len, groups), default=1)
    index = np.array([group + [0] * (longest - len(group)) for group in groups], dtype=np.int64)
    share = np.array([[1 / len(g)] * len(g) + [0.0] * (longest - len(g)) for g in groups])
    return index.reshape(-1, longest), share.reshape(-1, longest)
