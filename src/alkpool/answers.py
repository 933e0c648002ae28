"""The answer to one question as text for a terminal, as JSON and as CSV."""

import json
from collections.abc import Iterator, Mapping
from io import StringIO
from typing import Any

import pandas as pd
from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from alkpool.analysis.ranking import WARNINGS, Evidence, Question
from alkpool.problems import printable, spreadsheet_cell
from alkpool.vocabulary import UNKNOWN, Answer, Call, Expectation

DISCLAIMER = (
    "Not medical advice: it informs specialists and decides nothing. Published cases are selected, "
    "and resistance outside ALK is not considered."
)
LEGEND = (
    "Rank: the order of the evidence, no recommendation; equal evidence shares a rank (=). "
    "Benefit: lines of treatment with benefit / lines that can be judged. "
    "Relapsing: samples with the profile / all samples at resistance to the inhibitor. "
    "Percentages: Wilson 95% interval. Expectations, best first: "
    f"{', '.join(Expectation)}."
)
FAVOURABLE = tuple(Expectation)[: list(Expectation).index(Expectation.CONFLICTING)]
# Narrower than this, the table would cut words.
MIN_WIDTH = 80


def summary(table: pd.DataFrame) -> str:
    """Say in a sentence what the evidence speaks for, if for anything."""
    found = table[table["expectation"].isin(FAVOURABLE)]
    if found.empty:
        return "No inhibitor has evidence that speaks for it."
    named = (
        f"{row['inhibitor']} ({'; '.join([row['expectation'], *_history(row)])})"
        for _, row in found.iterrows()
    )
    return f"There is evidence for {', '.join(named)}."


def to_json(question: Question, table: pd.DataFrame, evidence: Evidence) -> str:
    """Write the answer as one JSON object, the same text for the same answer.

    Its keys are ``question, summary, inhibitors, evidence, disclaimer``; those of an inhibitor
    are `alkpool.analysis.ranking.COLUMNS`. What is not known is null.
    """
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    content = {
        "question": {
            "profile": question.profile,
            "mutations": question.mutations,
            "phase": question.phase,
            "prior": question.prior,
            "specimen": question.specimen,
        },
        "summary": summary(table),
        "inhibitors": rows,
        "evidence": evidence.about,
        "disclaimer": DISCLAIMER,
    }
    return json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def to_csv(table: pd.DataFrame) -> str:
    """Write a row for each inhibitor; lists are joined by ``;``, and no cell is a formula."""
    flat = table.assign(
        calls=["; ".join(map(_call, calls)) for calls in table["calls"]],
        assertions=["; ".join(map(_assertion, said)) for said in table["assertions"]],
        sources=["; ".join(map(_source, sources)) for sources in table["sources"]],
        warnings=table["warnings"].map("; ".join),
    )
    text = flat.select_dtypes(exclude="number").columns
    flat[text] = flat[text].map(spreadsheet_cell)
    return flat.to_csv(index=False, lineterminator="\n")


def to_text(
    question: Question,
    table: pd.DataFrame,
    evidence: Evidence,
    *,
    terminal: bool = False,
    width: int = MIN_WIDTH,
) -> str:
    """Write the answer for reading: a table, then what stands behind each inhibitor."""
    console = Console(
        file=StringIO(), width=max(width, MIN_WIDTH), force_terminal=terminal, highlight=False,
        markup=False, emoji=False,
    )  # fmt: skip
    console.print(Text(_asked(question), style="bold"), end="\n\n")
    console.print(_overview(table))
    console.print(f"\n{summary(table)}\n")
    for _, row in table.iterrows():
        console.print(Text(f"{row['inhibitor']}: {row['expectation']}", style="bold"))
        console.print(_indented(row["reason"]))
        for warning in row["warnings"]:
            console.print(_indented(f"! {warning}", style="yellow"))
        for heading, items in _behind(row):
            console.print(_indented(heading))
            for item in items:
                # A link that is broken into lines cannot be followed.
                console.print(f"    {printable(item)}", soft_wrap=True)
        console.print()
    for paragraph in (LEGEND, _basis(evidence.about), DISCLAIMER):
        console.print(printable(paragraph), end="\n\n")
    text = console.file.getvalue()  # type: ignore[attr-defined]
    return "\n".join(line.rstrip() for line in text.rstrip().split("\n")) + "\n"


def _asked(question: Question) -> str:
    history = "prior inhibitors not given"
    if question.prior:
        history = f"after {', '.join(question.prior)}, progressed on {question.prior[-1]}"
    phase = f", {question.phase}" if question.phase in ("cis", "trans") else ""
    specimen = "" if question.specimen == UNKNOWN else f", {question.specimen}"
    return f"{question.profile}{phase}{specimen}; {history}"


def _overview(table: pd.DataFrame) -> Table:
    overview = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1), collapse_padding=True)
    # Columns wrap between words; the longest words fit into 80 characters.
    longest = {"Inhibitor": "crizotinib", "Expectation": "unfavourable", "Evidence": "clinical"}
    overview.add_column("Rank", justify="right", no_wrap=True)
    for heading, word in longest.items():
        overview.add_column(heading, min_width=len(word))
    for heading in ("Benefit", "Relapsing"):
        overview.add_column(heading, min_width=len("(34-100%)"))
    shared = table["rank"].duplicated(keep=False)
    benefit = ("benefit_k", "benefit_n", "sensitivity_low", "sensitivity_high")
    relapse = ("relapsed", "relapse_n", "relapse_low", "relapse_high")
    for (_, row), tied in zip(table.iterrows(), shared, strict=True):
        rank = f"{row['rank']}{'=' if tied else ' '}"
        shares = (_share(*row[list(columns)]) for columns in (benefit, relapse))
        name = "\n".join([row["inhibitor"], *_history(row)])
        overview.add_row(rank, name, row["expectation"], row["tier"], *shares)
    return overview


def _history(row: pd.Series) -> list[str]:
    """Say beside the name whether the inhibitor was given, which must not be overlooked."""
    marks = {WARNINGS["progressed"]: "just progressed", WARNINGS["given"]: "given before"}
    return [mark for warning, mark in marks.items() if warning in row["warnings"]]


def _share(k: int, n: int, low: float, high: float) -> str:
    return f"{k}/{n} ({low * 100:.0f}-{high:.0%})" if n else "0/0"


def _behind(row: pd.Series) -> Iterator[tuple[str, list[str]]]:
    said = [_assertion(assertion) for assertion in row["assertions"]]
    for heading, items in (
        ("In vitro:", [_call(call) for call in row["calls"]]),
        ("Knowledge bases, which decide nothing:", said),
        ("Sources:", [_source(source) for source in row["sources"]]),
    ):
        if items:
            yield heading, items


def _call(call: Mapping[str, Any]) -> str:
    said = "no call" if call["call"] == Call.UNKNOWN else call["call"]
    if call["value"] is not None:
        potency = "value" if call["potency"] == UNKNOWN else call["potency"]
        said += f", {potency} {call['relation']} {call['value']:g} {call['unit']}"
    review = ", review" if call["secondary"] == Answer.YES else ""
    return f"{call['profile']} {said} ({call['model']}{review})"


def _assertion(said: Mapping[str, Any]) -> str:
    return f"{said['profile']} {said['direction']} ({said['knowledge_base']} {said['record']})"


def _source(source: Mapping[str, Any]) -> str:
    return f"{source['label']} {source['url']}".strip()


def _basis(about: Mapping[str, Any]) -> str:
    searched = about["search_date"] or "date not stated, no systematic review"
    return (
        f"Evidence: cohort {about['cohort']} (patients: {about['patients']}, samples: "
        f"{about['samples']}, lines of treatment: {about['lines']}; latest report "
        f"{about['latest_year']}; search: {searched}); in vitro models: {about['models']} "
        f"({about['measurements']} measurements); knowledge base assertions: "
        f"{about['assertions']}."
    )


def _indented(text: str, style: str = "") -> Padding:
    return Padding(Text(printable(text), style=style), (0, 0, 0, 2))
