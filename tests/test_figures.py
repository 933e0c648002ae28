"""Every figure: few rows and many, long names; words beside words; what it says without eyes."""

import re
from collections.abc import Callable, Iterator
from io import StringIO
from itertools import combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from factory import line, make_cohort, sample
from lettering import smallest_letters

import alkpool
from alkpool import stats, style
from alkpool.analysis import actionability, benefit, distribution, groups, invitro, timeline
from alkpool.analysis.invitro import Origin
from alkpool.data.cohort import Cohort, analysis_set, flow, lines
from alkpool.figures.actionability import verdict_matrix
from alkpool.figures.assembly import selection_flow, swimmer
from alkpool.figures.benefit import benefit_flow
from alkpool.figures.distribution import class_matrix
from alkpool.figures.forest import FEWEST, forest
from alkpool.figures.groups import group_forest
from alkpool.figures.invitro import potency_strips
from alkpool.figures.matrix import Matrix, drawn, verdict_cell
from alkpool.figures.multiverse import specification_curve, stability_map
from alkpool.figures.timeline import telling, verdicts_by_year
from alkpool.figures.uncertainty import shrinkage
from alkpool.references import patient_names
from alkpool.robustness.choices import CHOICES, grid
from alkpool.robustness.multiverse import NO_SAMPLE
from alkpool.style import Drawing
from alkpool.vocabulary import Verdict

SIX = "C1156Y+I1171N+F1174L+L1196M+G1202R+G1269A"
# Eleven pixels of a screen, in points.
LEGIBLE = 8.25
LONG = "university-hospital-of-a-town-with-a-long-name-2026-patient-0001"


@pytest.fixture(autouse=True)
def the_style() -> Iterator[None]:
    style.use_style()
    yield
    plt.close("all")


COHORTS = {
    "no-rows": make_cohort([]),
    "one-row": make_cohort([sample("G1202R", "alectinib", line("lorlatinib", "PR"))]),
    "long-names": make_cohort(
        [
            sample(SIX, "unknown", line("lorlatinib", "PR"), patient=LONG, phase="cis",
                   prior="crizotinib;ceritinib;alectinib;$\\unknown{x}$;unknown"),
            sample("T1151dup", "an inhibitor of a long name", line("brigatinib", "PD")),
        ]
    ),
    "few-rows": make_cohort(
        [
            sample("G1202R", "alectinib", line("lorlatinib", "PR", pfs_relation="=", pfs_months=9)),
            sample("L1196M", "crizotinib", line("alectinib"), line("brigatinib", "PD")),
            sample("I1171N", "alectinib", prior="unknown;alectinib"),
            sample("L1196M+G1202R", "lorlatinib", phase="cis"),
        ]
    ),
}  # fmt: skip


def _drawn_probabilities(evidence: pd.DataFrame) -> pd.DataFrame:
    """Cells with a decided line, as the chapter on uncertainty hands them to its figures."""
    treated = evidence[evidence["benefit_n"] > 0]
    return treated.assign(pooled=0.5, pooled_low=0.1, pooled_high=0.9)


FEW = 10


def _stability(evidence: pd.DataFrame, most_n: int = FEW) -> pd.DataFrame:
    counts = dict.fromkeys([*map(str, Verdict), NO_SAMPLE], 1)
    return evidence[["profile", "inhibitor"]].assign(
        universes=len(counts), default=str(Verdict.CONFLICTING), most_n=most_n, **counts
    )


UNIVERSES = grid().universes(grid().sample(40))


def _rates(different: int) -> pd.Series:
    """Rates of universes, so many different ones; one universe has none."""
    rates = np.resize(np.linspace(0.2, 0.8, different), len(UNIVERSES)) if different else np.nan
    return pd.Series(rates, UNIVERSES.index).mask(UNIVERSES.index == UNIVERSES.index[-1])


def _potencies(evidence: pd.DataFrame) -> pd.DataFrame:
    models = pd.DataFrame({"model_id": [f"model {n}" for n in range(12)]})
    measured = evidence[["profile", "inhibitor"]].rename(columns={"profile": "mutations"})
    every = measured.merge(models, how="cross")
    return every.assign(
        value=np.resize([0.001, 5, 64, np.nan, 99_999], len(every)),
        relation=np.resize(["=", "<", "~", "", ">"], len(every)),
        call=np.resize(["sensitive", "resistant", "intermediate", "unknown"], len(every)),
        origin=np.resize(list(map(str, Origin)), len(every)),
    )


CHOSEN = [CHOICES[0], CHOICES[7]]

FIGURES: dict[str, Callable[[Cohort, pd.DataFrame], Drawing]] = {
    "selection": lambda pool, _: selection_flow(flow(pool), {"cohort": "Cohort studies"}),
    "swimmer": lambda pool, _: swimmer(lines(pool), patient_names(pool.patients, pool.sources)),
    "benefit": lambda pool, _: benefit_flow(
        benefit.classify(lines(pool)), benefit.BenefitRule(threshold_months=6.5)
    ),
    "forest": lambda pool, _: forest(
        distribution.by_inhibitor(pool),
        "resistance_on",
        "samples",
        "total",
        xlabel="share",
        fewest=1,
    ),
    "classes": lambda pool, _: class_matrix(distribution.by_class(pool)),
    "verdicts": lambda _, evidence: verdict_matrix(evidence),
    "potency": lambda _, evidence: potency_strips(evidence, _potencies(evidence)),
    "shrinkage": lambda _, evidence: shrinkage(_drawn_probabilities(evidence), fewest=1),
    "stability": lambda _, evidence: stability_map(_stability(evidence), FEW),
    "few-lines": lambda _, evidence: stability_map(_stability(evidence, FEW - 1), FEW),
    "curve": lambda pool, _: specification_curve(
        _rates(len(pool.samples)), UNIVERSES, CHOSEN, label="Benefit rate", unit="share"
    ),
    "years": lambda pool, _: verdicts_by_year(telling(timeline.over_time(pool), 24)),
}


def drawing(name: str, cohort: Cohort) -> Drawing:
    pool = analysis_set(cohort)
    return FIGURES[name](pool, actionability.matrix(pool))


def svg(made: Drawing) -> str:
    assert made.figure is not None
    written = StringIO()
    made.figure.savefig(written, format="svg", metadata={"Date": None})
    return written.getvalue()


@pytest.mark.parametrize("cohort", COHORTS)
@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_drawn_of_whatever_there_is(name: str, cohort: str, thorough: bool) -> None:
    """Warnings, which pytest turns into errors, would cost the book.

    The same every time; by day one figure is drawn again.
    """
    made = drawing(name, COHORTS[cohort])
    assert made.alt.strip()
    assert not re.search(r"\bnan\b|\bNone\b|<NA>|  ", made.alt)
    if made.figure is None:
        assert cohort != "few-rows"
        return
    drawn = svg(made)
    smallest = smallest_letters(drawn)
    # The book shows the table of a matrix; its figure is for print and for enlarging.
    assert smallest >= LEGIBLE or made.html
    if thorough or name == "verdicts":
        again = drawing(name, COHORTS[cohort])
        assert (svg(again), again.html) == (drawn, made.html)
    assert made.figure.get_tightbbox().width <= style.COLUMN + 0.1


def test_a_cell_of_few_lines_shows_which_verdicts_occur_and_no_shares() -> None:
    cell = {"profile": ["G1202R"], "inhibitor": ["lorlatinib"]}
    seen = {Verdict.INSUFFICIENT: 8, Verdict.NONE: 2}
    counts = {word: seen.get(word, 0) for word in [*map(str, Verdict), NO_SAMPLE]}
    rows = _stability(pd.DataFrame(cell)).assign(default=str(Verdict.NONE), universes=10, **counts)
    many = stability_map(rows, FEW).html
    assert "80%" in many
    assert "20%" in many
    assert "occurs" not in many
    few = stability_map(rows.assign(most_n=FEW - 1), FEW).html
    assert "%" not in few
    # The default and not the most frequent first: that would be a share again.
    assert "no benefit</span><br>occurs<br>? occurs<" in few


def test_the_longest_profile_leaves_room_for_what_is_shown() -> None:  # F51
    made = drawing("shrinkage", COHORTS["long-names"]).figure
    assert made is not None
    made.draw_without_rendering()
    assert made.axes[0].get_position().width > 0.4


def test_the_figure_of_published_groups() -> None:
    published = groups.outcomes_by_mutation(alkpool.load_groups())
    for rows in (slice(0), slice(1), slice(None)):
        made = group_forest(published[rows])
        assert made.alt
        if made.figure is not None:
            assert smallest_letters(svg(made)) >= LEGIBLE
            assert made.figure.get_tightbbox().width <= style.COLUMN + 0.1


@pytest.fixture(scope="module", params=["curated", "reconstructed"])
def verdicts(request: pytest.FixtureRequest) -> Drawing:
    """Figure 5, of few samples and of many."""
    style.use_style()
    return verdict_matrix(actionability.matrix(analysis_set(alkpool.load(request.param))))


def test_no_words_stand_on_others(verdicts: Drawing) -> None:
    assert verdicts.figure is not None
    (ax,) = verdicts.figure.axes
    verdicts.figure.draw_without_rendering()
    texts = [*ax.texts, *ax.get_yticklabels()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts if text.get_text()]
    assert len(boxes) > 50
    # The boxes of two lines may share a hair's breadth above their letters.
    shared = [
        (one, other)
        for (one, box), (other, second) in combinations(boxes, 2)
        if min(box.x1, second.x1) - max(box.x0, second.x0) > 0.5
        and min(box.y1, second.y1) - max(box.y0, second.y0) > 2
    ]
    assert shared == []


def table(made: Drawing) -> BeautifulSoup:
    return BeautifulSoup(made.html, "html.parser")


@pytest.mark.parametrize("cohort", ["few-rows", "long-names"])
def test_page_and_print_show_the_same_cells(cohort: str) -> None:
    """Verdict, rule, counts, intervals and lines not counted, in both renderings."""
    evidence = actionability.matrix(analysis_set(COHORTS[cohort]))
    made = verdict_matrix(evidence)
    assert made.figure is not None
    page = [" ".join(cell.get_text(" ").split()) for cell in table(made).select("tbody td:not(.n)")]
    printed = [" ".join(text.get_text().split()) for text in made.figure.axes[0].texts]
    assert page == printed
    assert len(page) == len(evidence)
    in_order = evidence.set_index(["profile", "inhibitor"])
    rows = [row.get_text().replace("\n", "") for row in table(made).select("tbody th")]
    heads = [head.get_text() for head in table(made).select("thead th:not(.corner, .n)")]
    for cell, words in zip(((r, h) for r in rows for h in heads), page, strict=True):
        known = in_order.loc[cell]
        if known["benefit_n"]:
            assert f"B {known['benefit_k']}/{known['benefit_n']} (" in words
            assert known["rule"] in words
        uncounted = known["unknown_n"] + known["combined_n"]
        assert (f"{uncounted} not counted" in words) == (uncounted > 0)


def test_a_matrix_can_be_read_aloud() -> None:
    """Every column and row has a header, the marks have words, the key says what they mean."""
    page = table(drawing("verdicts", COHORTS["few-rows"]))
    caption = page.caption.get_text() if page.caption else ""
    assert all(str(verdict) in caption for verdict in Verdict)
    assert {head["scope"] for head in page.select("thead th")} == {"col"}
    assert {head["scope"] for head in page.select("tbody th")} == {"row"}
    assert all(cell.select_one(".words") for cell in page.select("tbody div.seen"))


def test_potencies_stand_where_their_axis_says_and_reviews_are_hollow() -> None:
    evidence = actionability.matrix(analysis_set(COHORTS["one-row"]))
    place = list(evidence["inhibitor"].drop_duplicates()).index("alectinib")
    rows = [("a", 10.0, Origin.DECIDES, "sensitive"), ("b", 1000.0, Origin.REVIEW, "resistant"),
            ("c", np.nan, Origin.DECIDES, "sensitive"), ("d", np.nan, Origin.REVIEW, "resistant"),
            ("e", np.nan, Origin.OTHER, "unknown")]  # fmt: skip
    measured = pd.DataFrame(rows, columns=["model_id", "value", "origin", "call"])
    measured = measured.assign(mutations="G1202R", inhibitor="alectinib", relation="=")
    made = potency_strips(evidence, measured)
    assert made.figure is not None
    (ax,) = made.figure.axes
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    low, high = (float(np.asarray(dot.get_xdata())[0]) for dot in dots)
    ticks = dict(
        zip(ax.get_xticks(), (each.get_text() for each in ax.get_xticklabels()), strict=True)
    )
    one, hundred, most = (tick for tick, _ in sorted(ticks.items()) if place < tick < place + 1)
    assert [ticks[tick] for tick in (one, hundred, most)] == ["1", "100", "10k"]
    assert low == pytest.approx((one + hundred) / 2)
    assert high == pytest.approx((hundred + most) / 2)
    assert [dot.get_markerfacecolor() for dot in dots] == [style.ACCENT, style.PAPER]
    assert "S1 (R1)" in [text.get_text() for text in ax.texts]
    assert "2 values from 10 to 1000 nM" in made.alt
    assert made.alt.endswith("Calls without a number: 3.")
    table = invitro.spans(measured).set_index("origin")
    assert table.loc[Origin.DECIDES, ["values", "ic50", "calls"]].to_list() == [
        1,
        "10",
        "sensitive 1",
    ]


def test_hostile_names_are_shown_as_text() -> None:
    hostile = '<script>alert("x")</script>'
    cells = {(hostile, hostile): verdict_cell("likely beneficial", hostile, [hostile])}
    made = drawn(Matrix([hostile], [hostile], cells, hostile), "One cell.")
    assert "<script" not in made.html
    assert made.html.count("&lt;script") == 5


def test_few_observations_are_words_and_no_bar() -> None:
    counts = pd.DataFrame({"name": ["few", "many"], "k": [1, 3], "n": [FEWEST - 1, FEWEST]})
    counts = counts.join(stats.proportions(counts["k"], counts["n"]))
    made = forest(counts, "name", "k", "n", xlabel="agreement")
    assert made.figure is not None
    (ax,) = made.figure.axes
    bars, marks = ax.collections
    # Of "many" only.
    assert [segment[:, 1].tolist() for segment in bars.get_segments()] == [[0, 0]]
    assert marks.get_offsets()[:, 1].tolist() == [0]
    words = [text.get_text() for text in ax.texts]
    assert "too few: 25% (5–70%)" in words
    assert {"1/4", "3/5"} <= set(words)


def test_a_figure_of_nothing_but_few_is_a_sentence() -> None:
    counts = pd.DataFrame({"name": ["a"], "k": [1], "n": [2]})
    counts = counts.join(stats.proportions(counts["k"], counts["n"]))
    made = forest(counts, "name", "k", "n", xlabel="agreement")
    assert made.figure is None
    assert made.alt == "Agreement. a: 1/2 (50%; 95% CI 9% to 91%)."
    cells = _drawn_probabilities(actionability.matrix(analysis_set(COHORTS["one-row"])))
    pooled = shrinkage(cells)
    assert pooled.figure is None
    assert (
        "G1202R, lorlatinib: 1/1 (100%; 95% CI 21% to 100%), pooled 50% (10% to 90%)" in pooled.alt
    )
    assert shrinkage(cells, fewest=1).figure is not None


def test_benefit_flow_shows_the_count_of_every_branch() -> None:
    classified = benefit.classify(analysis_set(COHORTS["few-rows"]).treatments)
    made = benefit_flow(classified, benefit.BenefitRule())
    assert made.figure is not None
    words = [text.get_text() for text in made.figure.axes[0].texts]
    counts = classified["rule"].value_counts()
    for rule in benefit.RULES:
        assert any(word.startswith(f"{rule}  n = {counts.get(rule, 0)}\n") for word in words), rule
