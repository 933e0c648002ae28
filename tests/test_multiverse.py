"""The multiverse: each universe is the plain analysis of a cohort with those choices made."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from factory import line, make_cohort, sample
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import alkpool
from alkpool import actionability, invitro, multiverse
from alkpool.benefit import classify, evaluable
from alkpool.choices import CHOICES, Universe, apply, calls, grid, plain
from alkpool.cohort import Cohort, analysis_set
from alkpool.invitro import InVitro
from alkpool.multiverse import Multiverse, run
from alkpool.mutations import is_compound
from alkpool.tallies import add, tally
from alkpool.vocabulary import Benefit, Verdict

GRID = grid()
NAMES = ("curated", "reconstructed")


@pytest.fixture(scope="module", params=NAMES)
def project(request: pytest.FixtureRequest) -> tuple[Cohort, InVitro, Multiverse]:
    cohort = alkpool.load(request.param)
    laboratory = invitro.load_for(cohort)
    return cohort, laboratory, run(cohort, GRID, laboratory)


def decided(cohort: Cohort, universe: Universe) -> pd.DataFrame:
    """Lines with a decided benefit, and whether their sample has several mutations."""
    # Profiles as reported: several mutations of one residue are several mutations.
    pool = analysis_set(apply(cohort, dataclasses.replace(universe, profiles="exact")))
    lines = evaluable(classify(pool.treatments, universe.benefit_rule))
    lines = lines.merge(pool.samples[["sample_id", "mutations"]], on="sample_id")
    lines = lines[lines["benefit"] != Benefit.UNKNOWN]
    return lines.assign(several=lines["mutations"].map(is_compound).astype(bool))


def assert_plain(
    every: Multiverse, cohort: Cohort, laboratory: InVitro | None, numbers: Sequence[int]
) -> None:
    """Compare universes with the analysis as the chapters make it, number by number."""
    table = every.table(numbers)
    verdicts = every.verdicts(numbers)
    for place, number in enumerate(numbers):
        universe, answers = every.grid.universe(number), table.iloc[place]
        assert every.grid.number(universe) == answers["universe"] == number
        assert all(answers[name] == level for name, level in dataclasses.asdict(universe).items())
        expected, got = plain(cohort, universe), every.matrix(number)
        assert_frame_equal(got, expected[list(got)], check_dtype=False)
        present = verdicts[place] != multiverse.ABSENT
        words = [str(multiverse.VERDICTS[code]) for code in verdicts[place][present]]
        assert words == list(expected["verdict"])
        lines = decided(cohort, universe)
        helped = lines["benefit"] == Benefit.BENEFIT
        assert (answers["benefit k"], answers["benefit n"]) == (helped.sum(), len(lines))
        for word, group in (("one", ~lines["several"]), ("several", lines["several"])):
            assert answers[f"single_minus_multiple {word} k"] == (helped & group).sum()
            assert answers[f"single_minus_multiple {word} n"] == group.sum()
        for verdict in Verdict:
            assert answers[f"{verdict} k"] == (expected["verdict"] == verdict).sum()
            assert answers[f"{verdict} n"] == len(expected)
        if laboratory is None:
            continue
        agreement = invitro.agreement(expected, calls(laboratory, universe)).set_index("model_id")
        for model in every.models:
            counts = (answers[f"agreement {model} k"], answers[f"agreement {model} n"])
            assert counts == tuple(agreement.loc[model, ["agreeing", "compared"]])


def test_sampled_universes_are_the_plain_analysis(project):
    cohort, laboratory, every = project
    assert_plain(every, cohort, laboratory, GRID.sample(6).tolist())


def test_every_level_of_every_choice_is_the_plain_analysis(project):
    """Universes that have every level between them, each choice turning at its own pace."""
    cohort, laboratory, every = project
    numbers = []
    for turn in range(max(GRID.shape)):
        places = [turn // (1 + place % 3) % len(c.levels) for place, c in enumerate(CHOICES)]
        numbers.append(int(np.ravel_multi_index(places, GRID.shape)))
    taken = np.unravel_index(numbers, GRID.shape)
    assert [len(set(places)) for places in taken] == list(GRID.shape)
    assert_plain(every, cohort, laboratory, numbers)


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
        "unknown" if status != "included" and draw(st.booleans()) else mutations,
        draw(st.sampled_from(["crizotinib", "alectinib", "unknown"])),
        *draw(st.lists(a_line(), max_size=3)),
        phase=draw(st.sampled_from(["cis", "trans", "unknown"])) if "+" in mutations else None,
        specimen=draw(st.sampled_from(["tissue", "plasma", "effusion", "unknown"])),
        status=status,
    )


SMALL = grid(threshold_months=(3, 6, 12))


@st.composite
def a_cohort(draw) -> Cohort:
    made = make_cohort(draw(st.lists(a_sample(), max_size=8)))
    report = made.sources.assign(source_id="report", study_type="case_report")
    sources = draw(st.lists(st.sampled_from(["source", "report"]), min_size=8, max_size=8))
    return dataclasses.replace(
        made,
        sources=pd.concat([made.sources, report], ignore_index=True),
        patients=made.patients.assign(source_id=sources[: len(made.patients)]),
    )


@settings(max_examples=25, deadline=None)
@given(a_cohort(), st.lists(st.integers(0, SMALL.size - 1), min_size=2, max_size=4))
def test_any_cohort_in_any_universe_is_the_plain_analysis(cohort, numbers):
    every = run(cohort, SMALL)
    assert_plain(every, cohort, None, numbers)


@settings(max_examples=20, deadline=None)
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
