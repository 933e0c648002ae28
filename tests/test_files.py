"""Reading YAML that others wrote: as a person reads it, or refused. Writing: on the disk first."""

import ctypes
import os
import sys
from pathlib import Path

import pytest
from cases import tables

from alkpool import files, paths
from alkpool.compendium import plan
from alkpool.data import cohort
from alkpool.files import read_yaml
from alkpool.intake import mapping, place
from alkpool.problems import DataError, ProjectError

TABLES = tables(paths.COHORTS / "curated")

# 4 ** 14 copies of a key.
BOMB = "a0: &a0 {k: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 15)
)


def read(tmp_path: Path, text: str) -> object:
    path = tmp_path / "a.yaml"
    path.write_text(text, "utf-8")
    return read_yaml(path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "*a0 stands for another place: write out what it means"),
        ("a: &a [1]\nb: *a\n", "*a stands for another place"),
        ("<<: {a: 1}\na: 2\n", "the key << merges others"),
        ("b: {<<: {a: 1}}\n", "the key << merges others"),
        ("a: 010\n", "010 is no plain number"),
        ("a: 0x10\n", "0x10 is no plain number"),
        ("a: 6:30\n", "6:30 is no plain number"),
        ("a: 6:30.5\n", "6:30.5 is no plain number"),
        ("a: .nan\n", ".nan is no plain number"),
        ("a: [-.INF]\n", "-.INF is no plain number"),
        ("a: 1\na: 2\n", "the key a stands twice"),
    ],
)
def test_what_yaml_reads_otherwise_than_people_is_refused(
    tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ValueError, match="line 1|line 2") as refused:
        read(tmp_path, text)
    assert message in str(refused.value)


def test_plain_values_are_what_they_look_like(tmp_path: Path) -> None:
    text = "a: 10\nb: -6.5\nc: '010'\nd: 0\ne: 0.5\nf: 6-30\ng: 2020-06-30\n"
    values = read(tmp_path, text)
    assert [str(value) for value in values.values()] == [
        "10", "-6.5", "010", "0", "0.5", "6-30", "2020-06-30",
    ]  # fmt: skip


# What stands at the place of a value; each is wrong for some of them.
VALUES = ["3", "x", "''", "[1]", "[[1, 2]]", "{a: 1}", "true", "null", "2020-01-01", "'?'", ".nan"]
WRITTEN = {
    "compendium.yaml": {
        "title": "T", "cohort": "curated", "extension": "{module: m, records: {a: b}}",
        "parts": "[{title: P, chapters: [{notebook: n, reads: [data/x]}]}]", "colour": "red",
        "parameters": "{a: 1}", "reads": "[data/x]", "extension.module": "m",
    },
    "cohort.yaml": {
        "title": "T", "kind": "own", "synthetic": "false", "description": "D", "licence": "L",
        "search_date": "2020-01-01", "distinct_patients": "[[a, b]]", "colour": "red",
    },
    "mapping.yaml": {
        "sheet": "S", "header_rows": "1", "columns": "{A: {column: sex, words: {F: female}}}",
        "everywhere": "{year: 2020}", "fill_down": "[A]", "colour": "red", "columns.A": "sex",
    },
}  # fmt: skip
THEIR_WORDS = (
    "Value error", "Input should", "Field required", "Extra inputs", "instance of", "pydantic",
    "should match", "Assertion",
)  # fmt: skip


def _said(name: str, folder: Path) -> str:
    try:
        if name == "compendium.yaml":
            plan.read(home=folder)
        elif name == "cohort.yaml":
            return "\n".join(map(str, cohort.read_meta(folder / name, name)[1]))
        else:
            place.fit(mapping.read(folder / "t.csv", mapping.load(folder / name)), TABLES)
    except (DataError, ProjectError) as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", WRITTEN)
def test_what_is_wrong_with_a_file_of_settings_is_said_in_our_words(tmp_path, name):
    """Whatever stands at the place of each of its values, and where a key is missing."""
    (tmp_path / "t.csv").write_text("A,B\nF,1\n")
    good, refused = WRITTEN[name], 0
    for key in good:
        for value in [None, *VALUES]:
            lines = {k: v for k, v in good.items() if "." not in k and k != "colour"}
            if "." in key:
                above, _, below = key.partition(".")
                lines[above] = f"{{{below}: {value}}}"
            elif value is None:
                lines.pop(key, None)
            else:
                lines[key] = value
            text = "".join(f"{k}: {v}\n" for k, v in lines.items())
            (tmp_path / name).write_text(text)
            said = _said(name, tmp_path)
            refused += bool(said)
            assert not [word for word in THEIR_WORDS if word in said], (text, said)
    assert refused > 2 * len(good)


def test_a_file_of_settings_that_nobody_wrote_is_not_read(tmp_path, monkeypatch):
    """Two megabytes took half a minute, and ten would take two."""
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\n" + "#" * 1_000_000, "utf-8")
    monkeypatch.setattr(type(path), "read_text", None)
    with pytest.raises(ValueError, match="it has 1,000,005 bytes; must have at most 1,000,000"):
        read_yaml(path)


def named(descriptor: int) -> str:
    return Path(f"/proc/self/fd/{descriptor}").readlink().name


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file it is")
def test_a_file_is_on_the_disk_before_it_is_in_its_place(tmp_path, monkeypatch):
    done, kept = [], os.fsync

    def synced(descriptor: int) -> None:
        done.append((named(descriptor), (tmp_path / "a.txt").exists()))
        kept(descriptor)

    monkeypatch.setattr(os, "fsync", synced)
    files.write_atomically(tmp_path / "a.txt", "text")
    assert done == [(f".a.txt.{os.getpid()}", False)]


@pytest.mark.skipif(sys.platform != "linux", reason="the call is one of Linux")
def test_a_folder_is_on_the_disk_before_it_is_in_its_place(tmp_path, monkeypatch):
    done, system = [], ctypes.CDLL(None)

    class Told:
        def syncfs(self, descriptor: int) -> int:
            done.append(named(descriptor))
            return system.syncfs(descriptor)

        def renameat2(self, *given: object) -> int:
            done.append("exchanged")
            return system.renameat2(*given)

    (tmp_path / "old").mkdir()
    monkeypatch.setattr(ctypes, "CDLL", lambda _: Told())
    with files.staged(tmp_path / "old") as stage:
        (stage / "a.txt").write_text("text")
    assert done == [".old.new", "exchanged"]
    assert (tmp_path / "old" / "a.txt").read_text() == "text"
