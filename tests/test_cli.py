"""The command line as a person meets it: exit codes, messages, files."""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from cases import own_cohort
from command import alkpool
from days import by_day

from alkpool import answers, paths
from alkpool.analysis import benefit
from alkpool.analysis.evidence import look_up
from alkpool.files import write_atomically

HEADER = "best_response,pfs_relation,pfs_months,dot_relation,dot_months,status"


def test_check_of_the_project_is_a_line_for_each_folder():
    done = alkpool("check")
    assert done.returncode == 0
    assert "curated: valid; 34 patients, 36 samples" in done.stdout
    for name in ("invitro", "knowledgebases", "groups", "published", "reference"):
        assert f"{name}: valid" in done.stdout
    identified = (paths.DATA / "identification").is_dir()
    assert ("identification: valid" in done.stdout) == identified
    assert done.stderr == ""


FAULTS = [
    ("published/results.csv", "P001,", "P 01,", "published/results.csv, row 2, column id"),
    ("identification/limits.csv", ",yes\n", ",no\n", "identification/limits.csv, row 2"),
    ("identification/draws.csv", ",yes\n", ",no\n", "identification/draws.csv, row 2"),
    ("cohorts/reconstructed/invitro/measurements.csv", ",resistant,", ",none,",
     "reconstructed/invitro/measurements.csv, row 2, column call_in_source"),
]  # fmt: skip
# What other tables are checked against or with: looked at alone.
ALONE = {
    "sources": ("invitro/sources.csv", ",27432227,", ",1,",
                "invitro/sources.csv, row 42: pmid: found '1'; must be '27432227' as in "
                "groups/sources"),
    "header": ("reference/alk_reference.fasta", "1081-1440", "1080-1440", "header"),
    "sequence": ("reference/alk_reference.fasta", "1081-1440", "1080-1439",
                 "found 'G1202R'; must be a canonical mutation profile such as G1202R or "
                 "L1196M+G1202R (G1202R: residue 1202 is D, not G)"),
    "inhibitors": ("reference/inhibitors.csv", "alectinib,2", "alectinib,9",
                   "inhibitors.csv, row 2"),
}  # fmt: skip


@pytest.mark.parametrize("place", by_day(["tables", *ALONE], one_in=2))
def test_check_reads_all_data_of_the_project(tmp_path, place):
    """Every fault is listed, wherever it is."""
    faults = [ALONE[place]] if place in ALONE else FAULTS
    home = tmp_path / "home"
    shutil.copytree(paths.DATA, home / "data", ignore=shutil.ignore_patterns("raw", "curated"))
    for file, old, new, _ in faults:
        path = home / "data" / file
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    done = alkpool("check", ALKPOOL_HOME=str(home))
    assert done.returncode == 1, done.stdout
    assert [message for *_, message in faults if message not in done.stderr] == []
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("file", ["cohorts/curated/treatments.csv", "invitro/measurements.csv"])
def test_check_notes_a_table_that_was_longer(tmp_path, file):
    """Valid it is without its last rows too."""
    home = tmp_path / "home"
    shutil.copytree(paths.DATA, home / "data", ignore=shutil.ignore_patterns("raw"))
    path = home / "data" / file
    path.write_text("".join(path.read_text("utf-8").splitlines(keepends=True)[:-3]), "utf-8")
    asked = ["curated"] if "curated" in file else []
    done = alkpool("check", *asked, ALKPOOL_HOME=str(home))
    assert (done.returncode, done.stderr) == (0, "")
    (note,) = (said for said in done.stdout.splitlines() if said.startswith("note: data/"))
    assert note.startswith(f"note: data/{file}: {path.stat().st_size:,} of the ")
    assert "bytes that datapackage.json says: are rows missing?" in note
    assert "are rows missing" not in alkpool("check").stdout


@pytest.mark.parametrize("given", [".", "", "x/.."])
def test_check_of_this_folder_is_no_check_of_the_project(tmp_path, given):
    mine = shutil.copytree(paths.COHORTS / "curated", tmp_path / "curated")
    done = alkpool("check", given, cwd=mine)
    assert done.stdout.startswith("curated: valid"), done.stderr
    done = alkpool("check", given, cwd=tmp_path)
    assert done.returncode == 1
    assert f"{tmp_path.name}/cohort.yaml: the file is missing" in done.stderr


def test_check_notes_mutations_outside_the_kinase_domain(tmp_path):
    mine = shutil.copytree(paths.COHORTS / "curated", tmp_path / "mine")
    text = (mine / "samples.csv").read_text()
    (mine / "samples.csv").write_text(text.replace(",V1180L,", ",R1061Q,", 1))
    done = alkpool("check", mine)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[1].startswith(
        "note: mine/samples.csv, cheng2024-p1-s1, column mutations: found 'R1061Q'; "
        "R1061Q: outside the kinase domain"
    )


def test_check_lists_every_problem_and_exits_1(tmp_path):
    folder = shutil.copytree(paths.COHORTS / "curated", tmp_path / "mine")
    path = folder / "patients.csv"
    path.write_text(path.read_text().replace(",female,", ",x,").replace(",male,", ",y,"))
    done = alkpool("check", folder)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].endswith("problems in the data:")
    assert len(lines) == 1 + int(lines[0].split()[0])
    assert all("mine/patients.csv, row " in line and "column sex" in line for line in lines[1:])
    assert "must be one of female, male, unknown" in lines[1]
    assert "Traceback" not in done.stderr


def test_check_of_a_missing_folder_says_what_there_is(tmp_path):
    done = alkpool("check", tmp_path / "nothing")
    assert done.returncode == 1
    assert "no such cohort; known are" in done.stderr


def test_a_checkout_that_is_not_there_is_named(tmp_path):
    done = alkpool("look-up", "G1202R", ALKPOOL_HOME=str(tmp_path))
    assert done.returncode == 2
    for word in ("ALKPOOL_HOME", str(tmp_path), "checkout"):
        assert word in done.stderr


def test_a_current_folder_that_is_gone_is_named(tmp_path):
    program = Path(sys.executable).with_name("alkpool")
    done = subprocess.run(
        ["sh", "-c", 'rmdir "$PWD" && exec "$0" check mine', program], cwd=tmp_path,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    # A program below a folder with a space is started by another shell, which has its own words.
    assert done.stderr.splitlines()[-1] == "the current folder: No such file or directory"


def test_what_a_folder_is_called_steers_no_terminal(tmp_path):
    mine = own_cohort(tmp_path / "a\a\x1b]0;b")
    done = alkpool("check", mine)
    assert "]0;b: valid; " in done.stdout
    assert done.stdout.replace("\n", "").isprintable()
    done = alkpool("look-up", "G1202R", "--cohort", mine)
    assert "its name must hold only letters" in done.stderr
    assert done.stderr.replace("\n", "").isprintable()


def test_wrong_usage_exits_2(tmp_path):
    assert alkpool("classify").returncode == 2
    assert alkpool("nonsense").returncode == 2
    file = tmp_path / "lines.csv"
    file.write_text(f"{HEADER}\nSD,=,6,,,ended\n")
    for wrong in (
        ["--threshold-months", "0"], ["--threshold-months", "1000"], ["--ongoing-dot", "benefit"],
        ["-o", file], ["-o", tmp_path], ["-o", tmp_path / "no/such/x.csv"],
    ):  # fmt: skip
        done = alkpool("classify", file, *wrong)
        assert done.returncode == 2, wrong
        assert "Traceback" not in done.stderr
    assert file.read_text().count("\n") == 2
    assert [path.name for path in tmp_path.iterdir()] == ["lines.csv"]


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    (tmp_path / "target").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "target", "text")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]


def test_classify_reads_and_writes_streams(tmp_path):
    text = f"{HEADER}\nSD,=,6,,,ended\n"
    expected = f"{HEADER},benefit,rule\nSD,=,6,,,ended,benefit,R3\n"
    for source in ("-", "/dev/stdin"):
        done = alkpool("classify", source, "-o", "-", cwd=tmp_path, stdin=text)
        assert (done.returncode, done.stdout, done.stderr) == (0, expected, "")
    assert list(tmp_path.iterdir()) == []
    broken = alkpool("classify", "-", stdin=text.replace("SD", "sdx"))
    assert "standard input, row 2, column best_response" in broken.stderr


def test_classify_writes_utf_8_whatever_the_locale(tmp_path):
    file = tmp_path / "lines.csv"
    file.write_text(f"note,{HEADER}\nGrüße,SD,=,6,,,ended\n", encoding="utf-8")
    done = alkpool("classify", file, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "Grüße,SD,=,6" in done.stdout


def test_classify_keeps_the_cells_and_adds_class_and_rule(tmp_path):
    file = tmp_path / "lines.csv"
    file.write_text(f"id,{HEADER}\n007,SD,=,6.0,,,ended\n008,unknown,,,<,3,ongoing\n")
    done = alkpool("classify", file)
    assert done.returncode == 0
    assert done.stdout == (
        f"id,{HEADER},benefit,rule\n"
        "007,SD,=,6.0,,,ended,benefit,R3\n"
        "008,unknown,,,<,3,ongoing,unknown,R7\n"
    )
    literal = alkpool("classify", file, "--ongoing-dot", "no benefit", "--threshold-months", "7")
    assert [row.split(",")[-2:] for row in literal.stdout.splitlines()[1:]] == [
        ["no benefit", "R5"],
        ["no benefit", "R7"],
    ]


def test_classify_writes_a_file_and_agrees_with_the_package(tmp_path):
    source, target = paths.COHORTS / "curated" / "treatments.csv", tmp_path / "lines.csv"
    done = alkpool("classify", source, "-o", target)
    assert (done.returncode, done.stdout) == (0, "")
    written = pd.read_csv(target)
    expected = benefit.classify(pd.read_csv(source))
    assert list(written["benefit"]) == list(expected["benefit"])
    assert list(written["rule"]) == list(expected["rule"])
    assert [path.name for path in target.parent.iterdir()] == ["lines.csv"]
    combined = (written["monotherapy"] == "no").sum()
    assert f"note: {combined} of {len(written)} lines are no monotherapy" in done.stderr


@pytest.mark.parametrize(
    ("monotherapy", "left_out"), [("yes", 0), ("unknown", 0), ("", 0), ("No", 1), ("no", 1)]
)
def test_classify_says_which_lines_the_book_leaves_out(tmp_path, monotherapy, left_out):
    """A line whose source says nothing of another drug is evaluated there (design, section 3)."""
    (tmp_path / "a.csv").write_text(f"{HEADER},monotherapy\nPR,,,,,ended,{monotherapy}\n")
    done = alkpool("classify", tmp_path / "a.csv")
    assert done.returncode == 0
    assert done.stderr.count("1 of 1 line are no monotherapy; the book leaves them") == left_out


def test_classify_reads_blanks_as_the_template_does(tmp_path):
    """What is not stated is unknown, and a number without a sign is the number; each is said."""
    (tmp_path / "lines.csv").write_text(f"{HEADER}\n,,6,,,\nSD,,,>,3,ongoing\n")
    done = alkpool("classify", tmp_path / "lines.csv")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:] == [
        "unknown,=,6,,,unknown,benefit,R3", "SD,,,>,3,ongoing,unknown,R9",
    ]  # fmt: skip
    for column, word in {
        "best_response": "unknown",
        "pfs_relation": "=",
        "status": "unknown",
    }.items():
        assert f"column {column}: '' is read as '{word}' (row 2)" in done.stderr


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (f"{HEADER}\nsdx,=,6,,,ended\n", "row 2, column best_response: found 'sdx'; must be one"),
        (f"{HEADER}\nSD,=,six,,,ended\n", "column pfs_months: found 'six'; must be a number"),
        ("best_response,status\nSD,ended\n", "column pfs_months: this column is missing"),
        (f"{HEADER},rule\nSD,=,6,,,ended,R1\n", "column rule: the file already has this column"),
        (f"{HEADER}\nSD,=,6\n", "row 2: has 3 cells; the header has 6"),
        ("", "the file is empty"),
        (f"{HEADER}\nSD,,,>,,ended\n", "column dot_relation: found '>'; must be blank"),
        (f"{HEADER}\nSD,=,６,,,ended\n", "column pfs_months: found '６'; must be a number"),
    ],
)
def test_classify_names_what_is_wrong_and_writes_nothing(tmp_path, content, message):
    file, target = tmp_path / "lines.csv", tmp_path / "out.csv"
    file.write_text(content)
    done = alkpool("classify", file, "-o", target)
    assert done.returncode == 1
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not target.exists()


def test_template_says_what_was_written_and_what_is_next(tmp_path):
    """Also under --output, and for a mapping."""
    for arguments in ((tmp_path / "a b.csv",), ("-o", tmp_path / "b.csv")):
        done = alkpool("template", *arguments)
        named = shlex.quote(str(arguments[-1]))
        said = f"written: {arguments[-1]}; fill it in, then: alkpool add {named}\n"
        assert (done.returncode, done.stdout) == (0, said)
    for arguments in ((), (tmp_path / "c.csv", "-o", tmp_path / "d.csv")):
        done = alkpool("template", *arguments)
        assert (done.returncode, (tmp_path / "c.csv").exists()) == (2, False)
        assert "FILE: names the file to write: once" in done.stderr
    (tmp_path / "theirs.csv").write_text("Patient,Age\n1,2\n")
    target = tmp_path / "mapping.yaml"
    done = alkpool("template", "--columns-from", tmp_path / "theirs.csv", "-o", target)
    assert target.read_text().startswith("# How theirs.csv is read")
    assert done.stdout.startswith(f"written: {target}; answer each ? in it")
    assert done.stdout.endswith(f"add {tmp_path / 'theirs.csv'} --columns {target}\n")
    # What was answered, or the table itself, is not written over.
    for there in (target, tmp_path / "theirs.csv"):
        before = there.read_bytes()
        again = alkpool("template", "--columns-from", tmp_path / "theirs.csv", "-o", there)
        assert (again.returncode, there.read_bytes()) == (1, before)
        assert "the file exists and may hold your answers: name another" in again.stderr


def test_classify_of_a_missing_file(tmp_path):
    done = alkpool("classify", tmp_path / "none.csv")
    assert done.returncode == 1
    assert "the file is missing" in done.stderr
    done = alkpool("classify", tmp_path)
    assert done.returncode == 1
    assert "is a folder" in done.stderr


TUMOUR = ("I1171N", "--prior", "crizotinib,alectinib")


def test_look_up_reads_well_at_80_columns():
    done = alkpool("look-up", *TUMOUR)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    assert "\u2026" not in done.stdout
    lines = done.stdout.splitlines()
    assert lines[0] == "I1171N; after crizotinib, alectinib, progressed on alectinib"
    # Lines with a link are longer where the link is.
    assert all(len(line) <= 80 for line in lines if "https://" not in line)
    for sentence in (
        "Evidence for\n  1. ceritinib: benefit: PR",
        "Undecided\n  brigatinib: 1 of 5 patients",
        "  alectinib: the tumour has just progressed on it",
        "    Ou 2015, Lung Cancer, PMID 25736571, via CIViC EID1367 (knowledge base) "
        "https://pubmed",
        "This rests on ",
        "Not medical advice",
    ):
        assert sentence in done.stdout


def test_readme_shows_what_look_up_prints():
    readme = (paths.HOME / "README.md").read_text(encoding="utf-8")
    command, shown = re.findall(r"\$ \.venv/bin/alkpool (.+)\n((?:(?!```).*\n)+)```", readme)[0]
    assert alkpool(*command.split()).stdout.startswith(shown)


def test_look_up_as_json_and_csv_says_what_the_package_says(tmp_path):
    answer = look_up("I1171N", ("crizotinib", "alectinib"))
    written = alkpool("look-up", *TUMOUR, "--format", "json")
    assert written.returncode == 0
    assert written.stdout == answers.to_json(answer)
    target = tmp_path / "answer.csv"
    done = alkpool("look-up", *TUMOUR, "--format", "csv", "-o", target)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert target.read_bytes().decode("utf-8") == answers.to_csv(answer)
    again = alkpool("look-up", "p.Ile1171Asn", "--prior", "Crizotinib, alectinib",
                    "--format", "json", PYTHONIOENCODING="ascii")  # fmt: skip
    assert again.stdout == written.stdout


def test_look_up_reads_another_cohort(tmp_path):
    mine = shutil.copytree(paths.COHORTS / "curated", tmp_path / "mine")
    text = (mine / "cohort.yaml").read_text()
    (mine / "cohort.yaml").write_text(text.replace("kind: curated", "kind: own"))
    done = alkpool("look-up", "L1196M+G1202R", "--phase", "trans", "--specimen", "plasma",
                   "--cohort", mine)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("L1196M+G1202R, trans, plasma; previous treatment not stated\n")
    assert "(cohort mine, latest report " in " ".join(done.stdout.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["L1202R"], "residue 1202 is G, not L"),
        (["no evidence"], "is not read as a mutation"),
        (["G1202R", "--prior", "2G"], "previous treatment '2G' is not known"),
        (["G1202R", "--prior", "alectinib,"], "a previous treatment is missing"),
        (["G1202R", "--phase", "trans"], "phase is trans, but G1202R is a single mutation"),
        (["G1202R", "--cohort", "reconstructed"], "the cohort reconstructed is synthetic"),
        (["G1202R", "--cohort", "curated,reconstructed"], "cannot be pooled with real patients"),
        (["G1202R", "--cohort", "nowhere"], "no such cohort; known are curated"),
        (["G1202R", "--cohort", ""], "name at least one cohort"),
        (["G1202R", "--cohort", "curated,curated"], "name curated once: its patients would count"),
    ],
)
def test_look_up_of_a_wrong_question_exits_1(arguments, message):
    done = alkpool("look-up", *arguments)
    assert (done.returncode, done.stdout) == (1, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["G1202R", "--format", "xml"], ["G1202R", "--phase", "both"],
     ["G1202R", "--specimen", "hair"], ["G1202R", "-o", "."]],
)  # fmt: skip
def test_look_up_used_wrongly_exits_2(arguments, tmp_path):
    done = alkpool("look-up", *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_help_fits_a_terminal_and_cuts_no_sentence() -> None:
    listed = alkpool("--help", COLUMNS="80").stdout
    commands = listed.partition("Commands:")[2].split("\n")
    assert len(commands) >= 6
    assert all(line.endswith(".") and "..." not in line for line in commands if line)
    for command in ("check", "classify", "look-up", "template", "new-cohort", "add", "diff"):
        listed += alkpool(command, "--help", COLUMNS="80").stdout
    assert [line for line in listed.splitlines() if len(line) > 80] == []
