"""Reports and tables as they come: each case is named after its kind.

The cases follow public bug reports and real tables; `field_cases.md` says where each was seen.
"""

import codecs
import csv
import io
import re
import time
from pathlib import Path

import openpyxl
import pytest
import yaml
from cases import case, own_cohort, tables, write_csv
from typer.testing import CliRunner

from alkpool import cli, mutations, paths
from alkpool.analysis import settings
from alkpool.analysis.benefit import BenefitRule
from alkpool.analysis.evidence import look_up
from alkpool.compendium.__main__ import main as compendium
from alkpool.data import cohort, spelling
from alkpool.files import read_yaml
from alkpool.intake import classify, flatfile, mapping, place
from alkpool.problems import DataError, ProjectError
from alkpool.robustness import large
from reconstruction import __main__ as reconstruction
from reconstruction import ensemble

CURATED = tables(paths.COHORTS / "curated")
LINE = "best_response,pfs_relation,pfs_months,dot_relation,dot_months,status"


def added(folder: Path, **cells: str) -> dict[str, str]:
    """Cells of the one new row of all tables, for a flat file with these cells."""
    rows = place.fit(flatfile.read(write_csv(folder / "new.csv", case(**cells))), CURATED).rows
    return {
        f"{name}.{column}": cell
        for name, frame in rows.items()
        for column, cell in frame.iloc[0].items()
    }


def refusal(folder: Path, *rows: dict[str, str]) -> str:
    with pytest.raises(DataError) as refused:
        place.fit(flatfile.read(write_csv(folder / "new.csv", *rows)), CURATED)
    return str(refused.value)


def classes(folder: Path, text: str | bytes) -> tuple[list[dict[str, str]], tuple[str, ...]]:
    """Lines that were classified, and the notes."""
    path = folder / "lines.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    written, notes = classify.classified(path, "lines.csv", BenefitRule())
    return list(csv.DictReader(io.StringIO(written))), notes


def by_mapping(folder: Path, text: str, columns: str) -> flatfile.Sheet:
    (folder / "theirs.csv").write_text(text, "utf-8")
    (folder / "mapping.yaml").write_text(columns, "utf-8")
    return mapping.read(folder / "theirs.csv", mapping.load(folder / "mapping.yaml"))


# A. Order or unit of a value lost on reading


def test_frequencies_follow_their_mutations_into_order(tmp_path):  # F01
    row = added(tmp_path, mutations="G1202R/L1196M", vaf_percent="30;20")
    assert (row["samples.mutations"], row["samples.vaf_percent"]) == ("L1196M+G1202R", "20;30")


MAPPING = """
columns:
  Patient: {{column: patient_id, prefix: smith2018-p}}
  Reference: reference
  ALK mutations: mutations
  Previous ALK inhibitors: prior_inhibitors
  ALK inhibitor: inhibitor
  Best response: best_response
  {heading}: {{column: {column}, unit: {unit}}}
  Status: treatment_status
everywhere: {{resistance_on: alectinib, sample_locator: Table S6}}
"""
THEIRS = (
    "Patient,Reference,ALK mutations,Previous ALK inhibitors,ALK inhibitor,Best response,{},"
    "Status\n"
    '1,"Smith et al., 2018",p.Gly1202Arg,"crizotinib, alectinib",lorlatinib,SD,{},ended\n'
)


@pytest.mark.parametrize(
    ("heading", "unit", "cell", "months", "relation"),
    [
        ("PFS (days)", "days", "100", "3.29", "="),  # F03
        ("PFS (weeks)", "weeks", "20", "4.6", "="),  # F04
        ("PFS (years)", "years", "1,5", "18", "="),
        ("PFS (days)", "days", "182+", "5.98", ">"),
        ("PFS (days)", "days", "ca. 45", "1.48", "~"),
        ("PFS (weeks)", "weeks", "about 26", "5.98", "~"),
        ("PFS, mo", "months", "9.2", "9.2", "="),
    ],
)
def test_months_are_converted_from_the_unit_that_is_said(
    tmp_path, heading, unit, cell, months, relation
):
    columns = MAPPING.format(heading=heading, column="pfs_months", unit=unit)
    theirs = THEIRS.format(f'"{heading}"', f'"{cell}"')
    sheet = by_mapping(tmp_path, theirs, columns)
    line = place.fit(sheet, CURATED).rows["treatments"].iloc[0]
    assert (line["pfs_months"], line["pfs_relation"]) == (months, relation)
    assert line["treatment_id"] == "smith2018-p1-s1-lorlatinib"
    converted = f"column {heading}: {cell!r} is read as"
    assert any(converted in said for said in sheet.read_as) == (unit != "months")


def test_a_percentage_among_fractions_is_one(tmp_path):
    columns = "columns: {VAF: {column: vaf_percent, unit: fraction}, ALK: mutations}"
    sheet = by_mapping(tmp_path, "ALK,VAF\nG1202R,0.5%\nL1196M,0.5\n", columns)
    assert list(sheet.cells["vaf_percent"]) == ["0.5", "50"]


@pytest.mark.parametrize("ending", ["csv", "tsv"])
def test_the_header_says_what_parts_the_columns(tmp_path, ending):
    """Not the lists in the cells, where it is an author's table too."""
    sign = {"csv": ",", "tsv": "\t"}[ending]
    header = sign.join(["Patient", "Prior ALK TKIs", "ALK mutations", "Next TKI"])
    row = sign.join(["1", "crizotinib; alectinib; brigatinib", "L1196M; G1202R", "lorlatinib"])
    path = tmp_path / f"theirs.{ending}"
    path.write_text(f"{header}\n{row}\n")
    (tmp_path / "mapping.yaml").write_text(mapping.propose(path).replace("'?'", "p"))
    sheet = mapping.read(path, mapping.load(tmp_path / "mapping.yaml"))
    assert sheet.cells.at[0, "prior_inhibitors"] == "crizotinib;alectinib;brigatinib"
    assert sheet.cells.at[0, "inhibitor"] == "lorlatinib"


def test_of_a_column_that_is_all_wrong_a_hundred_cells_are_listed(tmp_path):
    with pytest.raises(DataError) as refused:
        classes(tmp_path, f"{LINE}\n" + "".join(f"Q{n},=,6,,,zz\n" for n in range(103)))
    said = str(refused.value)
    assert said.startswith("206 problems in the data:")
    assert said.count("must be one of") == 200
    assert "lines.csv, column status: 3 more problems, not listed" in said


BOUNDS = {
    ("", ">=6"): (">", "6"), (">=", "6"): (">", "6"), ("≥", "≥6"): (">", "6"),
    ("", "ca. 6"): ("~", "6"), ("=", "11·5"): ("=", "11.5"), ("", "6mo."): ("=", "6"),
}  # fmt: skip


@pytest.mark.parametrize("written", BOUNDS)
def test_a_bound_goes_where_it_belongs(tmp_path, written):
    found = added(tmp_path, pfs_relation=written[0], pfs_months=written[1])
    read = found["treatments.pfs_relation"], found["treatments.pfs_months"]
    assert read == BOUNDS[written]


NO_MONTHS = {
    ("=", "12+"): "a sign belongs into the relation, which says another",
    ("", "NR"): "not reached: write the time so far, with > before it, in months",
    ("=", "06. Mrz"): "perhaps a date", ("=", "2024-06-05"): "perhaps a date",
    ("=", "≤6"): "no sign for at most", ("<=", "6"): "no sign for at most",
    ("=", "26 weeks"): "a week is 0.23", ("=", "5 m"): "write the number alone, in months",
    ("", "1 yr"): "a year has 12 months", ("", "12 wk"): "a unit of its own: write",
    ("", "270 d"): "a day 0.033 months", ("", "6.0-7.5"): "a range: write >", ("", "."): "blank",
    ("", "12 (ongoing)"): "its own column or the note", ("", "24.0*"): "its own column or the note",
}  # fmt: skip


@pytest.mark.parametrize("written", NO_MONTHS)
def test_what_is_no_number_of_months_has_its_remedy(tmp_path, written):
    relation, months = written
    said = refusal(tmp_path, case(pfs_relation=relation, pfs_months=months))
    assert said.startswith("1 problem")
    assert NO_MONTHS[written] in said
    with pytest.raises(DataError, match="1 problem in") as refused:
        classes(tmp_path, f"{LINE}\nSD,{relation},{months},,,ended\n")
    assert NO_MONTHS[written] in str(refused.value)


@pytest.mark.parametrize("cell", ["1,095", "1.095", ">1,095", "1,095+", "100 (3 months)", "1e3"])
def test_what_may_be_another_number_or_unit_is_not_converted(tmp_path, cell):
    """1,095 days are three years or one day; 12 months among days are no 12 days."""
    columns = MAPPING.format(heading="PFS (days)", column="pfs_months", unit="days")
    sheet = by_mapping(tmp_path, THEIRS.format("PFS (days)", f'"{cell}"'), columns)
    with pytest.raises(DataError, match=r"column PFS \(days\)"):
        place.fit(sheet, CURATED)
    sheet = by_mapping(tmp_path, THEIRS.format("PFS (days)", "12 months"), columns)
    assert list(sheet.cells["pfs_months"]) == ["12"]


DAYS = {
    "270 d": "8.87", "270 Tage": "8.87", "40 weeks": "9.2", "12m": "12", "1 yr": "12",
    "182.5": "5.996", "<1 wk": "0.23", "365": "11.99",
}  # fmt: skip


@pytest.mark.parametrize("cell", DAYS)
def test_a_cell_that_names_its_unit_is_in_that(tmp_path, cell):
    columns = MAPPING.format(heading="PFS (days)", column="pfs_months", unit="days")
    sheet = by_mapping(tmp_path, THEIRS.format("PFS (days)", cell), columns)
    assert list(sheet.cells["pfs_months"]) == [DAYS[cell]]
    assert f"{cell!r} is read as" in "\n".join(sheet.read_as)


@pytest.mark.parametrize("cell", ["NR", "24.0*", "≤3", "6.0-7.5", "1 240", "d", ">12+", "8; 1"])
def test_what_is_no_number_is_refused_in_the_unit_of_its_column(tmp_path, cell):
    """As it is typed, and nothing is told in months of a column in days."""
    columns = MAPPING.format(heading="PFS (days)", column="pfs_months", unit="days")
    sheet = by_mapping(tmp_path, THEIRS.format("PFS (days)", f'"{cell}"'), columns)
    with pytest.raises(DataError, match="^1 problem") as refused:
        place.fit(sheet, CURATED)
    said = str(refused.value)
    assert f"found {cell!r}; must be one number in the unit of the mapping (days)" in said
    assert "months" not in said.replace("pfs_months", "")


FRACTIONS = {
    "0.00004": "0.004", "<0.00002": "<0.002", "0.00123": "0.123", "0,12": "12", "0.12;0.03": "12;3",
    "0.5%; unknown": "0.5;unknown", "0": "0",
    "0.5%; 0.3": "0.5;30",
    "0.12,0.03": "", "0.4, 0.1": "", "0.12 / ?": "",
}  # fmt: skip


@pytest.mark.parametrize("cell", FRACTIONS)
def test_fractions_become_per_cent_one_by_one(tmp_path, cell):
    """None becomes zero that is none, and two do not become one."""
    columns = "columns: {VAF: {column: vaf_percent, unit: fraction}, ALK: mutations}"
    sheet = by_mapping(tmp_path, f'ALK,VAF\nG1202R,"{cell}"\n', columns)
    refused = [one for one in sheet.problems if one.column == "vaf_percent"]
    assert bool(refused) == (not FRACTIONS[cell])
    assert refused or list(sheet.cells["vaf_percent"]) == [FRACTIONS[cell]]


def test_points_before_three_digits_beside_decimal_commas_are_refused(tmp_path):
    """1.234 is 1234 where 1,5 is one and a half."""
    points = f"{LINE}\nSD,=,1.5,,,ended\nSD,=,1.234,,,ended\n"
    assert [line["pfs_months"] for line in classes(tmp_path, points)[0]] == ["1.5", "1.234"]
    with pytest.raises(DataError, match="row 3, column pfs_months.*1.234.*may part thousands"):
        classes(tmp_path, points.replace(",", ";").replace("1.5", "1,5"))


@pytest.mark.parametrize(
    ("title", "sign"), [("Table S3. Lines, response", ";"), ("Table S3\n\n", ","), (";;S3;;", ";")]
)
def test_a_title_above_the_header_is_left_out_and_said(tmp_path, title, sign):
    table = f"{LINE}\nSD,=,9.5,,,ended\nSD,=,x,,,ended\n".replace(",", sign)
    (line,), notes = classes(tmp_path, f"{title}\n{table}".rsplit("\n", 2)[0])
    assert (line["pfs_months"], line["rule"]) == ("9.5", "R3")
    assert notes == (
        f"lines.csv: left out above the header: {title.strip(f'{sign} ')!r}".replace("\\n", ""),
    )
    with pytest.raises(DataError, match=f"row {4 + title.count(chr(10))}, column pfs_months"):
        classes(tmp_path, f"{title}\n{table}")


def test_a_title_above_the_table_of_an_author_is_left_out(tmp_path):
    heading = "PFS (days)"
    theirs = f"Table S3. PFS, by patient;;\n\n{THEIRS.format(heading, 100).replace(',', ';')}"
    theirs = theirs.replace("Smith et al.; 2018", "Smith et al., 2018")
    (tmp_path / "theirs.csv").write_text(theirs, "utf-8")
    proposal = mapping.propose(tmp_path / "theirs.csv")
    assert "header_rows: 1" in proposal
    assert "column: pfs_months\n    unit: days" in proposal
    columns = MAPPING.format(heading=heading, column="pfs_months", unit="days")
    sheet = by_mapping(tmp_path, theirs, columns)
    assert list(sheet.cells["pfs_months"]) == ["3.29"]
    assert sheet.read_as[0] == "theirs.csv: left out above the header: 'Table S3. PFS, by patient'"


@pytest.mark.parametrize(
    ("unit", "frequencies", "found"),
    [
        ("percent", "0", True), ("percent", "0.0", True), ("percent", "<0", True),
        ("percent", "0;0.2", True), ("fraction", "0", True), ("percent", "0.004", False),
        ("percent", "<0.002", False), ("fraction", "0.05", False),
    ],
)  # fmt: skip
def test_a_mutation_that_was_not_found_is_none(tmp_path, unit, frequencies, found):
    """A frequency of 0 says so, and a very small one does not."""
    line = "L1196M+G1202R" if ";" in frequencies else "G1202R"
    columns = f"columns: {{VAF: {{column: vaf_percent, unit: {unit}}}, ALK: mutations, Prior: "
    columns += "prior_inhibitors}\neverywhere: {first_author: A, year: 2018, sample_locator: S1}\n"
    sheet = by_mapping(tmp_path, f"ALK,VAF,Prior\n{line},{frequencies},alectinib\n", columns)
    if found:
        with pytest.raises(
            DataError, match="1 problem in.*\n.*column VAF: .*was not found is none"
        ):
            place.fit(sheet, CURATED)
    else:
        percent = place.fit(sheet, CURATED).rows["samples"].at[0, "vaf_percent"]
        times = 100 if unit == "fraction" else 1
        assert float(percent.lstrip("<")) == pytest.approx(float(frequencies.lstrip("<")) * times)


@pytest.mark.parametrize("heading", ["PFS (days)", "PFS (weeks)", "PFS"])
def test_another_unit_in_a_heading_is_never_read_as_months(tmp_path, heading):  # F03, F04
    with pytest.raises(DataError, match="may be pfs_months; its unit is another or not said"):
        classes(tmp_path, f"{LINE}\n".replace("pfs_months", heading) + "SD,=,100,,,ended\n")


def test_an_age_in_months_becomes_years(tmp_path):  # F04
    columns = MAPPING.format(heading="Age (months)", column="age_years", unit="months")
    sheet = by_mapping(tmp_path, THEIRS.format("Age (months)", "54"), columns)
    assert list(sheet.cells["age_years"]) == ["4.5"]


@pytest.mark.parametrize(
    "response",
    [
        "PR (intracranial only; extracranial PD)",
        "CR (not confirmed)",
        "PR/SD",
        "PR*",
        "Response",
        "SD >= 6 mo",
        "PR, ongoing",
        "PR¹",
        "iCR",
        "NR",
    ],
)
def test_a_qualifier_that_is_not_known_is_refused_with_the_way_out(tmp_path, response):  # F05
    said = refusal(tmp_path, case(best_response=response))
    assert f"column best_response: found {response!r}; must be one of CR, PR, SD" in said
    assert "write" in said


@pytest.mark.parametrize(
    ("response", "read"), [("PR (-45%)", "PR"), ("SD [-12%]", "SD"), ("cPR", "PR")]
)
def test_a_qualifier_that_is_known_is_set_aside_and_said(tmp_path, response, read):  # F05
    (line,), notes = classes(tmp_path, f"{LINE}\n{response},=,8,,,ended\n")
    assert line["best_response"] == read
    assert any(f"{response!r} is read as {read!r}" in note for note in notes)


# B. A variant is not what it seems


def test_a_polymorphism_makes_no_compound(tmp_path):  # F07
    row = added(tmp_path, mutations="G1202R+D1529E", vaf_percent="12;48")
    assert row["samples.mutations"] == "G1202R"
    assert row["samples.vaf_percent"] == "12"
    assert row["samples.other_findings"] == "D1529E (taken for a polymorphism)"
    alone, beside = (look_up(line, ["alectinib"]) for line in ("G1202R", "G1202R+D1529E"))
    assert beside.inhibitors.equals(alone.inhibitors)
    assert beside.question.set_aside == ("D1529E (taken for a polymorphism)",)


def test_a_mutation_that_cannot_be_checked_must_be_confirmed(tmp_path):  # F08
    reason = "cannot be checked; T790M and L858R, for instance, are mutations of EGFR"
    assert reason in refusal(tmp_path, case(mutations="T790M"))
    with pytest.raises(ValueError, match=reason):
        look_up("T790M")
    assert added(tmp_path, mutations="ALK R401Q")["samples.mutations"] == "R401Q"
    accepted = flatfile.read(write_csv(tmp_path / "a.csv", case(mutations="R401Q")), accepted=True)
    assert accepted.problems == ()


# C. Lines of reports


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("EGFR T790M", "holds no mutation of ALK: found EGFR T790M (another gene)"),
        ("c.3604C>A", "the reference has G at c.3604, not C"),
        ("c.3604G>A (p.L1196M)", "the DNA says G1202R, the protein L1196M"),
        ("L1196M; TP53 R273H, G1202R", "G1202R fits ALK too"),
        ("G1202R not detected", "a mutation that was not found is none"),
    ],
)
def test_a_line_is_refused_in_a_table_with_the_reason_of_the_reader(tmp_path, line, reason):
    assert reason in refusal(tmp_path, case(mutations=line))


def test_a_line_that_contradicts_a_column_says_what_it_holds(tmp_path):
    said = refusal(tmp_path, case(mutations="G1202R 5%", vaf_percent="14"))
    assert "write G1202R, and the rest into its own column" in said


LINES = [
    ("NM_004304.5(ALK):c.3604G>A (p.Gly1202Arg)", "G1202R"),  # F11
    ("G1202R (c.3604G>A)", "G1202R"),  # F12
    ("ALK:NM_004304:exon23:c.3604G>A:p.G1202R", "G1202R"),  # F13
    ("EML4-ALK L1196M", "L1196M"),  # F14
    ("ALK G1202R AND v::ALK Fusion", "G1202R"),  # F15
    ("C1156Y-L1198F", "C1156Y+L1198F"),  # F16
    ("G1202delG", "G1202del"),  # F20
    ("A1200_G1201delAG", "A1200_G1201del"),  # F20
    ("ALK(1151Tins)", "T1151dup"),  # F22
    ("ENSP00000373700.3:p.Gly1202Arg", "G1202R"),  # F27
    ("Q9UM73:p.Gly1202Arg", "G1202R"),  # F27
]


@pytest.mark.parametrize(("line", "profile"), LINES)
def test_a_line_of_a_report_is_a_cell(tmp_path, line, profile):
    row = added(tmp_path, mutations=line)
    assert row["samples.mutations"] == profile


ALLELES = [
    ("p.[Gly1202Arg;Leu1196Met]", "cis"),
    ("p.[G1202R];[L1196M]", "trans"),
    ("NM_004304.5:c.[3586C>A; c.3604G>A]", "cis"),  # S41
    ("NM_004304.5:c.[3604G>A];[3586C>A]", "trans"),  # S42
    ("NP_004295.2:p.[(Leu1196Met;Gly1202Arg)]", "cis"),  # S43
    ("NM_004304.5:c.3586C>A(;)3604G>A", "unknown"),  # S44
]


@pytest.mark.parametrize(("line", "phase"), ALLELES)
def test_brackets_of_alleles_say_the_phase(tmp_path, line, phase):  # F17
    row = added(tmp_path, mutations=line)
    assert (row["samples.mutations"], row["samples.phase"]) == ("L1196M+G1202R", phase)


FREQUENCIES = [
    ("G1202R (12.4%)", "G1202R", "12.4"),
    ("ALK: p.I1171T, AF=0.5%", "I1171T", "0.5"),
    ("G1202R (12.4%); p.L1196M (3%)", "L1196M+G1202R", "3;12.4"),
]


@pytest.mark.parametrize(("line", "profile", "frequencies"), FREQUENCIES)
def test_a_frequency_beside_its_mutation_goes_into_its_column(
    tmp_path, line, profile, frequencies
):  # F19
    row = added(tmp_path, mutations=line)
    assert (row["samples.mutations"], row["samples.vaf_percent"]) == (profile, frequencies)


NOT_RESISTANCE = ["X1160_splice", "G1202fs*12"]


@pytest.mark.parametrize("line", NOT_RESISTANCE)
def test_splice_and_frameshift_are_refused(tmp_path, line):  # F26
    assert "not resistance mutations" in refusal(tmp_path, case(mutations=line))


# Further spellings, seen in public; `field_cases.md` has the addresses.


SPELLINGS = [
    ("EML4-ALK C1156Y-L1196M", "C1156Y+L1196M"),  # S01
    ("EML4-ALK G1202R-L1198F", "L1198F+G1202R"),  # S02
    ("EML4-ALK L1196M-L1198F", "L1196M+L1198F"),  # S03
    ("EML4-ALK and C1156Y and L1198F", "C1156Y+L1198F"),  # S04
    ("EML4-ALK T1151INST", "T1151dup"),  # S05
    ("T1151insT", "T1151dup"),  # S06
    ("F1174L/G1202R ALK", "F1174L+G1202R"),  # S07
    ("R1275Q/L1196M ALK", "L1196M+R1275Q"),  # S08
    ("ALK_F1174L", "F1174L"),  # S27
    ("F1174L_L1196M", "F1174L+L1196M"),  # S28
    ("R1275Q_G1202R", "G1202R+R1275Q"),  # S29
    ("p.Phe1174Leu_p.Leu1196Met", "F1174L+L1196M"),  # of the kind of S28
    ("ALK p.L1196M", "L1196M"),  # S35
    ("ALK R401Q", "R401Q"),  # S36
    ("ALK G1202R", "G1202R"),  # S37
]


@pytest.mark.parametrize(("line", "profile"), SPELLINGS)
def test_a_spelling_of_a_public_file_is_read(line, profile):
    assert mutations.read(line).profile == profile


REFUSED = [
    ("V600E+V600M", "cannot be checked"),  # S09
    ("K558NP", "is not read as a mutation"),  # S10
    ("T1151_?1152insT", "is not read as a mutation"),  # S11
    ("p.Gly168_His169=", "is not read as a mutation"),  # S12
    ("NM_004304.5:c.3604=", "is not read; accepted are c.3604G>A"),  # S13
    ("p.Met1?", "is not read as a mutation"),  # S14
    ("NP_004295.2:p.?", "is not read as a mutation"),  # S15
    ("p.Arg97Glyfs*26", "frameshifts are not resistance mutations"),  # S16
    ("p.R97GfsTer26", "frameshifts are not resistance mutations"),  # S17
    ("ALK_F1174LG1202R", "is not read as a mutation"),  # S30
    ("ALK:NM_004304:exon23:c.3604G>T:p.Gly1202Ter", "a stop codon is not a resistance"),  # S31
    ("EGFR:NM_005228:exon20:c.2306_2308dup:p.Val769dup", "holds no mutation of ALK"),  # S32
    ("ERBB2:NM_004448:exon20:c.2443G>A:p.Gly815Arg", "holds no mutation of ALK"),  # S33
    ("ERBB2:NM_004448:exon20:c.2446_2493del:p.816_831del", "holds no mutation of ALK"),  # S34
    # Of the kind of S32 and S33: the base is that of ALK too.
    ("ROS1:NM_002944:exon38:c.3604G>A:p.Gly1202Arg", "holds no mutation of ALK"),
    ("NP_005219.2:p.Leu858Arg", "holds no mutation of ALK"),  # S38
    ("NM_005228.3:c.2573T>G", "holds no mutation of ALK"),  # S39
    ("Exon 20 insertion", "is not read as a mutation"),  # S40
]


@pytest.mark.parametrize(("line", "reason"), REFUSED)
def test_a_spelling_of_a_public_issue_is_refused_with_its_reason(line, reason):
    with pytest.raises(ValueError, match=re.escape(reason)):
        mutations.read(line)


@pytest.mark.parametrize(
    "written",
    [
        "https://doi.org/10.1002/anie.202519457",  # S18
        "doi.org/10.1002/anie.202519457",  # S19
        "http://dx.doi.org/10.1002/anie.202519457",  # S20
        "doi:10.1002/anie.202519457",  # S21
        "10.1002/anie.202519457.",  # S22
        "10.1002/anie.202519457/",
        "https://doi.org/10.1002/anie.202519457/full",
        "10.1002/anie.202519457?via=ihub",
    ],
)
def test_an_identifier_is_cleaned(tmp_path, written):
    assert added(tmp_path, doi=written)["sources.doi"] == "10.1002/anie.202519457"


def test_an_identifier_in_the_wrong_column_is_refused(tmp_path):
    assert "must be a DOI such as" in refusal(tmp_path, case(doi="25393796"))
    assert "a number with PMC is another" in refusal(tmp_path, case(pmid="PMC4239761"))
    assert added(tmp_path, pmid="99999999.0")["sources.pmid"] == "99999999"


@pytest.mark.parametrize(
    ("cell", "months"), [("78,7", "78.7"), ("20,00", "20.00"), ("3,49", "3.49")]
)  # S23-S25
def test_a_decimal_comma_is_read(tmp_path, cell, months):
    assert added(tmp_path, pfs_months=cell)["treatments.pfs_months"] == months


def test_a_comma_before_three_digits_is_not_guessed(tmp_path):  # S26
    assert "write a decimal point" in refusal(tmp_path, case(pfs_months="173,900"))


# D. One reader


def in_semicolons(path: Path) -> None:
    rows = list(csv.reader(path.read_text("utf-8").splitlines()))
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";", lineterminator="\r\n").writerows(rows)


def test_semicolons_of_european_excel_are_read_by_every_command(tmp_path):  # F29
    (line,), _ = classes(tmp_path, f"{LINE}\nSD,=,6.5,,,ended\n".replace(",", ";"))
    assert (line["benefit"], line["rule"]) == ("benefit", "R3")
    (line,), notes = classes(tmp_path, f"{LINE}\n".replace(",", ";") + "SD;=;6,5;;;ended\n")
    assert line["pfs_months"] == "6.5"
    assert any("'6,5' is read as '6.5'" in note for note in notes)
    path = write_csv(tmp_path / "new.csv", case(sample_locator="Table 1, row 2"))
    plain = flatfile.read(path).cells
    in_semicolons(path)
    assert flatfile.read(path).cells.equals(plain)
    mine = own_cohort(tmp_path / "mine")
    before = cohort.load(mine)
    for file in mine.glob("*.csv"):
        in_semicolons(file)
    assert cohort.load(mine).treatments.equals(before.treatments)


@pytest.mark.parametrize(
    "text",
    [
        f"{LINE}\nSD,=,6.0,,,ended\n,,,,,\n,,,,,\n",  # F31
        f"{LINE},,\nSD,=,6.0,,,ended,,\n",  # F32
        f"{LINE.upper()}\nsd,=,6,,,Ended\n",  # F34
        "Best Response,PFS relation,PFS (months),DoT relation,DoT (months),Status\n"
        "SD,=,6,,,ended\n",  # F34
        f"sep=;\r\n{LINE}\r\nSD,=,6.0,,,ended\r\n".replace(",", ";"),
        f"{LINE}\rSD,=,6.0,,,ended\r",  # F60
        codecs.BOM_UTF8 + f"{LINE}\r\nSD,=,6.0,,,ended\r\n".encode(),  # F60
    ],
    ids=[
        "blank rows",
        "blank columns",
        "capitals",
        "headings in words",
        "sep=",
        "Mac",
        "BOM and CRLF",
    ],
)
def test_a_harmless_form_is_read(tmp_path, text):
    lines, _ = classes(tmp_path, text)
    assert [(line["benefit"], line["rule"]) for line in lines] == [("benefit", "R3")]


@pytest.mark.parametrize(
    ("content", "allowed"),
    [
        (
            ",".join(f"a{n}" for n in range(15_000)) + "\n",
            "has 15000 columns; must have at most 1000",
        ),
        (",".join(f"a{n}" for n in range(200_000)) + "\n", "is larger than a spreadsheet"),
        (f"{LINE}\nPR,=,8,,,ended\n{',' * 2_000_000}\n", "row 3: is larger than a spreadsheet"),
        (f"{LINE}{',' * 2_000_000}\nPR,=,8,,,ended\n", "row 1: is larger than a spreadsheet"),
        (f"{LINE}\nPR,=,8,,,ended\n" + "\n" * 1_100_000, "is larger than a spreadsheet"),
    ],
    ids=["headings", "endless headings", "endless row", "endless header", "blank rows"],
)
def test_a_table_of_endless_size_is_refused_at_once(tmp_path, content, allowed):
    """Such files of a few megabytes kept a command busy for minutes."""
    began = time.process_time()
    with pytest.raises(DataError, match=allowed):
        classes(tmp_path, content)
    assert time.process_time() - began < 10


def test_a_file_that_is_wrong_all_over_is_not_listed_to_its_end(tmp_path):
    with pytest.raises(DataError, match="column status: found 'gone'") as caught:
        classes(tmp_path, f"{LINE}\n" + "XX,?,abc,?,abc,gone\n" * 100_000)
    *cells, last = caught.value.problems
    assert len(cells) == 20_000 * 6
    assert str(last).endswith(
        "row 20001: more than 100,000 cells are wrong: nothing below this row was looked at"
    )


def test_blank_columns_cost_little(tmp_path):
    began = time.process_time()
    blank = "," * 16_000
    (line,), _ = classes(
        tmp_path, f"{LINE}{blank}\n" + f"PR,=,8,,,ended{blank}\n" + f"{blank},,,,,\n" * 300
    )
    assert line["benefit"] == "benefit"
    assert time.process_time() - began < 10


def test_other_encodings_are_named(tmp_path):  # F60
    text = f"{LINE},ward\nSD,=,6,,,ended,Köln\n"
    for encoding, words in (
        ("utf-16", "saved as UTF-16"),
        ("latin-1", "row 2, column ward: .*saved as UTF-8 text"),
    ):
        for sign in ",;":
            with pytest.raises(DataError, match=words):
                classes(tmp_path, text.replace(",", sign).encode(encoding))


@pytest.mark.parametrize(("word", "code"), [("Partial Response", "PR"), ("pr", "PR")])
def test_words_are_read_for_codes_by_every_command(tmp_path, word, code):  # F33
    (line,), notes = classes(tmp_path, f"{LINE}\n{word},=,8,,,ended\n")
    assert line["best_response"] == code
    assert notes
    row = added(tmp_path, best_response=word, sex="F")
    assert (row["treatments.best_response"], row["patients.sex"]) == (code, "female")
    mine = own_cohort(tmp_path / "mine")
    text = (mine / "patients.csv").read_text("utf-8")
    (mine / "patients.csv").write_text(text.replace(",female,", ",F,"), "utf-8")
    data, problems = cohort.read(mine)
    assert problems == []
    assert data is not None
    assert any("column sex: 'F' is read as 'female'" in said for said in data.read_as)


def test_whole_numbers_with_a_point_are_whole(tmp_path):  # F35
    mine = own_cohort(tmp_path / "mine")
    before = cohort.load(mine)
    rows = list(csv.reader((mine / "treatments.csv").read_text("utf-8").splitlines()))
    place_of = rows[0].index("line_number")
    for row in rows[1:]:
        row[place_of] += ".0" * bool(row[place_of])
    with (mine / "treatments.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    after = cohort.load(mine)
    assert after.treatments.equals(before.treatments)
    assert any("column line_number" in said for said in after.read_as)


def test_a_row_pasted_at_the_end_finds_its_place(tmp_path):  # F37
    mine = own_cohort(tmp_path / "mine")
    before = cohort.load(mine)
    header, first, *rest = (mine / "patients.csv").read_text("utf-8").splitlines()
    (mine / "patients.csv").write_text("\n".join([header, *rest, first]), "utf-8")
    after = cohort.load(mine)
    assert after.patients.equals(before.patients)
    assert any("rows are sorted" in said for said in after.read_as)


def test_not_available_is_no_response(tmp_path):  # F59
    with pytest.raises(DataError, match="not available is unknown, not evaluable is NE"):
        classes(tmp_path, f"{LINE}\nNA,=,8,,,unknown\n")


# E. Vocabulary


@pytest.mark.parametrize("age", [">89", "50-59"])
def test_an_age_that_is_a_bound_is_refused_with_the_way_to_enter_it(tmp_path, age):  # F38
    said = refusal(tmp_path, case(age_years=age))
    assert "write the middle of the range, or 90 for all above 89" in said


@pytest.mark.parametrize(
    ("word", "specimen"), [("CSF", "CSF"), ("ctDNA", "plasma"), ("pleural effusion", "effusion")]
)
def test_specimens_by_the_words_in_use(tmp_path, word, specimen):  # F39
    assert added(tmp_path, specimen=word)["samples.specimen"] == specimen


def test_a_bound_of_a_frequency_stays_a_bound(tmp_path):  # F40
    assert added(tmp_path, vaf_percent="<1")["samples.vaf_percent"] == "<1"
    assert added(tmp_path, vaf_percent="< 1 %")["samples.vaf_percent"] == "<1"


@pytest.mark.parametrize("word", ["non-CR/non-PD", "uPR", "NED"])
def test_a_response_without_a_class_is_refused_with_the_class_to_write(tmp_path, word):  # F41
    said = refusal(tmp_path, case(best_response=word))
    assert "where the source counts it" in said
    assert "into the note of the line" in said


@pytest.mark.parametrize(
    ("name", "inhibitor"),
    [
        ("Xalkori", "crizotinib"),
        ("NVL-655", "neladalkib"),
        ("brigatinib 180 mg", "brigatinib"),
        ("iruplinalkib", "iruplinalkib"),
    ],
)
def test_inhibitors_by_brand_code_and_dose(tmp_path, name, inhibitor):  # F42
    assert added(tmp_path, inhibitor=name)["treatments.inhibitor"] == inhibitor
    assert look_up("G1202R", [name]).question.prior == (inhibitor,)


TREATMENTS = {
    "crizotinib and alectinib": "crizotinib;alectinib",
    "crizotinib, and then alectinib": "crizotinib;alectinib",
    "Alecensa (alectinib)": "alectinib", "crizotinib followed by alectinib": "crizotinib;alectinib",
    "alectinib 1200 mg/day, then Lorbrena": "alectinib;lorlatinib",
}  # fmt: skip
NO_INHIBITOR = {
    "chemotherapy": "'chemotherapy' is no ALK inhibitor: leave it out",
    "crizotinib, pembrolizumab": "'pembrolizumab' is no ALK inhibitor",
    "none": "'none' is no inhibitor: leave the cells of a line blank where none",
    "crizotinib (12 months)": "It names crizotinib: write only the names of what was given",
    "alectinib, lorlatinib?": "'lorlatinib?' is not a known inhibitor. It names lorlatinib: write",
    "alectinib 600 mg lorlatinib 100 mg": "It names alectinib, lorlatinib: write only the names",
    "alectinib (lorlatinib)": "names several: in a list write one after another",
    "crizotinib + alectinib": "names several: in a list write one after another",
}  # fmt: skip


@pytest.mark.parametrize("cell", TREATMENTS)
def test_treatments_as_people_write_them_are_read(tmp_path, cell):
    read = TREATMENTS[cell]
    last = read.rpartition(";")[2]
    assert (
        added(tmp_path, prior_inhibitors=cell, resistance_on=last)["samples.prior_inhibitors"]
        == read
    )
    assert look_up("G1202R", spelling.treatments(cell)).question.prior == tuple(read.split(";"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lorlatinib 100 mg + bevacizumab", "names several: "),
        ("lorlatinib 100 mg QD (with trametinib)", "It names lorlatinib: "),
        ("lorlatinib 100 mg not given", "It names lorlatinib: "),
        ("alectinib ✓, lorlatinib ✗", "It names alectinib, lorlatinib: "),
    ],
)
def test_what_stands_behind_a_dose_is_not_dropped(tmp_path, name, said):
    """A combination is no line of its ALK inhibitor alone."""
    refused = refusal(tmp_path, case(inhibitor=name, monotherapy="yes"))
    assert "row 2, column inhibitor: found " in refused
    assert said in refused
    assert "the other drug into partner" in refused


@pytest.mark.parametrize("cell", NO_INHIBITOR)
def test_what_is_no_inhibitor_is_not_offered_as_a_new_one(tmp_path, cell):
    said = refusal(tmp_path, case(prior_inhibitors=cell, resistance_on=""))
    assert "row 2, column prior_inhibitors: found " in said
    assert NO_INHIBITOR[cell] in said
    assert "Is" in NO_INHIBITOR[cell] or "A new" not in said


def test_other_treatments_by_name_are_asked_about():
    given = spelling.treatments("carboplatin/pemetrexed, chemo and Pembrolizumab")
    assert look_up("G1202R", given).question.prior == (*["chemotherapy"] * 3, "other")
    assert look_up("G1202R", ["cisplatin + pemetrexed"]).question.prior == ("chemotherapy",)
    with pytest.raises(ValueError, match="'untreated' is none: leave it out"):
        look_up("G1202R", ["untreated"])


def test_how_to_add_a_compound_is_said(tmp_path):  # F42
    said = refusal(tmp_path, case(inhibitor="newtinib"))
    assert "A new one is a line in data/reference/inhibitors.csv" in said


# F. Who wrote it


def test_another_author_of_the_same_surname_is_not_credited(tmp_path):  # F43
    said = refusal(tmp_path, case(first_author="Cheng Q", doi=""))
    assert "cheng2024 in the cohort is Cheng X, 2024, " in said
    assert "write cheng2024 where it is that article, else an id such as cheng2024b" in said
    assert "write that" not in said


@pytest.mark.parametrize(
    ("author", "source"),
    [
        ("van der Wekken AJ", "vanderwekken2024"),
        ("van Leeuwen B", "vanleeuwen2024"),
        ("Müller-Schmidt K.-H.", "mullerschmidt2024"),
        ("Ou SI", "ou2024"),
        ("Ou SI and Smith J", "ou2024"),
        ("Ou et al.", "ou2024"),
        ("Ou & Smith", "ou2024"),
        ("de la Cruz, J A", "delacruz2024"),
    ],
)
def test_a_surname_is_whole(tmp_path, author, source):  # F45
    assert added(tmp_path, first_author=author)["sources.source_id"] == source


# G. Names of folders and parameters


def test_a_comma_parts_cohorts_and_so_is_in_no_path(tmp_path):  # F53
    own_cohort(tmp_path / "Köln, ward 7")
    own_cohort(tmp_path / "$1")
    with pytest.raises(DataError, match="the path of a folder, without a comma"):
        cohort.load(str(tmp_path / "Köln, ward 7"))
    with pytest.raises(DataError, match=r"'\.', '_' and '-'; rename the folder"):
        cohort.load(str(tmp_path / "$1"))


@pytest.mark.parametrize("number", ["010", "6:30", "6_0"])
def test_a_parameter_of_another_notation_is_no_number(tmp_path, number):  # F47
    (tmp_path / "a.yaml").write_text(f"threshold_months: {number}\n")
    with pytest.raises(ValueError, match="is no plain number"):
        read_yaml(tmp_path / "a.yaml")
    (tmp_path / "a.yaml").write_text("threshold_months: 6.5\n")
    assert read_yaml(tmp_path / "a.yaml") == {"threshold_months": 6.5}


@pytest.mark.parametrize("text", ["010", "6:30", "6_0", "nan", "-3", "maybe", "1e2", " 4", ""])
def test_an_option_of_another_notation_stops_before_anything_runs(tmp_path, text, capsys):
    whole = [
        (compendium, ["report", f"--jobs={text}"]),
        (large.main, ["curated", f"--universes={text}"]),
        (large.main, ["curated", f"--workers={text}"]),
        (large.main, ["curated", f"--scheduler={text}"]),
        (ensemble.main, [f"--draws={text}"]),
        (ensemble.main, [f"--scheduler={text}"]),
        (reconstruction.main, [f"--seed={text}"]),
    ]
    for main, arguments in whole:
        with pytest.raises(SystemExit) as stopped:
            main(arguments)
        assert stopped.value.code == 2
        assert f"found {text!r}; must be" in capsys.readouterr().err
    (tmp_path / "lines.csv").write_text(f"{LINE}\nSD,=,6,,,ended\n")
    given = ["classify", str(tmp_path / "lines.csv")]
    assert CliRunner().invoke(cli.app, [*given, f"--threshold-months={text}"]).exit_code == 2
    assert CliRunner().invoke(cli.app, given).exit_code == 0


@pytest.mark.parametrize("value", [-3, 0.5, "maybe", True, float("nan")])
def test_a_parameter_has_the_range_of_its_rule(value):
    with pytest.raises(ProjectError, match="verdict_rule"):
        settings.handed_down({"verdict_rule": {"min_evaluable": value}})


# Tables of authors

HEADINGS = {
    "Pt No.": "patient_id", "Study": "reference", "ALK resistance mutation": "mutations",
    "Prior ALK TKI(s)": "prior_inhibitors", "ALK TKI": "inhibitor",
    "Best response (RECIST v1.1)": "best_response", "PFS, mo": "pfs_months",
    "Ongoing": "treatment_status", "Age (years)": "age_years", "VAF (%)": "vaf_percent",
    "Sample origin": "specimen", "Fusion variant": "fusion_variant", "DoT (months)": "dot_months",
}  # fmt: skip


def test_headings_of_real_tables_are_understood(tmp_path):  # F64
    header = ",".join(f'"{heading}"' for heading in HEADINGS)
    (tmp_path / "theirs.csv").write_text(f"{header}\n1{',' * (len(HEADINGS) - 1)}\n")
    (tmp_path / "mapping.yaml").write_text(mapping.propose(tmp_path / "theirs.csv"))
    read = mapping.load(tmp_path / "mapping.yaml")
    assert {heading: target.column for heading, target in read.columns.items()} == HEADINGS
    assert read.columns["PFS, mo"].unit == "months"
    assert read.columns["VAF (%)"].unit == "percent"


def supplement(folder: Path, *, merged: bool) -> Path:
    """Table as publishers set it: two header rows, or two samples of one patient in merged cells.

    The patients are made up.
    """
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Table S6"
    header = ["Patient", "Reference", "Sex", "ALK mutations", "VAF (%)", "Previous ALK inhibitors"]
    header.append("sample_order")
    first = ["1", "Smith 2018", "F", "p.Gly1202Arg", "12.4%", "crizotinib, alectinib", "1"]
    if merged:
        later = [None, None, "F", "L1196M", 0.05, "crizotinib, alectinib, lorlatinib", "2"]
        for row in (header, first, later):
            sheet.append(row)
        sheet["E3"].number_format = "0%"
        sheet.merge_cells("A2:A3")
        sheet.merge_cells("B2:B3")
    else:
        for row in (["Patient characteristics"], header, first):
            sheet.append(row)
        sheet.merge_cells("A1:C1")
    book.create_sheet("Table S7")
    book.save(folder / "mmc1.xlsx")
    return folder / "mmc1.xlsx"


@pytest.mark.parametrize("merged", [True, False], ids=["merged cells", "two header rows"])
def test_tables_as_publishers_set_them_are_read(tmp_path, merged):  # F62
    path = supplement(tmp_path, merged=merged)
    proposal = mapping.propose(path, "Table S6")
    assert "prefix: '?'" in proposal
    (tmp_path / "mapping.yaml").write_text(proposal.replace("'?'", "smith2018-p"))
    read = mapping.load(tmp_path / "mapping.yaml")
    assert read.header_rows == (1 if merged else 2)
    samples = place.fit(mapping.read(path, read), CURATED).rows["samples"]
    assert list(samples["sample_id"]) == ["smith2018-p1-s1", "smith2018-p1-s2"][: 1 + merged]
    assert list(samples["mutations"]) == ["G1202R", "L1196M"][: 1 + merged]
    assert list(samples["vaf_percent"]) == ["12.4", "5"][: 1 + merged]


@pytest.mark.parametrize(
    "order", [("Study: reference", "Year: year"), ("Year: year", "Study: reference")]
)
def test_a_column_of_its_own_says_more_than_the_reference(tmp_path, order):
    """Wherever it stands."""
    columns = f"columns: {{{', '.join(order)}, Mutation: mutations, Prior: prior_inhibitors}}"
    text = "Study,Year,Mutation,Prior\nSmith 2018,2019,G1202R,alectinib\n"
    cells = by_mapping(tmp_path, text, columns + "\neverywhere: {sample_locator: S1}\n").cells
    assert list(cells["year"]) == ["2019"]
    assert list(cells["first_author"]) == ["Smith"]


def test_cells_that_are_stated_once_are_filled_down(tmp_path):
    columns = "columns: {Patient: patient_id, Sex: sex, ALK mutations: mutations, Prior: "
    columns += "prior_inhibitors}\neverywhere: {source_id: smith2018, first_author: Smith A, "
    columns += 'year: "2018", sample_locator: Table 1}\nfill_down: [Patient, Sex]\n'
    columns = columns.replace("{Patient", "{Nth: sample_order, Patient")
    text = "Nth,Patient,Sex,ALK mutations,Prior\n1,p1,F,G1202R,alectinib\n"
    text += "2,,,L1196M,alectinib;lorlatinib\n1,p2,M,I1171N,alectinib\n"
    rows = place.fit(by_mapping(tmp_path, text, columns), CURATED).rows
    assert list(rows["patients"]["sex"]) == ["female", "male"]
    assert list(rows["samples"]["sample_id"]) == ["p1-s1", "p1-s2", "p2-s1"]
    sheet = by_mapping(tmp_path, text, columns.replace("[Patient, Sex]", "[Age]"))
    with pytest.raises(DataError, match="row 1, column Age: this column is missing"):
        place.fit(sheet, CURATED)


def test_an_id_in_other_capitals_is_no_patient_unasked(tmp_path):
    columns = "columns: {Pt: {column: patient_id, prefix: x-}, ALK: mutations, Prior: "
    columns += "prior_inhibitors, Drug: inhibitor}\neverywhere: {first_author: A, year: 2018, "
    columns += "sample_locator: S1}\n"
    text = "Pt,ALK,Prior,Drug\nmgh9,G1202R,alectinib,lorlatinib\n"
    text += "MGH9,G1202R,alectinib,brigatinib\n"
    said = "row 3, column Pt: found 'MGH9'; read as 'x-MGH9', it is x-mgh9 but for its capitals"
    with pytest.raises(DataError, match=f"1 problem in.*\n.*{said}"):
        place.fit(by_mapping(tmp_path, text, columns), CURATED)


BESIDE = {
    "blank column at the left": (",{}", "", False), "blank column between": ("{},,", "", False),
    "numbers of R": ('"",{}', "1", True), "numbers of pandas": (",{}", "0", True),
}  # fmt: skip


@pytest.mark.parametrize("kind", BESIDE)
def test_a_column_without_heading_and_facts_is_left_out(tmp_path, kind):
    header, number, said = BESIDE[kind]
    columns = "columns: {Pt: patient_id, ALK: mutations, Prior: prior_inhibitors}\neverywhere: "
    columns += "{first_author: A, year: 2018, sample_locator: S1}\n"
    text = f"{header.format('Pt,ALK,Prior')}\n"
    for row in range(2):
        text += header.replace('""', "").replace(",{}", f"{number and int(number) + row},{{}}")
        text = text.replace("{}", f"p{row},G1202R,alectinib") + "\n"
    sheet = by_mapping(tmp_path, text, columns)
    assert list(place.fit(sheet, CURATED).rows["patients"]["patient_id"]) == ["p0", "p1"]
    assert any("the numbers of the rows" in note for note in sheet.read_as) == said
    if said:
        with pytest.raises(DataError, match="without a name: has cells: give it a name"):
            by_mapping(tmp_path, text.replace(f"\n{number},", "\n7,"), columns)


NO_CASES = {
    "total": "Total,,2,1/2 (50%),8", "total alone": "Total,,,,", "footnote": '"* censored",,,,',
    "footnote elsewhere": ",* censored,,,", "header": "Pt,ALK,Drug,BOR,PFS",
    "median": "Median (range),,,,8.2",
}  # fmt: skip


@pytest.mark.parametrize("kind", NO_CASES)
def test_a_row_that_is_no_case_is_named_once(tmp_path, kind):
    columns = "columns: {Pt: patient_id, ALK: mutations, Drug: inhibitor, BOR: best_response, PFS: "
    columns += "{column: pfs_months, unit: months}}\neverywhere: {first_author: A, year: 2018, "
    columns += "sample_locator: S1, prior_inhibitors: alectinib}\n"
    text = f"Pt,ALK,Drug,BOR,PFS\n1,G1202R,lorlatinib,PR,9\n{NO_CASES[kind]}\n"
    with pytest.raises(DataError, match="1 problem in.*\n.*row 3, .*: delete this row where it is"):
        place.fit(by_mapping(tmp_path, text, columns), CURATED)
    lines = f"Pt,{LINE}\n1,SD,=,6,,,ended\n{NO_CASES[kind]},,\n".replace("Pt,ALK,Drug", "Pt")
    with pytest.raises(DataError, match="row 3, .*: delete this row where it is"):
        classes(
            tmp_path, lines if kind != "header" else f"Pt,{LINE}\n1,SD,=,6,,,ended\nPt,{LINE}\n"
        )


def test_a_row_without_a_line_is_not_classified_unasked(tmp_path):
    text = f"Pt,Note,{LINE}\n1,,SD,=,6,,,ended\n2,lost,{{}},,,,,\n"
    with pytest.raises(DataError, match="1 problem in.*\n.*row 3.*says nothing of a line"):
        classes(tmp_path, text.format(""))
    assert [line["rule"] for line in classes(tmp_path, text.format("unknown"))[0]] == ["R3", "R9"]
    # A response is a line, also alone and in the first column.
    assert [line["rule"] for line in classes(tmp_path, f"{LINE}\nPR,,,,,\n")[0]] == ["R1"]


@pytest.mark.parametrize("heading", ["event", "PFS_STATUS", "Censored", "pfs event"])
def test_a_column_of_events_beside_months_is_not_passed_over(tmp_path, heading):
    """4 months that are censored decide nothing; 4 months are no benefit."""
    text = f"{LINE},{heading}\nSD,{{}},4,,,ended,0\n"
    with pytest.raises(DataError, match=f"1 problem in.*\n.*column {heading}: may say where"):
        classes(tmp_path, text.format(""))
    for sign, benefit in ((">", "unknown"), ("=", "no benefit")):
        assert [line["benefit"] for line in classes(tmp_path, text.format(sign))[0]] == [benefit]
    classes(tmp_path, f"{LINE},Adverse events\nSD,,4,,,ended,0\n")


@pytest.mark.parametrize("stated", ["", "M"])
def test_nothing_is_filled_down_from_another_patient(tmp_path, stated):
    columns = "columns: {Study: reference, Patient: patient_id, Sex: sex, ALK mutations: mutations,"
    columns += " Prior: prior_inhibitors}\neverywhere: {sample_locator: Table 1}\n"
    columns += "fill_down: [Study, Patient, Sex]\n"
    text = "Study,Patient,Sex,ALK mutations,Prior\nSmith 2018,p1,F,G1202R,alectinib\n"
    text += f",p2,{stated},I1171N,alectinib\n,,,L1196M,alectinib;lorlatinib\n"
    sheet = by_mapping(tmp_path, text, columns)
    assert list(sheet.cells["sex"]) == ["female", *[stated and "male"] * 2]
    assert list(sheet.cells["patient_id"]) == ["p1", "p2", "p2"]
    assert "theirs.csv: column Patient: '' is read as 'p2' (row 4)" in sheet.read_as
    assert "theirs.csv: column Study: '' is read as 'Smith 2018' (row 3, 4)" in sheet.read_as


@pytest.mark.parametrize("prior", ["alectinib", ""])
def test_a_mutation_in_a_row_of_its_own_is_no_sample_unasked(tmp_path, prior):
    columns = "columns: {Patient: patient_id, ALK mutations: mutations, Prior: prior_inhibitors"
    everywhere = "}\neverywhere: {first_author: A, year: 2018, sample_locator: Table 1}\n"
    text = f"Patient,ALK mutations,Prior,Nth\np1,G1202R,alectinib,1\np1,L1196M,{prior},2\n"
    sheet = by_mapping(tmp_path, text, columns + everywhere)
    with pytest.raises(DataError, match="row 3, column sample_order: found ''; .*one sample or"):
        place.fit(sheet, CURATED)
    sheet = by_mapping(tmp_path, text, f"{columns}, Nth: sample_order{everywhere}")
    assert list(place.fit(sheet, CURATED).rows["samples"]["mutations"]) == ["G1202R", "L1196M"]


def test_samples_of_a_patient_are_not_numbered_by_what_differs(tmp_path):
    """Rows that agree in the sample are its lines; of the others it is asked."""
    columns = "columns: {Patient: patient_id, ALK mutations: mutations, Prior: prior_inhibitors, "
    columns += "Drug: inhibitor}\neverywhere: {first_author: A, year: 2018, sample_locator: S1}\n"
    header = "Patient,ALK mutations,Prior,Drug\n"
    text = f"{header}p1,G1202R,alectinib,ceritinib\np1,G1202R,alectinib,lorlatinib\n"
    rows = place.fit(by_mapping(tmp_path, text, columns), CURATED).rows
    assert list(rows["treatments"]["sample_id"]) == ["p1-s1"] * 2
    text += "p1,G1202R,alectinib;lorlatinib,\np2,G1202R,alectinib,\n"
    with pytest.raises(DataError, match="1 problem in.*\n.*row 4, column sample_order: found ''"):
        place.fit(by_mapping(tmp_path, text, columns), CURATED)


UNSAID = {
    "TKI at rebiopsy": "", "Duration of response (months)": "", "Duration of disease (mo)": "",
    "Fusion VAF (%)": "", "VAF of fusion": "", "Co-mutation": "", "PFS event": "? pfs_relation",
    "Vital status": "", "TKI 2": "? inhibitor", "Variant": "? fusion_variant or mutations",
    "Mutation VAF": "vaf_percent", "Treatment duration (days)": "? dot_months",
    # Of a group, or of what came before.
    "Patients": "? patient_id", "No. of cases": "? patient_id", "N": "? patient_id",
    "No.": "? patient_id", "ID": "? patient_id",
    "Median age (years)": "", "PFS, median (months)": "", "Response rate": "", "Mean VAF (%)": "",
    "Response to prior ALK TKI": "", "PFS on prior ALK TKI (months)": "",
    "Drug before biopsy": "? prior_inhibitors", "Adverse events": "", "OS_STATUS": "",
    "Combination partner": "? monotherapy", "Sex (M/F)": "sex",
    "ALK TKI before biopsy": "prior_inhibitors", "Author/Year": "reference",
    "Still on drug": "treatment_status", "pfs_relation": "pfs_relation",
}  # fmt: skip

# What follows a column of earlier inhibitors and of mutations, with a ? where it has to be said.
FOLLOWS = {
    "Next TKI,Best response,PFS (days),DoT": "inhibitor,best_response,pfs_months,dot_months",
    "ALK-TKI,Response (RECIST 1.1),PFS,Treatment duration (mo)": (
        "inhibitor,best_response,pfs_months,dot_months"
    ),
    "Subsequent therapy,BOR,PFS_MONTHS": "inhibitor,best_response,pfs_months",
    "Volgende behandeling,Beste respons": "inhibitor,best_response",
    "Folgetherapie,Bestes Ansprechen": "inhibitor,best_response",
    # Another endpoint, another line, or perhaps one.
    "Drug,Best response (intracranial),PFS (CNS)": "inhibitor,? best_response,? pfs_months",
    "Drug,CNS PFS,First-line PFS (mo)": "inhibitor,? pfs_months,? pfs_months",
    "Drug,Best response on first ALK TKI": "inhibitor,? best_response",
    "Drug,Best response to crizotinib,PFS on crizotinib": "inhibitor,? best_response,? pfs_months",
    "Drug,PFS (months from first day of treatment)": "inhibitor,? pfs_months",
    "Drug,Time on treatment after biopsy": "inhibitor,? dot_months",
    "Post-progression therapy,BOR": "? inhibitor,? best_response",
    "Salvage therapy,PFS": "? inhibitor,? pfs_months",
    "Second-line ALK TKI": "? inhibitor",
    "After biopsy TKI": "? inhibitor",
    "TKI received immediately before biopsy": "? prior_inhibitors",
    "ALK TKI,Next TKI,Response": "? inhibitor,? inhibitor,? best_response",
    # Where it is not said whether a patient progressed, a number is a bound.
    "Drug,PFS,PFS_STATUS": "inhibitor,pfs_months,? pfs_relation",
    "Drug,PFS,Event": "inhibitor,pfs_months,? pfs_relation",
    "Drug,PFS,Censored (Y/N)": "inhibitor,pfs_months,? pfs_relation",
    "Drug,PFS,Progressed": "inhibitor,pfs_months,? pfs_relation",
}
BEFORE = "Prior ALK TKI(s),ALK mutation"


def proposed(path: Path, text: str) -> dict[str, str]:
    path.write_text(text, "utf-8")
    columns = yaml.safe_load(mapping.propose(path))["columns"]
    return {h: t if isinstance(t, str) else t["column"] for h, t in columns.items()}


@pytest.mark.parametrize("headings", FOLLOWS)
def test_what_decides_is_proposed_without_doubt_only_where_its_heading_is_plain(tmp_path, headings):
    text = f"Pt,{BEFORE},{headings}\n1,2,3\n"
    given = proposed(tmp_path / "theirs.csv", text)
    assert [*given.values()][3:] == FOLLOWS[headings].split(",")
    text = text.replace("ALK mutation", "ALK mutation (VAF)")
    given = proposed(tmp_path / "theirs.csv", text)
    assert [*given.values()][2:] == ["? mutations", *FOLLOWS[headings].split(",")]


@pytest.mark.parametrize(
    "header",
    ["ALK TKI,Response,PFS (mo),ALK mutation at progression,Subsequent therapy",
     "ALK TKI,Best response,PFS (mo),ALK mutation at progression",
     "Prior TKI,Drug,Response,DoT,ALK mutation", "Prior TKI,Response,PFS,ALK mutation,Next TKI",
     "Prior TKI,Drug,Response,DoT", "Mutation,Drug,Response,DoT"],
)  # fmt: skip
def test_the_inhibitor_that_failed_is_not_taken_for_the_next(tmp_path, header):
    """What came after the sample stands after the earlier inhibitors and the mutations."""
    for heading, column in proposed(tmp_path / "theirs.csv", f"Pt,{header}\n1,2\n").items():
        sure = heading in ("Pt", "Prior TKI", "Next TKI") or "utation" in heading
        assert (column[0] != "?") == sure, heading


def test_each_word_for_another_drug_is_asked_for(tmp_path):
    """yes means another drug in one column, and none in the other."""
    path = tmp_path / "theirs.csv"
    path.write_text(f"Pt,{BEFORE},Drug,Combination therapy\n1,x,y,z,yes\n2,x,y,z,\n")
    columns = yaml.safe_load(mapping.propose(path))["columns"]
    assert columns["Combination therapy"] == {"column": "? monotherapy", "words": {"yes": "?"}}


UNITS = {
    "PFS (months from first day of treatment)": "?", "PFS from cycle 1 day 1 (months)": "?",
    "Mutant allele fraction": "?", "VAF (fraction)": "fraction", "Variant allele fraction, %":
    "percent", "PFS, wk": "weeks", "PFS": "?", "Age, y": "years",
}  # fmt: skip


@pytest.mark.parametrize("heading", UNITS)
def test_a_unit_is_taken_from_a_heading_that_names_one(tmp_path, heading):
    (tmp_path / "theirs.csv").write_text(f'Patient,"{heading}"\n1,2\n')
    columns = yaml.safe_load(mapping.propose(tmp_path / "theirs.csv"))["columns"]
    assert columns[heading]["unit"] == UNITS[heading]


TWO_ROWS = {
    "Pt No.;Before biopsy;;;ALK mutation;After biopsy;\n;Line;TKI;PFS (mo);;TKI;BOR": {
        "Pt No.": "patient_id", "Before biopsy Line": "? line_number",
        "Before biopsy TKI": "? prior_inhibitors",
        "ALK mutation": "mutations", "After biopsy TKI": "? inhibitor",
        "After biopsy BOR": "? best_response",
    },
    "Pt No.;Prior TKI;ALK mutation;Lorlatinib;;\n;;;BOR;PFS (mo);Ongoing": {
        "Pt No.": "patient_id", "Prior TKI": "prior_inhibitors", "ALK mutation": "mutations",
        "Lorlatinib BOR": "? best_response", "Lorlatinib PFS (mo)": "? pfs_months",
        "Lorlatinib Ongoing": "? treatment_status",
    },
    "Patient;;;Disease;;Next\nNo.;Age;Sex;Prior TKI;Mutation;TKI": {
        "Patient No.": "patient_id", "Patient Age": "age_years", "Patient Sex": "sex",
        "Disease Prior TKI": "prior_inhibitors", "Disease Mutation": "mutations",
        "Next TKI": "? inhibitor",
    },
}  # fmt: skip


def test_a_case_is_no_second_header_row(tmp_path):
    text = f"Pt,{BEFORE},Drug,PFS\n"
    text += 2 * "a,prior crizotinib,no mutation,x,8.4\n"
    assert "PFS" in proposed(tmp_path / "theirs.csv", text)


@pytest.mark.parametrize("title", ["", "Table S2. PFS, response;;\n", "S2;;\n;;\n"])
@pytest.mark.parametrize("header", TWO_ROWS)
def test_a_heading_keeps_the_label_that_it_stands_under(tmp_path, header, title):
    """Also where it is read: the same words stand under another label."""
    path = tmp_path / "theirs.csv"
    width = len(header.split("\n")[0].split(";"))
    text = f"{title}{header}\n{';'.join(map(str, range(1, width + 1)))}\n"
    assert proposed(path, text) == TWO_ROWS[header]
    first, second, *_, last = TWO_ROWS[header]
    columns = f"{{{first}: patient_id, {second}: histology, {last}: stage}}"
    (tmp_path / "mapping.yaml").write_text(f"header_rows: 2\ncolumns: {columns}\n")
    cells = mapping.read(path, mapping.load(tmp_path / "mapping.yaml")).cells
    assert [*cells[["patient_id", "stage"]].iloc[0]] == ["1", str(width)]
    assert list(cells.index + 2) == [3 + title.count("\n")]


@pytest.mark.parametrize("heading", UNSAID)
def test_a_heading_that_may_be_another_thing_is_not_guessed(tmp_path, heading):
    path = tmp_path / "theirs.csv"
    path.write_text(f'Patient,"{heading}"\n1,2\n')
    proposal = mapping.propose(path)
    given = yaml.safe_load(proposal)["columns"].get(heading, "")
    assert (given if isinstance(given, str) else given["column"]) == UNSAID[heading]
    if not UNSAID[heading]:
        assert f"# Not read: {heading}" in proposal


ROUND = """\
columns:
  Pt: {column: patient_id, prefix: "?"}
  Drug before: "? prior_inhibitors"
  Mutation: mutations
  Next: inhibitor
  BOR: {column: best_response, words: {good: "?"}}
  PFS: {column: pfs_months, unit: "?"}
  DoT: {column: dot_months, unit: months}
  Age: {column: age_years, unit: years}
everywhere: {sample_locator: Table 1, ward: "3"}
"""


def test_all_that_a_mapping_leaves_open_is_listed_beside_what_is_wrong_with_cells(tmp_path):
    """In one round; nothing is said that follows from what is not read yet."""
    text = "Pt,Drug before,Mutation,Next,BOR,PFS,DoT,Age\n1,alectinib,L1202R,lorlatinib,good,9,NR,"
    text += "x\n2,alectinib,G1202R,lorlatinb,PR,8,7,50\n2,alectinib,L1196M,,,,,\n"
    with pytest.raises(DataError) as refused:
        place.fit(by_mapping(tmp_path, text, ROUND), CURATED)
    assert re.findall(r"(\w+\.\w+)(?:, row (\d+))?, column ([\w ,]+):", str(refused.value)) == [
        ("mapping.yaml", "", "BOR, words"), ("mapping.yaml", "", "Drug before"),
        ("mapping.yaml", "", "PFS"), ("mapping.yaml", "", "Pt, prefix"),
        ("mapping.yaml", "", "everywhere"), ("mapping.yaml", "", "everywhere, ward"),
        ("theirs.csv", "2", "Age"), ("theirs.csv", "2", "DoT"),
        ("theirs.csv", "2", "Mutation"), ("theirs.csv", "3", "Next"),
    ]  # fmt: skip


def test_one_of_two_headings_is_not_chosen(tmp_path):
    path = tmp_path / "theirs.csv"
    path.write_text("Patient,First TKI,Next TKI,TKI,PFS\n1,2,3,4,5\n")
    (tmp_path / "mapping.yaml").write_text(mapping.propose(path))
    with pytest.raises(DataError, match="column TKI: found '. inhibitor'; has to be said"):
        place.fit(mapping.read(path, mapping.load(tmp_path / "mapping.yaml")), CURATED)


SPLIT = "Pt,ALK mutation 1,ALK mutation 2,Prior\n1,G1202R,{},alectinib\n"


def test_a_second_column_of_mutations_is_not_set_aside(tmp_path):
    columns = "columns: {Pt: {column: patient_id, prefix: a-}, ALK mutation 1: mutations, Prior: "
    columns += "prior_inhibitors}\neverywhere: {first_author: A, year: 2018, sample_locator: S1}\n"
    with pytest.raises(DataError, match="^1 problem.*\n.*column ALK mutation 2.*join it with ;"):
        place.fit(by_mapping(tmp_path, SPLIT.format("p.Leu1196Met"), columns), CURATED)
    sheet = by_mapping(tmp_path, SPLIT.format("none"), columns)
    assert list(place.fit(sheet, CURATED).rows["samples"]["mutations"]) == ["G1202R"]
    (tmp_path / "mapping.yaml").write_text(mapping.propose(tmp_path / "theirs.csv"))
    read = mapping.load(tmp_path / "mapping.yaml")
    said = [one.allowed for one in mapping.read(tmp_path / "theirs.csv", read).problems]
    assert sum("join the cells into one in the table" in one for one in said) == 2


MERGED = """\
columns: {{Study: reference, Pt: {{column: patient_id, prefix: a-}}, Age: {{column: age_years,
  unit: years}}, Mutation: mutations, Prior: prior_inhibitors, Nth: sample_order}}
everywhere: {{sample_locator: Table 1{}}}
fill_down: [{}]
"""


@pytest.mark.parametrize(
    ("everywhere", "down", "said"),
    [
        ("", "", {"row 3, column Pt: found ''; must say which patient",
                  "row 3, column Study: found ''; must be an author",
                  "row 4, column Study: found ''; must be an author"}),
        ("", "Study, Age, Pt", {"column fill_down, age_years: would pass from one patient"}),
        ("", "Study, Age", {"column fill_down, age_years: would pass", "column Pt: found ''"}),
        (", sample_order: 1", "Study, Pt", {"everywhere, sample_order: is given by a heading too"}),
        (", mutations: G1202R", "Study, Pt", {"everywhere, mutations: is given by a heading too"}),
        (", year: 2020", "Study, Pt", {"everywhere, year: is given by a heading too"}),
        ("", "Study, Pt, Age", set()),
    ],
)  # fmt: skip
def test_a_blank_cell_of_a_table_is_asked_for_and_none_is_written_over(
    tmp_path, everywhere, down, said
):
    text = "Study,Pt,Age,Mutation,Prior,Nth\nSmith 2018,1,54,L1196M,crizotinib,1\n"
    text += ",,,G1202R,alectinib,2\n,2,,G1202R,alectinib,1\n"
    sheet = by_mapping(tmp_path, text, MERGED.format(everywhere, down))
    if not said:
        patients = place.fit(sheet, CURATED).rows["patients"]
        assert [*patients["patient_id"]] == ["a-1", "a-2"]
        assert [*patients["age_years"]] == ["54", ""]
        return
    with pytest.raises(DataError) as refused:
        place.fit(sheet, CURATED)
    assert str(refused.value).startswith(f"{len(said)} problem")
    assert all(each in str(refused.value) for each in said)


def test_a_number_that_is_no_id_is_named_by_words(tmp_path):
    columns = "columns: {Pt: {column: patient_id, prefix: a-, words: {%s}}, Mutation: mutations, "
    columns += "Prior: prior_inhibitors}\n"
    columns += "everywhere: {first_author: A, year: 2018, sample_locator: S1}\n"
    text = "Pt,Mutation,Prior\nPatient 1,G1202R,alectinib\n"
    with pytest.raises(DataError, match="found 'Patient 1'; .*say in words of this heading"):
        place.fit(by_mapping(tmp_path, text, columns % ""), CURATED)
    sheet = by_mapping(tmp_path, text, columns % "Patient 1: a-1")
    assert list(place.fit(sheet, CURATED).rows["patients"]["patient_id"]) == ["a-1"]


def test_an_event_says_whether_a_time_is_a_bound(tmp_path):
    """Its numbers need no quotation marks; yes and no do, and it is said."""
    text = f"Pt,{BEFORE},Drug,PFS (mo),Event\n1,alectinib,G1202R,lorlatinib,3.2,0\n"
    columns = "columns: {PFS (mo): {column: pfs_months, unit: months}, Event: {column: "
    columns += "pfs_relation, words: {%s}}}\neverywhere: {source_id: a}\n"
    sheet = by_mapping(tmp_path, text, columns % "0: '>', 1: '='")
    assert [*sheet.cells[["pfs_relation", "pfs_months"]].iloc[0]] == [">", "3.2"]
    with pytest.raises(DataError, match="must be text, with quotation marks around yes"):
        by_mapping(tmp_path, text, columns % "no: '>'")
    (tmp_path / "mapping.yaml").write_text(mapping.propose(tmp_path / "theirs.csv"))
    read = mapping.read(tmp_path / "theirs.csv", mapping.load(tmp_path / "mapping.yaml"))
    said = {one.column: one.allowed for one in read.problems}
    assert "without the line every time counts as one until progression" in said["Event"]


def test_all_words_of_a_column_are_asked_for_at_once(tmp_path):
    columns = "columns: {A: {column: best_response, words: {CMR: '?', good: '?'}}}"
    sheet = by_mapping(tmp_path, "A,B\nCMR,x\n", columns)
    assert "what 'CMR', what 'good' means" in "\n".join(one.allowed for one in sheet.problems)


@pytest.mark.parametrize("known", ["sample_locator", "ALK mutation", "Drug"])
def test_the_place_of_rows_is_asked_for_where_no_column_says_it(tmp_path, known):
    path = tmp_path / "theirs.csv"
    path.write_text(f"Pt,{known},Next TKI\n1,2,3\n")
    everywhere = yaml.safe_load(mapping.propose(path))["everywhere"]
    locators = {"ALK mutation": {"sample_locator"}, "Drug": {"treatment_locator"}}
    assert {*everywhere} - {"source_id"} == locators.get(known, {"treatment_locator"})


REFERENCES = {
    "Smith et al., 2021 [12]": "smith2021", "Smith, et al. 2021": "smith2021",
    "Smith and Jones 2021": "smith2021", "Smith & Jones (2021)": "smith2021",
    "van der Wekken 2018": "vanderwekken2018",
    "Smith 2021a": "", "Smith J. JTO 2021;16:1": "", "12": "",
}  # fmt: skip


@pytest.mark.parametrize("cell", REFERENCES)
def test_a_reference_is_an_author_and_a_year(tmp_path, cell):
    columns = "columns: {Study: reference, Patient: patient_id, ALK mutations: mutations, Prior: "
    columns += "prior_inhibitors}\neverywhere: {sample_locator: Table 1}\n"
    text = f'Study,Patient,ALK mutations,Prior\n"{cell}",p1,G1202R,alectinib\n'
    sheet = by_mapping(tmp_path, text, columns)
    if REFERENCES[cell]:
        rows = place.fit(sheet, CURATED).rows
        assert list(rows["sources"]["source_id"]) == [REFERENCES[cell]]
    else:
        with pytest.raises(DataError, match=r"1 problem.*\n.*column Study: found .*author and"):
            place.fit(sheet, CURATED)


def test_a_table_of_lines_finds_the_samples_of_the_cohort(tmp_path):
    columns = {"Patient": "patient_id", "ALK mutations": "mutations", "Drug": "inhibitor"}
    text = "Patient,ALK mutations,Drug\ncheng2024-p1,L1196M,brigatinib\n"
    written = "columns:\n" + "".join(f"  {k}: {v}\n" for k, v in columns.items())
    written += "everywhere: {source_id: cheng2024, treatment_locator: Table S7}\n"
    known = CURATED["samples"].query("patient_id == 'cheng2024-p1'")
    text = text.replace("L1196M", known["mutations"].iloc[0].replace("+", "/"))
    rows = place.fit(by_mapping(tmp_path, text, written), CURATED).rows
    assert list(rows["treatments"]["sample_id"]) == [known["sample_id"].iloc[0]]
    assert rows["samples"].empty


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ("columns: {PFS: {column: pfs_months}}", "the unit must be one of days, weeks, months"),
        ("columns: {PFS: pfs}", "found 'pfs'; is no column"),
        ("columns: {A: sex, B: sex}", "is given to two headings"),
        ("columns: {A: {column: sex, unit: days}}", "has no unit"),
        ("columns: {A: sex}\neverywhere: {ward: 7}", "is no column"),
        ("columns: {A: sex}\ncolour: red", "the key colour is unknown; the keys are sheet"),
        ("columns: {A: [sex]}", "columns.A must be lines of 'key: value'"),
        ("columns: {A: {column: patient_id, prefix: '?'}}", "what to write before their ids"),
        ("columns: {A: {column: sex, words: {F: '?'}}}", "what 'F' means"),
        ("columns: [", "is not readable YAML"),
        ("columns: {Gender: sex}", "column Gender: this column is missing"),
    ],
)
def test_a_wrong_mapping_is_refused_in_words(tmp_path, columns, said):
    with pytest.raises(DataError, match=said):
        place.fit(by_mapping(tmp_path, "A,B,PFS\nF,M,8\n", columns), CURATED)


def test_every_treatment_that_is_no_alk_inhibitor_has_a_source():
    """Such a word keeps a line from counting."""
    text = (paths.REFERENCE / "words.csv").read_text("utf-8")
    words = [row for row in csv.DictReader(io.StringIO(text))
             if row["vocabulary"] == "OtherTreatment" and row["value"]]  # fmt: skip
    assert len(words) > 10
    assert all(row["source"].startswith("https://") for row in words)
