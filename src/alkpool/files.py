"""Writing files so that nobody ever sees half of one, and reading YAML that others wrote."""

import ctypes
import errno
import fcntl
import hashlib
import os
import re
import shutil
import stat
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import yaml

from alkpool import paths
from alkpool.problems import DataError, Problem, refuse, shortened

if TYPE_CHECKING:
    import jinja2
    from pydantic import BaseModel

_Model = TypeVar("_Model", bound="BaseModel")


def write_atomically(path: Path, text: str) -> None:
    """Write a UTF-8 text file: readers see the old one or the new one, never a part."""
    write_if_changed(path, text.encode("utf-8"))


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write a file so that readers see the old or the new one; leave it alone when it is equal.

    What is there stays what it is: a file keeps its mode and owner, a link leads where it led, and
    a device or pipe is written to.

    Returns
    -------
    bool
        Whether it was written.
    """
    # Behind /dev/stdout may be a file, to which others have written before.
    place = os.path.realpath(path.parent)
    stream = place == "/dev" or place.startswith("/proc/")
    if path.exists() and (stream or not path.is_file()):
        with path.open("ab") as opened:
            opened.write(content)
        return True
    target = Path(os.path.realpath(path))
    if target.is_file() and target.read_bytes() == content:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with temporary.open("wb") as file:
            if target.exists():
                _keep_access(file.fileno(), target.stat())
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    return True


def _keep_access(descriptor: int, before: os.stat_result) -> None:
    # Only root can give a file to somebody else; then nobody else may read what was private.
    with suppress(PermissionError):
        os.fchown(descriptor, before.st_uid, before.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(before.st_mode))


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Let one process at a time work in a folder; others say so, and wait. It leaves no file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"waiting: another run works in {paths.shown(folder)}", flush=True)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def yaml_beside(module: str) -> Any:
    """Read the YAML file of a module's own name, which is ours and needs no slow check."""
    text = Path(module).with_suffix(".yaml").read_text(encoding="utf-8")
    return yaml.load(text, yaml.CSafeLoader)


def templates(**settings: Any) -> "jinja2.Environment":
    """Give Jinja as our templates are written: a gap that nothing fills is an error."""
    import jinja2

    return jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        **settings,
    )


def filled_in_beside(module: str, **context: Any) -> str:
    """Fill in the Jinja template of Markdown of a module's own name."""
    text = Path(module).with_suffix(".md.j2").read_text(encoding="utf-8")
    return templates().from_string(text).render(context)


# Numbers that YAML reads in another way than people: 010 is 8, 0x10 is 16, 6:30 is 390, 6_0 is 60.
_STRANGE_NUMBER = re.compile(r"[-+]?(0[0-9bx].*|[0-9_]+:.*|[0-9.]+_.*|\.(nan|inf))", re.IGNORECASE)


def _refuse(problem: str, place: Any) -> NoReturn:
    """Refuse a node or event, with its line."""
    raise yaml.MarkedYAMLError(problem=problem, problem_mark=place.start_mark)


# Such a file takes a quarter of a minute to read, and nobody writes a longer one.
MAX_YAML_BYTES = 1_000_000


class _Loader(yaml.SafeLoader):
    """Refuses what YAML reads in silence and nobody means.

    A key that stands twice, of which the last would be kept; the key <<, whose keys would be others
    than those that stand there; numbers that are others than they look; and aliases, with which a
    few lines become more than the memory holds.
    """

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            alias = self.get_event()  # type: ignore[no-untyped-call]
            _refuse(f"*{alias.anchor} stands for another place: write out what it means", alias)
        return super().compose_node(parent, index)

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        if any(key.tag == "tag:yaml.org,2002:merge" for key, _ in node.value):
            _refuse("the key << merges others: write them out", node)

    def construct_scalar(self, node: yaml.ScalarNode | yaml.MappingNode) -> str:
        is_number = node.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
        if is_number and _STRANGE_NUMBER.fullmatch(node.value):
            meant = "write one such as 10 or 6.5, and put text into quotation marks"
            _refuse(f"{shortened(node.value)} is no plain number: {meant}", node)
        return super().construct_scalar(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        keys = Counter(key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode))
        if twice := [key for key, times in keys.items() if times > 1]:
            _refuse(f"the key {twice[0]} stands twice", node)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path) -> object:
    """Read a YAML file.

    Raises
    ------
    ValueError
        Where it is not readable; the text says why in one line.
    """
    if (size := path.stat().st_size) > MAX_YAML_BYTES:
        raise ValueError(f"it has {size:,} bytes; must have at most {MAX_YAML_BYTES:,}")
    try:
        return yaml.load(path.read_text("utf-8"), _Loader)
    except UnicodeDecodeError:
        raise ValueError("it must be saved as UTF-8 text") from None
    except RecursionError:
        raise ValueError("its brackets are too deep") from None
    # What PyYAML raises for a value that contradicts its tag, or an impossible date, is no error
    # of its own.
    except (yaml.YAMLError, ValueError, AttributeError, LookupError) as error:
        reason = " ".join(str(error).split())
        raise ValueError(f"{reason[:300]}" or type(error).__name__) from None


def validated(model: type[_Model], path: Path, label: str) -> _Model:
    """Read a YAML file as what a pydantic model says it holds.

    Parameters
    ----------
    model : type of BaseModel
        The description of a field says what it must be; a validator says in its ValueError what
        the value must or must not be.
    path, label : Path, str
        The file, and how messages name it.

    Raises
    ------
    DataError
        With every key that is missing, unknown or wrong.
    """
    # It is slow to import, and most of the commands read no such file.
    from pydantic import ValidationError

    if not path.is_file():
        refuse(label, "the file is missing")
    try:
        return model.model_validate(read_yaml(path))
    except ValidationError as errors:
        raise DataError([_in_our_words(each, model, label) for each in errors.errors()]) from None
    except ValueError as error:
        refuse(label, f"is not readable YAML ({error})")


# What we say of the errors of pydantic, by their type: first of keys, then of values.
_OF_KEYS = {
    "missing": "the key {} is missing",
    "extra_forbidden": "the key {} is unknown",
    "invalid_key": "the key {} is unknown",
    "model_type": "{} must be lines of 'key: value'",
}
_OF_VALUES = {
    "string_type": "must be text, with quotation marks around yes, no or a date",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be lines of 'key: value'",
}


def _in_our_words(error: Mapping[str, Any], model: "type[BaseModel]", label: str) -> Problem:
    key, kind = ".".join(map(str, error["loc"]))[:80], error["type"]
    if said := _OF_KEYS.get(kind):
        keys = f"; the keys are {', '.join(model.model_fields)}" if len(error["loc"]) < 2 else ""
        return Problem(label, None, "", "", f"{said.format(key).strip()}{keys}")
    found = "" if error["input"] is None else str(error["input"])
    field = model.model_fields.get(key)
    allowed = _OF_VALUES.get(kind) or re.sub(r"^\w+ should", "must", error["msg"])
    if kind == "value_error":
        allowed = str(error["ctx"]["error"])
    elif field and field.description:
        allowed = f"must be {field.description}"
    return Problem(label, None, "", found, f"{key} {allowed}")


def files_in(folder: Path, pattern: str = "*") -> dict[str, Path]:
    """Files of a folder and of those in it, by their place there."""
    found = sorted(path for path in folder.rglob(pattern) if path.is_file())
    return {path.relative_to(folder).as_posix(): path for path in found}


def digests(folder: Path, but: str) -> dict[str, str]:
    """SHA-256 of the files of a folder and of those in it, but one, by their place there."""
    files = {name: path for name, path in files_in(folder).items() if name != but}
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in files.items()}


def hash_of(texts: Iterable[str], files: Iterable[Path]) -> str:
    """Hash texts, and files by their place in the project and their content."""
    total = hashlib.sha256("\0".join(texts).encode())
    for path in sorted(set(files)):
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").digest()
        total.update(b"\0" + os.path.relpath(path, paths.HOME).encode() + b"\0" + content)
    return total.hexdigest()


@contextmanager
def staged(folder: Path) -> Iterator[Path]:
    """Give a copy of a folder to change, which takes its place when nothing went wrong.

    Raises
    ------
    OSError
        Where the copy cannot be made, or where somebody else changed the folder meanwhile: their
        work would be lost. The folder is as it was, or as they left it.
    """
    folder = Path(os.path.realpath(folder))
    stage = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(stage, ignore_errors=True)  # of a process that died
    try:
        before = states(folder)
        if folder.is_dir():
            # Nobody may read what is private while it is copied.
            stage.mkdir(mode=0o700)
            shutil.copytree(folder, stage, symlinks=True, dirs_exist_ok=True)
        else:
            stage.mkdir(parents=True)
        yield stage
        if changed := sorted(place for place, _, _ in states(folder) ^ before):
            reason = "was changed meanwhile by somebody else; nothing was done, run it again"
            raise OSError(errno.EBUSY, reason, str(changed[0]))
        exchange(stage, folder)
    except shutil.Error as errors:
        _, copy, reason = errors.args[0][0]
        raise OSError(errno.EIO, reason, copy) from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def states(folder: Path) -> set[tuple[Path, int, int]]:
    """Files of a folder with their size and the time of their last change."""
    files = ((path, path.lstat()) for path in folder.rglob("*") if not path.is_dir())
    return {(path, state.st_size, state.st_mtime_ns) for path, state in files}


def exchange(new: Path, target: Path) -> None:
    """Put a finished folder in the place of another, which is removed.

    On Linux there is no moment without a folder in that place, and the new one is on the disk
    before it is in its place.
    """
    if sys.platform == "linux":
        descriptor = os.open(new, os.O_RDONLY)
        ctypes.CDLL(None).syncfs(descriptor)
        os.close(descriptor)
    if not target.exists():
        new.rename(target)
        return
    at_cwd, swap = -100, 2  # AT_FDCWD and RENAME_EXCHANGE of renameat2(2)
    paths_swapped = sys.platform == "linux" and not ctypes.CDLL(None).renameat2(
        at_cwd, os.fsencode(new), at_cwd, os.fsencode(target), swap
    )
    if not paths_swapped:
        old = target.with_name(f".{target.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        target.rename(old)
        new.rename(target)
        new = old
    shutil.rmtree(new)
