"""Mutation profiles and inhibitors of the reconstructed cohort.

The text names twelve profiles; the others are chosen so that 23 are tested in vitro (115
combinations of the paper are 23 profiles x 5 inhibitors) and 15 are not. Apart from the
named ones their names mean nothing: nothing that is printed tells one from another.
"""

from alkpool import mutations, paths
from alkpool.data.reader import read_folder
from alkpool.data.tables import PROFILES as PROFILES_TABLE
from alkpool.paper.ledger import by_id, read_ledger
from alkpool.paper.recount import C1156Y, F1174, G1202R, G1269A, I1171, L1196M, NAMED
from alkpool.vocabulary import Answer

# The inhibitors of Figure 5, and what a sample can have followed.
GIVEN = NAMED
OTHER = "other"
FAILED = (*GIVEN, OTHER)

_table = read_folder(paths.PUBLISHED, [PROFILES_TABLE])[PROFILES_TABLE.name]

# The order decides what a seed draws.
PROFILES = tuple(_table["profile"])
TESTED = tuple(_table.loc[_table["tested"] == Answer.YES, "profile"])
UNTESTED = tuple(_table.loc[_table["tested"] == Answer.NO, "profile"])
SINGLE = tuple(profile for profile in PROFILES if not mutations.is_compound(profile))
MULTIPLE = tuple(profile for profile in PROFILES if mutations.is_compound(profile))

_members: dict[str, tuple[str, ...]] = {
    str(kind): tuple(members) for kind, members in _table.groupby("kind", sort=False)["profile"]
}
# Profiles that nothing printed tells apart: any two of a kind can change places, so what the
# printed numbers say of one they say of its whole kind.
KINDS = tuple(_members.values())

# Classes of the "six most common single mutations" (Figure 4 C).
COMMON = {name: _members[name] for name in (L1196M, G1202R, C1156Y, G1269A, F1174, I1171)}
LESS_COMMON = tuple(
    profile for profile in SINGLE if not any(profile in members for members in COMMON.values())
)

# First and last residues of exons 22, 23 and 25, which the local panel covers.
PANEL = (("P025", "P026"), ("P027", "P028"), ("P029", "P030"))


def _on_panel() -> tuple[str, ...]:
    printed = by_id(read_ledger())
    covered = {
        residue
        for first, last in PANEL
        for residue in range(int(float(printed[first])), int(float(printed[last])) + 1)
    }
    return tuple(m for m in PROFILES if covered.issuperset(mutations.residues(m)))


ON_PANEL = _on_panel()
