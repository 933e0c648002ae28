"""Names of ALK mutations at the level of DNA, translated through the coding sequence.

Numbering is that of the transcript NM_004304 (HGVS, ``c.``). The sequence reaches over the kinase
domain only.
"""

from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations, product

from alkpool.mutations.names import Mutation, numbered, pattern, reference, replaced

# The standard genetic code, codons in the order of the bases T, C, A, G.
_RESIDUES = "FFLLSSSSYY**CC*WLLLLPPPPHHQQRRRRIIIMTTTTNNKKSSRRVVVVAAAADDEEGGGG"
CODE = dict(zip(map("".join, product("TCAG", repeat=3)), _RESIDUES, strict=True))


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
    if pattern("intron").search(name):
        raise ValueError("lies in an intron: a splice variant is not read as a resistance mutation")
    found = pattern("change").fullmatch(name)
    if found is None:
        raise ValueError("is not read; accepted are c.3604G>A, c.3604_3606del, dup, ins and delins")
    start, bases = coding()
    first = int(found["first"])
    last = int(found["last"] or first)
    if not (start <= first <= last < start + len(bases)):
        raise ValueError(f"lies outside c.{start} to c.{start + len(bases) - 1}, the reference")
    old = bases[first - start : last - start + 1]
    told = found["old"] or found["base"] or found["letters"] or found["gone"] or old
    if (named := told.upper()) != old:
        raise ValueError(f"the reference has {old} at c.{found['places']}, not {named}")
    again = old * 2 if (found["lost"] or "").lower() == "dup" else ""
    new = (found["new"] or found["inserted"] or again).upper()
    if found["inserted"] and not found["delins"]:
        if last != first + 1:
            raise ValueError("an insertion names the two bases around it, as c.3604_3605insGGC")
        new = old[0] + new + old[1]
    changed = bases[: first - start] + new + bases[last - start + 1 :]
    if (len(changed) - len(bases)) % 3:
        raise ValueError("shifts the reading frame; frameshifts are not resistance mutations")
    residues = "".join(CODE[changed[i : i + 3]] for i in range(0, len(changed), 3))
    if "*" in residues:
        raise ValueError("gives a stop codon, which is not a resistance mutation")
    return replaced((start + 2) // 3, (start + len(bases) - 1) // 3, residues, dict(reference()))


def refuse_one_codon(changes: Iterable[str]) -> None:
    """Refuse changes of one allele that meet in a codon: only together they tell what it codes."""
    found = [
        (change[0], [(int(place) + 2) // 3 for place in change["places"].split("_")])
        for change in filter(None, map(pattern("change").fullmatch, changes))
    ]
    for (one, codons), (other, others) in combinations(found, 2):
        if codons[0] <= others[-1] and others[0] <= codons[-1]:
            raise ValueError(
                f"c.{one} and c.{other} concern one codon of one allele: give the protein change"
            )


@lru_cache(maxsize=1)
def coding() -> tuple[int, str]:
    """Number of the first base, and the coding sequence."""
    return numbered("alk_cds.fasta", r"c\.(\d+)_(\d+)")
