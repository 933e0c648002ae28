"""The package as its users meet it: promised names, examples in docstrings, quick start."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import alkpool

# Design, section 9: other repositories import these.
PROMISED = {
    "alkpool": ["load", "Cohort"],
    "alkpool.mutations": ["canonical"],
    "alkpool.benefit": ["classify", "BenefitRule"],
    "alkpool.actionability": ["matrix", "rank", "VerdictRule"],
    "alkpool.invitro": ["agreement"],
    "alkpool.stats": [
        "fisher_exact", "wilson", "jeffreys", "clopper_pearson", "km_median", "logistic", "firth",
        "kappa", "adjust",
    ],
}  # fmt: skip
MODULES = [
    module.name
    for module in pkgutil.walk_packages(alkpool.__path__, "alkpool.")
    if not module.name.endswith("__main__")
]


@pytest.mark.parametrize("module", PROMISED)
def test_promised_names_stand_where_they_did(module: str) -> None:
    found = importlib.import_module(module)
    assert [name for name in PROMISED[module] if not hasattr(found, name)] == []


def test_examples_in_docstrings() -> None:
    results = {name: doctest.testmod(importlib.import_module(name)) for name in MODULES}
    assert {name: result.failed for name, result in results.items() if result.failed} == {}
    assert sum(result.attempted for result in results.values()) > 20


@pytest.mark.parametrize("heavy", ["pandas", "jax", "matplotlib", "sphinx", "openpyxl"])
def test_the_command_line_starts_without(heavy: str) -> None:
    script = f"import sys, alkpool.cli; assert {heavy!r} not in sys.modules"
    subprocess.run([sys.executable, "-c", script], check=True)
