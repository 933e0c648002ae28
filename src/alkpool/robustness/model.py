"""A partially pooled model of the probability of benefit, fitted with NUTS (numpyro).

A *cell* is a mutation profile and an inhibitor, a *level* one inhibitor, residue or pair of them.
The log odds of benefit of a cell are the sum of an intercept, the effect of the inhibitor, the
effects of the residue on it and on benefit in general, and what only this cell has:

    intercept + inhibitor + mean over mutations (residue + residue by inhibitor) + cell

A profile with several mutations takes the mean over its mutations (a multiple-membership model),
a shift that all such profiles share, and its own cell effect. A line given after a sample with
mutations in trans, which sit in different clones, takes the mean of the cells of the single
mutants and counts once. Effects are non-centred: a scale times a standard normal variable.

A finished fit is kept in a folder under the hash of everything it depends on. jax is imported only
when a fit is made.
"""

import contextlib
import dataclasses
import hashlib
import importlib.metadata
import json
import os
import platform
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special
from scipy import stats as distributions

from alkpool import mutations
from alkpool.analysis.actionability import assessed_profiles, profile_order
from alkpool.analysis.benefit import BenefitRule, classify, evaluable
from alkpool.data.cohort import Cohort, analysis_set, lines
from alkpool.data.tables import assessed_inhibitors
from alkpool.files import write_if_changed
from alkpool.stats import Floats, Integers
from alkpool.vocabulary import Benefit, Specimen, StudyType

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

# Steps short enough that the narrow part of the posterior, at scales near 0, is entered; with the
# shorter ones a fit is tried again that has not converged.
TARGET_ACCEPTANCES = (0.95, 0.995)

# The same floating-point operations on every x86 processor and number of cores.
XLA_FLAGS = (
    "--xla_cpu_max_isa=SSE4_2 --xla_cpu_enable_fast_math=false "
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
)

SCALES = ("inhibitor", "residue", "residue by inhibitor", "profile by inhibitor")
COVARIATES = ("case report", "plasma")


class ConvergenceError(RuntimeError):
    """The chains of a fit do not describe one distribution: nothing may be read from them."""


@dataclass(frozen=True)
class Priors:
    """Priors on the log odds scale.

    Attributes
    ----------
    intercept : float
        Standard deviation of the intercept, which is normal around even odds.
    scale : float
        Of the half-normal prior of each scale of effects, and standard deviation of the shifts of
        profiles with several mutations and of the covariates, which are normal around 0.
    """

    intercept: float = PRIOR_INTERCEPT
    scale: float = PRIOR_SCALE

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
    warmup: int = 750
    draws: int = 1500
    seed: int = 1

    def __post_init__(self) -> None:
        if min(self.chains, self.warmup, self.draws - 3, self.seed + 1) < 1:
            raise ValueError(
                f"chains and warmup must be at least 1, draws 4, the seed 0; found {self}"
            )


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
        Draws at which the integration of NUTS failed; 0 in a fit that was accepted.
    """

    log_odds: Floats
    scales: Floats
    intercept: Floats
    compound: Floats
    covariates: Floats
    divergences: int

    @property
    def probability(self) -> Floats:
        """Probability of benefit: draws of all chains by cells."""
        return np.asarray(special.expit(flat(self.log_odds)))


def design(
    cohort: Cohort, benefit_rule: BenefitRule = BenefitRule(), *, split_trans: bool = True
) -> Design:
    """Collect the decided monotherapy lines of the assessed inhibitors.

    Parameters
    ----------
    cohort : Cohort
        Only its `alkpool.data.cohort.analysis_set` counts.
    benefit_rule, split_trans
        As in `alkpool.analysis.actionability.matrix`, of which the cells are those of this design.
    """
    pooled = analysis_set(cohort)
    assessed = assessed_profiles(pooled.samples, split_trans=split_trans)
    profiles = tuple(sorted(assessed["profile"].unique(), key=profile_order))
    judged = evaluable(classify(lines(pooled), benefit_rule), benefit_rule)
    decided = judged[
        (judged["benefit"] != Benefit.UNKNOWN) & judged["inhibitor"].isin(assessed_inhibitors())
    ]
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


@dataclass(frozen=True)
class _Arrays:
    """A design as arrays; ``shape`` is the number of profiles, inhibitors and residues."""

    shape: tuple[int, int, int]
    parts: Integers  # residues of each profile, with their shares
    part_shares: Floats
    compound: Floats  # 1 for a profile with several mutations
    kind: Integers  # of each row: rows of one kind have the same probability
    cells: Integers  # of each kind, with their shares
    cell_shares: Floats
    covariates: Floats  # of each kind


def _arrays(of: Design) -> _Arrays:
    parts, part_shares = _shares([[of.residues.index(p) for p in _parts(m)] for m in of.profiles])
    covariates = {
        "case": of.rows["study_type"] == StudyType.CASE_REPORT,
        "plasma": of.rows["specimen"] == Specimen.PLASMA,
    }
    alike = of.rows.assign(**covariates).groupby(["profiles", "inhibitor", *covariates])
    kinds = pd.DataFrame(list(alike.groups), columns=["profiles", "inhibitor", *covariates])
    cells, cell_shares = _shares(
        [
            [of.profiles.index(name) * len(of.inhibitors) + of.inhibitors.index(drug) for name in m]
            for m, drug in zip(kinds["profiles"], kinds["inhibitor"], strict=True)
        ]
    )
    return _Arrays(
        shape=(len(of.profiles), len(of.inhibitors), len(of.residues)),
        parts=parts,
        part_shares=part_shares,
        compound=np.array([float(mutations.is_compound(name)) for name in of.profiles]),
        kind=np.asarray(alike.ngroup(), dtype=np.int64),
        cells=cells,
        cell_shares=cell_shares,
        covariates=kinds[list(covariates)].to_numpy(dtype=float),
    )


def _shares(groups: list[list[int]]) -> tuple[Integers, Floats]:
    """Members of each group, filled up to one length, and the equal share of each true member."""
    longest = max(map(len, groups), default=1)
    index = np.array([group + [0] * (longest - len(group)) for group in groups], dtype=np.int64)
    share = np.array([[1 / len(g)] * len(g) + [0.0] * (longest - len(g)) for g in groups])
    return index.reshape(-1, longest), share.reshape(-1, longest)


def _sizes(shape: tuple[int, int, int]) -> list[int]:
    """Numbers of standard normal variables of each kind, in their order."""
    profiles, inhibitors, residues = shape
    cells = profiles * inhibitors
    return [1, 1, len(COVARIATES), inhibitors, residues, residues * inhibitors, cells]


def _log_odds(
    xp: Any, normal: Any, scales: Any, arrays: _Arrays, priors: Priors
) -> tuple[Any, Any, Any, Any]:
    """Turn standard normal variables and scales into log odds.

    Parameters
    ----------
    xp : module
        numpy, or jax.numpy within the model.
    normal, scales : array
        The last axis holds the variables; any axes before it are draws.

    Returns
    -------
    tuple of array
        Log odds of the cells (profiles by inhibitors), the intercept, the shift of compound
        profiles, and the shifts by the covariates.
    """
    profiles, inhibitors, residues = arrays.shape
    ends = np.cumsum(_sizes(arrays.shape))[:-1]
    intercept, compound, covariates, drug, residue, pair, cell = xp.split(normal, ends, axis=-1)
    before = normal.shape[:-1]
    intercept, compound = priors.intercept * intercept, priors.scale * compound
    by_residue = scales[..., 1, None, None] * residue[..., None] + scales[
        ..., 2, None, None
    ] * pair.reshape(*before, residues, inhibitors)
    # No product of matrices, which may be added up in another order elsewhere.
    shared = (arrays.part_shares[..., None] * by_residue[..., arrays.parts, :]).sum(-2)
    log_odds = (
        (intercept + scales[..., 0, None] * drug)[..., None, :]
        + shared
        + compound[..., None] * arrays.compound[:, None]
        + scales[..., 3, None, None] * cell.reshape(*before, profiles, inhibitors)
    )
    return log_odds, intercept, compound, priors.scale * covariates


def prior(of: Design, priors: Priors = Priors(), *, draws: int = 4000, seed: int = 1) -> Floats:
    """Probability of benefit in each cell before any data: draws by cells."""
    arrays, random = _arrays(of), np.random.default_rng(seed)
    normal = random.standard_normal((draws, sum(_sizes(arrays.shape))))
    scales = priors.scale * np.abs(random.standard_normal((draws, len(SCALES))))
    log_odds, *_ = _log_odds(np, normal, scales, arrays, priors)
    return np.asarray(special.expit(log_odds.reshape(draws, -1)))


def flat(draws: Floats) -> Floats:
    """Put the draws of all chains below each other."""
    return draws.reshape(draws.shape[0] * draws.shape[1], draws.shape[2])


def row_log_odds(of: Design, log_odds: Floats) -> Floats:
    """Log odds of each row of a design, from those of the cells (draws by cells)."""
    arrays = _arrays(of)
    kinds = (log_odds[..., arrays.cells] * arrays.cell_shares).sum(-1)
    return np.asarray(kinds[..., arrays.kind])


class Fitter:
    """Fits of one design, which share the time it takes to compile the model.

    Parameters
    ----------
    of : Design
        Its rows may be left out one fit at a time.
    priors, sampler : Priors, Sampler
        The same for every fit.
    cache : Path, optional
        Folder of finished fits. One that is damaged is made anew.
    """

    def __init__(
        self,
        of: Design,
        priors: Priors = Priors(),
        sampler: Sampler = Sampler(),
        cache: Path | None = None,
    ) -> None:
        self.design, self.priors, self.sampler, self.cache = of, priors, sampler, cache
        self._arrays = _arrays(of)
        self._compiled: Callable[..., Any] | None = None

    def fit(self, keep: NDArray[np.bool_] | None = None, *, adjusted: bool = False) -> Posterior:
        """Draw from the posterior.

        Parameters
        ----------
        keep : array of bool, optional
            Rows of the design that count; all by default.
        adjusted : bool
            Let `COVARIATES` shift the log odds of the rows that have them.

        Raises
        ------
        ConvergenceError
            Where the chains have not converged, with short steps either; such a fit is not kept.
        """
        rows = self.design.rows[["benefit_k", "benefit_n"]].to_numpy(dtype=float)
        rows = rows * (np.ones(len(rows)) if keep is None else keep)[:, None]
        counts = np.zeros((len(self._arrays.cells), 2))
        np.add.at(counts, self._arrays.kind, rows)
        covariates = self._arrays.covariates * adjusted
        if self.cache is None:
            return self._converged(counts, covariates)
        file = self.cache / f"{self._key(counts, covariates)}.npz"
        kept = _read(file)
        if kept is not None:
            return kept
        posterior = self._converged(counts, covariates)
        _write(file, posterior)
        return posterior

    def _converged(self, counts: Floats, covariates: Floats) -> Posterior:
        *longer, shortest = TARGET_ACCEPTANCES
        for acceptance in longer:
            with contextlib.suppress(ConvergenceError):
                return checked(self._sample(counts, covariates, acceptance))
        return checked(self._sample(counts, covariates, shortest))

    def _key(self, counts: Floats, covariates: Floats) -> str:
        """Hash of all that the draws depend on."""
        packages = ("jax", "jaxlib", "numpy", "numpyro")
        settings = [
            [f"{name} {importlib.metadata.version(name)}" for name in packages],
            [XLA_FLAGS, platform.machine(), platform.python_version()],
            [dataclasses.asdict(self.priors), dataclasses.asdict(self.sampler)],
            [self.design.profiles, self.design.inhibitors, self.design.residues],
        ]
        total = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        for array in (*dataclasses.astuple(self._arrays)[1:], counts, covariates):
            total.update(f"{array.dtype} {array.shape}".encode() + array.tobytes())
        total.update(Path(__file__).read_bytes())
        return total.hexdigest()[:32]

    def _sample(self, counts: Floats, covariates: Floats, acceptance: float) -> Posterior:
        jax = _jax()
        if self._compiled is None:
            self._compiled = self._program(jax)
        keys = jax.random.split(jax.random.key(self.sampler.seed), self.sampler.chains)
        draws, divergent = self._compiled(keys, counts, covariates, acceptance)
        # Seven digits are far more than draws can tell, and take half the room on disk.
        short = {name: np.asarray(values).astype(np.float32) for name, values in draws.items()}
        full = {name: values.astype(np.float64) for name, values in short.items()}
        by_draw = self.sampler.chains, self.sampler.draws
        log_odds = full.pop("log_odds").reshape(*by_draw, -1)
        return Posterior(log_odds=log_odds, **full, divergences=int(divergent.sum()))

    def _program(self, jax: Any) -> Callable[..., Any]:
        """Compile the chains as one program."""
        import numpyro
        from numpyro import distributions as dist
        from numpyro.infer import MCMC, NUTS

        numpy, arrays, sampler = jax.numpy, self._arrays, self.sampler

        def model(counts: Any, covariates: Any) -> None:
            scale = dist.HalfNormal(self.priors.scale).expand([len(SCALES)]).to_event(1)
            number = sum(_sizes(arrays.shape))
            scales = numpyro.sample("scales", scale)
            normal = numpyro.sample("normal", dist.Normal().expand([number]).to_event(1))
            named = _log_odds(numpy, normal, scales, arrays, self.priors)
            for name, value in zip(NAMES, named, strict=True):
                numpyro.deterministic(name, value)
            cells, *_, shifts = named
            kinds = (cells.ravel()[arrays.cells] * arrays.cell_shares).sum(-1)
            kinds = kinds + (covariates * shifts).sum(-1)
            # The binomial likelihood without its constant; rows left out have the counts 0.
            successes, trials = counts.T
            numpyro.factor("lines", (successes * kinds - trials * jax.nn.softplus(kinds)).sum())

        def chain(key: Any, counts: Any, covariates: Any, acceptance: Any) -> Any:
            kernel = NUTS(model, target_accept_prob=acceptance)
            run = MCMC(
                kernel, num_warmup=sampler.warmup, num_samples=sampler.draws, progress_bar=False
            )
            run.run(key, counts, covariates, extra_fields=("diverging",))
            draws = run.get_samples()
            draws.pop("normal")
            return draws, run.get_extra_fields()["diverging"]

        compiled: Callable[..., Any] = jax.jit(jax.vmap(chain, in_axes=(0, None, None, None)))
        return compiled


NAMES = ("log_odds", "intercept", "compound", "covariates")


def _jax() -> Any:
    """Import jax and numpyro, with the settings under which every machine draws the same numbers.

    Nothing here imports either before.
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
        import numpyro

    numpyro.enable_x64()
    return jax


def diagnostics(posterior: Posterior) -> pd.DataFrame:
    """R-hat and effective sample sizes of everything that is read from a fit.

    Returns
    -------
    DataFrame
        One row for each kind of quantity: ``quantity, number, r_hat`` (the largest), ``bulk`` and
        ``tail`` (the smallest effective sample sizes), ``draws`` (of all chains).

    Notes
    -----
    Vehtari et al. 2021, Bayesian Analysis 16:667: split chains, ranks as normal scores, folded
    ranks for R-hat; the tail is the worse of the indicators of the 5% and the 95% quantile.
    """
    _jax()
    from numpyro.diagnostics import effective_sample_size, split_gelman_rubin

    rows = []
    for name in ("log_odds", "scales", "intercept", "compound", "covariates"):
        values = getattr(posterior, name)
        if not values.size:
            continue
        low, middle, high = np.quantile(flat(values), [0.05, 0.5, 0.95], axis=0)
        spread = np.abs(values - middle)
        tails = [(values <= low).astype(float), (values >= high).astype(float)]
        # Draws that are all alike, or no numbers, have no effective sample size and fail the check.
        with np.errstate(invalid="ignore"):
            r_hat = [split_gelman_rubin(_scores(each)).max() for each in (values, spread)]
            bulk = effective_sample_size(_scores(values)).min()
            tail = [effective_sample_size(each).min() for each in tails]
        rows.append(
            {
                "quantity": name.replace("_", " "),
                "number": values.shape[-1],
                "r_hat": np.max(r_hat),
                "bulk": bulk,
                "tail": np.min(tail),
                "draws": values.shape[0] * values.shape[1],
            }
        )
    return pd.DataFrame(rows)


def _scores(values: Floats) -> Floats:
    """Normal scores of the ranks over all chains."""
    ranks = distributions.rankdata(flat(values), axis=0)
    scores = distributions.norm.ppf((ranks - 0.375) / (len(ranks) + 0.25))
    return np.asarray(scores).reshape(values.shape)


def checked(posterior: Posterior) -> Posterior:
    """Refuse a fit that has not converged, and give back one that has.

    Raises
    ------
    ConvergenceError
        With every bound that is missed, by how much, and what helps.
    """
    found = diagnostics(posterior)
    # numpy, unlike pandas, does not skip what is not a number.
    r_hat, bulk, tail = (found[name].to_numpy() for name in ("r_hat", "bulk", "tail"))
    r_hat, bulk, tail = np.max(r_hat), np.min(bulk), np.min(tail)
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


def _write(file: Path, posterior: Posterior) -> None:
    fields = dataclasses.asdict(posterior).items()
    arrays: dict[str, Any] = {name: np.float32(value) for name, value in fields}
    payload = BytesIO()
    np.savez(payload, **arrays)
    content = payload.getvalue()
    write_if_changed(file, hashlib.sha256(content).digest() + content)


def _read(file: Path) -> Posterior | None:
    """Finished fit, or None where there is none or its bytes are not those that were written."""
    if not file.is_file():
        return None
    written = file.read_bytes()
    digest, content = written[:32], written[32:]
    if hashlib.sha256(content).digest() != digest:
        return None
    with np.load(BytesIO(content), allow_pickle=False) as arrays:
        named = {name: values.astype(np.float64) for name, values in arrays.items()}
    divergences = int(named.pop("divergences"))
    return Posterior(**named, divergences=divergences)
