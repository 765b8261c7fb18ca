"""One pattern: which are allowed, where it can match, and whether it chooses a path."""

from __future__ import annotations

import pytest

from dyncachekeys.files.gitignore import Rules
from dyncachekeys.files.pattern import Pattern, check, escaped, exactly, matches, parse


@pytest.mark.parametrize(
    ("text", "base", "body", "anchored", "literal"),
    [
        ("a.c", "", "a.c", False, "a.c"),
        ("/a.c", "", "/a.c", True, "a.c"),
        ("src/a.c", "", "src/a.c", True, "src/a.c"),
        ("src/", "", "src/", False, None),
        ("*.c", "", "*.c", False, None),
        ("a\\*", "", "a\\*", False, None),
        ("../a.c", "..", "/a.c", True, "a.c"),
        ("..//a.c", "..", "/a.c", True, "a.c"),
        ("../../a/b", "../..", "/a/b", True, "a/b"),
        ("#a", "", "#a", False, "#a"),
    ],
)
def test_it_is_taken_apart(text: str, base: str, body: str, anchored: bool, literal: str | None) -> None:
    found = parse(text)
    assert found == Pattern(text, base, body)
    assert (found.anchored, found.literal) == (anchored, literal)
    assert check(text) is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it chooses nothing; name a file, a folder (`src/`) or a glob"),
        ("/", "it chooses nothing; name a file, a folder (`src/`) or a glob"),
        ("../", "it chooses nothing; name a file, a folder (`src/`) or a glob"),
        ("a\0b", "it chooses nothing; name a file, a folder (`src/`) or a glob"),
        ("!a", "`!` does not work here; name it in `exclude`"),
        ("~/a", "it must be relative to the project, the same on every machine"),
        ("C:/a", "it must be relative to the project, the same on every machine"),
        ("a/../b", "`..` can only stand at the beginning"),
        ("a/..", "`..` can only stand at the beginning"),
    ],
)
def test_what_is_not_allowed(text: str, message: str) -> None:
    assert check(text) == f"pattern `{text}`: {message}"
    assert not matches(text, "a")
    with pytest.raises(ValueError, match=r"^pattern `"):
        parse(text)


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("*.c", "a.c", True),
        ("*.c", "src/deep/a.c", True),
        ("*.c", "a.h", False),
        ("/*.c", "src/a.c", False),
        ("src/", "src/deep/a.c", True),
        ("src/", "src", False),  # a file of that name is no folder
        ("src/", "other/a.c", False),
        ("src", "src", True),
        ("/src/*.c", "src/a.c", True),
        ("/src/*.c", "src/deep/a.c", False),
        ("#a", "#a", True),
        ("#a", "a", False),
        ("../*.c", "../a.c", True),
        ("../*.c", "a.c", False),
        ("../*.c", "../../a.c", False),
        ("*.c", "../a.c", False),
        ("../../x/", "../../x/a.c", True),
    ],
)
def test_whether_it_chooses_a_path(text: str, path: str, expected: bool) -> None:
    assert matches(text, path) is expected


@pytest.mark.parametrize("path", ["a.c", "src/a.c", "a*b", "a?b", "[ab].c", "a\\b", "#a", "../a*.c", "a b"])
def test_exactly_one_path(path: str) -> None:
    pattern = exactly(path)
    assert check(pattern) is None
    assert matches(pattern, path)
    assert not matches(pattern, f"x/{path}" if not path.startswith("../") else f"../x/{path[3:]}")
    for other in ("aXb", "a.c2", "b.c", "ab", "../ab.c"):
        assert not matches(pattern, other) or other == path


def test_a_list_of_rules_has_comments_and_patterns_have_none() -> None:
    assert escaped("#a") == "\\#a"
    assert escaped("a#") == "a#"
    assert Rules(["#a"]).top.find("#a", is_dir=False) == -1
    assert Rules([escaped("#a")]).top.find("#a", is_dir=False) == 0
