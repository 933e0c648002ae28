"""Names of ALK mutations: one variant has one name. X is never a stop codon here.

Names follow the HGVS protein recommendations in one-letter code, and one variant has one name:
unchanged residues are trimmed, changes lie as far towards the C-terminus as they go (the 3' rule:
``G1201del`` is ``G1202del``), and an insertion that repeats the residues before it is a
duplication (``1151Tins`` is ``T1151dup``). This holds within the reference; beyond it only what
the name itself tells is used.
"""

import csv
import itertools
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from alkpool import paths
from alkpool.problems import refuse

# Protein kinase domain and length of human ALK: UniProt Q9UM73.
KINASE_DOMAIN = (1116, 1392)
PROTEIN_LENGTH = 1620

# Room for seven mutations spelled out with accession numbers, more than any sample has shown, and
# for what a report writes around them.
MAX_CHARACTERS = 200
MAX_LINE = 1000

AMINO_ACIDS = "ARNDCQEGHILKMFPSTWYV"
_THREE_LETTER = (
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL XAA TER"
)
ONE_LETTER = dict(zip(_THREE_LETTER.split(), AMINO_ACIDS + "X*", strict=True)) | {"STOP": "*"}

# Patterns are those of the mutation explorer too: what both engines of regular expressions know.
FLAGS = re.IGNORECASE | re.ASCII
_PREFIX = re.compile(r"^(?:ALK |p\. )*", FLAGS)
NOT_IN_CIS = "change one residue, as no allele can: give one, or say in trans where both were found"
ACCEPTED = (
    "accepted are G1202R, p.Gly1202Arg, G1202del, A1200_G1201del, T1151dup, T1151_L1152insK, "
    "G1202delinsRS and I1171X, several joined by '+'"
)
LEAVE_OUT = "leave it out, with every finding that it calls absent, doubtful or of another gene"


class MutationWarning(UserWarning):
    """A mutation lies outside the kinase domain, or could not be checked."""


class Kind(StrEnum):
    """What a mutation does to the protein."""

    SUBSTITUTION = "substitution"
    RESIDUE_CLASS = "residue class"
    DELETION = "del"
    DUPLICATION = "dup"
    INSERTION = "ins"
    DELINS = "delins"


@dataclass(frozen=True, order=True, slots=True)
class Mutation:
    """One protein-level change of ALK, ordered by residue; made by :func:`parse`.

    Attributes
    ----------
    residue, last : int
        First and last residue concerned (UniProt Q9UM73 numbering); for an insertion the two
        residues around it.
    kind : Kind
        What the change is.
    name : str
        Canonical name.
    of_alk : bool
        Whether ALK or its accession stood directly before it.
    """

    residue: int
    last: int
    kind: Kind
    name: str
    of_alk: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        """Return the canonical name."""
        return self.name


@lru_cache(maxsize=4096)
def parse(text: str) -> tuple[Mutation, ...]:
    """Read a mutation profile.

    Letter case, spaces and typographic dashes do not matter. Between mutations stand ``+``,
    ``/``, ``,``, ``;``, ``&``, "and" or white space. ``1151Tins`` is T inserted after 1151.

    Parameters
    ----------
    text : str
        For instance ``"G1202R"``, ``"p.(Gly1202Arg)"`` or ``"ALK L1196M / G1202R"``.

    Returns
    -------
    tuple of Mutation
        Sorted by residue, each once.

    Raises
    ------
    ValueError
        If `text` is no profile of ALK resistance mutations, or contradicts the reference.
    TypeError
        If `text` is not a string.

    Examples
    --------
    >>> [str(mutation) for mutation in parse("p.Gly1202Arg and L1196M")]
    ['L1196M', 'G1202R']
    """
    profile = tuple(sorted(set(as_printed(text))))
    refuse_long("+".join(map(str, profile)))
    return profile


def mutations_of(profile: str) -> tuple[str, ...]:
    """Return the canonical names of the mutations of a profile."""
    return tuple(map(str, parse(profile)))


def spelled_out(name: str) -> str:
    """Name of a mutation in three-letter code, as reports print it.

    Examples
    --------
    >>> spelled_out("G1202R"), spelled_out("T1151_L1152insK")
    ('p.Gly1202Arg', 'p.Thr1151_Leu1152insLys')
    """
    codes = {letter: code.capitalize() for code, letter in ONE_LETTER.items() if len(code) == 3}
    return "p." + re.sub("[A-Z]", lambda letter: codes[letter[0]], name)


def is_compound(profile: str) -> bool:
    """Tell whether a profile holds two or more mutations, in cis or in trans."""
    return len(parse(profile)) > 1


def residue_class(profile: str) -> str:
    """Replace each substitution of a profile by the class of its residue.

    Deletions, duplications and insertions differ too much among themselves to share a class:
    each is its own. Substitutions of one residue fall together.

    Examples
    --------
    >>> residue_class("I1171N+L1196M"), residue_class("T1151dup"), residue_class("I1171N+I1171S")
    ('I1171X+L1196X', 'T1151dup', 'I1171X')
    """
    names = (f"{m.name[:-1]}X" if m.kind is Kind.SUBSTITUTION else m.name for m in parse(profile))
    return "+".join(map(str, parse("+".join(names))))


def changed_twice(profile: str) -> tuple[Mutation, ...]:
    """Two mutations that change or delete one residue, which no allele can have both; or none.

    Examples
    --------
    >>> [str(one) for one in changed_twice("A1200_G1202del+G1202R")], changed_twice("L1196M+G1202R")
    (['A1200_G1202del', 'G1202R'], ())
    """
    # What is inserted beside a residue leaves it as it is.
    changed = (m for m in parse(profile) if m.kind not in (Kind.INSERTION, Kind.DUPLICATION))
    pairs = itertools.combinations(changed, 2)
    return next((pair for pair in pairs if pair[1].residue <= pair[0].last), ())


def refuse_in_cis(profile: str) -> None:
    """Refuse a profile whose phase is cis where two of its mutations change one residue."""
    if found := changed_twice(profile):
        raise ValueError(f"{' and '.join(map(str, found))} {NOT_IN_CIS}")


def residues(profile: str) -> tuple[int, ...]:
    """Return the residues that a profile concerns, sorted; both neighbours of an insertion."""
    return tuple(sorted({p for m in parse(profile) for p in range(m.residue, m.last + 1)}))


def reference_residue(position: int) -> str | None:
    """Return the wild-type residue at a position, or None where the reference does not reach."""
    return reference().get(position)


@lru_cache(maxsize=1)
def reference() -> dict[int, str]:
    """Read the wild-type residue at each position of the reference."""
    first, sequence = numbered("alk_reference.fasta", r"residues (\d+)-(\d+)")
    return dict(enumerate(sequence, start=first))


def numbered(name: str, span: str) -> tuple[int, str]:
    """Read a sequence and the number of its first letter, which the header gives."""
    header, *lines = (paths.REFERENCE / name).read_text("utf-8").splitlines()
    sequence = "".join(lines)
    found = re.search(span, header)
    if found is None or int(found[2]) - int(found[1]) + 1 != len(sequence):
        refuse(f"reference/{name}", f"the header must give the span of the sequence: {header}")
    return int(found[1]), sequence


def outside_domain(profile: str) -> Iterator[str]:
    """Say which mutations lie outside the kinase domain, and which could not be checked either."""
    known, (first, last) = reference(), KINASE_DOMAIN
    for m in parse(profile):
        if first <= m.residue and m.last <= last:
            continue
        said = f"{m}: outside the kinase domain (residues {first}-{last})"
        if m.residue not in known or m.last not in known:
            covered = f"residues {min(known)}-{max(known)}"
            said += f"; could not be checked, the reference covers {covered} only"
        yield said


def as_printed(text: str, line: str = "") -> tuple[Mutation, ...]:
    """Read a mutation profile in the order in which its mutations stand, also those that repeat.

    ``line`` is that of the report, which a refusal quotes whole where words were taken out of a
    part of it: "G1202R not" says something else than "G1202R not detected".

    Examples
    --------
    >>> [str(mutation) for mutation in as_printed("G1202R/L1196M")]
    ['G1202R', 'L1196M']
    """
    if not isinstance(text, str):
        raise TypeError(f"a mutation profile is text such as 'G1202R', not {text!r}")
    refuse_long(text)
    found: list[Mutation] = []
    parts = pattern("separator").split(cleaned(text))
    for part in parts:
        if not part:
            raise ValueError(f"{line or text!r}: a mutation is missing; {ACCEPTED}")
        denied = pattern("not found").search(part)
        forms = None if denied else _forms(part.split(" "), cleaned(line or text))
        if forms is None:
            whole = not line or part in pattern("separator").split(cleaned(line))
            why = _why_not(part, parts)
            raise ValueError(f"{part if whole else line!r} is not read as a mutation: {why}")
        for form in forms:
            try:
                found.append(replace(_read(form), of_alk=bool(form["alk"])))
            except ValueError as error:
                raise ValueError(f"{form[0]}: {error}") from None
    return tuple(found)


def _why_not(part: str, parts: list[str]) -> str:
    """Say why a part of a profile is not read; what is not known may be against a mutation."""
    for why, _, _, refused in patterns(reasons=True):
        if refused.search(part):
            return why
    named = list(filter(pattern("form").fullmatch, " ".join(parts).split(" ")))
    unknown = " ".join(each for each in part.split(" ") if each not in [*named, "ALK"])
    if not named or pattern("residue").search(unknown):
        return ACCEPTED
    return f"{unknown!r} is not known beside {', '.join(named)}: {LEAVE_OUT}"


@lru_cache(maxsize=1)
def _written() -> tuple[tuple[str, str, str, str], ...]:
    """What each pattern is of, what is done with it and put there, and how it is written."""
    parts = {"code": rf"(?:{'|'.join(ONE_LETTER)}|[A-Z*])"}
    found = []
    for what, action, put, written in rows("report_patterns.csv"):
        whole = re.sub("@(.+?)@", lambda part: parts[part[1]], written)
        if action == "part":
            parts[what] = whole
        found.append((what, action, put, whole))
    return tuple(found)


@lru_cache
def pattern(what: str) -> re.Pattern[str]:
    """How something looks that stands by itself, or as a part of others.

    Parameters
    ----------
    what : str
        Name of a pattern of ``data/reference/report_patterns.csv``.

    Examples
    --------
    >>> bool(pattern("intron").search("3604+1G>A"))
    True
    """
    whole = next(written for name, *_, written in _written() if name == what)
    return re.compile(whole, FLAGS)


@lru_cache(maxsize=2)
def patterns(*, reasons: bool = False) -> tuple[tuple[str, str, str, re.Pattern[str]], ...]:
    """What may stand beside a mutation, what is done and put there, how it looks, as it is tried.

    ``reasons`` are those of what is refused instead, each with how it looks.
    """
    return tuple(
        (what, action, put, re.compile(written, FLAGS))
        for what, action, put, written in _written()
        if action not in ("part", "name") and reasons == (action == "refuse")
    )


def rows(file: str) -> list[list[str]]:
    """Read the rows of a table of the reference, without its header."""
    with (paths.REFERENCE / file).open(encoding="utf-8", newline="") as opened:
        return list(csv.reader(opened))[1:]


def refuse_long(text: str, what: str = "a mutation profile", most: int = MAX_CHARACTERS) -> None:
    """Refuse a text of more characters than anything that is meant to be read."""
    if len(text) > most:
        raise ValueError(
            f"{text[:20]!r}...: {len(text)} characters are too many for {what} (at most {most})"
        )


def cleaned(text: str) -> str:
    """Reduce typography to ASCII: compatibility forms, dashes, white space, invisible marks."""
    if text.isascii():
        return " ".join(text.split())
    kind = unicodedata.category
    # The mark of a footnote would be a digit.
    text = re.sub("[²³¹⁰⁴-⁹]", " ", text)
    plain = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-")
    return " ".join(
        "".join("-" if kind(c) == "Pd" else c for c in plain if kind(c) != "Cf").split()
    )


def _forms(pieces: list[str], line: str) -> list[re.Match[str]] | None:
    """Group pieces into mutations, as a space may stand within a name or between two.

    A name ends where it can, and what is joined stands so in the line: of "I1171: N" and
    "T1151_L1152insT likely" the last word is none of the name.
    """
    found: list[re.Match[str]] = []
    shape, start = pattern("form"), 0
    for end in range(1, len(pieces) + 1):
        name = pieces[start:end]
        if form := shape.fullmatch("".join(name)):
            if _PREFIX.sub("", " ".join(name)) not in line:
                return None
            found.append(form)
            start = end
    return found if start == len(pieces) else None


def _read(form: re.Match[str]) -> Mutation:
    """Check one mutation against the reference and name it."""
    code, start = form["first"] or form["old_first"], int(form["start"] or form["old_start"])
    end = int(form["end"] or start)
    # What the name tells is added to the reference, which does not reach everywhere.
    wild = reference() | {
        p: _wild_type(told, p) for told, p in ((code, start), (form["last"], end)) if told
    }
    if nowhere := [place for place in (start, end) if place > PROTEIN_LENGTH]:
        raise ValueError(f"residue {nowhere[0]} does not exist, ALK has {PROTEIN_LENGTH}")
    if end < start:
        raise ValueError(f"the range runs backwards, from {start} to {end}")
    if form["frameshift"]:
        raise ValueError("frameshifts are not resistance mutations and are not read")
    if (form["new"] or "").upper() in ("X", "XAA"):
        return Mutation(start, start, Kind.RESIDUE_CLASS, f"{wild[start]}{start}X")
    old = _there(start, end, wild)
    if form["lost"]:
        named = _sequence(form["letters"], code) if form["letters"] else old
        if named != old:
            raise ValueError(f"names {named}, but residues {start} to {end} are {old}")
        new = old * 2 if form["lost"].lower() == Kind.DUPLICATION else ""
        return replaced(start, end, new, wild)
    if form["new"]:
        return replaced(start, end, old if form["new"] == "=" else _letter(form["new"]), wild)
    new = _sequence(form["inserted"] or form["old_inserted"], code)
    if (form["verb"] or "").lower() == Kind.DELINS:
        return replaced(start, end, new, wild)
    if form["end"] and end != start + 1:
        raise ValueError(f"residues {start} and {end} are not neighbours")
    return replaced(start, start, old[0] + new, wild)


def _there(first: int, last: int, wild: dict[int, str]) -> str:
    """Residues of a range; a question mark where neither the reference nor the name tells."""
    return "".join(wild.get(place, "?") for place in range(first, last + 1))


def _wild_type(code: str, position: int) -> str:
    """Return a wild-type residue in one-letter code after checking it."""
    letter = _letter(code)
    if (expected := reference_residue(position)) not in (None, letter):
        raise ValueError(f"residue {position} is {expected}, not {letter}")
    return letter


def _letter(code: str) -> str:
    """Return an amino acid in one-letter code."""
    letter = ONE_LETTER.get(code.upper(), code.upper())
    if letter == "*":
        raise ValueError("a stop codon is not a resistance mutation")
    if letter not in AMINO_ACIDS:
        raise ValueError(f"{code} is not one of the 20 amino acids")
    return letter


def _sequence(letters: str, neighbour: str | None) -> str:
    """Return inserted residues in one-letter code, read in the style of their neighbour.

    THR is threonine beside Leu but three residues beside L; Thr beside L could be either.
    """
    codes = [letters[i : i + 3] for i in range(0, len(letters), 3)]
    spelled = all(code.upper() in ONE_LETTER for code in codes)
    long = neighbour is not None and len(neighbour) == 3
    capitals = letters.isupper() or not (spelled or (neighbour or "").isupper())
    if not (spelled if long else capitals):
        raise ValueError("use three-letter code or one-letter code in capitals, not a mixture")
    return "".join(map(_letter, codes if long else letters))


def replaced(first: int, last: int, new: str, wild: dict[int, str]) -> Mutation:
    """Name what a replacement comes to: what is unchanged trimmed, the rest moved to its end.

    Deletions and insertions lie as far towards the C-terminus as they go; an insertion of what
    stands before it is a duplication.
    """
    old = _there(first, last, wild)
    while old and new and old[0] == new[0]:
        old, new, first = old[1:], new[1:], first + 1
    while old and new and old[-1] == new[-1]:
        old, new, last = old[:-1], new[:-1], last - 1
    if old and new:
        kind = Kind.SUBSTITUTION if len(old) == len(new) == 1 else Kind.DELINS
        return _named(first, last, kind, new, wild)
    if old:
        while (following := wild.get(last + 1)) and following == wild.get(first):
            first, last = first + 1, last + 1
        return _named(first, last, Kind.DELETION, "", wild)
    if not new:
        raise ValueError("a synonymous change leaves the protein as it is")
    while wild.get(last + 1) == new[0]:
        last, new = last + 1, new[1:] + new[0]
    first = last - len(new) + 1
    if _there(first, last, wild) == new:
        return _named(first, last, Kind.DUPLICATION, "", wild)
    return _named(last, last + 1, Kind.INSERTION, new, wild)


def _named(first: int, last: int, kind: Kind, new: str, wild: dict[int, str]) -> Mutation:
    """Build a mutation with its canonical name."""
    ends = sorted({first, last})
    if unnamed := [position for position in ends if position not in wild]:
        raise ValueError(f"residue {unnamed[0]} is not in the reference and must be named")
    change = "" if kind is Kind.SUBSTITUTION else kind
    name = "_".join(f"{wild[position]}{position}" for position in ends)
    return Mutation(first, last, kind, f"{name}{change}{new}")
