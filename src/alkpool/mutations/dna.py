"""Names of ALK mutations at the level of DNA, translated through the coding sequence.

Numbering is that of the transcript NM_004304 (HGVS, ``c.``). The sequence reaches over the kinase
domain only.
"""

import re
from functools import lru_cache
from itertools import product

from alkpool import paths
from alkpool.mutations.names import Mutation, reference, replaced

# The standard genetic code, codons in the order of the bases T, C, A, G.
_RESIDUES = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = dict(zip(map("".join, product("TCAG", repeat=3)), _RESIDUES, strict=True))

_CHANGE = re.compile(
    r"(?P<first>[1-9]\d*)(?:_(?P<last>[1-9]\d*))?"
    r"(?:(?P<old>[ACGT]+)>(?P<new>[ACGT]+)|(?P<verb>delins|del|dup|ins)(?P<letters>[ACGT]*)"
    r"(?:ins(?P<inserted>[ACGT]+))?)",
    re.IGNORECASE,
)


def protein_change(name: str) -> Mutation:
    """Translate one coding DNA change.

    Parameters
    ----------
    name : str
        Without ``c.``, for instance ``3604G>A`` or ``3604_3606del``.

    Raises
    ------
    ValueError
        Where the name is not read, lies outside the sequence or in an intron, contradicts the
        reference, shifts the frame, or leaves the protein as it is.

    References
    ----------
    den Dunnen JT et al. HGVS recommendations for the description of sequence variants.
    https://hgvs-nomenclature.org

    Examples
    --------
    >>> str(protein_change("3604G>A"))
    'G1202R'
    """
    if re.search(r"\d[+-]\d", name):
        raise ValueError("lies in an intron: a splice variant is not read as a resistance mutation")
    found = _CHANGE.fullmatch(name)
    if found is None:
        raise ValueError("is not read; accepted are c.3604G>A, c.3604_3606del, dup, ins and delins")
    start, bases = _coding()
    first = int(found["first"])
    last = int(found["last"] or first)
    if not (start <= first <= last < start + len(bases)):
        raise ValueError(f"lies outside c.{start} to c.{start + len(bases) - 1}, the reference")
    new = _new_bases(found, bases[first - start : last - start + 1])
    changed = bases[: first - start] + new + bases[last - start + 1 :]
    if found["verb"] and found["verb"].lower() == "ins":
        changed = bases[: first - start + 1] + new + bases[last - start :]
    if (len(changed) - len(bases)) % 3:
        raise ValueError("shifts the reading frame; frameshifts are not resistance mutations")
    return _difference(_translated(bases), _translated(changed), (start - 1) // 3 + 1)


def _new_bases(found: re.Match[str], old: str) -> str:
    """Bases in the place of the old ones, which the name may spell."""
    verb = (found["verb"] or "").lower()
    letters = (found["letters"] or "").upper()
    named = (found["old"] or "").upper() or (letters if verb in ("del", "dup") else "")
    if named and named != old:
        places = f"c.{found['first']}" + (f"_{found['last']}" if found["last"] else "")
        raise ValueError(f"the reference has {old} at {places}, not {named}")
    if found["inserted"] and verb == "del":
        return found["inserted"].upper()
    match verb:
        case "del":
            return ""
        case "dup":
            return old * 2
        case "ins" if int(found["last"] or 0) != int(found["first"]) + 1:
            raise ValueError("an insertion names the two bases around it, as c.3604_3605insGGC")
        case "ins" | "delins":
            if not letters:
                raise ValueError("the inserted bases are missing")
            return letters
    return str(found["new"]).upper()


def _translated(bases: str) -> str:
    return "".join(CODE[bases[i : i + 3]] for i in range(0, len(bases) - 2, 3))


def _difference(before: str, after: str, first_residue: int) -> Mutation:
    """Name what differs between two protein sequences."""
    if "*" in after:
        raise ValueError("gives a stop codon, which is not a resistance mutation")
    same = 0
    while same < min(len(before), len(after)) and before[same] == after[same]:
        same += 1
    end = 0
    while end < min(len(before), len(after)) - same and before[-1 - end] == after[-1 - end]:
        end += 1
    # One unchanged residue on the left gives an insertion a place.
    left = min(same, max(same - 1, 0))
    new = after[left : len(after) - end]
    return replaced(
        first_residue + left, first_residue + len(before) - end - 1, new, dict(reference())
    )


@lru_cache(maxsize=1)
def _coding() -> tuple[int, str]:
    """Number of the first base, and the coding sequence."""
    file = paths.REFERENCE / "alk_cds.fasta"
    header, *lines = file.read_text("utf-8").splitlines()
    span = re.search(r"c\.(\d+)_(\d+)", header)
    bases = "".join(lines)
    if span is None or int(span[2]) - int(span[1]) + 1 != len(bases):
        raise RuntimeError(f"{file}: the header must give the span of the sequence: {header}")
    return int(span[1]), bases
