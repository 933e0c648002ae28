"""Statistics against R (``reference/stats_reference.R``), exact values and properties."""

import itertools
import math
import time
import warnings
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from scipy import stats as distributions

from alkpool import stats
from alkpool.stats import exact

REFERENCE = Path(__file__).parent / "reference" / "stats_reference.csv"
INTERVALS = [stats.wilson, stats.jeffreys, stats.clopper_pearson]
MODEL_COLUMNS = ["log_odds", "standard_error", "odds_ratio", "low", "high", "p_value"]


@cache
def reference() -> pd.DataFrame:
    """The table that R wrote, one number per row."""
    text = pd.read_csv(REFERENCE, dtype=str, keep_default_na=False)
    return text.assign(value=text["value"].astype(float))


def cases(function: str) -> list[tuple[str, str, pd.DataFrame]]:
    """Input, option and expected numbers of each case of a function."""
    rows = reference()[reference()["function"] == function]
    return [(str(k[0]), str(k[1]), v) for k, v in rows.groupby(["input", "option"], sort=False)]


def against_r(function: str) -> Callable[[Any], Any]:
    """Run a test over all reference cases of a function."""
    return pytest.mark.parametrize(
        ("given_input", "option", "expected"),
        [pytest.param(*case, id=f"{case[0]} {case[1]}".strip()) for case in cases(function)],
    )


def named(expected: pd.DataFrame) -> dict[str, float]:
    return dict(zip(expected["result"], expected["value"], strict=True))


def close(value: float, rel: float = 1e-9, abs: float = 1e-12) -> Any:
    return pytest.approx(value, rel=rel, abs=abs, nan_ok=True)


def table_of(text: str) -> list[list[int]]:
    return [[int(count) for count in row.split()] for row in text.split(";")]


def survival_of(text: str) -> tuple[list[float], list[bool]]:
    words = text.split()
    return [float(word.rstrip("+")) for word in words], [not word.endswith("+") for word in words]


def strata_of(text: str) -> pd.DataFrame:
    """One row per observation from "exposure adjuster events/rows;..."."""
    rows = []
    for stratum in text.split(";"):
        exposure, adjuster, counts = stratum.split()
        events, total = map(int, counts.split("/"))
        for place in range(total):
            rows.append({"outcome": place < events, "exposure": exposure, "adjuster": adjuster})
    return pd.DataFrame(rows)


def raters_of(table: list[list[int]]) -> tuple[list[int], list[int]]:
    pairs = [
        pair
        for row, counts in enumerate(table)
        for column, count in enumerate(counts)
        for pair in [(row, column)] * count
    ]
    return [row for row, _ in pairs], [column for _, column in pairs]


def test_reference_covers_every_public_function_and_its_options() -> None:
    functions = {"wilson", "jeffreys", "clopper_pearson", "fisher_exact", "km_median", "logistic"}
    assert set(reference()["function"]) == functions | {"firth", "kappa", "adjust"}
    options = reference().groupby("function")["option"].unique().map(set)
    assert options["km_median"] == {"log-log", "linear", "normal"}
    assert options["adjust"] == {"benjamini-hochberg", "holm"}
    assert reference()["source"].str.startswith("R 4.").all()


# --- proportions ---------------------------------------------------------------------------


@pytest.mark.parametrize("interval", INTERVALS, ids=lambda f: f.__name__)
def test_proportion_intervals_agree_with_r(interval: Callable[..., stats.Interval]) -> None:
    for text, confidence, expected in cases(interval.__name__):
        k, n = map(int, text.split("/"))
        result = interval(k, n, confidence=float(confidence))
        assert result._asdict() == {name: close(v) for name, v in named(expected).items()}, text


counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize("interval", INTERVALS, ids=lambda f: f.__name__)
@given(counts=counts, confidence=st.sampled_from([0.5, 0.8, 0.95, 0.99]))
def test_proportion_intervals_hold_the_share_and_are_symmetric(
    interval: Callable[..., stats.Interval], counts: tuple[int, int], confidence: float
) -> None:
    k, n = counts
    low, high = interval(k, n, confidence)
    assert 0 <= low <= k / n <= high <= 1
    assert low < high
    assert (low == 0) == (k == 0)
    assert (high == 1) == (k == n)
    mirrored = interval(n - k, n, confidence)
    assert (1 - mirrored.high, 1 - mirrored.low) == (close(low), close(high))


@pytest.mark.parametrize("interval", INTERVALS, ids=lambda f: f.__name__)
@given(counts=counts)
def test_proportion_intervals_are_monotone(
    interval: Callable[..., stats.Interval], counts: tuple[int, int]
) -> None:
    k, n = counts
    assume(k < n)
    here, more_events, surer = interval(k, n), interval(k + 1, n), interval(k, n, 0.99)
    assert here.low < more_events.low
    assert here.high < more_events.high or more_events.high == here.high == 1
    assert surer.low <= here.low
    assert surer.high >= here.high


@given(counts=counts)
def test_clopper_pearson_is_at_least_as_wide_as_jeffreys(counts: tuple[int, int]) -> None:
    exact, bayes = stats.clopper_pearson(*counts), stats.jeffreys(*counts)
    assert exact.low <= bayes.low + 1e-12
    assert exact.high >= bayes.high - 1e-12


@pytest.mark.parametrize("n", [5, 20])
def test_clopper_pearson_covers_at_least_its_confidence(n: int) -> None:
    low, high = stats.clopper_pearson(np.arange(n + 1), n)
    for share in np.linspace(0, 1, 201):
        chance = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
        assert np.dot(chance, (low <= share) & (share <= high)) >= 0.95 - 1e-12


@pytest.mark.parametrize("interval", INTERVALS, ids=lambda f: f.__name__)
def test_proportion_intervals_of_arrays_equal_those_of_each_element(
    interval: Callable[..., stats.Interval],
) -> None:
    k, n = pd.Series([0, 3, 7, 0], index=list("abcd")), pd.Series([5, 5, 7, 0], index=list("abcd"))
    result = interval(k, n)
    assert isinstance(result.low, np.ndarray)
    each = [interval(int(a), int(b)) for a, b in zip(k, n, strict=True)]
    np.testing.assert_array_equal(result.low, [one.low for one in each])
    np.testing.assert_array_equal(result.high, [one.high for one in each])
    assert np.isnan(interval(0, 0)).all()
    assert all(type(limit) is float for limit in interval(3, 5) + interval(0, 0))
    np.testing.assert_array_equal(interval([3, 5], 7).low, interval([3, 5], [7, 7]).low)
    assert interval([], []).low.shape == (0,)


@pytest.mark.parametrize("interval", INTERVALS, ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("k", "n", "shown"),
    [(-1, 5, "-1 of 5"), (6, 5, "6 of 5"), (1, 0, "1 of 0"), (2.5, 5, "2.5 of 5"),
     (math.nan, 5, "nan of 5"), (0, math.inf, "0 of inf"), ([1, 7], [2, 3], "7 of 3")],
)  # fmt: skip
def test_impossible_counts_are_named(
    interval: Callable[..., stats.Interval], k: Any, n: Any, shown: str
) -> None:
    with pytest.raises(ValueError, match=f"^{shown} is not a proportion: .*0 <= k <= n"):
        interval(k, n)


def test_proportions_keep_the_index_and_leave_none_of_none_undefined() -> None:
    k, n = pd.Series([9, 0], index=["x", "y"]), pd.Series([11, 0], index=["x", "y"])
    table = stats.proportions(k, n)
    assert list(table.columns) == ["share", "low", "high"]
    assert tuple(table.loc["x"]) == (close(9 / 11), *map(close, stats.wilson(9, 11)))
    assert table.loc["y"].isna().all()


@pytest.mark.parametrize("confidence", [0, 1, 95, -0.1, math.nan])
def test_confidence_lies_between_0_and_1(confidence: float) -> None:
    frame = strata_of("V1 - 2/9;V3 - 5/9")
    calls: list[Callable[[], object]] = [
        lambda: stats.wilson(1, 2, confidence),
        lambda: stats.fisher_exact([[1, 2], [3, 4]], confidence),
        lambda: stats.km_median([1], [True], confidence),
        lambda: stats.logistic(frame, "outcome", "exposure", confidence=confidence),
        lambda: stats.firth(frame, "outcome", "exposure", confidence=confidence),
        lambda: stats.kappa("ab", "ab", confidence),
    ]
    for call in calls:
        with pytest.raises(ValueError, match="confidence is"):
            call()


# --- Fisher's exact test -------------------------------------------------------------------


@against_r("fisher_exact")
def test_fisher_agrees_with_r(given_input: str, option: str, expected: pd.DataFrame) -> None:
    result = stats.fisher_exact(table_of(given_input))
    printed = named(expected)
    # R's FEXACT itself is good to about 1e-8; our sum is tested exactly below.
    assert result.p_value == close(printed["p_value"], rel=1e-7)
    assert result.odds_ratio == close(printed.get("odds_ratio", math.nan), rel=1e-8)
    assert result.interval.low == close(printed.get("low", math.nan), rel=1e-8)
    assert result.interval.high == close(printed.get("high", math.nan), rel=1e-8)


@pytest.mark.parametrize(
    ("table", "printed"),
    [
        pytest.param([[150, 63], [27, 22]], "0.044", id="single v multiple mutations"),
        pytest.param([[109, 59], [50, 21]], "0.455", id="one v more previous inhibitors"),
    ],
)
def test_fisher_gives_the_p_values_of_the_paper(table: list[list[int]], printed: str) -> None:
    """Koopman 2022, Results: benefit in 150/213 v 27/49 and in 109/168 v 50/71 evaluations."""
    assert f"{stats.fisher_exact(table).p_value:.3f}" == printed


def exact_p_value(table: list[list[int]]) -> float:
    """P value from an enumeration of all tables in exact arithmetic."""
    rows, columns = [sum(row) for row in table], [sum(row) for row in zip(*table, strict=True)]

    def ways(rows: list[int], columns: list[int]) -> list[list[list[int]]]:
        if not columns:
            return [[]] if not any(rows) else []
        firsts = itertools.product(*(range(min(row, columns[0]) + 1) for row in rows))
        return [
            [list(first), *rest]
            for first in firsts
            if sum(first) == columns[0]
            for rest in ways([r - f for r, f in zip(rows, first, strict=True)], columns[1:])
        ]

    def weight(cells: list[list[int]]) -> Fraction:
        return Fraction(1, math.prod(math.factorial(c) for row in cells for c in row))

    weights = [weight(cells) for cells in ways(rows, columns)]
    return float(sum(w for w in weights if w <= weight(table)) / sum(weights))


small_tables = st.tuples(st.integers(2, 3), st.integers(2, 3)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(0, 4), min_size=shape[1], max_size=shape[1]),
        min_size=shape[0],
        max_size=shape[0],
    )
)


@given(table=small_tables)
def test_fisher_is_exact(table: list[list[int]]) -> None:
    assert stats.fisher_exact(table).p_value == close(exact_p_value(table), rel=1e-11)


@given(table=small_tables, data=st.data())
def test_fisher_ignores_order_and_empty_rows(table: list[list[int]], data: st.DataObject) -> None:
    p_value = stats.fisher_exact(table).p_value
    assert 0 < p_value <= 1
    counts = np.array(table)
    rows = data.draw(st.permutations(range(counts.shape[0])))
    columns = data.draw(st.permutations(range(counts.shape[1])))
    padded = np.pad(counts[np.ix_(rows, columns)], ((0, 1), (1, 0)))
    for same in (counts.T, counts[np.ix_(rows, columns)], padded):
        assert stats.fisher_exact(same).p_value == close(p_value)


@given(table=st.lists(st.integers(1, 40), min_size=4, max_size=4))
def test_odds_ratio_lies_in_its_interval_and_inverts(table: list[int]) -> None:
    a, b, c, d = table
    result, swapped = stats.fisher_exact([[a, b], [c, d]]), stats.fisher_exact([[c, d], [a, b]])
    assert 0 < result.interval.low < result.odds_ratio < result.interval.high
    assert result.odds_ratio * swapped.odds_ratio == close(1, rel=1e-7)
    assert result.interval.low * swapped.interval.high == close(1, rel=1e-7)
    assert (result.odds_ratio > 1) == (a * d > b * c) or result.odds_ratio == close(1, rel=1e-9)


def test_odds_ratio_only_for_two_by_two_tables() -> None:
    larger = stats.fisher_exact([[3, 1, 4], [1, 5, 9]])
    assert math.isnan(larger.odds_ratio)
    assert np.isnan(larger.interval).all()
    assert stats.fisher_exact([[3, 0, 1], [1, 0, 5]]) == stats.fisher_exact([[3, 1], [1, 5]])


@pytest.mark.parametrize("table", [[[3, 4]], [[3, 4], [0, 0]], [[3, 0, 0], [4, 0, 0]], [[0]]])
def test_nothing_to_test_gives_p_1(table: list[list[int]]) -> None:
    result = stats.fisher_exact(table)
    assert result.p_value == 1
    assert math.isnan(result.odds_ratio)
    assert np.isnan(result.interval).all()


def test_a_wider_interval_at_a_higher_confidence() -> None:
    usual, wide = (stats.fisher_exact([[9, 2], [4, 6]], level).interval for level in (0.95, 0.99))
    assert wide.low < usual.low < usual.high < wide.high


def test_fisher_refuses_what_it_cannot_do_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    table = [[8, 3, 4, 2, 1], [2, 5, 3, 6, 2], [1, 2, 7, 3, 4]]
    monkeypatch.setattr("alkpool.stats.exact.MAX_PATHS", 10_000)
    with pytest.raises(ValueError, match="3 x 5 table of 53 observations is too large"):
        stats.fisher_exact(table)


def test_fisher_says_that_it_is_too_large_before_the_longest_stage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its steps are counted before any is taken: the last that is done is to close another."""
    done = []

    def told(name: str) -> Callable[..., object]:
        kept = getattr(exact, name)
        return lambda *given: done.append(name) or kept(*given)

    for name in ("_fillings", "_merge"):
        monkeypatch.setattr(exact, name, told(name))
    skewed = [[1, 0, 1, 0, 0], [10, 14, 2, 55, 27], [5, 14, 2, 31, 12], [2, 2, 3, 10, 9]]
    with pytest.raises(ValueError, match="too large for an exact test: merge rows or columns"):
        stats.fisher_exact(skewed)
    assert done[-1] == "_merge"
    assert done.count("_fillings") < 3000


def test_fisher_answers_for_large_tables_or_says_at_once_that_it_does_not() -> None:
    """Large counts are nearly normal: Pearson's statistic, and the odds ratio of the cells."""
    begun = time.process_time()
    table = [[10_000, 11_000], [10_050, 10_000]]
    result = stats.fisher_exact(table)
    assert result.odds_ratio == close(10_000 * 10_000 / 11_000 / 10_050, rel=1e-4)
    error = math.sqrt(sum(1 / count for row in table for count in row))
    for limit, side in zip(result.interval, (-1, 1), strict=True):
        assert math.log(limit / result.odds_ratio) == close(1.96 * side * error, rel=1e-2)
    even = [[5_000, 5_030], [5_010, 5_000]]
    pearson = distributions.chi2_contingency(even, correction=True).pvalue
    assert stats.fisher_exact(even).p_value == close(pearson, rel=1e-3)
    for size in (10**5, 10**12):
        with pytest.raises(ValueError, match="observations is too large for an exact test"):
            stats.fisher_exact([[size, 1, 2], [3, size, 5]])
    assert time.process_time() - begun < 20


@pytest.mark.parametrize(
    ("rows", "columns", "total", "answered"),
    [(2, 5, 1000, True), (3, 4, 200, True), (3, 6, 100, True), (2, 40, 895, False),
     (4, 5, 200, False)],
)  # fmt: skip
def test_fisher_has_the_limits_that_it_says(
    rows: int, columns: int, total: int, *, answered: bool
) -> None:  # F54
    shares = np.outer(np.arange(rows) + 2, np.arange(columns) % 5 + 3).ravel()
    drawn = np.random.default_rng(1).multinomial(total, shares / shares.sum())
    begun = time.process_time()
    if answered:
        assert 0 < stats.fisher_exact(drawn.reshape(rows, columns)).p_value <= 1
    else:
        with pytest.raises(ValueError, match="too large for an exact test: merge rows or columns"):
            stats.fisher_exact(drawn.reshape(rows, columns))
    assert time.process_time() - begun < 15


@pytest.mark.parametrize(
    ("table", "message"),
    [([[1, -2], [3, 4]], "not -2"), ([[1, 2.5], [3, 4]], "not 2.5"), ([1, 2], "not 1"),
     ([[1, math.nan], [3, 4]], "not nan")],
)  # fmt: skip
def test_fisher_names_what_is_no_table_of_counts(table: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stats.fisher_exact(table)


# --- median survival -----------------------------------------------------------------------


@against_r("km_median")
def test_median_survival_agrees_with_r(
    given_input: str, option: Any, expected: pd.DataFrame
) -> None:
    months, observed = survival_of(given_input)
    result = stats.km_median(months, observed, method=option)
    printed = named(expected)
    assert (result.median, result.low, result.high) == (
        close(printed["median"]), close(printed["low"]), close(printed["high"]),
    )  # fmt: skip
    assert (result.n, result.events) == (len(months), sum(observed))


lines = st.lists(st.tuples(st.integers(0, 30), st.booleans()), min_size=1, max_size=40)


@given(lines=lines, at=st.integers(1, 31))
def test_share_without_event_is_the_product_of_those_who_stayed(
    lines: list[tuple[int, bool]], at: int
) -> None:
    months, observed = map(list, zip(*lines, strict=True))
    product = Fraction(1)
    for seen in sorted({month for month, event in lines if event and month < at}):
        risk = sum(month >= seen for month in months)
        product *= 1 - Fraction(sum(line == (seen, True) for line in lines), risk)
    share, (low, high) = stats.km_share(months, observed, at)
    if product > 0 and max(months) < at:
        assert math.isnan(share)
        return
    assert share == close(float(product))
    assert math.isnan(low) == (product in (0, 1))
    assert not low > share
    assert not share > high


def test_share_without_event_agrees_with_greenwood_and_the_log_log_limits() -> None:
    """Worked by hand: 4/5 * 2/3; the variance of its logarithm is 1/20 + 1/6."""
    share, (low, high) = stats.km_share([2, 5, 8, 11, 14], [True, False, True, False, True], 9)
    power = math.exp(1.959964 * math.sqrt(1 / 20 + 1 / 6) / -math.log(8 / 15))
    assert (share, low, high) == (
        close(8 / 15), close((8 / 15) ** power, 1e-6), close((8 / 15) ** (1 / power), 1e-6)
    )  # fmt: skip


@given(lines=lines, data=st.data(), method=st.sampled_from(["log-log", "linear", "normal"]))
def test_median_survival_properties(
    lines: list[tuple[int, bool]], data: st.DataObject, method: Any
) -> None:
    months, observed = map(list, zip(*lines, strict=True))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = stats.km_median(months, observed, method=method)
    limits = [x for x in (result.low, result.median, result.high) if not math.isnan(x)]
    assert limits == sorted(limits)
    assert all(limit >= 0 for limit in limits)
    shuffled = data.draw(st.permutations(lines))
    again = stats.km_median(*map(list, zip(*shuffled, strict=True)), method=method)
    assert repr(again) == repr(result)
    doubled = stats.km_median([2 * month for month in months], observed, method=method)
    assert doubled.median == close(2 * result.median)
    assert doubled.high == close(2 * result.high)


@given(months=st.lists(st.integers(1, 1000), min_size=1, max_size=30, unique=True))
def test_median_survival_without_censoring_is_the_median(months: list[int]) -> None:
    assert stats.km_median(months, [True] * len(months)).median == np.median(months)


def test_median_that_is_not_reached() -> None:
    nothing = stats.km_median([], [])
    assert (nothing.n, nothing.events) == (0, 0)
    assert np.isnan([nothing.median, nothing.low, nothing.high]).all()
    half = stats.km_median([1, 2, 3, 4], [1, 0, 0, 0])
    assert (half.n, half.events, math.isnan(half.median)) == (4, 1, True)


def test_normal_interval_is_symmetric_but_never_negative() -> None:
    result = stats.km_median(range(1, 21), [True] * 20, method="normal")
    assert result.median - result.low == close(result.high - result.median)
    # By hand: S = .5 from 10 on, SE sqrt(.5 * .5 / 20); S is .55 at 9 and .45 at 11.
    standard_error = math.sqrt(0.25 / 20) / ((0.55 - 0.45) / (11 - 9))
    assert result.high == close(10.5 + 1.959963984540054 * standard_error)
    assert stats.km_median([1, 1, 9, 30], [1, 1, 1, 1], method="normal").low == 0


@pytest.mark.parametrize(
    ("months", "observed", "method", "message"),
    [([1, 2], [True], "linear", "2 times and 1 events"),
     ([-1], [True], "linear", "negative"),  # F57
     ([math.nan], [True], "linear", "missing"), ([1], [2], "linear", "True .event. or False"),
     ([1], [True], "plain", "method is 'plain'"), ([], [], "plain", "method is 'plain'")],
)  # fmt: skip
def test_median_survival_names_what_is_wrong(
    months: Any, observed: Any, method: Any, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        stats.km_median(months, observed, method=method)


# --- logistic regression -------------------------------------------------------------------


def adjusters(frame: pd.DataFrame) -> list[str]:
    return ["adjuster"] if frame["adjuster"].nunique() > 1 else []


def assert_same_model(result: pd.DataFrame, expected: pd.DataFrame, rel: float) -> None:
    printed = expected.pivot(index="term", columns="result", values="value")[MODEL_COLUMNS]
    assert set(result.index) == set(printed.index)
    np.testing.assert_allclose(result[MODEL_COLUMNS], printed.loc[result.index], rtol=rel)


@against_r("logistic")
def test_logistic_agrees_with_r(given_input: str, option: str, expected: pd.DataFrame) -> None:
    frame = strata_of(given_input)
    result = stats.logistic(frame, "outcome", "exposure", adjusters(frame))
    assert_same_model(result, expected, rel=1e-8)
    assert set(result["n"]) == {len(frame)}
    assert set(result["events"]) == {frame["outcome"].sum()}


@against_r("firth")
def test_firth_agrees_with_r(given_input: str, option: str, expected: pd.DataFrame) -> None:
    frame = strata_of(given_input)
    result = stats.firth(frame, "outcome", "exposure", adjusters(frame))
    assert_same_model(result, expected, rel=1e-6)


@pytest.mark.parametrize(
    ("strata", "infinite"),
    [
        pytest.param("V1 - 0/27;V3 - 15/62", "exposure[V3]", id="an empty cell"),
        pytest.param("V1 - 0/5;V3 - 5/5", "exposure[V3]", id="complete separation"),
        pytest.param("V1 - 0/5;V3 - 0/5", "intercept", id="no events"),
        pytest.param("V1 x 2/9;V1 y 3/9;V3 x 4/9;V3 z 0/9", "adjuster[z]", id="in an adjuster"),
        pytest.param("V1 x 0/9;V1 y 3/9;V3 x 4/9;V3 y 9/9", "exposure[V3]", id="in a direction"),
    ],
)
def test_separation_is_said_in_words_and_firth_is_finite(strata: str, infinite: str) -> None:
    frame = strata_of(strata)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(stats.SeparationError, match=r"no finite estimate for .*firth") as error:
            stats.logistic(frame, "outcome", "exposure", adjusters(frame))
        result = stats.firth(frame, "outcome", "exposure", adjusters(frame))
    assert infinite in str(error.value)
    assert np.isfinite(result[MODEL_COLUMNS].to_numpy()).all()


@given(table=st.tuples(*[st.integers(0, 12)] * 4))
@example(table=(12, 6, 12, 0))  # the last steps gain less than rounding takes
def test_one_binary_exposure_is_the_two_by_two_table(table: tuple[int, int, int, int]) -> None:
    a, b, c, d = table
    assume(a + b and c + d)
    frame = pd.DataFrame({
        "benefit": [1] * a + [0] * b + [1] * c + [0] * d,
        "exposed": [True] * (a + b) + [False] * (c + d),
    })  # fmt: skip
    penalised = stats.firth(frame, "benefit", "exposed").loc["exposed"]
    # Firth's estimate of a saturated model adds one half to every cell.
    assert penalised["odds_ratio"] == close(
        ((a + 0.5) * (d + 0.5)) / ((b + 0.5) * (c + 0.5)), rel=1e-7
    )
    assert penalised["low"] < penalised["odds_ratio"] < penalised["high"]
    assert (penalised["p_value"] < 0.05) == (not penalised["low"] <= 1 <= penalised["high"])
    if min(table) == 0:
        with pytest.raises(stats.SeparationError):
            stats.logistic(frame, "benefit", "exposed")
        return
    wald = stats.logistic(frame, "benefit", "exposed").loc["exposed"]
    assert wald["odds_ratio"] == close(a * d / (b * c), rel=1e-7)
    assert wald["standard_error"] == close(math.sqrt(1 / a + 1 / b + 1 / c + 1 / d), rel=1e-7)


@example(cells=[(1, 1), (2, 0), (0, 1), (0, 0), (0, 0), (0, 1)])  # an effect of nothing at all
@given(cells=st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=6, max_size=6))
def test_either_logistic_converges_or_it_says_that_it_cannot(cells: list[tuple[int, int]]) -> None:
    names = itertools.product(["V1", "V3"], ["crizotinib", "alectinib", "lorlatinib"])
    text = ";".join(
        f"{variant} {inhibitor} {events}/{events + rest}"
        for (variant, inhibitor), (events, rest) in zip(names, cells, strict=True)
    )
    frame = strata_of(text)
    assume(frame.size and frame["exposure"].nunique() == 2)
    try:
        penalised = stats.firth(frame, "outcome", "exposure", ["adjuster"])
    except ValueError as error:
        assert "determine one another" in str(error)
        return
    assert np.isfinite(penalised[MODEL_COLUMNS].to_numpy()).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            wald = stats.logistic(frame, "outcome", "exposure", ["adjuster"])
        except stats.SeparationError:
            return
    assert (wald["log_odds"].abs() < 12).all()
    assert (wald["standard_error"] < 10).all()


def test_terms_and_reference_categories() -> None:
    frame = strata_of("V1 x 2/9;V1 y 5/9;V3 x 4/9;V3 y 6/9;V2 x 3/8;V2 y 4/8").assign(
        several=lambda f: (f["adjuster"] == "y").astype(int)
    )
    frame["exposure"] = pd.Categorical(frame["exposure"], ["V3", "V1", "V2", "V5"])
    result = stats.logistic(frame, "outcome", "exposure", ["several"])
    assert list(result.index) == ["intercept", "exposure[V1]", "exposure[V2]", "several"]
    assert result.index.name == "term"
    by_name = stats.logistic(frame, "outcome", "exposure", ["adjuster"])
    assert by_name.loc["adjuster[y]", "log_odds"] == result.loc["several", "log_odds"]
    sure = stats.logistic(frame, "outcome", "exposure", ["several"], confidence=0.99)
    assert (sure["low"] < result["low"]).all()
    assert (sure["high"] > result["high"]).all()


def test_an_adjuster_with_one_value_changes_nothing() -> None:
    frame = strata_of("V1 x 2/9;V3 x 4/9")
    for model in (stats.logistic, stats.firth):
        alone = model(frame, "outcome", "exposure")
        pd.testing.assert_frame_equal(model(frame, "outcome", "exposure", ["adjuster"]), alone)


@pytest.mark.parametrize("model", [stats.logistic, stats.firth], ids=lambda f: f.__name__)
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"outcome": 2}, "'outcome' has values other than 0 and 1"),
        ({"outcome": "yes"}, "'outcome' has values other than 0 and 1"),
        ({"exposure": "V1"}, "'exposure' has fewer than two values"),
        ({"exposure": [None] * 5 + ["V1"] * 13}, "5 of 18 rows have no value in outcome, exposure"),
    ],
)
def test_models_name_what_is_wrong(
    model: Callable[..., pd.DataFrame], change: dict[str, Any], message: str
) -> None:
    frame = strata_of("V1 x 2/9;V3 y 4/9")
    with pytest.raises(ValueError, match=message):
        model(frame.assign(**change), "outcome", "exposure", ["adjuster"])
    with pytest.raises(ValueError, match="no column dose; there are outcome, exposure, adjuster"):
        model(frame, "outcome", "dose")
    with pytest.raises(ValueError, match="exposure, adjuster determine one another"):
        model(frame, "outcome", "exposure", ["adjuster"])


# --- agreement -----------------------------------------------------------------------------


@against_r("kappa")
def test_kappa_agrees_with_r(given_input: str, option: str, expected: pd.DataFrame) -> None:
    first, second = raters_of(table_of(given_input))
    result = stats.kappa(first, second, confidence=float(option))
    assert {name: getattr(result, name) for name in ("kappa", "low", "high")} == {
        name: close(value) for name, value in named(expected).items()
    }


items = st.lists(st.tuples(st.sampled_from("srx"), st.sampled_from("srx")), min_size=1, max_size=40)


@given(items=items)
def test_kappa_properties(items: list[tuple[str, str]]) -> None:
    a, b = map(list, zip(*items, strict=True))
    result, swapped = stats.kappa(a, b), stats.kappa(b, a)
    assert result.n == len(items)
    assert result.observed_agreement == close(np.mean([x == y for x, y in items]))
    shares = [(a.count(label) / len(a)) * (b.count(label) / len(b)) for label in "srx"]
    assert result.expected_agreement == close(sum(shares))
    if len({*a, *b}) == 1:
        assert result.expected_agreement == 1
        assert np.isnan([result.kappa, result.low, result.high]).all()
        return
    assert -1 <= result.low <= result.kappa <= result.high <= 1
    assert (result.kappa, result.low, result.high) == (
        close(swapped.kappa), close(swapped.low), close(swapped.high),
    )  # fmt: skip
    assert (result.kappa == close(1)) == (a == b)
    renamed = stats.kappa([label.upper() for label in a], [label.upper() for label in b])
    assert renamed == result


def test_kappa_of_nothing_and_of_faulty_labels() -> None:
    nothing = stats.kappa([], [])
    assert nothing.n == 0
    assert math.isnan(nothing.kappa)
    with pytest.raises(ValueError, match="2 and 1 labels"):
        stats.kappa(["s", "r"], ["s"])
    with pytest.raises(ValueError, match="a label is missing"):
        stats.kappa(["s", None], ["s", "r"])


# --- families of tests ---------------------------------------------------------------------


@against_r("adjust")
def test_adjust_agrees_with_r(given_input: str, option: Any, expected: pd.DataFrame) -> None:
    p_values = [float(word) for word in given_input.split()]
    np.testing.assert_allclose(stats.adjust(p_values, option), expected["value"], rtol=1e-12)


families = st.lists(st.one_of(st.floats(0, 1), st.just(math.nan)), max_size=12)


@given(family=families)
def test_adjust_properties(family: list[float]) -> None:
    raw = np.array(family, dtype=float)
    discovery, holm = stats.adjust(family), stats.adjust(family, "holm")
    tested = ~np.isnan(raw)
    bonferroni = np.minimum(raw * tested.sum(), 1)
    for adjusted in (discovery, holm):
        np.testing.assert_array_equal(np.isnan(adjusted), ~tested)
        order = np.argsort(raw[tested], kind="stable")
        assert (np.diff(adjusted[tested][order]) >= 0).all()
    slack = 1e-12
    assert (raw[tested] <= discovery[tested] + slack).all()
    assert (discovery[tested] <= holm[tested] + slack).all()
    assert (holm[tested] <= bonferroni[tested] + slack).all()
    np.testing.assert_array_equal(discovery[tested], stats.adjust(raw[tested]))


def test_adjust_leaves_its_input_alone_and_names_what_is_wrong() -> None:
    family = pd.Series([0.01, 0.04], index=["x", "y"])
    np.testing.assert_allclose(stats.adjust(family), [0.02, 0.04])
    assert list(family) == [0.01, 0.04]
    with pytest.raises(ValueError, match=r"1\.2 is not a P value"):
        stats.adjust([0.1, 1.2])
    with pytest.raises(ValueError, match="must be one of benjamini-hochberg, holm"):
        stats.adjust([0.1], "bonferroni")  # type: ignore[arg-type]
