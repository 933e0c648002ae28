"""What the mutation explorer, the matrix and the pages of the book show, ready for templates.

Every answer on a profile of the data stands here as `alkpool.analysis.ranking.answer` gives it,
for each reading of the phase, and what a row says where the inhibitor has just failed. A compound
that is not in the data the explorer composes by the table of steps of that module, which stands
here too. Real cases only.
"""

import base64
import math
from dataclasses import asdict
from typing import Any

import pandas as pd

from alkpool import answers, mutations, paths
from alkpool.analysis import offtarget, ranking
from alkpool.analysis.actionability import assessed_profiles, profile_order
from alkpool.analysis.evidence import gather, lines_of, records
from alkpool.analysis.question import Question, ask
from alkpool.analysis.ranking import COMPOSED, Evidence, Finding, row_of
from alkpool.analysis.settings import configured
from alkpool.analysis.wording import READINGS, STANDINGS, WORDS
from alkpool.data import cohort as cohorts
from alkpool.data import laboratory, spelling, tables
from alkpool.data.cohort import Cohort, analysis_set
from alkpool.problems import counted
from alkpool.references import READ, Cited, known, patient_names, with_sources
from alkpool.vocabulary import LIST_SEPARATOR, OtherTreatment, PatientStatus, Phase, Specimen, Tier

# Powers of ten in nM between which potencies are drawn, for every model the same.
POTENCIES = (-1, 4)
# Stands for every mutation of which, and of whose residue, nothing is known.
NOBODY = "M1A"

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
        ``explorer``, from `export`; ``cells``, what is known, by profile and inhibitor;
        ``matrix``, the rows of the matrix of patients; ``places``, the residues of the kinase
        domain with a mutation; ``records``, the pages of the ``profiles``, each with the answer
        where nothing was given before and its cases, and those of the ``inhibitors``; ``rules``,
        the `Settings` as dicts, and ``changed``, those that are no defaults, in words.

    Raises
    ------
    ValueError
        For a synthetic cohort: its cells are no evidence.
    """
    cohort, rules = cohorts.load(cohort_name), configured()
    evidence = gather(cohort, rules)
    data = export(cohort, evidence)
    profiles, cells = data["profiles"], _cells(evidence)
    pool = analysis_set(cohort)
    treated = [*lines_of(cohort, rules)]
    cases = [*_cases(pool, treated), *_cases(cohorts.of_other_tumours(cohort), treated)]
    courses = _courses(pool)
    pages = {
        name: {
            "name": name,
            **about,
            "spelled": [mutations.spelled_out(part) for part in mutations.mutations_of(name)],
            "answer": _answer(name, evidence),
            "related": [
                other
                for other in profiles
                if other != name and set(profiles[other]["residues"]) & set(about["residues"])
            ],
            "cases": [case for case in cases if name in case["assessed"]],
            "course": courses.get(name),
            "cells": cells.get(name, {}),
        }
        for name, about in profiles.items()
    }
    return {
        "explorer": data,
        "cells": cells,
        "matrix": _matrix(pages),
        "places": _places(profiles),
        "records": {"profiles": pages, "inhibitors": _inhibitors(pages)},
        "rules": asdict(rules),
        "changed": rules.changed(),
    }


def _answer(name: str, evidence: Evidence) -> Record:
    found = answers.to_dict(ranking.answer(ask(name), evidence))
    for row in (*found["inhibitors"], *found["other_reading"]):
        row["empty"] = answers.is_empty(row)
    return found


def _courses(pool: Cohort) -> dict[str, Record]:
    """Figure of what was given after each profile was found: ``patients, alt, src``."""
    # Both take longer to import than an answer takes.
    from alkpool.figures.assembly import swimmer
    from alkpool.show import svg_of

    treated = cohorts.lines(pool)
    names = patient_names(pool.patients, pool.sources)
    found = {}
    for name, samples in assessed_profiles(pool.samples).groupby("profile")["sample_id"]:
        theirs = treated[treated["sample_id"].isin(samples)]
        made = swimmer(theirs, names)
        if made.figure is not None:
            drawn = base64.b64encode(svg_of(made.figure, made.alt).encode()).decode()
            found[str(name)] = {
                "patients": counted(theirs["patient_id"].nunique(), "patient"),
                "alt": made.alt,
                "src": f"data:image/svg+xml;base64,{drawn}",
            }
    return found


def _inhibitors(pages: Record) -> dict[str, Record]:
    known = tables.inhibitors().set_index("inhibitor")
    return {
        name: {
            "name": name,
            "page": name,
            "aliases": [*filter(None, known["aliases"][name].split(LIST_SEPARATOR))],
            "generation": known["generation"][name],
            "rows": [
                row | {"profile": profile}
                for profile, page in pages.items()
                for row in page["answer"]["inhibitors"]
                if row["inhibitor"] == name and not row["empty"]
            ],
        }
        for name in tables.assessed_inhibitors()
    }


def _matrix(pages: Record) -> list[Record]:
    """Rows with a patient or a group behind them, by residue; ``weight`` orders by evidence."""
    rows = []
    for name, page in pages.items():
        cases = [case for case in page["cases"] if case["status"] == PatientStatus.INCLUDED]
        cells, treated, seen = {}, 0, 0
        for row in page["answer"]["inhibitors"]:
            own = [case["own"] for case in cases if case["resistance_on"] == row["inhibitor"]]
            cells[row["inhibitor"]] = row | {"found_after": len(own), "found_in_own": sum(own)}
            treated += len(row["patients"]["lines"]) + sum(g["n"] or 0 for g in row["groups"])
            seen += len(own) + row["relapsed"]["k"]
        if treated or seen:
            rows.append({"name": name, "cells": cells, "weight": treated * 1000 + seen})
    return rows


def _places(profiles: dict[str, Record]) -> list[Record]:
    """Residues of the kinase domain with a mutation: ``residue, samples, profiles``."""
    first, last = mutations.KINASE_DOMAIN
    found: dict[int, list[str]] = {}
    for name in sorted(profiles, key=lambda name: -profiles[name]["samples"]):
        for residue in profiles[name]["residues"]:
            found.setdefault(residue, []).append(name)
    return [
        {"residue": r, "profiles": names, "samples": sum(profiles[n]["samples"] for n in names)}
        for r, names in sorted(found.items())
        if first <= r <= last
    ]


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
        Lists, dicts, text and numbers, None for what is missing. ``answers`` by profile, that of
        several mutations in cis (in trans the explorer puts them together), see `_answers`;
        ``substitutions``, the same for a substitution that is not in the data, by residue class;
        ``composing``, the table of steps for a compound that is not, with what is ``undoing``
        resistance to each inhibitor; ``not_assessed``, what is known of other inhibitors by
        profile; ``profiles``, every profile of which something is known, with its page, samples
        and residues; ``treatments``, by all that they are called, and those ``offered``, which
        patients get; ``sources``, which the answers name by their place.
    """
    pool = analysis_set(cohort)
    sources = [source for cell in evidence.cells.values() for source in cell.sources]
    # Of two readings of one source the more direct one stands first.
    directness = list(READ.values()).index
    unique = {tuple(source.values()): source for source in sources}.values()
    cited = sorted(unique, key=lambda source: directness(source["read"]))
    profiles = _profiles(evidence, pool)
    assessed = tables.assessed_inhibitors()
    mechanisms = offtarget.mechanisms()
    return {
        "about": dict(evidence.about),
        "inhibitors": list(assessed),
        "treatments": tables.treatments(),
        "patterns": spelling.PATTERNS,
        "offered": [*tables.investigational_inhibitors(), *OtherTreatment],
        "no_inhibitors": list(OtherTreatment),
        "phases": list(Phase),
        "specimens": list(Specimen),
        "standings": STANDINGS,
        "readings": READINGS,
        "words": WORDS | answers.rests_on(evidence.about),
        # Places of the kinase domain that a source names by what they are.
        "protein": mutations.grammar()
        | {"landmarks": records(pd.read_csv(paths.REFERENCE / "landmarks.csv"))},
        "profiles": profiles,
        "answers": {
            name: _answers(Question(mutations.mutations_of(name)), evidence, cited)
            for name in profiles
        },
        "substitutions": {
            residue: _answers(Question((unseen,)), evidence, cited)
            for residue in evidence.substitutions
            if residue.endswith("X") and (unseen := _unseen(residue, evidence))
        },
        "unreported": _answers(Question((NOBODY,)), evidence, cited),
        "composing": [
            {"part": step.part, "undone": step.undone, "quoted": step.quoted}
            | row_of(Finding(step.standing, Tier.COMPONENTS, step.text, marks=(COMPOSED,)))
            for step in ranking.COMPOSING
        ],
        "related": [str(tier) for tier in ranking.STEPS[-1]],
        "undoing": {
            inhibitor: sorted(part for part, of in evidence.restoring if of == inhibitor)
            for inhibitor in assessed
        },
        "progressed": row_of(ranking.PROGRESSED),
        "not_assessed": {
            inhibitor: {
                name: {"known": known, "sources": [*map(cited.index, cell.sources)]}
                for name in profiles
                for cell in [evidence.cell(name, inhibitor)]
                if (known := ranking.known_of(name, inhibitor, evidence))
            }
            for inhibitor in tables.investigational_inhibitors()
        },
        "findings": {"No ALK mutation found": offtarget.words([], True, evidence.published)}
        | {name: offtarget.words([name], False, evidence.published) for name in mechanisms},
        "none": offtarget.NO_MUTATION.pattern,
        "reported": [[name, m["reported"]] for name, m in mechanisms.items() if m["reported"]],
        "sources": cited,
    }  # fmt: skip


def _unseen(residue: str, evidence: Evidence) -> str:
    """Return a substitution of a residue that the data do not have."""
    names = (residue[:-1] + other for other in mutations.names.AMINO_ACIDS if other != residue[0])
    return next(name for name in names if name not in evidence.profiles)


def _answers(question: Question, evidence: Evidence, cited: list[Cited]) -> Record:
    """Answer one reading of a profile.

    Returns
    -------
    dict
        By inhibitor its row with nothing given before, with the ``profile`` whose evidence it
        shows, the places of its ``sources``, and the ``key`` that orders it.
    """
    kept = ("inhibitor", "profile", "standing", "basis", "basis_text", "marks", "key")
    return {
        row["inhibitor"]: {name: row[name] for name in kept}
        | {"sources": [*map(cited.index, row["sources"])]}
        for row in ranking.ordered_rows(question, question.phase, evidence)
    }


def _profiles(evidence: Evidence, pool: Cohort) -> dict[str, Record]:
    samples = assessed_profiles(pool.samples)["profile"].value_counts()
    return {
        name: {
            # A name of a file anywhere: L1196M-G1202R.
            "page": name.replace("+", "-"),
            "samples": int(samples.get(name, 0)),
            "residues": list(mutations.residues(name)),
        }
        for name in sorted(evidence.profiles, key=profile_order)
    }


def _cases(pool: Cohort, treated: list[Record]) -> list[Record]:
    """List the samples: their patient, the profiles they count for, the lines after them."""
    # A line stands once, though its sample may count for several profiles.
    after = {line["treatment_id"]: line for line in treated}.values()
    assessed = assessed_profiles(pool.samples).groupby("sample_id")["profile"].agg(list)
    samples = pool.samples.merge(
        pool.patients, on="patient_id", suffixes=("", "_of_patient"), validate="many_to_one"
    )
    return [
        case
        | {
            "own": case["patient_id"] in pool.own,
            "assessed": assessed[case["sample_id"]],
            "lines": [line for line in after if line["sample_id"] == case["sample_id"]],
        }
        for case in records(with_sources(samples, cohorts.cited_sources(pool), known()))
    ]


def _cells(evidence: Evidence) -> dict[str, dict[str, Record]]:
    """What is known by profile and inhibitor, measurements and assertions in full."""
    wild = laboratory.load().measurements.query("mutations == 'WT'")
    controls = {(row["model_id"], row["inhibitor"]): row["value"] for row in records(wild)}
    found: dict[str, dict[str, Record]] = {}
    for (profile, inhibitor), cell in evidence.cells.items():
        calls = [
            call
            | {
                "text": answers.call_text(call),
                "place": _place(call["value"] if call["unit"] == "nM" else None),
                "wild": _place(controls.get((call["model"], inhibitor))),
            }
            for call in cell.calls
        ]
        more = {"calls": calls, "assertions": cell.assertions}
        found.setdefault(profile, {})[inhibitor] = cell.behind | more
    return found


def _place(value: float | None) -> float | None:
    """Where a potency in nM is drawn, from 0 to 1 on a log axis; at the end what lies beyond."""
    if not value:
        return None
    low, high = POTENCIES
    return round(min(max((math.log10(value) - low) / (high - low), 0.0), 1.0), 4)
