"""Run one measurement in a process of its own: ``python -m benchmarks.child MODULE:FUNCTION JSON``.

The process prints what the function returns, and the most memory it ever held, as JSON.
"""

import json
import resource
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1]


class Failed(RuntimeError):
    """A measurement that did not finish; the text is what it printed."""


def run(function: str, **arguments: object) -> dict[str, Any]:
    """Call ``MODULE:FUNCTION`` of this package in a new process."""
    command = [sys.executable, "-m", "benchmarks.child", function, json.dumps(arguments)]
    done = subprocess.run(command, cwd=HOME, capture_output=True, text=True)
    if done.returncode != 0:
        raise Failed(f"{function} {arguments}:\n{done.stderr}")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def peak_megabytes() -> float:
    """Most memory this process has held so far."""
    # In kilobytes, but on macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def main() -> None:
    """Call the function and print its result."""
    module, function = sys.argv[1].split(":")
    result = getattr(import_module(f"benchmarks.{module}"), function)(**json.loads(sys.argv[2]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
