"""Reading YAML that others wrote: what it holds is what a person reads there, or it is refused."""

from pathlib import Path

import pytest

from alkpool.files import read_yaml

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
