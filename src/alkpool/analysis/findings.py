"""What the rows on one profile and inhibitor amount to, tier by tier."""

from collections.abc import Sequence
from typing import Any

from alkpool import stats
from alkpool.analysis.actionability import worded
from alkpool.analysis.ranking import NOTHING, Cell, Finding, together
from alkpool.analysis.settings import Settings
from alkpool.data.groups import as_printed
from alkpool.references import once
from alkpool.vocabulary import (
    UNKNOWN,
    Access,
    Benefit,
    Call,
    CountOrigin,
    Endpoint,
    Sampling,
    Standing,
    Tier,
    Verdict,
)

# A published group speaks from this size on: for where at least half responded, against where
# fewer than a fifth did; between them it points both ways.
GROUP_SIZE = 5
GROUP_FOR = 0.5
GROUP_AGAINST = 0.2
RESPONSES = (Endpoint.RESPONSE, Endpoint.BENEFIT)
# What knowledge bases assert, in the words of a laboratory call.
ASSERTED = {
    "sensitivity": "sensitive",
    "resistance": "resistant",
    "does not support sensitivity": "not sensitive",
}

Row = dict[str, Any]


def _limits(k: int | None, n: int | None) -> Row:
    """``low, high`` of the Wilson 95% interval of k / n and its ``interval`` in words."""
    if k is None or not n:
        return {"low": None, "high": None, "interval": ""}
    low, high = stats.wilson(k, n)
    return {"low": round(low, 4), "high": round(high, 4), "interval": stats.limits(low, high)}


def cell_of(
    rules: Settings,
    *,
    verdicts: list[Row],
    lines: list[Row],
    groups: list[Row],
    relapses: list[Row],
    calls: list[Row],
    assertions: list[Row],
) -> Cell:
    """Put together what is known of one profile and inhibitor."""
    patients = _patients(lines, verdicts)
    usable = [row for row in groups if _speaks(row)]
    # A series that speaks against before one that does not, then the largest; samples that were
    # chosen where there is no other.
    none: Row = {"k": 0, "n": None, "label": "", "of": ""}
    relapsed = max(
        relapses,
        key=lambda row: (_relapse_finding(row, rules) is not None, row["n"] or 0, row["k"]),
        default=none,
    )
    models = _models(calls)
    found = {
        Tier.PATIENTS: _patients_finding(patients, rules),
        Tier.GROUPS: _groups_finding(usable),
        Tier.RELAPSE: _relapse_finding(relapsed, rules),
        Tier.FEW: _few_finding(lines, rules),
        Tier.LABORATORY: _laboratory_finding(models),
    }
    sources = [
        *(row["cited"] for row in (*lines, *groups)),
        *(source for row in relapses for source in row["sources"]),
        *(row["cited"] for row in (*calls, *assertions)),
    ]
    return Cell(
        findings={tier: finding for tier, finding in found.items() if finding is not None},
        patients=patients,
        groups=[_group(row) for row in groups],
        relapsed={
            "k": relapsed["k"],
            "n": relapsed["n"],
            "of": relapsed["of"],
            "source": relapsed["label"],
            **_limits(relapsed["k"], relapsed["n"]),
        },
        laboratory=models,
        sources=tuple(once(sources)),
        hint=_hint(lines, groups, relapsed, calls, assertions),
    )


def _patients(lines: list[Row], verdicts: list[Row]) -> Row:
    """Count the decided lines, and say what exists beside them: no line vanishes."""
    judged = (verdicts or [NOTHING.patients])[0]
    verdict, probability = judged["verdict"], judged["verdict_probability"]
    decided = [row for row in lines if row["evaluated"] and row["benefit"] != Benefit.UNKNOWN]
    k = sum(row["benefit"] == Benefit.BENEFIT for row in decided)
    left_out = [row["text"] for row in lines if row not in decided]
    beside = f", {len(left_out)} not counted ({'; '.join(left_out)})" if left_out else ""
    told = decided or verdict != Verdict.INSUFFICIENT
    said = f": {worded(verdict, probability)}" if told else ""
    limits = _limits(k, len(decided))
    share = f"{k}/{len(decided)}" + f" ({limits['interval']})" * bool(decided)
    kept = ("benefit", "text", "label", "cited")
    return {
        "verdict": verdict,
        "verdict_probability": probability,
        "k": k,
        "n": len(decided),
        "not_counted": len(left_out),
        **limits,
        "text": f"{share}{said}{beside}",
        "lines": [
            {"patient": row["patient_id"], "own": row["own"], "counted": row in decided}
            | {name: row[name] for name in kept}
            for row in lines
        ],
    }


def _patients_finding(patients: Row, rules: Settings) -> Finding | None:
    k, n = patients["k"], patients["n"]
    if n < rules.verdict.min_evaluable:
        return None
    enough = k / n >= rules.verdict.low_sensitivity
    return Finding(
        Standing.FOR if enough else Standing.AGAINST,
        f"benefit in {k} of {n} lines of treatment ({patients['interval']}): "
        f"{worded(patients['verdict'], patients['verdict_probability'])}",
        float(stats.wilson(k, n).low),
    )


def _few_finding(lines: list[Row], rules: Settings) -> Finding | None:
    """Say what is documented of one or two patients, where that is all."""
    told = [row for row in lines if row["documented"] and row["benefit"] != Benefit.UNKNOWN]
    if not told or sum(row["evaluated"] for row in told) >= rules.verdict.min_evaluable:
        return None
    k = sum(row["benefit"] == Benefit.BENEFIT for row in told)
    direction = together([Standing.FOR] * k + [Standing.AGAINST] * (len(told) - k))
    patients = len({row["patient_id"] for row in told})
    outcomes = "; ".join(
        f"{'benefit' if row['benefit'] == Benefit.BENEFIT else 'no benefit'}: {row['text']} "
        f"({row['label']})"
        for row in told
    )
    partners = dict.fromkeys(f"with {row['partner']}" for row in told if row["partner"])
    marks = (f"{patients} patient{'s' if patients > 1 else ''}", *partners)
    return Finding(direction, outcomes, _agreed(direction, patients), marks)


def _agreed(direction: Standing, independent: int) -> float:
    """Lower limit of the share that is for, where all are: it orders inhibitors of one tier.

    Lines of one patient and models of one report share what may be wrong with them, so patients
    and reports are counted: "what rests on one dish or one patient says so" (design 12) holds of
    the order too.
    """
    return float(stats.wilson(independent, independent).low) if direction == Standing.FOR else 0.0


def _speaks(group: Row) -> bool:
    """Tell whether a group says enough: a response, both counts, size, a text that is no echo."""
    return bool(
        group["k"] is not None
        and group["n"] is not None
        and group["n"] >= GROUP_SIZE
        and group["endpoint"] in RESPONSES
        and group["access"] != Access.TERTIARY
    )


def _groups_finding(groups: list[Row]) -> Finding | None:
    if not groups:
        return None
    direction = together(_direction(row["k"] / row["n"]) for row in groups)
    marks = dict.fromkeys(
        mark
        for row in groups
        for mark, holds in (
            ("count from a printed percentage", row["k_origin"] == CountOrigin.IMPLIED),
            ("count from a printed interval", row["k_origin"] == CountOrigin.RECONSTRUCTED),
            ("not all with exactly this mutation", not row["exact"]),
        )
        if holds
    )
    ordered = sorted(groups, key=lambda row: -row["n"])
    text = "; ".join(_group_text(row, ordered[:place]) for place, row in enumerate(ordered))
    low = float(stats.wilson(ordered[0]["k"], ordered[0]["n"]).low)
    return Finding(direction, text, low, tuple(marks))


def _direction(share: float) -> Standing:
    if share >= GROUP_FOR:
        return Standing.FOR
    return Standing.AGAINST if share < GROUP_AGAINST else Standing.UNDECIDED


def _group_text(group: Row, before: Sequence[Row] = ()) -> str:
    """Say a group in a clause, and whether it shares patients with one said before it."""
    of_whom = " or ".join(group["names"])
    did = "benefited" if group["endpoint"] == Endpoint.BENEFIT else "responded"
    limits = _limits(group["k"], group["n"])["interval"]
    shared = {row["trial"] for row in before} - {UNKNOWN}
    part = "part of a larger group" * bool(group["subset_of"])
    part = "the same trial, shares patients" if group["trial"] in shared else part
    shown = "; ".join(filter(None, [limits, part, group["label"]]))
    return f"{group['k']} of {group['n']} patients with {of_whom} {did} ({shown})"


def _group(row: Row) -> Row:
    kept = (
        "outcome_id", "mutations", "relation", "population", "after", "k", "n", "k_origin",
        "endpoint", "percent_printed", "interval_printed", "pfs_months", "dor_months", "label",
        "cited",
    )  # fmt: skip
    limits = _limits(row["k"], row["n"])
    return {name: row[name] for name in kept} | {"printed": as_printed(row)} | limits


def _relapse_finding(relapsed: Row, rules: Settings) -> Finding | None:
    k, n, rule = relapsed["k"], relapsed["n"], rules.verdict
    if not n or k < rule.high_relapse_samples or k / n < rule.high_relapse_share:
        return None
    marks = ("pooled reports",) if relapsed.get("sampling") == Sampling.SELECTED else ()
    return Finding(Standing.AGAINST, _found_after(relapsed), marks=marks)


def _found_after(relapsed: Row) -> str:
    k, n = relapsed["k"], relapsed["n"]
    limits = _limits(k, n)["interval"]
    return f"found in {k} of {n} {relapsed['of']} after it ({limits}; {relapsed['label']})"


def _models(calls: list[Row]) -> Row:
    """Count each model once; values without a call, and what may not decide, stand apart."""
    of_model = {row["model"]: row for row in calls if row["counts"]}
    said = [row["of_model"] for row in of_model.values()]
    speaking = [r for r in of_model.values() if r["of_model"] in (Call.SENSITIVE, Call.RESISTANT)]
    kept = (
        "model", "potency", "relation", "value", "unit", "sensitive_max", "resistant_min", "call",
        "basis", "counts", "ours", "system", "assay", "cited", "measurement_id",
    )  # fmt: skip
    return {
        "sensitive": said.count(Call.SENSITIVE),
        "resistant": said.count(Call.RESISTANT),
        "no_call": sum(row["call"] == Call.UNKNOWN for row in calls),
        "reports": len({row["cited"]["url"] or row["cited"]["text"] for row in speaking}),
        "ours": sum(row["ours"] for row in of_model.values()),
        "calls": [{name: row[name] for name in kept} for row in calls],
    }


def _laboratory_finding(models: Row) -> Finding | None:
    sensitive, resistant = models["sensitive"], models["resistant"]
    n = sensitive + resistant
    if not n:
        return None
    counts = [
        f"{what} in {k} laboratory model{'s' if k > 1 else ''}"
        for what, k in (("sensitive", sensitive), ("resistant", resistant))
        if k
    ]
    direction = together([Standing.FOR] * sensitive + [Standing.AGAINST] * resistant)
    marks = [
        *["one model"] * (n == 1),
        *["one report"] * (n > 1 and models["reports"] == 1),
        *["models disagree"] * (direction == Standing.UNDECIDED),
        *["our threshold"] * (models["ours"] >= n),
    ]
    low = _agreed(direction, models["reports"])
    return Finding(direction, ", ".join(counts), low, tuple(marks))


def _hint(
    lines: list[Row],
    groups: list[Row],
    relapsed: Row,
    calls: list[Row],
    assertions: list[Row],
) -> str:
    """Say what is known where nothing decides."""
    apart = {row["call"] for row in calls if not row["counts"]} - {Call.UNKNOWN}
    without = sum(row["call"] == Call.UNKNOWN for row in calls)
    said = [f"not counted: {row['text']} ({row['label']})" for row in lines]
    said += [
        f"a group too small, or not counted: {_group_text(row)}"
        for row in groups
        if row["k"] is not None
    ]
    k = relapsed["k"]
    if relapsed["n"]:
        said.append(_found_after(relapsed))
    elif k:
        cases = f"{k} reported case{'s' if k > 1 else ''}"
        said.append(f"found after it in {cases}")
    if without:
        values = f"{without} laboratory value{'s' if without > 1 else ''}"
        said.append(f"{values} without a threshold to judge it by")
    if apart:
        named = " and ".join(sorted(apart))
        said.append(f"called {named} only in reviews or in models that do not count")
    if assertions and not (lines or calls):
        named = " and ".join(sorted({ASSERTED[row["direction"]] for row in assertions}))
        said.append(f"called {named} only in knowledge bases, which do not count")
    return "; ".join(said)
