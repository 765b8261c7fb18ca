"""`explain`, as its user reads it: before and after the fact, in text and JSON.

That it names each change of each end-to-end scenario, and foretells what uv does, is asserted where those are
run: in `Demo.both`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kit import BACKEND_KEY, Demo, DemoMaker, sees_links

CONFIG = """
[tool.ruff]
line-length = 100

[tool.dyncachekeys]
watch = "{watch}"
{more}

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/*.c"]

[tool.dyncachekeys.keys.toolchain]
resolver = "env"
names = ["CC", "MY_TOKEN"]

[tool.dyncachekeys.keys.project]
resolver = "table"
tables = ["project", "build-system"]
"""
FILES = {"csrc/a.c": "a\n", "csrc/b.c": "b\n", "csrc/notes.txt": "n\n", ".gitignore": ".venv/\nuv.lock\n*.log\n"}


def exact(maker: DemoMaker) -> Demo:
    demo = maker(CONFIG.format(watch="digest", more="defaults = false"), FILES)
    demo.settled()
    demo.tick()
    return demo


def told(demo: Demo, *arguments: str, **environ: str) -> str:
    return demo.cli("explain", *arguments, check=True, **environ).stdout


def as_json(demo: Demo, *arguments: str, **environ: str) -> dict[str, Any]:
    document = json.loads(demo.cli("explain", "--format", "json", *arguments, check=True, **environ).stdout)
    assert document["version"] == 1
    (project,) = document["projects"]
    return dict(project)


def test_before_the_first_sync(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG.format(watch="digest", more=""), FILES)
    before = sorted(path.name for path in demo.root.rglob("*"))
    assert told(demo) == (
        "demo: not synced yet, or the memory of it is gone: the next sync makes uv build it\n"
        "uv sees: demo is not installed in the project's environment\n"
        "Next: `dyncachekeys run -- uv sync`\n"
    )
    assert as_json(demo)["outlook"] == {
        "verdict": "installs",
        "certain": True,
        "spared": [],
        "seen": [{"fact": "not-installed", "subject": "demo"}],
    }
    assert sorted(path.name for path in demo.root.rglob("*")) == before


def test_what_changed_and_why_it_counts(demo_maker: DemoMaker) -> None:
    demo = exact(demo_maker)
    demo.append("csrc/a.c", "more\n")
    demo.write({"csrc/new.c": ""})
    (demo.root / "csrc/b.c").unlink()
    demo.edit("build_backend/helper.py", "return []", "return  []")
    assert told(demo, CC="clang").splitlines() == [
        "demo: uv will build it once `dyncachekeys sync` has run; until then it sees nothing",
        "Since the last sync:",
        " ~ backend    build_backend/helper.py changed  (imported by build_backend/core.py:5)",
        " ~ sources    csrc/a.c changed  (matches csrc/*.c)",
        " - sources    csrc/b.c  (matches csrc/*.c)",
        " + sources    csrc/new.c  (matches csrc/*.c)",
        " ~ toolchain  CC changed  (named)",
        "uv sees: .dyncachekeys/current will lead elsewhere: what changed above is seen through it",
        "Next: `dyncachekeys run -- uv sync`",
    ]
    assert told(demo, "sources").splitlines()[1:5] == [
        "Since the last sync:",
        " ~ sources  csrc/a.c changed  (matches csrc/*.c)",
        " - sources  csrc/b.c  (matches csrc/*.c)",
        " + sources  csrc/new.c  (matches csrc/*.c)",
    ]
    found = as_json(demo, CC="clang")
    assert found["outlook"] == {
        "verdict": "builds-after-sync",
        "certain": True,
        "spared": [],
        "seen": [{"fact": "stamp-moves", "subject": ".dyncachekeys/current"}],
    }
    causes = {
        (change["kind"], change["subject"]): change["cause"]
        for some in found["since"]["changes"].values()
        for change in some
    }
    assert causes == {
        ("changed", "build_backend/helper.py"): "content",
        ("changed", "csrc/a.c"): "content",
        ("removed", "csrc/b.c"): "gone",
        ("added", "csrc/new.c"): "new-input",
        ("changed", "CC"): "value",
    }


def test_after_the_rebuild(demo_maker: DemoMaker) -> None:
    """When people ask."""
    demo = exact(demo_maker)
    demo.append("csrc/a.c", "more\n")
    demo.both()
    lines = told(demo).splitlines()
    assert lines[0] == "demo: uv has nothing to build"
    assert lines[1].startswith("Nothing has changed since the last sync. The last change was seen at 20")
    assert lines[2:] == [
        " ~ sources  csrc/a.c changed  (matches csrc/*.c)",
        "   Stamped demo: uv will rebuild it",
        "Next: nothing. If uv should build, name what it depends on in a key",
    ]
    last = as_json(demo)["last"]
    assert last["move"] == "moved"
    assert [change["subject"] for change in last["changes"]["sources"]] == ["csrc/a.c"]


WITHOUT_EFFECT: dict[str, tuple[Callable[[Demo], object], str, dict[str, str]]] = {
    "a table that no key selects": (
        lambda demo: demo.edit("pyproject.toml", "line-length = 100", "line-length = 99"),
        "   pyproject.toml  only [tool.ruff] differs, which no key selects",
        {"subject": "pyproject.toml", "why": "tables", "detail": "tool.ruff"},
    ),
    "layout": (
        lambda demo: demo.append("pyproject.toml", "\n# a comment\n"),
        "   pyproject.toml  only its layout, comments or the generated region differ",
        {"subject": "pyproject.toml", "why": "layout", "detail": ""},
    ),
    "the same content": (
        lambda demo: demo.write({"csrc/a.c": "a\n"}),
        "   csrc/a.c  rewritten with the same content",
        {"subject": "csrc/a.c", "why": "same-content", "detail": ""},
    ),
    "no key selects it": (
        lambda demo: demo.append("csrc/notes.txt", "more\n"),
        "   csrc/notes.txt  no key selects it",
        {"subject": "csrc/notes.txt", "why": "not-selected", "detail": ""},
    ),
}


@pytest.mark.parametrize("case", WITHOUT_EFFECT)
def test_what_was_edited_without_effect(case: str, demo_maker: DemoMaker) -> None:
    edit, line, item = WITHOUT_EFFECT[case]
    demo = exact(demo_maker)
    edit(demo)
    lines = told(demo).splitlines()
    assert lines[0] == "demo: uv has nothing to build"
    assert lines[lines.index("Edited, but without effect:") + 1] == line
    assert as_json(demo)["without_effect"] == [item]
    assert demo.both() == 0


def test_what_git_ignores_is_told_only_if_asked(demo_maker: DemoMaker) -> None:
    demo = exact(demo_maker)
    demo.write({"csrc/made.log": ""})
    assert "made.log" not in told(demo)
    assert "csrc/made.log  git ignores it, and no key names it" in told(demo, "-v")


def test_what_plain_uv_sees_by_itself(demo_maker: DemoMaker) -> None:
    # Without what leaves no trace: after a build without a sync nobody knows what that was.
    config = CONFIG.format(watch="auto", more="").partition("[tool.dyncachekeys.keys.project]")[0]
    demo = demo_maker(config.replace(', "MY_TOKEN"', ""), FILES)
    demo.settled()
    demo.tick()
    demo.append("csrc/a.c", "more\n")
    demo.write({"csrc/b.c": "b\n"})
    lines = told(demo, CC="clang").splitlines()
    assert lines[0] == "demo: uv will build it"
    assert "uv sees: csrc/a.c is newer than all that uv saw when it built" in lines
    assert "uv sees: csrc/b.c was rewritten with the same content, and uv goes by the time" in lines
    assert "uv sees: the variable CC has another value" in lines
    demo.uv_sync()
    assert told(demo).splitlines()[0] == "demo: uv has nothing to build"
    demo.edit("pyproject.toml", "line-length = 100", "line-length = 99")
    assert "   pyproject.toml differs in tool.ruff" in told(demo).splitlines()


@sees_links
def test_a_new_file_that_uv_cannot_see_yet(demo_maker: DemoMaker) -> None:
    """No link leads to its folder, since the pattern names none."""
    demo = demo_maker(BACKEND_KEY + '[tool.dyncachekeys.keys.c]\nresolver = "files"\npatterns = ["*.c"]\n', FILES)
    demo.settled()
    demo.tick()
    demo.write({"csrc/new.c": "n\n"})
    outlook = as_json(demo)["outlook"]
    assert outlook["verdict"] == "builds-after-sync"
    assert "csrc/new.c" not in [seen["subject"] for seen in outlook["seen"]]
    assert "once `dyncachekeys sync` has made a link to it" in told(demo, "csrc/new.c")
    assert demo.uv_sync() == 0
    assert demo.both() == 1


def test_after_plain_uv_has_built(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    demo.settled()
    demo.tick()
    demo.append("build_backend/helper.py", "# more\n")
    assert "uv sees the change by itself" in demo.cli("sync").stdout
    assert demo.uv_sync() == 1
    demo.append("build_backend/helper.py", "# and more\n")
    assert demo.uv_sync() == 1
    assert "so uv has nothing to do" in demo.cli("sync").stdout
    assert demo.uv_sync() == 0


def test_what_git_calls_modified_and_nobody_watches(demo_maker: DemoMaker) -> None:
    """Wherever it is, and also if it was modified before the last sync; what is new only since then."""
    demo = demo_maker(CONFIG.format(watch="auto", more=""), {**FILES, "docs/deep/x.md": "x\n", "docs/same.md": "s\n"})
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message=first")
    demo.write({"docs/deep/x.md": "edited\n", "docs/old.md": "o\n"})
    demo.tick()
    demo.settled()
    demo.tick()
    demo.write({"docs/new.md": "n\n"})
    found = [(one["subject"], one["why"]) for one in as_json(demo)["without_effect"]]
    assert found == [("docs/deep/x.md", "not-selected"), ("docs/new.md", "not-selected")]
    assert "`dyncachekeys explain PATH` says of one why" in told(demo)


PATHS: dict[str, tuple[str, str]] = {
    "csrc/a.c": ("watched\n   sources: matches csrc/*.c; plain uv sees an edit of it", "says whether uv will build"),
    "csrc": ("   sources: 2 inputs in it; plain uv sees", "says whether uv will build"),
    "csrc/made.txt": ("   the key `more` chooses it, and its `exclude` leaves it out", "take it out of `exclude`"),
    "csrc/x.log": ("   git ignores it, though the key `more` would choose it", '`patterns = ["/csrc/x.log"]`'),
    "docs/x[1].md": ("not watched, so an edit of it has uv build nothing\n   no key names it", '["/docs/x\\[1].md"]`'),
    "docs": ("docs (folder, demo): not watched", '`patterns = ["/docs/"]`'),
    "gone.txt": ("gone.txt (nothing is there, demo): not watched", '`patterns = ["/gone.txt"]`'),
    "../beside.h": ("   more: matches ../*.h; plain uv sees", "says whether"),
    "own/x.txt": ("   tool.uv.cache-keys: your own entry `own/*.txt`", "says whether"),
    "data.json": ("   data: table whole of data.json; uv sees an edit of it once `dyncachekeys sync`", "says whether"),
    ".git/HEAD": ("   no pattern enters `.git`", '`resolver = "git"`'),
    ".venv": ("   git ignores it\n", "and `gitignore = false`"),
}
OF_PATHS = """
[tool.dyncachekeys.keys.more]
resolver = "files"
patterns = ["csrc/", "../*.h"]
exclude = ["made.*"]

[tool.dyncachekeys.keys.data]
resolver = "table"
file = "data.json"

[tool.uv]
cache-keys = [{ file = "own/*.txt" }]
"""


@sees_links
def test_a_path(demo_maker: DemoMaker) -> None:
    files = dict.fromkeys(("csrc/made.txt", "csrc/x.log", "docs/x[1].md", "../beside.h", "own/x.txt"), "x\n")
    demo = demo_maker(CONFIG.format(watch="auto", more="") + OF_PATHS, {**FILES, **files, "data.json": "{}"})
    demo.git("init", "--quiet")
    demo.settled()
    for path, (says, do) in PATHS.items():
        shown = told(demo, path)
        assert says in shown, path
        assert do in shown.partition("Next: ")[2], path
    (one,) = json.loads(demo.cli("explain", "--format", "json", "csrc/made.txt").stdout)["projects"]
    assert (one["path"]["why_not"], one["path"]["detail"]) == ("excluded", "more")
    here = Demo(demo.root / "docs", demo.beside).cli("explain", "x[1].md").stdout
    assert here == told(demo, "docs/x[1].md")
    assert "there is no key, and no file, `unknown`" in demo.cli("explain", "unknown", check=False).stderr


def test_several_syncs_back(demo_maker: DemoMaker) -> None:
    demo = exact(demo_maker)
    for change in ({"csrc/new.c": ""}, {"csrc/a.c": "other\n"}, {"csrc/passing.c": ""}):
        demo.write(change)
        demo.sync()
    (demo.root / "csrc/passing.c").unlink()
    lines = told(demo, "--since", "3").splitlines()
    assert lines[1] == "Since the last 3 changes and now:"
    assert lines[2:4] == [
        " ~ sources    csrc/a.c changed  (matches csrc/*.c)",
        " + sources    csrc/new.c  (matches csrc/*.c)",
    ]
    assert "passing" not in "".join(lines)
    assert as_json(demo, "--since", "1")["since"]["changes"] == {}
    assert as_json(demo, "--since", "20")["since"]["changes_back"] == 4


@pytest.mark.parametrize("number", ["-1", "21", "x", ""])
def test_since_that_is_no_number_of_syncs(number: str, demo_maker: DemoMaker) -> None:
    done = demo_maker(CONFIG.format(watch="auto", more="")).cli("explain", f"--since={number}", check=False)
    assert done.returncode == 2
    assert f"argument --since: `{number}` is not a number from 0 to 20" in done.stderr


def test_key_that_is_not_there(demo_maker: DemoMaker) -> None:
    done = demo_maker(CONFIG.format(watch="auto", more="")).cli("explain", "source", check=False)
    assert done.returncode == 2
    assert "there is no key, and no file, `source`\n  do: did you mean `sources`?" in done.stderr


def test_history_that_is_damaged_is_no_history(demo_maker: DemoMaker) -> None:
    demo = exact(demo_maker)
    for line in ('{"at": 1}\n', '{"move": "up", "why": [], "changes": {}, "at": "x", "previous": null}\n', "[]\n", "{"):
        (demo.root / ".dyncachekeys/history").write_text(line, encoding="utf-8")
        assert as_json(demo)["last"] is None
        assert told(demo, "--since", "5").startswith("demo: uv has nothing to build\n")


RAISES = """
import os

def found(context):
    raise RuntimeError("no toolchain")
"""


def test_a_secret_appears_nowhere(demo_maker: DemoMaker, tmp_path: Path) -> None:
    demo = exact(demo_maker)
    secrets = [f"s3cr3t-{number}-value" for number in range(3)]
    said = []
    for secret in secrets:
        environ = {"MY_TOKEN": secret, "CC": secret}
        for command in (
            ("explain",),
            ("check", "--stamp"),
            ("sync",),
            ("explain", "-v"),
            ("explain", "--since", "5", "--format", "json"),
            ("show",),
            ("show", "--format", "json"),
            ("digest",),
            ("sync", "--format", "json"),
        ):
            done = demo.cli(*command, check=False, **environ)
            said += [done.stdout, done.stderr]
    demo.write({"keys.py": RAISES})
    demo.append("pyproject.toml", '\n[tool.dyncachekeys.keys.own]\nresolver = "keys:found"\n')
    for form in ("text", "json"):
        done = demo.cli("sync", "--format", form, check=False, MY_TOKEN=secrets[0])
        assert done.returncode == 2
        said += [done.stdout, done.stderr]
    assert "MY_TOKEN" in "".join(said)
    kept = [path.read_bytes() for path in (demo.root / ".dyncachekeys").rglob("*") if path.is_file()]
    assert len(kept) > 4
    for secret in secrets:
        assert not any(secret in text for text in said)
        assert not any(secret.encode() in data for data in kept)
    assert not any(secret in path.name for secret in secrets for path in tmp_path.rglob("*"))


@pytest.mark.parametrize("why", ["set", "no-build-system"])
def test_a_project_that_uv_never_builds(why: str, demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["*.c"]\n', {"a.c": "a\n"})
    if why == "set":
        demo.edit("pyproject.toml", "[tool.dyncachekeys.keys", "[tool.uv]\npackage = false\n\n[tool.dyncachekeys.keys")
        cause = "tool.uv.package is false"
    else:
        demo.edit("pyproject.toml", "[build-system]", "[tool.other]")
        cause = "it has no [build-system]"
    first = demo.cli("sync", check=True)
    assert f"warning: pyproject.toml: uv does not build demo: {cause}, so its keys have no effect" in first.stderr
    demo.write({"a.c": "b\n"})
    again = demo.cli("sync", check=True)
    assert " ~ sources   a.c changed" in again.stdout
    assert "demo: uv does not build it" in again.stdout
    assert "will rebuild" not in first.stdout + again.stdout
    assert demo.uv_sync() == 0
    explained = told(demo)
    assert explained.startswith("demo: uv does not build it, whatever changes\n")
    assert "Next: add a [build-system], or leave" in explained
    assert as_json(demo)["outlook"]["verdict"] == "not-built"
    assert "DCK081" not in demo.cli("doctor", "--uv").stdout
