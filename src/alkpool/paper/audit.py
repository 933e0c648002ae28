"""The audit: every printed number that follows from others, recomputed from them.

Most checks are a line of a table: sums and bounds are written in ledger ids, where ``P087`` is
the printed number, ``P143.k`` the count and ``P143.n`` the total of a printed share.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats as distributions

from alkpool import stats
from alkpool.paper.contradictions import CONTRADICTIONS
from alkpool.paper.ledger import PROPORTION, Agreement, Printed, prints_as
from alkpool.vocabulary import LIST_SEPARATOR

FISHER = "Fisher two-sided"

# z of a printed 95% interval.
Z95 = float(distributions.norm.isf(0.025))

_TERM = re.compile(r"([+-]?)\s*(?:(P\d{3})(?:\.([kn]))?|(\d+))\s*")
_SCALE = 10**6


class Finding(NamedTuple):
    """One row of the audit."""

    ledger_id: str
    check: str
    published: str
    recomputed: str
    verdict: Agreement
    explanation: str


@dataclass(frozen=True)
class Equation:
    """Two sides that the paper prints and that must be equal."""

    ledger_id: str
    check: str
    printed: str
    follows_from: str
    note: str = ""


@dataclass(frozen=True)
class Bound:
    """A side that cannot be larger than the other."""

    ledger_id: str
    check: str
    smaller: str
    larger: str
    note: str = ""


@dataclass(frozen=True)
class Wording:
    """A statement to hold against another; ``{P087}`` stands for the printed number."""

    ledger_id: str
    check: str
    published: str
    against: str
    verdict: Agreement
    note: str = ""


EQUATIONS = (
    Equation("P081;P082;P122", "duplicates of both kinds and confirmed duplicates",
             "P122", "P081 + P082"),
    Equation("P081", "local duplicates and the legend of Figure 2", "P081", "P072 + P074"),
    Equation("P078", "patients of cohort studies and case reports", "P078", "P079 + P080"),
    Equation("P038", "cohort studies and case reports", "P038", "P039 + P040"),
    Equation("P083", "identified less duplicates", "P083", "P078 - P122",
             "only with the 50 duplicates of Figure 3"),
    Equation("P085", "literature and local patients", "P085", "P083 + P084"),
    Equation("P087", "single and multiple mutations", "P086", "P087 + P089"),
    Equation("P091;P102;P104;P105;P111", "samples after the five named inhibitors",
             "P086", "P091 + P102 + P104 + P105 + P111"),
    Equation("P053;P054;P055", "local lines by line number", "P057", "P053 + P054 + P055"),
    Equation("P052", "local patients with a second line", "P052", "P053"),
    Equation("P056;P058;P063;P064;P067;P068", "objective responses by inhibitor", "P056",
             "P063.k + P065 + P067.k + P069.k"),
    Equation("P057", "local lines by inhibitor", "P057", "P063.n + 1 + P067.n + P069.n",
             "one brigatinib line, which responded"),
    Equation("P143", "benefits with single and multiple mutations", "P141", "P143.k + P146.k"),
    Equation("P140", "evaluations with single and multiple mutations",
             "P140", "P143.n + P146.n"),
    Equation("P149;P150", "evaluations by previous inhibitors", "P140", "P149.n + P151.n"),
    Equation("P149;P151", "the same totals and treated patients", "P139", "P149.n + P151.n"),
    Equation("P154", "patients of the Figure 4 legend", "P154", "P085"),
    Equation("P190", "total of the relapsing share and samples after alectinib",
             "P190.n", "P102", "so relapsing counts samples after an inhibitor in any line"),
    Equation("P191", "relapsing share and Figure 4 B", "P191", "P101"),
    Equation("P207", "reports of one sample and references cited for them", "P207", "4",
             "references 13, 15, 24 and 39"),
    Equation("P155", "common single mutations named", "P155", "P138 + 2",
             "G1202R, L1196M and the groups said to be similar"),
    Equation("P025", "panel: exon 23 begins where exon 22 ends", "P027", "P026 + 1",
             "exon 24 (1216-1259) and residues before 1151 were not sequenced locally"),
)  # fmt: skip

BOUNDS = (
    Bound("P129", "patients with a known breakpoint: V3, V1 and a V5 that is drawn",
          "P130 + P131 + 1", "P129"),
    Bound("P128", "EML4 among known partners", "P128", "P126"),
    Bound("P128;P129", "known breakpoints among EML4 patients", "P129", "P128"),
    Bound("P117;P086", "literature samples and literature patients", "P083", "P086 - P117",
          "every patient has a sample"),
    Bound("P140", "repeat evaluations and repeat samples", "P140 - P139", "P086 - P085"),
    Bound("P161", "untested samples beyond the multiple mutations are single ones",
          "P161 - P089", "P087"),
    *(Bound(name, "a model's compared combinations and all", f"{name}.n", "P170")
      for name in ("P173", "P175", "P177", "P179", "P181", "P183")),
    Bound("P170", "combinations and the models' comparisons", "P170",
          "P173.n + P175.n + P177.n + P179.n + P181.n + P183.n",
          "every combination is in at least one model"),
    Bound("P165", "samples of a displayed profile, G1202R", "P165", "P100 + P107 + P109"),
    Bound("P066", "lasting response beyond the upper limit of the median", "P061", "P066"),
    Bound("P054", "third lines among second lines", "P054", "P053"),
    Bound("P055", "fourth lines among third lines", "P055", "P054"),
    Bound("P163", "compared combinations among those with in vitro evidence", "P170", "P163"),
)  # fmt: skip

# Printed more than once, and to be the same every time.
REPEATED = (
    "P001 P002 P085 P123 P185 P204 P211", "P086 P124 P125 P158 P212", "P020 P049 P071 P084 P116",
    "P021 P083", "P078 P118", "P079 P119", "P040 P080 P121 P205", "P039 P120", "P051 P117",
    "P003 P139", "P006 P142", "P007 P159 P168 P215", "P008 P171 P186", "P009 P172 P187",
    "P130 P156", "P131 P157", "P113 P195", "P115 P196", "P132 P201", "P133 P202", "P135 P198",
    "P136 P199", "P134 P203", "P137 P200", "P012 P213", "P041 P042 P043 P044",
)  # fmt: skip

_MODELS = ("P174", "P176", "P178", "P180", "P182", "P184")
RANGES = (("P008;P171;P186", "lowest agreement of a model", min, "P171"),
          ("P009;P172;P187", "highest agreement of a model", max, "P172"))  # fmt: skip

WORDINGS = (
    Wording("P091", "crizotinib alone is called first-line", "first-line crizotinib (n = {P091})",
            "Figure 4 A: the inhibitor on which the tumour relapsed, in any line",
            Agreement.CONTRADICTS),
    Wording("P156;P157", "unit of the fusion variants",
            "n = {P156} and {P157}, in a figure of {P125} samples",
            "{P130} and {P131} patients", Agreement.CONTRADICTS),
    Wording("P197", "relapse in first line on lorlatinib", "relapsing in first line (Figure 5)",
            "all patients had {P197} or more inhibitors before lorlatinib",
            Agreement.CONTRADICTS),
    Wording("", "unit of Figure 5", "patients (legend)",
            "samples (Methods; Results, page e109)", Agreement.CONTRADICTS),
    Wording("", "cross-references to supplementary tables",
            "detailed Figure 5: Table ST7 (legend)", "Table ST8 (text)", Agreement.CONTRADICTS),
    Wording("", "colours of Figure 6", "green, red and gray",
            "no colour for conflicting evidence", Agreement.CONTRADICTS),
    Wording("P218", "reference list", "references {P218}", "the same article twice",
            Agreement.CONTRADICTS),
    Wording("P059;P060;P061", "unit of the median PFS", "not stated",
            "{P057} lines or {P052} patients", Agreement.OPEN,
            "lines of one patient are not independent, and the interval ignores it"),
)  # fmt: skip

# P value, its two shares, what it compares, and whether it is adjusted for the previous inhibitor.
TESTS = (
    ("P148", "P143", "P146", "benefit, single against multiple mutations", False),
    ("P153", "P149", "P151", "benefit, one against several previous inhibitors", False),
    ("P134;P203", "P132", "P133", "G1202R, variant 3 against variant 1", True),
    ("P137;P200", "P136", "P135", "L1196M, variant 3 against variant 1", True),
    ("P106", "P108", "P110", "G1202R, ceritinib against brigatinib", False),
)

# "More often than with other inhibitors": P value, the printed share, its mutation.
MORE_OFTEN = (
    ("P096", "P093", "L1196M after crizotinib"),
    ("P097", "P095", "G1269A after crizotinib"),
    ("P103", "P099", "I1171 substitutions after alectinib"),
)
_AFTER = ("P091", "P102", "P104", "P105", "P111")


def audit(ledger: pd.DataFrame) -> pd.DataFrame:
    """Recompute printed numbers from one another.

    Parameters
    ----------
    ledger : DataFrame
        From `alkpool.paper.ledger`.

    Returns
    -------
    DataFrame
        One row per check: ``ledger_id`` (several joined by ``;``, empty for statements without
        a number), ``check, published, recomputed, verdict`` (`Agreement`), ``explanation``,
        and for contradictions ``readings`` (the possible ones) and ``reading_used`` (the one
        that the reconstruction and `alkpool.paper.recompute` use).

    Notes
    -----
    The families: shares, repeated numbers, sums, bounds, ranges, Fisher's exact and other tests,
    the symmetry of the survival interval, and wording.
    """
    printed = Printed.of(ledger)
    families: Sequence[Callable[[Printed], Iterator[Finding]]] = (
        _shares, _repeated, _equations, _bounds, _ranges, _further_shares, _tests, _spectra,
        _more_often, _survival, _models, _wordings,
    )  # fmt: skip
    findings = [finding for family in families for finding in family(printed)]
    table = pd.DataFrame(findings, columns=Finding._fields)
    wrong = table["verdict"] == Agreement.CONTRADICTS
    unexplained = ("", "", "")
    said = [
        CONTRADICTIONS.get((ledger_id, check), CONTRADICTIONS.get((ledger_id, ""), unexplained))
        if contradicts
        else unexplained
        for ledger_id, check, contradicts in zip(
            table["ledger_id"], table["check"], wrong, strict=True
        )
    ]
    words = pd.DataFrame(said, columns=["words", "readings", "reading_used"], index=table.index)
    explained = [
        ". ".join(filter(None, parts))
        for parts in zip(table["explanation"], words["words"], strict=True)
    ]
    return table.assign(explanation=explained).join(words[["readings", "reading_used"]])


def _value(expression: str, printed: Printed) -> float:
    total = 0.0
    for sign, name, part, literal in _TERM.findall(expression):
        if part:
            number = float(printed.k(name) if part == "k" else printed.n(name))
        else:
            number = printed[name] if name else float(literal)
        total += -number if sign == "-" else number
    return total


def _arithmetic(expression: str, printed: Printed) -> str:
    """The expression with the printed numbers in place of their ids."""
    terms = [
        f"{sign} {_value(name + ('.' + part if part else '') if name else literal, printed):g}"
        for sign, name, part, literal in _TERM.findall(expression)
    ]
    written = " ".join(terms).strip()
    return written if len(terms) == 1 else f"{written} = {_value(expression, printed):g}"


def _shares(printed: Printed) -> Iterator[Finding]:
    for name, row in printed.rows.items():
        if row["statistic"] != PROPORTION or not row["denominator"]:
            continue
        n, digits, text = printed.n(name), printed.digits(name), row["value"]
        percent = [Fraction(100 * k, n) for k in range(n + 1)]
        fitting = [k for k, share in enumerate(percent) if prints_as(share, text, digits)]
        implied = not row["numerator"] or "implied" in row["numerator"]
        if implied:
            k = fitting[0] if fitting else 0
            stated = f"; the count is not printed, and {_listed(fitting)} of {n} gives {text}%"
        else:
            k, stated = printed.k(name), ""
        share = percent[k]
        if k not in fitting:
            verdict = Agreement.CONTRADICTS
            totals = [
                m for m in range(k, 10 * n) if m and prints_as(Fraction(100 * k, m), text, digits)
            ]
            stated = (
                f"; {text}% of {n} would be {_listed(fitting)}, and {k} is {text}% of "
                f"{_listed(totals)}"
            )
        else:
            exact = float(share) == printed[name]
            verdict = Agreement.EXACT if exact else Agreement.ROUNDED
        yield Finding(
            name, "percentage", f"{text}%", f"{float(share):.{digits + 1}f}%", verdict,
            f"{k}/{n} = {float(share):.2f}%{stated}",
        )  # fmt: skip


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, numbers)) if numbers else "no whole number"


def _repeated(printed: Printed) -> Iterator[Finding]:
    for group in REPEATED:
        ids = group.split()
        texts = list(dict.fromkeys(printed.text(name) for name in ids))
        same = len({printed[name] for name in ids}) == 1
        yield Finding(
            LIST_SEPARATOR.join(ids), "printed again", texts[0], ", ".join(texts),
            Agreement.EXACT if same else Agreement.CONTRADICTS,
            f"{printed.rows[ids[0]]['quantity']}: printed {len(ids)} times",
        )  # fmt: skip


def _equations(printed: Printed) -> Iterator[Finding]:
    for equation in EQUATIONS:
        left = _value(equation.printed, printed)
        right = _value(equation.follows_from, printed)
        holds = left == right
        arithmetic = _arithmetic(equation.follows_from, printed)
        if not holds:
            arithmetic += f", not {left:g}"
        yield Finding(
            equation.ledger_id, equation.check, f"{left:g}", f"{right:g}",
            Agreement.EXACT if holds else Agreement.CONTRADICTS,
            "; ".join(filter(None, [arithmetic, equation.note])),
        )  # fmt: skip


def _bounds(printed: Printed) -> Iterator[Finding]:
    for bound in BOUNDS:
        small, large = _value(bound.smaller, printed), _value(bound.larger, printed)
        holds = small <= large
        relation = "is at most" if holds else "is more than"
        explanation = (
            f"{_arithmetic(bound.smaller, printed)} {relation} {_arithmetic(bound.larger, printed)}"
        )
        yield Finding(
            bound.ledger_id, bound.check, f"{large:g}", f"{small:g}",
            Agreement.EXACT if holds else Agreement.CONTRADICTS,
            "; ".join(filter(None, [explanation, bound.note])),
        )  # fmt: skip


def _ranges(printed: Printed) -> Iterator[Finding]:
    for ids, check, extreme, name in RANGES:
        found = extreme(printed[model] for model in _MODELS)
        agrees = found == printed[name]
        yield Finding(
            ids, check, f"{printed.text(name)}%", f"{found:g}%",
            Agreement.EXACT if agrees else Agreement.CONTRADICTS,
            "of " + ", ".join(f"{printed.text(model)}%" for model in _MODELS),
        )  # fmt: skip


def _further_shares(printed: Printed) -> Iterator[Finding]:
    """Shares whose total the paper does not print beside them."""
    share = Fraction(100) * Fraction(int(printed["P005"]), int(printed["P003"]))
    agrees = prints_as(share, printed.text("P006"), printed.digits("P006"))
    yield Finding(
        "P005", "177 as patients: their share of the treated patients",
        f"{printed.text('P006')}%", f"{float(share):.1f}%",
        Agreement.ROUNDED if agrees else Agreement.CONTRADICTS,
        f"{printed['P005']:g}/{printed['P003']:g} = {float(share):.2f}%; "
        f"of {printed['P140']:g} evaluations it is {100 * printed['P005'] / printed['P140']:.2f}%",
    )  # fmt: skip
    totals = {name: 100 * printed["P205"] / printed[name] for name in ("P085", "P083", "P078")}
    fitting = [
        name
        for name, value in totals.items()
        if prints_as(value, printed.text("P206"), printed.digits("P206"))
    ]
    yield Finding(
        "P205", "which total the share of case reports is of", f"{printed.text('P206')}%",
        ", ".join(f"{value:.2f}% of {printed[name]:g}" for name, value in totals.items()),
        Agreement.EXACT if fitting else Agreement.CONTRADICTS,
        f"fits {_listed([int(printed[name]) for name in fitting])}; then none of the duplicates "
        "was a case report",
    )  # fmt: skip


def two_by_two_tests(table: ArrayLike) -> dict[str, float]:
    """P values that different tests give for one 2 x 2 table.

    Parameters
    ----------
    table : array-like of int, shape (2, 2)
        Counts.

    Returns
    -------
    dict
        Name of the test -> P value. The one-sided test is on the side of the observed effect;
        mid-P takes half the probability of the observed table off the two-sided exact P.

    Examples
    --------
    >>> round(two_by_two_tests([[150, 63], [27, 22]])["Fisher two-sided"], 4)
    0.0436
    """
    counts = np.asarray(table)
    total = int(counts.sum())
    exact = float(distributions.fisher_exact(counts).pvalue)
    one_sided = min(
        float(distributions.fisher_exact(counts, alternative=side).pvalue)
        for side in ("less", "greater")
    )
    pearson = distributions.chi2_contingency(counts, correction=False)
    observed = distributions.hypergeom(total, int(counts[:, 0].sum()), int(counts[0].sum())).pmf(
        int(counts[0, 0])
    )
    log_odds = np.log(counts[0, 0] * counts[1, 1] / (counts[0, 1] * counts[1, 0]))
    return {
        FISHER: exact,
        "Fisher one-sided": one_sided,
        "2 x one-sided": min(1.0, 2 * one_sided),
        "Pearson chi2": float(pearson.pvalue),
        "Yates chi2": float(distributions.chi2_contingency(counts, correction=True).pvalue),
        "LR chi2": float(
            distributions.chi2_contingency(
                counts, correction=False, lambda_="log-likelihood"
            ).pvalue
        ),
        "linear-by-linear": float(
            distributions.chi2.sf(pearson.statistic * (total - 1) / total, 1)
        ),
        "mid-P": exact - float(observed) / 2,
        "unadjusted logistic Wald": float(
            2 * distributions.norm.sf(abs(log_odds) / np.sqrt((1 / counts).sum()))
        ),
        "Barnard": float(distributions.barnard_exact(counts).pvalue),
        "Boschloo": float(distributions.boschloo_exact(counts).pvalue),
    }


def comparisons(ledger: pd.DataFrame) -> pd.DataFrame:
    """P values of different tests for the printed tables that have a printed P value.

    Returns
    -------
    DataFrame
        Columns ``ledger_id, comparison, adjusted, published, test, p_value, reproduces``; one row
        per comparison and test of `two_by_two_tests`.
    """
    printed = Printed.of(ledger)
    rows = []
    for ids, first, second, comparison, adjusted in TESTS:
        name = ids.split(LIST_SEPARATOR)[0]
        for test, p_value in _p_values(_table(printed, first, second)).items():
            rows.append(
                {
                    "ledger_id": ids,
                    "comparison": comparison,
                    "adjusted": adjusted,
                    "published": printed.text(name),
                    "test": test,
                    "p_value": p_value,
                    "reproduces": prints_as(p_value, printed.text(name), printed.digits(name)),
                }
            )
    return pd.DataFrame(rows)


Counts2x2 = tuple[tuple[int, int], tuple[int, int]]


def _table(printed: Printed, first: str, second: str) -> Counts2x2:
    (k, n), (other_k, other_n) = ((printed.k(name), printed.n(name)) for name in (first, second))
    return (k, n - k), (other_k, other_n - other_k)


@cache
def _p_values(table: Counts2x2) -> Mapping[str, float]:
    return two_by_two_tests(table)


def _tests(printed: Printed) -> Iterator[Finding]:
    for ids, first, second, comparison, adjusted in TESTS:
        name = ids.split(LIST_SEPARATOR)[0]
        digits = printed.digits(name)
        found = _p_values(_table(printed, first, second))
        fitting = [test for test, p in found.items() if prints_as(p, printed.text(name), digits)]
        if adjusted:
            verdict = Agreement.OPEN
            note = "adjusted for the previous inhibitor, by strata that are not printed; "
        else:
            verdict = Agreement.ROUNDED if FISHER in fitting else Agreement.CONTRADICTS
            note = ""
        (k, rest), (other_k, other_rest) = _table(printed, first, second)
        yield Finding(
            ids, comparison, f"P = {printed.text(name)}", f"{FISHER} {found[FISHER]:.4f}", verdict,
            f"{k}/{k + rest} against {other_k}/{other_k + other_rest}: {note}"
            f"reproduced by {', '.join(fitting) or 'no test'} of {len(found)}",
        )  # fmt: skip


def _spectra(printed: Printed) -> Iterator[Finding]:
    """Which tables of ceritinib against brigatinib would print the P value of their spectra."""
    (k, rest), (other_k, other_rest) = _table(printed, "P108", "P110")
    digits, text = printed.digits("P106"), printed.text("P106")
    two = _two_category_tables(k + rest, other_k + other_rest, text, digits)
    three = _three_category_tables(k, rest, other_k, other_rest, text, digits)
    yield Finding(
        "P106", "tables of two or three categories that would print this P", f"P = {text}",
        f"{len(two)} of two, {len(three)} of three categories",
        Agreement.EXACT if (k, other_k) in two else Agreement.CONTRADICTS,
        f"Fisher's exact test prints it for {_pairs(two)} of {k + rest} and "
        f"{other_k + other_rest}, and not for the printed {k} and {other_k}; the test of Freeman "
        "and Halton on G1202R, other single and multiple mutations for "
        f"{_pairs(three)} with multiple mutations",
    )  # fmt: skip


def _pairs(pairs: Sequence[tuple[int, int]]) -> str:
    return " or ".join(f"{a} and {b}" for a, b in pairs) or "no counts"


def _fisher_p(k: int, n: int, other_k: int, other_n: int) -> float:
    table = np.array([[k, n - k], [other_k, other_n - other_k]])
    return float(distributions.fisher_exact(table).pvalue)


@cache
def _two_category_tables(n: int, other_n: int, text: str, digits: int) -> list[tuple[int, int]]:
    return [
        (k, other_k)
        for k in range(n + 1)
        for other_k in range(other_n + 1)
        if prints_as(
            _fisher_p(k, n, other_k, other_n),
            text, digits,
        )
    ]  # fmt: skip


@cache
def _three_category_tables(
    k: int, rest: int, other_k: int, other_rest: int, text: str, digits: int
) -> list[tuple[int, int]]:
    return [
        (multiple, other_multiple)
        for multiple in range(rest + 1)
        for other_multiple in range(other_rest + 1)
        if prints_as(
            stats.fisher_exact(
                [
                    [k, rest - multiple, multiple],
                    [other_k, other_rest - other_multiple, other_multiple],
                ]
            ).p_value,
            text, digits,
        )
    ]  # fmt: skip


def _more_often(printed: Printed) -> Iterator[Finding]:
    named = sum(int(printed[name]) for name in _AFTER)
    for name, share, what in MORE_OFTEN:
        k, n = printed.k(share), printed.n(share)
        others = [int(printed["P086"]) - n, named - n]
        most = [_most_for_p_below(k, n, total, printed[name]) for total in others]
        yield Finding(
            name, f"{what}, against other inhibitors", f"P {printed.text(name)}",
            f"holds up to {most[0]} of {others[0]}, or {most[1]} of {others[1]}", Agreement.OPEN,
            f"{k}/{n}; the count after other inhibitors is not printed, and the P value is an "
            "upper bound of it (all others, or the named ones)",
        )  # fmt: skip


@cache
def _most_for_p_below(k: int, n: int, other_n: int, limit: float) -> int:
    """Largest count of other_n that is a smaller share than k / n with Fisher's P < limit."""
    smaller = [other for other in range(other_n + 1) if other * n < k * other_n]
    return max(
        (other for other in smaller if _fisher_p(k, n, other, other_n) < limit),
        default=-1,
    )


def _survival(printed: Printed) -> Iterator[Finding]:
    median, low, high = (round(printed[name] * _SCALE) for name in ("P059", "P060", "P061"))
    below, above = (median - low) / _SCALE, (high - median) / _SCALE
    width = (high - low) / _SCALE / 2
    rounding = 0.5 * 10 ** -printed.digits("P061")
    yield Finding(
        "P059;P060;P061", "symmetry of the interval of the median PFS",
        f"{printed.text('P059')} ({printed.text('P060')}-{printed.text('P061')})",
        f"-{below:g} and +{above:g}",
        Agreement.EXACT if below == above else Agreement.CONTRADICTS,
        f"symmetric, as median ± 1.96 SE with SE {width / Z95:.2f} (from rounding "
        f"{(width - rounding) / Z95:.2f} to {(width + rounding) / Z95:.2f}): the normal interval "
        "that SPSS prints; Brookmeyer-Crowley intervals seldom are",
    )  # fmt: skip


def _models(printed: Printed) -> Iterator[Finding]:
    quotes = " ".join(row["quote_location"] for row in printed.rows.values())
    models = sorted(set(re.findall(r"\b([A-Z][a-z]+)-(V\d)\b", quotes)))
    studies = sorted({author for author, _ in models})
    agrees = len(models) == printed["P159"] and len(studies) == printed["P160"]
    yield Finding(
        "P160", "studies and models that are named",
        f"{printed.text('P160')} studies, {printed.text('P159')} models",
        f"{len(studies)} studies, {len(models)} models",
        Agreement.EXACT if agrees else Agreement.CONTRADICTS,
        ", ".join(f"{author}-{variant}" for author, variant in models),
    )  # fmt: skip


def _wordings(printed: Printed) -> Iterator[Finding]:
    values = {name: printed.text(name) for name in printed}
    for wording in WORDINGS:
        yield Finding(
            wording.ledger_id, wording.check, wording.published.format(**values),
            wording.against.format(**values), wording.verdict, wording.note,
        )  # fmt: skip
