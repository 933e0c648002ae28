"""ALK mutations: their names, in reports and in tables.

A *mutation* is one protein-level change (``G1202R``); a *profile* is all mutations of one sample
(``L1196M+G1202R``: sorted by residue, joined by ``+``); a *residue class* stands for any
substitution of one residue (``I1171X``). `read` takes a line of a report as it comes.
"""

from alkpool.mutations.names import (
    KINASE_DOMAIN,
    MutationWarning,
    changed_twice,
    is_compound,
    mutations_of,
    parse,
    pattern,
    reference_residue,
    refuse_in_cis,
    residue_class,
    residues,
    spelled_out,
    warn_outside_domain,
)
from alkpool.mutations.reports import Reading, grammar, read

__all__ = [
    "KINASE_DOMAIN",
    "MutationWarning",
    "Reading",
    "canonical",
    "changed_twice",
    "grammar",
    "is_compound",
    "mutations_of",
    "parse",
    "pattern",
    "read",
    "reference_residue",
    "refuse_in_cis",
    "residue_class",
    "residues",
    "spelled_out",
]


def canonical(text: str) -> str:
    """Name of a profile, from a name in any usual spelling or from a line of a report.

    Raises
    ------
    ValueError
        If `text` holds no mutation of ALK, or contradicts the reference.
    TypeError
        If `text` is not a string.

    Warns
    -----
    MutationWarning
        For each mutation outside the kinase domain.

    Examples
    --------
    >>> canonical("alk g1202r / 1151Tins")
    'T1151dup+G1202R'
    >>> canonical("NM_004304.5(ALK):c.3604G>A (p.Gly1202Arg)")
    'G1202R'
    """
    try:
        profile = "+".join(mutations_of(text))
    except ValueError:
        profile = read(text).profile
    warn_outside_domain(profile)
    return profile
