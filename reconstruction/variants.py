"""Strata of the fusion variant comparison (paper, Figure 4 C).

The paper prints P values adjusted for the previous inhibitor, but not the strata. Here strata are
drawn until the fitted models print the same digits.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from alkpool.paper.recount import ALECTINIB, CERITINIB, CRIZOTINIB, G1202R, L1196M

VARIANT_PATIENTS = {"V3": 62, "V1": 27}
CARRIERS = {G1202R: {"V3": 15, "V1": 1}, L1196M: {"V3": 3, "V1": 8}}

# Every stratum needs carriers of both mutations, or the model has no finite estimate; these three
# inhibitors have enough samples for that.
STRATA = (CRIZOTINIB, CERITINIB, ALECTINIB)
TYPICAL_SHARES = (0.5, 0.2, 0.3)

# Printed P with its limits of rounding, narrowed a little so that no rounding error matters.
PRINTED_P = {G1202R: (0.02951, 0.03049), L1196M: (0.00451, 0.00549)}

REST = "rest"
BATCH = 4000
ATTEMPTS = 200
NEWTON_STEPS = 25

Counts = NDArray[np.int64]
Strata = Mapping[tuple[str, str, str], int]


class NoStrata(Exception):
    """No strata with the printed P values were found among the patients there are."""


def draw_strata(rng: np.random.Generator, available: Mapping[tuple[str, str], int]) -> Strata:
    """Draw patients with a known variant by inhibitor and mutation of their first sample.

    Parameters
    ----------
    rng : Generator
        Source of the draw.
    available : mapping
        (G1202R or L1196M or "rest", inhibitor) -> patients to choose from.

    Returns
    -------
    mapping
        (variant, inhibitor, G1202R or L1196M or "rest") -> patients.

    Raises
    ------
    NoStrata
        Where no table is found; another draw may find one.
    """
    for _ in range(ATTEMPTS):
        totals = _spread(rng, VARIANT_PATIENTS)
        carriers = {mutation: _spread(rng, counts) for mutation, counts in CARRIERS.items()}
        rest = totals - sum(carriers.values())
        fits = np.asarray((rest >= 0).all(axis=(1, 2)))
        for group, counts in {**carriers, REST: rest}.items():
            by_stratum = counts.sum(axis=1)
            limits = np.array([available[group, inhibitor] for inhibitor in STRATA])
            fits &= ((by_stratum > 0) & (by_stratum <= limits)).all(axis=1)
        for mutation, (low, high) in PRINTED_P.items():
            at = np.flatnonzero(fits)
            if not len(at):
                break
            p = wald_p(carriers[mutation][at], totals[at])
            fits[at] = (p > low) & (p < high)
        if fits.any():
            chosen = int(np.flatnonzero(fits)[0])
            return _table(totals[chosen], {m: c[chosen] for m, c in carriers.items()})
    raise NoStrata


def wald_p(carriers: Counts, totals: Counts) -> NDArray[np.float64]:
    """Two-sided Wald P of the variant, adjusted for the stratum, for many tables at once.

    Parameters
    ----------
    carriers, totals : ndarray, shape (tables, 2 variants, strata)
        Patients with the mutation, and all.

    Returns
    -------
    ndarray, shape (tables,)
        nan where the model has no finite estimate.
    """
    tables, variants, strata = totals.shape
    cell = np.arange(variants * strata)
    design = np.column_stack(
        [np.ones(len(cell)), cell // strata == 0]
        + [cell % strata == stratum for stratum in range(1, strata)]
    ).astype(float)
    y, n = carriers.reshape(tables, -1), totals.reshape(tables, -1)
    beta = np.zeros((tables, design.shape[1]))
    information = np.zeros((tables, design.shape[1], design.shape[1]))
    for _ in range(NEWTON_STEPS):
        fitted = 1 / (1 + np.exp(-np.clip(beta @ design.T, -30, 30)))
        weights = n * fitted * (1 - fitted)
        information = np.einsum("tc,ci,cj->tij", weights, design, design)
        information += 1e-9 * np.eye(design.shape[1])
        step = np.linalg.solve(information, ((y - n * fitted) @ design)[..., None])[..., 0]
        beta += np.clip(step, -2, 2)
    variance = np.linalg.inv(information)[:, 1, 1]
    p = 2 * norm.sf(np.abs(beta[:, 1]) / np.sqrt(variance))
    finite = (np.abs(beta) < 10).all(axis=1)
    return np.where(finite, p, np.nan)


def _spread(rng: np.random.Generator, of_variant: Mapping[str, int]) -> Counts:
    """Spread the patients of each variant over the strata: (tables, variants, strata)."""
    shares = rng.dirichlet(np.array(TYPICAL_SHARES) * 8, size=(BATCH, len(of_variant)))
    return np.stack(
        [rng.multinomial(count, shares[:, v]) for v, count in enumerate(of_variant.values())],
        axis=1,
    )


def _table(totals: Counts, carriers: Mapping[str, Counts]) -> Strata:
    table = {}
    for v, variant in enumerate(VARIANT_PATIENTS):
        for s, inhibitor in enumerate(STRATA):
            for mutation, counts in carriers.items():
                table[variant, inhibitor, mutation] = int(counts[v, s])
            rest = totals[v, s] - sum(counts[v, s] for counts in carriers.values())
            table[variant, inhibitor, REST] = int(rest)
    return table
