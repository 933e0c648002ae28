"""The decision rule: exact answers, its order, its warnings, and what it refuses."""

import json
import re
from dataclasses import replace
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from factory import line, make_cohort, sample
from hypothesis import given, settings
from hypothesis import strategies as st

from alkpool import answers as lookup
from alkpool import paths, stats
from alkpool.analysis import ranking
from alkpool.analysis.actionability import RULES, judge
from alkpool.analysis.evidence import ASSERTIONS, CALLS, CASES, gather, rank
from alkpool.analysis.ranking import Evidence, answer, ask
from alkpool.data.tables import assessed_inhibitors
from alkpool.vocabulary import Expectation, Tier, Verdict

INHIBITORS = ("crizotinib", "ceritinib", "alectinib", "brigatinib", "ensartinib", "lorlatinib")


@pytest.fixture(scope="module")
def curated():
    return gather()


def answers(table):
    return list(
        table[["rank", "inhibitor", "tier", "expectation"]].itertuples(index=False, name=None)
    )


NOTHING = ("none", "insufficient evidence")
AGAINST_CLASS = ("residue class", "unfavourable by residue class")
AGAINST_MODEL = ("in vitro", "resistant in vitro")


@pytest.mark.parametrize(
    ("profile", "prior", "phase", "expected"),
    [
        ("I1171N", ("crizotinib", "alectinib"), "unknown", [
            (1, "ceritinib", "residue class", "favourable by residue class"),
            (2, "brigatinib", *NOTHING), (2, "ensartinib", *NOTHING), (2, "lorlatinib", *NOTHING),
            (5, "crizotinib", *AGAINST_CLASS), (6, "alectinib", *AGAINST_CLASS),
        ]),
        ("G1202R", (), "unknown", [
            (1, "ensartinib", *NOTHING), (1, "lorlatinib", *NOTHING),
            (3, "crizotinib", *AGAINST_MODEL), (3, "ceritinib", *AGAINST_MODEL),
            (3, "alectinib", *AGAINST_MODEL), (3, "brigatinib", *AGAINST_MODEL),
        ]),
        ("L1196M+G1202R", ("lorlatinib",), "cis", [
            (1, "crizotinib", *NOTHING), (1, "ceritinib", *NOTHING), (1, "alectinib", *NOTHING),
            (1, "brigatinib", *NOTHING), (1, "ensartinib", *NOTHING),
            (6, "lorlatinib", *AGAINST_MODEL),
        ]),
        ("L1196M+G1202R", (), "trans", [
            (1, "ensartinib", *NOTHING), (1, "lorlatinib", *NOTHING),
            (3, "crizotinib", *AGAINST_MODEL), (3, "ceritinib", *AGAINST_MODEL),
            (3, "alectinib", *AGAINST_MODEL), (3, "brigatinib", *AGAINST_MODEL),
        ]),
        ("G1202S", (), "unknown", [
            (1, "ensartinib", *NOTHING), (1, "lorlatinib", *NOTHING),
            (3, "crizotinib", *AGAINST_CLASS), (3, "ceritinib", *AGAINST_CLASS),
            (3, "alectinib", *AGAINST_CLASS), (3, "brigatinib", *AGAINST_CLASS),
        ]),
        ("G1269A", ("ceritinib",), "unknown", [
            (1, "brigatinib", "in vitro", "sensitive in vitro"),
            (2, "ceritinib", "in vitro", "sensitive in vitro"),
            (3, "ensartinib", *NOTHING), (3, "lorlatinib", *NOTHING),
            (5, "alectinib", *AGAINST_MODEL),
            (6, "crizotinib", "clinical", "no benefit expected"),
        ]),
        ("Q1188L", (), "unknown", [(1, name, *NOTHING) for name in INHIBITORS]),
        ("Q1188L", ("lorlatinib", "alectinib"), "unknown", [
            *((1, name, *NOTHING) for name in INHIBITORS if name != "alectinib"),
            (6, "alectinib", *NOTHING),
        ]),
    ],
)  # fmt: skip
def test_answers_from_the_curated_cases(curated, profile, prior, phase, expected):
    assert answers(rank(profile, prior, phase=phase, evidence=curated)) == expected


def test_curated_cases_are_the_default(curated):
    assert rank("G1269A").equals(rank("G1269A", evidence=curated))


def test_a_row_says_what_it_rests_on(curated):
    row = rank("I1171N", ("crizotinib", "alectinib"), evidence=curated).iloc[0]
    assert (row["profile"], row["benefit_k"], row["benefit_n"]) == ("I1171X", 2, 2)
    assert (row["relapsed"], row["relapse_n"]) == (0, 4)
    assert row["sensitivity_low"] == pytest.approx(stats.wilson(2, 2).low, abs=1e-6)
    assert row["relapse_high"] == pytest.approx(stats.wilson(0, 4).high, abs=1e-6)
    assert row["reason"] == (
        "Nothing decides for I1171N itself; on all I1171X clinical evidence is insufficient "
        "(benefit in 2 of 2 decided lines of ceritinib, found in 0 of 4 samples after it); "
        "primary in vitro calls: 2 sensitive, 0 resistant."
    )
    values = {call["measurement_id"]: call["value"] for call in row["calls"]}
    assert values["Friboulet2014-V3-I1171T-ceritinib"] == 2.6
    assert values["Katayama2014-BaF3-I1171T-ceritinib"] is None
    assert {said["record"] for said in row["assertions"]} >= {"EID1284", "EID1368"}
    assert {"source_id": "ou2015", "label": "Ou SH 2015",
            "url": "https://pubmed.ncbi.nlm.nih.gov/25736571/"} in row["sources"]  # fmt: skip


def test_each_source_is_named_once_as_a_link(curated):
    """PubMed or DOI; where a source has neither, the place where it was read."""
    elsewhere = {}
    for profile in dict.fromkeys([*curated.cases["profile"], *curated.calls["profile"]]):
        for sources in rank(profile, evidence=curated)["sources"]:
            links = [source["url"] for source in sources]
            assert len(links) == len(set(links))
            assert all(re.fullmatch(r"https://\S+", link) for link in links), sources
            elsewhere |= {
                source["label"]: source["url"]
                for source in sources
                if not re.match(r"https://(pubmed\.ncbi\.nlm\.nih|doi)\.", source["url"])
            }
    place = "https://cancerdiscovery.aacrjournals.org/highwire/markup/40699/expansion"
    assert elsewhere["Lin, Riely, Shaw. Cancer Discov 2017;7:137-55"] == place
    assert "Makimoto G 2019" in elsewhere
    assert not {"Lin 2017", "Ou SH 2015"} & set(elsewhere)


@pytest.mark.parametrize(
    "spelling",
    ["p.Ile1171Asn", "alk i1171n", "p.(Ile1171Asn)", "NP_004295.2:p.Ile1171Asn", " I1171N "],
)
def test_spelling_does_not_matter(curated, spelling):
    assert rank(spelling, evidence=curated).equals(rank("I1171N", evidence=curated))


def test_order_of_the_mutations_does_not_matter(curated):
    one = rank("G1202R / L1196M", phase="cis", evidence=curated)
    assert one.equals(rank("L1196M+G1202R", phase="cis", evidence=curated))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"profile": "L1202R"}, "residue 1202 is G, not L"),
        ({"profile": "wild type"}, "wild type is the absence of a mutation"),
        ({"profile": ""}, "a mutation is missing"),
        ({"profile": "G1202R", "prior": ["2G"]}, "'2g' is not known; give generic names, no gene"),
        ({"profile": "G1202R", "prior": ["alectinib", ""]}, "inhibitor '' is not known"),
        ({"profile": "G1202R", "phase": "both"}, "phase is 'both'; must be one of cis, trans"),
        ({"profile": "G1202R", "phase": "cis"}, "phase is cis, but G1202R is a single mutation"),
        ({"profile": "L1196M+G1202R", "phase": "single"}, "single, but there are 2 mutations"),
        ({"profile": "G1202R", "specimen": "hair"}, "specimen is 'hair'; must be one of tissue"),
    ],
)
def test_impossible_questions_are_refused(arguments, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        ask(**arguments)


def test_prior_inhibitors_are_a_sequence():
    with pytest.raises(TypeError, match="prior is the text 'alectinib'"):
        ask("G1202R", "alectinib")
    assert ask("G1202R", [" Alectinib"]).prior == ("alectinib",)


def test_synthetic_cohorts_are_no_evidence():
    with pytest.raises(ValueError, match="test is synthetic: its cells are no evidence"):
        gather(make_cohort([sample("G1202R", "alectinib")], synthetic=True))


LEVELS = ("profile", str(Tier.RESIDUE))
COUNTS = ("relapsed", "relapse_n", "benefit_k", "benefit_n", "sensitive", "resistant")
EMPTY = dict.fromkeys(COUNTS, 0)


def made_up(cells, level="profile", name="G1202R"):
    """Evidence with the given counts by inhibitor, and none for any other name."""
    blank = [{"level": at, "name": "", "inhibitor": i} | EMPTY for at in LEVELS for i in INHIBITORS]
    chosen = [
        {"level": level, "name": name, "inhibitor": inhibitor} | EMPTY | cell
        for inhibitor, cell in cells.items()
    ]
    known = [
        {"level": level, "name": name, "inhibitor": inhibitor} | EMPTY
        for inhibitor in INHIBITORS
        if inhibitor not in cells
    ]
    counts = judge(pd.DataFrame(blank + chosen + known))
    low, high = stats.wilson(counts["benefit_k"].to_numpy(), counts["benefit_n"].to_numpy())
    facts = counts.assign(
        why=counts["rule"].map(RULES), review="", unknown_n=0, combined_n=0,
        sensitivity_low=low, sensitivity_high=high, relapse_low=np.nan, relapse_high=np.nan,
    )  # fmt: skip
    return Evidence(
        facts=facts.round(6),
        cases=pd.DataFrame(columns=CASES, dtype=str),
        calls=pd.DataFrame(columns=CALLS, dtype=str),
        assertions=pd.DataFrame(columns=ASSERTIONS, dtype=str),
        about={},
    )


def cell(relapsed=0, relapse_n=0, benefit_k=0, benefit_n=0, sensitive=0, resistant=0):
    counts = (relapsed, relapse_n, benefit_k, benefit_n, sensitive, resistant)
    return dict(zip(COUNTS, counts, strict=True))


@pytest.mark.parametrize(
    ("counts", "own", "of_class"),
    [
        (cell(0, 50, 4, 4), ("clinical", "likely beneficial"), "favourable by residue class"),
        (cell(0, 0, 4, 4), ("clinical", "possibly beneficial"), "favourable by residue class"),
        (cell(9, 82, 9, 11), ("clinical", "conflicting evidence"), "conflicting evidence"),
        (cell(0, 50, 1, 3), ("clinical", "no benefit expected"), "unfavourable by residue class"),
        (cell(3, 30), ("clinical", "no benefit expected"), "unfavourable by residue class"),
        # Clinical evidence decides whatever the models say.
        (cell(0, 50, 1, 3, 5, 0), ("clinical", "no benefit expected"),
         "unfavourable by residue class"),
        (cell(0, 50, 2, 2, 1, 0), ("in vitro", "sensitive in vitro"),
         "favourable by residue class"),
        (cell(0, 50, 2, 2, 0, 1), ("in vitro", "resistant in vitro"),
         "unfavourable by residue class"),
        (cell(0, 50, 2, 2, 9, 1), ("in vitro", "conflicting evidence"), "conflicting evidence"),
        (cell(0, 50, 2, 2), NOTHING, None),
    ],
)  # fmt: skip
def test_which_evidence_decides(counts, own, of_class):
    def first(evidence, asked):
        table = answer(ask(asked), evidence)
        return table.set_index("inhibitor").loc["lorlatinib", ["tier", "expectation"]].tolist()

    cells = {"lorlatinib": counts}
    assert first(made_up(cells), "G1202R") == list(own)
    through_class = made_up(cells, "residue class", "G1202X")
    expected = ["residue class", of_class] if of_class else list(NOTHING)
    assert first(through_class, "G1202S") == expected
    assert first(through_class, "L1196M") == list(NOTHING)


def test_expectations_are_ranked_in_their_order():
    cells = [
        cell(0, 50, 4, 4), cell(0, 0, 4, 4), cell(sensitive=1), cell(9, 82, 9, 11), cell(),
        cell(resistant=1),
    ]  # fmt: skip
    table = answer(ask("G1202R"), made_up(dict(zip(INHIBITORS[::-1], cells, strict=True))))
    assert list(table["inhibitor"]) == list(INHIBITORS[::-1])
    assert list(table["rank"]) == [1, 2, 3, 4, 5, 6]
    assert list(Expectation) == [
        "likely beneficial", "possibly beneficial", "sensitive in vitro",
        "favourable by residue class", "conflicting evidence", "insufficient evidence",
        "unfavourable by residue class", "resistant in vitro", "no benefit expected",
    ]  # fmt: skip


def test_equal_expectations_are_ranked_by_tier_and_lower_limit():
    cells = {
        "crizotinib": cell(sensitive=1, resistant=1), "ceritinib": cell(9, 82, 9, 11),
        "alectinib": cell(9, 82, 90, 110), "brigatinib": cell(sensitive=1),
        "ensartinib": cell(sensitive=7), "lorlatinib": cell(9, 82, 9, 11),
    }  # fmt: skip
    table = answer(ask("G1202R"), made_up(cells))
    assert list(zip(table["inhibitor"], table["rank"], strict=True)) == [
        ("brigatinib", 1), ("ensartinib", 1), ("alectinib", 3), ("ceritinib", 4),
        ("lorlatinib", 4), ("crizotinib", 6),
    ]  # fmt: skip
    after = answer(ask("G1202R", ["alectinib"]), made_up(cells))
    assert list(after["inhibitor"])[-1] == "alectinib"


counts = st.integers(0, 12).flatmap(
    lambda n: st.integers(0, 12).flatmap(
        lambda m: st.builds(
            cell, st.integers(0, n), st.just(n), st.integers(0, m), st.just(m),
            st.integers(0, 2), st.integers(0, 2),
        )
    )
)  # fmt: skip
evidences = st.fixed_dictionaries(dict.fromkeys(INHIBITORS, counts))
histories = st.lists(st.sampled_from(INHIBITORS), max_size=3)
few = settings(max_examples=40, deadline=None)


def ranks(cells, prior=()):
    return answer(ask("G1202R", prior), made_up(cells)).set_index("inhibitor")


@few
@given(cells=evidences, prior=histories)
def test_the_order_is_that_of_its_definition(cells, prior):
    table = ranks(cells, prior)
    place = {str(expectation): i for i, expectation in enumerate(Expectation)}
    tiers = {str(tier): i for i, tier in enumerate(Tier)}

    def key(inhibitor):
        row = table.loc[inhibitor]
        low = row["sensitivity_low"] if row["tier"] == "clinical" else 0.0
        progressed = bool(prior) and prior[-1] == inhibitor
        return (place[row["expectation"]], progressed, tiers[row["tier"]], -np.nan_to_num(low))

    keys = {inhibitor: key(inhibitor) for inhibitor in INHIBITORS}
    for inhibitor in INHIBITORS:
        better = sum(other < keys[inhibitor] for other in keys.values())
        assert table.loc[inhibitor, "rank"] == 1 + better
    assert list(table.index) == sorted(INHIBITORS, key=lambda i: (keys[i], INHIBITORS.index(i)))


@few
@given(cells=evidences, prior=histories)
def test_just_progressed_is_never_above_an_untried_equal(cells, prior):
    table = ranks(cells, prior)
    for failed in prior[-1:]:
        equal = table["expectation"] == table.loc[failed, "expectation"]
        untried = table.index[equal & ~table.index.isin(prior)]
        assert (table.loc[untried, "rank"] < table.loc[failed, "rank"]).all()


@few
@given(cells=evidences, order=st.permutations(INHIBITORS), prior=histories)
def test_evidence_counts_not_the_inhibitor_that_has_it(cells, order, prior):
    names = dict(zip(INHIBITORS, order, strict=True))
    there = ranks(cells, prior)["rank"]
    moved = {names[inhibitor]: counts for inhibitor, counts in cells.items()}
    here = ranks(moved, [names[inhibitor] for inhibitor in prior])["rank"]
    assert all(there[inhibitor] == here[names[inhibitor]] for inhibitor in INHIBITORS)


@few
@given(cells=evidences, seed=st.integers(0, 99))
def test_the_order_of_the_rows_does_not_matter(cells, seed):
    evidence = made_up(cells)
    shuffled = replace(evidence, facts=evidence.facts.sample(frac=1, random_state=seed))
    assert answer(ask("G1202R"), shuffled).equals(answer(ask("G1202R"), evidence))


@few
@given(cells=evidences, inhibitor=st.sampled_from(INHIBITORS), prior=histories)
def test_benefit_never_lowers_a_rank(cells, inhibitor, prior):
    before = ranks(cells, prior).loc[inhibitor, "rank"]
    now = cells[inhibitor]
    if now["benefit_k"] < now["benefit_n"]:
        turned = now | {"benefit_k": now["benefit_k"] + 1}
        assert ranks(cells | {inhibitor: turned}, prior).loc[inhibitor, "rank"] <= before
    one_more = now | {"benefit_k": now["benefit_k"] + 1, "benefit_n": now["benefit_n"] + 1}
    # From the third line on sensitivity is read: 1 of 3 is evidence where 0 of 2 was none.
    if (now["benefit_k"], now["benefit_n"]) != (0, 2):
        assert ranks(cells | {inhibitor: one_more}, prior).loc[inhibitor, "rank"] <= before


def test_a_third_line_can_turn_no_evidence_into_evidence_against():
    two, three = cell(0, 9, 0, 2), cell(0, 9, 1, 3)
    assert ranks({"lorlatinib": two}).loc["lorlatinib", "expectation"] == Verdict.INSUFFICIENT
    assert ranks({"lorlatinib": three}).loc["lorlatinib", "expectation"] == Verdict.NONE


@few
@given(cells=evidences, others=evidences)
def test_in_trans_the_weakest_mutation_decides(cells, others):
    one, two = made_up(cells), made_up(others, name="L1196M")
    both = replace(one, facts=pd.concat([one.facts, two.facts[two.facts["name"] != ""]]))
    place = {str(expectation): i for i, expectation in enumerate(Expectation)}
    alone = [answer(ask(name), both).set_index("inhibitor") for name in ("G1202R", "L1196M")]
    trans = answer(ask("L1196M+G1202R", phase="trans"), both).set_index("inhibitor")
    for inhibitor in INHIBITORS:
        worst = max(place[table.loc[inhibitor, "expectation"]] for table in alone)
        assert place[trans.loc[inhibitor, "expectation"]] == worst


def warned(profile, inhibitor, evidence, prior=(), **question):
    table = rank(profile, prior, evidence=evidence, **question).set_index("inhibitor")
    return table.loc[inhibitor, "warnings"]


def test_warnings_of_the_question(curated):
    prior = ("crizotinib", "alectinib", "alectinib")
    assert warned("Q1188L", "alectinib", curated, prior) == ["the tumour has just progressed on it"]
    assert warned("Q1188L", "crizotinib", curated, prior) == ["given before"]
    assert warned("Q1188L", "lorlatinib", curated, prior) == []
    compound = {
        "unknown": "phase unknown: assessed as one compound profile, as if in cis",
        "cis": "in cis: assessed as one compound profile, not by its single mutations",
        "trans": "in trans: each mutation assessed alone, the weakest evidence decides",
    }
    for phase, warning in compound.items():
        assert warned("Q1188L+R1192P", "lorlatinib", curated, phase=phase) == [warning]
    assert warned("Q1188L", "lorlatinib", curated, specimen="plasma") == [
        "plasma sample: mutations may come from different clones, or be missed"
    ]
    assert warned("R1061Q", "lorlatinib", curated) == ["outside the kinase domain: R1061Q"]


def test_warnings_of_the_evidence(curated):
    assert warned("I1171N", "alectinib", curated) == [
        "evidence on the residue class I1171X only: substitutions of a residue differ",
        "off-target findings in the cases behind it: BRAF V600E (sui2021-p1-s1)",
    ]
    assert warned("G1202R", "brigatinib", curated) == [
        "only a review calls it sensitive in vitro, which does not count"
    ]
    disagree = ranks({"lorlatinib": cell(sensitive=1, resistant=2)})
    assert disagree.loc["lorlatinib", "warnings"] == ["primary in vitro models disagree"]
    limited = ranks({"lorlatinib": cell(0, 0, 4, 4), "alectinib": cell(0, 9, 4, 4)})
    assert limited.loc["lorlatinib", "warnings"] == [
        "no sample after lorlatinib in the pool: benefit is at most possible"
    ]
    assert limited.loc["alectinib", "warnings"] == []


def test_a_sample_in_trans_counts_for_each_mutation_and_once_in_a_class():
    pool = make_cohort(
        [
            sample("C1156Y+L1196M", "crizotinib", line("ceritinib", "PR"), phase="trans"),
            sample("I1171N+I1171S", "crizotinib", phase="trans"),
        ]
    )
    facts = gather(pool).facts.set_index(["level", "name", "inhibitor"])
    for level, name in (("profile", "C1156Y"), ("profile", "L1196M"), ("residue class", "C1156X")):
        assert facts.loc[(level, name, "ceritinib"), ["benefit_k", "benefit_n"]].tolist() == [1, 1]
    assert facts.loc[("residue class", "I1171X", "crizotinib"), "relapsed"] == 1
    assert facts.loc[("profile", "I1171N", "crizotinib"), "relapsed"] == 1


def by_plain_pandas():
    """Tier and verdict of every profile and inhibitor, counted from the files without alkpool."""
    folder = paths.COHORTS / "curated"
    patients = pd.read_csv(folder / "patients.csv", dtype=str).query("status == 'included'")
    samples = pd.read_csv(folder / "samples.csv", dtype=str)
    samples = samples[samples["patient_id"].isin(patients["patient_id"])]
    lines = pd.read_csv(folder / "treatments.csv", keep_default_na=False)
    lines = lines[lines["monotherapy"] == "yes"]
    models = pd.read_csv(paths.INVITRO / "models.csv").merge(
        pd.read_csv(paths.INVITRO / "sources.csv", dtype=str), on="source_id"
    )
    models = models[models["secondary"] == "no"]
    # What follows reads the calls of the sources; no primary source leaves it to a threshold.
    assert models[["sensitive_max", "resistant_min"]].isna().all(axis=None)
    measured = pd.read_csv(paths.INVITRO / "measurements.csv")
    measured = measured[measured["model_id"].isin(models["model_id"])]

    def benefit(row):
        if row["best_response"] in ("CR", "PR", "PD"):
            return row["best_response"] != "PD"
        months = row["pfs_months"] if row["pfs_months"] != "" else row["dot_months"]
        sign = row["pfs_relation"] or row["dot_relation"]
        if months == "" or (float(months) < 6 and (row["status"] == "ongoing" or sign == ">")):
            return None
        return float(months) >= 6

    def residue(profile):
        return "+".join(
            dict.fromkeys(re.sub(r"(?<=\d)[A-Z]$", "X", name) for name in profile.split("+"))
        )

    held = {
        row.sample_id: row.mutations.split("+") if row.phase == "trans" else [row.mutations]
        for row in samples.itertuples()
    }
    outcome = {place: benefit(row) for place, row in lines.iterrows()}

    def judged(names, inhibitor):
        carrying = [key for key, profiles in held.items() if names & set(profiles)]
        after = samples[samples["resistance_on"] == inhibitor]
        relapsed = int(after["sample_id"].isin(carrying).sum())
        mine = lines[lines["sample_id"].isin(carrying) & (lines["inhibitor"] == inhibitor)]
        known = [outcome[place] for place in mine.index if outcome[place] is not None]
        share = relapsed / len(after) if len(after) else 0
        high = relapsed >= 3 and share >= 0.10
        if len(known) < 3:
            verdict = "no benefit expected" if high else "insufficient evidence"
        elif sum(known) / len(known) < 0.5:
            verdict = "no benefit expected"
        elif high:
            verdict = "conflicting evidence"
        else:
            sure = sum(known) / len(known) >= 0.75 and len(after) and share < 0.05
            verdict = "likely beneficial" if sure else "possibly beneficial"
        tested = measured[measured["mutations"].isin(names) & (measured["inhibitor"] == inhibitor)]
        called = tested[tested["call_in_source"].isin(["sensitive", "resistant"])]
        by_model = called.groupby(["model_id", "mutations"])["call_in_source"].nunique()
        if verdict != "insufficient evidence":
            return "clinical", verdict
        return ("in vitro" if (by_model == 1).any() else "none"), verdict

    names = {name for profiles in held.values() for name in profiles}
    names |= set(measured["mutations"]) - {"WT", "parental"}
    for name in sorted(names):
        for inhibitor in INHIBITORS:
            tier, verdict = judged({name}, inhibitor)
            if tier == "none":
                of_class = {other for other in names if residue(other) == residue(name)}
                basis, related = judged(of_class, inhibitor)
                tier, verdict = ("residue class", related) if basis != "none" else (tier, verdict)
            yield name, inhibitor, tier, verdict


def test_every_tier_and_verdict_follows_from_the_files(curated):
    expected = pd.DataFrame(by_plain_pandas(), columns=["asked", "inhibitor", "tier", "verdict"])
    found = pd.concat(
        rank(name, evidence=curated, phase="cis" if "+" in name else "unknown").assign(asked=name)
        for name in expected["asked"].unique()
    )
    assert len(expected) == 31 * 6
    assert set(expected["tier"]) == {str(tier) for tier in Tier}
    both = expected.merge(found, on=["asked", "inhibitor"], suffixes=("", "_found"))
    assert len(both) == len(expected)
    assert both[both["tier"] != both["tier_found"]].empty
    assert both[both["verdict"] != both["verdict_found"]].empty


def test_json_is_one_object_with_stable_keys(curated):
    question = ask("p.Ile1171Asn", ("crizotinib", "alectinib"))
    table = answer(question, curated)
    text = lookup.to_json(question, table, curated)
    assert text == lookup.to_json(question, answer(question, gather()), curated)
    content = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert list(content) == ["question", "summary", "inhibitors", "evidence", "disclaimer"]
    assert content["question"] == {
        "profile": "I1171N", "mutations": ["I1171N"], "phase": "single",
        "prior": ["crizotinib", "alectinib"], "specimen": "unknown",
    }  # fmt: skip
    assert content["summary"] == "There is evidence for ceritinib (favourable by residue class)."
    for row in content["inhibitors"]:
        assert list(row) == [
            "rank", "inhibitor", "tier", "expectation", "verdict", "rule", "profile", "benefit_k",
            "benefit_n", "unknown_n", "combined_n", "sensitivity_low", "sensitivity_high",
            "relapsed", "relapse_n", "relapse_low", "relapse_high", "calls", "assertions",
            "sources", "reason", "warnings",
        ]  # fmt: skip
        assert all(list(source) == ["source_id", "label", "url"] for source in row["sources"])
        assert all(isinstance(warning, str) for warning in row["warnings"])
    first, second = content["inhibitors"][:2]
    assert set(first["calls"][0]) == {
        "measurement_id", "profile", "residue_class", "inhibitor", "model", "potency", "relation",
        "value", "unit", "call", "secondary", "source_id", "label", "url", "locator",
    }  # fmt: skip
    assert set(first["assertions"][0]) == {
        "profile", "residue_class", "inhibitor", "knowledge_base", "record", "disease",
        "direction", "level", "evidence_type", "source_id", "label", "url",
    }  # fmt: skip
    assert second["sensitivity_low"] is None
    evidence = content["evidence"]
    assert (evidence["cohort"], evidence["patients"], evidence["samples"]) == ("curated", 29, 31)
    assert evidence["search_date"] is None
    assert content["disclaimer"].startswith("Not medical advice")


def test_summary_promises_nothing(curated):
    assert lookup.summary(rank("G1202R", evidence=curated)) == (
        "No inhibitor has evidence that speaks for it."
    )
    assert lookup.summary(rank("G1269A", ("ceritinib",), evidence=curated)) == (
        "There is evidence for brigatinib (sensitive in vitro), "
        "ceritinib (sensitive in vitro; just progressed)."
    )


def test_csv_cells_are_no_formulas(curated):
    table = rank("G1202R", evidence=curated)
    for start in ("=", "+", "-", "@", "\t=", "\r=", " ="):
        risky = lookup.to_csv(table.assign(reason=f"{start}HYPERLINK(1)"))
        cells = pd.read_csv(StringIO(risky))["reason"]
        assert list(cells.str[0]) == ["'"] * len(table)
    plain = pd.read_csv(StringIO(lookup.to_csv(table)))
    assert list(plain["reason"]) == list(table["reason"])
    assert list(plain["benefit_n"]) == list(table["benefit_n"])


def test_text_cannot_steer_the_terminal():
    pool = make_cohort([sample("G1202R", "alectinib"), sample("L1196M", "alectinib")])
    findings = pool.samples["other_findings"].where(
        pool.samples["mutations"] != "G1202R", "\x1b[2Jgone\x07 [bold]"
    )
    evidence = gather(replace(pool, samples=pool.samples.assign(other_findings=findings)))
    question = ask("G1202R")
    text = lookup.to_text(question, answer(question, evidence), evidence)
    assert "[2Jgone  [bold]" in text
    assert all(character.isprintable() or character == "\n" for character in text)


def test_methods_state_the_order_of_the_code():
    methods = (paths.BOOK / "methods.md").read_text(encoding="utf-8")
    assert f"| expectation | {', '.join(Expectation)} |" in methods
    assert f"| tier | {', '.join(Tier)} |" in methods


def test_ranks_all_assessed_inhibitors(curated):
    assert assessed_inhibitors() == INHIBITORS
    assert set(rank("G1202R", evidence=curated)["inhibitor"]) == set(INHIBITORS)
    assert list(rank("G1202R", evidence=curated).columns) == ranking.COLUMNS
