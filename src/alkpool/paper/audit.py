"""The audit: every printed number that follows from others, recomputed from them.

Printed shares are checked each; every other check is a row of ``data/published/checks.csv``, where
``P087`` is the printed number, and ``P143.k`` and ``P143.n`` the count and the total of a printed
share. Its kind is a function here. ``readings.csv`` beside it says how contradictions can be read,
and how they are.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cache, partial
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import stats as distributions

from alkpool import stats
from alkpool.data.tables import CHECKS, READINGS
from alkpool.paper.ledger import PROPORTION, Agreement, Number, by_id, published_rows
from alkpool.vocabulary import LIST_SEPARATOR

FISHER = "Fisher two-sided"

# z of a printed 95% interval.
Z95 = float(distributions.norm.isf(0.025))

_TERM = re.compile(r"([+-]?)\s*(?:(P\d{3})(?:\.([kn]))?|(\d+))\s*")

Printed = Mapping[str, Number]
# As printed, as recomputed, whether they agree, and how.
Finding = tuple[str, str, Agreement, str]
Counts2x2 = tuple[tuple[int, int], tuple[int, int]]


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
    printed = by_id(ledger)
    findings = [
        (name, "percentage", *_percentage(number))
        for name, number in printed.items()
        if number.row.statistic == PROPORTION and number.row.denominator
    ]
    for row in published_rows(CHECKS).itertuples():
        published, recomputed, verdict, how = _KINDS[row.kind](row, printed)
        said = "; ".join(filter(None, [how, row.note.format_map(printed)]))
        findings.append((row.ledger_id, row.check, published, recomputed, verdict, said))
    read = read_readings().set_index(["ledger_id", "check"]).to_dict("index")
    rows = []
    for ids, check, *sides, verdict, said in findings:
        # By the numbers and the check, or by the numbers alone.
        reading = read.get((ids, check)) or read.get((ids, "")) or {}
        if verdict != Agreement.CONTRADICTS:
            reading = {}
        words, *used = (reading.get(name, "") for name in ("words", "readings", "reading_used"))
        rows.append([ids, check, *sides, verdict, ". ".join(filter(None, [said, words])), *used])
    columns = ["ledger_id", "check", "published", "recomputed", "verdict", "explanation",
               "readings", "reading_used"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


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
    readings: pd.DataFrame = published_rows(READINGS)
    return readings


def _terms(expression: str, printed: Printed) -> list[tuple[str, float]]:
    """Sign and number of each term of a sum."""
    return [
        (sign, float(getattr(printed[name], part) if part else printed[name] if name else literal))
        for sign, name, part, literal in _TERM.findall(expression)
    ]


def _value(expression: str, printed: Printed) -> float:
    terms = _terms(expression, printed)
    return sum(-number if sign == "-" else number for sign, number in terms)


def _arithmetic(expression: str, printed: Printed) -> str:
    """The expression with the printed numbers in place of their ids."""
    terms = [f"{sign} {number:g}" for sign, number in _terms(expression, printed)]
    written = " ".join(terms).strip()
    return written if len(terms) == 1 else f"{written} = {_value(expression, printed):g}"


def _values(expressions: str, printed: Printed) -> list[float]:
    return [_value(each, printed) for each in expressions.split(LIST_SEPARATOR)]


def _listed(numbers: Iterable[float]) -> str:
    return ", ".join(f"{number:g}" for number in numbers) or "no whole number"


def _verdict(agrees: bool, *, rounded: bool = False) -> Agreement:
    if not agrees:
        return Agreement.CONTRADICTS
    return Agreement.ROUNDED if rounded else Agreement.EXACT


def _percentage(number: Number) -> Finding:
    """A share from its count and total."""
    n, implied = number.n, not number.row.numerator.isdigit()
    fitting = [k for k in range(n + 1) if number.prints(100 * k / n)]
    k = number.k if number.row.numerator else next(iter(fitting), 0)
    published, recomputed, verdict, how = _of_total(number, k, n)
    if k not in fitting:
        totals = [m for m in range(max(k, 1), 10 * n) if number.prints(100 * k / m)]
        how += (
            f"; {number}% of {n} would be {_listed(fitting)}, and {k} is {number}% of "
            f"{_listed(totals)}"
        )
    elif implied:
        how += f"; the count is not printed, and {_listed(fitting)} of {n} gives {number}%"
    return published, recomputed, verdict, how


def _of_total(number: Number, k: int, n: int) -> Finding:
    share = 100 * k / n
    verdict = _verdict(number.prints(share), rounded=share != float(number))
    return f"{number}%", f"{share:.{number.digits + 1}f}%", verdict, f"{k}/{n} = {share:.2f}%"


def _share(row: Any, printed: Printed) -> Finding:
    """A share whose count and total are printed elsewhere."""
    k, n = map(int, _values(row.right, printed))
    return _of_total(printed[row.left], k, n)


def _total(row: Any, printed: Printed) -> Finding:
    """A share of one of several totals."""
    k, *totals = _values(row.right, printed)
    number = printed[row.left]
    fitting = [n for n in totals if number.prints(100 * k / n)]
    shares = ", ".join(f"{100 * k / n:.2f}% of {n:g}" for n in totals)
    return f"{number}%", shares, _verdict(bool(fitting)), f"fits {_listed(fitting)}"


def _repeated(row: Any, printed: Printed) -> Finding:
    numbers = [printed[name] for name in row.ledger_id.split(LIST_SEPARATOR)]
    texts = list(dict.fromkeys(map(str, numbers)))
    how = f"{numbers[0].row.quantity}: printed {len(numbers)} times"
    return texts[0], ", ".join(texts), _verdict(len(set(map(float, numbers))) == 1), how


def _equation(row: Any, printed: Printed) -> Finding:
    left, right = _value(row.left, printed), _value(row.right, printed)
    how = _arithmetic(row.right, printed) + (f", not {left:g}" if left != right else "")
    return f"{left:g}", f"{right:g}", _verdict(left == right), how


def _bound(row: Any, printed: Printed) -> Finding:
    small, large = _value(row.left, printed), _value(row.right, printed)
    relation = "is at most" if small <= large else "is more than"
    how = f"{_arithmetic(row.left, printed)} {relation} {_arithmetic(row.right, printed)}"
    return f"{large:g}", f"{small:g}", _verdict(small <= large), how


def _extreme(row: Any, printed: Printed) -> Finding:
    values, number = _values(row.right, printed), printed[row.left]
    found = (min if row.kind == "lowest" else max)(values)
    of = ", ".join(f"{value:g}%" for value in values)
    return f"{number}%", f"{found:g}%", _verdict(found == float(number)), f"of {of}"


def _wording(row: Any, printed: Printed) -> Finding:
    left, right = row.left.format_map(printed), row.right.format_map(printed)
    return left, right, Agreement(row.verdict), ""


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
    printed = by_id(ledger)
    rows = [
        (row.ledger_id, row.check, row.verdict != "", str(number), test, p, number.prints(p))
        for row in published_rows(CHECKS).itertuples()
        if row.kind == "test"
        for number in [_first(row, printed)]
        for test, p in _p_values(_table(row, printed)).items()
    ]
    columns = ["ledger_id", "comparison", "adjusted", "published", "test", "p_value", "reproduces"]
    return pd.DataFrame(rows, columns=columns)


_p_values = cache(two_by_two_tests)


def _first(row: Any, printed: Printed) -> Number:
    return printed[row.ledger_id.split(LIST_SEPARATOR)[0]]


def _table(row: Any, printed: Printed) -> Counts2x2:
    """Counts of two printed shares, and the rest of each."""
    one, other = printed[row.left], printed[row.right]
    return (one.k, one.n - one.k), (other.k, other.n - other.k)


def _test(row: Any, printed: Printed) -> Finding:
    """The P value of two printed shares."""
    number, found = _first(row, printed), _p_values(_table(row, printed))
    fitting = [test for test, p in found.items() if number.prints(p)]
    verdict, note = _verdict(FISHER in fitting, rounded=True), ""
    if row.verdict:
        verdict = Agreement(row.verdict)
        note = "adjusted for the previous inhibitor, by strata that are not printed; "
    one, other = printed[row.left], printed[row.right]
    how = (
        f"{one.k}/{one.n} against {other.k}/{other.n}: {note}"
        f"reproduced by {', '.join(fitting) or 'no test'} of {len(found)}"
    )
    return f"P = {number}", f"{FISHER} {found[FISHER]:.4f}", verdict, how


def _spectra(row: Any, printed: Printed) -> Finding:
    """Which tables of two inhibitors would print the P value of their spectra."""
    number, ((k, rest), (other_k, other_rest)) = printed[row.ledger_id], _table(row, printed)
    n, other_n = k + rest, other_k + other_rest
    two = [
        (a, b)
        for a, b in product(range(n + 1), range(other_n + 1))
        if number.prints(_p_value((a, n - a), (b, other_n - b)))
    ]
    three = [
        (a, b)
        for a, b in product(range(rest + 1), range(other_rest + 1))
        if number.prints(_p_value((k, rest - a, a), (other_k, other_rest - b, b)))
    ]
    either, multiple = (
        " or ".join(f"{a} and {b}" for a, b in pairs) or "no counts" for pairs in (two, three)
    )
    how = (
        f"Fisher's exact test prints it for {either} of {n} and {other_n}, and not for the printed "
        f"{k} and {other_k}; the test of Freeman and Halton on G1202R, other single and multiple "
        f"mutations for {multiple} with multiple mutations"
    )
    counts = f"{len(two)} of two, {len(three)} of three categories"
    return f"P = {number}", counts, _verdict((k, other_k) in two), how


@cache
def _p_value(*groups: tuple[int, ...]) -> float:
    """Fisher's P, of two categories without the odds ratio, whose limits take far longer."""
    if len(groups[0]) == 2:
        return float(distributions.fisher_exact(np.array(groups)).pvalue)
    return stats.fisher_exact(groups).p_value


def _more_often(row: Any, printed: Printed) -> Finding:
    """A bound of P, where the count among other samples is not printed."""
    number, share = printed[row.ledger_id], printed[row.left]
    others = [int(total) - share.n for total in _values(row.right, printed)]
    most = [most_for_p_below(share.k, share.n, total, float(number)) for total in others]
    holds = f"holds up to {most[0]} of {others[0]}, or {most[1]} of {others[1]}"
    return f"P {number}", holds, Agreement.OPEN, f"{share.k}/{share.n}"


@cache
def most_for_p_below(k: int, n: int, other_n: int, limit: float) -> int:
    """Largest count of other_n that is a smaller share than k of n with Fisher's P < limit.

    Examples
    --------
    >>> most_for_p_below(55, 220, 230, 0.001)
    28
    """
    smaller = [other for other in range(other_n + 1) if other * n < k * other_n]
    small_p = [o for o in smaller if _p_value((k, n - k), (o, other_n - o)) < limit]
    return max(small_p, default=-1)


def _symmetry(row: Any, printed: Printed) -> Finding:
    """The interval of a median around it."""
    numbers = [printed[name] for name in row.ledger_id.split(LIST_SEPARATOR)]
    median, low, high = (Decimal(str(number)) for number in numbers)
    below, above = median - low, high - median
    width, rounding = float(high - low) / 2, 0.5 * 10 ** -numbers[-1].digits
    error, least, most = ((width + off) / Z95 for off in (0, -rounding, rounding))
    how = (
        f"symmetric, as median ± 1.96 SE with SE {error:.2f} (from rounding {least:.2f} to "
        f"{most:.2f}): the normal interval that SPSS prints"
    )
    sides = f"{median} ({low}-{high})", f"-{below} and +{above}"
    return *sides, _verdict(below == above), how


def _models(row: Any, printed: Printed) -> Finding:
    """Studies and models named in the ledger, beside their printed numbers."""
    quotes = " ".join(number.row.quote_location for number in printed.values())
    models = sorted(set(re.findall(r"\b[A-Z][a-z]+-V\d\b", quotes)))
    named = f"{len({model.split('-')[0] for model in models})} studies, {len(models)} models"
    stated = f"{printed[row.left]} studies, {printed[row.right]} models"
    return stated, named, _verdict(named == stated), ", ".join(models)


_KINDS: Mapping[str, Callable[[Any, Printed], Finding]] = {
    "repeated": _repeated, "equation": _equation, "bound": _bound, "lowest": _extreme,
    "highest": _extreme, "share": _share, "total": _total, "test": _test, "spectra": _spectra,
    "more often": _more_often, "symmetry": _symmetry, "models": _models, "wording": _wording,
}  # fmt: skip
