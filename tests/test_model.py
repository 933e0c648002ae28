"""The pooled model: what it is made of, what it recovers, when it refuses, what it keeps."""

import dataclasses
import hashlib
import importlib.metadata
import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from factory import line, make_cohort, sample
from scipy import integrate, special
from scipy import stats as distributions

import alkpool
from alkpool.analysis.actionability import matrix
from alkpool.compendium import run
from alkpool.robustness import model
from alkpool.robustness.cells import COVARIATES, Design, arrays_of, design
from alkpool.robustness.model import (
    TARGET_ACCEPTANCES,
    ConvergenceError,
    Fitter,
    Posterior,
    Priors,
    Sampler,
    checked,
    prior,
    row_log_odds,
)
from alkpool.robustness.uncertainty import counted

pytestmark = pytest.mark.xdist_group("model")

SHORT = Sampler(warmup=400, draws=700)
LINES = [line("alectinib", "PR")] * 5 + [line("alectinib", "PD")]

IN_TRANS = make_cohort(
    [
        sample("L1196M+G1202R", "crizotinib", line("lorlatinib", "PR"), phase="trans"),
        sample("L1196M+G1202R", "alectinib", line("lorlatinib", "PD"), phase="cis"),
        sample("I1171N", "alectinib", line("lorlatinib", "PR"), line("ceritinib", "SD")),
        sample("I1171S", "alectinib", line("ceritinib", "PD", monotherapy="no")),
        sample("G1202R", "alectinib", line("ceritinib", "PD"), status="excluded"),
    ]
)


@pytest.fixture(scope="module")
def one_cell() -> Fitter:
    """Five of six lines with benefit, all in one cell."""
    return Fitter(design(make_cohort([sample("G1202R", "crizotinib", *LINES)])), sampler=SHORT)


@pytest.fixture(scope="module")
def posterior(one_cell: Fitter) -> Posterior:
    return one_cell.fit()


@pytest.mark.parametrize("split_trans", [True, False])
@pytest.mark.parametrize("cohort", ["curated", "reconstructed", IN_TRANS])
def test_design_counts_what_the_verdicts_count(cohort, split_trans: bool) -> None:
    pool = alkpool.load(cohort) if isinstance(cohort, str) else cohort
    of = design(pool, split_trans=split_trans)
    evidence = matrix(pool, split_trans=split_trans).set_index(["profile", "inhibitor"])
    names = ["benefit_k", "benefit_n"]
    pd.testing.assert_frame_equal(counted(of), evidence[names], check_dtype=False)


def test_a_line_in_trans_counts_once_and_is_the_mean_of_its_mutants() -> None:
    of = design(IN_TRANS)
    assert of.rows["benefit_n"].sum() == 3
    assert of.residues == ("I1171X", "L1196X", "G1202X")
    cells = np.random.default_rng(0).normal(size=(5, len(of.cells)))
    rows = row_log_odds(of, cells)
    (place,) = [i for i, names in enumerate(of.rows["profiles"]) if len(names) == 2]
    single = [of.cells.get_loc((name, "lorlatinib")) for name in ("L1196M", "G1202R")]
    np.testing.assert_allclose(rows[:, place], cells[:, single].mean(1))
    (other,) = [i for i, names in enumerate(of.rows["profiles"]) if names == ("L1196M+G1202R",)]
    alone = of.cells.get_loc(("L1196M+G1202R", "lorlatinib"))
    np.testing.assert_array_equal(rows[:, other], cells[:, alone])


def test_log_odds_are_the_sum_that_the_methods_print() -> None:
    """Term by term, with names in place of positions."""
    of = design(IN_TRANS)
    arrays = arrays_of(of)
    random = np.random.default_rng(1)
    normal = random.normal(size=sum(model.sizes(arrays.shape)))
    values = iter(normal)
    spread = [0.4 * next(values) for _ in model.SCALES]
    intercept, compound = 2.0 * next(values), 0.4 * next(values)
    shifts = [0.4 * next(values), 0.4 * next(values)]
    drug = {name: spread[0] * next(values) for name in of.inhibitors}
    residue = {name: spread[1] * next(values) for name in of.residues}
    pair = {(r, d): spread[2] * next(values) for r in of.residues for d in of.inhibitors}
    own = {(m, d): spread[3] * next(values) for m in of.profiles for d in of.inhibitors}
    parts = {"I1171N": ["I1171X"], "I1171S": ["I1171X"], "L1196M": ["L1196X"]}
    parts |= {"G1202R": ["G1202X"], "L1196M+G1202R": ["L1196X", "G1202X"]}
    for worst, together in ((False, np.mean), (True, min)):
        found = model.quantities(np, normal, arrays, 2.0, 0.4, worst)
        np.testing.assert_allclose(found["scales"], np.abs(spread))
        np.testing.assert_allclose(found["covariates"], shifts)
        for (profile, inhibitor), value in zip(of.cells, found["log_odds"].ravel(), strict=True):
            shared = [residue[r] + pair[r, inhibitor] for r in parts[profile]]
            expected = intercept + drug[inhibitor] + together(shared) + own[profile, inhibitor]
            assert value == pytest.approx(expected + compound * (len(shared) > 1))


def test_priors_leave_every_probability_nearly_uniform() -> None:
    chances = prior(design(IN_TRANS), draws=20_000)
    spread = np.log(chances / (1 - chances)).std(0)
    np.testing.assert_allclose(spread, np.sqrt(1 + 4 * 0.75**2), rtol=0.04)
    for level in (0.1, 0.25, 0.5, 0.75, 0.9):
        np.testing.assert_allclose((chances < level).mean(0), level, atol=0.04)


def quadrature(k: int, n: int, power: int) -> float:
    """Moment of the probability of one cell, without a sampler.

    Four squared half-normal scales add up to a chi-squared variable with four degrees of freedom,
    given which the log odds are normal.
    """

    def density(log_odds: float, squares: float) -> float:
        wide = np.sqrt(1 + 0.75**2 * squares)
        likelihood = special.expit(log_odds) ** k * special.expit(-log_odds) ** (n - k)
        weight = distributions.norm.pdf(log_odds, scale=wide)
        return likelihood * weight * distributions.chi2.pdf(squares, 4)

    def total(power: int) -> float:
        nodes, weights = np.polynomial.legendre.leggauss(120)
        x, wx = 25 * nodes, 25 * weights
        y, wy = 25 * (nodes + 1), 25 * weights
        grid = density(x[:, None], y[None, :]) * special.expit(x[:, None]) ** power
        return float(wx @ grid @ wy)

    return total(power) / total(0)


def test_quadrature_integrates_a_known_case() -> None:
    """The rule itself, against scipy's own for one moment."""
    value, _ = integrate.dblquad(
        lambda x, y: special.expit(x) ** 3
        * distributions.norm.pdf(x, scale=np.sqrt(1 + 0.75**2 * y))
        * distributions.chi2.pdf(y, 4),
        0, 60, -30, 30, epsabs=1e-5,
    )  # fmt: skip
    assert quadrature(0, 0, 3) == pytest.approx(value, abs=2e-4)


def test_one_cell_agrees_with_quadrature(one_cell: Fitter, posterior: Posterior) -> None:
    cell = one_cell.design.cells.get_loc(("G1202R", "alectinib"))
    draws = posterior.probability[:, cell]
    mean = quadrature(5, 6, 1)
    deviation = np.sqrt(quadrature(5, 6, 2) - mean**2)
    assert 0.6 < mean < 5 / 6  # between the prior's mean and the proportion
    error = deviation / np.sqrt(posterior.convergence["bulk"].min())
    assert draws.mean() == pytest.approx(mean, abs=4 * error)
    assert draws.std() == pytest.approx(deviation, rel=0.08)


@pytest.mark.nightly
def test_without_lines_the_posterior_is_the_prior(one_cell: Fitter) -> None:
    nothing = one_cell.fit(np.zeros(len(one_cell.design.rows), dtype=bool))
    expected = prior(one_cell.design, draws=20_000)
    levels = [0.05, 0.25, 0.5, 0.75, 0.95]
    np.testing.assert_allclose(
        np.quantile(nothing.probability, levels, axis=0),
        np.quantile(expected, levels, axis=0),
        atol=0.05,
    )
    half_normal = distributions.halfnorm(scale=0.75)
    np.testing.assert_allclose(nothing.scales.mean((0, 1)), half_normal.mean(), rtol=0.1)


def test_cells_learn_from_the_inhibitor(one_cell: Fitter, posterior: Posterior) -> None:
    """The same profile with other inhibitors moves up too, but less."""
    means = pd.Series(posterior.probability.mean(0), index=one_cell.design.cells)["G1202R"]
    assert means.idxmax() == "alectinib"
    assert (means.drop("alectinib") > 0.53).all()
    assert (means.drop("alectinib") < means["alectinib"] - 0.05).all()


@pytest.mark.nightly
def test_known_probabilities_are_covered() -> None:
    """Intervals hold the truth as often as they say, over data sets drawn from the prior."""
    profiles = ["L1196M", "G1202R", "I1171N", "I1171S", "L1196M+G1202R", "T1151dup"]
    given = [line(name, "PR") for name in ("crizotinib", "ceritinib", "alectinib", "lorlatinib")]
    of = design(make_cohort([sample(name, "brigatinib", *given) for name in profiles]))
    sizes = np.random.default_rng(5).integers(1, 9, len(of.rows))
    truths = prior(of, draws=12, seed=7)
    fitter = Fitter(of, sampler=SHORT)
    at = [of.cells.get_loc((m, d)) for (m,), d in of.rows[["profiles", "inhibitor"]].to_numpy()]
    covered = {0.5: [], 0.95: []}
    for seed, truth in enumerate(truths):
        seen = np.random.default_rng(seed).binomial(sizes, truth[at])
        rows = of.rows.assign(benefit_k=seen, benefit_n=sizes)
        fitter.design = dataclasses.replace(of, rows=rows)
        draws = fitter.fit().probability
        for level, found in covered.items():
            low, high = np.quantile(draws, [(1 - level) / 2, (1 + level) / 2], axis=0)
            found.append(((low <= truth) & (truth <= high)).mean())
    assert np.mean(covered[0.95]) == pytest.approx(0.95, abs=0.05)
    assert np.mean(covered[0.5]) == pytest.approx(0.5, abs=0.12)


@pytest.mark.nightly
def test_one_seed_gives_the_same_bytes_on_another_processor(
    one_cell: Fitter, posterior: Posterior
) -> None:
    """A second process, which hides the newer instructions of this processor from glibc."""
    program = (
        "import hashlib, test_model as t\n"
        "of = t.design(t.make_cohort([t.sample('G1202R', 'crizotinib', *t.LINES)]))\n"
        "draws = t.Fitter(of, sampler=t.SHORT).fit().log_odds\n"
        "print(hashlib.sha256(draws.tobytes()).hexdigest())\n"
    )
    hidden = "glibc.cpu.hwcaps=-AVX,-AVX2,-AVX2_Usable,-FMA,-FMA_Usable,-AVX512F,-FMA4"
    environment = {k: v for k, v in os.environ.items() if k not in ("XLA_FLAGS", "JAX_PLATFORMS")}
    environment |= {"GLIBC_TUNABLES": hidden, "PYTHONPATH": str(Path(__file__).parent)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == hashlib.sha256(posterior.log_odds.tobytes()).hexdigest()


def test_too_few_draws_are_refused_and_not_kept(tmp_path: Path) -> None:
    of = design(make_cohort([sample("G1202R", "crizotinib", *LINES)]))
    fitter = Fitter(of, sampler=Sampler(warmup=20, draws=20), cache=tmp_path)
    with pytest.raises(ConvergenceError, match=r"effective draws \d+, at least 400.*raise warmup"):
        fitter.fit()
    assert list(tmp_path.glob("*.npz")) == []


def test_every_bound_is_checked(posterior: Posterior) -> None:
    assert checked(posterior) is posterior
    with pytest.raises(ConvergenceError, match="divergences 3, must be 0"):
        checked(dataclasses.replace(posterior, divergences=3))
    apart = posterior.intercept + np.arange(4.0)[:, None, None]
    with pytest.raises(ConvergenceError, match=r"R-hat [1-9]\.\d+, at most 1.01"):
        checked(dataclasses.replace(posterior, intercept=apart))
    wider = posterior.compound * np.array([1, 1, 1, 4.0])[:, None, None]
    with pytest.raises(ConvergenceError, match="R-hat"):
        checked(dataclasses.replace(posterior, compound=wider))
    stuck = np.repeat(posterior.scales[:, ::50], 50, axis=1)
    with pytest.raises(ConvergenceError, match="effective draws"):
        checked(dataclasses.replace(posterior, scales=stuck))
    for flawed in (np.nan, 0.0):
        with pytest.raises(ConvergenceError, match="R-hat nan, at most 1.01"):
            checked(dataclasses.replace(posterior, scales=np.full_like(posterior.scales, flawed)))


def test_a_fit_that_has_not_converged_is_tried_with_shorter_steps(
    one_cell: Fitter, posterior: Posterior, tmp_path: Path, monkeypatch
) -> None:
    tried: list[float] = []

    def sample(acceptance: float, data: object) -> Posterior:
        tried.append(acceptance)
        return dataclasses.replace(posterior, divergences=int(acceptance < needed))

    fitter = Fitter(one_cell.design, sampler=SHORT, cache=tmp_path)
    monkeypatch.setattr(fitter, "_sample", sample)
    needed = 1.0
    with pytest.raises(ConvergenceError, match="divergences 1, must be 0"):
        fitter.fit()
    assert tried == list(TARGET_ACCEPTANCES) == sorted(set(TARGET_ACCEPTANCES))
    assert list(tmp_path.iterdir()) == []
    needed = TARGET_ACCEPTANCES[-1]
    assert fitter.fit().divergences == 0
    assert len(tried) == 2 * len(TARGET_ACCEPTANCES)
    fitter.fit()
    assert len(tried) == 2 * len(TARGET_ACCEPTANCES)


@pytest.mark.nightly
def test_shorter_steps_are_another_way_to_the_same_posterior(
    one_cell: Fitter, posterior: Posterior
) -> None:
    counts = one_cell.design.rows[["benefit_k", "benefit_n"]].to_numpy(dtype=float)
    data = counts, np.zeros((1, len(COVARIATES))), *dataclasses.astuple(one_cell.priors)
    shorter = one_cell._sample(TARGET_ACCEPTANCES[-1], data)
    assert shorter.probability.mean() == pytest.approx(posterior.probability.mean(), abs=0.02)
    assert (shorter.log_odds != posterior.log_odds).any()


def no_sampling(*_: object) -> Posterior:
    raise AssertionError("the fit was made again")


@pytest.fixture
def kept(one_cell: Fitter, posterior: Posterior, tmp_path: Path, monkeypatch) -> Fitter:
    """A fitter with a finished fit in its cache; sampling gives that fit."""
    fitter = Fitter(one_cell.design, sampler=SHORT, cache=tmp_path)
    monkeypatch.setattr(fitter, "_sample", lambda *_: posterior)
    fitter.fit()
    return fitter


def test_a_finished_fit_is_not_made_again(kept: Fitter, posterior: Posterior, monkeypatch) -> None:
    monkeypatch.setattr(Fitter, "_sample", no_sampling)
    again = Fitter(kept.design, sampler=SHORT, cache=kept.cache).fit()
    for field in dataclasses.fields(Posterior):
        np.testing.assert_array_equal(getattr(again, field.name), getattr(posterior, field.name))


@pytest.mark.nightly
def test_a_fit_of_the_published_size_takes_less_than_a_minute(tmp_path: Path, monkeypatch) -> None:
    """With the compilation, by the processor's clock: other work on the machine does not count."""
    of = design(alkpool.load("reconstructed"))
    assert of.rows["benefit_n"].sum() == 262
    started = time.process_time()
    fitted = Fitter(of, cache=tmp_path).fit()
    assert time.process_time() - started < 60
    monkeypatch.setattr(Fitter, "_sample", no_sampling)
    again = Fitter(of, cache=tmp_path).fit()
    np.testing.assert_array_equal(again.log_odds, fitted.log_odds)


@pytest.mark.parametrize("damage", ["cut to nothing", "cut", "lengthened", "one bit", "text"])
def test_a_damaged_fit_is_made_again(kept: Fitter, damage: str) -> None:
    (file,) = kept.cache.iterdir()
    whole = file.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    bad = {"cut to nothing": b"", "cut": whole[:-1], "lengthened": whole + b"\0",
           "one bit": bytes(flipped), "text": b"not a fit"}[damage]  # fmt: skip
    file.write_bytes(bad)
    kept.fit()
    assert file.read_bytes() == whole


def changed_rows(of: Design, **columns: object) -> Design:
    return dataclasses.replace(of, rows=of.rows.assign(**columns))


CHANGES = {
    "a line more": lambda f: setattr(f, "design", changed_rows(f.design, benefit_n=7)),
    "a benefit less": lambda f: setattr(f, "design", changed_rows(f.design, benefit_k=4)),
    "prior of the intercept": lambda f: setattr(f, "priors", Priors(intercept=1.1)),
    "prior of the scales": lambda f: setattr(f, "priors", Priors(scale=0.7)),
    **{
        name: lambda f, name=name: setattr(
            f, "sampler", dataclasses.replace(SHORT, **{name: getattr(SHORT, name) + 1})
        )
        for name in ("chains", "warmup", "draws", "seed")
    },
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_input_is_another_fit(kept: Fitter, change: str, monkeypatch) -> None:
    monkeypatch.setattr(kept, "_sample", no_sampling)
    kept.fit()
    CHANGES[change](kept)
    with pytest.raises(AssertionError, match="made again"):
        kept.fit()


def test_covariates_and_rows_left_out_are_other_fits(
    kept: Fitter, posterior: Posterior, monkeypatch
) -> None:
    case = changed_rows(kept.design, study_type="case_report")
    fitter = Fitter(case, sampler=SHORT, cache=kept.cache)
    monkeypatch.setattr(fitter, "_sample", lambda *_: posterior)
    fitter.fit()
    monkeypatch.setattr(fitter, "_sample", no_sampling)
    fitter.fit()
    with pytest.raises(AssertionError, match="made again"):
        fitter.fit(adjusted=True)
    with pytest.raises(AssertionError, match="made again"):
        fitter.fit(np.zeros(len(case.rows), dtype=bool))


@pytest.mark.parametrize("package", model.PACKAGES)
def test_another_release_is_another_fit(kept: Fitter, package: str, monkeypatch) -> None:
    true = importlib.metadata.version
    monkeypatch.setattr(
        importlib.metadata, "version", lambda name: "0" if name == package else true(name)
    )
    monkeypatch.setattr(kept, "_sample", no_sampling)
    with pytest.raises(AssertionError, match="made again"):
        kept.fit()


def test_changed_code_is_another_fit(kept: Fitter, tmp_path: Path, monkeypatch) -> None:
    copy = tmp_path / "model.py"
    copy.write_bytes(Path(model.__file__).read_bytes() + b"\n")
    monkeypatch.setattr(model, "__file__", str(copy))
    monkeypatch.setattr(kept, "_sample", no_sampling)
    with pytest.raises(AssertionError, match="made again"):
        kept.fit()


def test_jax_is_imported_for_fits_only() -> None:
    program = "import sys, alkpool.robustness.uncertainty; sys.exit('jax' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.nightly
def test_other_settings_of_jax_are_refused() -> None:
    program = (
        "import jax\nfrom alkpool.robustness import model\n"
        "try:\n    model._jax()\nexcept RuntimeError as error:\n    print(error)"
    )
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )
    assert done.stdout.startswith("jax was imported before with other settings: start Python anew")


@pytest.mark.parametrize("wrong", [{"intercept": 0}, {"scale": -1}, {"scale": np.inf}])
def test_impossible_priors_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        Priors(**wrong)


@pytest.mark.parametrize("wrong", [{"chains": 0}, {"warmup": 0}, {"draws": 3}, {"seed": -1}])
def test_impossible_samplers_are_refused(wrong: dict) -> None:
    with pytest.raises(ValueError, match="found Sampler"):
        Sampler(**wrong)


def test_every_build_folder_has_its_own_fits(tmp_path: Path) -> None:
    """A build elsewhere makes its fits itself, which proves that they come out the same."""
    assert run.kernel_environment(tmp_path)["ALKPOOL_CACHE"] == str(tmp_path / "cache")


@pytest.mark.nightly
def test_a_kept_fit_can_be_followed_by_a_new_one() -> None:
    """The diagnostics of a kept fit import the sampler first: silently, with its settings."""
    program = (
        "import numpy as np\nfrom alkpool.robustness import model as h\n"
        "few, cells = np.random.default_rng(0).normal(size=(2, 4, 50, 6))\n"
        "h.Posterior(cells, few, few, few, few, 0).convergence\nh._jax()"
    )
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program],
        env=environment, capture_output=True, text=True,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
