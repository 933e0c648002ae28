"""What the rows on one profile and inhibitor amount to, tier by tier."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from alkpool import stats
from alkpool.analysis.actionability import worded
from alkpool.analysis.ranking import NOTHING, Cell, Finding, together
from alkpool.analysis.settings import Settings
from alkpool.files import yaml_beside
from alkpool.problems import counted
from alkpool.references import once
from alkpool.vocabulary import UNKNOWN, Access, Benefit, Call, Sampling, Standing, Tier, Verdict

Row = dict[str, Any]

_TABLES: Mapping[str, Any] = yaml_beside(__file__)


def limits(k: int | None, n: int | None) -> Row:
    """``low, high`` of the Wilson 95% interval of k / n and its ``interval`` in words."""
    if k is None or not n:
        return {"low": None, "high": None, "interval": ""}
    low, high = stats.wilson(k, n)
    return {"low": round(low, 4), "high": round(high, 4), "interval": stats.limits(low, high)}


def _held(kind: str, rows: Iterable[Row]) -> list[Row]:
    return [{name: row[name] for name in _TABLES["held"][kind]} for row in rows]


def cell_of(rules: Settings, rows: Mapping[str, list[Row]], verdict: Row) -> Cell:
    """Put together what is known of one profile and inhibitor.

    Parameters
    ----------
    rules : Settings
        Thresholds.
    rows : mapping
        Its ``lines, groups, relapses, calls, assertions``, see `alkpool.analysis.evidence`.
    verdict : dict
        ``verdict, verdict_probability`` of the matrix.
    """
    patients = _patients(rows["lines"], verdict)
    # A series that speaks against before one that does not, then the largest; samples that were
    # chosen where there is no other.
    relapsed = max(
        rows["relapses"],
        key=lambda row: (_relapse_finding(row, rules) is not None, row["n"] or 0, row["k"]),
        default=NOTHING.relapsed,
    )
    models = _models(rows["calls"])
    found = [
        _patients_finding(patients, rules),
        _groups_finding([row for row in rows["groups"] if _speaks(row)]),
        _relapse_finding(relapsed, rules),
        _few_finding(rows["lines"], rules),
        _laboratory_finding(models),
    ]
    cited = (source for kind in rows.values() for row in kind for source in row["sources"])
    return Cell(
        findings={finding.basis: finding for finding in found if finding},
        patients=patients,
        groups=_held("groups", rows["groups"]),
        relapsed={name: relapsed[name] for name in NOTHING.relapsed},
        laboratory=models,
        sources=tuple(once(cited)),
        hint=_hint(rows, relapsed),
        calls=rows["calls"],
        assertions=rows["assertions"],
    )


def _patients(lines: list[Row], judged: Row) -> Row:
    """Count the decided lines, and say what exists beside them: no line vanishes."""
    verdict, probability = judged["verdict"], judged["verdict_probability"]
    decided = [row for row in lines if row["counted"]]
    k, n = sum(row["benefit"] == Benefit.BENEFIT for row in decided), len(decided)
    left_out = [row["text"] for row in lines if not row["counted"]]
    beside = f", {len(left_out)} not counted ({'; '.join(left_out)})" if left_out else ""
    told = decided or verdict != Verdict.INSUFFICIENT
    said = f": {worded(verdict, probability)}" if told else ""
    interval = limits(k, n)
    share = f"{k}/{n}" + f" ({interval['interval']})" * bool(decided)
    return {
        "verdict": verdict,
        "verdict_probability": probability,
        "k": k,
        "n": n,
        "not_counted": len(left_out),
        **interval,
        "text": f"{share}{said}{beside}",
        "lines": _held("lines", lines),
    }


def _patients_finding(patients: Row, rules: Settings) -> Finding | None:
    k, n = patients["k"], patients["n"]
    if n < rules.verdict.min_evaluable:
        return None
    enough = k / n >= rules.verdict.low_sensitivity
    return Finding(
        Standing.FOR if enough else Standing.AGAINST,
        Tier.PATIENTS,
        f"benefit in {k} of {counted(n, 'line')} of treatment ({patients['interval']}): "
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
    outcomes = "; ".join(f"{row['benefit']}: {row['text']} ({row['label']})" for row in told)
    partners = dict.fromkeys(f"with {row['partner']}" for row in told if row["partner"])
    marks = (counted(patients, "patient"), *partners)
    return Finding(direction, Tier.FEW, outcomes, _agreed(direction, patients), marks)


def _agreed(direction: Standing, independent: int) -> float:
    """Lower limit of the share that is for, where all are: it orders inhibitors of one tier.

    Lines of one patient and models of one report share what may be wrong with them, so patients
    and reports are counted: "what rests on one dish or one patient says so" (design 12) holds of
    the order too.
    """
    return float(stats.wilson(independent, independent).low) if direction == Standing.FOR else 0.0


def _speaks(group: Row) -> bool:
    """Tell whether a group says enough: a response, both counts, size, a text that is no echo."""
    rule = _TABLES["group"]
    counted = group["k"] is not None and (group["n"] or 0) >= rule["size"]
    return counted and group["endpoint"] in rule["endpoints"] and group["access"] != Access.TERTIARY


def _groups_finding(groups: list[Row]) -> Finding | None:
    if not groups:
        return None
    direction = together(_direction(row["k"] / row["n"]) for row in groups)
    marks = dict.fromkeys(
        mark
        for row in groups
        for mark in (
            _TABLES["origin"].get(row["k_origin"]),
            "not all with exactly this mutation" * (not row["exact"]),
        )
        if mark
    )
    ordered = sorted(groups, key=lambda row: -row["n"])
    text = "; ".join(_group_text(row, ordered[:place]) for place, row in enumerate(ordered))
    low = float(stats.wilson(ordered[0]["k"], ordered[0]["n"]).low)
    return Finding(direction, Tier.GROUPS, text, low, tuple(marks))


def _direction(share: float) -> Standing:
    if share >= _TABLES["group"]["for"]:
        return Standing.FOR
    return Standing.AGAINST if share < _TABLES["group"]["against"] else Standing.UNDECIDED


def _group_text(group: Row, before: Sequence[Row] = ()) -> str:
    """Say a group in a clause, and whether it shares patients with one said before it."""
    of_whom = " or ".join(group["names"])
    did = _TABLES["did"].get(group["endpoint"], "responded")
    shared = {row["trial"] for row in before} - {UNKNOWN}
    part = "part of a larger group" * bool(group["subset_of"])
    part = "the same trial, shares patients" if group["trial"] in shared else part
    shown = "; ".join(filter(None, [group["interval"], part, group["label"]]))
    return f"{group['k']} of {counted(group['n'], 'patient')} with {of_whom} {did} ({shown})"


def _relapse_finding(relapsed: Row, rules: Settings) -> Finding | None:
    k, n, rule = relapsed["k"], relapsed["n"], rules.verdict
    if not n or k < rule.high_relapse_samples or k / n < rule.high_relapse_share:
        return None
    marks = ("pooled reports",) if relapsed.get("sampling") == Sampling.SELECTED else ()
    return Finding(Standing.AGAINST, Tier.RELAPSE, _found_after(relapsed), marks=marks)


def _found_after(relapsed: Row) -> str:
    k, n = relapsed["k"], relapsed["n"]
    if not n:
        return f"found after it in {counted(k, 'reported case')}" if k else ""
    series = f"{relapsed['interval']}; {relapsed['source']}"
    return f"found in {k} of {n} {relapsed['of']} after it ({series})"


def _models(calls: list[Row]) -> Row:
    """Count each model once; values without a call, and what may not decide, stand apart."""
    of_model = {row["model"]: row for row in calls if row["counts"]}
    said = [row["of_model"] for row in of_model.values()]
    speaking = [r for r in of_model.values() if r["of_model"] in (Call.SENSITIVE, Call.RESISTANT)]
    return {
        "sensitive": said.count(Call.SENSITIVE),
        "resistant": said.count(Call.RESISTANT),
        "no_call": sum(row["call"] == Call.UNKNOWN for row in calls),
        "reports": len({row["cited"]["url"] or row["cited"]["text"] for row in speaking}),
        "ours": sum(row["ours"] for row in of_model.values()),
        "calls": _held("calls", calls),
    }


def _laboratory_finding(models: Row) -> Finding | None:
    sensitive, resistant = models["sensitive"], models["resistant"]
    n = sensitive + resistant
    if not n:
        return None
    text = ", ".join(
        f"{call} in {counted(models[call], 'laboratory model')}"
        for call in (Call.SENSITIVE, Call.RESISTANT)
        if models[call]
    )
    direction = together([Standing.FOR] * sensitive + [Standing.AGAINST] * resistant)
    marks = {
        "one model": n == 1,
        "one report": n > 1 and models["reports"] == 1,
        "models disagree": direction == Standing.UNDECIDED,
        "our threshold": models["ours"] >= n,
    }
    said = tuple(mark for mark, holds in marks.items() if holds)
    low = _agreed(direction, models["reports"])
    return Finding(direction, Tier.LABORATORY, text, low, said)


def _hint(rows: Mapping[str, list[Row]], relapsed: Row) -> str:
    """Say what is known where nothing decides."""
    lines, calls = rows["lines"], rows["calls"]
    apart = {row["call"] for row in calls if not row["counts"]} - {Call.UNKNOWN}
    without = sum(row["call"] == Call.UNKNOWN for row in calls)
    asserted = {
        _TABLES["asserted"][row["direction"]] for row in rows["assertions"] if not (lines or calls)
    }
    said = [
        *(f"not counted: {row['text']} ({row['label']})" for row in lines),
        *(
            f"a group too small, or not counted: {_group_text(row)}"
            for row in rows["groups"]
            if row["k"] is not None
        ),
        _found_after(relapsed),
        f"{counted(without, 'laboratory value')} without a threshold to judge it by"
        * bool(without),
        *(
            f"called {' and '.join(sorted(called))} only in {where}"
            for called, where in (
                (apart, "reviews or in models that do not count"),
                (asserted, "knowledge bases, which do not count"),
            )
            if called
        ),
    ]
    return "; ".join(filter(None, said))
