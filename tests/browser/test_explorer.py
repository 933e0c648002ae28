"""The mutation explorer, driven as a reader does, and compared with the package.

Most tests open the page as its template gives it, without the theme of the book; those of its
looks open the built book.
"""

import json
import random
import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
import test_field_cases as field
import treated
import unreported
from days import by_day
from playwright.sync_api import Browser, Locator, Page, expect
from pypdf import PdfReader
from test_mutations import PUBLISHED_PROFILES, REFERENCE, REFUSALS, SPELLINGS
from test_reports import ASIDE, OF_ALK, OF_ANOTHER_GENE, OF_NO_ONE, READ, READINGS, REFUSED

from alkpool import answers, mutations, paths
from alkpool.analysis import wording
from alkpool.analysis.evidence import gather, look_up
from alkpool.compendium import book as book_pages
from alkpool.compendium import plan
from alkpool.data import spelling, tables
from alkpool.data.tables import assessed_inhibitors
from alkpool.mutations.dna import coding
from alkpool.vocabulary import Phase

from .reading import NARROW, WIDE, open_page, settle

pytestmark = pytest.mark.xdist_group("explorer")

HERE = Path(__file__).parent
CONTRAST = (HERE / "contrast.js").read_text("utf-8")
OVERFLOW = (HERE / "overflow.js").read_text("utf-8")
FIELD = "#explorer-mutation"
BEFORE = "[data-part=prior]"
SUMMARY = "[data-part=answer] > table.summary >> nth=0"
SCRIPTS = ("explorer", "actions", "mutations")

Data = dict[str, Any]


@pytest.fixture(scope="module")
def contexts() -> Data:
    """What the templates are given, which the report has kept."""
    return book_pages._of_study(plan.read(), paths.BUILD / "study.json")


@pytest.fixture(scope="module")
def data(contexts: Data) -> Data:
    """What the page is given."""
    written: Data = json.loads(book_pages._json(contexts["explorer"]))
    return written


STATE = {"alkpool": "0.0", "data": "last changed 2026-01-01", "commit": "0" * 40}


def write_page(folder: Path, contexts: Data) -> Path:
    """Write the page as its template gives it; scripts in the worst order."""
    text = book_pages._filled_in("explorer.md.j2", contexts | {"state": STATE}).decode()
    raw = re.search(r"`````\{raw\} html\n(.*)`````", text, re.S)
    assert raw is not None
    static = (paths.BOOK / "_static").as_uri()
    scripts = "".join(f'<script src="{static}/{name}.js"></script>' for name in SCRIPTS)
    head = f'<meta charset="utf-8"><link rel="stylesheet" href="{static}/explorer.css">'
    place = folder / "explorer.html"
    place.write_text(f"<!doctype html>{head}<title>test</title>{raw[1]}{scripts}", "utf-8")
    return folder


@pytest.fixture(scope="module")
def bare(contexts: Data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the page as its template gives it."""
    return write_page(tmp_path_factory.mktemp("explorer"), contexts)


def ask(page: Page, folder: Path, fragment: str = "") -> None:
    """Open the explorer, at a deep link if there is one."""
    page.goto("about:blank")
    page.goto(f"{(folder / 'explorer.html').as_uri()}{fragment}")
    settle(page)
    expect(page.locator("#explorer")).to_be_visible()


def fragment(page: Page) -> str:
    return unquote(urlsplit(page.url).fragment)


# ---------------------------------------------------------------- the same answers as the package

PRIORS: list[list[str]] = [
    [], ["crizotinib"], ["crizotinib", "alectinib"], ["alectinib", "lorlatinib"],
    ["ceritinib", "brigatinib", "ceritinib"], ["ensartinib", "chemotherapy"],
    ["lorlatinib", "gilteritinib"],
]  # fmt: skip
# Other substitutions of known residues, residues and changes nobody reported, outside the domain.
UNREPORTED = [
    "I1171V", "L1196X", "G1202W", "K1150A", "I1116X", "G1100A", "T1151_L1152insK", "A1200_G1201del",
]  # fmt: skip


def questions(profiles: list[str], *, thorough: bool) -> Iterator[Data]:
    """Every profile without history; with each phase and some history, by day one of seven.

    And compounds that nobody has reported, in each phase and after up to two inhibitors.
    """
    specimens = ["plasma", "tissue", "effusion"]
    yield from unreported.questions(profiles, 500 if thorough else 90)
    for place, text in enumerate([*profiles, *UNREPORTED]):
        yield {"text": text, "prior": [], "phase": "unknown", "specimen": "unknown"}
        compound = mutations.is_compound(text)
        for more, phase in enumerate(("unknown", "cis", "trans") if compound else ("unknown",)):
            for prior in PRIORS if thorough else [PRIORS[(place + more) % len(PRIORS)]]:
                yield {"text": text, "prior": prior, "phase": phase,
                       "specimen": specimens[(place + more) % 3]}  # fmt: skip


SHOWN = ("inhibitor", "standing", "rank", "basis", "basis_text", "marks")


def links(row: Data) -> list[tuple[str, str, str]]:
    return sorted((source["text"], source["url"], source["read"]) for source in row["sources"])


def shown(rows: list[Data]) -> list[Data]:
    return [{name: row[name] for name in SHOWN} | {"links": links(row)} for row in rows]


@pytest.mark.filterwarnings("ignore::alkpool.mutations.MutationWarning")
def test_answers_are_those_of_the_package(
    page: Page, bare: Path, data: Data, thorough: bool
) -> None:
    """Every inhibitor, for every profile of the data and mutations that are not in it."""
    ask(page, bare)
    asked = list(questions(list(data["profiles"]), thorough=thorough))
    told = page.evaluate(
        "(asked) => asked.map((question) => alkpoolExplorer.answer(question))", asked
    )
    evidence = gather()
    for question, answer in zip(asked, told, strict=True):
        mine = look_up(question["text"], question["prior"], question["phase"],
                       question["specimen"], evidence=evidence)  # fmt: skip
        assert shown(answer["rows"]) == shown(answers.records(mine.inhibitors)), question
        other = answer["other"] and answer["other"]["rows"]
        assert shown(other or []) == shown(answers.records(mine.other_reading)), question
        others = [f"{row['inhibitor']}: {row['known']}." for row in mine.others]
        assert [row["text"] for row in answer["others"]] == others, question
        for row, theirs in zip(answer["others"], mine.others, strict=True):
            assert links(row) == links(theirs), question
    assert len(asked) > (900 if thorough else 210)


def test_a_compound_nobody_reported_has_an_answer_of_its_own(page: Page, bare: Path) -> None:
    """The summary as of any other, and below it on demand what its parts are answered with."""
    ask(page, bare, "#m=C1156Y+L1198F+I1171N&prior=lorlatinib&phase=cis")
    expect(page.locator(".verdict + .key")).to_contain_text("Nothing is recorded here")
    rows = answers.records(look_up("C1156Y+L1198F+I1171N", ["lorlatinib"], "cis").inhibitors)
    for row in rows:
        line = page.locator(SUMMARY).locator(f"tr[data-inhibitor={row['inhibitor']}]")
        if not answers.is_empty(row):
            expect(line.locator("..")).to_have_attribute("data-standing", row["standing"])
            expect(line).to_contain_text(row["basis_text"])
    expect(page.locator(SUMMARY).locator("tr").last).to_contain_text("just progressed")
    expect(page.locator("[data-part=answer]")).to_contain_text("Other inhibitors, not assessed")
    parts = ["C1156Y", "I1171N", "L1198F", "C1156Y+L1198F"]
    table = page.locator("table.comparison")
    expect(table).to_be_hidden()
    page.get_by_text("What is known of its parts").click()
    assert table.locator("thead a").all_text_contents() == parts
    for part in parts:
        answer = look_up(part, ["lorlatinib"], "cis" if "+" in part else "unknown")
        for row in answers.records(answer.inhibitors):
            cell = table.locator(f"tr[data-inhibitor={row['inhibitor']}] td[data-head='{part}']")
            expect(cell).to_have_attribute("data-standing", row["standing"])
            expect(cell).to_contain_text(row["basis_text"])


FRAGMENTS = [
    *"GLX*=_-+/() ,;&", "1202", "1151", "0", "Gly", "Arg", "ter", "del", "ins", "dup", "fs", "p.",
    "ALK", "ALK ", "NP_004295.2:", "T1151", "_L1152", "insT", " and ", " or ", "\u2013", "\u00b2",
    "\u00df", "\u0130", "G1202R", "I1171", "E803", "A1440", "T1151_L1152ins", "delins", "'", '"',
    "\\", "\n", "\u00a0", "\u200b", "\u017f", "\u212a", "\u0085", "\x1f", "wt",
    "1151Tins", "99999999999999999999", "Kins", "G1201_", "G1202delinsGR", "V1621",
]  # fmt: skip


def texts() -> list[str]:
    """Spellings and refusals of the parser's own tests, all substitutions, random joins."""
    drawn = random.Random(1202)
    joined = ["".join(drawn.choices(FRAGMENTS, k=drawn.randint(1, 9))) for _ in range(4000)]
    substitutions = [
        f"{old}{place}{new}" for place, old in REFERENCE.items() for new in "ACDEFGHIKLMNPQRSTVWYX*"
    ]
    refused = [text for text, _ in REFUSALS]
    long = ["G1202R".ljust(201), "G1202R " * 300, "+".join(f"{n}Wins" for n in range(1120, 1140))]
    return [
        *(text for text, _ in SPELLINGS), *refused, *PUBLISHED_PROFILES, *substitutions, *joined,
        *long,
    ]  # fmt: skip


def of_dna(drawn: random.Random) -> str:
    """Draw a name of a change of DNA, most of them right."""
    start, bases = coding()
    first = drawn.randrange(start - 2, start + len(bases))
    last = first + drawn.choice([0, 2, 2, 5])
    there = bases[max(first - start, 0) : last - start + 1]
    new = "".join(drawn.choices("ACGT", k=drawn.choice([3, 6, 7])))
    change = drawn.choice([
        f"{first}{there[:1]}>{new[0]}", f"{first}{new[0]}>{new[-1]}", f"{first}_{last}del",
        f"{first}_{last}dup", f"{first}_{last}del{there}", f"{first}_{last}delins{new}",
        f"{first}_{first + 1}ins{new}", f"{first}+1{there[:1]}>{new[0]}",
    ])  # fmt: skip
    return f"c.{change}"


WORDS = [
    *" ,;+-_()[]:%", " ", " and ", "];[", "(;)", "p.", "p.[", "c.", "c.[", "3604G>A", "3605G>C",
    "EML4-ALK v3", "ALK", "ALK fusion",
    "NM_004304.5(ALK):", "NM_005228.5:c.2369C>T", "exon 23", "(VAF 12%)", "AF=0,5%", "3.1 %",
    "in cis", "(trans)", "germline", "TP53 R273H", "EGFR", "MET amplification", "D1529E", "T790M",
    "R401Q", "G1202R", "Gly1202Arg", "L1196M", "C1156Y", "1151Tins", "c.3604G>A", "(c.3586C>A)",
    "c.3604_3606del", "detected", "splice", "fs*12",
    "|", "missense_variant|MODERATE|ALK|", "c.3604G>A|", "|p.Gly1202Arg", "NC_000002.12:g.29C>T",
    "chr2:29C>T", "ALK+", "EML4/ALK", "EML4-ALK.E13A20", "Tier IA", "tumour purity 40%", "PD-L1 5%",
    "TMB 5 mut/Mb", "NSCLC", "rs1057519784", "< 1%", "≤5 %", "ca. 5", "VAF", "7%", "105%", "0%",
    "percent", "BRAF V600E", "wild type", "pathogenic", "not", "(negative)", "exon 14 skipping",
    "in cis with", " - ", "lost-", "N", "[exon 23; germline]", "phase not known", "c.4587C>G",
    "p.Asp1529Glu", "¹", "•",
]  # fmt: skip


def lines() -> list[str]:
    """Lines of the parser's own tests and of the field, changes of DNA, random joins."""
    drawn = random.Random(3604)
    joined = [
        drawn.choice(["", " "]).join(drawn.choices(WORDS, k=drawn.randint(2, 6)))
        for _ in range(6000)
    ]
    listed = [*READ.values(), *READINGS, *field.LINES, *field.ALLELES, *field.FREQUENCIES,
              *field.SPELLINGS, *field.REFUSED, *SPELLINGS, *REFUSALS]  # fmt: skip
    return [*(line for line, *_ in listed), *REFUSED, *OF_ANOTHER_GENE, *OF_NO_ONE, *OF_ALK,
            *ASIDE, *field.NOT_RESISTANCE, *joined,
            *(of_dna(drawn) for _ in range(1500))]  # fmt: skip


def read_name(text: str) -> str:
    return "+".join(mutations.mutations_of(text))


def read_line(text: str) -> Data:
    read = mutations.read(text)
    return {"profile": read.profile, "phase": read.phase, "vaf": list(read.vaf_percent),
            "aside": [list(each) for each in read.set_aside]}  # fmt: skip


@pytest.mark.filterwarnings("ignore::alkpool.mutations.MutationWarning")
@pytest.mark.parametrize(
    ("kind", "mine", "given", "accepted"),
    [("parse", read_name, texts(), 5000), ("read", read_line, lines(), 1000)],
)
def test_mutations_are_read_as_the_package_reads_them(
    page: Page, bare: Path, kind: str, mine: Callable[[str], Any], given: list[str], accepted: int
) -> None:
    """The same names, phase, frequencies and what is set aside, or the same refusal.

    Refusals agree word for word, but for how unprintable characters and quotes are quoted.
    """

    def answer(text: str) -> Any:
        try:
            return mine(text)
        except ValueError as error:
            return f"refused: {error}"

    ask(page, bare)
    told = page.evaluate(
        """([kind, texts]) => texts.map((text) => {
          const { reader } = alkpoolExplorer;
          try {
            if (kind === "parse") return reader.profileOf(reader.parse(text));
            const { mutations, ...line } = reader.read(text);
            return { ...line, profile: reader.profileOf(mutations) };
          }
          catch (error) {
            if (!(error instanceof alkpoolMutations.Refusal)) throw error;
            return `refused: ${error.message}`;
          }
        })""",
        [kind, given],
    )
    refused = 0
    for text, theirs in zip(given, told, strict=True):
        ours = answer(text)
        refused += isinstance(ours, str) and ours.startswith("refused")
        if repr(text) == f"'{text}'":
            assert theirs == ours, text
        else:
            assert type(theirs) is type(ours), text
            assert str(theirs).startswith("refused") == str(ours).startswith("refused"), text
    assert refused > 1000
    assert len(told) - refused > accepted


TREATMENTS = [
    "crizotinib", "Alunbrig (brigatinib)", "chemo", "carboplatin", "cisplatin + pemetrexed", "none",
    "crizotinib + alectinib", "alectinib (lorlatinib)", "alectinib + xyz", "alectinb", "lolratinib",
    "Xalcori", "aspirin", "", "()", "pf 06463922", "Lorbrena 100 mg/day", "tae684", "nvl655",
    "untreated", "carboplatn", "constructor", "NVL-65", "no", "non",
]  # fmt: skip
LISTS = [
    "crizotinib and alectinib", "crizotinib, and then Alecensa -> lorlatinib; chemo", "a/b",
    "alectinib 1200 mg/day, then x", "a > b | c", "brigatinib,", "sandimmune",
]  # fmt: skip


def test_treatments_are_read_as_the_package_reads_them(page: Page, bare: Path) -> None:
    """The same names, or the same refusal; the same between two."""
    drawn = random.Random(600)
    signs = [*" ,+-()./", *treated.DOSES, *treated.AFTER, *treated.BETWEEN, *treated.EXOTIC]
    joined = []
    for _ in range(2500):
        parts = [*drawn.choices([*treated.NAMES, "chemo"], k=drawn.choice([1, 1, 1, 2])),
                 *drawn.choices(signs, k=drawn.choice([0, 1, 1, 2, 2, 3, 4]))]  # fmt: skip
        joined.append("".join(drawn.sample(parts, len(parts))))
    texts = [*TREATMENTS, *LISTS, *treated.TREATED, *treated.NOT_READ, *joined,
             *(text for text, *_ in treated.sequences(1000))]  # fmt: skip
    ask(page, bare)
    parted = page.evaluate("(all) => all.map(alkpoolExplorer.parted)", texts)
    assert parted == [spelling.treatments(text) for text in texts]
    texts += sorted({part for parts in parted for part in parts})
    told = page.evaluate(
        """(all) => all.map((text) => {
          try { return alkpoolExplorer.treatment(text); } catch (error) { return error.message; }
        })""",
        texts,
    )
    read = 0
    for text, theirs in zip(texts, told, strict=True):
        try:
            ours = tables.treatment_named(text, wording.WORDS["treatment"])
            read += 1
        except ValueError as error:
            ours = str(error)
        assert theirs == ours, text
    assert 500 < read < len(texts) - 500


# ---------------------------------------------------------------- as a reader does it

LOOK_UPS = [
    ("I1171N", ["crizotinib", "alectinib"], "unknown", "unknown"),
    ("p.Gly1202Arg", ["alectinib"], "unknown", "plasma"),
    ("g1202r / l1196m", ["crizotinib", "ceritinib", "lorlatinib"], "unknown", "unknown"),
    ("C1156Y and L1198F", ["crizotinib", "lorlatinib"], "cis", "effusion"),
    ("C1156Y, L1198F", ["alectinib"], "trans", "plasma"),
    ("T1151_L1152insK", ["crizotinib"], "unknown", "unknown"),
]


@pytest.mark.filterwarnings("ignore::alkpool.mutations.MutationWarning")
@pytest.mark.parametrize(("text", "prior", "phase", "specimen"), LOOK_UPS)
def test_look_up(
    page: Page, bare: Path, text: str, prior: list[str], phase: str, specimen: str
) -> None:
    """What is typed and chosen is answered with the standings and reasons of the package."""
    ask(page, bare)
    page.locator(FIELD).fill(text)
    for name in prior:
        page.get_by_role("button", name=f"+ {name}").click()
    if phase != "unknown":
        page.locator("#explorer-phase").select_option(phase)
    page.locator("#explorer-specimen").select_option(specimen)
    mine = look_up(text, prior, phase, specimen)
    profile = mine.question.profile
    expect(page.locator("[data-part=reading]")).to_contain_text(f"Read as {profile}")
    expect(page.get_by_role("status")).to_have_text(f"{profile}: {mine.standing_text}")
    for row in answers.records(mine.inhibitors):
        if answers.is_empty(row):
            silent = page.locator(SUMMARY).locator(f"[data-standing={row['standing']}]")
            expect(silent).to_contain_text(row["inhibitor"])
            continue
        line = page.locator(SUMMARY).locator(f"tr[data-inhibitor={row['inhibitor']}]")
        expect(line.locator("..")).to_have_attribute("data-standing", row["standing"])
        expect(line.locator(".why")).to_contain_text(row["basis_text"])
        assert line.locator(".tag").all_text_contents() == row["marks"]
        if row["rank"]:
            expect(line.locator("th")).to_contain_text(f"{row['rank']}. {row['inhibitor']}")
    shown = page.locator("svg.domain .shown").evaluate_all(
        "(all) => all.map((a) => a.dataset.residue)"
    )
    named = [str(one.residue) for one in mutations.parse(profile)]
    assert shown == [residue for residue in dict.fromkeys(named) if residue in shown]
    page.get_by_role("button", name="Answer").click()
    expect(page.locator("form")).to_be_hidden()
    expect(page.locator(".folded")).to_contain_text(profile)
    page.get_by_role("button", name="Change").click()
    expect(page.locator(FIELD)).to_be_focused()


def copied_answer(page: Page) -> str:
    """Copy the answer and return what the clipboard holds."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy", exact=True).click()
    expect(page.get_by_role("button", name="copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def open_evidence(details: Locator) -> None:
    """Open the evidence of an inhibitor and wait until it is there."""
    details.locator("> summary").click()
    expect(details.locator(".evidence")).not_to_be_empty()


def test_existing_lines_never_vanish(page: Page, bare: Path) -> None:
    """A combination is not counted, and shown with its outcome and source."""
    ask(page, bare, "#m=C1156Y+L1198F&prior=lorlatinib&phase=cis")
    line = page.locator(SUMMARY).locator("tr[data-inhibitor=crizotinib]")
    expect(line).to_contain_text("0/0, 1 not counted (PR, ~6 months, with vinorelbine)")
    details = page.locator("details[data-inhibitor=crizotinib]")
    open_evidence(details)
    expect(details).to_contain_text("benefit, not counted")
    expect(
        details.locator("a[href='https://pubmed.ncbi.nlm.nih.gov/26698910/']").first
    ).to_be_visible()


def test_in_trans_every_clone_stands_in_the_columns(page: Page, bare: Path) -> None:
    """In the table, the evidence, the cases and the copy, by its name; also of what failed."""
    ask(page, bare, "#m=L1196M+G1202R&prior=alectinib&phase=trans")
    row = page.locator(SUMMARY).locator("tr[data-inhibitor=alectinib]")
    groups = " ".join(row.locator("td[data-head=Groups]").inner_text().split())
    assert re.fullmatch(r"L1196M: 9 of 11 benefited.+ G1202R: 4 of 6 benefited.+", groups)
    details = page.locator("details[data-inhibitor=alectinib]")
    assert details.locator(".evidence > small").all_text_contents() == ["L1196M: ", "G1202R: "]
    copied = copied_answer(page)
    assert "alectinib: L1196M: 9 of 11" in copied
    assert "alectinib: G1202R: 4 of 6" in copied
    assert "Groups: L1196M: 9 of 11 benefited" in copied


def test_evidence_opens_to_groups_and_measurements(page: Page, bare: Path) -> None:
    """Each with its source; marks stand on a log scale."""
    ask(page, bare, "#m=G1202R")
    details = page.locator("details[data-inhibitor=lorlatinib]")
    open_evidence(details)
    counted = "16 of 28 responded (95% CI 39% to 73%); count implied by percentage, interval ours"
    expect(details).to_contain_text(f"{counted}; printed: 57% (95% CI 37% to 76%)")
    expect(details.locator("svg.potencies .mark")).to_have_count(2)
    values = {"Johnson2014-cell": 77, "Yoda2018": 37}
    for model in values:
        expect(details).to_contain_text(model)
    left = [mark.bounding_box()["x"] for mark in details.locator("svg.potencies .mark").all()]  # type: ignore[index]
    assert left[0] > left[1]


def test_the_field_offers_every_profile(page: Page, bare: Path, data: Data) -> None:
    """By its name, with the spelling of reports beside it."""
    ask(page, bare)
    names = page.locator("#explorer-profiles option").evaluate_all(
        "(all) => all.map((o) => o.value)"
    )
    assert names == list(data["profiles"])
    expect(page.locator("#explorer-profiles option[value=G1202R]")).to_have_text("p.Gly1202Arg")


def test_two_tumours_beside_each_other(page: Page, bare: Path) -> None:
    """Asked by the button, kept in the address, each name leading to its own answer."""
    ask(page, bare, "#m=G1202R&prior=alectinib")
    page.get_by_role("button", name="Compare").click()
    page.keyboard.type("I1171N")
    page.keyboard.press("Enter")
    assert fragment(page) == "m=G1202R|I1171N&prior=alectinib"
    table = page.locator("table.comparison")
    for text in ("G1202R", "I1171N"):
        for row in answers.records(look_up(text, ["alectinib"]).inhibitors):
            cell = table.locator(f"tr[data-inhibitor={row['inhibitor']}] td[data-head={text}]")
            expect(cell).to_have_attribute("data-standing", row["standing"])
            expect(cell).to_contain_text(row["basis_text"])
    table.locator("thead a", has_text="I1171N").click()
    assert fragment(page) == "m=I1171N&prior=alectinib"
    ask(page, bare, "#m=G1202R|I1171N|L1196M|G1269A")
    expect(page.locator("[data-part=reading]")).to_contain_text("4 tumours are too many")


def test_two_readings_are_told_apart_on_paper_and_in_a_copy(page: Page, bare: Path) -> None:
    """Their tables can contradict each other: above each stands which reading it answers."""
    ask(page, bare, "#m=L1196M+G1202R&prior=lorlatinib&specimen=plasma")
    copied = copied_answer(page)
    page.emulate_media(media="print")
    for phase, words in (("trans", "Phase not known: "), ("cis", "The other reading: ")):
        words += answers.READINGS[Phase(phase)]
        assert copied.count(words) == 1
        expect(page.locator("[data-part=answer]").get_by_text(words).first).to_be_visible()
    lead, other = copied.split("The other reading: ")
    assert lead.count("Evidence against") == other.count("Evidence against") == 1


def test_the_answer_is_copied_as_text(page: Page, bare: Path) -> None:
    """Question, groups, reasons, cases, sources, date of the data, address and warning."""
    ask(page, bare, "#m=C1156Y+L1198F&prior=lorlatinib&phase=cis")
    text = copied_answer(page)
    for words in [
        "C1156Y+L1198F in cis after lorlatinib, specimen not stated",
        "Evidence against, or just failed",
        "Patients: ? 0/0, 1 not counted (PR, ~6 months, with vinorelbine)",
        "Evidence on the inhibitors compared", "crizotinib: ", "PMID 26698910",
        "explorer.html#m=C1156Y+L1198F&prior=lorlatinib&phase=cis",
        answers.DISCLAIMER, STATE["data"],
    ]:  # fmt: skip
        assert words in text, words
    assert "undefined" not in text


@pytest.mark.parametrize(
    ("finding", "words"),
    [
        ("No ALK mutation found", "19% to 54%"),
        ("MET amplification", "may sensitize the tumour to crizotinib"),
    ],
)
def test_questions_without_a_mutation(page: Page, bare: Path, finding: str, words: str) -> None:
    """Words with sources, no table of inhibitors; in the address, the copy and the print, too."""
    ask(page, bare, "#m=G1202R")
    page.get_by_role("button", name="Change").click()
    answer = page.locator("[data-part=answer]")
    page.locator(FIELD).fill("")
    page.locator("#explorer-finding").select_option(finding)
    expect(answer).to_contain_text(words)
    page.get_by_role("button", name="Answer").click()
    expect(page).to_have_url(re.compile(f"#finding={finding.replace(' ', '%20')}$"))
    page.reload()
    expect(page.locator("form")).to_be_hidden()
    asked = f"{finding} with previous treatment not stated, specimen not stated"
    expect(page.locator(".folded strong")).to_have_text(asked)
    expect(answer).to_contain_text("no inhibitor is compared")
    expect(answer).to_contain_text(words)
    expect(answer.locator("table")).to_have_count(0)
    assert answer.locator("a[href^='https://']").count() >= 2
    page.emulate_media(media="print")
    for printed in (".folded strong", ".notes", ".record"):
        expect(page.locator(printed)).to_be_visible()
    page.emulate_media(media="screen")
    copied = copied_answer(page)
    assert copied.startswith(finding)
    assert words in copied


@pytest.mark.parametrize(
    ("text", "finding", "named"),
    [
        ("G1202R", "MET amplification", "MET amplification"),
        ("G1202R, BRAF V600E", "", "BRAF V600E"),
        ("G1202R, BRAF V600E", "MET amplification", "MET amplification, BRAF V600E"),
    ],
)
def test_a_finding_beside_a_mutation_leaves_all_unranked(
    page: Page, bare: Path, text: str, finding: str, named: str
) -> None:
    """The mutation and what was given keep their answer, as `look-up --finding` gives it."""
    ask(page, bare, f"#m={text}&prior=alectinib&finding={finding}")
    mine = look_up("G1202R", ["alectinib"], findings=named.split(", "))
    assert mine.standing_text.startswith(f"Not ranked, because of {named}. There is evidence for")
    expect(page.locator(".verdict")).to_have_text(mine.standing_text)
    expect(page.locator(".folded strong")).to_contain_text("G1202R after alectinib")
    expect(page.locator(".folded strong")).to_contain_text(f"with {named}")
    row = page.locator(SUMMARY).locator("tr[data-inhibitor=lorlatinib] th")
    expect(row).to_have_text("lorlatinib")
    expect(page.locator("[data-part=answer] > .notes").first).to_contain_text(mine.words[0]["text"])
    expect(page.locator(".folded strong")).not_to_contain_text("set aside")
    expect(page.locator("[data-part=answer] > .notes").first.locator("li")).to_have_text(
        [re.compile(f"^{re.escape(each['text'])}") for each in mine.words]
    )
    assert mine.words[0]["text"][:40] in copied_answer(page)
    page.reload()
    expect(page.locator(".verdict")).to_have_text(mine.standing_text)


def test_no_mutation_is_a_question_too(page: Page, bare: Path) -> None:
    """As the command line reads it; beside a mutation it contradicts that."""
    ask(page, bare)
    page.locator(FIELD).fill("no ALK mutation")
    expect(page.locator(".verdict")).to_contain_text("No ALK mutation found: no inhibitor")
    page.locator(FIELD).fill("G1202R")
    page.locator("#explorer-finding").select_option("No ALK mutation found")
    expect(page.locator("[data-part=reading]")).to_contain_text("the finding says there is none")


def test_without_a_mutation_the_treatments_stay(page: Page, bare: Path) -> None:
    """In the question, the address and what is shared."""
    for asked in ("m=no ALK mutation", "finding=No ALK mutation found"):
        ask(page, bare, f"#{asked}&prior=Xalkori, Alecensa&specimen=tissue")
        question = "No ALK mutation found after crizotinib, alectinib, tissue"
        expect(page.locator(".folded strong")).to_have_text(question)
        words = [each["text"] for each in look_up("no ALK mutation").words]
        expect(page.locator(".notes li")).to_have_text(
            [re.compile(f"^{re.escape(text)}") for text in words]
        )
        page.reload()
        expect(page.locator(".folded strong")).to_have_text(question)


NAMED = "is not known. It names {}: write only the names of what was given, in order, with commas"


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("Alunbrig (brigatinib)", "Read as brigatinib; progressed on brigatinib"),
        ("crizotinib and alectinib", "Read as crizotinib, alectinib; progressed on alectinib"),
        ("carboplatin/pemetrexed", "Read as chemotherapy, chemotherapy; progressed on no ALK"),
        ("alectinb", "previous treatment 'alectinb' is not known. Is alectinib meant?"),
        ("alectinib 600 mg BID, lorlatinib 100 mg QD", "Read as alectinib, lorlatinib; progressed"),
        ("alectinib 600 mg BID lorlatinib 100 mg QD", NAMED.format("alectinib, lorlatinib")),
        ("1. Crizotinib 2. Alectinib", NAMED.format("crizotinib, alectinib")),
        ("lorlatinib 100 mg not given", NAMED.format("lorlatinib")),
        ("lorlatinib ✗", NAMED.format("lorlatinib")),
    ],
)
def test_what_was_given_is_typed_and_answered_at_its_field(
    page: Page, bare: Path, typed: str, read: str
) -> None:
    ask(page, bare)
    page.locator(FIELD).fill("G1202R")
    page.locator(BEFORE).fill(typed)
    expect(page.locator("[data-part=given]")).to_contain_text(read)
    wrong = "not known" in read
    if wrong:
        expect(page.get_by_role("status")).to_contain_text(re.compile(f"^Not read: .*{read}"))
        expect(page.locator(BEFORE)).to_have_attribute("aria-invalid", "true")
        expect(page.locator("[data-part=reading]")).to_have_text("")
        page.locator(BEFORE).fill("alectinib")
    expect(page.locator(SUMMARY)).to_be_visible()
    expect(page.locator(BEFORE)).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.parametrize(
    "text", ["L1202R", "EGFR L858R", "G1202", "R1275*", "G1202R+", "xyz", "c.3604C>A"]
)
def test_wrong_input_is_answered_in_words(page: Page, bare: Path, text: str) -> None:
    """The message is the package's; no old answer stays beside it; putting it right mends it."""
    ask(page, bare, "#m=G1202R")
    page.get_by_role("button", name="Change").click()
    page.locator(FIELD).fill(text)
    with pytest.raises(ValueError) as caught:
        mutations.read(text)
    expect(page.locator("[data-part=reading]")).to_have_text(str(caught.value))
    expect(page.get_by_role("status")).to_have_text(f"Not read: {caught.value}")
    expect(page.locator(FIELD)).to_have_attribute("aria-invalid", "true")
    expect(page.locator("table.summary")).to_have_count(0)
    page.locator(FIELD).fill("I1171N")
    expect(page.locator("table.summary")).to_have_count(1)
    expect(page.locator(FIELD)).not_to_have_attribute("aria-invalid", "true")


@pytest.mark.filterwarnings("ignore::alkpool.mutations.MutationWarning")
@pytest.mark.parametrize("text", ["E803Q", "T790M", "V1180L+E803Q"])
def test_a_mutation_that_cannot_be_checked_must_be_confirmed(
    page: Page, bare: Path, text: str
) -> None:
    """As look-up says it; named as one of ALK it is read, also from the address."""
    ask(page, bare, f"#m={text}")
    with pytest.raises(ValueError, match="cannot be checked") as caught:
        mutations.read(text)
    expect(page.locator("[data-part=reading]")).to_have_text(str(caught.value))
    expect(page.locator("table.summary")).to_have_count(0)
    confirmed = "ALK " + text.replace("+", "+ALK ")
    page.locator(FIELD).fill(confirmed)
    profile = mutations.read(confirmed).profile
    expect(page.locator("[data-part=reading] strong")).to_have_text(profile)
    page.reload()
    expect(page.locator("[data-part=reading] strong")).to_have_text(profile)


def test_what_a_line_holds_beside_its_mutations_is_said(page: Page, bare: Path) -> None:
    """While it is typed, beside the answer, and to whom the address is passed on.

    The address holds the canonical names, or the line where that says more.
    """
    ask(page, bare)
    page.locator(FIELD).fill("EML4-ALK v3 p.[Leu1196Met;Gly1202Arg], germline, VAF 12%")
    aside = "set aside: EML4-ALK v3 (fusion), germline (germline remark), 12% (allele frequency)"
    reading = page.locator("[data-part=reading]")
    expect(reading).to_have_text(f"Read as L1196M+G1202R in cis; {aside}")
    page.keyboard.press("Enter")
    asked = "L1196M+G1202R in cis with previous treatment not stated, specimen not stated"
    expect(page.locator(".folded strong")).to_have_text(f"{asked}; {aside}")
    line = "EML4-ALK v3 p.[Leu1196Met;Gly1202Arg], germline, VAF 12%"
    assert unquote(fragment(page)) == f"m={line}&phase=cis"
    page.reload()
    expect(page.locator(".folded strong")).to_have_text(f"{asked}; {aside}")
    ask(page, bare, "#m=G1202R (VAF 12%)")
    expect(page.locator(".folded strong")).to_contain_text("12% (allele frequency of G1202R)")
    # Its strokes part no tumours.
    page.locator("[data-do=change]").click()
    page.locator(FIELD).fill(
        "missense_variant|MODERATE|ALK|ENST00000389048.8:c.3604G>A|p.Gly1202Arg"
    )
    expect(reading).to_have_text("Read as G1202R")


def test_one_allele_does_not_change_a_residue_twice(page: Page, bare: Path) -> None:
    """The two are read as of two alleles; cis is refused, in the line as in its field."""
    ask(page, bare)
    page.locator(FIELD).fill("I1171N+I1171S")
    reading = page.locator("[data-part=reading]")
    expect(reading).to_have_text("Read as I1171N+I1171S in trans")
    page.locator("#explorer-phase").select_option("cis")
    expect(reading).to_contain_text("I1171N and I1171S change one residue")
    page.locator("#explorer-phase").select_option("trans")
    expect(reading).to_have_text("Read as I1171N+I1171S in trans")
    ask(page, bare, "#m=I1171N+I1171S&prior=alectinib")
    expect(page.locator(".folded strong")).to_contain_text("I1171N+I1171S in trans")


def test_each_of_several_tumours_keeps_its_phase(page: Page, bare: Path) -> None:
    ask(page, bare)
    page.locator(FIELD).fill("L1196M+G1202R (in cis) | p.[C1156Y];[L1198F]")
    expect(page.locator("table.comparison")).to_be_visible()
    linked = "m=L1196M+G1202R in cis|C1156Y+L1198F in trans"
    assert fragment(page) == linked
    page.reload()
    named = "L1196M+G1202R in cis beside C1156Y+L1198F in trans"
    expect(page.locator(".folded strong")).to_contain_text(named)
    assert fragment(page) == linked


def focused(page: Page, selector: str, key: str = "Tab") -> Locator:
    """Press a key until the focus is where it should be."""
    for _ in range(80):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return page.locator(selector)
        page.keyboard.press(key)
    raise AssertionError(f"the keyboard does not reach {selector}")


def test_keyboard_alone_is_enough(page: Page, bare: Path) -> None:
    """Type, give inhibitors and write others, ask, open the evidence."""
    ask(page, bare)
    focused(page, FIELD)
    page.keyboard.type("G1202R")
    page.keyboard.press("Tab")
    page.keyboard.type("crizotinib")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    given = page.locator(BEFORE)
    expect(given).to_have_value("crizotinib, alectinib")
    focused(page, BEFORE, "Shift+Tab")
    page.keyboard.type("alectinib")
    expect(given).to_have_value("alectinib")
    focused(page, FIELD, "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator("form")).to_be_hidden()
    focused(page, "details summary")
    page.keyboard.press("Enter")
    expect(page.locator("details .evidence").first).to_be_visible()
    assert fragment(page) == "m=G1202R&prior=alectinib"


def test_a_deep_link_sets_everything(page: Page, bare: Path) -> None:
    """Form and answer follow the address, in any order, spelling and name."""
    ask(page, bare, "#specimen=plasma&phase=trans&prior=Xalkori,%20Lorbrena&m=L1198F+c1156y")
    expect(page.locator(".folded")).to_contain_text(
        "C1156Y+L1198F in trans after crizotinib, lorlatinib, plasma"
    )
    expect(page.locator(FIELD)).to_have_value("L1198F+c1156y")
    expect(page.locator("#explorer-phase")).to_have_value("trans")
    expect(page.locator(BEFORE)).to_have_value("crizotinib, lorlatinib")
    assert fragment(page) == (
        "m=C1156Y+L1198F&prior=crizotinib,lorlatinib&phase=trans&specimen=plasma"
    )


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("#m=G1202R+L1196M&phase=both", "phase is 'both'; must be one of cis"),
        ("#m=G1202R&phase=cis", "phase is cis, but G1202R is a single mutation"),
        ("#m=G1202R+L1196M&phase=single", "there are 2 mutations"),
        ("#m=G1202R&specimen=saliva", "specimen is 'saliva'; must be one of tissue"),
        ("#m=L1202R", "residue 1202 is G"),
        ("#finding=cough", "finding is 'cough'; must be one of No ALK mutation found"),
        ("#m=%E0%A4%A", "'%E0%A4%A' is not read"),
    ],
)
def test_a_wrong_link_is_answered_in_words(page: Page, bare: Path, query: str, words: str) -> None:
    ask(page, bare, query)
    expect(page.locator("[data-part=reading]")).to_contain_text(words)
    expect(page.locator("table.summary")).to_have_count(0)


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        (BEFORE, "alectinib, lorlatinb", "Is lorlatinib meant?"),
        (FIELD, "G1202R, G1269", "G1269"),
    ],
)
def test_what_is_refused_stays_in_the_address(
    page: Page, bare: Path, field: str, typed: str, words: str
) -> None:
    """Opened anew, a question is not answered as if what was refused had not been typed."""
    ask(page, bare, "#m=G1202R&prior=alectinib")
    page.get_by_role("button", name="Change").click()
    page.locator(field).fill(typed)
    page.keyboard.press("Enter")
    said = page.locator("[data-part=reading], [data-part=given]").filter(has_text=words)
    for again in (page.reload, page.go_back, page.go_forward):
        expect(said).to_be_visible()
        expect(page.locator("table.summary")).to_have_count(0)
        again()
        if again == page.go_back:
            expect(page.locator("table.summary")).to_have_count(1)
            page.go_forward()


def test_back_and_forward(page: Page, bare: Path) -> None:
    """Each answer is an entry of the history."""
    ask(page, bare, "#m=G1202R")
    page.get_by_role("button", name="Change").click()
    page.get_by_role("button", name="+ alectinib").click()
    page.locator(FIELD).fill("I1171N")
    status = page.get_by_role("status")
    expect(status).to_contain_text("I1171N: ")
    page.go_back()
    expect(status).to_contain_text("G1202R: ")
    expect(page.locator(BEFORE)).to_have_value("alectinib")
    page.go_back()
    expect(page.locator(BEFORE)).to_have_value("")
    page.go_forward()
    page.go_forward()
    expect(status).to_contain_text("I1171N: ")
    assert fragment(page) == "m=I1171N&prior=alectinib"


# ---------------------------------------------------------------- hostile text, speed

HOSTILE = "<img src=x onerror=\"document.title='broken'\"><script>document.title='broken'</script>"


def spoiled(item: Any) -> Any:
    """Every text of the answers and cells replaced, addresses too."""
    kept = ("standing", "basis", "call", "benefit", "inhibitor", "rank", "profile")
    if isinstance(item, dict):
        return {key: value if key in kept else spoiled(value) for key, value in item.items()}
    if isinstance(item, list):
        return [spoiled(each) for each in item]
    if isinstance(item, str):
        return "javascript:alert(1)" if item.startswith("http") else HOSTILE
    return item


def test_hostile_text_shows_as_text(page: Page, contexts: Data, tmp_path: Path) -> None:
    """Markup in any text of the data, or in the address, is text on the page."""
    data = contexts["explorer"]
    one = data["answers"]["I1171T"]
    one = {name: spoiled(row) for name, row in one.items()}
    made = data | {
        "answers": data["answers"] | {"I1171T": one},
        "sources": [spoiled(source) for source in data["sources"]],
    }
    cells = contexts["cells"] | {"I1171T": spoiled(contexts["cells"]["I1171T"])}
    folder = write_page(tmp_path, contexts | {"explorer": made, "cells": cells})
    ask(page, folder, "#m=I1171T")
    for details in page.locator("details[data-inhibitor]").all():
        open_evidence(details)
    answer = page.locator("[data-part=answer]")
    expect(answer).to_contain_text(HOSTILE)
    assert answer.inner_text().count("onerror") > 20
    expect(answer.locator("img, script, [onerror]")).to_have_count(0)
    links = answer.locator("a").evaluate_all("(links) => links.map((link) => link.protocol)")
    assert set(links) <= {"https:", "file:"}
    ask(page, folder, "#m=%3Cimg%20src=x%20onerror=alert(1)%3E&prior=%3Cb%3E")
    expect(page.locator("[data-part=reading]")).to_contain_text("<img")
    ask(page, folder, "#m=G1202R&prior=%3Cimg%20src=x%20onerror=alert(1)%3E")
    expect(page.locator("[data-part=given]")).to_contain_text("<img")
    expect(page.locator("#explorer img")).to_have_count(0)
    assert page.title() == "test"


def test_the_page_has_no_inline_handlers(bare: Path) -> None:
    """A strict content security policy could hold: no handlers, styles or text set as markup."""
    for name in SCRIPTS:
        script = (paths.BOOK / "_static" / f"{name}.js").read_text("utf-8")
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", script
        )
    text = (bare / "explorer.html").read_text("utf-8")
    assert not re.search(r"<[^>]*\s(on\w+|style)=", text.split("</title>")[1])


def test_an_answer_takes_a_tenth_of_a_second(page: Page, bare: Path) -> None:
    """From a change to the drawn answer; the least of five."""
    ask(page, bare, "#m=G1202R")
    took = page.evaluate(
        """() => {
          const field = document.querySelector("#explorer-mutation");
          return Math.min(...[1, 2, 3, 4, 5].map((n) => {
            const started = performance.now();
            field.value = n % 2 ? "I1171N" : "C1156Y+L1198F";
            field.dispatchEvent(new Event("input", { bubbles: true }));
            document.body.getBoundingClientRect();
            return performance.now() - started;
          }));
        }"""
    )
    assert took < 100


# ---------------------------------------------------------------- in the built book

ANSWERS = [
    "#m=I1171N&prior=crizotinib,alectinib",
    "#m=C1156Y+L1198F&prior=crizotinib,ceritinib,lorlatinib&phase=trans&specimen=plasma",
    "#m=L1202R",
    "",
    "#m=C1156T+F1174C+L1196M&prior=crizotinib",
]


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (390, 844)])
def test_the_answer_is_in_sight(
    page: Page, book: Path, data: Data, width: int, height: int, thorough: bool
) -> None:
    """All six inhibitors in three groups, without scrolling, also below a long form.

    Of two readings the first, and above it what stands otherwise in the second. Where every clone
    of a tumour is shown, and on a telephone the whole reasons of a compound, the table may go on
    below: the sentence and the beginning of the table are in sight.
    """
    page.set_viewport_size({"width": width, "height": height})
    asked = list(questions(list(data["profiles"]), thorough=thorough))
    ask(page, book, "#m=G1202R")
    for question in asked if thorough else asked[::3]:
        said = {"m": question["text"], "prior": ",".join(question["prior"])}
        said |= {name: question[name] for name in ("phase", "specimen")}
        seen = page.evaluate(SEEN, "#" + "&".join(f"{name}={text}" for name, text in said.items()))
        assert all(name in seen["text"] for name in assessed_inhibitors()), question
        long = seen["clones"] or (width < height and "+" in question["text"])
        assert seen["top" if long else "bottom"] <= (height // 2 if long else height), question
        assert seen["tables"] == 1 + ("below: " in seen["read"]), question
        assert seen["stray"] == 0, question
    page.get_by_role("button", name="Change").click()
    page.get_by_role("button", name="Answer").click()
    expect(page.locator(".folded")).to_be_in_viewport()


# Where the summary of a question ends, once it is drawn.
SEEN = """(query) => new Promise((done) => {
  addEventListener("hashchange", () => requestAnimationFrame(() => {
    const tables = document.querySelectorAll("[data-part=answer] > table.summary");
    scrollTo(0, 0);
    const loose = [...document.querySelector("[data-part=answer]").childNodes];
    done({ tables: tables.length,
      stray: loose.filter(({ nodeType }) => nodeType === Node.TEXT_NODE).length,
      text: tables[0].textContent,
      clones: tables[0].querySelectorAll("td[data-head] > .told").length,
      top: tables[0].getBoundingClientRect().top,
      bottom: tables[0].getBoundingClientRect().bottom,
      read: document.querySelector(".verdict + .key")?.textContent ?? "" });
  }), { once: true });
  location.hash = query;
})"""


@pytest.mark.parametrize(
    ("query", "question", "source"),
    [
        (ANSWERS[0], "I1171N after crizotinib, alectinib, specimen not stated", "PMID 25736571"),
        (
            ANSWERS[1], "C1156Y+L1198F in trans after crizotinib, ceritinib, lorlatinib, plasma",
            "PMID 26698910",
        ),
        ("#m=G1202R&prior=alectinib", "G1202R after alectinib, specimen not stated",
         "PMID 30892989"),
        ("#m=L1196M&prior=crizotinib", "L1196M after crizotinib, specimen not stated",
         "doi 10.1016/j.cllc.2021.06.011"),
        # Two readings, with more to say in each and more sources than any other.
        ("#m=L1196M+G1202R&prior=crizotinib,alectinib,lorlatinib",
         "L1196M+G1202R (phase not known) after crizotinib, alectinib", "PMID 29650534"),
        ("#m=I1171N+L1196M&prior=crizotinib,alectinib,lorlatinib",
         "I1171N+L1196M (phase not known) after crizotinib, alectinib", "PMID 32600123"),
        ("#m=C1156T+L1196M+F1174C&prior=crizotinib&phase=cis",
         "C1156T+F1174C+L1196M in cis after crizotinib, specimen not stated", "PMID 24675041"),
    ],
)  # fmt: skip
def test_print_gives_one_page(
    page: Page, book: Path, query: str, question: str, source: str
) -> None:
    """Question, standings, whole reasons, cases with PMIDs, version, address, warning.

    Two readings of an unknown phase, the second with every clone, may take a second page. No letter
    is smaller than 8 pt, and no place of a file on the reader's disk is printed.
    """
    ask(page, book, query)
    open_everything(page)
    printed = PdfReader(BytesIO(page.pdf(format="A4")))
    assert len(printed.pages) <= 1 + ("phase not known" in question)
    small: list[tuple[float, str]] = []

    def measure(text: str, place: Any, of_text: Any, _font: Any, size: float) -> None:
        points = size * abs(place[3] * of_text[3])
        if text.strip() and points < 7.9:
            small.append((points, text))

    # Addresses are broken where a line ends.
    pages = (each.extract_text(visitor_text=measure) for each in printed.pages)
    text = "".join("".join(pages).split())
    assert small == []
    assert "file:" not in text
    for words in [
        *assessed_inhibitors(), answers.DISCLAIMER[:40], question, source, "Asked on 20",
        f"explorer.html#{fragment(page)}", "data last changed 20", "commit",
        *page.locator(".why").all_text_contents(),
        *("Other inhibitors, not assessed" for _ in page.locator(".others").all()),
    ]:  # fmt: skip
        assert "".join(words.split()) in text, words
    page.emulate_media(media="print")
    expect(page.locator("#jb-print-docs-body h1")).to_have_css("font-size", re.compile("^18.6"))
    for hidden in ("details:not(.long)", ".examples", "svg:not(.share)"):
        expect(page.locator(f"#explorer {hidden}").first).to_be_hidden()


def open_everything(page: Page) -> None:
    """Open all that opens."""
    folds = page.locator("[data-part=answer] details")
    folds.evaluate_all("(all) => all.forEach((each) => (each.open = true))")


@pytest.mark.parametrize("query", by_day(ANSWERS, one_in=2))
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_contrast_in_both_themes(page: Page, book: Path, query: str, theme: str) -> None:
    """Text of the opened answer stands out from its ground."""
    page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
    ask(page, book, query)
    expect(page.locator("html")).to_have_attribute("data-theme", theme)
    open_everything(page)
    assert page.evaluate(CONTRAST) == []


@pytest.mark.parametrize("query", ANSWERS)
def test_a_telephone_shows_it_without_scrolling_sideways(
    page: Page, book: Path, query: str
) -> None:
    """Only the frames of tables scroll."""
    page.set_viewport_size(NARROW)
    ask(page, book, query)
    open_everything(page)
    seen = page.evaluate(OVERFLOW)
    assert seen["width"] <= NARROW["width"]
    assert seen["stickingOut"] == []


def test_screen_readers_hear_names_and_news(page: Page, book: Path) -> None:
    """Controls have names; the answer is announced; words go with every colour."""
    ask(page, book, "#m=I1171N&prior=crizotinib,alectinib")
    page.get_by_role("button", name="Change").click()
    for role, name in [
        ("combobox", "Mutations of the tumour"),
        ("combobox", "Phase of several mutations"),
        ("combobox", "Specimen"),
        ("textbox", "Previous treatment, in order"),
        ("region", "Answer"),
        ("table", "What the evidence amounts to: I1171N"),
    ]:
        expect(page.get_by_role(role, name=name).first).to_be_visible()  # type: ignore[arg-type]
    expect(page.get_by_role("group", name="Previous treatment, in order")).to_be_visible()
    expect(page.get_by_role("status")).to_have_attribute("aria-live", "polite")
    expect(page.get_by_role("group", name="Kinase domain of ALK")).to_be_visible()


def test_it_loads_fast_and_is_light(page: Page, book: Path) -> None:
    """Under a second from disk, under 3 MB with everything it loads."""
    loaded: set[Path] = set()
    page.on("request", lambda request: loaded.add(Path(unquote(urlsplit(request.url).path))))
    took = []
    for _ in range(3):
        ask(page, book, "#m=G1202R")
        took.append(page.evaluate("performance.getEntriesByType('navigation')[0].domComplete"))
    assert min(took) < 1000, took
    files = [path for path in loaded if path.is_file()]
    assert len(files) > 5
    assert sum(path.stat().st_size for path in files) < 3_000_000, files


def test_without_scripts_there_are_links(browser: Browser, book: Path, data: Data) -> None:
    """With JavaScript off the page lists the pages of all profiles."""
    with browser.new_context(java_script_enabled=False, viewport=WIDE) as context:
        opened = context.new_page()
        opened.goto((book / "explorer.html").as_uri())
        links = opened.locator("noscript a")
        assert links.all_text_contents() == list(data["profiles"])
        expect(opened.locator("#explorer")).to_be_hidden()
        links.filter(has_text=re.compile("^G1202R$")).click()
        expect(opened.locator("article h1")).to_contain_text("G1202R")
        expect(opened.locator("article")).to_contain_text("16 of 28 patients")


def test_a_profile_page_leads_to_the_explorer_and_back(page: Page, book: Path, data: Data) -> None:
    """Deep link there, link to the pages of the residue here."""
    profile = "L1196M+G1202R"
    open_page(page, book / "profiles" / f"{data['profiles'][profile]['page']}.html")
    page.locator("article a[href*='explorer.html#m=']").first.click()
    expect(page.locator(".folded")).to_contain_text(profile)
    page.locator(".pages a").filter(has_text=re.compile(f"^{re.escape(profile)}$")).click()
    expect(page.locator("article h1")).to_contain_text(profile)


def test_figure_5_and_the_search_lead_to_profile_pages(page: Page, book: Path, data: Data) -> None:
    """The tables of the chapter link each profile; the search finds its page."""
    open_page(page, book / "curated" / "04-clinical-actionability.html")
    linked = set(page.locator("article td a[href*='profiles/']").all_text_contents())
    assert linked
    assert linked <= set(data["profiles"])
    page.goto(f"{(book / 'search.html').as_uri()}?q=I1171T")
    found = page.locator("#search-results a[href*='profiles/I1171T.html']")
    expect(found.first).to_be_attached()


# ---------------------------------------------------------------- the ways to it, and past it


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("alectinib", "alectinib"),
        ("Xalkori, followed by Alecensa", "crizotinib, alectinib"),
        ("Xalkori (crizotinib) and chemo", "crizotinib, chemotherapy"),
    ],
)
def test_the_start_page_asks(page: Page, book: Path, given: str, read: str) -> None:
    """Mutation and inhibitors typed there are answered in the explorer; the matrix is there."""
    open_page(page, book / "index.html")
    cell = page.locator("table.patients td[data-standing=for] a").first
    expect(cell).to_have_attribute("href", re.compile("^profiles/"))
    page.get_by_label("Mutation of the tumour").fill("p.Gly1202Arg")
    page.get_by_label("Given before").fill(given)
    page.get_by_role("button", name="Ask").click()
    expect(page.locator(".folded")).to_contain_text(f"G1202R after {read}, specimen not stated")
    expect(page.locator(SUMMARY)).to_be_in_viewport()


def test_the_matrix_leads_to_evidence_mutation_and_inhibitor(page: Page, book: Path) -> None:
    """By keyboard too; its order changes."""
    rows = page.locator("table.patients tbody th")
    open_page(page, book / "matrix.html")
    by_residue = rows.all_text_contents()
    page.get_by_role("button", name="by evidence").press("Enter")
    assert rows.all_text_contents() != by_residue
    assert sorted(rows.all_text_contents()) == sorted(by_residue)
    page.get_by_role("row", name="C1156Y ").first.get_by_role("link").last.press("Enter")
    assert page.url.endswith("profiles/C1156Y.html#lorlatinib")
    expect(page.locator("#lorlatinib")).to_be_in_viewport()
    page.locator("#lorlatinib h3 a").click()
    expect(page.locator("article h1")).to_contain_text("Lorlatinib")
    open_page(page, book / "matrix.html")
    page.get_by_role("columnheader", name="brigatinib").get_by_role("link").click()
    expect(page.locator("article h1")).to_contain_text("Brigatinib")


@pytest.mark.parametrize(
    ("query", "first"), [("p.Gly1202Arg", "profiles/G1202R"), ("Alecensa", "inhibitors/alectinib")]
)
def test_the_search_knows_spellings_and_brands(
    page: Page, book: Path, query: str, first: str
) -> None:
    """What a report prints leads to the page; a mutation is offered its answer."""
    page.goto(f"{(book / 'search.html').as_uri()}?q={query}")
    found = page.locator("#search-results ul.search a")
    expect(found.first).to_have_attribute("href", re.compile(first))
    offer = page.locator(".offer a")
    if "Gly" in query:
        expect(offer).to_have_attribute("href", f"explorer.html#m={query}")
        ask(page, book, f"#m={query}")
        expect(page.locator(".folded")).to_contain_text("G1202R")
    else:
        expect(offer).to_have_count(0)
