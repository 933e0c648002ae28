"""A partially pooled model of the probability of benefit, fitted by Hamiltonian Monte Carlo.

A *cell* is a mutation profile and an inhibitor, a *level* one inhibitor, residue or pair of them.
The log odds of benefit of a cell are the sum of an intercept, the effect of the inhibitor, the
effects of the residue on it and on benefit in general, and what only this cell has:

    intercept + inhibitor + mean over mutations (residue + residue by inhibitor) + cell

A profile with several mutations takes the mean over its mutations (a multiple-membership model),
a shift that all such profiles share, and its own cell effect. A line given after a sample with
mutations in trans, which sit in different clones, takes the mean of the cells of the single
mutants and counts once.

Every effect is a scale times a standard normal variable, and so is every scale: all that is
sampled is standard normal before any data, which short trajectories explore well. The sign of a
scale is not determined and does not matter, for its effects are as likely to have either sign; its
size, which is reported, is half-normal.

A finished fit is kept in a folder under the hash of everything it depends on, and the compiled
program beside it. jax is imported only when a fit is made.
"""

import contextlib
import dataclasses
import functools
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from alkpool.files import hash_of, write_if_changed
from alkpool.robustness.cells import COVARIATES, Arrays, Design, arrays_of
from alkpool.stats import Floats, Integers

# Before any data the probability of benefit of a cell should be nearly uniform: nothing is known.
# Log odds of a uniform probability have the variance pi^2 / 3 = 3.29. An intercept of scale 1 and
# four effects, each with a half-normal scale of 0.75, add up to 1 + 4 x 0.75^2 = 3.25. For a
# profile of two mutations the means over residues halve two of the four and the shift gives back
# as much. A half-normal scale of 0.75 lies below 1.5 with 95%: typical levels differ by odds
# ratios of up to e^1.5 = 4.5, and any scale near 0, which pools fully, is allowed.
PRIOR_INTERCEPT = 1.0
PRIOR_SCALE = 0.75

# Bounds of Vehtari et al. 2021 (Bayesian Analysis 16:667): R-hat of ranks below 1.01, and 100
# effective draws for each of four chains in the middle and in the tails of the distribution.
MAX_R_HAT = 1.01
MIN_EFFECTIVE = 400

# Mean length of a trajectory, on the scale of standard normal variables, where a quarter of a turn
# is pi / 2. Each is shortened or lengthened by up to a half, for one fixed length can lead back to
# where it began.
TRAJECTORY = 2.5

# Long steps; with the shorter ones a fit is tried again that has not converged.
TARGET_ACCEPTANCES = (0.8, 0.95)

# The same floating-point operations on every x86 processor and number of cores.
XLA_FLAGS = (
    "--xla_cpu_max_isa=SSE4_2 --xla_cpu_enable_fast_math=false "
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

# Philox for keys too: jax calls it unsafe, for nobody has proven that keys made so are independent;
# it compiles and runs in half the time, and the tests compare what it samples with quadrature.
GENERATOR = "unsafe_rbg"

PACKAGES = ("arviz-stats", "jax", "jaxlib", "numpy", "numpyro")

SCALES = ("inhibitor", "residue", "residue by inhibitor", "profile by inhibitor")


class ConvergenceError(RuntimeError):
    """The chains of a fit do not describe one distribution: nothing may be read from them."""


@dataclass(frozen=True)
class Priors:
    """What is assumed before any data, on the log odds scale.

    Attributes
    ----------
    intercept : float
        Standard deviation of the intercept, which is normal around even odds.
    scale : float
        Of the half-normal prior of each scale of effects, and standard deviation of the shifts of
        profiles with several mutations and of the covariates, which are normal around 0.
    minimum : bool
        Whether a profile with several mutations takes whichever of its residues is worst with the
        inhibitor, and not the mean over them.
    """

    intercept: float = PRIOR_INTERCEPT
    scale: float = PRIOR_SCALE
    minimum: bool = False

    def __post_init__(self) -> None:
        if not (0 < self.intercept < np.inf and 0 < self.scale < np.inf):
            raise ValueError(f"the scales of the priors must be above 0; found {self}")


@dataclass(frozen=True)
class Sampler:
    """How long the chains are, and the seed that decides every draw.

    Attributes
    ----------
    chains, warmup, draws : int
        Independent chains; of each, the steps that tune it, and those that are kept.
    seed : int
        Of the random numbers.
    """

    chains: int = 4
    warmup: int = 400
    draws: int = 1000
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.chains, self.warmup, self.draws - 3, self.seed + 1) < 1:
            raise ValueError(
                f"chains and warmup must be at least 1, draws 4, the seed 0; found {self}"
            )


@dataclass(frozen=True)
class Posterior:
    """Draws from the posterior, as chains by draws by quantity.

    Attributes
    ----------
    log_odds : array
        Of benefit in each cell of the design, without covariates.
    scales : array
        Of the effects, in the order of `SCALES`.
    intercept, compound : array
        The intercept, and the shift of profiles with several mutations.
    covariates : array
        Shifts of the log odds by `COVARIATES`; their prior where they were not asked for.
    divergences : int
        Draws at which the integration of a trajectory failed; 0 in a fit that was accepted.
    """

    log_odds: Floats
    scales: Floats
    intercept: Floats
    compound: Floats
    covariates: Floats
    divergences: int

    @functools.cached_property
    def convergence(self) -> pd.DataFrame:
        """R-hat and effective sample sizes of everything that is read from a fit.

        Returns
        -------
        DataFrame
            One row for each kind of quantity: ``quantity, number, r_hat`` (the largest), ``bulk``
            and ``tail`` (the smallest effective sample sizes), ``draws`` (of all chains).

        Notes
        -----
        Vehtari et al. 2021, Bayesian Analysis 16:667, as arviz-stats has it: split chains, ranks as
        normal scores, folded ranks for R-hat; the tail is the worse of the 5% and the 95% quantile.
        """
        from arviz_stats.base.array import array_stats

        rows = []
        for name in ("log_odds", "scales", "intercept", "compound", "covariates"):
            values = getattr(self, name)
            if not values.size:
                continue
            axes = {"chain_axis": 0, "draw_axis": 1}
            # Draws that are all alike, or no numbers, have no R-hat and fail the check.
            with np.errstate(invalid="ignore"):
                r_hat = array_stats.rhat(values, **axes)
                bulk = array_stats.ess(values, **axes)
                tail = array_stats.ess(values, **axes, method="tail", prob=(0.05, 0.95))
            chains, draws, number = values.shape
            worst = np.max(r_hat), np.min(bulk), np.min(tail)
            rows.append((name.replace("_", " "), number, *worst, chains * draws))
        return pd.DataFrame(rows, columns=["quantity", "number", "r_hat", "bulk", "tail", "draws"])

    @functools.cached_property
    def probability(self) -> Floats:
        """Probability of benefit: draws of all chains by cells."""
        return np.asarray(special.expit(flat(self.log_odds)))


def sizes(shape: tuple[int, int, int]) -> list[int]:
    """Numbers of standard normal variables of each kind, in their order."""
    profiles, inhibitors, residues = shape
    cells = profiles * inhibitors
    return [len(SCALES), 1, 1, len(COVARIATES), inhibitors, residues, residues * inhibitors, cells]


def quantities(
    xp: Any, normal: Any, arrays: Arrays, intercept: Any, scale: Any, minimum: Any
) -> dict[str, Any]:
    """Turn standard normal variables into the quantities of a `Posterior`.

    Parameters
    ----------
    xp : module
        numpy, or jax.numpy within the model.
    normal : array
        The last axis holds the variables; any axes before it are draws.
    intercept, scale, minimum
        `Priors`.

    Returns
    -------
    dict
        ``log_odds`` with profiles and inhibitors as its last two axes, ``scales, intercept,
        compound, covariates``.
    """
    profiles, inhibitors, residues = arrays.shape
    ends = np.cumsum(sizes(arrays.shape))[:-1]
    spread, mean, compound, covariates, drug, residue, pair, cell = xp.split(normal, ends, axis=-1)
    before = normal.shape[:-1]
    mean, compound, spread = intercept * mean, scale * compound, scale * spread
    by_residue = spread[..., 1, None, None] * residue[..., None] + spread[
        ..., 2, None, None
    ] * pair.reshape(*before, residues, inhibitors)
    parts, shares = by_residue[..., arrays.parts, :], arrays.part_shares[..., None]
    # No product of matrices, which may be added up in another order elsewhere.
    shared = xp.where(
        minimum, xp.where(shares > 0, parts, np.inf).min(-2), (shares * parts).sum(-2)
    )
    log_odds = (
        (mean + spread[..., 0, None] * drug)[..., None, :]
        + shared
        + compound[..., None] * arrays.compound[:, None]
        + spread[..., 3, None, None] * cell.reshape(*before, profiles, inhibitors)
    )
    return {
        "log_odds": log_odds,
        "scales": abs(spread),
        "intercept": mean,
        "compound": compound,
        "covariates": scale * covariates,
    }


def prior(of: Design, priors: Priors = Priors(), *, draws: int = 4000, seed: int = 1) -> Floats:
    """Probability of benefit in each cell before any data: draws by cells."""
    arrays = arrays_of(of)
    shape = (draws, sum(sizes(arrays.shape)))
    normal = np.random.default_rng(seed).standard_normal(shape)
    log_odds = quantities(np, normal, arrays, *dataclasses.astuple(priors))["log_odds"]
    return np.asarray(special.expit(log_odds.reshape(draws, -1)))


def flat(draws: Floats) -> Floats:
    """Put the draws of all chains below each other."""
    return draws.reshape(draws.shape[0] * draws.shape[1], draws.shape[2])


def row_log_odds(of: Design, log_odds: Floats) -> Floats:
    """Log odds of each row of a design, from those of the cells (draws by cells)."""
    arrays = arrays_of(of)
    kinds = (log_odds[..., arrays.cells] * arrays.cell_shares).sum(-1)
    return np.asarray(kinds[..., arrays.kind])


# Of one fit: successes and trials of each kind, its covariates, and its priors.
Data = tuple[Floats, Floats, float, float, bool]


class Fitter:
    """Fits of one design, which share the time it takes to compile the model.

    Parameters
    ----------
    of : Design
        Its rows may be left out one fit at a time.
    priors, sampler : Priors, Sampler
        Of every fit that does not name other priors.
    cache : Path, optional
        Folder of finished fits and of the compiled program. A damaged fit is made anew.
    """

    def __init__(
        self,
        of: Design,
        priors: Priors = Priors(),
        sampler: Sampler = Sampler(),
        cache: Path | None = None,
    ) -> None:
        self.design, self.priors, self.sampler, self.cache = of, priors, sampler, cache
        self._arrays = arrays_of(of)
        self._compiled: Callable[..., Any] | None = None

    def fit(
        self,
        keep: NDArray[np.bool_] | None = None,
        *,
        adjusted: bool = False,
        priors: Priors | None = None,
    ) -> Posterior:
        """Draw from the posterior.

        Parameters
        ----------
        keep : array of bool, optional
            Rows of the design that count; all by default.
        adjusted : bool
            Let `COVARIATES` shift the log odds of the rows that have them.
        priors : Priors, optional
            Others than those of the fitter.

        Raises
        ------
        ConvergenceError
            Where the chains have not converged, with short steps either; such a fit is not kept.
        """
        rows = self.design.rows[["benefit_k", "benefit_n"]].to_numpy(dtype=float)
        rows = rows * (np.ones(len(rows)) if keep is None else keep)[:, None]
        counts = np.zeros((len(self._arrays.cells), 2))
        np.add.at(counts, self._arrays.kind, rows)
        assumed = dataclasses.astuple(priors or self.priors)
        data = counts, self._arrays.covariates * adjusted, *assumed
        # Of lines left out and of other assumptions only cells with a decided line are read.
        first = keep is None and not adjusted and priors is None
        cells = None if first else np.unique(self._arrays.cells)
        file = self.cache and self.cache / f"{self._key(data)}.npz"
        posterior = _read(file) if file else None
        if posterior is None:
            posterior = self._converged(data, cells)
            if file:
                _write(file, posterior)
        return posterior

    def _converged(self, data: Data, cells: Integers | None) -> Posterior:
        *longer, shortest = TARGET_ACCEPTANCES
        for acceptance in longer:
            with contextlib.suppress(ConvergenceError):
                return checked(self._sample(acceptance, data), cells)
        return checked(self._sample(shortest, data), cells)

    def _key(self, data: Data) -> str:
        """Hash of all that the draws depend on."""
        releases = [importlib.metadata.version(name) for name in PACKAGES]
        machine = [XLA_FLAGS, platform.machine(), platform.python_version()]
        of = self.design
        inputs = of.profiles, of.inhibitors, of.residues, self._arrays, self.sampler, data
        texts = json.dumps(inputs, default=_plain)
        return hash_of([*releases, *machine, texts], [Path(__file__)])[:32]

    def _sample(self, acceptance: float, data: Data) -> Posterior:
        jax = _jax(self.cache)
        if self._compiled is None:
            self._compiled = self._program(jax)
        chains, seed = self.sampler.chains, self.sampler.seed
        shape = chains, sum(sizes(self._arrays.shape))
        starts = np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)
        numbers = np.array([[0, seed, 0, chain] for chain in range(chains)], dtype=np.uint32)
        keys = jax.random.wrap_key_data(numbers, impl=GENERATOR)
        normal, divergent = self._compiled(keys, starts, acceptance, *data)
        found = quantities(np, np.asarray(normal), self._arrays, *data[2:])
        found["log_odds"] = found["log_odds"].reshape(chains, self.sampler.draws, -1)
        return _posterior(found, int(divergent.sum()))

    def _program(self, jax: Any) -> Callable[..., Any]:
        """Compile the chains as one program, which every fit of the design shares."""
        from numpyro.infer import HMC, MCMC

        xp, arrays, sampler = jax.numpy, self._arrays, self.sampler

        class Varied(HMC):  # type: ignore[misc]
            """Trajectories of another length at every draw, the same in all chains.

            Multiples of the golden ratio, without their whole part, are spread evenly over 0 to 1.
            """

            def sample(self, state: Any, model_args: Any, model_kwargs: Any) -> Any:
                length = TRAJECTORY * (0.5 + state.i * 0.6180339887498949 % 1)
                state = state._replace(trajectory_length=length)
                return super().sample(state, model_args, model_kwargs)

        def energy(normal: Any, counts: Any, covariates: Any, *assumed: Any) -> Any:
            found = quantities(xp, normal, arrays, *assumed)
            kinds = (found["log_odds"].ravel()[arrays.cells] * arrays.cell_shares).sum(-1)
            kinds = kinds + (covariates * found["covariates"]).sum(-1)
            # The binomial likelihood without its constant; rows left out have the counts 0.
            successes, trials = counts.T
            softplus = xp.maximum(kinds, 0) + xp.log1p(xp.exp(-abs(kinds)))
            return (normal**2).sum() / 2 - (successes * kinds - trials * softplus).sum()

        def chain(key: Any, start: Any, acceptance: Any, *data: Any) -> Any:
            kernel = Varied(
                potential_fn=lambda normal: energy(normal, *data),
                trajectory_length=TRAJECTORY,
                target_accept_prob=acceptance,
            )
            run = MCMC(
                kernel, num_warmup=sampler.warmup, num_samples=sampler.draws, progress_bar=False
            )
            run.run(key, init_params=start, extra_fields=("diverging",))
            return run.get_samples(), run.get_extra_fields()["diverging"]

        every = (0, 0, *[None] * 6)
        compiled: Callable[..., Any] = jax.jit(jax.vmap(chain, in_axes=every))
        return compiled


def _jax(programs: Path | None = None) -> Any:
    """Import jax and numpyro, with the settings under which every machine draws the same numbers.

    Nothing here imports either before. What takes a second to compile is kept in a folder.
    """
    if "jax" in sys.modules and os.environ.get("XLA_FLAGS") != XLA_FLAGS:
        raise RuntimeError(
            "jax was imported before with other settings: start Python anew, or set XLA_FLAGS to "
            f"{XLA_FLAGS!r} first"
        )
    os.environ |= {"XLA_FLAGS": XLA_FLAGS, "JAX_PLATFORMS": "cpu"}
    import jax

    with warnings.catch_warnings():
        # Its progress bars, which are off, ask for widgets in a notebook.
        warnings.filterwarnings("ignore", "IProgress not found")
        import numpyro  # noqa: F401

    # Seven digits are far more than draws can tell.
    jax.config.update("jax_enable_x64", False)
    jax.config.update("jax_compilation_cache_dir", programs and str(programs / "programs"))
    return jax


def checked(posterior: Posterior, cells: Integers | None = None) -> Posterior:
    """Refuse a fit that has not converged, and give back one that has.

    Parameters
    ----------
    posterior : Posterior
        Of any fit.
    cells : array of int, optional
        Places of the cells that are read; all by default.

    Raises
    ------
    ConvergenceError
        With every bound that is missed, by how much, and what helps.
    """
    read = posterior
    if cells is not None:
        read = dataclasses.replace(posterior, log_odds=posterior.log_odds[..., cells])
    found = read.convergence
    r_hat = found["r_hat"].max(skipna=False)
    bulk, tail = (found[name].min(skipna=False) for name in ("bulk", "tail"))
    bounds = {
        f"R-hat {r_hat:.3f}, at most {MAX_R_HAT}": r_hat <= MAX_R_HAT,
        f"effective draws {bulk:.0f}, at least {MIN_EFFECTIVE}": bulk >= MIN_EFFECTIVE,
        f"effective draws in the tails {tail:.0f}, at least {MIN_EFFECTIVE}": tail >= MIN_EFFECTIVE,
        f"divergences {posterior.divergences}, must be 0": posterior.divergences == 0,
    }
    missed = [words for words, met in bounds.items() if not met]
    if missed:
        raise ConvergenceError(
            f"the fit has not converged ({'; '.join(missed)}): raise warmup and draws, or try "
            "another seed"
        )
    return posterior


def _plain(value: Any) -> Any:
    """Array or dataclass as lists, for JSON."""
    return value.tolist() if isinstance(value, np.ndarray) else dataclasses.astuple(value)


def _posterior(found: Mapping[str, Any], divergences: int) -> Posterior:
    """Posterior with seven digits, far more than draws can tell, in half the room on disk."""
    short = {name: np.asarray(np.float32(each), float) for name, each in found.items()}
    return Posterior(**short, divergences=divergences)


def _write(file: Path, posterior: Posterior) -> None:
    payload = BytesIO()
    fields = dataclasses.asdict(posterior).items()
    arrays: dict[str, Any] = {name: np.float32(value) for name, value in fields}
    np.savez(payload, **arrays)
    content = payload.getvalue()
    write_if_changed(file, hashlib.sha256(content).digest() + content)


def _read(file: Path) -> Posterior | None:
    """Finished fit, or None where there is none or its bytes are not those that were written."""
    written = file.read_bytes() if file.is_file() else b""
    digest, content = written[:32], written[32:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        named = dict(arrays)
    return _posterior(named, int(named.pop("divergences")))
