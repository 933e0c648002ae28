"""Write environment.yml, for conda and Binder, from pyproject.toml.

Run ``python tools/environment.py`` after a change of dependencies; a test fails until you do.
What conda-forge has, and under which name, is in https://github.com/conda-forge/feedstock-outputs.

Checked on 2026-11-29 with records and recipes of conda-forge up to August 2026: every name is in
that list, and py-rattler's solver finds a set with all of them (Linux, Python 3.12: 463 packages),
11 of the 44 specs loosened because they begin later or no record was at hand.
"""

import re
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "environment.yml"
HEADING = "# Made from pyproject.toml by tools/environment.py; change the dependencies there.\n"

# What conda-forge calls by another name than PyPI; to it, - and _ are not the same.
CONDA_NAMES = {"great-tables": "great_tables"}

# Under this name not on conda-forge, or only in older releases.
PIP_ONLY = {"axe-playwright-python", "playwright"}

# Not on conda-forge, and asks pip for an older rich than import-linter does; uv is told to pass
# over that, pip cannot be. One nightly test needs it, in the environment of the lock file.
LEFT_OUT = {"roc-validator"}

_REQUIREMENT = re.compile(
    r"(?P<name>[A-Za-z0-9._-]+)(?P<extras>\[[^\]]+\])?(?P<versions>(?: ?[<>=!~][^@;]*)?)"
)


def _parse(requirement: str) -> tuple[str, str, str]:
    parts = _REQUIREMENT.fullmatch(requirement)
    if parts is None:
        raise ValueError(f"cannot translate {requirement!r}; allowed is name[extras]versions")
    return parts["name"], parts["extras"] or "", parts["versions"].strip()


def environment(pyproject: str) -> dict[str, object]:
    """Translate the text of pyproject.toml into the content of environment.yml.

    Ranges are kept as they are: conda reads the same operators. Requirements with extras, which
    conda has not, of one exact release, which conda-forge need not carry, and those in `PIP_ONLY`
    go under ``pip``; those in `LEFT_OUT` go nowhere.
    """
    content = tomllib.loads(pyproject)
    project = content["project"]
    parsed = map(_parse, [*project["dependencies"], *content["dependency-groups"]["dev"]])
    conda = [f"python {project['requires-python']}", "pip"]
    pip = []
    for name, extras, versions in sorted(parsed):
        if name in LEFT_OUT:
            continue
        if extras or "==" in versions or name in PIP_ONLY:
            pip.append(f"{name}{extras}{versions}")
        else:
            conda.append(f"{CONDA_NAMES.get(name, name)} {versions}".strip())
    return {
        "name": project["name"],
        "channels": ["conda-forge", "nodefaults"],
        "dependencies": [*conda, {"pip": pip}],
    }


def render(pyproject: str) -> str:
    """Text of environment.yml for the text of pyproject.toml."""
    return HEADING + yaml.safe_dump(environment(pyproject), sort_keys=False)


if __name__ == "__main__":
    TARGET.write_text(render((ROOT / "pyproject.toml").read_text("utf-8")), "utf-8")
