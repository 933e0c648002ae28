"""What notebooks hand to the book: marks, escapes, wording, and figures that can be read."""

import json
import re
from io import StringIO

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from factory import line, make_cohort, sample

from alkpool import paths, show
from alkpool.analysis import actionability, benefit, distribution, invitro
from alkpool.data import laboratory
from alkpool.data.cohort import analysis_set, flow, lines
from alkpool.figures import assembly, charts
from alkpool.figures import invitro as invitro_figures

SVG = "image/svg+xml"


@pytest.fixture
def shown(monkeypatch):
    """Collect what a notebook would display."""
    displayed = []
    monkeypatch.setattr(show, "display", lambda data, **more: displayed.append((data, more)))
    return displayed


@pytest.fixture(autouse=True)
def results(tmp_path, monkeypatch):
    """Keep the tables of tests out of the project's results."""
    monkeypatch.setattr(paths, "RESULTS", tmp_path)
    charts.use_style()
    yield tmp_path
    plt.close("all")


@pytest.fixture(params=[False, True], ids=["real", "synthetic"])
def cohort(request):
    ongoing = line("ceritinib", "SD", status="ongoing", dot_relation="=", dot_months=3)
    return make_cohort(
        [
            sample("G1202R", "alectinib", line("lorlatinib", "PR", pfs_relation="=", pfs_months=9)),
            sample("L1196M", "crizotinib", line("alectinib"), line("brigatinib", "PD")),
            sample("I1171N", "alectinib", ongoing, prior="unknown;alectinib"),
            sample("L1196M+G1202R", "lorlatinib", phase="cis"),
        ],
        synthetic=request.param,
    )  # fmt: skip


def drawings(cohort):
    """Every figure of the notebooks."""
    pool = analysis_set(cohort)
    judged = benefit.classify(lines(pool))
    matrix = actionability.matrix(pool)
    classes = distribution.by_class(pool)
    calls = pd.DataFrame(
        {"model_id": ["a", "b"], "mutations": ["G1202R"] * 2, "inhibitor": ["alectinib"] * 2,
         "call": ["resistant", "sensitive"]}
    )  # fmt: skip
    failed = distribution.by_inhibitor(pool)
    return {
        "flow": charts.selection_flow(flow(pool), {"cohort": "Cohort studies"}),
        "benefit": charts.benefit_flow(judged, benefit.BenefitRule()),
        "forest": charts.forest(failed, "resistance_on", "samples", "total", xlabel="share"),
        "classes": charts.class_matrix(
            classes, sorted(set(classes["mutation_class"])), sorted(set(classes["resistance_on"]))
        ),
        "lollipop": charts.lollipop(pool.samples),
        "verdicts": charts.verdict_matrix(matrix),
        "comparison": invitro_figures.comparison_matrix(matrix, calls, {"a": 1, "b": 2}),
        "swimmer": assembly.swimmer(judged),
    }


def test_figures_are_the_same_bytes_every_time(cohort):
    def bytes_of(figure):
        drawing = StringIO()
        figure.savefig(drawing, format="svg", metadata={"Date": None})
        return drawing.getvalue()

    first = {name: bytes_of(figure) for name, figure in drawings(cohort).items()}
    assert first == {name: bytes_of(figure) for name, figure in drawings(cohort).items()}
    assert all("<svg" in drawing for drawing in first.values())


def words_of(figure):
    """All text drawn in a figure."""
    return [text.get_text() for text in figure.findobj(lambda part: hasattr(part, "get_text"))]


def test_every_cell_of_figure_5_says_verdict_rule_counts_and_intervals(cohort):
    words = words_of(drawings(cohort)["verdicts"])
    matrix = actionability.matrix(analysis_set(cohort))
    assert sum(" V" in word and word[0] in "+–±?" for word in words) == len(matrix)
    assert sum(word.startswith("B ") for word in words) == len(matrix) + 1
    assert "B 1/1 (21–100%)" in words
    assert "R 2/2 (34–100%)" not in words
    assert "R 1/2 (9–91%)" in words


def test_the_matrices_for_a_telephone_say_what_the_drawings_say(cohort):
    matrix = actionability.matrix(analysis_set(cohort))
    cells = charts.verdict_cells(matrix).cells
    assert cells.size == len(matrix)
    drawn = words_of(drawings(cohort)["verdicts"])
    for row in matrix.itertuples():
        cell = cells.loc[row.profile.replace("+", "+\n"), row.inhibitor]
        assert row.verdict in cell
        assert f"B {row.benefit_k}/{row.benefit_n}" in cell
        assert f"R {row.relapsed}/{row.relapse_n}" in cell
    text = re.sub(r"<br><small>(.*?)</small>", r" (\1)", " ".join(cells.to_numpy().ravel()))
    shares = re.findall(r"[BR] \d+/\d+(?: \([^)]*\))?", text)
    assert sorted(shares) == sorted(word for word in drawn if re.match(r"[BR] \d+/\d+", word))


def test_calls_for_a_telephone_name_their_models(cohort):
    matrix = actionability.matrix(analysis_set(cohort))
    calls = pd.DataFrame(
        {"model_id": ["a", "b", "c"], "mutations": ["G1202R"] * 3, "inhibitor": ["alectinib"] * 3,
         "call": ["resistant", "sensitive", "unknown"]}
    )  # fmt: skip
    cells = invitro_figures.comparison_cells(matrix, calls, {"a": 1, "b": 2, "c": 3}).cells
    cell = cells.loc["G1202R", "alectinib"]
    assert '<span class="call resistant"><b>R</b> 1</span>' in cell
    assert '<span class="call sensitive"><b>S</b> 2</span>' in cell
    assert "call" not in cells.loc["G1202R", "crizotinib"]


def test_a_figure_says_how_wide_it_is_and_brings_its_table(cohort, shown):
    pictures = drawings(cohort)
    table = charts.verdict_cells(actionability.matrix(analysis_set(cohort)))
    show.show_figure(pictures["forest"], "fig-x", "Caption.", "Words.", cohort)
    show.show_figure(pictures["benefit"], "fig-y", "Caption.", "Words.", cohort)
    show.show_figure(pictures["verdicts"], "fig-z", "Caption.", "Words.", cohort, telephone=table)
    classes = [more["metadata"][SVG]["alkpool"]["classes"] for _, more in shown if more]
    assert classes == ["narrow", "wide", "has-telephone-table"]
    made = shown[-1][0].data
    assert made.count("<td") == table.cells.size
    assert ("synthetic</th>" in made) == cohort.synthetic
    assert (f"<caption>{show.SYNTHETIC_MARK}" in made) == cohort.synthetic


def test_drawings_are_no_wider_than_the_text(cohort):
    for name, figure in drawings(cohort).items():
        figure.draw_without_rendering()
        assert figure.get_tightbbox().width <= charts.COLUMN + 0.1, name


def test_no_word_of_a_matrix_sticks_out_of_its_cell(cohort):
    figure = drawings(cohort)["verdicts"]
    renderer = figure.canvas.get_renderer()
    # The rows of the matrix, which lead to their pages, have a name.
    patches = [patch for patch in figure.axes[0].patches if patch.get_gid() is None]
    cells = [patch for patch in patches if patch.get_width() > 0.5]
    assert len(cells) == len(actionability.matrix(analysis_set(cohort)))
    boxes = [patch.get_window_extent(renderer) for patch in cells]
    for text in figure.axes[0].texts:
        if re.match(r"[BR] \d|.+ V\d$", text.get_text()):
            words = text.get_window_extent(renderer)
            inside = [box for box in boxes if box.x0 <= words.x0 and words.x1 <= box.x1]
            assert inside, text.get_text()


def test_verdicts_and_inhibitors_bear_their_colours_in_tables(cohort, shown):
    table = pd.DataFrame({"v": ["likely beneficial", "unlikely"], "i": ["alectinib", "ibuprofen"]})
    show.show_table(table, "Chips.", cohort)
    made = shown[0][0].data
    assert '<span class="verdict likely">likely beneficial</span>' in made
    assert '<span class="inhibitor alectinib">alectinib</span>' in made
    assert "<td >unlikely</td>" in made
    assert "<td >ibuprofen</td>" in made


def test_benefit_flow_shows_the_count_of_every_branch(cohort):
    words = words_of(drawings(cohort)["benefit"])
    counts = benefit.classify(analysis_set(cohort).treatments)["rule"].value_counts()
    for rule in benefit.RULES:
        assert any(word.startswith(f"{rule}  n = {counts.get(rule, 0)}\n") for word in words), rule


def test_a_synthetic_cohort_is_marked_everywhere(cohort, shown, results):
    table = pd.DataFrame({"n": [1]})
    show.write_table(table, "numbers", cohort)
    show.show_table(table, "Numbers.", cohort)
    show.show_publication_table(table, "Numbers", cohort)
    show.show_figure(drawings(cohort)["forest"], "fig-x", "Caption.", "Words.", cohort)
    written = (results / cohort.name / "numbers.csv").read_text()
    assert ("synthetic" in written.splitlines()[0]) == cohort.synthetic
    for data, _ in shown[:2]:
        assert ("synthetic" in data.data.lower()) == cohort.synthetic
    data, more = shown[2]
    mark = more["metadata"][SVG]["alkpool"]
    assert mark["alt"].startswith(show.SYNTHETIC_MARK) == cohort.synthetic
    assert mark["caption"].startswith(show.SYNTHETIC_MARK) == cohort.synthetic
    assert (f"<!-- {show.SYNTHETIC_MARK} -->" in data[SVG]) == cohort.synthetic


@pytest.mark.parametrize(("caption", "alt"), [("", "words"), ("words", " ")])
def test_a_figure_needs_caption_and_words(caption, alt, cohort):
    figure = drawings(cohort)["forest"]
    with pytest.raises(ValueError, match="fig-x needs a caption and an alternative text"):
        show.show_figure(figure, "fig-x", caption, alt, cohort)


def test_hostile_text_is_shown_as_text(cohort, shown):
    hostile = '<script>alert("x")</script>'
    show.show_table(pd.DataFrame({hostile: [hostile]}), hostile, cohort)
    show.show_publication_table(pd.DataFrame({"cell": [hostile]}), "Caption", cohort)
    for data, _ in shown:
        assert "<script" not in data.data
        assert "&lt;script" in data.data


def test_takeaways_are_kept_for_the_cover(cohort, shown, results):
    show.show_takeaways(["One.", "Two."], "01-x", cohort)
    path = results / cohort.name / "takeaways" / "01-x.json"
    assert json.loads(path.read_text()) == ["One.", "Two."]
    assert "- One.\n- Two." in shown[0][0].data


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00099, "P < .001"), (0.0435, "P = .043"), (1.0, "P = 1.000"), (float("nan"), "no P")],
)
def test_p_values(value, text):
    assert show.p_value(value) == text


def test_fractions():
    assert show.fraction(5, 7) == "5/7 (71%; 95% CI 36% to 92%)"
    assert show.fraction(0, 0) == "0/0 (nothing observed)"


def test_a_synthetic_cohort_meets_its_own_calls_only(monkeypatch, tmp_path):
    monkeypatch.setattr(paths, "COHORTS", tmp_path)
    folder = tmp_path / "test"
    folder.mkdir()
    (folder / "invitro_calls.csv").write_text(
        "model_id,mutations,inhibitor,call\nHorn-V1,G1202R,alectinib,resistant\n"
    )
    made_up = laboratory.load_for(make_cohort([], synthetic=True))
    assert list(made_up.measurements["model_id"]) == ["Horn-V1"]
    assert list(invitro.with_call(made_up)["call"]) == ["resistant"]
    real = laboratory.load_for(make_cohort([]))
    assert "Horn-V1" not in set(real.models["model_id"])
