"""The answer to one question as text for a terminal, as JSON and as CSV."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import pandas as pd

from alkpool.analysis.evidence import records
from alkpool.analysis.question import Question
from alkpool.analysis.ranking import Answer
from alkpool.analysis.sentence import GIVEN_BEFORE
from alkpool.problems import printable, spreadsheet_cell
from alkpool.references import Cited, in_words
from alkpool.vocabulary import UNKNOWN, Phase, Standing, Tier

DISCLAIMER = (
    "Not medical advice: it informs specialists and decides nothing. Published cases are selected, "
    "and resistance outside ALK is not considered."
)
LEGEND = (
    "Only inhibitors with evidence for them are numbered: by the kind of evidence (patients, "
    "groups, one or two patients, laboratory, related mutations), then by the lower limit of its "
    "95% interval; models of one report count there as one, and treatments of one patient "
    "where no more than two are known."
)
GROUPS = {
    Standing.FOR: "Evidence for",
    Standing.UNDECIDED: "Undecided",
    Standing.AGAINST: "Evidence against, or just failed",
}
READINGS = {
    Phase.CIS: "read as one compound mutation, on one allele (in cis)",
    Phase.TRANS: "read as single mutations in different clones (in trans)",
}
# Narrower than this, the table would cut words.
MIN_WIDTH = 80

Row = Mapping[str, Any]


def to_dict(answer: Answer) -> dict[str, Any]:
    """Content of the JSON: plain values, None for what is not known."""
    question = answer.question
    return {
        "question": {
            "profile": question.profile,
            "mutations": list(question.mutations),
            "phase": str(question.phase),
            "prior": list(question.prior),
            "specimen": str(question.specimen),
            "findings": list(question.findings),
            "set_aside": list(question.set_aside),
        },
        "standing_text": answer.standing_text,
        "inhibitors": records(answer.inhibitors),
        "reading": str(answer.reading),
        "other_reading": records(answer.other_reading),
        "not_assessed": answer.others,
        "words": answer.words,
        "rests_on": {**answer.about, "alkpool": version("alkpool")},
        "disclaimer": DISCLAIMER,
    }


def to_json(answer: Answer) -> str:
    """Write the answer as one JSON object, the same text for the same answer."""
    return json.dumps(to_dict(answer), ensure_ascii=False, allow_nan=False, indent=1) + "\n"


def to_csv(answer: Answer) -> str:
    """Write a row for each inhibitor; no cell is a formula."""
    flat = pd.DataFrame(
        {
            **{name: row[name] for name in ("inhibitor", "status", "standing", "rank", "basis")},
            "basis_text": row["basis_text"],
            "marks": "; ".join(row["marks"]),
            **{f"patients_{name}": row["patients"][name] for name in ("k", "n", "low", "high")},
            **{
                name: row["patients"][name]
                for name in ("not_counted", "verdict", "verdict_probability")
            },
            "groups": "; ".join(map(_group, row["groups"])),
            **{
                f"relapsed_{name}": row["relapsed"][name]
                for name in ("k", "n", "of", "low", "high", "source")
            },
            **{name: row["laboratory"][name] for name in ("sensitive", "resistant", "no_call")},
            "laboratory_reports": row["laboratory"]["reports"],
            "sources": "; ".join(map(_source, row["sources"])),
        }
        for row in records(answer.inhibitors)
    )
    flat = flat.astype({"rank": "Int64", "relapsed_n": "Int64"})
    text = flat.select_dtypes(exclude="number").columns
    flat[text] = flat[text].map(lambda cell: spreadsheet_cell(cell) if cell else cell)
    return flat.to_csv(index=False, lineterminator="\n")


def to_text(answer: Answer, *, bold: bool = False, width: int = MIN_WIDTH) -> str:
    """Write the answer for reading: a summary in three groups, then what stands behind it."""
    width = max(width, MIN_WIDTH)
    rows = records(answer.inhibitors)
    blocks = [
        [_strong(asked(answer.question), bold)],
        _wrapped(answer.standing_text, width),
        *([*_wrapped(words["text"], width, "  "), *_sources(words)] for words in answer.words),
    ]
    if rows:
        if answer.reading in READINGS and answer.question.phase == Phase.UNKNOWN:
            blocks.append([f"Phase not known; {READINGS[answer.reading]}:"])
        blocks += _groups(rows, width, bold)
    if answer.other_reading is not None:
        other = Phase.CIS if answer.reading == Phase.TRANS else Phase.TRANS
        blocks.append([_strong(f"The other reading: {READINGS[other]}", bold)])
        blocks += _groups(records(answer.other_reading), width, bold)
    if answer.others:
        blocks.append([_strong("Other inhibitors, not assessed", bold)])
        blocks += [
            [*_wrapped(f"{row['inhibitor']}: {row['known']}", width, "  "), *_sources(row)]
            for row in answer.others
        ]
    if behind := [lines for row in rows if (lines := [*_behind(row, width)])]:
        blocks += [[_strong("What stands behind it", bold)], *behind]
    legend = [LEGEND] if rows else []
    blocks += [_wrapped(text, width) for text in (*legend, basis(answer.about), DISCLAIMER)]
    text = "\n\n".join("\n".join(block) for block in blocks if block)
    return "\n".join(line.rstrip() for line in text.split("\n")) + "\n"


def _strong(text: str, bold: bool) -> str:
    shown = printable(text)
    return f"\x1b[1m{shown}\x1b[0m" if bold else shown


def _wrapped(text: str, width: int, indent: str = "") -> list[str]:
    return textwrap.wrap(
        printable(text), width, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip


def _groups(rows: Sequence[Row], width: int, bold: bool) -> Iterator[list[str]]:
    for standing, heading in GROUPS.items():
        mine = [row for row in rows if row["standing"] == standing]
        told = [row for row in mine if not is_empty(row)]
        lines = [line for row in told for line in _line(row, width)]
        if silent := [row["inhibitor"] for row in mine if is_empty(row)]:
            lines.append(f"  no data: {', '.join(silent)}")
        yield [_strong(heading, bold), *(lines or ["  none"])]


def is_empty(row: Row) -> bool:
    """Tell whether nothing at all is known of an inhibitor."""
    return row["basis"] == Tier.NONE and not row["sources"] and GIVEN_BEFORE not in row["marks"]


def _line(row: Row, width: int) -> list[str]:
    rank = f"{row['rank']}. " if row["rank"] else ""
    marks = f" [{', '.join(row['marks'])}]" if row["marks"] else ""
    counts = [
        f"patients {row['patients']['text']}",
        f"laboratory {row['laboratory']['sensitive']} sensitive, "
        f"{row['laboratory']['resistant']} resistant",
    ]
    head = f"{rank}{row['inhibitor']}: {row['basis_text']}{marks}"
    return [*_wrapped(head, width, "  "), *_wrapped("; ".join(counts), width, "      ")]


def asked(question: Question) -> str:
    """Say the question in a line."""
    said = [question.profile or "No ALK mutation", *question.findings]
    history = "previous treatment not given"
    if question.prior:
        history = f"after {', '.join(question.prior)}"
        if question.progressed_on:
            history += f", progressed on {question.progressed_on}"
    phase = f", {question.phase}" if question.phase in READINGS else ""
    specimen = "" if question.specimen == UNKNOWN else f", {question.specimen}"
    aside = f"; set aside: {', '.join(question.set_aside)}" * bool(question.set_aside)
    return f"{' with '.join(said)}{phase}{specimen}; {history}{aside}"


def _behind(row: Row, width: int) -> Iterator[str]:
    items = [
        *(f"{line['text']}: {line['benefit']}{'' if line['counted'] else ', not counted'} "
          f"({line['label']})" for line in row["patients"]["lines"]),
        *map(_group, row["groups"]),
        *map(call_text, row["laboratory"]["calls"]),
    ]  # fmt: skip
    if items or row["sources"]:
        yield f"{row['inhibitor']}"
        for item in dict.fromkeys(items):
            yield from _wrapped(item, width, "    ")
        yield from _sources(row)


def _sources(row: Row) -> list[str]:
    # A link that is broken into lines cannot be followed.
    return [f"    {printable(_source(source))}" for source in row["sources"]]


def _group(group: Row) -> str:
    limits = f" ({group['interval']}, ours)" if group["interval"] else ""
    counts = "count not printed" if group["k"] is None else f"{group['k']} of {group['n']}{limits}"
    printed = f", printed: {group['printed']}" if group["printed"] else ""
    return f"{group['mutations']}: {group['endpoint']} {counts}{printed} ({group['label']})"


def call_text(call: Row) -> str:
    """Say one measurement in a line."""
    said = "no call" if call["call"] == UNKNOWN else call["call"]
    if call["value"] is not None:
        potency = "value" if call["potency"] == UNKNOWN else call["potency"]
        said += f", {potency} {call['relation'].replace('=', '')}{call['value']:g} {call['unit']}"
    ours = ", our threshold" if call["ours"] else ""
    apart = "" if call["counts"] else ", does not count"
    return f"{said} ({call['model']}{ours}{apart})"


def _source(source: Cited) -> str:
    return f"{in_words(source)} {source['url']}"


def basis(about: Mapping[str, Any]) -> str:
    """Say what the answer rests on."""
    own = f" ({about['own']} of them our own)" * bool(about["own"])
    return (
        f"This rests on {about['patients']} patients{own} with {about['samples']} tumour samples "
        f"and {about['lines']} further lines of treatment (cohort {about['cohort']}, latest report "
        f"{about['latest_year'] or 'of a year not stated'}; {searched(about)}), on "
        f"{about['groups']} outcomes of published groups, {about['measurements']} measurements in "
        f"{about['models']} laboratory models, and {about['assertions']} assertions of knowledge "
        f"bases. alkpool {version('alkpool')}."
    )


def searched(about: Mapping[str, Any]) -> str:
    """Say when the reports were searched for."""
    if about["search_date"]:
        return f"searched until {about['search_date']}"
    return "no systematic review, date of the search not stated"
