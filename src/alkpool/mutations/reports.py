"""Read a line of a laboratory report: its ALK mutations, and what is set aside.

What may stand around a mutation is a table of patterns, ``data/reference/report_patterns.csv``,
which the mutation explorer reads too. Nothing is guessed: what no pattern knows is refused.
"""

import csv
import re
from dataclasses import dataclass, field
from functools import lru_cache

from alkpool import paths
from alkpool.mutations.dna import protein_change
from alkpool.mutations.names import as_printed, cleaned, mutations_of, reference

# An underscore joins two substitutions; between two residues it is a range.
_SUBSTITUTIONS = re.compile(
    r"(?:(?<=[A-Za-z])-|(?:(?<=\d[A-Z])|(?<=\d[A-Z][a-z]{2}))_)"
    r"(?=(?:ALK )?(?:p\.)?[A-Z][a-z]{0,2}\d)"
)
_ALLELES = re.compile(r"(?:p\.)?\[([^\]]*)\](?:;(?:p\.)?\[([^\]]*)\])*")
# A protein name in brackets stands beside the DNA name that it explains.
_IN_BRACKETS = re.compile(r"\((?=\s*(?:p\.)?\s*[A-Za-z]{1,3}\d)([^()]*)\)")
_DNA = re.compile(r"\bc\.(?:\(([^\s()]+)\)|([^\s():;,]+))")


@dataclass(frozen=True)
class Reading:
    """What was read of a line of a report.

    Attributes
    ----------
    profile : str
        Canonical profile.
    phase : str
        ``cis`` or ``trans`` where the line says so, else blank.
    vaf_percent : tuple of str
        Variant allele frequencies in the order in which they stand.
    set_aside : tuple of (str, str)
        What it is, and its text: fusion, exon, polymorphism, mutation of another gene ...
    printed : tuple of str
        Canonical names in the order of the line, those set aside as polymorphisms among them.
    """

    profile: str
    phase: str = ""
    vaf_percent: tuple[str, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()
    printed: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Pattern:
    """A kind of text beside a mutation: what it is, how it looks, and what is done with it."""

    what: str
    action: str
    pattern: re.Pattern[str]


@lru_cache(maxsize=1)
def patterns() -> tuple[Pattern, ...]:
    """Patterns in the order in which they are tried."""
    with (paths.REFERENCE / "report_patterns.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Pattern(row["what"], row["action"], re.compile(row["pattern"], re.IGNORECASE))
            for row in csv.DictReader(file)
        )


def read(text: str) -> Reading:
    """Read a line of a report.

    Parameters
    ----------
    text : str
        For instance ``NM_004304.5(ALK):c.3604G>A (p.Gly1202Arg)`` or ``EML4-ALK v3 G1202R``.

    Raises
    ------
    ValueError
        Where no mutation of ALK is left, DNA and protein disagree, or something is not read.

    Examples
    --------
    >>> reading = read("EML4-ALK v3 G1202R (VAF 12%)")
    >>> reading.profile, reading.vaf_percent, reading.set_aside
    ('G1202R', ('12',), (('fusion', 'EML4-ALK v3'),))
    """
    rest = cleaned(text)
    aside: list[tuple[str, str]] = []
    frequencies: list[str] = []
    phase = ""
    for each in patterns():
        while found := each.pattern.search(rest):
            match each.action:
                case "frequency":
                    frequencies.append(found["value"].replace(",", "."))
                case "phase":
                    phase = found["value"].lower()
                case "aside":
                    aside.append((each.what, found[0].strip(" ,;:()")))
            rest = f"{rest[: found.start()]} {rest[found.end() :]}"
    rest, said = _alleles(rest)
    phase = phase or said
    coding = [bracketed or plain for bracketed, plain in _DNA.findall(rest)]
    protein = _protein_part(_DNA.sub(" ", rest))
    if protein == cleaned(text):
        # Nothing of a report was recognised: the name itself tells best what is wrong with it.
        protein = text
    of_protein = _known(protein, aside) if protein or not (aside or coding) else ()
    of_dna = tuple(_translated(name) for name in coding)
    if of_protein and (different := [m for m in of_dna if m not in of_protein]):
        raise ValueError(
            f"{text!r}: the DNA says {', '.join(different)}, the protein "
            f"{', '.join(of_protein)}: one of them is wrong"
        )
    names = of_protein or of_dna
    if not names:
        others = [f"{found} ({what})" for what, found in aside]
        raise ValueError(
            f"{text!r} holds no mutation of ALK" + f": found {', '.join(others)}" * bool(others)
        )
    _refuse_unconfirmed(names, text)
    profile = mutations_of("+".join(names))
    printed = as_printed(protein) if of_protein else tuple(dict.fromkeys(of_dna))
    if len(frequencies) == len(printed):
        # They follow their mutations into the canonical order.
        of = dict(zip(printed, frequencies, strict=True))
        frequencies = [of[name] for name in profile]
    else:
        aside += [("allele frequency", f"{value}%") for value in frequencies]
        frequencies = []
    phase = phase if len(profile) > 1 else ""
    return Reading("+".join(profile), phase, tuple(frequencies), tuple(aside), printed)


def _alleles(text: str) -> tuple[str, str]:
    """Take brackets of alleles away, which say the phase: ``p.[A;B]`` cis, ``p.[A];[B]`` trans."""
    found = _ALLELES.search(text)
    if found is None:
        return text, ""
    inside = re.findall(r"\[([^\]]*)\]", found[0])
    phase = "trans" if len(inside) > 1 else "cis"
    joined = "+".join(inside).replace(";", "+")
    return f"{text[: found.start()]} {joined} {text[found.end() :]}", phase


def _protein_part(text: str) -> str:
    """What is left for the protein names: empty brackets and colons gone, ``A-B`` joined."""
    text = re.sub(r"\(\s*\)|(?<![\w*.])[:;,.-](?![\w*])|:", " ", text)
    while (opened := _IN_BRACKETS.sub(r" \1 ", text)) != text:
        text = opened
    text = _SUBSTITUTIONS.sub("+", text)
    return " ".join(text.split()).strip(" ;,")


def _known(protein: str, aside: list[tuple[str, str]]) -> tuple[str, ...]:
    """Canonical names, those that are taken for polymorphisms set aside."""
    names = mutations_of(protein)
    common = _polymorphisms()
    aside += [("taken for a polymorphism", name) for name in names if name in common]
    return tuple(name for name in names if name not in common)


def _translated(name: str) -> str:
    try:
        return str(protein_change(name))
    except ValueError as error:
        raise ValueError(f"c.{name}: {error}") from None


def _refuse_unconfirmed(names: tuple[str, ...], text: str) -> None:
    """Beyond the reference a residue cannot be checked: the line must name ALK."""
    reach = reference()
    for name in names:
        place = int(re.findall(r"\d+", name)[0])
        if place not in reach and not re.search(r"\bALK\b|NP_004295|NM_004304", text, re.I):
            raise ValueError(
                f"{name}: residue {place} lies outside the reference ({min(reach)} to "
                f"{max(reach)}) and cannot be checked; T790M and L858R, for instance, are "
                f"mutations of EGFR. Where it is ALK, write ALK {name}"
            )


@lru_cache(maxsize=1)
def _polymorphisms() -> frozenset[str]:
    with (paths.REFERENCE / "polymorphisms.csv").open(encoding="utf-8", newline="") as file:
        return frozenset(row["mutation"] for row in csv.DictReader(file))
