"""The mutation parser: spellings, refusals, one name for one variant."""

import warnings
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from alkpool import paths
from alkpool.mutations import (
    KINASE_DOMAIN,
    MutationWarning,
    canonical,
    is_compound,
    mutations_of,
    names,
    parse,
    reference_residue,
    residue_class,
    residues,
)
from alkpool.mutations.names import MAX_CHARACTERS, Kind
from alkpool.problems import DataError

REFERENCE_SPAN = (1081, 1440)
REFERENCE = {
    p: residue
    for p in range(REFERENCE_SPAN[0], REFERENCE_SPAN[1] + 1)
    if (residue := reference_residue(p)) is not None
}
LONG = {
    "A": "Ala", "R": "Arg", "N": "Asn", "D": "Asp", "C": "Cys", "Q": "Gln", "E": "Glu",
    "G": "Gly", "H": "His", "I": "Ile", "L": "Leu", "K": "Lys", "M": "Met", "F": "Phe",
    "P": "Pro", "S": "Ser", "T": "Thr", "W": "Trp", "Y": "Tyr", "V": "Val",
}  # fmt: skip

outside_domain_is_fine = pytest.mark.filterwarnings("ignore::alkpool.mutations.MutationWarning")

SPELLINGS = [
    ("G1202R", "G1202R"),
    ("p.G1202R", "G1202R"),
    ("P.G1202R", "G1202R"),
    ("p.Gly1202Arg", "G1202R"),
    ("p.gly1202arg", "G1202R"),
    ("P.GLY1202ARG", "G1202R"),
    ("p.(Gly1202Arg)", "G1202R"),
    ("p.(G1202R)", "G1202R"),
    ("Gly1202R", "G1202R"),
    ("g1202r", "G1202R"),
    ("ALK G1202R", "G1202R"),
    ("alk:g1202r", "G1202R"),
    ("ALK-G1202R", "G1202R"),
    ("ALK p.(Gly1202Arg)", "G1202R"),
    ("NP_004295.2:p.Gly1202Arg", "G1202R"),
    ("NP_004295:p.G1202R", "G1202R"),
    ("NP_004295.2 p.Gly1202Arg", "G1202R"),
    ("np_004295.2 : p. (gly 1202 arg)", "G1202R"),
    ("  G 1202 R\t\n", "G1202R"),
    ("G 1 2 0 2 R", "G1202R"),
    ("G1202\u00a0R", "G1202R"),
    ("\ufeffG1202\u200bR\u00ad", "G1202R"),
    ("Ｇ１２０２Ｒ", "G1202R"),
    ("p1153r", "P1153R"),
    ("p.p1153r", "P1153R"),
    ("ALK K1150A", "K1150A"),
    ("L1196M+G1202R", "L1196M+G1202R"),
    ("G1202R/L1196M", "L1196M+G1202R"),
    ("G1202R , L1196M", "L1196M+G1202R"),
    ("G1202R;L1196M", "L1196M+G1202R"),
    ("G1202R & L1196M", "L1196M+G1202R"),
    ("G1202R L1196M", "L1196M+G1202R"),
    ("G1202R\u2009L1196M", "L1196M+G1202R"),
    ("G1202R and L1196M", "L1196M+G1202R"),
    ("G1202R AND L1196M", "L1196M+G1202R"),
    ("I1171N, L1196M, and G1202R", "I1171N+L1196M+G1202R"),
    ("ALK G1202R AND ALK I1171N AND ALK L1196M", "I1171N+L1196M+G1202R"),
    ("L 1 1 9 6 M G 1 2 0 2 R", "L1196M+G1202R"),
    ("G1202R+p.Gly1202Arg", "G1202R"),
    ("I1171S+I1171N", "I1171N+I1171S"),
    ("G1202del", "G1202del"),
    ("p.Gly1202del", "G1202del"),
    ("g1202 DEL", "G1202del"),
    ("A1200_G1201del", "A1200_G1201del"),
    ("p.(Ala1200_Gly1201del)", "A1200_G1201del"),
    ("A1200-G1201del", "A1200_G1201del"),
    ("A1200\u2013G1201 del", "A1200_G1201del"),
    ("A1200\u2011G1201del", "A1200_G1201del"),
    ("A1200\u2212G1201del", "A1200_G1201del"),
    ("G1202_G1202del", "G1202del"),
    ("T1151dup", "T1151dup"),
    ("p.Thr1151dup", "T1151dup"),
    ("T1151_L1152insT", "T1151dup"),
    ("p.Thr1151_Leu1152insThr", "T1151dup"),
    ("K1150_T1151insT", "T1151dup"),
    ("1151Tins", "T1151dup"),
    ("1151tins", "T1151dup"),
    ("T1151Tins", "T1151dup"),
    ("Thr1151Thrins", "T1151dup"),
    ("1151 T ins G1202R", "T1151dup+G1202R"),
    ("T1151_L1152insLT", "T1151_L1152dup"),
    ("T1151_L1152insLK", "L1152_P1153insKL"),
    ("T1151_L1152ins K A 1200Vins", "T1151_L1152insK+A1200_G1201insV"),
    ("1151Kins", "T1151_L1152insK"),
    ("T1151_L1152insK", "T1151_L1152insK"),
    ("T1151_L1152ins K L1196M", "T1151_L1152insK+L1196M"),
    ("THR1151_LEU1152INSTHR", "T1151dup"),
    ("T1151_L1152insTHR", "T1151_L1152insTHR"),
    ("p.Thr1151_Leu1152insThrHisArg", "T1151_L1152insTHR"),
    ("G1201del", "G1202del"),
    ("G1201dup", "G1202dup"),
    ("G1202_D1203insGG", "G1201_G1202dup"),
    ("G1201_G1202delinsGR", "G1202R"),
    ("G1201_G1202delinsG", "G1202del"),
    ("G1202delinsR", "G1202R"),
    ("G1202delinsGR", "G1202_D1203insR"),
    ("p.Gly1202delinsArgSer", "G1202delinsRS"),
    ("G1202_D1203delinsRS", "G1202_D1203delinsRS"),
    ("I1171X", "I1171X"),
    ("i1171x", "I1171X"),
    ("p.Ile1171Xaa", "I1171X"),
]  # fmt: skip

REFUSALS = [
    ("L1202R", "L1202R: residue 1202 is G, not L"),
    ("p.Leu1202Arg", "p.Leu1202Arg: residue 1202 is G, not L"),
    ("G1269A + L1202R", "residue 1202 is G, not L"),
    ("A1200_L1201del", "residue 1201 is G, not L"),
    ("L1200_G1201del", "residue 1200 is A, not L"),
    ("L1202_G1202del", "residue 1202 is G, not L"),
    ("L1151Tins", "residue 1151 is T, not L"),
    ("L1202X", "residue 1202 is G, not L"),
    ("G1202G", "synonymous"),
    ("p.Gly1202=", "synonymous"),
    ("G1202delinsG", "synonymous"),
    ("R1275*", "stop codon"),
    ("R1275Ter", "stop codon"),
    ("p.arg1275TER", "stop codon"),
    ("R1275 stop", "stop codon"),
    ("*1202R", "stop codon"),
    ("Thr1151_Leu1152insTer", "stop codon"),
    ("Thr1151_Leu1152insXaa", "Xaa is not one of the 20 amino acids"),
    ("T1151_L1152insX", "X is not one of the 20 amino acids"),
    ("L1196fs", "frameshifts"),
    ("p.Leu1196ArgfsTer12", "frameshifts"),
    ("L1196Rfs*12", "frameshifts"),
    ("X1171N", "X is not one of the 20 amino acids"),
    ("G1202B", "B is not one of the 20 amino acids"),
    ("G1202U", "U is not one of the 20 amino acids"),
    ("Q99999R", "residue 99999 does not exist, ALK has 1620"),
    ("G1621R", "residue 1621 does not exist"),
    ("T1151_P1153insK", "residues 1151 and 1153 are not neighbours"),
    ("L1152_T1151insK", "runs backwards"),
    ("G1202_A1200del", "runs backwards, from 1202 to 1200"),
    ("803Kins", "residue 803 is not in the reference and must be named"),
    ("E803Kins", "residue 804 is not in the reference and must be named"),
    ("T1151_L1152insThr", "three-letter code or one-letter code in capitals"),
    ("t1151_l1152inster", "three-letter code or one-letter code in capitals"),
    ("Thr1151_Leu1152insT", "three-letter code or one-letter code in capitals"),
    ("wild type", "wild type is the absence of a mutation"),
    ("wild-type", "wild type is the absence of a mutation"),
    ("WT", "wild type is the absence of a mutation"),
    ("G1202R+wt", "wild type is the absence of a mutation"),
    ("parental", "wild type is the absence of a mutation"),
    ("I1171X|V1180L", "alternatives"),
    ("G1202R or I1171N", "alternatives"),
    ("C1156Y/T", "'T' is not read as a mutation: write alternatives"),
    ("I1171T/N/S", "'N' is not read as a mutation: write alternatives"),
    ("I1171", "the new residue is missing"),
    ("ALK I1171", "the new residue is missing"),
    ("1202R", "the wild-type residue is missing"),
    ("1202del", "the wild-type residue is missing"),
    ("", "a mutation is missing"),
    (" \u00a0 ", "a mutation is missing"),
    ("G1202R+", "a mutation is missing"),
    ("G1202R//L1196M", "a mutation is missing"),
    ("XYZ L858R", "'XYZ L858R' is not read as a mutation: 'XYZ' is not known beside L858R"),
    ("NP_999999.1:p.Gly1202Arg", "NP_999999.1:p.Gly1202Arg"),
    ("G1202RL1196M", "accepted are"),
    ("G01202R", "accepted are"),
    ("G0R", "accepted are"),
    ("(G1202R", "accepted are"),
    ("p.(G1202R", "accepted are"),
    ("G1202R)", "accepted are"),
    ("G1202??", "accepted are"),
    ("G\u0661202R", "accepted are"),
    ("G1\u0662\u0660\u0662R", "accepted are"),
    ("\u01311171N", "accepted are"),
    ("any ALK mutation", "accepted are"),
    ("\ud800", "accepted are"),
]  # fmt: skip

# Every profile that the tables of published patients, in vitro models, mutation counts and
# knowledge bases name, as they name it.
PUBLISHED_PROFILES = [
    "C1156T", "C1156Y", "C1156Y+G1269A", "C1156Y+L1196M", "C1156Y+L1198F", "D1203N+E1210K",
    "E1210K", "F1174C", "F1174L", "F1174L+G1202R", "F1174V", "F1174V+G1202R", "F1245C", "F1245V",
    "G1202R", "G1269A", "G1269S", "I1171N", "I1171N+F1174I", "I1171N+L1196M",
    "I1171N+L1196M+G1202R", "I1171N+L1198H", "I1171S", "I1171T", "I1171X", "L1152P", "L1152R",
    "L1196M", "L1196M+D1203N", "L1196M+G1202R", "L1196M+G1269A", "L1198F", "L1198F+G1202R",
    "L1256F", "P1153R", "R1275Q", "S1206C", "S1206C+E1210K", "S1206R", "S1206Y", "T1151K",
    "T1151dup", "V1180L",
]  # fmt: skip


@pytest.mark.parametrize(("text", "name"), SPELLINGS)
def test_spelling_is_read(text: str, name: str) -> None:
    assert canonical(text) == name
    assert canonical(name) == name


@outside_domain_is_fine
@pytest.mark.parametrize(("text", "message"), REFUSALS)
def test_refusal_says_what_is_wrong(text: str, message: str) -> None:
    for function in (parse, canonical, mutations_of, is_compound, residue_class, residues):
        with pytest.raises(ValueError) as caught:
            function(text)
        assert message in str(caught.value)


@pytest.mark.parametrize("profile", PUBLISHED_PROFILES)
def test_published_profile_is_canonical(profile: str) -> None:
    assert canonical(profile) == profile


@pytest.mark.parametrize("value", [None, 1202, float("nan"), ["G1202R"], b"G1202R"])
def test_only_text_is_read(value: object) -> None:
    with pytest.raises(TypeError):
        parse(value)  # type: ignore[arg-type]


def test_length_is_capped() -> None:
    assert canonical("G1202R".ljust(MAX_CHARACTERS)) == "G1202R"
    with pytest.raises(ValueError, match="201 characters are too many .*at most 200"):
        parse("G1202R".ljust(MAX_CHARACTERS + 1))
    with pytest.raises(ValueError, match="1000000 characters are too many"):
        parse("G1202R " * 142857 + "G")


def test_canonical_name_is_capped_too() -> None:
    text = "+".join(f"{position}Wins" for position in range(1120, 1140))
    assert len(text) <= MAX_CHARACTERS
    with pytest.raises(ValueError, match="characters are too many"):
        parse(text)


def test_mutation_fields() -> None:
    (deletion,) = parse("A1200_G1201del")
    assert (deletion.residue, deletion.last, deletion.kind) == (1200, 1201, Kind.DELETION)
    (insertion,) = parse("1151Kins")
    assert (insertion.residue, insertion.last, insertion.kind) == (1151, 1152, Kind.INSERTION)
    kinds = [m.kind for m in parse("I1171X+T1151dup+G1202R+D1203delinsRS")]
    assert kinds == [Kind.DUPLICATION, Kind.RESIDUE_CLASS, Kind.SUBSTITUTION, Kind.DELINS]


def test_mutations_sort_by_residue_not_by_text() -> None:
    with pytest.warns(MutationWarning):
        assert canonical("G1202R+E803Q+I1171N") == "E803Q+I1171N+G1202R"


def test_every_substitution_keeps_its_name() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MutationWarning)
        for position, old in REFERENCE.items():
            for new in (set(LONG) | {"X"}) - {old}:
                name = f"{old}{position}{new}"
                assert canonical(name) == name
                assert canonical(f"p.{LONG[old]}{position}{LONG.get(new, 'Xaa')}") == name


def test_every_wrong_wild_type_is_refused() -> None:
    for position, old in REFERENCE.items():
        for wrong in set(LONG) - {old}:
            with pytest.raises(ValueError, match=f"residue {position} is {old}, not {wrong}"):
                parse(f"{wrong}{position}{old}")


@st.composite
def spelled_substitutions(draw: st.DrawFn) -> tuple[int, str, str]:
    """Draw a substitution as (residue, canonical name, any spelling)."""
    position = draw(st.integers(*KINASE_DOMAIN))
    old = REFERENCE[position]
    new = draw(st.sampled_from(sorted(set(LONG) - {old})))
    codes = (LONG[old], LONG[new]) if draw(st.booleans()) else (old, new)
    gap = st.sampled_from(["", "", " ", "\u00a0"])
    body = f"{codes[0]}{draw(gap)}{position}{draw(gap)}{codes[1]}"
    if draw(st.booleans()):
        body = f"({body})"
    prefix = draw(st.sampled_from(["", "p.", "ALK ", "ALK:", "ALK p. ", "NP_004295.2:p."]))
    text = prefix + body
    text = draw(st.sampled_from([text, text.lower(), text.upper(), text.swapcase()]))
    return position, f"{old}{position}{new}", text


@given(
    st.lists(spelled_substitutions(), min_size=1, max_size=5, unique_by=lambda drawn: drawn[0]),
    st.sampled_from(["+", " + ", "/", ",", ", ", ";", "&", " ", "  ", "\u2003", " and ", ", AND "]),
)
def test_compounds_in_any_order_and_spelling(
    drawn: list[tuple[int, str, str]], separator: str
) -> None:
    text = separator.join(spelling for _, _, spelling in drawn)
    assume(len(text) <= MAX_CHARACTERS)
    names = tuple(name for _, name, _ in sorted(drawn))
    assert canonical(text) == "+".join(names)
    assert mutations_of(text) == names
    assert canonical("+".join(names)) == "+".join(names)
    assert is_compound(text) is (len(names) > 1)
    assert residues(text) == tuple(sorted(position for position, _, _ in drawn))
    assert residue_class(text) == "+".join(f"{name[:-1]}X" for name in names)


@given(st.permutations(["T1151dup", "I1171X", "A1200_G1201del", "D1203N", "E1210delinsKR"]))
def test_order_of_mixed_kinds_does_not_matter(names: list[str]) -> None:
    assert canonical("/".join(names)) == "T1151dup+I1171X+A1200_G1201del+D1203N+E1210delinsKR"


FRAGMENTS = st.sampled_from(
    [*"GLX*=_-+/() ", "1202", "1151", "0", "Gly", "ter", "del", "ins", "dup", "fs", "p.", "ALK",
     "NP_004295.2:", "T1151", "_L1152", "insT", "and", "or", "\u2013", "\u00b2", "\u00df", "\u0130",
     "G1202R", "I1171", "E803", "A1440", "T1151_L1152ins", "delins"]
)  # fmt: skip


@outside_domain_is_fine
@settings(max_examples=400)
@given(st.text(max_size=210) | st.lists(FRAGMENTS, max_size=40).map("".join))
def test_any_text_is_read_or_refused_with_a_message(text: str) -> None:
    try:
        name = canonical(text)
    except ValueError as error:
        assert str(error)
    else:
        assert canonical(name) == name
        assert residue_class(residue_class(name)) == residue_class(name)


def protein_after(name: str) -> str:
    """Apply a canonical name to the reference, independently of how the parser names things."""
    (mutation,) = parse(name)
    residues_ = dict(REFERENCE)
    first, last, new = mutation.residue, mutation.last, name.rpartition("ins")[2]
    match mutation.kind:
        case Kind.SUBSTITUTION:
            residues_[first] = name[-1]
        case Kind.DELETION:
            residues_ |= dict.fromkeys(range(first, last + 1), "")
        case Kind.DUPLICATION:
            residues_[last] += "".join(residues_[p] for p in range(first, last + 1))
        case Kind.INSERTION:
            residues_[first] += new
        case Kind.DELINS:
            residues_ |= dict.fromkeys(range(first, last + 1), "")
            residues_[first] = new
    return "".join(residues_.values())


@settings(max_examples=300)
@given(
    first=st.integers(1120, 1380),
    length=st.integers(1, 4),
    new=st.text("AGLST", min_size=1, max_size=5),
    before=st.integers(0, 3),
    after=st.integers(0, 3),
)
def test_one_variant_has_one_name(
    first: int, length: int, new: str, before: int, after: int
) -> None:
    sequence = "".join(REFERENCE.values())

    def spelled(start: int, end: int, inserted: str) -> str:
        return f"{REFERENCE[start]}{start}_{REFERENCE[end]}{end}delins{inserted}"

    def between(start: int, end: int) -> str:
        return sequence[start - REFERENCE_SPAN[0] : end - REFERENCE_SPAN[0]]

    end = first + length
    assume(between(first, end) != new)
    name = canonical(spelled(first, end - 1, new))
    wider = between(first - before, first) + new + between(end, end + after)
    assert canonical(spelled(first - before, end + after - 1, wider)) == name
    assert canonical(name) == name
    expected = between(REFERENCE_SPAN[0], first) + new + between(end, REFERENCE_SPAN[1] + 1)
    assert protein_after(name) == expected


@pytest.mark.parametrize("change", ["del", "dup"])
@pytest.mark.parametrize("length", [1, 2, 3])
@outside_domain_is_fine
def test_equal_proteins_share_a_name_and_others_do_not(change: str, length: int) -> None:
    names: dict[str, set[str]] = {}
    for start in range(1100, 1430):
        end = start + length - 1
        name = canonical(f"{REFERENCE[start]}{start}_{REFERENCE[end]}{end}{change}")
        names.setdefault(protein_after(name), set()).add(name)
    assert all(len(shared) == 1 for shared in names.values())
    assert len(names) == len(set.union(*names.values()))
    assert len(names) < 330


def test_domain_edges_warn_every_time() -> None:
    inside = [f"{REFERENCE[position]}{position}X" for position in KINASE_DOMAIN]
    outside = [f"{REFERENCE[position]}{position}X" for position in (1115, 1393)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in inside:
            assert canonical(name) == name
    for name in outside * 2:
        with pytest.warns(MutationWarning) as caught:
            canonical(name)
        assert [str(w.message) for w in caught] == [
            f"{name}: outside the kinase domain (residues 1116-1392)"
        ]
        assert caught[0].filename == __file__


@pytest.mark.parametrize(
    "name", ["E803Q", "E803del", "P1500dup", "E803_L804insK", "A1440_P1441del"]
)
def test_beyond_the_reference_warns_that_nothing_was_checked(name: str) -> None:
    with pytest.warns(MutationWarning, match=r"could not be checked.* residues 1081-1440 only"):
        assert canonical(name) == name


def test_questions_about_a_profile_do_not_warn() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert [m.residue for m in parse("V1180L+E803Q")] == [803, 1180]
        assert mutations_of("V1180L+E803Q") == ("E803Q", "V1180L")
        assert is_compound("V1180L+E803Q")
        assert residue_class("V1180L+E803Q") == "E803X+V1180X"
        assert residues("V1180L+E803Q") == (803, 1180)


@pytest.mark.parametrize("edge", [(1115, 1116), (1392, 1393)])
def test_a_range_is_in_the_domain_only_as_a_whole(edge: tuple[int, int]) -> None:
    name = "_".join(f"{REFERENCE[p]}{p}" for p in edge) + "del"
    with pytest.warns(MutationWarning, match="outside the kinase domain"):
        canonical(name)
    (straddling,) = parse(name)
    assert (straddling.residue, straddling.last) == edge
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        canonical("A1200_G1201del")


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("I1171N", "I1171X"),
        ("I1171X", "I1171X"),
        ("i1171n + L1196M", "I1171X+L1196X"),
        ("I1171N+I1171S", "I1171X"),
        ("T1151dup+G1202R", "T1151dup+G1202X"),
        ("G1202del", "G1202del"),
        ("T1151_L1152insK", "T1151_L1152insK"),
        ("G1202delinsRS", "G1202delinsRS"),
    ],
)
def test_residue_class(profile: str, expected: str) -> None:
    assert residue_class(profile) == expected


def test_residues_cover_ranges() -> None:
    assert residues("A1200_D1203del+1151Kins+L1196M") == (1151, 1152, 1196, 1200, 1201, 1202, 1203)
    assert residues("I1171N+I1171S") == (1171,)


def test_reference_ends_where_it_says() -> None:
    assert list(REFERENCE) == list(range(1081, 1441))
    ends = [reference_residue(position) for position in (1080, 1081, 1440, 1441, 0, -1)]
    assert ends == [None, "S", "A", None, None, None]
    assert set(REFERENCE.values()) == set(LONG)


def test_reference_that_contradicts_its_header_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "alk_reference.fasta").write_text(">ALK residues 1081-1083\nSK\n")
    monkeypatch.setattr(paths, "REFERENCE", tmp_path)
    names.reference.cache_clear()
    try:
        with pytest.raises(DataError, match=r"alk_reference.fasta: .* must give the span"):
            reference_residue(1081)
    finally:
        names.reference.cache_clear()
