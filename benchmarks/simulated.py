"""The lines that are classified: a simulated registry, kept in the build folder."""

from pathlib import Path

from alkpool import registry


def write(folder: str, lines: int, seed: int) -> int:
    """Write the registry; gives the number of patients."""
    Path(folder).parent.mkdir(parents=True, exist_ok=True)
    return registry.write(Path(folder), lines, seed)
