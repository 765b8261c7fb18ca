"""One error while a link is made is no reason to do without links for good, nor in silence."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from dyncachekeys.quick import check
from dyncachekeys.quick.snapshot import Snapshot
from kit import Demo, DemoMaker, link_texts

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links are not tried there")
CONFIG = '[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["csrc/*"]\n'
FILES = {"csrc/one.c": "1\n", "csrc/two.c": "2\n"}
ALL = 4
"""Links: to these, to `.gitignore`, and to the stamp."""


@pytest.fixture
def refuse(monkeypatch: pytest.MonkeyPatch) -> Callable[[Iterable[int]], None]:
    """Return a function that has some calls of `symlink`, by their numbers, fail."""
    real, counted = os.symlink, [0]

    def refusing(failing: Iterable[int]) -> None:
        numbers = {*failing}
        counted[0] = 0

        def symlink(*arguments: Any, **options: Any) -> None:
            counted[0] += 1
            if counted[0] in numbers:
                raise OSError(errno.EPERM, "Operation not permitted", arguments[1])
            real(*arguments, **options)

        monkeypatch.setattr(os, "symlink", symlink)

    return refusing


def _links(demo: Demo) -> int:
    return len(link_texts(demo.root / ".dyncachekeys/inputs"))


@pytest.mark.parametrize("number", [1, 2])
def test_one_error_costs_nothing(demo_maker: DemoMaker, refuse: Callable[[Iterable[int]], None], number: int) -> None:
    demo = demo_maker(CONFIG, FILES)
    refuse([number])
    report = demo.sync()
    assert (_links(demo), report.warnings) == (ALL, ())
    assert not (demo.root / ".dyncachekeys/no-links").exists()


def test_where_links_are_refused_it_is_told_until_they_are_not(
    demo_maker: DemoMaker, refuse: Callable[[Iterable[int]], None]
) -> None:
    demo = demo_maker(CONFIG, FILES)
    refuse(range(1, 1_000))
    for _ in range(2):
        (warning,) = demo.sync().warnings
        assert warning.code == "no-links"
        assert "Operation not permitted" in warning.message
    assert _links(demo) == 0
    assert "no-links" in demo.cli("check", "--stamp", "--format", "json", check=False).stdout
    refuse([])
    assert demo.sync().move == "kept"  # to use them now would cost a build
    demo.write({"csrc/one.c": "another\n"})
    assert demo.sync().warnings == ()
    assert _links(demo) == ALL
    assert demo.cli("sync").stderr == ""


def test_the_quick_check_notices_that_they_may_be_tried_again(
    demo_maker: DemoMaker, refuse: Callable[[Iterable[int]], None]
) -> None:
    demo = demo_maker(CONFIG, FILES)
    refuse(range(1, 1_000))
    demo.sync()
    (demo.root / ".dyncachekeys/no-links").unlink()
    known = Snapshot.load(os.fspath(demo.root / ".dyncachekeys"))
    assert known is not None
    with pytest.raises(check.NotQuick):
        check.differences(os.fspath(demo.root), known, demo.environ)


def test_who_wants_none_puts_an_empty_file_there(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, {**FILES, ".dyncachekeys/no-links": ""})
    for _ in range(2):
        assert (demo.sync().warnings, _links(demo)) == ((), 0)
