"""Stands in for papermill where a test is about the pipeline and not about kernels.

The cells run one after another in a plain Python: no IPython, and no kernel to start.
"""

import json
import os
import subprocess
import sys
from typing import Any

import nbformat

# Tells of each cell that it has begun, and then what it showed or how it failed.
PYTHON = """\
import contextlib, ctypes, io, json, os, signal, sys, types

if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # it ends with its parent, as a kernel does
if os.getppid() != int(sys.argv[1]):
    sys.exit()  # which has ended already
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # or ends now
displayed = []
ipython, words = types.ModuleType("IPython"), types.ModuleType("IPython.display")
words.display = lambda data, raw, metadata: displayed.append(
    {"output_type": "display_data", "data": data, "metadata": metadata})
words.Markdown = lambda text: words.display({"text/markdown": text}, True, {})
sys.modules |= {"IPython": ipython, "IPython.display": words}
teller, told, names = sys.stdout, sys.stdin, {"__name__": "__main__"}
for number, source in json.load(told):
    print(json.dumps({"begun": number}), file=teller, flush=True)
    displayed.clear()
    failed, printed, warned = None, io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(warned):
        try:
            exec(source, names)
        except BaseException as error:
            failed = [type(error).__name__, str(error)]
    streams = {"stdout": printed.getvalue(), "stderr": warned.getvalue()}
    outputs = [{"output_type": "stream", "name": name, "text": text}
               for name, text in streams.items() if text]
    ended = {"ended": number, "outputs": outputs + displayed, "failed": failed}
    print(json.dumps(ended), file=teller, flush=True)
    if failed:
        break
"""


class PapermillExecutionError(Exception):
    """A cell failed."""

    def __init__(self, ename: str, evalue: str) -> None:
        super().__init__(evalue)
        self.ename, self.evalue = ename, evalue


class DeadKernelError(RuntimeError):
    """The process of the cells is gone."""


def execute_notebook(
    notebook: Any,
    output: str,
    *,
    parameters: dict[str, Any],
    kernel_manager_class: Any,
    **_: object,
) -> Any:
    """Run the cells as papermill does, and write the notebook as far as it ran."""
    cells = notebook.cells
    tagged = next(
        n for n, cell in enumerate(cells) if "parameters" in cell.metadata.get("tags", [])
    )
    lines = "\n".join(f"{name} = {value!r}" for name, value in parameters.items())
    injected = nbformat.v4.new_code_cell(f"# Parameters\n{lines}")
    injected.metadata["tags"] = ["injected-parameters"]
    cells.insert(tagged + 1, injected)
    code = [(n, cell.source) for n, cell in enumerate(cells) if cell.cell_type == "code"]
    process = subprocess.Popen(
        [sys.executable, "-c", PYTHON, str(os.getpid())], text=True, stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, cwd=kernel_manager_class.folder,
        env=kernel_manager_class.environment,
    )  # fmt: skip
    printed, _ = process.communicate(json.dumps(code))
    failed = None
    for line in printed.splitlines():
        said = json.loads(line)
        if "begun" in said:
            cells[said["begun"]].metadata["papermill"] = {"start_time": "2022-01-01"}
            continue
        cell, failed = cells[said["ended"]], said["failed"]
        cell["outputs"] = [nbformat.from_dict(each) for each in said["outputs"]]
    nbformat.write(notebook, output.format())
    if process.returncode:
        raise DeadKernelError("Kernel died")
    if failed:
        raise PapermillExecutionError(*failed)
    return notebook
