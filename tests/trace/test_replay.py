"""Which questions to git are asked again, and which are not: what writes, starts programs, or waits."""

from __future__ import annotations

import pytest

from dyncachekeys.trace.replay import Question, question


def asked(line: str) -> Question | None:
    return question("\x1f".join([".", *line.split()]))


@pytest.mark.parametrize(
    "line",
    [
        "describe --tags",
        "rev-parse HEAD",
        "log -1 --format=%H",
        "rev-list --count HEAD",
        "cat-file -t HEAD",
        "for-each-ref refs/tags",
        "show -s --format=%ct",
        "show --no-patch HEAD",
        "show --name-only",
        "diff --quiet",
        "diff --stat HEAD",
        "diff-index --quiet HEAD",
        "status --porcelain",
        "ls-files",
        "tag",
        "tag --list v*",
        "tag --points-at HEAD",
        "tag --sort=-v:refname",
        "branch",
        "branch --show-current",
        "branch --contains HEAD",
        "branch -a",
        "branch -r --format=%(refname)",
        "branch --list -r x",
        "symbolic-ref HEAD",
        "symbolic-ref --short HEAD",
        "-C sub rev-parse HEAD",
        "--git-dir .git describe",
        "--git-dir=.git --work-tree=. describe",
        "-c core.abbrev=8 describe",
        "--no-pager log -1",
        "log -n1 --pretty=format:%H -- src/-p",
        "log --simplify-by-decoration --topo-order --decorate=full HEAD --format=%H%d",
        "describe --dirty --tags --long --match *[0-9]*",
        "rev-parse --abbrev-ref HEAD",
        "rev-list HEAD --left-right",
        "status -sb",
        "status --porcelain --untracked-files=no",
        "status -uno",
        "branch -vv",
        "ls-files -cz --exclude-standard",
    ],
)
def test_what_only_looks_is_asked_again(line: str) -> None:
    assert asked(line) is not None


@pytest.mark.parametrize(
    "line",
    [
        "",
        "-C",
        "-C sub",
        "--git-dir .git",
        "--exec-path=/x describe",
        "-p log",
        "tag v1",
        "tag -d v1",
        "branch x",
        "branch -D x",
        "branch -r -d origin/x",
        "branch -a new",
        "branch --sort=refname new",
        "branch --edit-description",
        "branch --list -rd x",
        "tag --sort=refname v2",
        "tag -l -d v1",
        "show",
        "show HEAD",
        "diff",
        "diff HEAD",
        "symbolic-ref HEAD refs/heads/x",
        "symbolic-ref -d HEAD",
        "symbolic-ref --delete HEAD",
        "symbolic-ref",
        "log --output=x",
        "diff --quiet --output x",
        "diff --quiet --ext-diff",
        "log -p --textconv",
        "cat-file --batch",
        "cat-file --batch-check",
        "rev-list --stdin",
        "log --patch",
        "log -u",
        "commit -m x",
        "log --outp=x",
        "diff --quiet --outpu=x",
        "diff --stat --ext",
        "log --format=%G?",
        "for-each-ref --format=%(signature)",
        "rev-list --alternate-refs HEAD",
        "cat-file --filters HEAD:x",
        "status -v",
        "ls-files -X x",
        "log -Sx",
        "log --show-signature",
        "grep x",
        "archive HEAD",
        "config user.name",
        "fetch",
        "alias-of-somebody",
    ],
)
def test_what_may_do_more_is_not(line: str) -> None:
    assert asked(line) is None


def test_options_in_front_stay_where_they_lead_elsewhere() -> None:
    found = question("sub/folder\x1f-C\x1f..\x1f--git-dir=x\x1f-c\x1fa.b=c\x1fdescribe\x1f--tags")
    assert found is not None
    assert found.folder == "sub/folder"
    assert found.arguments == ("-C", "..", "--git-dir=x", "describe", "--tags")
    assert found.shown == "-C .. --git-dir=x describe --tags"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("status", True),
        ("diff --quiet", True),
        ("ls-files", True),
        ("describe --dirty", True),
        ("describe --dirty=.local", True),
        ("describe --broken", True),
        ("describe", False),
        ("tag --list", False),
    ],
)
def test_which_answers_depend_on_the_work_tree(line: str, expected: bool) -> None:
    found = asked(line)
    assert found is not None
    assert found.of_work_tree is expected
