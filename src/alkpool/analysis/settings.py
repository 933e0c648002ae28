"""The rules of a compendium, set once: what its ``compendium.yaml`` hands down to all chapters."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from alkpool import paths
from alkpool.analysis.actionability import VerdictRule
from alkpool.analysis.benefit import BenefitRule
from alkpool.files import read_yaml
from alkpool.problems import ProjectError

FILE = "compendium.yaml"

_Rule = TypeVar("_Rule", VerdictRule, BenefitRule)


@dataclass(frozen=True)
class Settings:
    """Rules that the answers, the explorer and the pages of the profiles follow."""

    verdict: VerdictRule = VerdictRule()
    benefit: BenefitRule = BenefitRule()

    def changed(self) -> list[str]:
        """List what is no default, such as ``min_evaluable is 5 instead of 3``."""
        usual = asdict(Settings())
        return [
            f"{name} is {value} instead of {usual[rule][name]}"
            for rule, values in asdict(self).items()
            for name, value in values.items()
            if value != usual[rule][name]
        ]


def configured(home: Path = paths.HOME) -> Settings:
    """Read the parameters ``verdict_rule`` and ``benefit_rule`` of a compendium.

    Each holds changes to the defaults, such as ``{min_evaluable: 5}``; without the file or the
    parameter the defaults hold.

    Raises
    ------
    ProjectError
        For a setting that a rule does not have, or a value that it cannot take.

    Examples
    --------
    >>> configured().verdict.min_evaluable
    3
    """
    file = home / FILE
    content = read_yaml(file) if file.is_file() else {}
    return handed_down((content if isinstance(content, dict) else {}).get("parameters") or {})


def handed_down(parameters: Mapping[str, Any]) -> Settings:
    """Read the rules among the parameters of a compendium or a chapter, as `configured` does."""
    return Settings(
        _rule(VerdictRule, parameters.get("verdict_rule") or {}, "verdict_rule"),
        _rule(BenefitRule, parameters.get("benefit_rule") or {}, "benefit_rule"),
    )


def _rule(kind: type[_Rule], changes: Mapping[str, Any], name: str) -> _Rule:
    defaults = vars(kind())
    try:
        for setting, value in changes.items():
            if setting not in defaults:
                raise TypeError(f"found {setting!r}; must be one of {', '.join(defaults)}")
            default = defaults[setting]
            allowed = (int, float) if isinstance(default, float) else type(default)
            if isinstance(value, bool) or not isinstance(value, allowed):
                raise TypeError(f"{setting} is {value!r}; must be like its default, {default!r}")
        return kind(**changes)
    except (TypeError, ValueError) as error:
        raise ProjectError(f"{FILE}, parameters, {name}: {error}") from None
