"""Names of ALK mutations: one variant has one name.

A *mutation* is one protein-level change (``G1202R``); a *profile* is all mutations of one sample
(``L1196M+G1202R``: sorted by residue, joined by ``+``); a *residue class* stands for any
substitution of one residue (``I1171X``). X is never a stop codon here.

Names follow the HGVS protein recommendations in one-letter code, and one variant has one name:
unchanged residues are trimmed, changes lie as far towards the C-terminus as they go (the 3' rule:
``G1201del`` is ``G1202del``), and an insertion that repeats the residues before it is a
duplication (``1151Tins`` is ``T1151dup``). This holds within the reference; beyond it only what
the name itself tells is used.
"""

import re
import unicodedata
import warnings
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from alkpool import paths

# Protein kinase domain and length of human ALK: UniProt Q9UM73.
KINASE_DOMAIN = (1116, 1392)
PROTEIN_LENGTH = 1620

# Room for seven mutations spelled out with accession numbers, more than any sample has shown.
MAX_CHARACTERS = 200

_AMINO_ACIDS = "ARNDCQEGHILKMFPSTWYV"
_THREE_LETTER = (
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL XAA TER"
)
_ONE_LETTER = dict(zip(_THREE_LETTER.split(), _AMINO_ACIDS + "X*", strict=True)) | {"STOP": "*"}

_FLAGS = re.IGNORECASE | re.ASCII | re.VERBOSE
_CODE = rf"(?:{'|'.join(_ONE_LETTER)}|[A-Z*])"
_NUMBER = r"[1-9]\d*"
_PREFIX = r"(?: ALK[:_-]? | NP_004295(?:\.\d+)?(?: : | (?=p\.) ) )? (?:p\.)?"
_FORM = re.compile(
    rf"""{_PREFIX} (?P<open>\()?
    (?: (?P<first>{_CODE}) (?P<start>{_NUMBER})
        (?: (?P<new>{_CODE}|=)
          | (?P<frameshift>{_CODE}?fs (?:\*|TER|X)?\d*)
          | (?: [_-](?P<last>{_CODE})(?P<end>{_NUMBER}) )?
            (?: (?P<verb>delins|ins)(?P<inserted>[A-Z]+) | (?P<lost>del|dup)(?P<letters>[A-Z]*) ) )
      | (?P<old_first>{_CODE})? (?P<old_start>{_NUMBER}) (?P<old_inserted>[A-Z]+) ins )
    (?(open)\))""",
    _FLAGS,
)
_SEPARATOR = re.compile(r"[ ]?(?: [,;]?[ ]?\band\b | [/+,;&] )[ ]?", _FLAGS)
_ACCEPTED = (
    "accepted are G1202R, p.Gly1202Arg, G1202del, A1200_G1201del, T1151dup, T1151_L1152insK, "
    "G1202delinsRS and I1171X, several joined by '+'"
)
_REASONS = {
    r"wild[ -]?type | \bwt\b | \bparental\b": "wild type is the absence of a mutation",
    r"splice": "splice variants are not resistance mutations and are not read",
    rf"\| | \bor\b | ^{_CODE}$": "write alternatives one by one (I1171N, then I1171S) or as the "
    "residue class (I1171X)",
    rf"^{_PREFIX}[ ]?{_CODE}[ ]?{_NUMBER}$": "the new residue is missing; X stands "
    "for any, as in I1171X",
    rf"^{_PREFIX}[ ]?{_NUMBER}[ ]?[A-Z]+$": "the wild-type residue is missing, as the G in G1202R",
}


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
    """

    residue: int
    last: int
    kind: Kind
    name: str

    def __str__(self) -> str:
        """Return the canonical name."""
        return self.name


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

    Warns
    -----
    MutationWarning
        For each mutation outside the kinase domain; says so if it could not be checked either.

    Examples
    --------
    >>> [str(mutation) for mutation in parse("p.Gly1202Arg and L1196M")]
    ['L1196M', 'G1202R']
    """
    warn_outside_domain(text)
    return _parse(text)


def mutations_of(profile: str) -> tuple[str, ...]:
    """Return the canonical names of the mutations of a profile, without warnings."""
    return tuple(map(str, _parse(profile)))


def as_printed(text: str) -> tuple[str, ...]:
    """Return the canonical names of the mutations of a profile in the order in which they stand.

    Examples
    --------
    >>> as_printed("G1202R/L1196M")
    ('G1202R', 'L1196M')
    """
    _parse(text)
    parts = _SEPARATOR.split(cleaned(text))
    forms = [form for part in parts for form in _forms(part.split(" ")) or ()]
    return tuple(dict.fromkeys(str(_read(form)) for form in forms))


def spelled_out(name: str) -> str:
    """Name of a mutation in three-letter code, as reports print it.

    Examples
    --------
    >>> spelled_out("G1202R"), spelled_out("T1151_L1152insK")
    ('p.Gly1202Arg', 'p.Thr1151_Leu1152insLys')
    """
    codes = {letter: code.capitalize() for code, letter in _ONE_LETTER.items() if len(code) == 3}
    return "p." + re.sub("[A-Z]", lambda letter: codes[letter[0]], name)


def is_compound(profile: str) -> bool:
    """Tell whether a profile holds two or more mutations, in cis or in trans."""
    return len(_parse(profile)) > 1


def residue_class(profile: str) -> str:
    """Replace each substitution of a profile by the class of its residue.

    Deletions, duplications and insertions differ too much among themselves to share a class:
    each is its own. Substitutions of one residue fall together.

    Examples
    --------
    >>> residue_class("I1171N+L1196M"), residue_class("T1151dup"), residue_class("I1171N+I1171S")
    ('I1171X+L1196X', 'T1151dup', 'I1171X')
    """
    substitution = Kind.SUBSTITUTION
    names = (f"{m.name[:-1]}X" if m.kind is substitution else m.name for m in _parse(profile))
    return "+".join(map(str, _parse("+".join(names))))


def residues(profile: str) -> tuple[int, ...]:
    """Return the residues that a profile concerns, sorted; both neighbours of an insertion."""
    return tuple(sorted({p for m in _parse(profile) for p in range(m.residue, m.last + 1)}))


def in_kinase_domain(mutation: Mutation | str) -> bool:
    """Tell whether a mutation (or every mutation of a profile) lies wholly in the kinase domain."""
    mutations = (mutation,) if isinstance(mutation, Mutation) else _parse(mutation)
    first, last = KINASE_DOMAIN
    return all(first <= m.residue and m.last <= last for m in mutations)


def reference_residue(position: int) -> str | None:
    """Return the wild-type residue at a position, or None where the reference does not reach."""
    return reference().get(position)


@lru_cache(maxsize=1)
def reference() -> dict[int, str]:
    """Read the wild-type residue at each position of the reference."""
    file = paths.REFERENCE / "alk_reference.fasta"
    header, *lines = file.read_text(encoding="utf-8").splitlines()
    sequence = "".join(lines)
    span = re.search(r"residues (\d+)-(\d+)", header)
    if span is None or int(span[2]) - int(span[1]) + 1 != len(sequence):
        raise RuntimeError(f"{file}: the header must give the span of the sequence: {header}")
    return dict(enumerate(sequence, start=int(span[1])))


def warn_outside_domain(profile: str) -> None:
    """Warn at the caller's caller; not in the cached parser, which would warn only once."""
    known = reference()
    for m in _parse(profile):
        if in_kinase_domain(m):
            continue
        message = f"{m}: outside the kinase domain (residues {KINASE_DOMAIN[0]}-{KINASE_DOMAIN[1]})"
        if m.residue not in known or m.last not in known:
            covered = f"residues {min(known)}-{max(known)}"
            message += f"; could not be checked, the reference covers {covered} only"
        warnings.warn(message, MutationWarning, stacklevel=3)


@lru_cache(maxsize=4096)
def _parse(text: str) -> tuple[Mutation, ...]:
    if not isinstance(text, str):
        raise TypeError(f"a mutation profile is text such as 'G1202R', not {text!r}")
    _refuse_long(text)
    found: set[Mutation] = set()
    for part in _SEPARATOR.split(cleaned(text)):
        if not part:
            raise ValueError(f"{text!r}: a mutation is missing; {_ACCEPTED}")
        forms = _forms(part.split(" "))
        if forms is None:
            hits = (why for pattern, why in _REASONS.items() if re.search(pattern, part, _FLAGS))
            raise ValueError(f"{part!r} is not read as a mutation: {next(hits, _ACCEPTED)}")
        for form in forms:
            try:
                found.add(_read(form))
            except ValueError as error:
                raise ValueError(f"{form[0]}: {error}") from None
    profile = tuple(sorted(found))
    _refuse_long("+".join(map(str, profile)))
    return profile


def _refuse_long(text: str) -> None:
    if len(text) > MAX_CHARACTERS:
        raise ValueError(
            f"{text[:20]!r}...: {len(text)} characters are too many for a mutation profile "
            f"(at most {MAX_CHARACTERS})"
        )


def cleaned(text: str) -> str:
    """Reduce typography to ASCII: compatibility forms, dashes, white space, invisible marks."""
    kept = []
    for character in unicodedata.normalize("NFKC", text):
        category = unicodedata.category(character)
        if category == "Pd" or character == "\N{MINUS SIGN}":
            kept.append("-")
        elif category != "Cf":
            kept.append(character)
    return " ".join("".join(kept).split())


def _forms(pieces: list[str]) -> list[re.Match[str]] | None:
    """Group pieces into mutations, as a space may stand within a name or between two.

    The shortest group wins: a space separates wherever it can.
    """
    tails: dict[int, list[re.Match[str]]] = {len(pieces): []}
    for start in reversed(range(len(pieces))):
        for end in range(start + 1, len(pieces) + 1):
            if end in tails and (form := _FORM.fullmatch("".join(pieces[start:end]))):
                tails[start] = [form, *tails[end]]
                break
    return tails.get(0)


def _read(form: re.Match[str]) -> Mutation:
    """Check one mutation against the reference and name it."""
    code, start = form["first"] or form["old_first"], int(form["start"] or form["old_start"])
    end = int(form["end"] or start)
    # What the name tells is added to the reference, which does not reach everywhere.
    wild = dict(reference())
    if code:
        wild[start] = _wild_type(code, start)
    if form["end"]:
        wild[end] = _wild_type(form["last"], end)
    if end < start:
        raise ValueError(f"the range runs backwards, from {start} to {end}")
    if form["frameshift"]:
        raise ValueError("frameshifts are not resistance mutations and are not read")
    if form["lost"]:
        _check_letters(form["letters"], code, range(start, end + 1), wild)
        return _shifted(start, end, Kind(form["lost"].lower()), wild)
    if form["new"]:
        return _substitution(form["new"], start, wild)
    new = _sequence(form["inserted"] or form["old_inserted"], code)
    if (form["verb"] or "").lower() == Kind.DELINS:
        return replaced(start, end, new, wild)
    if form["end"] and end != start + 1:
        raise ValueError(f"residues {start} and {end} are not neighbours")
    return _inserted(start, new, wild)


def _check_letters(
    letters: str, neighbour: str | None, places: range, wild: dict[int, str]
) -> None:
    """Refuse a deletion or duplication that names other residues than those of the reference."""
    named = _sequence(letters, neighbour) if letters else ""
    there = "".join(wild.get(place, "?") for place in places)
    if named and named != there:
        raise ValueError(f"names {named}, but residues {places[0]} to {places[-1]} are {there}")


def _wild_type(code: str, position: int) -> str:
    """Return a wild-type residue in one-letter code after checking it and its position."""
    letter = _letter(code)
    if position > PROTEIN_LENGTH:
        raise ValueError(f"residue {position} does not exist, ALK has {PROTEIN_LENGTH}")
    if (expected := reference_residue(position)) not in (None, letter):
        raise ValueError(f"residue {position} is {expected}, not {letter}")
    return letter


def _letter(code: str) -> str:
    """Return an amino acid in one-letter code."""
    letter = _ONE_LETTER.get(code.upper(), code.upper())
    if letter == "*":
        raise ValueError("a stop codon is not a resistance mutation")
    if letter not in _AMINO_ACIDS:
        raise ValueError(f"{code} is not one of the 20 amino acids")
    return letter


def _sequence(letters: str, neighbour: str | None) -> str:
    """Return inserted residues in one-letter code, read in the style of their neighbour.

    THR is threonine beside Leu but three residues beside L; Thr beside L could be either.
    """
    codes = [letters[i : i + 3] for i in range(0, len(letters), 3)]
    spelled = all(code.upper() in _ONE_LETTER for code in codes)
    long = neighbour is not None and len(neighbour) == 3
    if (long and not spelled) or (not long and spelled and not letters.isupper()):
        raise ValueError("use three-letter code or one-letter code in capitals, not a mixture")
    return "".join(map(_letter, codes if long else letters))


def _substitution(code: str, position: int, wild: dict[int, str]) -> Mutation:
    if code.upper() in ("X", "XAA"):
        return Mutation(position, position, Kind.RESIDUE_CLASS, f"{wild[position]}{position}X")
    return replaced(position, position, wild[position] if code == "=" else _letter(code), wild)


def replaced(first: int, last: int, new: str, wild: dict[int, str]) -> Mutation:
    """Name what remains of a replacement once the unchanged residues are trimmed."""
    old = [wild.get(position) for position in range(first, last + 1)]
    while old and new and old[0] == new[0]:
        old, new, first = old[1:], new[1:], first + 1
    while old and new and old[-1] == new[-1]:
        old, new, last = old[:-1], new[:-1], last - 1
    if not old and not new:
        raise ValueError("a synonymous change leaves the protein as it is")
    if not old:
        return _inserted(last, new, wild)
    if not new:
        return _shifted(first, last, Kind.DELETION, wild)
    kind = Kind.SUBSTITUTION if len(old) == len(new) == 1 else Kind.DELINS
    return _named(first, last, kind, new, wild)


def _shifted(first: int, last: int, kind: Kind, wild: dict[int, str]) -> Mutation:
    """Name a deletion or duplication as far towards the C-terminus as it goes."""
    while (following := wild.get(last + 1)) and following == wild.get(first):
        first, last = first + 1, last + 1
    return _named(first, last, kind, "", wild)


def _inserted(after: int, new: str, wild: dict[int, str]) -> Mutation:
    """Name an insertion as far towards the C-terminus as it goes, or the duplication it is."""
    while wild.get(after + 1) == new[0]:
        after, new = after + 1, new[1:] + new[0]
    first = after - len(new) + 1
    if [wild.get(position) for position in range(first, after + 1)] == list(new):
        return _named(first, after, Kind.DUPLICATION, "", wild)
    return _named(after, after + 1, Kind.INSERTION, new, wild)


def _named(first: int, last: int, kind: Kind, new: str, wild: dict[int, str]) -> Mutation:
    """Build a mutation with its canonical name."""
    ends = sorted({first, last})
    for position in ends:
        if position not in wild:
            raise ValueError(f"residue {position} is not in the reference and must be named")
    change = "" if kind is Kind.SUBSTITUTION else kind
    name = "_".join(f"{wild[position]}{position}" for position in ends)
    return Mutation(first, last, kind, f"{name}{change}{new}")
