"""Writing files so that nobody ever sees half of one."""

import os
from pathlib import Path


def write_atomically(path: Path, text: str) -> None:
    """Write a UTF-8 text file: readers see the old one or the new one, never a part."""
    write_if_changed(path, text.encode("utf-8"))


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write a file so that readers see the old or the new one; leave it alone when it is equal.

    Returns
    -------
    bool
        Whether it was written.
    """
    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        temporary.write_bytes(content)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    return True
