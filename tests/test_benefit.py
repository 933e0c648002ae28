"""The benefit rules, row by row, at every boundary and under every parameter."""

import itertools
import tracemalloc

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alkpool
from alkpool.analysis.benefit import RULES, BenefitRule, classify, evaluable, followed
from alkpool.vocabulary import Benefit, BestResponse, Relation, TreatmentStatus

# How long an example takes says more of the machine than of the code.
unhurried = settings(deadline=None)
NOT_DECISIVE = ["SD", "MR", "NE", "unknown"]


def one_line(response="SD", pfs=None, dot=None, status="ended", rule=None):
    """Classify one line; ``pfs`` and ``dot`` are (relation, months)."""
    pfs_relation, pfs_months = pfs or ("", None)
    dot_relation, dot_months = dot or ("", None)
    table = pd.DataFrame(
        {
            "best_response": [response],
            "pfs_relation": [pfs_relation],
            "pfs_months": [pfs_months],
            "dot_relation": [dot_relation],
            "dot_months": [dot_months],
            "status": [status],
        }
    )
    row = classify(table, rule or BenefitRule()).iloc[0]
    return row["benefit"], row["rule"]


@pytest.mark.parametrize("status", list(TreatmentStatus))
@pytest.mark.parametrize("months", [None, ("=", 0.0), ("=", 60.0), (">", 2.0), ("<", 40.0)])
@pytest.mark.parametrize(
    ("response", "expected"),
    [("CR", ("benefit", "R1")), ("PR", ("benefit", "R1")), ("PD", ("no benefit", "R2"))],
)
def test_response_decides_before_months(response, expected, months, status):
    assert one_line(response, pfs=months, dot=months, status=status) == expected


@pytest.mark.parametrize("response", NOT_DECISIVE)
@pytest.mark.parametrize(
    ("pfs", "status", "expected"),
    [
        (("=", 6), "ended", ("benefit", "R3")),
        (("=", 6.0), "ongoing", ("benefit", "R3")),
        (("~", 6), "unknown", ("benefit", "R3")),
        ((">", 6), "ended", ("benefit", "R3")),
        ((">", 16), "ongoing", ("benefit", "R3")),
        (("=", 5.9), "ongoing", ("unknown", "R4")),
        (("~", 5.9), "ongoing", ("unknown", "R4")),
        (("<", 6), "ongoing", ("unknown", "R4")),
        (("<", 5.9), "ongoing", ("unknown", "R4")),
        (("=", 0), "ongoing", ("unknown", "R4")),
        (("=", 5.9), "ended", ("no benefit", "R5")),
        (("=", 5.9), "unknown", ("no benefit", "R5")),
        (("~", 5.9), "ended", ("no benefit", "R5")),
        (("<", 6), "ended", ("no benefit", "R5")),
        (("<", 6), "unknown", ("no benefit", "R5")),
        (("<", 5.9), "ended", ("no benefit", "R5")),
        (("=", 0), "ended", ("no benefit", "R5")),
        ((">", 5.9), "ended", ("unknown", "R9")),
        ((">", 0), "ongoing", ("unknown", "R9")),
        (("<", 6.1), "ended", ("unknown", "R9")),
        (("<", 6.1), "unknown", ("unknown", "R9")),
        (None, "ended", ("unknown", "R9")),
        (None, "ongoing", ("unknown", "R9")),
        (None, "unknown", ("unknown", "R9")),
    ],
)
def test_progression_free_survival(response, pfs, status, expected):
    assert one_line(response, pfs=pfs, status=status) == expected


@pytest.mark.parametrize("response", NOT_DECISIVE)
@pytest.mark.parametrize(
    ("dot", "status", "expected"),
    [
        (("=", 6), "ended", ("benefit", "R6")),
        (("~", 6.0), "ongoing", ("benefit", "R6")),
        ((">", 6), "unknown", ("benefit", "R6")),
        (("=", 5.9), "ongoing", ("unknown", "R7")),
        (("<", 6), "ongoing", ("unknown", "R7")),
        (("=", 0), "ongoing", ("unknown", "R7")),
        (("=", 5.9), "ended", ("no benefit", "R8")),
        (("=", 5.9), "unknown", ("no benefit", "R8")),
        (("<", 6), "ended", ("no benefit", "R8")),
        (("=", 0), "ended", ("no benefit", "R8")),
        ((">", 5.9), "ended", ("unknown", "R9")),
        (("<", 6.1), "ongoing", ("unknown", "R9")),
    ],
)
def test_duration_stands_in_for_missing_pfs(response, dot, status, expected):
    assert one_line(response, dot=dot, status=status) == expected


@pytest.mark.parametrize("dot", [("=", 60), ("=", 0), (">", 7)])
@pytest.mark.parametrize(
    ("pfs", "status", "expected"),
    [
        (("=", 3), "ended", ("no benefit", "R5")),
        (("=", 3), "ongoing", ("unknown", "R4")),
        (("=", 9), "ended", ("benefit", "R3")),
        ((">", 3), "ended", ("unknown", "R9")),
    ],
)
def test_duration_is_not_read_where_pfs_is_reported(pfs, dot, status, expected):
    assert one_line(pfs=pfs, dot=dot, status=status) == expected


@pytest.mark.parametrize(
    ("threshold", "pfs", "expected"),
    [
        (3, ("=", 3), "R3"),
        (3, ("=", 2.9), "R5"),
        (12, ("=", 11.9), "R5"),
        (12, (">", 12), "R3"),
        (12, (">", 6), "R9"),
        (5.5, ("<", 5.5), "R5"),
    ],
)
def test_threshold_is_a_parameter(threshold, pfs, expected):
    assert one_line(pfs=pfs, rule=BenefitRule(threshold_months=threshold))[1] == expected


def test_ongoing_duration_is_a_parameter():
    literal = BenefitRule(ongoing_dot="no benefit")
    assert one_line(dot=("=", 3), status="ongoing", rule=literal) == ("no benefit", "R7")
    assert one_line(pfs=("=", 3), status="ongoing", rule=literal) == ("unknown", "R4")
    assert one_line(dot=("=", 9), status="ongoing", rule=literal) == ("benefit", "R6")


@pytest.mark.parametrize("months", [0, -1, float("nan"), float("inf")])
def test_threshold_must_be_positive(months):
    with pytest.raises(ValueError, match="must be a number above 0"):
        BenefitRule(threshold_months=months)


@pytest.mark.parametrize("months", [60.5, 180, 1000, 2**70])
def test_threshold_is_no_number_of_days(months):
    with pytest.raises(ValueError, match="and at most 60"):
        BenefitRule(threshold_months=months)
    assert BenefitRule(threshold_months=60).threshold_months == 60


def test_ongoing_reading_must_be_known():
    with pytest.raises(ValueError, match="one of unknown, no benefit"):
        BenefitRule(ongoing_dot="benefit")


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("best_response", "SD?", "best_response is 'SD\\?' in row 0; must be one of CR, PR"),
        ("status", "stopped", "must be one of ended, ongoing, unknown"),
        ("pfs_relation", ">=", "pfs_relation is '>='"),
        ("dot_months", -1.0, "dot_months must be finite and not negative"),
    ],
)
def test_cells_outside_the_vocabulary_are_refused(column, value, message):
    table = pd.DataFrame(
        {
            "best_response": ["SD"], "pfs_relation": [""], "pfs_months": [np.nan],
            "dot_relation": ["="], "dot_months": [1.0], "status": ["ended"],
        }
    )  # fmt: skip
    with pytest.raises(ValueError, match=message):
        classify(table.assign(**{column: [value]}))
    with pytest.raises(ValueError, match=f"no column {column}"):
        classify(table.drop(columns=column))


def test_missing_cells_read_as_unknown_and_a_bare_number_as_equal():
    table = pd.DataFrame(
        {
            "best_response": [None, np.nan, ""],
            "pfs_relation": [None, "", "="],
            "pfs_months": [6, None, 5],
            "dot_relation": [None] * 3,
            "dot_months": [None] * 3,
            "status": [None, "", "ended"],
        },
        index=[7, 3, 5],
    )
    result = classify(table)
    assert list(result["rule"]) == ["R3", "R9", "R5"]
    assert list(result.index) == [7, 3, 5]


def test_combinations_are_never_evaluable():
    """What the source does not state is, unless the rule is strict."""
    table = pd.DataFrame({"monotherapy": ["yes", "no", "unknown"], "treatment_id": list("abc")})
    assert list(evaluable(table)["treatment_id"]) == ["a", "c"]
    strict = BenefitRule(monotherapy="stated")
    assert list(evaluable(table, strict)["treatment_id"]) == ["a"]
    with pytest.raises(ValueError, match="monotherapy is 'yes'"):
        BenefitRule(monotherapy="yes")


def by_hand(line, threshold, ongoing_dot):
    """Class and rule of one line, written as a doctor would say it."""
    if line["best_response"] in ("CR", "PR"):
        return "benefit", "R1"
    if line["best_response"] == "PD":
        return "no benefit", "R2"
    for measure, short_and_ongoing, (long, ongoing, short) in (
        ("pfs", "unknown", ("R3", "R4", "R5")),
        ("dot", ongoing_dot, ("R6", "R7", "R8")),
    ):
        months, relation = line[f"{measure}_months"], line[f"{measure}_relation"]
        if months is None:
            continue
        just_below = np.nextafter(months, -1) if months else 0.0
        possible = {
            "": [months], "=": [months], "~": [months], ">": [months, 1e9], "<": [0.0, just_below],
        }[relation]  # fmt: skip
        if all(value >= threshold for value in possible):
            return "benefit", long
        if all(value < threshold for value in possible):
            if line["status"] == "ongoing":
                return short_and_ongoing, ongoing
            return "no benefit", short
        return "unknown", "R9"
    return "unknown", "R9"


TERMS = {
    "best_response": [str(term) for term in BestResponse],
    "pfs_relation": ["", *map(str, Relation)],
    "dot_relation": ["", *map(str, Relation)],
    "status": [str(term) for term in TreatmentStatus],
}
SETTINGS = list(itertools.product([3.0, 6.0, 12.0], ["unknown", "no benefit"]))


def assert_as_by_hand(lines, threshold, ongoing_dot, **dtypes):
    result = classify(pd.DataFrame(lines).astype(dtypes), BenefitRule(threshold, ongoing_dot))
    found = zip(result["benefit"], result["rule"], strict=True)
    for line, ours in zip(lines, found, strict=True):
        assert ours == by_hand(line, threshold, ongoing_dot), line


@pytest.mark.parametrize("dtype", ["object", "category"])
@pytest.mark.parametrize(("threshold", "ongoing_dot"), SETTINGS)
def test_every_combination_agrees_with_the_rule_written_line_by_line(threshold, ongoing_dot, dtype):
    months = [None, np.nextafter(threshold, 0), threshold, np.nextafter(threshold, 60)]
    columns = TERMS | {"pfs_months": months, "dot_months": months}
    lines = [dict(zip(columns, row, strict=True)) for row in itertools.product(*columns.values())]
    assert len(lines) == 7 * 5 * 5 * 3 * 4 * 4
    assert_as_by_hand(lines, threshold, ongoing_dot, **dict.fromkeys(TERMS, dtype))


months = st.none() | st.floats(0, 60) | st.sampled_from([0.0, 3.0, 6.0, 12.0])
some_lines = st.lists(
    st.fixed_dictionaries(
        {name: st.sampled_from(terms) for name, terms in TERMS.items()}
        | {"pfs_months": months, "dot_months": months}
    ),
    min_size=1,
    max_size=20,
)


@unhurried
@given(lines=some_lines, setting=st.sampled_from(SETTINGS))
def test_any_months_agree_with_the_rule_written_line_by_line(lines, setting):
    assert_as_by_hand(lines, *setting)


@pytest.mark.parametrize("name", ["curated", "reconstructed"])
@pytest.mark.parametrize("setting", SETTINGS)
def test_cohorts_agree_with_the_rule_written_line_by_line(name, setting):
    lines = alkpool.load(name).treatments[[*TERMS, "pfs_months", "dot_months"]].astype(object)
    assert_as_by_hand(lines.where(lines.notna(), None).to_dict("records"), *setting)


@unhurried
@given(threshold=st.floats(0.1, 30), longer=st.floats(0, 30), pfs=st.floats(0, 100))
def test_a_higher_threshold_never_turns_no_benefit_into_benefit(threshold, longer, pfs):
    low = one_line(pfs=("=", pfs), rule=BenefitRule(threshold))[0]
    high = one_line(pfs=("=", pfs), rule=BenefitRule(threshold + longer))[0]
    assert (low, high) != (Benefit.NO_BENEFIT, Benefit.BENEFIT)


def as_categories(table):
    return table.astype(dict.fromkeys(TERMS, "category"))


@unhurried
@given(lines=some_lines)
def test_categories_stay_categories(lines):
    table = pd.DataFrame(lines, index=range(10, 10 + len(lines)))
    plain, coded = classify(table), classify(as_categories(table))
    assert list(coded["benefit"].cat.categories) == [str(term) for term in Benefit]
    assert list(coded["rule"].cat.categories) == list(RULES)
    pd.testing.assert_frame_equal(coded.astype({"benefit": str, "rule": str}), as_categories(plain))


def test_classes_are_text_where_the_responses_are():
    table = pd.DataFrame({"best_response": ["CR", "PD"], "pfs_relation": "", "pfs_months": np.nan,
                          "dot_relation": "", "dot_months": np.nan, "status": "ended"})  # fmt: skip
    for empty in (table, table.iloc[:0]):
        result = classify(empty)
        assert result["benefit"].dtype == result["rule"].dtype == pd.Series(["text"]).dtype
        assert list(result.columns) == [*table.columns, "benefit", "rule"]


def test_only_categories_in_use_must_be_known():
    table = as_categories(
        pd.DataFrame(
            {
                "best_response": ["SD", None, "SD?"], "pfs_relation": "=", "pfs_months": 7.0,
                "dot_relation": "", "dot_months": np.nan, "status": "ended",
            },
            index=[4, 2, 9],
        )
    )  # fmt: skip
    assert list(classify(table.iloc[:2])["rule"]) == ["R3", "R3"]
    with pytest.raises(ValueError, match="best_response is 'SD\\?' in row 9; must be one of CR"):
        classify(table)


def test_memory_is_a_few_bytes_a_line():
    rng = np.random.default_rng(1)
    terms = {"best_response": BestResponse, "pfs_relation": Relation, "dot_relation": Relation,
             "status": TreatmentStatus}  # fmt: skip

    def peak(count):
        table = pd.DataFrame(
            {name: pd.Categorical.from_codes(rng.integers(0, len(known), count), list(known))
             for name, known in terms.items()}
            | {name: rng.uniform(0, 12, count) for name in ("pfs_months", "dot_months")}
        )  # fmt: skip
        tracemalloc.start()
        classify(table)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(1)
    fewer, more = peak(500_000), peak(1_000_000)
    # A flag for each condition, and the number of the rule: about 26 bytes.
    assert (more - fewer) / 500_000 < 30
    assert fewer < 500_000 * 30 + 5_000_000


def test_lines_are_followed_by_pfs_else_by_treatment():
    """A lower bound or an ongoing line has no end yet; a line without months is left out."""
    lines = pd.DataFrame(
        {
            "pfs_months": [4.0, 5.0, None, 3.0, None],
            "pfs_relation": ["=", ">", "", "=", ""],
            "dot_months": [9.0, None, 7.0, None, None],
            "dot_relation": ["=", "", "<", "", ""],
            "status": ["ended", "ended", "unknown", "ongoing", "ended"],
        }
    )
    assert followed(lines).values.tolist() == [
        [4.0, True], [5.0, False], [7.0, True], [3.0, False],
    ]  # fmt: skip
