"""Read a line of a laboratory report: its ALK mutations, and what is set aside.

What may stand around a mutation is a table of patterns, ``data/reference/report_patterns.csv``,
which the mutation explorer reads too. Nothing is guessed: what no pattern knows is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache, reduce
from typing import Any

from alkpool.mutations import names
from alkpool.mutations.dna import CODE, coding, protein_change, refuse_one_codon
from alkpool.mutations.names import FLAGS, Mutation, as_printed, cleaned, mutations_of, reference

_BETWEEN_CHANGES = re.compile(r"[\s(;,)]+(?:c\.)?", FLAGS)
_WORD = re.compile(r"[^\s,;:()\[\]+/&]{3,}")
# ANNOVAR writes c.G3604A and c.3512_3513AT.
_ANNOVAR = (
    (re.compile(r"^([ACGT])(\d+)([ACGT])$", FLAGS), r"\2\1>\3"),
    (re.compile(r"^(\d+_\d+)([ACGT]+)$", FLAGS), r"\1delins\2"),
)
_SIGNS = str.maketrans({",": ".", " ": None})


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
        Canonical names in the order of the line, those set aside as polymorphisms among them;
        empty where their order is not known.
    """

    profile: str
    phase: str = ""
    vaf_percent: tuple[str, ...] = ()
    set_aside: tuple[tuple[str, str], ...] = ()
    printed: tuple[str, ...] = field(default=(), compare=False)


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
    names.refuse_long(text, "a line of a report", names.MAX_LINE)
    rest = cleaned(text)
    aside: list[tuple[str, str]] = []
    values: dict[str, list[str]] = {"frequency": [], "coding": []}
    phases: set[str] = set()
    for what, action, pattern in names.patterns():
        while found := pattern.search(rest):
            value = found.groupdict().get("value", "")
            if action == "aside":
                aside.append((what, (value or found[0]).strip(" ,;:")))
            elif action in values:
                values[action].append(value)
            if what in ("cis", "trans"):
                phases.add(what)
            put = {"open": value, "join": ",", "put": what}.get(action, "")
            rest = f"{rest[: found.start()]} {put} {rest[found.end() :]}"
        rest = " ".join(rest.split())
    if len(phases) > 1:
        raise ValueError(f"{text!r} says both cis and trans: leave the phase out")
    protein = rest.strip(" ;,")
    # Where nothing of a report was recognised, the name itself tells best what is wrong with it.
    name = text if protein == cleaned(text) else protein
    named = as_printed(name) if protein or not (aside or values["coding"]) else ()
    changes = [
        reduce(lambda name, old: old[0].sub(old[1], name), _ANNOVAR, name)
        for value in values["coding"]
        for name in _BETWEEN_CHANGES.split(value.strip())
    ]
    phase = "".join(phases)
    if phase == "cis":
        refuse_one_codon(dict.fromkeys(changes))
    translated = tuple(dict.fromkeys(map(_translated, changes)))
    common = polymorphisms()
    of_alk = sorted([m for m in named if m.name not in common] or translated)
    if named and (different := [m.name for m in translated if m not in of_alk]):
        raise ValueError(
            f"{text!r}: the DNA says {', '.join(different)}, the protein "
            f"{', '.join(m.name for m in of_alk)}: one of them is wrong"
        )
    aside += [("taken for a polymorphism", m.name) for m in sorted(named) if m.name in common]
    if not of_alk:
        others = ", ".join(f"{found} ({what})" for what, found in aside)
        raise ValueError(f"{text!r} holds no mutation of ALK" + f": found {others}" * bool(others))
    _refuse_unconfirmed(of_alk, text)
    _refuse_swallowed((found for what, found in aside if what.endswith("another gene")), text)
    profile = mutations_of("+".join(m.name for m in of_alk))
    if phase == "cis":
        names.refuse_in_cis("+".join(profile))
    printed = tuple(m.name for m in named or translated)
    if not set(profile) <= set(printed):
        # A name of DNA beside a polymorphism: which comes first is not known.
        printed = ()
    frequencies = [value.translate(_SIGNS) for value in values["frequency"]]
    # A table has no sign for at most and at least: beside < and > they would be another bound.
    if printed and len(frequencies) == len(printed) and not set("≤≥") & set("".join(frequencies)):
        # They follow their mutations into the canonical order.
        of = dict(zip(printed, frequencies, strict=True))
        frequencies = [of[name] for name in profile]
    else:
        aside += [("allele frequency", f"{value}%") for value in frequencies]
        frequencies = []
    phase = phase if len(profile) > 1 else ""
    return Reading("+".join(profile), phase, tuple(frequencies), tuple(aside), printed)


def _translated(name: str) -> Mutation:
    try:
        return protein_change(name)
    except ValueError as error:
        raise ValueError(f"c.{name}: {error}") from None


def _refuse_swallowed(found: Iterable[str], text: str) -> None:
    """What fits ALK's own sequence is not lost to the gene that stands before it."""
    for word in _WORD.findall(" ".join(found)):
        try:
            fitting = [protein_change(word[2:])] if word[:2].lower() == "c." else as_printed(word)
        except ValueError:
            continue
        if all(m.residue in reference() for m in fitting):
            raise ValueError(
                f"{text!r}: {word} fits ALK too: write ALK before it, or leave it out where it is "
                "of another gene"
            )


def _refuse_unconfirmed(found: Iterable[Mutation], text: str) -> None:
    """Beyond the reference a residue cannot be checked: the line must name ALK."""
    reach = reference()
    for m in found:
        if m.residue not in reach and not names.pattern("of_alk").search(text):
            raise ValueError(
                f"{m}: residue {m.residue} lies outside the reference ({min(reach)} to "
                f"{max(reach)}) and cannot be checked; T790M and L858R, for instance, are "
                f"mutations of EGFR. Where it is ALK, write ALK {m}"
            )


@lru_cache(maxsize=1)
def polymorphisms() -> frozenset[str]:
    """Canonical names that are set aside where a line holds them."""
    return frozenset(mutation for mutation, *_ in names.rows("polymorphisms.csv"))


def grammar() -> dict[str, Any]:
    """Collect what a reader in another language needs to read as `read` does.

    Returns
    -------
    dict
        Patterns as ECMAScript writes them, case ignored, in the order in which they are tried;
        the words of refusals; the protein and its coding sequence.

    Examples
    --------
    >>> grammar()["domain"]
    [1116, 1392]
    """

    def plain(pattern: re.Pattern[str]) -> str:
        return pattern.pattern.replace("(?P<", "(?<")

    alone = ("form", "separator", "one_residue", "change", "intron", "of_alk")
    residues = reference()
    return {
        **{name: plain(names.pattern(name)) for name in alone},
        "amino_acids": names.AMINO_ACIDS,
        "codes": names.ONE_LETTER,
        "accepted": names.ACCEPTED,
        "not_in_cis": names.NOT_IN_CIS,
        "reasons": [[plain(pattern), why] for why, _, pattern in names.patterns(reasons=True)],
        "lines": [[what, action, plain(pattern)] for what, action, pattern in names.patterns()],
        "polymorphisms": sorted(polymorphisms()),
        "coding": dict(zip(("first", "bases"), coding(), strict=True)),
        "codons": CODE,
        "first": min(residues),
        "sequence": "".join(residues.values()),
        "length": names.PROTEIN_LENGTH,
        "domain": list(names.KINASE_DOMAIN),
        "max_characters": names.MAX_CHARACTERS,
        "max_line": names.MAX_LINE,
    }
