"""Print how long the package is, and refuse a module of more than 600 lines.

Code lines are those without docstrings, comments and blank lines.
"""

import ast
import sys
import tokenize
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LONGEST = 600
PLACES = ("src/alkpool", "reconstruction", "benchmarks")


def code_lines(path: Path) -> int:
    """Count the lines of a file that hold code."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                docstrings |= set(range(first.lineno, (first.end_lineno or 0) + 1))
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    with path.open("rb") as file:
        tokens = [t for t in tokenize.tokenize(file.readline) if t.type not in skipped and t.string]
    held = {line for t in tokens[1:] for line in range(t.start[0], t.end[0] + 1)}
    return len(held - docstrings)


def main() -> int:
    """Print the sums; 1 where a module is too long."""
    long = []
    for place in PLACES:
        files = sorted((ROOT / place).rglob("*.py"))
        lines = {path: len(path.read_text("utf-8").splitlines()) for path in files}
        code = sum(map(code_lines, files))
        print(f"{place}: {sum(lines.values())} lines, {code} of them code, {len(files)} modules")
        long += [(path, count) for path, count in lines.items() if count > LONGEST]
    for path, count in long:
        print(f"{path.relative_to(ROOT)}: {count} lines; at most {LONGEST}", file=sys.stderr)
    return int(bool(long))


if __name__ == "__main__":
    sys.exit(main())
