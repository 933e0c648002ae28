"""Mutation profiles and inhibitors of the reconstructed cohort.

The text names twelve profiles; the others are chosen so that 23 are tested in vitro (115
combinations of the paper are 23 profiles x 5 inhibitors) and 15 are not. Apart from the
named ones their names mean nothing: nothing that is printed tells one from another.
"""

from alkpool import mutations

CRIZOTINIB, CERITINIB, ALECTINIB = "crizotinib", "ceritinib", "alectinib"
BRIGATINIB, LORLATINIB = "brigatinib", "lorlatinib"

# The inhibitors of Figure 5, and what a sample can have followed.
GIVEN = (CRIZOTINIB, CERITINIB, ALECTINIB, BRIGATINIB, LORLATINIB)
OTHER = "other"
FAILED = (*GIVEN, OTHER)

L1196M, G1202R, G1269A, C1156Y = "L1196M", "G1202R", "G1269A", "C1156Y"
I1171 = ("I1171N", "I1171S", "I1171T")
F1174 = ("F1174C", "F1174L", "F1174V")
L1196M_G1202R = "L1196M+G1202R"
FIRST_ROW = "G1123S"

# Classes of the "six most common single mutations" (Figure 4 C).
COMMON = {
    "L1196M": (L1196M,),
    "G1202R": (G1202R,),
    "C1156Y": (C1156Y,),
    "G1269A": (G1269A,),
    "F1174X": F1174,
    "I1171X": I1171,
}

# Profiles that the text names, and whose cells therefore mean something.
NAMED = (FIRST_ROW, C1156Y, *I1171, *F1174, L1196M, G1202R, G1269A, L1196M_G1202R)

TESTED = (
    *NAMED,
    "T1151dup", "L1152R", "V1180L", "L1198F", "G1202del", "D1203N", "S1206Y", "E1210K", "F1245C",
    "C1156Y+L1198F", "D1203N+E1210K",
)  # fmt: skip
UNTESTED = (
    "G1128A", "P1139S", "T1151M", "R1192P", "A1200V", "I1268V", "R1275Q",
    "C1156Y+G1202R", "I1171N+L1196M", "I1171S+G1269A", "F1174C+D1203N", "F1174L+G1202R",
    "L1196M+D1203N", "L1196M+G1269A", "G1202R+G1269A",
)  # fmt: skip
PROFILES = (*TESTED, *UNTESTED)

SINGLE = tuple(profile for profile in PROFILES if not mutations.is_compound(profile))
MULTIPLE = tuple(profile for profile in PROFILES if mutations.is_compound(profile))
LESS_COMMON = tuple(
    profile for profile in SINGLE if not any(profile in members for members in COMMON.values())
)

# Residues that the local sequencing panel covers (paper, Methods: exons 22, 23 and 25).
PANEL = ((1151, 1172), (1173, 1215), (1260, 1279))
ON_PANEL = tuple(
    profile
    for profile in PROFILES
    if all(any(low <= at <= high for low, high in PANEL) for at in mutations.residues(profile))
)


def _kinds() -> tuple[tuple[str, ...], ...]:
    kinds: dict[tuple[object, ...], list[str]] = {}
    for m in PROFILES:
        residue = next((name for name, members in COMMON.items() if m in members), None)
        key = (residue, m == L1196M_G1202R, m in TESTED, mutations.is_compound(m))
        kinds.setdefault(key, []).append(m)
    return tuple(map(tuple, kinds.values()))


# Profiles that nothing printed tells apart: any two of a kind can change places, so what the
# printed numbers say of one they say of its whole kind.
KINDS = _kinds()
