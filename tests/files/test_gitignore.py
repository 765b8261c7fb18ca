"""The matcher of gitignore patterns, with the real git as the judge.

``DYNCACHEKEYS_MATCHING_EXAMPLES=5000`` asks it for longer.
"""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from pathspec import GitIgnoreSpec

from dyncachekeys.files.gitignore import FolderRules, Rules

IGNORE_FILE = ".gitignore"
GIT = ("git", "-c", "core.ignorecase=false", "-c", "core.precomposeunicode=false")
ENVIRONMENT = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
ANY_BYTES = sys.platform == "linux"  # elsewhere, some can't be names
for_long = settings(
    max_examples=int(os.environ.get("DYNCACHEKEYS_MATCHING_EXAMPLES", "50")),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


class Repository:
    """A git repository whose work tree is made anew for each example."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._git("init", "-q")

    def make(self, files: Iterable[str], ignore: Mapping[str, Sequence[str]]) -> None:
        """Make files, and the ignore files of folders from their lines."""
        for old in self.root.iterdir():
            if old.name != ".git":
                shutil.rmtree(old) if old.is_dir() else old.unlink()
        for path in map(self.root.joinpath, files):
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                continue  # a file can't be a folder as well
            if not path.exists():
                path.touch()
        for folder, lines in ignore.items():
            if (self.root / folder).is_dir():
                text = "\n".join(lines).encode("utf-8", "surrogateescape")
                (self.root / folder / IGNORE_FILE).write_bytes(text)

    def left_by_git(self) -> set[str]:
        listed = self._git("ls-files", "-o", "--exclude-standard", "-z")
        return {os.fsdecode(path) for path in listed.split(b"\0") if path}

    def left_by_rules(self) -> set[str]:
        return set(self._walk("", []))

    def _walk(self, folder: str, places: list[tuple[Rules, FolderRules]]) -> Iterator[str]:
        here = self.root / folder
        if (here / IGNORE_FILE).is_file():
            text = (here / IGNORE_FILE).read_bytes().decode("utf-8", "surrogateescape")
            rules = Rules(text.split("\n"))
            places = [(rules, rules.top), *places]
        for path in here.iterdir():
            name, is_dir = path.name, path.is_dir()
            found = ((rules, place.find(name, is_dir)) for rules, place in places)
            said = next((not rules.negated[index] for rules, index in found if index >= 0), False)
            if said or name == ".git":
                continue
            if is_dir:
                yield from self._walk(f"{folder}{name}/", [(rules, place.enter(name)) for rules, place in places])
            else:
                yield folder + name

    def _git(self, *arguments: str) -> bytes:
        ran = subprocess.run([*GIT, *arguments], cwd=self.root, env=ENVIRONMENT, check=True, stdout=subprocess.PIPE)
        return ran.stdout


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    return Repository(tmp_path_factory.mktemp("repository"))


def place_of(rules: Rules, folder: str) -> FolderRules:
    place = rules.top
    for name in filter(None, folder.split("/")):
        place = place.enter(name)
    return place


def chosen(lines: Sequence[str], paths: Iterable[str]) -> dict[str, int]:
    """Return the paths of files that match, or a folder of which does, with the index of the last such line."""
    rules, found = Rules(lines), {}
    for folder, _, name in (path.rpartition("/") for path in paths):
        place = place_of(rules, folder)
        index = max(place.below, place.find(name, False))
        if index >= 0:
            found[f"{folder}/{name}".removeprefix("/")] = index
    return found


TREE = ["a.c", "a.h", "b.c.d", "ab", "c", "d/a.c", "d/c", "d/e/a.c", "d/e/f/a.c", "e/d/a.c", "[x]", "#x", "!x", "x y"]
EACH_A_C = "a.c, d/a.c, d/e/a.c, d/e/f/a.c, e/d/a.c"
BELOW_D = "d/a.c, d/c, d/e/a.c, d/e/f/a.c"
EVERYTHING = ", ".join([*TREE, IGNORE_FILE])


SAMPLES: list[tuple[list[str], str]] = [
    # where it stands
    (["*.c"], EACH_A_C),
    (["/*.c"], "a.c"),
    (["d/*.c"], "d/a.c"),
    (["*/a.c"], "d/a.c"),
    (["*/*/a.c"], "d/e/a.c, e/d/a.c"),
    (["d"], f"{BELOW_D}, e/d/a.c"),
    (["d/"], f"{BELOW_D}, e/d/a.c"),
    (["/d"], BELOW_D),
    (["d/e/"], "d/e/a.c, d/e/f/a.c"),
    (["a.c/"], ""),
    *((line, "") for line in (["/"], ["//"], ["d//e"], ["../a.c"], ["./a.c"])),
    # any number of folders
    (["**"], EVERYTHING),
    (["/**"], EVERYTHING),
    (["**/"], f"{BELOW_D}, e/d/a.c"),
    (["**/d"], f"{BELOW_D}, e/d/a.c"),
    (["**/e/a.c"], "d/e/a.c"),
    (["**/*/a.c"], "d/a.c, d/e/a.c, d/e/f/a.c, e/d/a.c"),
    (["d/**"], BELOW_D),
    (["d/**/"], "d/e/a.c, d/e/f/a.c"),
    (["d/**/a.c"], "d/a.c, d/e/a.c, d/e/f/a.c"),
    (["d/***/a.c"], "d/a.c, d/e/a.c, d/e/f/a.c"),
    (["d/**/f/**"], "d/e/f/a.c"),
    (["**\\/a.c"], "d/a.c, d/e/a.c, d/e/f/a.c, e/d/a.c"),
    (["**c"], f"c, d/c, {EACH_A_C}"),
    # within a name
    (["?"], f"c, {BELOW_D}, e/d/a.c"),
    (["*.?"], f"a.h, b.c.d, {EACH_A_C}"),
    (["*b*"], "b.c.d, ab"),
    (["[a-c]"], "c, d/c"),
    (["[c-a]"], "c, d/c"),
    (["[!a]"], f"c, {BELOW_D}, e/d/a.c"),
    (["[^a]"], f"c, {BELOW_D}, e/d/a.c"),
    (["[[:lower:]]"], f"c, {BELOW_D}, e/d/a.c"),
    (["[[]x[]]]"], ""),
    (["[[]x[]]"], "[x]"),
    (["d[/]c"], ""),
    *((line, "") for line in (["[a"], ["[]"], ["[!]"], ["[[:lower:]"], ["[[:nope:]]"], ["[[:nope:]a-z]"])),
    # escapes
    (["\\[x]"], "[x]"),
    (["\\c"], "c, d/c"),
    (["d\\/c"], "d/c"),
    (["c\\"], ""),
    (["#x"], ""),
    (["\\#x"], "#x"),
    (["!x"], ""),
    (["\\!x"], "!x"),
    # the end of a line
    (["a.c  "], EACH_A_C),
    (["x y"], "x y"),
    (["x\\ y "], "x y"),
    (["x y\\ "], ""),
    (["a.c\r"], EACH_A_C),
    (["a.c \r"], EACH_A_C),
    (["a.c\r "], ""),
    (["a.c\r\r"], ""),
    (["a.c\0b"], EACH_A_C),
    # the last that matches
    (["", "# x", "a.c"], EACH_A_C),
    (["a.c", "!/a.c"], "d/a.c, d/e/a.c, d/e/f/a.c, e/d/a.c"),
    (["!a.c", "a.c"], EACH_A_C),
    (["d/*", "!d/c"], "d/a.c, d/e/a.c, d/e/f/a.c"),
    (["/d", "!d/c"], BELOW_D),
    (["!a.c", "*"], EVERYTHING),
]


@pytest.fixture(scope="module")
def sample_results(repository: Repository) -> tuple[set[str], set[str]]:
    """Return the files that git and the rules leave of a tree with all samples, each in a folder of its own."""
    tree = [f"{number}/{path}" for number in range(len(SAMPLES)) for path in TREE]
    repository.make(tree, {str(number): lines for number, (lines, _) in enumerate(SAMPLES)})
    return repository.left_by_git(), repository.left_by_rules()


@pytest.mark.parametrize("number", range(len(SAMPLES)), ids=[repr(lines) for lines, _ in SAMPLES])
def test_samples(sample_results: tuple[set[str], set[str]], number: int) -> None:
    left = {*TREE, IGNORE_FILE} - set(SAMPLES[number][1].split(", "))
    for result in sample_results:
        assert {path.partition("/")[2] for path in result if path.startswith(f"{number}/")} == left


@pytest.mark.parametrize(
    ("line", "paths", "wanted"),
    [
        ("c*", ["abc", "cab", "x.c", "c"], {"cab", "c"}),  # what is at the end is no extension
        (".c*", ["x.c", ".cx", ".c"], {".cx", ".c"}),
        ("*c", ["cab", "abc", "c"], {"abc", "c"}),
        ("x/[ab]c", ["x/ac", "x/c", "xac", "x/cc"], {"x/ac"}),
        ("[ab]/[cd]", ["a/c", "a/a", "c/a", "b/d"], {"a/c", "b/d"}),
    ],
)
def test_kinds_of_segments_are_told_apart(line: str, paths: list[str], wanted: set[str]) -> None:
    assert chosen([line], paths).keys() == wanted


def test_other_stars_are_like_one() -> None:
    """As gitignore(5) says; only git before 2.52 also finds ``foobar`` and ``foox/y/bar``."""
    assert chosen(["foo**/bar"], ["foo/bar", "foox/bar", "foobar", "foox/y/bar"]) == {"foo/bar": 0, "foox/bar": 0}
    assert chosen(["/foo**"], ["foo", "foox", "x/foo"]) == {"foo": 0, "foox": 0}


@pytest.mark.skipif(not ANY_BYTES, reason="not every byte can be in a name")
@pytest.mark.parametrize(
    ("line", "ignored"),
    [
        ("?", {"!", "\udcff"}),
        ("??", {"é", "\\\\"}),
        ("[é]", set()),
        ("[é][é]", {"é"}),
        ("[!]", set()),
        ("[!a]", {"!", "\udcff"}),
        ("*\udca9", {"é"}),
        ("\udcc3*", {"é"}),
        ("\udcc3\\\udca9", {"é"}),
        ("\udcff", {"\udcff"}),
        ("a?b", {"a\nb"}),
        ("a*b*", {"a\nb"}),
        ("*\\\\", {"\\\\"}),
    ],
)
def test_names_are_bytes(repository: Repository, line: str, ignored: set[str]) -> None:
    tree = {"!", "é", "\udcff", "a\nb", "\\\\"}
    repository.make(tree, {"": [line]})
    left = {*tree, IGNORE_FILE} - ignored
    assert repository.left_by_git() == repository.left_by_rules() == left


@pytest.mark.skipif(not ANY_BYTES, reason="not every byte can be in a name")
def test_classes(repository: Repository) -> None:
    classes = re.findall("[a-z]+", "alnum alpha blank cntrl digit graph lower print punct space upper xdigit")
    others = [os.fsdecode(bytes([byte])) for byte in range(1, 256) if byte != ord("/")]
    lines = [f"{one}[[:{one}:]]" for one in classes]
    repository.make((one + other for one in classes for other in others), {"": lines})
    assert repository.left_by_rules() == repository.left_by_git()


def test_the_last_line_that_matched_is_told() -> None:
    rules = Rules(["# comment", "!*.c", "", "src/", "a.*", "src/deep/"])
    assert rules.negated == (False, True, False, False, False, False)
    assert [rules.top.find(name, False) for name in ("a.c", "b.c", "src", "x")] == [4, 1, -1, -1]
    assert [rules.top.find(name, True) for name in ("src", "x")] == [3, -1]
    below = {"": -1, "x": -1, "src": 3, "src/deep": 5, "src/deep/er": 5}
    assert {folder: place_of(rules, folder).below for folder in below} == below
    assert [place_of(rules, "x").find(name, False) for name in ("a.c", "b.c", "x")] == [4, 1, -1]


def test_where_nothing_can_match_nobody_needs_to_look() -> None:
    assert [Rules([line]).top.can_match for line in ("", "# a", "/src/*.c", "*.c")] == [False, False, True, True]
    assert [Rules(["/src/*.c"]).top.enter(name).can_match for name in ("src", "other")] == [True, False]
    assert Rules(["a/"]).top.enter("a").can_match  # the first line has the index 0
    assert Rules(["/a/"]).top.enter("a").enter("b").can_match


def test_the_last_line_is_told_whatever_its_kind() -> None:
    kinds = ["ab.c", "*.c", "*b.c", "*ab.c", "ab*", "ab.*", "a?.c", "a[b].c", "*", "**/*", "/ab.c", "/*.c"]
    for lines in itertools.permutations(kinds, 3):
        assert Rules(lines).top.find("ab.c", False) == 2, lines


def test_folders_in_which_nothing_differs_share_a_place() -> None:
    rules = Rules(["*.o", "src/**/*.c"])
    src = rules.top.enter("src")
    assert src.enter("a") is src.enter("b") is src
    assert rules.top.enter("a") is rules.top.enter("b").enter("src")


# Names and patterns are made of the same few pieces, so that they meet.
NAMES = ["a", "b", "c", "ab", "a.b", "b.a", "x.a.b", "ab.c", ".a", "a b", "-", "a-b", "1", "]", "^", "!a", "#a", "[a]"]
ODD = ["A", "a]", "*", "**", "?", "a\\", "\\", " a", "a ", "é", "é.b", "\udcff", "\udcc3", "a\n", "\n", "a\r", ":"]
# fmt: off
GLOBS = [
    "*", "**", "***", "?", "??", "*.b", "*.a.b", "a*", "*a", "*a*", "a*b", "*.*", ".*", "*b*a", "a**", "**b", "*.b*",
    "[ab]", "[!a]", "[^a]*", "[a-c]", "[c-a]", "*.[ab]", "[]a]", "[!]a]", "[a", "[", "[]", "[]-a]", "[a-]", "[--1]",
    "[a-c-e]", "a[!x]b", "a ", " ",
]
ODD_GLOBS = [
    "[[:alpha:]]", "[![:alnum:]]", "[[:nope:]]", "[[:alpha:]-z]", "[a-[:alpha:]]", "[[:]", "[[:alpha]", "[[:]a]",
    "[[:alpha:]", "[\\]]", "[\\a-c]", "[a-\\c]", "[a\\-c]", "[/]", "[a/b]", "\\a", "\\*", "\\?", "\\[a]", "\\\\", "a\\",
    "\\#a", "\\!a", "a\\ ", "\\ a", "a\r", "\r", "?é", "*é", "[é]", "*\udcc3", "*\udca9", "\udcc3*", "\udcc3\\\udca9",
]
# fmt: on


def paths(names: Sequence[str]) -> st.SearchStrategy[list[str]]:
    return st.lists(st.lists(st.sampled_from(names), min_size=1, max_size=4).map("/".join), min_size=1, max_size=25)


def patterns(pieces: Sequence[str], alphabet: str) -> st.SearchStrategy[str]:
    """Return patterns that do not negate, of some pieces and of any characters."""
    piece = st.sampled_from(pieces) | st.text(alphabet, max_size=5)
    start = st.sampled_from(["", "", "", "/", "**/"])
    slash = st.sampled_from(["/", "/", "/", "\\/"] if "\\" in alphabet else ["/"])
    end = st.sampled_from(["", "", "", "/", "/", "/**", " "])
    path = st.builds(str.join, slash, st.lists(piece, min_size=1, max_size=4))
    made = st.tuples(start, path, end).map("".join)
    return (made | st.text(alphabet, max_size=10)).filter(
        # `name**/` means something else before git 2.52 (see the module).
        lambda line: not line.startswith("!") and not re.match(r"/?[^*?[\\]*[^*?[\\/]\*\*+(\\?/|[ \r]*$)", line)
    )


some_paths = paths([*NAMES, *ODD] if ANY_BYTES else NAMES)
all_patterns = patterns([*NAMES, *GLOBS, *ODD, *ODD_GLOBS], "ab.*?[]!^-\\/ #:\ré\udcff")
some_lines = st.lists(st.tuples(st.sampled_from(["", "", "!"]), all_patterns).map("".join), max_size=6)


@for_long
@given(tree=some_paths, lines=some_lines)
def test_git_leaves_the_same_files(repository: Repository, tree: list[str], lines: list[str]) -> None:
    repository.make(tree, {"": lines})
    assert repository.left_by_rules() == repository.left_by_git()


@for_long
@given(tree=some_paths, data=st.data())
def test_git_obeys_nested_ignore_files_in_the_same_way(
    repository: Repository, tree: list[str], data: st.DataObject
) -> None:
    folders = sorted({"", *(path.rpartition("/")[0] for path in tree)})
    repository.make(tree, data.draw(st.dictionaries(st.sampled_from(folders), some_lines, max_size=4)))
    assert repository.left_by_rules() == repository.left_by_git()


@for_long
@given(tree=some_paths, lines=some_lines)
def test_each_line_says_what_it_says_alone(tree: list[str], lines: list[str]) -> None:
    alone = [chosen([line], tree) for line in lines]
    last = {path: max((index for index, one in enumerate(alone) if path in one), default=-1) for path in tree}
    assert chosen(lines, tree) == {path: index for path, index in last.items() if index >= 0}


@for_long
@pytest.mark.filterwarnings("ignore:Possible :FutureWarning")  # pathspec's regular expressions
@given(tree=paths(NAMES), lines=st.lists(patterns([*NAMES, *GLOBS], "ab.*?[]!^-/ #:"), max_size=6))
def test_pathspec_chooses_the_same_files(tree: list[str], lines: list[str]) -> None:
    # Where they differ, git is on our side (its tests make all of these): `***` as a segment, a slash in brackets,
    # `/**/` at the end, and a range that goes down, which pathspec refuses. Of what this test's pieces leave out: `?` and brackets
    # beyond ASCII, classes, a backslash in brackets or at the end, a CR at the end, and names with a newline.
    assume(not any("***" in line or re.search(r"\[\]?[^]]*/|/\*\*/ *$", line) for line in lines))
    try:
        spec = GitIgnoreSpec.from_lines(lines, backend="simple")
    except (ValueError, re.error):
        reject()
    assert set(chosen(lines, tree)) == {path for path in tree if spec.check_file(path).include}
