"""What notebooks hand to the book: marks, escapes, wording, and figures that can be read."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from factory import line, make_cohort, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from alkpool import paths, show, style
from alkpool.analysis import actionability, distribution, invitro
from alkpool.data import laboratory
from alkpool.data.cohort import analysis_set
from alkpool.figures.actionability import verdict_matrix
from alkpool.figures.forest import forest
from alkpool.style import Drawing
from reconstruction.invitro_calls import as_tables

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
    yield tmp_path
    plt.close("all")


@pytest.fixture(params=[False, True], ids=["real", "synthetic"])
def cohort(request):
    return make_cohort(
        [
            sample("G1202R", "alectinib", line("lorlatinib", "PR", pfs_relation="=", pfs_months=9)),
            sample("L1196M", "crizotinib", line("alectinib"), line("brigatinib", "PD")),
        ],
        synthetic=request.param,
    )  # fmt: skip


def a_forest(cohort):
    failed = distribution.by_inhibitor(analysis_set(cohort))
    return forest(failed, "resistance_on", "samples", "total", xlabel="share", fewest=1)


def a_matrix(cohort):
    return verdict_matrix(actionability.matrix(analysis_set(cohort)))


def test_a_figure_without_room_is_shown_without_a_warning(cohort, shown):  # F50
    figure, ax = plt.subplots(figsize=(3, 2))
    ax.set_yticks([0.5], ["a name that leaves no room for anything else " * 3])
    with pytest.warns(UserWarning, match="constrained_layout not applied"):
        figure.draw_without_rendering()
    style.use_style()  # as `show` has at its import; each test begins with warnings of its own
    show.figure(Drawing(figure, "A figure."), "fig-x", "Caption.", cohort)
    assert len(shown) == 1


def test_a_matrix_is_shown_as_a_table_with_its_figure(cohort, shown):
    show.figure(a_matrix(cohort), "fig-z", "Caption.", cohort)
    (table, _), (_, more) = shown
    assert more["metadata"][SVG]["alkpool"]["classes"] == "of-matrix"
    assert table.data.startswith('<table class="interactive matrix">')
    assert (">synthetic</th>" in table.data) == cohort.synthetic
    assert (f"<caption>{show.SYNTHETIC_MARK}" in table.data) == cohort.synthetic


def test_nothing_to_draw_or_to_list_is_said(cohort, shown):
    show.figure(Drawing(None, "There is nothing."), "fig-x", "Caption.", cohort)
    show.table(pd.DataFrame({"n": []}), "Caption", cohort, empty="No row.")
    show.publication_table(pd.DataFrame({"n": []}), "Caption", cohort, empty="None at all.")
    assert [data.data for data, _ in shown] == ["There is nothing.", "No row.", "None at all."]


def test_a_table_has_the_chosen_columns_and_fractions(cohort, shown):
    rows = pd.DataFrame({"drug": ["alectinib"], "k": [5], "n": [7], "other": ["x"], "j": [None]})
    share = "Benefit / decided"
    columns = {"drug": "Drug", share: share, "other": "Other"}
    show.table(rows, "C.", cohort, columns, {share: ("k", "n"), "Rest": ("j", "n")})
    table = BeautifulSoup(shown[0][0].data, "html.parser")
    heads = [head.get_text() for head in table.select("thead th")]
    cells = dict(zip(heads, (cell.get_text() for cell in table.select("td")), strict=True))
    assert heads == ["synthetic"] * cohort.synthetic + ["Drug", share, "Other", "Rest"]
    assert cells[share] == "5/7 (71%; 95% CI 36% to 92%)"
    assert cells["Rest"] == "count or total not stated"


def test_verdicts_and_inhibitors_bear_their_colours_in_tables(cohort, shown):
    table = pd.DataFrame({"v": ["likely beneficial", "unlikely"], "i": ["alectinib", "ibuprofen"]})
    show.table(table, "Chips.", cohort)
    made = shown[0][0].data
    assert '<span class="verdict likely">likely beneficial</span>' in made
    assert '<span class="inhibitor alectinib">alectinib</span>' in made
    assert "<td >unlikely</td>" in made
    assert "<td >ibuprofen</td>" in made


def test_a_synthetic_cohort_is_marked_everywhere(cohort, shown, results):
    table = pd.DataFrame({"n": [1]})
    show.write_table(table, "numbers", cohort)
    show.table(table, "Numbers.", cohort)
    show.publication_table(table, "Numbers", cohort)
    show.figure(a_forest(cohort), "fig-x", "Caption.", cohort)
    written = (results / cohort.name / "numbers.csv").read_text()
    assert ("synthetic" in written.splitlines()[0]) == cohort.synthetic
    for data, _ in shown[:2]:
        assert ("synthetic" in data.data.lower()) == cohort.synthetic
    data, more = shown[2]
    mark = more["metadata"][SVG]["alkpool"]
    assert mark["alt"].startswith(show.SYNTHETIC_MARK) == cohort.synthetic
    assert mark["caption"].startswith(show.SYNTHETIC_MARK) == cohort.synthetic
    assert (f">{show.SYNTHETIC_MARK}</text>" in data[SVG]) == cohort.synthetic


@pytest.mark.parametrize(("caption", "alt"), [("", "words"), ("words", " ")])
def test_a_figure_needs_caption_and_words(caption, alt, cohort):
    drawing = Drawing(a_forest(cohort).figure, alt)
    with pytest.raises(ValueError, match="fig-x needs a caption and an alternative text"):
        show.figure(drawing, "fig-x", caption, cohort)


def test_hostile_text_is_shown_as_text(cohort, shown):
    hostile = '<script>alert("x")</script>'
    show.table(pd.DataFrame({hostile: [hostile]}), hostile, cohort)
    show.publication_table(pd.DataFrame({"cell": [hostile]}), "Caption", cohort)
    for data, _ in shown:
        assert "<script" not in data.data
        assert "&lt;script" in data.data


LONGEST = "I1171N+F1174L+L1196M+L1198F+G1202R+G1269A"


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([LONGEST, "G1202R", "Abcdefghij-" * 40, "a <b> & 'c' $d$ *e*", ""]),
            st.one_of(st.none(), st.integers(0, 10**9), st.text("ab|{}%\\", max_size=9)),
        ),
        max_size=3,
    )
)
def test_tables_show_every_cell_of_however_few_rows(rows):
    """As long as it is, and as it is; one sentence for none."""
    shown = []
    pool = make_cohort([sample(LONGEST, "alectinib")])
    frame = pd.DataFrame(rows, columns=["mutations", "said"], dtype=object)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(show, "display", lambda data: shown.append(data.data))
        show.table(frame, "C.", pool, {"mutations": "Mutations", "said": "Said"})
        show.publication_table(frame, "C.", pool)
    for made in shown:
        table = BeautifulSoup(made, "html.parser")
        found = [cell.get_text() for cell in table.select("tbody td")]
        expected = ["" if cell is None else str(cell) for row in rows for cell in row]
        assert found == expected if rows else made == "Nothing to list."


def template(folder: Path, text: str) -> None:
    (folder / "mine.md.j2").write_text(text, "utf-8")


@pytest.fixture
def takeaways(tmp_path, monkeypatch) -> Iterator[Path]:
    folder = tmp_path / "takeaways"
    folder.mkdir()
    monkeypatch.setattr(paths, "TAKEAWAYS", folder)
    return folder


def test_takeaways_are_the_items_of_their_template(cohort, shown, results, takeaways):
    template(
        takeaways,
        "{# a remark #}\n- It helped {{ k }} of {{ n | counted('patient') }},\n"
        "  {{ k | fraction(n) }}.\n{% if k > n %}\n- Never.\n{% endif %}\n- {{ p | p_value }}.\n",
    )
    show.takeaways("mine", cohort, k=5, n=7, p=0.04)
    sentences = ["It helped 5 of 7 patients, 5/7 (71%; 95% CI 36% to 92%).", "P = .040."]
    path = results / cohort.name / "takeaways" / "mine.json"
    assert json.loads(path.read_text()) == sentences
    assert "\n".join(f"- {sentence}" for sentence in sentences) in shown[0][0].data


def test_a_pool_says_how_many_and_which_patients_are_ours(shown, results, takeaways):
    template(takeaways, "- One.\n")
    pool = make_cohort([sample("G1202R", "alectinib"), sample("L1196M", "alectinib")])
    pool = replace(pool, own=frozenset(pool.patients["patient_id"].head(1)))
    show.takeaways("mine", pool)
    show.table(pool.samples, "Samples.", pool, {"patient_id": "Patient"})
    show.table(pool.samples, "Mutations.", pool, {"mutations": "Mutations"})
    assert shown[0][0].data == "**1 of 2 patients is our own.**"
    for data, _ in shown[2:]:
        rows = BeautifulSoup(data.data, "html.parser").select("tr")
        assert [row.select("th, td")[0].get_text() for row in rows] == ["Ours", "yes", ""]
    assert json.loads((results / pool.name / "takeaways/mine.json").read_text()) == ["One."]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {{ missing }}", "mine.md.j2: 'missing' is undefined"),
        ("- one\n- {% if %}", "mine.md.j2, line 2: Expected an expression"),
        (None, "mine.md.j2: no such file"),
    ],
)
def test_a_broken_template_is_named(text, problem, cohort, shown, takeaways):
    if text is not None:
        template(takeaways, text)
    with pytest.raises(ValueError, match=problem):
        show.takeaways("mine", cohort)


@pytest.mark.parametrize(
    ("numbers", "sentence"),
    [
        (
            [],
            "0 decided lines of treatment are spread over 0 of 9 pairs of mutation and inhibitor.",
        ),
        ([1], "1 of 9 pairs of mutation and inhibitor; it has fewer than 3."),
        ([1, 2], "2 of 9 pairs of mutation and inhibitor; all of these pairs have fewer than 3."),
        ([1, 5], "2 of 9 pairs of mutation and inhibitor; 1 of these pairs has fewer than 3."),
    ],
)
def test_pairs_with_few_lines_are_counted_in_english(numbers, sentence, cohort, shown, results):
    columns = {"benefit_n": numbers, "pooled": 0.5, "sensitivity": 0.5}
    show.takeaways(
        "07-uncertainty", cohort, lines=sum(numbers), treated=pd.DataFrame(columns), cells=9,
        rule=actionability.VerdictRule(), silent=0, clear=0, wide=0.5, prior_wide=0.9,
        readable=[], sources=[], moved=[],
    )  # fmt: skip
    assert sentence in shown[0][0].data


@pytest.mark.parametrize(
    ("differing", "unexplained", "sentence"),
    [
        (4, 0, "All 4 differences come from contradictions in print; 3 of them give"),
        (4, 3, "1 of the 4 differences comes from contradictions"),
        (1, 0, "The 1 difference comes from contradictions"),
        (1, 1, None),
        (0, 0, None),
    ],
)
def test_differences_are_counted_in_english(
    differing, unexplained, sentence, cohort, shown, results
):
    show.takeaways(
        "11-what-agrees", cohort, numbers=9, recomputed=8, matching=8 - differing, consistent=4,
        consistent_matching=4, differing=differing, unexplained=unexplained, as_read=3,
    )  # fmt: skip
    said = shown[0][0].data
    assert sentence in said if sentence else "from contradictions" not in said


@pytest.mark.parametrize("notebook", sorted(paths.NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_every_chapter_has_its_takeaways(notebook):
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert re.findall(r'show\.takeaways\(\s*"([^"]+)"', code) == [notebook.stem]
    assert (paths.TAKEAWAYS / f"{notebook.stem}.md.j2").is_file()


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
    assert laboratory.load_for(make_cohort([], synthetic=True)).measurements.empty
    calls = pd.DataFrame(
        [("Horn-V1", "G1202R", "alectinib", "resistant")],
        columns=["model_id", "mutations", "inhibitor", "call"],
    )
    (tmp_path / "test/invitro").mkdir(parents=True)
    for file, table in as_tables(calls, "test").items():
        table.to_csv(tmp_path / "test/invitro" / file, index=False)
    made_up = laboratory.load_for(make_cohort([], synthetic=True))
    assert list(made_up.measurements["model_id"]) == ["Horn-V1"]
    assert list(invitro.with_call(made_up)["call"]) == ["resistant"]
    real = laboratory.load_for(make_cohort([]))
    assert "Horn-V1" not in set(real.models["model_id"])
