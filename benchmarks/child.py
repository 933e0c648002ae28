"""Run one measurement in a process of its own: ``python -m benchmarks.child MODULE:FUNCTION JSON``.

The process prints what the function returns, and the most memory it ever held, as JSON.
"""

import gc
import json
import resource
import signal
import subprocess
import sys
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parents[1]


class Failed(RuntimeError):
    """A measurement that did not finish; the text is what it printed."""


class TooLong(RuntimeError):
    """A measurement that was stopped at its limit of time."""


def run(function: str, *, limit: float | None = None, **arguments: object) -> dict[str, Any]:
    """Call ``MODULE:FUNCTION`` of this package in a new process, for ``limit`` seconds at most."""
    command = [sys.executable, "-m", "benchmarks.child", function, json.dumps(arguments)]
    process = subprocess.Popen(
        command, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    with process:
        try:
            output, errors = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            # It stops what it has started, as for a person who presses Ctrl+C.
            process.send_signal(signal.SIGINT)
            process.communicate()
            raise TooLong(f"{function} {arguments}: took longer than {limit} s") from None
    if process.returncode != 0:
        raise Failed(f"{function} {arguments}:\n{errors}")
    found: dict[str, Any] = json.loads(output.splitlines()[-1])
    return found


def peak_megabytes(who: int = resource.RUSAGE_SELF) -> float:
    """Most memory that this process, or the largest of its finished children, has held so far."""
    # In kilobytes, but on macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(who).ru_maxrss * unit / 1e6


def forget_peak() -> None:
    """Let the peak of this process begin anew at what it holds; only Linux can."""
    gc.collect()
    with suppress(OSError):
        # See proc_pid_clear_refs(5): 5 resets the peak resident set size.
        Path("/proc/self/clear_refs").write_text("5")


def main() -> None:
    """Call the function and print its result."""
    module, function = sys.argv[1].split(":")
    result = getattr(import_module(f"benchmarks.{module}"), function)(**json.loads(sys.argv[2]))
    print(json.dumps(result))


if __name__ == "__main__":
    main()
