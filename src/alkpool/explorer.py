"""What the mutation explorer and the pages of the profiles show, ready for JSON.

Every answer on a profile of the data stands here as `alkpool.analysis.ranking.answer` gives it,
for each reading of the phase and each inhibitor that may have failed last. The page composes the
answer on a compound that is not in the data from those on its parts, by the table ``compose``. It
uses real cases only.
"""

import re
from typing import Any

from alkpool import answers, mutations
from alkpool.analysis import offtarget, ranking
from alkpool.analysis.actionability import assessed_profiles, profile_order
from alkpool.analysis.benefit import RULES, classify, evaluable
from alkpool.analysis.evidence import (
    assertions_on_lung_cancer,
    calls_of,
    gather,
    records,
    with_sources,
)
from alkpool.analysis.question import Question, ask
from alkpool.analysis.ranking import Evidence
from alkpool.analysis.settings import configured
from alkpool.data import laboratory, tables
from alkpool.data.cohort import Cohort, analysis_set, load
from alkpool.data.laboratory import InVitro
from alkpool.vocabulary import LIST_SEPARATOR, OtherTreatment, Phase, Specimen, Standing, Tier

# Motifs that protein kinases share, found in the reference sequence.
_MOTIFS = {
    "GxGxxG": r"G.G..G",
    "AxK": r"(?<=V)A.K",
    "gatekeeper": r"L(?=ELMAGGD)",
    "HRD": r"HRD",
    "DFG": r"DFG",
}
_AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"

Record = dict[str, Any]


def contexts(cohort_name: str) -> Record:
    """Collect what the templates of the book need.

    Parameters
    ----------
    cohort_name : str
        Cohort of real cases.

    Returns
    -------
    dict
        ``explorer``, from `export`, and ``pages``: for each of its profiles the answer with
        nothing given before, and the rows behind it.

    Raises
    ------
    ValueError
        For a synthetic cohort: its cells are no evidence.
    """
    cohort = load(cohort_name)
    evidence = gather(cohort)
    data = export(cohort, evidence)
    cases, calls = _cases(analysis_set(cohort)), calls_of(laboratory.load())
    assertions = assertions_on_lung_cancer()
    pages = {
        name: {
            "name": name,
            **about,
            "answer": answers.to_dict(ranking.answer(ask(name), evidence)),
            "related": [
                other
                for other in data["profiles"]
                if other != name
                and set(data["profiles"][other]["residues"]) & set(about["residues"])
            ],
            "cases": [case for case in cases if name in case["assessed"]],
            "calls": [call for call in calls if call["profile"] == name],
            "assertions": [said for said in assertions if said["profile"] == name],
        }
        for name, about in data["profiles"].items()
    }
    return {"explorer": data, "pages": pages}


def export(cohort: Cohort, evidence: Evidence) -> Record:
    """Collect everything that the explorer shows.

    Parameters
    ----------
    cohort : Cohort
        Real cases.
    evidence : Evidence
        From `alkpool.analysis.evidence.gather`, of that cohort.

    Returns
    -------
    dict
        Lists, dicts, text and numbers, None for what is missing. ``answers`` by profile and
        reading, see `_answers`; ``substitutions``, the same for a substitution that is not in the
        data, by residue class; ``profiles``, every profile of which something is known, with its
        page, samples and residues.
    """
    pool = analysis_set(cohort)
    profiles = _profiles(evidence, pool)
    compounds = tables.inhibitors()
    return {
        "about": dict(evidence.about),
        "inhibitors": list(tables.assessed_inhibitors()),
        "treatments": [
            *(
                {"name": name, "aliases": [*filter(None, aliases.split(LIST_SEPARATOR))]}
                for name, aliases in zip(compounds["inhibitor"], compounds["aliases"], strict=True)
            ),
            *({"name": str(other), "aliases": []} for other in OtherTreatment),
        ],
        "no_inhibitors": [str(other) for other in OtherTreatment],
        "phases": [str(phase) for phase in Phase],
        "specimens": [str(specimen) for specimen in Specimen],
        "standings": {str(standing): heading for standing, heading in answers.GROUPS.items()},
        "readings": {str(phase): words for phase, words in answers.READINGS.items()},
        "words": {
            "disclaimer": answers.DISCLAIMER,
            "legend": answers.LEGEND,
            "basis": answers.basis(evidence.about),
            "given": ranking.GIVEN_BEFORE,
            "just": ranking.JUST_PROGRESSED,
            "failed": ranking.PROGRESSED_TEXT,
        },
        "compose": _composition(evidence),
        "protein": _protein(),
        "profiles": profiles,
        "answers": {
            name: {str(r): _answers(Question(parts, phase=r), evidence) for r in readings}
            for name in profiles
            if (parts := mutations.mutations_of(name))
            and (readings := _readings(parts))
        },
        "substitutions": {
            residue: _answers(Question((unseen,)), evidence)
            for residue in evidence.substitutions
            if residue.endswith("X") and (unseen := _unseen(residue, evidence))
        },
        "not_assessed": {
            name: found
            for name in profiles
            if (found := ranking.not_assessed(Question(mutations.mutations_of(name)), evidence))
        },
        "findings": {
            name: offtarget.words([name], False, evidence.published)
            for name in offtarget.mechanisms()
        },
        "without_mutation": offtarget.words([], True, evidence.published),
        "controls": _controls(laboratory.load()),
    }  # fmt: skip


def page_name(profile: str) -> str:
    """File name of the page of a profile, without suffix: ``L1196M-G1202R``."""
    return profile.replace("+", "-")


def _readings(parts: tuple[str, ...]) -> tuple[Phase, ...]:
    return (Phase.SINGLE,) if len(parts) == 1 else (Phase.CIS, Phase.TRANS)


def _unseen(residue: str, evidence: Evidence) -> str:
    """Return a substitution of a residue that the data do not have."""
    names = (f"{residue[:-1]}{letter}" for letter in _AMINO_ACIDS if letter != residue[0])
    return next(name for name in names if name not in evidence.profiles)


def _answers(question: Question, evidence: Evidence) -> Record:
    """Answer one reading of a profile, for each inhibitor that may have failed last.

    Returns
    -------
    dict
        ``rows`` by inhibitor with nothing given before, each with the ``key`` that orders it;
        ``failed`` by inhibitor, what changes in its row when the tumour has just progressed on
        it; ``after``, by the inhibitor that failed last (blank: none), inhibitors with their
        ranks in order.
    """
    first = ranking.ordered_rows(question, question.phase, evidence)
    found: Record = {"rows": {row["inhibitor"]: row for row in first}, "failed": {}}
    found["after"] = {"": [[row["inhibitor"], row["rank"]] for row in first]}
    for inhibitor in tables.assessed_inhibitors():
        asked = Question(question.mutations, (inhibitor,), question.phase)
        rows = ranking.ordered_rows(asked, question.phase, evidence)
        changed = next(row for row in rows if row["inhibitor"] == inhibitor)
        kept = ("standing", "rank", "basis", "basis_text", "marks", "key")
        found["failed"][inhibitor] = {name: changed[name] for name in kept}
        found["after"][inhibitor] = [[row["inhibitor"], row["rank"]] for row in rows]
    return found


def _composition(evidence: Evidence) -> Record:
    """Table by which the answer on a compound that is not in the data follows from its parts."""
    parts = ranking.TIERS.index(Tier.COMPONENTS)
    return {
        "standings": [str(standing) for standing in Standing],
        "basis": str(Tier.COMPONENTS),
        "none": str(Tier.NONE),
        "failed": str(Tier.PROGRESSED),
        "keys": {
            str(Standing.FOR): [0, parts],
            str(Standing.UNDECIDED): [1, 1, parts],
            str(Standing.AGAINST): [2, 0, -parts],
            str(Tier.NONE): [1, 3, ranking.TIERS.index(Tier.NONE)],
            str(Tier.PROGRESSED): [2, 1, -ranking.TIERS.index(Tier.PROGRESSED)],
        },
        "restoring": [list(pair) for pair in sorted(evidence.restoring)],
        "words": ranking.WORDS,
    }


def _protein() -> Record:
    known = {
        place: letter
        for place in range(1, mutations.PROTEIN_LENGTH + 1)
        if (letter := mutations.reference_residue(place)) is not None
    }
    first, sequence = min(known), "".join(known.values())
    return {
        "first": first,
        "sequence": sequence,
        "length": mutations.PROTEIN_LENGTH,
        "domain": list(mutations.KINASE_DOMAIN),
        "max_characters": mutations.MAX_CHARACTERS,
        "motifs": [
            {"name": name, "from": first + found.start(), "to": first + found.end() - 1}
            for name, pattern in _MOTIFS.items()
            for found in re.finditer(pattern, sequence)
        ],
    }


def _profiles(evidence: Evidence, pool: Cohort) -> dict[str, Record]:
    samples = assessed_profiles(pool.samples)["profile"].value_counts()
    return {
        name: {
            "page": page_name(name),
            "samples": int(samples.get(name, 0)),
            "residues": list(mutations.residues(name)),
        }
        for name in sorted(evidence.profiles, key=profile_order)
    }


def _cases(pool: Cohort) -> list[Record]:
    """List the samples: their patient, the profiles they count for, the lines after them."""
    rules = configured()
    lines = classify(pool.treatments, rules.benefit)
    alone = evaluable(lines, rules.benefit)["treatment_id"]
    lines = lines.assign(evaluated=lines["treatment_id"].isin(alone), why=lines["rule"].map(RULES))
    after = {sample: records(rows) for sample, rows in lines.groupby("sample_id")}
    assessed = assessed_profiles(pool.samples).groupby("sample_id")["profile"].agg(list)
    samples = pool.samples.merge(
        pool.patients, on="patient_id", suffixes=("", "_of_patient"), validate="many_to_one"
    )
    return [
        case
        | {
            "assessed": assessed[case["sample_id"]],
            "lines": after.get(case["sample_id"], []),
        }
        for case in records(with_sources(samples, pool.sources))
    ]


def _controls(measured: InVitro) -> dict[str, float]:
    """Potency against the fusion without mutation, by model and inhibitor."""
    wild = measured.measurements.query("mutations == 'WT'").dropna(subset="value")
    return {f"{row.model_id}|{row.inhibitor}": float(str(row.value)) for row in wild.itertuples()}
