"""The `requirements` resolver: which files are included, read as pip reads them."""

from __future__ import annotations

import codecs
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys import DyncachekeysError
from dyncachekeys.backends.requirement_files import Include, Unreadable, decoded, expanded, includes
from kit import Demo, DemoMaker, refused, told

CONFIG = """
[tool.dyncachekeys]
defaults = false
[tool.dyncachekeys.keys.it]
resolver = "requirements"
"""
REQS = CONFIG + 'files = ["reqs.txt"]\n'


def found(demo: Demo, **environ: str) -> dict[str, str]:
    """Return the inputs with their reasons."""
    (key,) = dyncachekeys.resolve(demo.root, {**demo.environ, **environ}).keys
    return {one.subject: one.reason for one in key.inputs.single}


def said(demo: Demo, **environ: str) -> list[tuple[str, str]]:
    notices = dyncachekeys.resolve(demo.root, {**demo.environ, **environ}).notices
    assert all(notice.where == "tool.dyncachekeys.keys.it" for notice in notices)
    return [(notice.code, notice.message) for notice in notices]


def state(demo: Demo, **environ: str) -> str:
    return dyncachekeys.resolve(demo.root, {**demo.environ, **environ}).digest


# How a line is written, and what it includes.
LINES = {
    "-r base.txt": ["base.txt"],
    "-rbase.txt": ["base.txt"],
    "-r   base.txt": ["base.txt"],
    "-r\tbase.txt": ["base.txt"],
    "--requirement base.txt": ["base.txt"],
    "--requirement=base.txt": ["base.txt"],
    "--requirem base.txt": ["base.txt"],
    "-c base.txt": ["base.txt"],
    "-cbase.txt": ["base.txt"],
    "--constraint base.txt": ["base.txt"],
    "--constraint=base.txt": ["base.txt"],
    "--cons=base.txt": ["base.txt"],
    "  -r base.txt  ": ["base.txt"],
    "-r base.txt # why": ["base.txt"],
    "-r base.txt#not": ["base.txt#not"],
    "-r 'with space.txt'": ["with space.txt"],
    '-r "with space.txt"': ["with space.txt"],
    "-r with\\ space.txt": ["with space.txt"],
    "--requirement='with space.txt'": ["with space.txt"],
    "-r \\\nbase.txt": ["base.txt"],
    "-r ba\\\nse.txt": ["base.txt"],
    "--requirement=\\\n  base.txt": [""],
    "pkg \\\n  --hash=sha256:00 \\\n  --hash=sha256:11\n-r base.txt": ["base.txt"],
    "-r \\\n# a comment ends it\nbase.txt": [""],
    "# a comment \\\n-r base.txt": ["base.txt"],
    "-r base.txt\r\n-c other.txt\r\n": ["base.txt", "other.txt"],
    "-r base.txt\\": ["base.txt"],
    "-r": [""],
    "--requirement=": [""],
    "# -r base.txt": [],
    "pkg -r base.txt": [],
    "pkg==1 ; python_version < '3'": [],
    "-e ./local": [],
    "-e -r": [],
    "--editable=./local": [],
    "./pkg": [],
    "../pkg": [],
    "file.txt": [],
    "--require-hashes": [],
    "--require": [],
    "--con x": [],
    "--config-settings a=b": [],
    "--index-url https://example.org -r base.txt": ["base.txt"],
    "-i -r": [],
    "--find-links -c": [],
    "-r ${DEPS}/base.txt": ["${DEPS}/base.txt"],
}


@pytest.mark.parametrize("text", LINES)
def test_a_line(text: str) -> None:
    assert [one.target for one in includes(text) if isinstance(one, Include)] == LINES[text]


@pytest.mark.parametrize("text", ["-r 'base.txt", '-r "', "--hash ' -r base.txt"])
def test_a_line_that_can_not_be_read(text: str) -> None:
    assert list(includes(f"\n{text}\n-r base.txt")) == [Unreadable(2, "No closing quotation"), Include(3, "base.txt")]


def test_the_line_is_the_first_of_continued_ones() -> None:
    assert list(includes("one\n-r \\\n\\\nbase.txt\n-c c.txt")) == [Include(2, "base.txt"), Include(5, "c.txt")]


# What pip makes of the same lines. Its parser is no API: so it is asked in a test, and not depended on.
PIP = """
import json, pathlib, sys
try:
    from pip._internal.req.req_file import RequirementsFileParser, get_line_parser
    read = RequirementsFileParser(None, get_line_parser(None))._parse_file
except (ImportError, AttributeError, TypeError):
    sys.exit(3)
answers, file = {}, pathlib.Path(sys.argv[1])
for text in json.loads(sys.stdin.read()):
    file.write_bytes(text.encode())
    found = [line.opts for line in read(str(file), False) if getattr(line, "requirement", None) is None]
    answers[text] = [one for opts in found for one in opts.requirements or opts.constraints or []]
print(json.dumps(answers))
"""
REFUSED = {"--require", "--con x", "-r", "-i -r", "-e -r", "--find-links -c", "-r \\\n# a comment ends it\nbase.txt"}
"""By pip."""


def test_pip_reads_the_lines_alike(tmp_path: Path) -> None:
    lines = [text for text in LINES if text not in REFUSED]
    command = [sys.executable, "-c", PIP, str(tmp_path / "reqs.txt")]
    done = subprocess.run(command, input=json.dumps(lines), capture_output=True, text=True, check=False)
    if done.returncode == 3:
        pytest.skip("there is no pip here, or one with other insides")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {text: LINES[text] for text in lines}


@pytest.mark.parametrize(
    ("raw", "text", "wrong"),
    [
        (codecs.BOM_UTF8 + "-r ä".encode(), "-r ä", ""),
        (codecs.BOM_UTF16_LE + "-r ä".encode("utf-16-le"), "-r ä", ""),
        (codecs.BOM_UTF16_BE + "-r ä".encode("utf-16-be"), "-r ä", ""),
        (codecs.BOM_UTF32_LE + "-r ä".encode("utf-32-le"), "-r ä", ""),
        (codecs.BOM_UTF32_BE + "-r ä".encode("utf-32-be"), "-r ä", ""),
        ("-r ä".encode(), "-r ä", ""),
        ("# -*- coding: latin-1 -*-\n-r ä".encode("latin-1"), "# -*- coding: latin-1 -*-\n-r ä", ""),
        ("#!x\n# coding=cp1252\n-r ä".encode("cp1252"), "#!x\n# coding=cp1252\n-r ä", ""),
        ("\n\n# coding: latin-1\nä".encode(), "\n\n# coding: latin-1\nä", ""),
        ("# ä\n-r b".encode("latin-1"), "# \udce4\n-r b", ""),
        (b"# coding: martian\n-r b", "# coding: martian\n-r b", "martian"),
        (b"# coding: hex\n-r b", "# coding: hex\n-r b", "hex"),
        (b"# coding: ascii\n# \xe4\n-r b", "# coding: ascii\n# \udce4\n-r b", "ascii"),
    ],
)
def test_encoding(raw: bytes, text: str, wrong: str) -> None:
    assert decoded(raw) == (text, wrong)


@pytest.mark.parametrize(
    ("target", "path", "names"),
    [
        ("${A}/x", "one/x", ["A"]),
        ("${A}/${B_2}/${A}", "one/two/one", ["A", "B_2"]),
        ("${EMPTY}/x", "${EMPTY}/x", ["EMPTY"]),
        ("${UNSET}/x", "${UNSET}/x", ["UNSET"]),
        ("$A/${a}/%A%", "$A/${a}/%A%", []),
        ("${SPACE}", "a b", ["SPACE"]),
    ],
)
def test_variables(target: str, path: str, names: list[str]) -> None:
    environ = {"A": "one", "B_2": "two", "EMPTY": "", "a": "no", "SPACE": "a b"}
    assert expanded(target, environ) == (path, names)


def test_includes_are_relative_to_the_including_file(demo_maker: DemoMaker) -> None:
    files = {
        "requirements.txt": "one\n-r deps/base.txt\n",
        "requirements-dev.txt": "-r requirements.txt\n-c deps/constraints.txt\n",
        "deps/base.txt": "# nothing\n-c ./constraints.txt\n-r ../more.txt\n",
        "deps/constraints.txt": "",
        "more.txt": "-r ../shared/base.txt\n",
        "unrelated.txt": "",
    }
    demo = demo_maker(CONFIG + 'files = ["requirements*.txt"]\n', files)
    shared = demo.root.parent / "shared/base.txt"
    shared.parent.mkdir()
    shared.write_text("-r nested/last.txt\n")
    assert found(demo) == {
        "requirements.txt": "matches requirements*.txt",
        "requirements-dev.txt": "matches requirements*.txt",
        "deps/base.txt": "included by requirements.txt:2",
        "deps/constraints.txt": "included by requirements-dev.txt:2",
        "more.txt": "included by deps/base.txt:3",
        "../shared/base.txt": "included by more.txt:1",
        "../shared/nested/last.txt": "included by ../shared/base.txt:1",
    }
    message = "../shared/base.txt:1 includes `../shared/nested/last.txt`, and there is no such file: fix the line, or make the file"
    assert said(demo) == [("included-file-missing", message)]


def test_a_cycle(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS, {"reqs.txt": "-r a.txt\n-r reqs.txt\n", "a.txt": "-c b.txt", "b.txt": "-r ./reqs.txt"})
    assert list(found(demo)) == ["a.txt", "b.txt", "reqs.txt"]
    assert said(demo) == []


@pytest.mark.parametrize("there", ["", "folder", "broken link"])
def test_a_missing_file_is_a_state_and_a_warning(demo_maker: DemoMaker, there: str) -> None:
    demo = demo_maker(REQS, {"reqs.txt": "\n-r base.txt\n"})
    path = demo.root / "base.txt"
    if there == "folder":
        path.mkdir()
    elif there:
        path.symlink_to("nowhere.txt")
    assert said(demo) == [
        (
            "included-file-missing",
            "reqs.txt:2 includes `base.txt`, and there is no such file: fix the line, or make the file",
        ),
    ]
    missing = state(demo)
    if there == "folder":
        path.rmdir()
    elif there:
        path.unlink()
    demo.write({"base.txt": "one\n"})
    assert state(demo) != missing
    assert said(demo) == []


def test_a_chosen_file_that_is_missing(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS)
    assert found(demo) == {}
    assert said(demo) == [("pattern-matches-nothing", "pattern `reqs.txt` matches nothing: fix it, or take it out")]
    before = state(demo)
    demo.write({"reqs.txt": ""})
    assert state(demo) != before


def test_variables_in_paths_of_includes_count(demo_maker: DemoMaker) -> None:
    text = "--index-url https://${MY_TOKEN}@example.org\npkg @ https://${OTHER}/x\n-r ${DEPS}/base.txt\n"
    demo = demo_maker(REQS, {"reqs.txt": text, "one/base.txt": "", "two/base.txt": ""})
    assert found(demo, DEPS="one", MY_TOKEN="x", OTHER="x") == {
        "reqs.txt": "matches reqs.txt",
        "one/base.txt": "included by reqs.txt:3",
        "DEPS": "in the path of an include in reqs.txt:3",
    }
    assert "two/base.txt" in found(demo, DEPS="two")
    assert state(demo, DEPS="one") != state(demo, DEPS="two")
    assert state(demo, DEPS="one") == state(demo, DEPS="one", MY_TOKEN="y", OTHER="y")
    missing = "reqs.txt:3 includes `${DEPS}/base.txt`, and there is no such file: fix the line, or make the file"
    assert said(demo) == [("included-file-missing", missing)]


def test_absolute_paths_are_taken_as_relative(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS, {"reqs.txt": "-r ${HERE}/deps/base.txt\n", "deps/base.txt": ""})
    assert "deps/base.txt" in found(demo, HERE=str(demo.root))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("-r https://user:secret@example.org/r.txt", "includes a URL, which is not followed"),
        ("-c HTTP://example.org/r.txt", "includes a URL, which is not followed"),
        ("-r file:///r.txt", "includes a URL, which is not followed"),
        ("-r", "includes nothing: a path is missing"),
        ("-c ''", "includes nothing: a path is missing"),
        (
            "-r ~/r.txt",
            (
                "includes what can't be followed: `~/r.txt` is absolute, and so differs between machines; "
                "write it relative to the project"
            ),
        ),
        ("-r a\0b", "includes what can't be followed: a path can't hold a NUL character"),
    ],
)
def test_what_can_not_be_followed_is_a_warning(demo_maker: DemoMaker, line: str, message: str) -> None:
    demo = demo_maker(REQS, {"reqs.txt": f"one\n{line}\n"})
    assert found(demo) == {"reqs.txt": "matches reqs.txt"}
    assert said(demo) == [("include-not-followed", f"reqs.txt:2 {message}")]


def test_a_line_that_can_not_be_split_is_a_warning(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS, {"reqs.txt": "-r 'base.txt\n"})
    message = "reqs.txt:1 can't be read (No closing quotation), so nothing in it is followed"
    assert said(demo) == [("requirements-line", message)]


def test_an_encoding_that_it_is_not_in_is_a_warning(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS, {"reqs.txt": "# coding: martian\n-r base.txt\n", "base.txt": ""})
    message = "reqs.txt is not in the encoding that it names, martian; read as UTF-8"
    assert said(demo) == [("requirements-encoding", message)]
    assert "base.txt" in found(demo)


def test_names_that_are_not_utf_8_can_be_shown(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS, {"reqs.txt": b"-r b\xe4se.txt\n"})
    for arguments in (["show"], ["sync"], ["show", "--format", "json"]):
        done = demo.cli(*arguments)
        assert "Traceback" not in done.stderr


def test_local_packages_are_not_inputs(demo_maker: DemoMaker) -> None:
    text = "-e ./local\n./pkg\n../other\n--editable local2\nfile:./x\n"
    demo = demo_maker(REQS, {"reqs.txt": text, "local/pyproject.toml": "", "pkg/pyproject.toml": ""})
    assert found(demo) == {"reqs.txt": "matches reqs.txt"}
    assert said(demo) == []


def test_whole_files_count(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS, {"reqs.txt": "one\n"})
    before = state(demo)
    demo.append("reqs.txt", "# a comment\n")
    assert state(demo) != before


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("", "[missing-option] tool.dyncachekeys.keys.it.files\n  is missing\n  do: add `files = ...`\n"),
        (
            'files = "reqs.txt"',
            '[wrong-type] tool.dyncachekeys.keys.it.files\n  must be a list, not "reqs.txt"\n  do: write it as `[...]`\n',
        ),
        (
            'files = ["~/reqs.txt"]',
            (
                "[invalid-option] tool.dyncachekeys.keys.it.files[0]\n"
                "  pattern `~/reqs.txt`: it must be relative to the project, the same on every machine\n"
                "  do: write another value\n"
            ),
        ),
        (
            'file = ["reqs.txt"]\nfiles = []',
            (
                "[unknown-option] tool.dyncachekeys.keys.it.file\n"
                "  the resolver has no such option\n  do: did you mean `files`?\n"
            ),
        ),
    ],
)
def test_bad_options(demo_maker: DemoMaker, options: str, expected: str) -> None:
    demo = demo_maker(CONFIG + options)
    assert told(refused(demo.root, demo.environ)) == expected


def test_a_file_that_can_not_be_read_is_an_error(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS, {"reqs.txt": f"-r {'x' * 300}.txt\n"})
    with pytest.raises(DyncachekeysError) as caught:
        dyncachekeys.sync(demo.root, demo.environ)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("unreadable-file", f"{'x' * 300}.txt")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="nothing is unreadable for root")
def test_a_file_without_permission_is_an_error(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQS, {"reqs.txt": "-r base.txt\n", "base.txt": "one\n"})
    (demo.root / "base.txt").chmod(0)
    assert told(refused(demo.root, demo.environ)) == (
        "[unreadable-file] base.txt\n  can't be read: Permission denied\n"
        "  do: make it readable, or take it out of `files` or of the file that includes it\n"
    )
