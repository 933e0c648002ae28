"""The answer to one question as text for a terminal, as JSON and as CSV."""

import json
import re
import textwrap
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import pandas as pd

from alkpool.analysis.evidence import records
from alkpool.analysis.ranking import Answer
from alkpool.analysis.wording import GIVEN_BEFORE, READINGS, STANDINGS, WORDS
from alkpool.files import templates, yaml_beside
from alkpool.problems import counted, printable, spreadsheet_cell
from alkpool.references import Cited, in_words
from alkpool.vocabulary import UNKNOWN, Tier

DISCLAIMER = WORDS["disclaimer"]
_FORMS: Mapping[str, Any] = yaml_beside(__file__)
# Narrower than this, the table would cut words.
MIN_WIDTH = 80

Row = Mapping[str, Any]


def to_dict(answer: Answer) -> dict[str, Any]:
    """Content of the JSON; None for what is not known."""
    asked = ("profile", "mutations", "phase", "prior", "specimen", "findings", "set_aside")
    return {
        "question": {name: getattr(answer.question, name) for name in asked},
        "standing_text": answer.standing_text,
        "inhibitors": records(answer.inhibitors),
        "reading": answer.reading,
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
    """Write a row for each inhibitor, in trans for each of its clones; no cell is a formula."""
    columns = _FORMS["csv"]
    said: dict[str, Any] = {"marks": str, "groups": _group, "sources": _source}
    rows = [
        each | {name: "; ".join(map(words, each[name])) for name, words in said.items()}
        for row in records(answer.inhibitors)
        for each in (row, *({**row, **clone} for clone in row["beside"]))
    ]
    known = pd.json_normalize(rows, sep="_") if rows else pd.DataFrame(columns=[*columns.values()])
    flat = (
        known[[*columns.values()]]
        .set_axis(list(columns), axis=1)
        .astype({"rank": "Int64", "relapsed_n": "Int64"})
    )
    text = flat.select_dtypes(exclude="number").columns
    flat[text] = flat[text].map(lambda cell: spreadsheet_cell(cell) if cell else cell)
    return flat.to_csv(index=False, lineterminator="\n")


def to_text(answer: Answer, *, width: int = MIN_WIDTH) -> str:
    """Write the answer for reading: a summary in three groups, then what stands behind it."""

    def wrapped(text: str, indent: int = 0) -> str:
        return textwrap.fill(
            printable(text), max(width, MIN_WIDTH), break_long_words=False, break_on_hyphens=False,
            initial_indent=" " * indent, subsequent_indent=" " * indent,
        )  # fmt: skip

    page = templates()
    page.filters |= {
        "wrapped": wrapped, "group": _group, "call": call_text, "line": _line,
        "source": lambda source: printable(_source(source)),
    }  # fmt: skip
    page.tests["empty"] = is_empty
    text = page.from_string(_FORMS["text"]).render(
        to_dict(answer), standings=STANDINGS, readings=READINGS, legend=WORDS["legend"],
        progressed_on=answer.question.progressed_on, basis=rests_on(answer.about)["basis"],
    )  # fmt: skip
    # Between two parts stands one blank line, also where one of them is empty.
    return re.sub(r"\n{3,}", "\n\n", re.sub(r" +\n", "\n", text)).strip("\n") + "\n"


def is_empty(row: Row) -> bool:
    """Tell whether nothing at all is known of an inhibitor."""
    return row["basis"] == Tier.NONE and not row["sources"] and GIVEN_BEFORE not in row["marks"]


def _group(group: Row) -> str:
    limits = f" ({group['interval']}, ours)" if group["interval"] else ""
    counts = "count not printed" if group["k"] is None else f"{group['k']} of {group['n']}{limits}"
    printed = f", printed: {group['printed']}" if group["printed"] else ""
    return f"{group['mutations']}: {group['endpoint']} {counts}{printed} ({group['label']})"


def _line(line: Row) -> str:
    beside = "" if line["counted"] else ", not counted"
    return f"{line['text']}: {line['benefit']}{beside} ({line['label']})"


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


def rests_on(about: Mapping[str, Any]) -> dict[str, Any]:
    """Say what the answer rests on: its ``counts``, when was ``searched``, and all as ``basis``."""
    counts = {name: counted(about[name], *nouns) for name, nouns in WORDS["counts"].items()}
    searched = "searched" if about["search_date"] else "not_searched"
    said = {
        "own": f" ({about['own']} of them our own)" * bool(about["own"]),
        "latest_year": about["latest_year"] or "of a year not stated",
        "searched": WORDS[searched].format_map(about),
        "alkpool": version("alkpool"),
    }
    basis = WORDS["basis"].format_map({**about, **counts, **said})
    return {"counts": counts, "searched": said["searched"], "basis": basis}
