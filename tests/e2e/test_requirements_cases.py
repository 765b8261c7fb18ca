"""The `requirements` resolver with the real uv. Case 10 of the collected situations."""

from __future__ import annotations

import pytest

from kit import DIGEST_TRANSPORT, Demo, DemoMaker

WATCH = pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
FILES = {
    "reqs.txt": "one\n-r base.txt\n-c constraints.txt\n",
    "base.txt": "two\n",
    "constraints.txt": "two<3\n",
    "unrelated.txt": "three\n",
}


def make(demo_maker: DemoMaker, watch: str, files: dict[str, str] = FILES) -> Demo:
    config = f"""
    [tool.dyncachekeys]
    watch = "{watch}"
    [tool.dyncachekeys.keys.requirements]
    resolver = "requirements"
    files = ["reqs.txt"]
    """
    return demo_maker(config, files)


@WATCH
@pytest.mark.parametrize("name", ["reqs.txt", "base.txt", "constraints.txt"])
def test_an_included_file_is_edited(demo_maker: DemoMaker, watch: str, name: str) -> None:
    """Case 10."""
    demo = make(demo_maker, watch)
    demo.settled()
    demo.append(name, "more\n")
    assert (demo.both(), demo.both()) == (1, 0)


@WATCH
def test_what_is_not_included_does_not_count(demo_maker: DemoMaker, watch: str) -> None:
    demo = make(demo_maker, watch)
    demo.settled()
    demo.append("unrelated.txt", "more\n")
    assert demo.both() == 0


@WATCH
def test_an_include_is_added_and_taken_away(demo_maker: DemoMaker, watch: str) -> None:
    demo = make(demo_maker, watch)
    demo.settled()
    demo.append("reqs.txt", "-r unrelated.txt\n")
    assert (demo.both(), demo.both()) == (1, 0)
    demo.append("unrelated.txt", "more\n")
    assert (demo.both(), demo.both()) == (1, 0)
    demo.edit("reqs.txt", "-r unrelated.txt\n", "")
    assert (demo.both(), demo.both()) == (1, 0)
    demo.append("unrelated.txt", "even more\n")
    assert demo.both() == 0


@WATCH
def test_an_included_file_is_deleted_and_comes_back(demo_maker: DemoMaker, watch: str) -> None:
    demo = make(demo_maker, watch)
    demo.settled()
    (demo.root / "base.txt").unlink()
    (warning,) = demo.sync().warnings
    assert (
        warning.message == "reqs.txt:2 includes `base.txt`, and there is no such file: fix the line, or make the file"
    )
    assert (demo.both(), demo.both()) == (1, 0)
    demo.write({"base.txt": "two\n"})
    assert (demo.both(), demo.both()) == (1, 0)


@WATCH
def test_a_cycle(demo_maker: DemoMaker, watch: str) -> None:
    files = {"reqs.txt": "-r one.txt\n", "one.txt": "-r two.txt\n", "two.txt": "-r one.txt\n-r reqs.txt\n"}
    demo = make(demo_maker, watch, files)
    demo.settled()
    demo.append("two.txt", "more\n")
    assert (demo.both(), demo.both()) == (1, 0)


@WATCH
def test_out_of_the_tree(demo_maker: DemoMaker, watch: str) -> None:
    demo = make(demo_maker, watch, {"reqs.txt": "-r ../shared/base.txt\n"})
    shared = demo.root.parent / "shared"
    shared.mkdir()
    (shared / "base.txt").write_text("-c constraints.txt\n")
    (shared / "constraints.txt").write_text("one<2\n")
    demo.settled()
    for name in ("base.txt", "constraints.txt"):
        with (shared / name).open("a") as stream:
            stream.write("# more\n")
        assert (demo.both(), demo.both()) == (1, 0)


@WATCH
def test_a_variable_in_the_path(demo_maker: DemoMaker, watch: str) -> None:
    demo = make(demo_maker, watch, {"reqs.txt": "-r ${DEPS}/base.txt\n", "one/base.txt": "1\n", "two/base.txt": "2\n"})
    demo.both(DEPS="one")
    assert demo.both(DEPS="one") == 0
    assert (demo.both(DEPS="two"), demo.both(DEPS="two")) == (1, 0)
    demo.append("one/base.txt", "more\n")
    assert demo.both(DEPS="two") == 0


@WATCH
def test_the_next_run_through_the_command_line_sees_it(demo_maker: DemoMaker, watch: str) -> None:
    """Also where the run before had nothing to do, and its snapshot answered."""
    demo = make(demo_maker, watch)
    demo.settled()
    for _ in range(2):
        demo.cli("sync")
    assert demo.uv_sync() == 0
    demo.append("constraints.txt", "more\n")
    demo.cli("sync")
    assert demo.uv_sync() == 1
    (demo.root / "base.txt").unlink()
    demo.cli("sync")
    assert demo.uv_sync() == 1
