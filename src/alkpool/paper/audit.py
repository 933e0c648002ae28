"""The audit: every printed number that follows from others, recomputed from them.

Most checks are a row of ``data/published/checks.csv``: sums and bounds are written in ledger ids,
where ``P087`` is the printed number, ``P143.k`` the count and ``P143.n`` the total of a printed
share. ``readings.csv`` beside it says how contradictions can be read, and how they are.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats as distributions

from alkpool import paths, stats
from alkpool.data.reader import flagged, read_folder
from alkpool.data.tables import CHECKS, READINGS
from alkpool.paper.ledger import PROPORTION, Agreement, Printed, prints_as
from alkpool.problems import DataError
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


_MODELS = ("P174", "P176", "P178", "P180", "P182", "P184")
RANGES = (("P008;P171;P186", "lowest agreement of a model", min, "P171"),
          ("P009;P172;P187", "highest agreement of a model", max, "P172"))  # fmt: skip

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


def audit_ledger(ledger: pd.DataFrame) -> pd.DataFrame:
    """Recompute printed numbers from one another.

    Parameters
    ----------
    ledger : DataFrame
        From `alkpool.paper.read_ledger`.

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

    Examples
    --------
    >>> from alkpool.paper import read_ledger
    >>> checks = audit_ledger(read_ledger()).set_index("ledger_id")
    >>> checks.loc["P113", ["recomputed", "verdict"]].tolist()
    ['70.6%', 'contradicts']
    """
    printed = Printed.of(ledger)
    checks = read_folder(paths.PUBLISHED, [CHECKS])[CHECKS.name]
    wording = checks["kind"] == "wording"
    families: Sequence[Callable[[Printed], Iterator[Finding]]] = (
        _ranges, _further_shares, _tests, _spectra, _more_often, _survival, _models,
    )  # fmt: skip
    findings = [
        *_shares(printed),
        *(_FINDERS[str(row.kind)](row, printed) for row in checks[~wording].itertuples()),
        *(finding for family in families for finding in family(printed)),
        *(_FINDERS[str(row.kind)](row, printed) for row in checks[wording].itertuples()),
    ]
    table = pd.DataFrame(findings, columns=Finding._fields)
    read = read_readings().set_index(["ledger_id", "check"])
    # By the numbers and the check, or by the numbers alone.
    keys = table[["ledger_id", "check"]]
    of_check, of_numbers = (
        read.reindex(pd.MultiIndex.from_frame(key)).set_axis(table.index)
        for key in (keys, keys.assign(check=""))
    )
    contradicts = table["verdict"] == Agreement.CONTRADICTS
    words = of_check.fillna(of_numbers).where(contradicts).fillna("")
    explained = [
        ". ".join(filter(None, parts))
        for parts in zip(table["explanation"], words["words"], strict=True)
    ]
    return table.assign(explanation=explained).join(words[["readings", "reading_used"]])


def read_readings() -> pd.DataFrame:
    """Load and validate how ambiguous and contradicting statements are read.

    Returns
    -------
    DataFrame
        ``readings.csv``, columns as in the data dictionary.

    Raises
    ------
    DataError
        With every problem of the file.

    Examples
    --------
    >>> read_readings().set_index("ledger_id").loc["P154", "reading_used"]
    '450 samples of 387 patients'
    """
    readings = read_folder(paths.PUBLISHED, [READINGS])[READINGS.name]
    again = readings.duplicated(["ledger_id", "check"])
    if again.any():
        why = "must have one reading for each check"
        file = f"{paths.PUBLISHED.name}/{READINGS.file}"
        raise DataError([*flagged(readings, again, "ledger_id", file, why)])
    return readings


def _terms(expression: str, printed: Printed) -> Iterator[tuple[str, float]]:
    """Sign and number of each term of a sum."""
    look_up = {"": printed.__getitem__, "k": printed.k, "n": printed.n}
    for sign, name, part, literal in _TERM.findall(expression):
        yield sign, float(look_up[part](name) if name else literal)


def _value(expression: str, printed: Printed) -> float:
    terms = _terms(expression, printed)
    return sum(-number if sign == "-" else number for sign, number in terms)


def _arithmetic(expression: str, printed: Printed) -> str:
    """The expression with the printed numbers in place of their ids."""
    terms = [f"{sign} {number:g}" for sign, number in _terms(expression, printed)]
    written = " ".join(terms).strip()
    return written if len(terms) == 1 else f"{written} = {_value(expression, printed):g}"


def _finding(
    ids: str, check: str, published: str, recomputed: str, explanation: str, *, agrees: bool
) -> Finding:
    verdict = Agreement.EXACT if agrees else Agreement.CONTRADICTS
    return Finding(ids, check, published, recomputed, verdict, explanation)


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


def _repeated(row: Any, printed: Printed) -> Finding:
    ids = row.ledger_id.split(LIST_SEPARATOR)
    texts = list(dict.fromkeys(printed.text(name) for name in ids))
    return _finding(
        row.ledger_id, row.check, texts[0], ", ".join(texts),
        f"{printed.rows[ids[0]]['quantity']}: printed {len(ids)} times",
        agrees=len({printed[name] for name in ids}) == 1,
    )  # fmt: skip


def _equation(row: Any, printed: Printed) -> Finding:
    left, right = _value(row.left, printed), _value(row.right, printed)
    arithmetic = _arithmetic(row.right, printed) + (f", not {left:g}" if left != right else "")
    said = "; ".join(filter(None, [arithmetic, row.note]))
    sides = f"{left:g}", f"{right:g}"
    return _finding(row.ledger_id, row.check, *sides, said, agrees=left == right)


def _bound(row: Any, printed: Printed) -> Finding:
    small, large = _value(row.left, printed), _value(row.right, printed)
    relation = "is at most" if small <= large else "is more than"
    arithmetic = f"{_arithmetic(row.left, printed)} {relation} {_arithmetic(row.right, printed)}"
    said = "; ".join(filter(None, [arithmetic, row.note]))
    sides = f"{large:g}", f"{small:g}"
    return _finding(row.ledger_id, row.check, *sides, said, agrees=small <= large)


def _wording(row: Any, printed: Printed) -> Finding:
    values = {name: printed.text(name) for name in printed.rows}
    left, right = row.left.format(**values), row.right.format(**values)
    return Finding(row.ledger_id, row.check, left, right, Agreement(row.verdict), row.note)


_FINDERS = {
    "repeated": _repeated, "equation": _equation, "bound": _bound, "wording": _wording,
}  # fmt: skip


def _ranges(printed: Printed) -> Iterator[Finding]:
    for ids, check, extreme, name in RANGES:
        found = extreme(printed[model] for model in _MODELS)
        of = "of " + ", ".join(f"{printed.text(model)}%" for model in _MODELS)
        sides = f"{printed.text(name)}%", f"{found:g}%"
        yield _finding(ids, check, *sides, of, agrees=found == printed[name])


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
    yield _finding(
        "P205", "which total the share of case reports is of", f"{printed.text('P206')}%",
        ", ".join(f"{value:.2f}% of {printed[name]:g}" for name, value in totals.items()),
        f"fits {_listed([int(printed[name]) for name in fitting])}; then none of the duplicates "
        "was a case report",
        agrees=bool(fitting),
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
    total = counts.sum()
    fisher = partial(distributions.fisher_exact, counts)
    chi2 = partial(distributions.chi2_contingency, counts)
    exact, pearson = fisher().pvalue, chi2(correction=False)
    one_sided = min(fisher(alternative=side).pvalue for side in ("less", "greater"))
    observed = distributions.hypergeom(total, counts[:, 0].sum(), counts[0].sum()).pmf(counts[0, 0])
    log_odds = np.log(counts[0, 0] * counts[1, 1] / (counts[0, 1] * counts[1, 0]))
    wald = abs(log_odds) / np.sqrt((1 / counts).sum())
    found = {
        FISHER: exact,
        "Fisher one-sided": one_sided,
        "2 x one-sided": min(1.0, 2 * one_sided),
        "Pearson chi2": pearson.pvalue,
        "Yates chi2": chi2(correction=True).pvalue,
        "LR chi2": chi2(correction=False, lambda_="log-likelihood").pvalue,
        "linear-by-linear": distributions.chi2.sf(pearson.statistic * (total - 1) / total, 1),
        "mid-P": exact - observed / 2,
        "unadjusted logistic Wald": 2 * distributions.norm.sf(wald),
        "Barnard": distributions.barnard_exact(counts).pvalue,
        "Boschloo": distributions.boschloo_exact(counts).pvalue,
    }
    return {test: float(p_value) for test, p_value in found.items()}


def compare_tests(ledger: pd.DataFrame) -> pd.DataFrame:
    """P values of different tests for the printed tables that have a printed P value.

    Returns
    -------
    DataFrame
        Columns ``ledger_id, comparison, adjusted, published, test, p_value, reproduces``; one row
        per comparison and test of `two_by_two_tests`.

    Examples
    --------
    >>> from alkpool.paper import read_ledger
    >>> tests = compare_tests(read_ledger())
    >>> tests.loc[tests["reproduces"], ["ledger_id", "test"]].iloc[0].tolist()
    ['P148', 'Fisher two-sided']
    """
    rows = [
        (ids, comparison, adjusted, text, test, p_value, prints_as(p_value, text, digits))
        for ids, comparison, adjusted, text, digits, table in _printed_tests(Printed.of(ledger))
        for test, p_value in _p_values(table).items()
    ]
    columns = ["ledger_id", "comparison", "adjusted", "published", "test", "p_value", "reproduces"]
    return pd.DataFrame(rows, columns=columns)


Counts2x2 = tuple[tuple[int, int], tuple[int, int]]


def _printed_tests(printed: Printed) -> Iterator[tuple[str, str, bool, str, int, Counts2x2]]:
    """Of each of `TESTS` its ids, comparison, whether adjusted, P, its decimals and its table."""
    for ids, first, second, comparison, adjusted in TESTS:
        name = ids.split(LIST_SEPARATOR)[0]
        text, digits = printed.text(name), printed.digits(name)
        yield ids, comparison, adjusted, text, digits, _table(printed, first, second)


def _table(printed: Printed, first: str, second: str) -> Counts2x2:
    (k, n), (other_k, other_n) = ((printed.k(name), printed.n(name)) for name in (first, second))
    return (k, n - k), (other_k, other_n - other_k)


@cache
def _p_values(table: Counts2x2) -> Mapping[str, float]:
    return two_by_two_tests(table)


def _tests(printed: Printed) -> Iterator[Finding]:
    for ids, comparison, adjusted, text, digits, table in _printed_tests(printed):
        found = _p_values(table)
        fitting = [test for test, p in found.items() if prints_as(p, text, digits)]
        if adjusted:
            verdict = Agreement.OPEN
            note = "adjusted for the previous inhibitor, by strata that are not printed; "
        else:
            verdict = Agreement.ROUNDED if FISHER in fitting else Agreement.CONTRADICTS
            note = ""
        (k, rest), (other_k, other_rest) = table
        yield Finding(
            ids, comparison, f"P = {text}", f"{FISHER} {found[FISHER]:.4f}", verdict,
            f"{k}/{k + rest} against {other_k}/{other_k + other_rest}: {note}"
            f"reproduced by {', '.join(fitting) or 'no test'} of {len(found)}",
        )  # fmt: skip


def _spectra(printed: Printed) -> Iterator[Finding]:
    """Which tables of ceritinib against brigatinib would print the P value of their spectra."""
    (k, rest), (other_k, other_rest) = _table(printed, "P108", "P110")
    n, other_n = k + rest, other_k + other_rest
    digits, text = printed.digits("P106"), printed.text("P106")
    two = [
        (a, b)
        for a, b in product(range(n + 1), range(other_n + 1))
        if prints_as(_fisher_p((a, n - a), (b, other_n - b)), text, digits)
    ]
    three = [
        (a, b)
        for a, b in product(range(rest + 1), range(other_rest + 1))
        if prints_as(_fisher_p((k, rest - a, a), (other_k, other_rest - b, b)), text, digits)
    ]
    yield _finding(
        "P106", "tables of two or three categories that would print this P", f"P = {text}",
        f"{len(two)} of two, {len(three)} of three categories",
        f"Fisher's exact test prints it for {_pairs(two)} of {n} and {other_n}, and not for the "
        f"printed {k} and {other_k}; the test of Freeman and Halton on G1202R, other single and "
        f"multiple mutations for {_pairs(three)} with multiple mutations",
        agrees=(k, other_k) in two,
    )  # fmt: skip


def _pairs(pairs: Sequence[tuple[int, int]]) -> str:
    return " or ".join(f"{a} and {b}" for a, b in pairs) or "no counts"


@cache
def _fisher_p(*groups: tuple[int, ...]) -> float:
    # scipy knows no larger tables, and is quick.
    if len(groups[0]) == 2:
        return float(distributions.fisher_exact(np.array(groups)).pvalue)
    return stats.fisher_exact(groups).p_value


def _more_often(printed: Printed) -> Iterator[Finding]:
    named = sum(int(printed[name]) for name in _AFTER)
    for name, share, what in MORE_OFTEN:
        k, n = printed.k(share), printed.n(share)
        others = [int(printed["P086"]) - n, named - n]
        most = [most_for_p_below(k, n, total, printed[name]) for total in others]
        yield Finding(
            name, f"{what}, against other inhibitors", f"P {printed.text(name)}",
            f"holds up to {most[0]} of {others[0]}, or {most[1]} of {others[1]}", Agreement.OPEN,
            f"{k}/{n}; the count after other inhibitors is not printed, and the P value is an "
            "upper bound of it (all others, or the named ones)",
        )  # fmt: skip


@cache
def most_for_p_below(k: int, n: int, other_n: int, limit: float) -> int:
    """Largest count of other_n that is a smaller share than k of n with Fisher's P < limit.

    Examples
    --------
    >>> most_for_p_below(55, 220, 230, 0.001)
    28
    """
    smaller = [other for other in range(other_n + 1) if other * n < k * other_n]
    small_p = [o for o in smaller if _fisher_p((k, n - k), (o, other_n - o)) < limit]
    return max(small_p, default=-1)


def _survival(printed: Printed) -> Iterator[Finding]:
    median, low, high = (round(printed[name] * _SCALE) for name in ("P059", "P060", "P061"))
    below, above = (median - low) / _SCALE, (high - median) / _SCALE
    width, rounding = (high - low) / _SCALE / 2, 0.5 * 10 ** -printed.digits("P061")
    error, least, most = ((width + off) / Z95 for off in (0, -rounding, rounding))
    yield _finding(
        "P059;P060;P061", "symmetry of the interval of the median PFS",
        f"{printed.text('P059')} ({printed.text('P060')}-{printed.text('P061')})",
        f"-{below:g} and +{above:g}",
        f"symmetric, as median ± 1.96 SE with SE {error:.2f} (from rounding {least:.2f} to "
        f"{most:.2f}): the normal interval that SPSS prints; Brookmeyer-Crowley intervals seldom "
        "are",
        agrees=below == above,
    )  # fmt: skip


def _models(printed: Printed) -> Iterator[Finding]:
    quotes = " ".join(row["quote_location"] for row in printed.rows.values())
    models = sorted(set(re.findall(r"\b([A-Z][a-z]+)-(V\d)\b", quotes)))
    studies = sorted({author for author, _ in models})
    yield _finding(
        "P160", "studies and models that are named",
        f"{printed.text('P160')} studies, {printed.text('P159')} models",
        f"{len(studies)} studies, {len(models)} models",
        ", ".join(f"{author}-{variant}" for author, variant in models),
        agrees=len(models) == printed["P159"] and len(studies) == printed["P160"],
    )  # fmt: skip
