"""The usual command lines are read without argparse; what is read is what argparse would give."""

from __future__ import annotations

import itertools

import pytest

from dyncachekeys.cli import usual
from dyncachekeys.cli.parser import parse

OPTIONS = ("-q", "--quiet", "-v", "--verbose", "--hook", "--stamp", "--no-fail")
LINES = [
    [name, *options, *rest]
    for name, rest in (
        ("sync", ()),
        ("check", ()),
        ("run", ("--", "uv", "sync", "-q", "--")),
        ("run", ("--", "--", "x")),
    )
    for size in range(3)
    for options in itertools.combinations(OPTIONS, size)
]


def _command(argv: list[str]) -> list[str]:
    return argv[1:] if argv[:1] == ["--"] else argv


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_as_argparse_reads_it(line: list[str]) -> None:
    options = usual.parse(line)
    if options is None:
        return
    expected, found = vars(parse(line)), dict(vars(options))
    if line[0] == "run":
        assert _command(found.pop("argv")) == _command(expected.pop("argv"))
    assert found == expected


def test_most_of_them_are_usual() -> None:
    assert sum(usual.parse(line) is not None for line in LINES) > len(LINES) // 3


@pytest.mark.parametrize(
    "line",
    [
        [],
        ["-v", "sync"],
        ["show"],
        ["sync", "--project", "x"],
        ["sync", "--format=json"],
        ["sync", "--"],
        ["sync", "x"],
        ["check", "--no-fail"],
        ["run"],
        ["run", "--"],
        ["run", "uv", "sync"],
        ["run", "--hook", "--", "uv"],
        ["--help"],
    ],
    ids=" ".join,
)
def test_it_is_for_argparse(line: list[str]) -> None:
    assert usual.parse(line) is None
