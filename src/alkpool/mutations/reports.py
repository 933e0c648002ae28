"""Read a line of a laboratory report: its ALK mutations, and what is set aside.

What may stand around a mutation is a table of patterns, ``data/reference/report_patterns.csv``,
which the mutation explorer reads too. Nothing is guessed: what no pattern knows is refused.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from alkpool.mutations import names
from alkpool.mutations.dna import CODE, coding, protein_change, refuse_one_codon
from alkpool.mutations.names import FLAGS, Mutation, as_printed, cleaned, mutations_of, reference

_BETWEEN_CHANGES = re.compile(r"[\s(;,)]+(?:c\.)?", FLAGS)
_SIGNS = str.maketrans({",": ".", " ": None})
_MARKED = re.compile(r"[Ⓐ-Ⓩ]\S*")


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
    rest, aside, phase = _taken_apart(text)
    protein = " ".join(_MARKED.sub("", rest).split()).strip(" ;,")
    changes = re.findall(r"Ⓓ(\S*)", rest)
    named = as_printed(protein, text) if protein or not (aside or changes) else ()
    if phase == "cis":
        refuse_one_codon(dict.fromkeys(changes))
    beyond = [each for each in changes if _is_beyond(each, named)]
    aside += [
        ("outside the reference, not checked; its protein name is read", f"c.{each}")
        for each in beyond
    ]
    dna = tuple(_translated(each) for each in changes if each not in beyond)
    common = polymorphisms()
    of_alk = sorted({m.name: m for m in named if m.name not in common}.values() or set(dna))
    if named and (different := [m.name for m in dict.fromkeys(dna) if m not in of_alk]):
        raise ValueError(
            f"{text!r}: the DNA says {', '.join(different)}, the protein "
            f"{', '.join(m.name for m in of_alk)}: one of them is wrong, or a protein name is "
            "missing"
        )
    aside += [("taken for a polymorphism", m.name) for m in sorted(set(named)) if m.name in common]
    lost = _fits_too(" ".join(found for what, found in aside if "another" in what))
    if not of_alk:
        others = ", ".join(f"{found} ({what})" for what, found in aside)
        raise ValueError(
            f"{text!r} holds no mutation of ALK"
            + f": found {others}" * bool(others)
            + f"; where {lost} is of ALK, write ALK before it" * bool(lost)
        )
    _refuse_unconfirmed(of_alk)
    if lost:
        raise ValueError(
            f"{text!r}: {lost} fits ALK too: write ALK before it, or leave it out where it is of "
            "another gene"
        )
    profile = mutations_of("+".join(m.name for m in of_alk))
    # Where names and frequencies stand among separators and what is set aside.
    tokens = names.pattern("token").findall(rest)
    layout = "".join(
        token[0] if _MARKED.match(token) else "M" if re.search(r"\d", token) else token
        for token in tokens
    )
    layout = layout.replace("Ⓓ", "" if named else "M")
    between = set(re.sub("[ⒻⓈⓍⓄ]", "", layout).split("M")[1:-1])
    inner = set("ⓅⓆ") & set("".join(between))
    of_some = len(between) > 1 or inner or len(set(dna)) not in (0, len(profile))
    printed = tuple(dict.fromkeys(m.name for m in named or dna))
    of_others = len(printed) > 1 and names.pattern("of others").search(layout)
    if phase and (of_others or (len(printed) > 2 and of_some)):
        raise ValueError(
            f"{text!r}: which of the mutations are in {phase} is not clear: leave the phase out, "
            "or give all in one pair of brackets, as p.[L1196M;G1202R]"
        )
    if phase == "cis":
        names.refuse_in_cis("+".join(profile))
    if not set(profile) <= set(printed):
        # A name of DNA beside a polymorphism: which comes first is not known.
        printed = ()
    frequencies = re.findall(r"Ⓕ(\S*)", rest)
    # Each directly follows or precedes its mutation. A table has no sign for at most and at least:
    # beside < and > they would be another bound.
    pairs = names.pattern("pairs").search(re.sub("[ⓅⓆ]", "", layout))
    if pairs and len(frequencies) == len(printed) and not set("≤≥") & set("".join(frequencies)):
        of = dict(zip(printed, frequencies, strict=True))
        frequencies = [of[name] for name in profile]
    else:
        aside += [("allele frequency", f"{value}%") for value in frequencies]
        frequencies = []
    phase = phase if len(profile) > 1 else ""
    return Reading("+".join(profile), phase, tuple(frequencies), tuple(aside), printed)


def _taken_apart(text: str) -> tuple[str, list[tuple[str, str]], str]:
    """Reduce a line to names of the protein among marked DNA and frequencies.

    A mark is a letter in a circle, which no text has once it is cleaned: of a frequency Ⓕ, of DNA
    Ⓓ, of a stop Ⓢ, of an end of what a phase is said of Ⓟ, of a phase in words Ⓠ, of another gene
    or a fusion Ⓧ, or Ⓞ where its own frequency stands with it.

    Returns
    -------
    tuple
        The line, what is set aside, and the phase.
    """
    rest = cleaned(text)
    aside: list[tuple[str, str]] = []
    phases: set[str] = set()
    for what, action, put, pattern in names.patterns():
        before = rest
        while found := pattern.search(rest):
            value = found.groupdict().get("value", "")
            if action == "aside":
                aside.append((what, found[0].strip(" ,;:")))
            elif action == "frequency":
                value = value.translate(_SIGNS)
            elif action == "coding":
                pieces = _BETWEEN_CHANGES.split(value.strip())
                value = " ".join(p if _MARKED.match(p) else f"Ⓓ{p}" for p in pieces)
            if what in ("cis", "trans"):
                phases.add(what)
            mark = put.replace("{}", value).replace("Ⓧ", "Ⓞ" if "%" in found[0] else "Ⓧ")
            rest = f"{rest[: found.start()]} {mark} {rest[found.end() :]}"
        if rest is not before:
            rest = " ".join(rest.split())
    if len(phases) > 1:
        raise ValueError(f"{text!r} says both cis and trans: leave the phase out")
    return rest, aside, "".join(phases)


def _is_beyond(change: str, named: Iterable[Mutation]) -> bool:
    """Whether a change of DNA lies where no reference reaches, at a residue that is named too."""
    found = names.pattern("change").fullmatch(change)
    residue = (int(found["first"]) + 2) // 3 if found else 0
    return residue not in reference() and any(m.residue == residue for m in named)


def _translated(name: str) -> Mutation:
    try:
        return protein_change(name)
    except ValueError as error:
        raise ValueError(f"c.{name}: {error}") from None


def _fits_too(beside: str) -> str:
    """What fits ALK's own sequence, so that it is not lost to the gene that stands before it."""
    found = names.pattern("swallowed").finditer(beside)
    return next((each[0] for each in found if _fits(**each.groupdict())), "")


@lru_cache(4096)
def _fits(change: str | None, name: str | None, code: str | None, place: str | None) -> bool:
    """Whether a name is that of a mutation which the reference of ALK can be asked about."""
    if code and place:
        told = names.ONE_LETTER.get(code.upper(), code.upper())
        return names.reference_residue(int(place)) == told
    try:
        found = [protein_change(change)] if change else as_printed(name or "")
    except ValueError:
        return False
    return all(m.residue in reference() for m in found)


def _refuse_unconfirmed(found: Iterable[Mutation]) -> None:
    """Beyond the reference a residue cannot be checked: ALK must stand directly before it."""
    reach = reference()
    for m in found:
        if m.residue not in reach and not m.of_alk:
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

    alone = (
        "form", "separator", "change", "intron", "token", "pairs", "of others", "swallowed",
        "not found", "residue",
    )  # fmt: skip
    residues = reference()
    return {
        **{name: plain(names.pattern(name)) for name in alone},
        "amino_acids": names.AMINO_ACIDS,
        "codes": names.ONE_LETTER,
        "accepted": names.ACCEPTED,
        "not_in_cis": names.NOT_IN_CIS,
        "leave_out": names.LEAVE_OUT,
        "reasons": [[plain(pattern), why] for why, *_, pattern in names.patterns(reasons=True)],
        "lines": [[*said, plain(pattern)] for *said, pattern in names.patterns()],
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
