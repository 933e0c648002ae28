"""The command line in this process: what it prints, and its exit code."""

import contextlib
import io
import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

from alkpool.cli import main


def alkpool(*arguments, cwd=None, stdin=None, **environment) -> subprocess.CompletedProcess[str]:
    """Run the command; in a process of its own where it reads standard input or a setting."""
    words = ["alkpool", *map(str, arguments)]
    environment = {"COLUMNS": "120"} | environment
    if stdin is not None or environment.keys() - {"COLUMNS"}:
        return subprocess.run(
            [Path(sys.executable).with_name("alkpool"), *words[1:]], capture_output=True,
            encoding="utf-8", check=False, cwd=cwd, input=stdin, env=os.environ | environment,
        )  # fmt: skip
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    code = 0
    with (
        contextlib.chdir(cwd or Path.cwd()),
        mock.patch.object(sys, "argv", words),
        mock.patch.dict(os.environ, environment),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
    printed, errors = (stream.buffer.getvalue().decode() for stream in (out, err))
    return subprocess.CompletedProcess(words, code, printed, errors)
