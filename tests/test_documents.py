"""Prose that repeats what the code says must not drift from it."""

import dataclasses
import re
import runpy
import tomllib

import yaml

from alkpool import paths
from alkpool.analysis.actionability import RULES as VERDICT_RULES
from alkpool.analysis.actionability import VerdictRule
from alkpool.analysis.benefit import RULES as BENEFIT_RULES
from alkpool.analysis.benefit import BenefitRule
from alkpool.compendium.plan import COHORT, notebook_parameters, read
from alkpool.vocabulary import Benefit, Verdict

METHODS = (paths.BOOK / "methods.md.j2").read_text("utf-8")
DOCUMENTS = [*paths.HOME.glob("*.md"), *paths.BOOK.glob("*.md"), paths.BOOK / "methods.md.j2"]
VERSION = tomllib.loads((paths.HOME / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def rows(first_cell: str) -> dict[str, list[str]]:
    """Rows of the tables of the methods page whose first cell matches, by that cell."""
    cells = [
        [cell.strip() for cell in line.strip("| ").replace("&nbsp;", " ").split("|")]
        for line in METHODS.splitlines()
        if re.match(rf"\| {first_cell} \|", line)
    ]
    return {first: rest for first, *rest in cells}


CHOICES = rows(r"`\w+`")


def test_methods_list_every_rule_once() -> None:
    """The page has the rules of the code, in the order in which they are tried."""
    assert list(rows(r"R\d")) == list(BENEFIT_RULES)
    assert list(rows(r"V\d")) == list(VERDICT_RULES)
    assert {cells[-1] for cells in rows(r"R\d").values()} == set(Benefit)
    assert {cells[-1] for cells in rows(r"V\d").values()} == set(Verdict)


def test_methods_give_the_defaults_of_the_code() -> None:
    """Every parameter of the rules is listed, with the default of the rule."""
    listed = {name.strip("`"): yaml.safe_load(row[0].strip("`")) for name, row in CHOICES.items()}
    for rule in (BenefitRule(), VerdictRule()):
        for name, default in dataclasses.asdict(rule).items():
            assert listed.get(name) == default, name


RULES = {"benefit_rule", "verdict_rule"}


def test_methods_give_the_defaults_of_the_notebooks() -> None:
    """Every listed choice is a field of a rule, or a parameter of a chapter with that default."""
    defaults: dict[str, set[object]] = {}
    for notebook in sorted(paths.NOTEBOOKS.glob("[0-9]*.ipynb")):
        for name, parameter in notebook_parameters(notebook).items():
            if name in RULES:
                assert parameter.default == {}, notebook
            else:
                defaults.setdefault(name, set()).add(parameter.default)
    fields = {f.name for rule in (BenefitRule, VerdictRule) for f in dataclasses.fields(rule)}
    assert fields.isdisjoint(defaults)
    for name, row in CHOICES.items():
        if name.strip("`") not in fields:
            assert defaults.get(name.strip("`")) == {yaml.safe_load(row[0].strip("`"))}, name


def test_methods_list_every_choice() -> None:
    """A reader finds every parameter of the chapters, with the reason of its default."""
    notebooks = paths.NOTEBOOKS.glob("[0-9]*.ipynb")
    parameters = {name for notebook in notebooks for name in notebook_parameters(notebook)}
    fields = {f.name for rule in (BenefitRule, VerdictRule) for f in dataclasses.fields(rule)}
    assert {name.strip("`") for name in CHOICES} == (parameters | fields) - {COHORT} - RULES
    assert [name for name, row in CHOICES.items() if not row[1]] == []


def test_what_a_cell_can_use_is_what_the_code_says() -> None:
    """The page is written from the code; ``python tools/cells.py`` renews it."""
    tool = runpy.run_path(str(paths.HOME / "tools" / "cells.py"))
    assert tool["PAGE"].read_text("utf-8") == tool["page"]()


def test_documents_name_targets_that_exist() -> None:
    """Every ``make`` command of the documents can be typed."""
    makefile = (paths.HOME / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z]+):.*## ", makefile, re.MULTILINE))
    for document in DOCUMENTS:
        text = document.read_text("utf-8")
        commands = set(re.findall(r"(?:^|`)make ([a-z]+)", text, re.MULTILINE))
        assert commands <= targets, document.name


def test_readme_names_every_part_and_folder() -> None:
    """What one gets, and where the data are, as it is now."""
    text = (paths.HOME / "README.md").read_text("utf-8")
    assert re.findall(r"^  - \*(.+)\*:", text, re.MULTILINE) == [p.title for p in read().parts]
    named = set(re.findall(r"^data/(\w+)/", text, re.MULTILINE))
    assert named == {path.name for path in paths.DATA.iterdir() if path.is_dir()}


def test_releases_agree() -> None:
    """The version of the package is the one to cite, and the last one in the changelog."""
    cited = yaml.safe_load((paths.HOME / "CITATION.cff").read_text("utf-8"))
    changelog = (paths.HOME / "CHANGELOG.md").read_text("utf-8")
    assert cited["version"] == VERSION
    released = re.findall(r"^## \[(.+)\]", changelog, re.MULTILINE)
    assert released[0] == "Unreleased"
    assert released[1:2] in ([], [VERSION])


def test_links_between_documents_lead_somewhere() -> None:
    """Files that README and CONTRIBUTING link to exist."""
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (paths.HOME / name).read_text("utf-8")
        targets = [target for target in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in target]
        assert targets
        assert [target for target in targets if not (paths.HOME / target).exists()] == [], name
