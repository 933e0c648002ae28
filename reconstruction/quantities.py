"""Quantities that the paper does not print, or prints in part."""

from dataclasses import dataclass, replace
from typing import Literal, get_args

from ortools.sat.python.cp_model import LinearExpr

from reconstruction.counts import CountModel, sum_of
from reconstruction.profiles import COMMON, FAILED, GIVEN, KINDS, PROFILES

Measure = Literal["relapsed", "benefit_k", "benefit_n", "samples", "local_benefit"]
CELL_MEASURES: tuple[Measure, ...] = ("relapsed", "benefit_k", "benefit_n")


@dataclass(frozen=True)
class Quantity:
    """A count that the paper does not print, or prints in part.

    Attributes
    ----------
    measure : {"relapsed", "benefit_k", "benefit_n", "samples", "local_benefit"}
        Of a Figure 5 cell: samples with the profile after the inhibitor, lines with benefit,
        evaluable lines. Or samples with a profile after any inhibitor; or local lines with
        benefit.
    profile : str
        Profile, or residue class such as I1171X; blank for ``local_benefit``.
    inhibitor : str
        Blank unless of a cell.
    """

    measure: Measure
    profile: str = ""
    inhibitor: str = ""

    def __post_init__(self) -> None:
        if self.measure not in get_args(Measure):
            allowed = ", ".join(get_args(Measure))
            raise ValueError(f"measure is {self.measure!r}; must be one of {allowed}")
        if self.measure != "local_benefit" and self.profile not in {*PROFILES, *COMMON}:
            allowed = ", ".join(dict.fromkeys((*PROFILES, *COMMON)))
            raise ValueError(f"profile is {self.profile!r}; must be one of {allowed}")
        if self.measure in CELL_MEASURES and self.inhibitor not in GIVEN:
            raise ValueError(f"inhibitor is {self.inhibitor!r}; must be one of {', '.join(GIVEN)}")

    @property
    def profiles(self) -> tuple[str, ...]:
        """Profiles of the class, or the one profile."""
        return COMMON.get(self.profile, (self.profile,))

    def __str__(self) -> str:
        return " ".join(part for part in (self.measure, self.profile, self.inhibitor) if part)


def quantities() -> tuple[Quantity, ...]:
    """List the quantities worth bounding: every Figure 5 cell, and totals."""
    cells = [
        Quantity(measure, profile, inhibitor)
        for profile in PROFILES
        for inhibitor in GIVEN
        for measure in CELL_MEASURES
    ]
    totals = [Quantity("samples", name) for name in dict.fromkeys((*COMMON, *PROFILES))]
    return (*cells, *totals, Quantity("local_benefit"))


def kind(quantity: Quantity) -> tuple[Quantity, ...]:
    """Quantities that nothing printed tells apart from this one, itself among them.

    They have the same limits: see `reconstruction.profiles.KINDS`.
    """
    alike = next((names for names in KINDS if quantity.profile in names), (quantity.profile,))
    return tuple(replace(quantity, profile=name) for name in alike)


def expression(model: CountModel, quantity: Quantity) -> LinearExpr:
    """The quantity in the variables of a model."""
    profiles = quantity.profiles
    match quantity.measure:
        case "relapsed":
            return model.after(quantity.inhibitor, profiles)
        case "benefit_k":
            return model.evaluated(profiles, [quantity.inhibitor], [1])
        case "benefit_n":
            return model.evaluated(profiles, [quantity.inhibitor])
        case "samples":
            return model.with_profiles(profiles, FAILED)
        case "local_benefit":
            return sum_of(model.local_benefit)
