"""The answer for one tumour: forty questions, what holds of all answers, and what is refused."""

import csv
import itertools
import json
import re
import time
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from factory import line, make_cohort, sample
from hypothesis import given
from hypothesis import strategies as st
from treated import BETWEEN, NOT_READ, READ_BETWEEN, TREATED, sequences
from unreported import unreported

import alkpool
from alkpool import answers, study
from alkpool.analysis import ranking, settings
from alkpool.analysis.actionability import matrix
from alkpool.analysis.benefit import BenefitRule
from alkpool.analysis.evidence import gather, look_up, records
from alkpool.analysis.question import ask
from alkpool.analysis.ranking import COMPOSING, STEPS, Evidence, Finding, composing, decide
from alkpool.analysis.settings import Settings
from alkpool.data import spelling
from alkpool.data.cohort import load
from alkpool.data.tables import assessed_inhibitors
from alkpool.problems import ProjectError
from alkpool.references import READ, in_words
from alkpool.vocabulary import Phase, Standing, Tier

pytestmark = [
    pytest.mark.xdist_group("answers"),
    pytest.mark.filterwarnings("ignore::alkpool.mutations.MutationWarning"),
]

TABLE = Path(__file__).parent / "questions.csv"
QUESTIONS = list(csv.DictReader(TABLE.read_text("utf-8").splitlines()))


@pytest.fixture(scope="module")
def curated() -> Evidence:
    return gather()


def rows_of(answer):
    return {row["inhibitor"]: row for row in records(answer.inhibitors)}


@pytest.mark.parametrize(
    "row", QUESTIONS, ids=[f"{q['profile']}-{q['prior']}-{q['inhibitor']}" for q in QUESTIONS]
)
def test_questions_with_known_answers(curated, row):
    """The standing and the tier that decides follow from the data."""
    prior = row["prior"].split(",") if row["prior"] else ()
    answer = look_up(row["profile"], prior, row["phase"], row["specimen"], evidence=curated)
    found = rows_of(answer)[row["inhibitor"]]
    assert (found["standing"], found["basis"]) == (row["standing"], row["basis"]), row["reason"]


def test_there_are_forty_questions():
    asked = {
        tuple(q[name] for name in ("profile", "prior", "phase", "specimen")) for q in QUESTIONS
    }
    assert len(QUESTIONS) >= 40
    assert len(asked) >= 30


def test_g1202r_after_alectinib(curated):
    """The flagship question: its counts, its origin, its sources."""
    answer = look_up("G1202R", ["Alecensa"], evidence=curated)
    first = records(answer.inhibitors)[0]
    assert (first["inhibitor"], first["rank"]) == ("lorlatinib", 1)
    group = first["groups"][0]
    assert (group["k"], group["n"], group["k_origin"]) == (16, 28, "implied by percentage")
    assert (group["interval"], group["interval_printed"]) == ("95% CI 39% to 73%", "95% 37-76")
    both = "16 of 28 (95% CI 39% to 73%, ours), printed: 57% (95% CI 37% to 76%)"
    assert both in " ".join(answers.to_text(answer).split())
    assert "count from a printed percentage" in first["marks"]
    said = {in_words(source): source["url"] for source in first["sources"]}
    words = "Shaw 2019, J Clin Oncol, PMID 30892989, via OncoKB (second hand)"
    assert said[words] == "https://pubmed.ncbi.nlm.nih.gov/30892989/"
    assert [row["inhibitor"] for row in answer.others if "responded" in row["known"]] == [
        "neladalkib"
    ]
    assert answer.standing_text == "There is evidence for lorlatinib (published groups)."


def test_a_line_that_is_not_counted_never_vanishes(curated):
    """The most famous case of the field: a combination, shown and marked."""
    row = rows_of(look_up("C1156Y+L1198F", ["lorlatinib"], "cis", evidence=curated))["crizotinib"]
    assert (row["patients"]["k"], row["patients"]["n"], row["patients"]["not_counted"]) == (0, 0, 1)
    assert row["patients"]["text"] == "0/0, 1 not counted (PR, ~6 months, with vinorelbine)"
    assert row["marks"] == ["1 patient", "with vinorelbine"]


def test_a_patient_with_another_tumour_is_shown_and_never_counted(curated):
    """A response of a mesothelioma is no evidence on lung cancer, and must not vanish either."""
    answer = look_up("I1171N+L1196M", ["alectinib"], "cis", evidence=curated)
    row = rows_of(answer)["lorlatinib"]
    text = (
        "0/0, 1 not counted (other tumour: pleural mesothelioma, not lung cancer; PR, 3.6 months)"
    )
    assert row["patients"]["text"] == text
    assert row["standing"] == "undecided"
    assert any("32600123" in source["url"] for source in row["sources"])


def test_conflicts_are_those_of_the_paper(curated):
    """Alectinib with L1196M and with G1202R, and no other pair."""
    conflicting = {
        (name, inhibitor)
        for name in curated.profiles
        for inhibitor in assessed_inhibitors()
        if ranking.CONFLICTING in decide(curated.cell(name, inhibitor).findings).marks
    }
    assert conflicting == {("L1196M", "alectinib"), ("G1202R", "alectinib")}


def test_only_l1198f_undoes_resistance(curated):
    """By the data: the compound responded though its other mutation resists."""
    assert curated.restoring == {("L1198F", "crizotinib")}


def test_both_readings_of_an_unknown_phase(curated):
    """Each differs for lorlatinib; plasma leads with single mutations."""
    tissue = look_up("L1196M+G1202R", evidence=curated)
    plasma = look_up("L1196M+G1202R", specimen="plasma", evidence=curated)
    assert (tissue.reading, plasma.reading) == (Phase.CIS, Phase.TRANS)
    pd.testing.assert_frame_equal(tissue.inhibitors, plasma.other_reading)
    pd.testing.assert_frame_equal(tissue.other_reading, plasma.inhibitors)
    assert look_up("G1202R", evidence=curated).other_reading is None
    assert look_up("L1196M+G1202R", phase="cis", evidence=curated).other_reading is None


def histories():
    inhibitors = assessed_inhibitors()
    yield from ((),)
    yield from ((one,) for one in inhibitors)
    yield from itertools.permutations(inhibitors, 2)


def test_what_holds_of_every_answer(curated, thorough):
    """All profiles, readings, single and double histories: no advice to repeat a failure.

    And a sample of compounds that nobody has reported. By day a seventh of them, another one for
    each profile, so that every history occurs.
    """
    asked = 0
    names = [*sorted(curated.profiles), *unreported(curated.profiles, 200 if thorough else 40)]
    for number, name in enumerate(names):
        readings = ("cis", "trans") if "+" in name else ("unknown",)
        questions = list(itertools.product(histories(), readings))
        for prior, phase in questions if thorough else questions[number % 7 :: 7]:
            answer = look_up(name, prior, phase, evidence=curated)
            rows = records(answer.inhibitors)
            asked += 1
            assert [row["inhibitor"] for row in rows] != []
            standings = [list(Standing).index(Standing(row["standing"])) for row in rows]
            assert standings == sorted(standings)
            if prior:
                assert rows[-1]["inhibitor"] == prior[-1]
                assert (rows[-1]["standing"], rows[-1]["rank"]) == ("against", None)
                assert prior[-1] not in answer.standing_text
                again = [r for r in rows if r["standing"] == "for" and r["inhibitor"] in prior]
                assert all(f"{r['inhibitor']} given before" in answer.standing_text for r in again)
            ranks = [row["rank"] for row in rows]
            assert all((rank is not None) == (row["standing"] == "for")
                       for rank, row in zip(ranks, rows, strict=True))  # fmt: skip
            counted = [row["patients"] for row in rows if row["standing"] == "undecided"]
            helped = [place for place, p in enumerate(counted) if p["k"]]
            failed = [place for place, p in enumerate(counted) if p["n"] and not p["k"]]
            assert not helped or not failed or max(helped) < min(failed)
            for row in rows:
                assert row["basis"] in ("none", "just progressed") or row["sources"]
                few = row["basis"] == Tier.FEW
                assert not few or any(re.fullmatch("[12] patients?", m) for m in row["marks"])
    assert asked > (15000 if thorough else 600)


def test_nothing_speaks_for_a_compound_but_all_its_parts(curated):
    """What speaks for one mutation says nothing where the other resists, or nobody knows."""
    found = set()
    for name in unreported(curated.profiles, 100):
        for phase, inhibitor in itertools.product((Phase.CIS, Phase.TRANS), assessed_inhibitors()):
            parts = name.split("+")
            if phase == Phase.CIS:
                parts = ranking.parts_of(name, curated.profiles)
            said = [ranking.assess(part, inhibitor, curated).standing for part in parts]
            row = rows_of(look_up(name, phase=phase, evidence=curated))[inhibitor]
            assert (row["standing"] == "for") == (set(said) == {Standing.FOR})
            assert row["standing"] == "against" or Standing.AGAINST not in said or (
                "known to undo resistance" in row["basis_text"] and phase == Phase.CIS
            )  # fmt: skip
            found.add((phase, row["standing"]))
    assert found == set(itertools.product((Phase.CIS, Phase.TRANS), Standing))


def test_every_source_opens_and_stands_once(curated):
    """A source without an address is one that was not identified, and decides nothing."""
    for (name, inhibitor), cell in curated.cells.items():
        links = [source["url"] for source in cell.sources if source["url"]]
        assert len(links) == len(set(links))
        assert all(re.fullmatch(r"https?://\S+", link) for link in links), (name, inhibitor)
        if cell.findings or cell.hint:
            assert links, (name, inhibitor)


@pytest.mark.parametrize(
    ("name", "inhibitor"),
    [("G1202R", "brigatinib"), ("G1269A", "brigatinib"), ("I1171T", "crizotinib")],
)
def test_two_models_of_one_report_are_marked(curated, name, inhibitor):
    """They are no second report; five models of G1202R with crizotinib come from five."""
    assert "one report" in curated.cell(name, inhibitor).findings[Tier.LABORATORY].marks
    assert curated.cell("G1202R", "crizotinib").findings[Tier.LABORATORY].marks == ()


def test_two_models_of_one_report_order_as_one_and_two_lines_of_one_patient_too(curated):
    """Witnesses are reports and patients: two of one share what may be wrong with them."""
    compared = 0
    limits = {1: pytest.approx(0.2065, abs=1e-4), 2: pytest.approx(0.3424, abs=1e-4)}
    for cell in curated.cells.values():
        found = cell.findings.get(Tier.LABORATORY)
        if found and found.standing == Standing.FOR and cell.laboratory["reports"] in limits:
            assert found.low == limits[cell.laboratory["reports"]]
            compared += cell.laboratory["sensitive"] > 1
    assert compared > 3
    again = [sample(PROFILE, "crizotinib", line("ceritinib", "PR"), patient="p", order=order)
             for order in (1, 2)]  # fmt: skip
    other = [sample(PROFILE, "crizotinib", line("ceritinib", "PR")) for _ in range(2)]
    one, two = (
        own(*samples).cell(PROFILE, "ceritinib").findings[Tier.FEW] for samples in (again, other)
    )
    assert (one.low, one.marks) == (limits[1], ("1 patient",))
    assert (two.low, two.marks) == (limits[2], ("2 patients",))


def test_one_dish_is_marked(curated):
    """Nothing rests on one model in silence."""
    for cell in curated.cells.values():
        models = cell.laboratory
        if Tier.LABORATORY in cell.findings:
            alone = models["sensitive"] + models["resistant"] == 1
            assert alone == ("one model" in cell.findings[Tier.LABORATORY].marks)


def test_counts_are_those_of_the_matrix(curated):
    """Decided lines of every cell, under the rules of the compendium."""
    rules = settings.configured()
    cells = matrix(load("curated"), rules.verdict, rules.benefit).to_dict("records")
    assert len(cells) > 100
    for row in cells:
        patients = curated.cell(row["profile"], row["inhibitor"]).patients
        assert (patients["k"], patients["n"]) == (row["benefit_k"], row["benefit_n"])
        assert patients["not_counted"] == row["unknown_n"] + row["combined_n"]
        assert patients["verdict"] == row["verdict"]
        assert patients["verdict_probability"] == row["verdict_probability"]


def test_every_source_is_named_and_opens(curated):
    """Whatever is said has a name, how it was read, and an address, were it only of a copy."""
    sources = [source for cell in curated.cells.values() for source in cell.sources]
    assert len(sources) > 400
    identifier = re.compile(r"(PMID |doi |PMC|CIViC EID|github).*")
    for source in sources:
        assert not identifier.fullmatch(source["text"]), source
        assert source["url"].startswith("http"), source
        assert source["read"] in list(READ.values())[:-1], source
        assert source["place"], source
    words = {in_words(source) for source in sources}
    assert "Ou 2015, Lung Cancer, PMID 25736571, via CIViC EID1367 (knowledge base)" in words
    # Read in full for its patients, in a knowledge base for an assertion.
    assert "Shaw 2016, N Engl J Med, PMID 26698910 (full text)" in words


def test_a_verdict_says_how_probable_it_is():
    """Three of four lines helped: P(at least half) is 13/16 before relapses are known."""
    lines = [line("brigatinib", found) for found in ("PR", "PR", "PR", "PD")]
    cohort = make_cohort([sample("S1206Y", "other", given) for given in lines])
    answer = look_up("S1206Y", evidence=gather(cohort))
    row = rows_of(answer)["brigatinib"]
    said = "(95% CI 30% to 95%): possibly beneficial, right with a probability of 81%"
    assert row["basis_text"] == f"benefit in 3 of 4 lines of treatment {said}"
    assert row["patients"]["verdict_probability"] == pytest.approx(13 / 16)
    assert f"3/4 {said}" in " ".join(answers.to_text(answer).split())
    (flat,) = [r for r in csv.DictReader(StringIO(answers.to_csv(answer)))
               if r["inhibitor"] == "brigatinib"]  # fmt: skip
    assert float(flat["verdict_probability"]) == pytest.approx(13 / 16)


findings = st.dictionaries(
    st.sampled_from([tier for step in STEPS for tier in step]),
    st.sampled_from(Standing).map(Finding),
)


@given(findings)
def test_the_first_step_that_speaks_decides(said):
    """Written again as sentences."""
    step = next((s for s in STEPS if any(tier in said for tier in s)), ())
    pointing = {said[tier].standing for tier in step if tier in said}
    expected = Standing.UNDECIDED
    if pointing == {Standing.FOR}:
        expected = Standing.FOR
    if pointing == {Standing.AGAINST}:
        expected = Standing.AGAINST
    assert decide(said).standing == expected


@given(findings, findings)
def test_weaker_evidence_never_overturns_stronger(strong, weak):
    """What a later step says changes nothing where an earlier one speaks."""
    step = next((place for place, s in enumerate(STEPS) if any(t in strong for t in s)), None)
    if step is not None:
        later = {t: f for s in STEPS[step + 1 :] for t in s if (f := weak.get(t)) is not None}
        assert decide({**later, **strong}).standing == decide(strong).standing


@given(st.lists(st.sampled_from(list(Standing)), min_size=1))
def test_the_weakest_part_decides(standings):
    assert composing(standings).standing == (
        Standing.AGAINST if Standing.AGAINST in standings
        else Standing.UNDECIDED if Standing.UNDECIDED in standings else Standing.FOR
    )  # fmt: skip


def test_each_step_of_composing_can_decide():
    """The table as methods.md says it; a mutation that undoes resistance decides nothing else."""
    sensitive, open_, resists = Standing.FOR, Standing.UNDECIDED, Standing.AGAINST
    asked = [
        ({resists, sensitive}, True), ({resists, open_}, False),
        ({sensitive, open_}, True), ({sensitive}, True),
    ]  # fmt: skip
    assert [composing(*one) for one in asked] == list(COMPOSING)
    assert [step.standing for step in COMPOSING] == [open_, resists, open_, sensitive]


def own(*samples, rules=None):
    return gather(make_cohort(samples), rules or Settings())


PROFILE = "Q1188L"  # nobody has reported it


@pytest.mark.parametrize(
    ("responses", "standing", "basis", "marks"),
    [
        (["PR"], "for", Tier.FEW, ["1 patient"]),
        (["PD"], "against", Tier.FEW, ["1 patient"]),
        (["PR", "PD"], "undecided", Tier.FEW, ["2 patients"]),
        (["PR", "PR", "PD"], "for", Tier.PATIENTS, []),
        (["PD", "PR", "PD"], "against", Tier.PATIENTS, []),
    ],
)
def test_patients(responses, standing, basis, marks):
    """Three decided lines are read as a share, fewer one by one."""
    evidence = own(*(sample(PROFILE, "crizotinib", line("ceritinib", r)) for r in responses))
    row = rows_of(look_up(PROFILE, evidence=evidence))["ceritinib"]
    assert (row["standing"], row["basis"], row["marks"]) == (standing, basis, marks)


def test_a_combination_with_another_alk_inhibitor_says_nothing():
    """The response cannot be attributed."""
    alone, partner = (
        own(sample(PROFILE, "crizotinib",
                   line("ceritinib", "PR", monotherapy="no", partner=partner)))
        for partner in ("alectinib", "pemetrexed")
    )  # fmt: skip
    assert rows_of(look_up(PROFILE, evidence=alone))["ceritinib"]["standing"] == "undecided"
    row = rows_of(look_up(PROFILE, evidence=partner))["ceritinib"]
    assert (row["standing"], row["marks"]) == ("for", ["1 patient", "with pemetrexed"])


def test_monotherapy_not_stated_is_evaluated_and_marked_unless_strict():
    """One parameter, here and in the matrix."""
    cases = [sample(PROFILE, "crizotinib", line("ceritinib", "PR", monotherapy="unknown"))]
    row = rows_of(look_up(PROFILE, evidence=own(*cases)))["ceritinib"]
    assert (row["patients"]["k"], row["patients"]["n"]) == (1, 1)
    assert "monotherapy not stated" in row["basis_text"]
    strict = Settings(benefit=BenefitRule(monotherapy="stated"))
    row = rows_of(look_up(PROFILE, evidence=own(*cases, rules=strict)))["ceritinib"]
    assert (row["standing"], row["patients"]["not_counted"]) == ("undecided", 1)


@pytest.mark.parametrize(
    ("asked", "text"),
    [
        (("K1150A",),
         "No evidence that counts speaks for any assessed inhibitor as next treatment."),
        # One benefited and one did not; one of five responded.
        (("V1180L",), "The evidence is mixed or weak for ceritinib, brigatinib. "
         "No evidence that counts speaks for another assessed inhibitor as next treatment."),
        # What has just failed is no answer, however mixed its evidence.
        (("V1180L", ["ceritinib"]), "The evidence is mixed or weak for brigatinib. "
         "No evidence that counts speaks for another assessed inhibitor as next treatment."),
        # What was given before, or is open for want of evidence on a part, is no way out.
        (("V1180L", ["ceritinib", "brigatinib", "lorlatinib"]),
         "No evidence that counts speaks for any assessed inhibitor as next treatment."),
        (("C1156F+L1198F", [], "cis"),
         "No evidence that counts speaks for any assessed inhibitor as next treatment."),
        # Alectinib is sensitive with C1156Y in one model, and nothing is known of L1198F.
        (("C1156Y+L1198F", [], "trans"), "No evidence that counts speaks for any assessed "
         "inhibitor as next treatment against each of these clones."),
    ],
)  # fmt: skip
def test_where_nothing_is_for_the_sentence_says_what_there_is(curated, asked, text):
    """Mixed evidence is no missing evidence."""
    assert look_up(*asked, evidence=curated).standing_text == text


def test_what_knowledge_bases_alone_state_has_a_direction(curated):
    """Resistance to crizotinib with E1210K, sensitivity to brigatinib with F1174L."""
    hints = {key: cell.hint for key, cell in curated.cells.items() if "bases" in cell.hint}
    assert len(hints) > 30
    said = re.compile(r"called (not )?(sensitive|resistant)\b.* only")
    assert all(map(said.search, hints.values()))
    assert hints["E1210K", "crizotinib"].startswith("called resistant only in knowledge bases")
    assert hints["F1174L", "brigatinib"].startswith("called sensitive only in knowledge bases")


def test_in_trans_what_is_known_of_each_clone_is_quoted_with_its_marks_and_sources(curated):
    """The weakest decides and comes first; of the others nothing is kept back."""
    answer = look_up("L1196M+G1202R", phase="trans", evidence=curated)
    row = rows_of(answer)["lorlatinib"]
    assert row["basis_text"] == (
        "L1196M: sensitive in 1 laboratory model; beside it G1202R: 16 of 28 patients with G1202R "
        "responded (95% CI 39% to 73%; Shaw 2019) "
        "[count from a printed percentage, not all with exactly this mutation]"
    )
    assert row["marks"] == ["one model", "our threshold"]
    assert any("30892989" in source["url"] for source in row["sources"])


def test_in_trans_every_clone_stands_in_the_columns(curated):
    """After alectinib not only the 9 of 11 with L1196M, also the 4 of 6 with G1202R."""
    answer = look_up("L1196M+G1202R", ["alectinib"], "trans", evidence=curated)
    for row in records(answer.inhibitors):
        clones = [row, *row["beside"]]
        assert {clone["profile"] for clone in clones} == {"L1196M", "G1202R"}
        for clone in clones:
            alone = rows_of(look_up(clone["profile"], evidence=curated))[row["inhibitor"]]
            assert alone["beside"] == []
            for name in ("patients", "groups", "relapsed", "laboratory"):
                assert clone[name] == alone[name]
    text = answers.to_text(answer)
    behind = text.partition("What stands behind it")[2].rpartition("alectinib\n")[2]
    assert "L1196M: L1196M: clinical benefit 9 of 11" in " ".join(behind.split())
    assert "G1202R: G1202R: clinical benefit 4 of 6" in " ".join(behind.split())
    assert text.count("L1196M: patients") == text.count("G1202R: patients") == 6
    flat = pd.read_csv(StringIO(answers.to_csv(answer))).query("inhibitor == 'alectinib'")
    assert flat["profile"].tolist() == ["L1196M", "G1202R"]
    for groups, told in zip(flat["groups"], ("9 of 11", "4 of 6"), strict=True):
        assert f"clinical benefit {told}" in groups


def test_a_high_share_of_relapses_speaks_against():
    """Three of three samples; two do not suffice."""
    for number, standing in ((3, "against"), (2, "undecided")):
        evidence = own(*(sample(PROFILE, "ceritinib") for _ in range(number)))
        assert rows_of(look_up(PROFILE, evidence=evidence))["ceritinib"]["standing"] == standing


def test_a_large_series_hides_no_smaller_one_that_speaks_against():
    """26 of 82 in print speak against alectinib, also beside 1 of 101 of one's own."""
    evidence = own(*(sample(name, "alectinib") for name in ["G1202R", *["F1174L"] * 100]))
    relapsed = rows_of(look_up("G1202R", evidence=evidence))["alectinib"]["relapsed"]
    assert (relapsed["k"], relapsed["n"]) == (26, 82)


def test_a_share_of_mutated_samples_says_so(curated):
    """The paper counts among samples with a mutation: no frequency among all that resist."""
    counts = curated.published.counts.query("source_id == 'koopman2022' and sampling == 'selected'")
    told = 0
    for row in counts.itertuples():
        cell = curated.cell(row.mutations, row.after)
        if (cell.relapsed["k"], cell.relapsed["n"]) == (row.k, row.n):
            said = f"found in {row.k} of {row.n} mutated samples after it"
            assert cell.findings[Tier.RELAPSE].text.startswith(said)
            assert cell.relapsed["of"] == "mutated samples"
            told += 1
    assert told == 8


def test_groups_of_one_trial_are_not_three(curated):
    """ALKOVE-1 in two cuts and a part: whoever adds them counts patients twice."""
    [row] = [
        row
        for row in look_up("G1202R", evidence=curated).others
        if row["inhibitor"] == "neladalkib"
    ]
    assert row["known"].count(" patients with G1202R responded") == 3
    assert row["known"].count("the same trial, shares patients") == 2


def test_a_group_speaks_for_those_it_holds(curated):
    """One of the 28 of Shaw 2019 had G1202del, and what became of that one is not printed."""
    assert set(look_up("G1202del", evidence=curated).inhibitors["standing"]) == {"undecided"}


def test_what_is_quoted_of_a_related_mutation_keeps_its_marks(curated):
    """One model, one patient and a threshold of ours are said through a residue and a compound."""
    quoted = 0
    for name, inhibitor in itertools.product(curated.profiles, assessed_inhibitors()):
        decision = ranking.assess(name, inhibitor, curated)
        for other in decision.rests_on:
            own_decision = decide(curated.cell(other, inhibitor).findings)
            if own_decision.marks:
                assert f"{own_decision.text} [{', '.join(own_decision.marks)}]" in decision.text
                quoted += 1
    assert quoted > 50


def test_what_is_known_of_a_mutation_itself_is_said_beside_what_is_related(curated):
    """F1174L has three values of ceritinib without a threshold: that is no "no data"."""
    row = rows_of(look_up("F1174L", evidence=curated))["ceritinib"]
    assert row["basis"] == Tier.RESIDUE
    assert row["basis_text"].startswith("3 laboratory values without a threshold")


def test_the_clone_of_which_nothing_is_known_is_named(curated):
    """One model of L1196M is sensitive to ensartinib: not "no data", of G1202R there is none."""
    answer = look_up("L1196M+G1202R", phase="trans", evidence=curated)
    row = rows_of(answer)["ensartinib"]
    assert (row["standing"], row["basis_text"]) == (
        "undecided",
        "G1202R: no data; beside it L1196M: sensitive in 1 laboratory model [one model]",
    )
    assert not answers.is_empty(row)


def test_related_mutations_do_not_speak_for_what_has_arisen(curated):
    """A compound that arose on lorlatinib is not for it, though its parts are."""
    row = rows_of(look_up("C1156Y+G1269A", phase="cis", evidence=curated))["lorlatinib"]
    assert row["standing"] == "undecided"
    assert "found after it in 1 reported case" in row["basis_text"]


@pytest.mark.parametrize("name", ["Alecensa", "alectinib 600 mg", "CH5424802", " ALECTINIB "])
def test_names_people_have(curated, name):
    """Brand names, codes, doses."""
    rows = records(look_up("G1202R", [name], evidence=curated).inhibitors)
    assert rows[-1]["inhibitor"] == "alectinib"


def test_other_treatments_are_accepted(curated):
    """Chemotherapy, other, and an inhibitor that is not assessed."""
    answer = look_up("G1202R", ["alectinib", "other", "chemotherapy"], evidence=curated)
    assert answer.question.progressed_on == "alectinib"
    answer = look_up("G1202R", ["alectinib", "NVL-655"], evidence=curated)
    given = look_up("G1202R", ["NVL-655", "alectinib"], evidence=curated)
    for one, words in ((answer, ranking.PROGRESSED_TEXT), (given, ranking.GIVEN_BEFORE)):
        known = {row["inhibitor"]: row["known"] for row in one.others}
        assert known["neladalkib"].startswith(words)
    assert answer.question.progressed_on == "neladalkib"
    assert "given before" in rows_of(answer)["alectinib"]["marks"]


@pytest.mark.parametrize("specimen", ["unknown", "tissue", "plasma"])
def test_two_changes_of_one_residue_are_on_two_alleles(curated, specimen):
    for text in ("I1171S+I1171N", "G1202R/G1202del in trans"):
        answer = look_up(text, specimen=specimen, evidence=curated)
        assert answer.question.phase == "trans"
        assert answer.other_reading is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("L1202R",), "residue 1202 is G"),
        (("EGFR T790M",), "EGFR"),
        (("G1202R", ["alectnib"]), "alectinib meant"),
        (("G1202R", ["lolratinib"]), "lorlatinib meant"),
        (("G1202R", ["crizotinib + alectinib"]), "names several: write one after another"),
        (("G1202R", ["nothing of the kind"]), "no ALK inhibitor write chemotherapy or other"),
        (("G1202R/G1202del",), "G1202del and G1202R change one residue, as no allele can"),
        (("L1198_G1202del, G1202R",), "and G1202R change one residue, as no allele can"),
        (("ALK amplification",), "amplification and copies of ALK are a finding, no mutation"),
        (("G1202R", [], "cis"), "G1202R is a single mutation"),
        (("no ALK mutation", [], "cis"), "there is no mutation"),
        (("L1196M+G1202R", [], "single"), "there are 2 mutations"),
        (("p.[L1196M;G1202R]", [], "trans"), "phase is trans, but the line says cis"),
        (("I1171N+I1171S", [], "cis"), "I1171N and I1171S change one residue"),
        (("G1202R", [], "unknown", "blood"), "must be one of tissue"),
        (("G1202R", [], "mixed"), "must be one of cis"),
    ],
)
def test_impossible_questions_are_refused(curated, arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        look_up(*arguments, evidence=curated)


def test_of_two_inhibitors_both_are_read_in_order_or_the_text_is_refused():
    """Never one alone, whatever stands between them and after each; the refusal says the way."""
    read, refused = set(), 0
    for text, first, last in sequences(3000):
        try:
            question = ask("G1202R", spelling.treatments(text))
        except ValueError as error:
            refused += 1
            assert re.search(f" names (?:several|.*({first}|{last}))| is missing", str(error)), text
            assert "chemotherapy or other" not in str(error), text
        else:
            assert question.prior == (first, last), text
            assert question.progressed_on == last
            read.add(max((joint for joint in READ_BETWEEN if joint in text), key=len))
    assert read == {*READ_BETWEEN}
    assert refused > 1000


@pytest.mark.parametrize("between", BETWEEN)
def test_what_was_given_last_is_not_recommended(curated, between):
    """Lorlatinib, for which there is evidence with G1202R, has just failed."""
    for text in (
        f"alectinib 600 mg BID{between}lorlatinib 100 mg QD",
        f"Alecensa{between}Lorbrena",
    ):
        try:
            answer = look_up("G1202R", spelling.treatments(text), evidence=curated)
        except ValueError:
            assert between not in READ_BETWEEN
        else:
            assert "lorlatinib" not in answer.standing_text
            assert answer.question.prior == ("alectinib", "lorlatinib")


@pytest.mark.parametrize("text", TREATED)
def test_a_name_is_read_with_its_dose_and_schedule(text):
    assert ask("G1202R", spelling.treatments(text)).prior == (TREATED[text],)


@pytest.mark.parametrize("text", NOT_READ)
def test_a_sign_or_word_beside_a_name_is_not_dropped(text):
    """Where an ALK inhibitor is named, nothing else is offered for it."""
    with pytest.raises(ValueError, match="^previous treatment ") as refused:
        ask("G1202R", [text])
    said, named = str(refused.value), NOT_READ[text]
    way = f"It names {named}: write only the names of what was given, in order, with commas"
    assert (way in said) == bool(named)
    assert ("chemotherapy or other" in said) == (not named)


def test_an_unknown_finding_and_a_text_for_a_list_are_refused(curated):
    with pytest.raises(ValueError, match="known are MET amplification"):
        look_up("G1202R", findings=["bad luck"], evidence=curated)
    for finding in ("MET", "MET exon 14 skipping", "BRAF", "BRAF K601E", "SCLC perhaps"):
        with pytest.raises(ValueError, match=f"on the finding '{finding}'; known are"):
            ask("G1202R", findings=[finding])
    for finding in ("MET negative", "no MET amplification", "BRAF V600E (-)", "geen cMET amp",
                    "SCLC excluded", "MET amplification (nd)", "EMT ruled out"):  # fmt: skip
        with pytest.raises(ValueError, match="a finding that was not found is none: leave it out"):
            ask("G1202R", findings=[finding])
    for finding, name in {"MET gene amplified": "MET amplification", "EMT": "epithelial",
                          "B-RAF p.(Val600Glu)": "BRAF V600E"}.items():  # fmt: skip
        assert ask("", findings=[finding]).findings[0].startswith(name)
    with pytest.raises(TypeError, match="sequence"):
        look_up("G1202R", "alectinib", evidence=curated)


def test_synthetic_cases_are_refused():
    with pytest.raises(ValueError, match="reconstructed is synthetic"):
        gather(load("reconstructed"))


@pytest.mark.parametrize(
    "text",
    ["no ALK mutation found", "wild type", "None", "ALK wild type", "geen ALK mutatie aangetoond",
     "keine ALK-Mutation", "none detected", "not detected", "no resistance mutation in ALK"],
)  # fmt: skip
def test_without_a_mutation_nothing_is_ranked(curated, text):
    """The paper's share of tumours with one, the groups without one, what to look for."""
    answer = look_up(text, evidence=curated)
    assert answer.inhibitors.empty
    said = " ".join(words["text"] for words in answer.words)
    assert "19% to 54%" in said
    assert "27% objective response" in said
    assert "MET amplification, small-cell transformation" in said
    assert all(source["url"] for words in answer.words for source in words["sources"])


def test_off_target_findings(curated):
    """Words with numbers; beside a mutation nothing is ranked, the standings stay."""
    alone = look_up("", findings=["cMET amplification"], evidence=curated)
    assert "may sensitize the tumour to crizotinib" in alone.words[0]["text"]
    assert any("22%" in words["text"] for words in alone.words)
    both = look_up("G1202R", findings=["SCLC"], evidence=curated)
    row = rows_of(both)["lorlatinib"]
    assert (row["standing"], row["rank"]) == ("for", None)
    assert both.standing_text.startswith("Not ranked, because of small-cell transformation. ")


@pytest.mark.parametrize(
    ("line", "finding"),
    [
        ("G1202R; MET amplification", "MET amplification"),
        ("ALK G1202R + MET amp", "MET amplification"),
        ("G1202R; MET (gene amplified)", "MET amplification"),
        ("BRAF p.Val600Glu 10%, ALK G1202R", "BRAF V600E"),
    ],
)
def test_a_finding_in_the_line_of_a_report_is_one(curated, line, finding):
    answer = look_up(line, ["alectinib"], evidence=curated)
    assert answer.question.findings == (finding,)
    assert answer.question.set_aside == ()
    assert answer.standing_text.startswith(f"Not ranked, because of {finding}. ")
    other = look_up("G1202R; KRAS G12C", evidence=curated).question
    assert (other.findings, other.set_aside) == ((), ("KRAS G12C (another gene)",))
    # What is said of it against it makes no finding.
    for doubt in ("lost-BRAF V600E", "BRAF V600E_neg", "BRAF p.V600E (loss)", "BRAF V600E/N"):
        other = look_up(f"G1202R; {doubt}", evidence=curated).question
        assert (other.findings, other.set_aside) == ((), (f"{doubt} (another gene)",))


def test_frequencies_in_the_line_of_a_report_are_said(curated):
    """In the order of the names, which is not that of the line."""
    answer = look_up("G1202R 12.5%, L1196M <1%", evidence=curated)
    said = ("<1% (allele frequency of L1196M)", "12.5% (allele frequency of G1202R)")
    assert answer.question.set_aside == said


def test_a_line_of_a_report_says_the_phase(curated):
    """Brackets of HGVS."""
    question = ask("p.[Leu1196Met;Gly1202Arg]")
    assert (question.profile, question.phase) == ("L1196M+G1202R", Phase.CIS)


def test_json_is_the_frame(curated):
    """Every column, no value that JSON lacks, the same text again."""
    answer = look_up("G1202R", ["alectinib"], evidence=curated)
    written = json.loads(answers.to_json(answer))
    assert set(written) >= {"question", "standing_text", "inhibitors", "rests_on", "disclaimer"}
    columns = {"inhibitor", "status", "standing", "rank", "basis", "basis_text", "patients",
               "groups", "relapsed", "laboratory", "sources"}  # fmt: skip
    for row, found in zip(written["inhibitors"], records(answer.inhibitors), strict=True):
        assert set(row) >= columns
        assert row == json.loads(json.dumps(found))
        assert set(row["patients"]) >= {"k", "n", "not_counted"}
        assert set(row["relapsed"]) == {"k", "n", "of", "low", "high", "interval", "source"}
    assert written["question"]["prior"] == ["alectinib"]
    assert answers.to_json(answer) == answers.to_json(look_up("G1202R", ["alectinib"]))


def test_promised_names(curated):
    """`alkpool.look_up` and `alkpool.actionability.rank` are one rule."""
    from alkpool import actionability

    one = alkpool.look_up("G1202R", ["alectinib"]).inhibitors
    pd.testing.assert_frame_equal(one, actionability.rank("G1202R", ["alectinib"]))
    assert set(one.columns) >= {"inhibitor", "standing", "rank", "basis", "basis_text"}


def test_text_has_three_groups_the_sources_and_the_disclaimer(curated):
    """A summary first; no line but a link is wider than asked for."""
    text = answers.to_text(look_up("L1196M+G1202R", ["lorlatinib"], evidence=curated), width=100)
    places = [text.index(heading) for heading in answers.STANDINGS.values()]
    assert places == sorted(places)
    assert "The other reading: read as single mutations" in text
    assert "https://doi.org/10.1016/j.cllc.2021.06.011" in text
    assert answers.DISCLAIMER.split(".")[0] in text
    assert all(len(line) <= 100 or "http" in line for line in text.splitlines())


def test_csv_has_a_row_for_each_inhibitor(curated):
    """And no formula."""
    answer = look_up("G1202R", ["alectinib"], evidence=curated)
    table = pd.read_csv(StringIO(answers.to_csv(answer)), keep_default_na=False)
    assert list(table["inhibitor"]) == list(answer.inhibitors["inhibitor"])
    assert table.loc[0, "rank"] == "1"
    without = answers.to_csv(look_up("no ALK mutation", evidence=curated))
    assert without == answers.to_csv(answer).splitlines()[0] + "\n"


def test_settings_follow_the_compendium(tmp_path):
    """Changes to the defaults; a setting that no rule has is named."""
    file = tmp_path / "compendium.yaml"
    assert settings.configured(tmp_path) == Settings()
    file.write_text("parameters:\n  verdict_rule: {min_evaluable: 5}\n", encoding="utf-8")
    assert settings.configured(tmp_path).verdict.min_evaluable == 5
    file.write_text("parameters:\n  benefit_rule: {months: 5}\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="benefit_rule.*months"):
        settings.configured(tmp_path)


@pytest.mark.parametrize(
    ("rule", "setting", "value"),
    [("verdict_rule", "min_evaluable", 2.5), ("verdict_rule", "min_evaluable", True),
     ("verdict_rule", "min_evaluable", -3), ("verdict_rule", "relapse_from", "maybe"),
     ("verdict_rule", "min_evaluable", 1_000_000), ("verdict_rule", "high_relapse_samples", 1001),
     ("benefit_rule", "threshold_months", "maybe"), ("benefit_rule", "threshold_months", -3),
     ("benefit_rule", "threshold_months", 180)],
)  # fmt: skip
def test_a_rule_is_refused_before_a_chapter_runs(rule, setting, value):
    (problem,) = study.problems([{rule: {setting: value}}, {rule: {}}])
    assert setting in problem
    assert repr(value) in problem or value == -3
    assert study.problems([{rule: {}}]) == []


def test_an_answer_is_quick(curated):
    """Processor time of one answer, once the data are loaded."""
    started = time.process_time()
    for _ in range(10):
        look_up("L1196M+G1202R", ["alectinib"], evidence=curated)
    assert (time.process_time() - started) / 10 < 0.1


def test_an_answer_that_is_changed_changes_no_other(curated):
    """Nothing is known of either mutation: what they are told must not be one object."""
    first = look_up("A1200V", evidence=curated)
    for told in first.inhibitors["patients"]:
        told["text"] = "changed"
    second = look_up("G1201E", evidence=curated)
    assert not any(told.get("text") == "changed" for told in second.inhibitors["patients"])
