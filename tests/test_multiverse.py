"""The multiverse: each universe is the plain analysis of a cohort with those choices made."""

import dataclasses
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pandas as pd
import pytest
from factory import line, make_cohort, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import alkpool
from alkpool.analysis import actionability, invitro
from alkpool.analysis.actionability import VerdictRule
from alkpool.analysis.benefit import BenefitRule, classify, evaluable
from alkpool.data.cohort import Cohort, analysis_set
from alkpool.data.laboratory import InVitro, decides, load_for
from alkpool.mutations import is_compound, residue_class
from alkpool.robustness import multiverse
from alkpool.robustness.choices import (
    CHOICES,
    LEFT_OUT,
    RESIDUE,
    Universe,
    by_endpoint,
    calls,
    grid,
    marked,
)
from alkpool.robustness.multiverse import (
    DIFFERENCE,
    NO_SAMPLE,
    WORDS,
    Answers,
    Multiverse,
    add,
    run,
    tally,
)  # fmt: skip
from alkpool.vocabulary import Benefit, BestResponse, PatientStatus, Phase, Verdict

pytestmark = pytest.mark.xdist_group("multiverse")

GRID = grid()
NAMES = ("curated", "reconstructed")


@pytest.fixture(scope="module", params=NAMES)
def project(request: pytest.FixtureRequest) -> tuple[Cohort, InVitro, Multiverse]:
    cohort = alkpool.load(request.param)
    laboratory = load_for(cohort)
    return cohort, laboratory, run(cohort, GRID, laboratory)


def apply(cohort: Cohort, universe: Universe) -> Cohort:
    """Make the cohort whose plain analysis is that of a universe.

    Duplicates that count are included; what is left out is gone; a line that counts as benefit or
    not although it is undecided has a response that says so; profiles are residue classes, and
    mutations of unknown phase are in trans.
    """
    samples, lines = marked(cohort)
    # What is left to the rules of the universe needs no other cohort.
    by_rule = {"monotherapy", "relapse_from"}
    for choice in CHOICES:
        name = choice.name
        if choice.strict == getattr(universe, name) and name not in by_rule:
            lines = lines[~lines[f"not_{name}"]]
            if f"not_{name}" in samples:
                samples = samples[~samples[f"not_{name}"]]
    patients = cohort.patients[cohort.patients["patient_id"].isin(samples["patient_id"])]
    samples = samples[cohort.samples.columns]
    treatments = by_endpoint(lines, universe.endpoint)[cohort.treatments.columns]
    if universe.unknown_lines != LEFT_OUT:
        undecided = (
            classify(treatments, rule_of(BenefitRule, universe))["benefit"] == Benefit.UNKNOWN
        )
        best = universe.unknown_lines == "benefit"
        meant = BestResponse.PARTIAL if best else BestResponse.PROGRESSIVE
        response = treatments["best_response"].mask(undecided, str(meant))
        treatments = treatments.assign(best_response=response)
    if universe.apart == "trans and unknown":
        samples = samples.replace({"phase": {str(Phase.UNKNOWN): str(Phase.TRANS)}})
    if universe.profiles == RESIDUE:
        samples = samples.assign(mutations=samples["mutations"].map(residue_class))
    return dataclasses.replace(
        cohort, patients=patients.assign(status=str(PatientStatus.INCLUDED)), samples=samples,
        treatments=treatments,
    )  # fmt: skip


def rule_of(kind: type, universe: Universe):
    """Rule of a universe."""
    return kind(**{field.name: getattr(universe, field.name) for field in fields(kind)})


def plain(cohort: Cohort, universe: Universe) -> pd.DataFrame:
    """Evidence and verdicts of one universe the long way, as `actionability.matrix`."""
    return actionability.matrix(
        apply(cohort, universe), rule_of(VerdictRule, universe), rule_of(BenefitRule, universe),
        split_trans=universe.apart != "none",
    )  # fmt: skip


def decided(cohort: Cohort, universe: Universe) -> pd.DataFrame:
    """Lines with a decided benefit, and whether their sample has several mutations."""
    # Profiles as reported: several mutations of one residue are several mutations.
    pool = analysis_set(apply(cohort, dataclasses.replace(universe, profiles="exact")))
    lines = evaluable(
        classify(pool.treatments, rule_of(BenefitRule, universe)), rule_of(BenefitRule, universe)
    )
    lines = lines.merge(pool.samples[["sample_id", "mutations"]], on="sample_id")
    lines = lines[lines["benefit"] != Benefit.UNKNOWN]
    return lines.assign(several=lines["mutations"].map(is_compound).astype(bool))


def assert_plain(
    every: Multiverse, cohort: Cohort, laboratory: InVitro, numbers: Sequence[int]
) -> None:
    """Compare universes with the analysis as the chapters make it, number by number."""
    drawn = every.answer(every.grid.universes(numbers))
    for place, number in enumerate(numbers):
        universe = Universe(**drawn.universes.to_dict("records")[place])
        k, n = drawn.k.iloc[place], drawn.n.iloc[place]
        assert every.grid.number(universe) == drawn.universes.index[place] == number
        expected, got = plain(cohort, universe), every.matrix(number)
        assert_frame_equal(got, expected[list(got)], check_dtype=False)
        present = drawn.verdicts[place] != WORDS.index(NO_SAMPLE)
        assert [WORDS[at] for at in drawn.verdicts[place][present]] == list(expected["verdict"])
        assert list(drawn.decided[place][present]) == list(expected["benefit_n"])
        lines = decided(cohort, universe)
        helped = lines["benefit"] == Benefit.BENEFIT
        assert (k["benefit"], n["benefit"]) == (helped.sum(), len(lines))
        for word, group in (("one", ~lines["several"]), ("several", lines["several"])):
            assert k[f"{DIFFERENCE} {word}"] == (helped & group).sum()
            assert n[f"{DIFFERENCE} {word}"] == group.sum()
        for verdict in Verdict:
            assert k[verdict] == (expected["verdict"] == verdict).sum()
            assert n[verdict] == len(expected)
        agreement = invitro.agreement(expected, calls(laboratory, universe)).set_index("model_id")
        # A model that has a call in other universes only.
        agreement = agreement.reindex(every.models, fill_value=0)
        for model in every.models:
            counts = (k[f"agreement {model}"], n[f"agreement {model}"])
            assert counts == tuple(agreement.loc[model, ["agreeing", "compared"]])


def test_sampled_universes_are_the_plain_analysis(project):
    cohort, laboratory, every = project
    assert_plain(every, cohort, laboratory, GRID.sample(7)[1:].tolist())


def test_every_level_of_every_choice_is_the_plain_analysis(project):
    """Universes that have every level between them, each choice turning at its own pace."""
    cohort, laboratory, every = project
    shape = [len(choice.levels) for choice in CHOICES]
    universes = [
        Universe(
            **{
                c.name: c.levels[turn // (1 + at % 3) % len(c.levels)]
                for at, c in enumerate(CHOICES)
            }
        )
        for turn in range(9)
    ]
    for at, choice in enumerate(CHOICES):
        assert len({getattr(universe, choice.name) for universe in universes}) == shape[at]
    assert_plain(every, cohort, laboratory, [GRID.number(universe) for universe in universes])


def test_the_default_universe_is_what_the_chapters_say(project):
    cohort, laboratory, every = project
    assert_plain(every, cohort, laboratory, [GRID.number(Universe())])
    assert_frame_equal(plain(cohort, Universe()), actionability.matrix(cohort))


MONTHS = st.sampled_from(["", "0", "2.9", "3", "3.1", "6", "7.5", "12", "12.1", "40"])
RELATION = st.sampled_from(["=", "<", ">", "~"])


@st.composite
def a_line(draw) -> dict:
    made = line(
        draw(st.sampled_from(["alectinib", "lorlatinib", "crizotinib", "neladalkib"])),
        draw(st.sampled_from(["CR", "PR", "SD", "PD", "MR", "NE", "unknown"])),
        monotherapy=draw(st.sampled_from(["yes", "yes", "no", "unknown"])),
        lines_since_sample=draw(st.sampled_from(["0", "0", "2", ""])),
        note=draw(st.sampled_from(["", "verified: no"])),
        status=draw(st.sampled_from(["ended", "ongoing", "unknown"])),
    )
    for measure in ("pfs", "dot"):
        months = draw(MONTHS)
        made |= {f"{measure}_months": months, f"{measure}_relation": months and draw(RELATION)}
    return made


@st.composite
def a_sample(draw) -> dict:
    mutations = draw(
        st.sampled_from(
            ["G1202R", "L1196M", "I1171N", "I1171S", "L1196M+G1202R", "I1171N+I1171S", "T1151dup"]
        )
    )
    status = draw(st.sampled_from(["included", "included", "duplicate", "excluded"]))
    return sample(
        mutations,
        draw(st.sampled_from(["crizotinib", "alectinib", "unknown"])),
        *draw(st.lists(a_line(), max_size=3)),
        phase=draw(st.sampled_from(["cis", "trans", "unknown"])) if "+" in mutations else None,
        specimen=draw(st.sampled_from(["tissue", "plasma", "effusion", "unknown"])),
        status=status,
    )


SMALL = grid(
    threshold_months=(3, 6, 12), high_sensitivity=(0.75,), low_relapse_share=(0.05,),
    likely_lower=(0, 0.3),
)  # fmt: skip


@st.composite
def a_cohort(draw) -> Cohort:
    made = make_cohort(draw(st.lists(a_sample(), max_size=8)))
    report = made.sources.assign(source_id="report", study_type="case_report", sampling="selected")
    if len(made.samples):
        notes = st.sampled_from(["", "seen; verified: partial", "verified: yes"])
        of_samples = draw(st.lists(notes, min_size=8, max_size=8))[: len(made.samples)]
        # Two patients with several samples of their own.
        who = np.where(np.arange(len(made.samples)) < 3, "p0", made.samples["patient_id"])
        made = dataclasses.replace(
            made,
            samples=made.samples.assign(
                note=of_samples, patient_id=who, sample_order=np.arange(len(made.samples)) + 1
            ),
        )
    sources = draw(st.lists(st.sampled_from(["source", "report"]), min_size=8, max_size=8))
    named = np.array(draw(st.lists(st.booleans(), min_size=8, max_size=8)))[: len(made.samples)]
    named |= made.patients["status"].to_numpy() == "included"
    return dataclasses.replace(
        made,
        samples=made.samples.assign(mutations=made.samples["mutations"].where(named, "unknown")),
        sources=pd.concat([made.sources, report], ignore_index=True),
        patients=made.patients.assign(source_id=sources[: len(made.patients)]),
    )


@settings(max_examples=10, deadline=None)
@given(a_cohort(), st.lists(st.integers(0, SMALL.size - 1), min_size=2, max_size=4))
def test_any_cohort_in_any_universe_is_the_plain_analysis(cohort, numbers):
    laboratory = load_for(cohort)
    assert_plain(run(cohort, SMALL, laboratory), cohort, laboratory, numbers)


@settings(max_examples=5, deadline=None)
@given(a_cohort(), a_cohort())
def test_tallies_of_parts_add_up(one, other):
    named = {"patients": ["patient_id"], "samples": ["patient_id", "sample_id"]}
    named["treatments"] = ["sample_id", "treatment_id"]
    apart = {
        table: getattr(other, table).assign(
            **{key: "other-" + getattr(other, table)[key] for key in keys}
        )
        for table, keys in named.items()
    }
    second = dataclasses.replace(other, **apart)
    pooled = {
        table: pd.concat([getattr(one, table), apart[table]], ignore_index=True) for table in named
    }
    whole = tally(dataclasses.replace(one, **pooled), SMALL)
    parts = [tally(part, SMALL) for part in (one, second)]
    assert_frame_equal(add(parts), whole)
    assert_frame_equal(add(parts[::-1]), whole)


# Small enough to look at every universe.
WHOLE = grid(
    threshold_months=(3, 6), endpoint=("response, then months",),
    ongoing_dot=("unknown",), monotherapy=("not combined",),
    biopsy=("any",), unverified=("counted",), apart=("trans",), relapse_from=("consecutive",),
    high_sensitivity=(0.75,), high_relapse_samples=(3,), low_relapse_share=(0.05,),
    low_sensitivity=(0.4, 0.5), min_evaluable=(2, 3), high_relapse_share=(0.1,),
    exploratory=("potency",), case_reports=("counted",), likely_lower=(0, 0.5),
    intermediate=("neither",), lines=("all",),
)  # fmt: skip


@pytest.fixture(scope="module")
def whole() -> tuple[Multiverse, Answers]:
    cohort = alkpool.load("reconstructed")
    every = run(cohort, WHOLE, load_for(cohort))
    return every, every.answer(WHOLE.universes(WHOLE.sample(WHOLE.size + 1)))


def test_drawn_universes_are_different_and_the_default_is_the_first():
    drawn = GRID.sample(10_000)
    assert len(set(drawn)) == len(drawn) == 10_000
    assert drawn[0] == GRID.number(Universe())
    assert list(GRID.sample(10_000)) == list(drawn)
    assert list(GRID.sample(1)) == [drawn[0]]
    assert sorted(WHOLE.sample(10**9)) == list(range(WHOLE.size))
    other = grid(Universe(plasma="left out"))
    assert other.sample(5)[0] == other.number(other.default)


def test_each_level_is_drawn_as_often_as_the_others():
    drawn = GRID.universes(GRID.sample(10_000))
    for choice in GRID.choices:
        often = drawn[choice.name].value_counts(normalize=True)
        assert set(often.index) == set(choice.levels)
        np.testing.assert_allclose(often, 1 / len(choice.levels), atol=0.02)


def test_answers_do_not_depend_on_how_many_are_counted_together(monkeypatch):
    cohort, numbers = alkpool.load("reconstructed"), GRID.sample(40)
    every = run(cohort, GRID, load_for(cohort))
    together = every.answer(GRID.universes(numbers))
    monkeypatch.setattr(multiverse, "AT_ONCE", 1)
    apart = every.answer(GRID.universes(numbers[::-1]))
    for name in ("universes", "k", "n", "values"):
        assert_frame_equal(getattr(apart, name)[::-1], getattr(together, name))
    np.testing.assert_array_equal(apart.verdicts[::-1], together.verdicts)
    np.testing.assert_array_equal(apart.decided[::-1], together.decided)


def test_stability_counts_every_universe(whole):
    """For a profile, or in a universe of residue classes for its class."""
    every, drawn = whole
    of_cell = pd.DataFrame(drawn.verdicts, drawn.universes.index, every.cells)
    by_class = drawn.universes["profiles"] == RESIDUE
    table = every.stability(drawn)
    assert "I1171X" not in set(table["profile"])
    assert "I1171N" in set(table["profile"])
    for _, row in table.iterrows():
        cell, of_class = (
            of_cell[name, row["inhibitor"]]
            for name in (row["profile"], residue_class(row["profile"]))
        )
        counted = cell.mask(by_class, of_class).value_counts()
        assert list(row[WORDS]) == list(counted.reindex(range(len(WORDS)), fill_value=0))
        assert row["universes"] == WHOLE.size
        assert row["default"] == WORDS[cell[WHOLE.number(Universe())]]


def assert_divided(influence: pd.DataFrame, values: pd.DataFrame, shape, tolerance) -> None:
    """Compare with the variance of a whole grid: shares alone and in total, each within its own."""
    for name, answers in values.items():
        # One axis for each choice.
        whole = answers.to_numpy().reshape(shape)
        for axis, choice in enumerate(CHOICES):
            got = influence.loc[(name, choice.name), ["first_order", "total"]]
            if not np.ptp(whole) > 0:
                assert got.isna().all()
                continue
            others = tuple(other for other in range(whole.ndim) if other != axis)
            first = whole.mean(axis=others).var() / whole.var()
            total = whole.var(axis=axis).mean() / whole.var()
            assert (abs(got - [first, total]) <= list(tolerance)).all(), (name, choice.name)


def test_influence_is_the_variance_of_the_full_grid(whole, monkeypatch):
    """Where the whole grid is there, to the digits that are told."""
    every, drawn = whole
    monkeypatch.setattr(multiverse, "SPACING", 1)
    influence = every.influence(drawn).set_index(["answer", "choice"])
    assert_divided(influence, drawn.values.sort_index(), WHOLE.shape, (0.0051, 0.0051))


@pytest.mark.parametrize("name", NAMES)
def test_influence_as_published_is_near_the_variance_of_the_full_grid(name):
    """As many universes as the chapter draws, from a grid that can still be looked at whole."""
    larger = grid(
        threshold_months=(3, 6), ongoing_dot=("unknown",), monotherapy=("not combined",),
        biopsy=("any",), unverified=("counted",), apart=("trans",), relapse_from=("consecutive",),
        min_evaluable=(2, 3), low_sensitivity=(0.4, 0.5), high_sensitivity=(0.75,),
        high_relapse_share=(0.1,), high_relapse_samples=(3,), low_relapse_share=(0.05,),
        exploratory=("potency",),
    )  # fmt: skip
    assert larger.size > 10_000
    cohort = alkpool.load(name)
    every = run(cohort, larger, load_for(cohort))
    influence = every.influence(every.answer(larger.universes(larger.sample(10_000))))
    exact = every.answer(larger.universes(np.arange(larger.size))).values
    # The chapter rounds to the nearest 10%.
    assert_divided(influence.set_index(["answer", "choice"]), exact, larger.shape, (0.02, 0.05))


def test_influence_of_what_never_changes_is_not_known():
    cohort = make_cohort([])
    every = run(cohort, SMALL, load_for(cohort))
    influence = every.influence(every.answer(SMALL.universes(SMALL.sample(100))))
    assert {"benefit", str(Verdict.LIKELY)} <= set(influence["answer"])
    assert influence[["first_order", "total"]].isna().all(axis=None)


def test_a_grid_takes_other_levels_and_another_default():
    other = grid(Universe(threshold_months=4.5), plasma=("left out", "counted"))
    assert other.levels("threshold_months") == (3, 4.5, 6, 9, 12)
    assert other.levels("plasma") == ("left out", "counted")
    assert grid(plasma=("counted", "counted")).levels("plasma") == ("counted",)
    number = other.number(other.default)
    assert Universe(**other.universes([number]).loc[number]) == other.default


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ({"colour": ("red",)}, "colour is no choice"),
        ({"plasma": ("sometimes",)}, "plasma is 'sometimes'"),
        ({"threshold_months": (0, 6)}, "above 0"),
        ({"low_sensitivity": (0.5, 0.8)}, "low_sensitivity <= high_sensitivity"),
        ({"low_relapse_share": (0.05, 0.09)}, "low_relapse_share <= high_relapse_share"),
        ({"min_evaluable": (0, 3)}, "at least 1"),
        ({"plasma": ("often",)}, "plasma is 'often'; must be one of counted, left out"),
    ],
)
def test_a_grid_refuses_levels_that_cannot_be(levels, reason):
    with pytest.raises(ValueError, match=reason):
        grid(**levels)


def test_every_choice_says_why():
    assert [choice.name for choice in CHOICES] == [f.name for f in dataclasses.fields(Universe)]
    assert [choice.name for choice in CHOICES if not (choice.reason and choice.label)] == []
    assert [c.name for c in CHOICES if getattr(Universe(), c.name) not in c.levels] == []


def judged(cohort: Cohort, **levels) -> list[tuple[str, int, int, int]]:
    """Cells with lines in a universe: inhibitor, lines with benefit, decided, undecided."""
    table = plain(cohort, Universe(**levels))
    lines = table[table["benefit_n"] + table["unknown_n"] > 0]
    columns = ["inhibitor", "benefit_k", "benefit_n", "unknown_n"]
    return [tuple(row) for row in lines[columns].to_numpy().tolist()]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({}, [("alectinib", 1, 3, 1), ("lorlatinib", 2, 2, 0)]),
        ({"endpoint": "response"}, [("alectinib", 0, 3, 1), ("lorlatinib", 1, 2, 0)]),
        ({"endpoint": "months"}, [("alectinib", 1, 3, 1), ("lorlatinib", 1, 2, 0)]),
        ({"unknown_lines": "benefit"}, [("alectinib", 2, 4, 0), ("lorlatinib", 2, 2, 0)]),
        ({"unknown_lines": "no benefit"}, [("alectinib", 1, 4, 0), ("lorlatinib", 2, 2, 0)]),
        ({"lines": "first"}, [("alectinib", 1, 3, 0), ("lorlatinib", 2, 2, 0)]),
        ({"biopsy": "just before"}, [("alectinib", 1, 2, 0), ("lorlatinib", 2, 2, 0)]),
        ({"unverified": "left out"}, [("alectinib", 1, 3, 1), ("lorlatinib", 1, 1, 0)]),
        ({"monotherapy": "stated"}, [("alectinib", 0, 2, 1), ("lorlatinib", 2, 2, 0)]),
    ],
)
def test_each_reading_of_lines_is_what_it_says(levels, expected):
    """Counted by hand, one choice at a time."""
    cohort = make_cohort(
        [
            # A response of two months; then, as second line of the patient, one undecided.
            sample("G1202R", "crizotinib",
                   line("lorlatinib", "PR", pfs_relation="=", pfs_months="2", lines_since_sample=0),
                   line("alectinib", lines_since_sample=1)),
            # Stable for eight months; the source does not say whether alone.
            sample("G1202R", "crizotinib",
                   line("alectinib", "SD", pfs_relation="=", pfs_months="8", lines_since_sample=0,
                        monotherapy="unknown")),
            sample("G1202R", "crizotinib",
                   line("alectinib", "PD", pfs_relation="=", pfs_months="1", lines_since_sample=1)),
            # Stable for two months, then stopped: time decides, and says no.
            sample("G1202R", "crizotinib",
                   line("alectinib", "SD", pfs_relation="=", pfs_months="2", lines_since_sample=0)),
            sample("G1202R", "crizotinib",
                   line("lorlatinib", "SD", pfs_relation="=", pfs_months="9", lines_since_sample=0,
                        note="x; verified: partial")),
        ]
    )  # fmt: skip
    assert judged(cohort, **levels) == expected


def test_phase_unknown_as_in_trans_and_shares_from_all_reports():
    cohort = make_cohort([sample("L1196M+G1202R", "alectinib")])
    cohort = dataclasses.replace(cohort, sources=cohort.sources.assign(sampling="selected"))
    row = plain(cohort, Universe()).query("inhibitor == 'alectinib'").iloc[0]
    assert (row["profile"], row["relapsed"], row["relapse_n"]) == ("L1196M+G1202R", 0, 0)
    apart = plain(cohort, Universe(apart="trans and unknown", relapse_from="all"))
    apart = apart.query("inhibitor == 'alectinib'")
    assert list(apart["profile"]) == ["L1196M", "G1202R"]
    assert set(apart["relapsed"]) == set(apart["relapse_n"]) == {1}


def test_an_interval_based_rule_makes_three_of_three_possible():
    helped = [line("lorlatinib", "PR")]
    three = make_cohort([sample("G1202R", "alectinib", *helped) for _ in range(3)])
    three = dataclasses.replace(
        three, samples=three.samples.assign(resistance_on=["alectinib", "alectinib", "lorlatinib"])
    )
    # One of one sample after lorlatinib has the profile: a relapsing share that is not low.
    assert verdict_of(three, "G1202R", "lorlatinib") == "possibly beneficial"
    others = make_cohort(
        [sample("G1202R", "alectinib", *helped) for _ in range(3)]
        + [sample("L1196M", "lorlatinib") for _ in range(30)]
    )
    assert verdict_of(others, "G1202R", "lorlatinib") == "likely beneficial"
    assert verdict_of(others, "G1202R", "lorlatinib", likely_lower=0.5) == "possibly beneficial"


def verdict_of(cohort: Cohort, profile: str, inhibitor: str, **levels) -> str:
    cells = plain(cohort, Universe(**levels)).set_index(["profile", "inhibitor"])
    return str(cells.loc[(profile, inhibitor), "verdict"])


@pytest.mark.parametrize(
    ("exploratory", "called"),
    [
        ("none", ["unknown", "unknown", "unknown"]),
        ("potency", ["sensitive", "resistant", "unknown"]),
        ("ratio", ["resistant", "unknown", "sensitive"]),
    ],
)
def test_calls_of_our_own_are_by_potency_or_ratio(exploratory, called):
    data = load_for(alkpool.load("curated"))
    model = data.models[
        decides(data.models)
        & (data.models["potency_type"] == "IC50")
        & (data.models["unit"] == "nM")
    ]
    model = model[model[["sensitive_max", "resistant_min"]].isna().all(axis="columns")].iloc[:1]
    (name,) = model["model_id"]
    rows = data.measurements.iloc[[0] * 4].assign(
        model_id=name, inhibitor="lorlatinib", relation="=", call_in_source="unknown",
        fold_change=[np.nan, np.nan, np.nan, 1.5], mutations=["WT", "G1202R", "L1196M", "G1269A"],
        value=[2.0, 40.0, 300.0, 100.0],
    )  # fmt: skip
    # L1196M has a ratio of 150, but a bound below 300 leaves every smaller one open.
    rows["relation"] = ["=", "=", "=" if exploratory == "potency" else "<", "="]
    found = calls(
        dataclasses.replace(data, models=model, measurements=rows),
        Universe(exploratory=exploratory),
    ).set_index("mutations")["call"]
    assert list(found[["G1202R", "L1196M", "G1269A"]]) == called
