"""`doctor`: each finding where it belongs, and nowhere else; on the corpus as reviewed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tomli

from doctor.trees import plant
from dyncachekeys.doctor.examine import examine
from dyncachekeys.doctor.finding import CATALOGUE
from dyncachekeys.doctor.package import SLOW
from dyncachekeys.watch.behind import MOST_BESIDE
from kit import BACKEND_KEY, Demo, DemoMaker, sees_links

PLAIN = '[project]\nname = "p"\nversion = "1"\n\n[build-system]\nrequires = []\nbuild-backend = "other.build"\n'
FULL = '{ file = "pyproject.toml" }, '


def keys(entries: str, more: str = "") -> str:
    return f"{PLAIN}\n[tool.uv]\n{more}cache-keys = [{FULL}{entries}]\n"


@dataclass(frozen=True)
class Sample:
    pyproject: str
    files: Mapping[str, str] = field(default_factory=dict)
    found: tuple[tuple[str, str], ...] = ()
    """Code and place."""
    says: str = ""
    """Part of the message."""


PLACE = "tool.uv.cache-keys"
IGNORING = {".git/HEAD": "", ".gitignore": "build/\n*.so\n"}
SETUPTOOLS = PLAIN.replace("other.build", "setuptools.build_meta")
IN_TREE = PLAIN.replace('"other.build"', '"backend"\nbackend-path = ["."]')
IN_TREE_FILES = {"backend.py": "import helper\n", "helper.py": ""}
HATCH = PLAIN.replace("other.build", "hatchling.build")
SAMPLES = {
    "no list": Sample(PLAIN),
    "all is well": Sample(keys('{ file = "csrc/*.c" }, { env = "CC" }, { git = true }'), {"csrc/a.c": ""}),
    "unknown kind": Sample(keys('{ glob = "x" }'), {}, (("DCK001", f"{PLACE}[1]"),), "`glob` is not a kind of entry"),
    "two fields": Sample(
        keys('{ file = "a", env = "b" }'), {"a": ""}, (("DCK001", f"{PLACE}[1]"),), "has one field, not `file`, `env`"
    ),
    "a field too many": Sample(keys("{ git = true, x = 1 }"), {}, (("DCK001", f"{PLACE}[1]"),), "not `git`, `x`"),
    "unknown git key": Sample(keys("{ git = { branch = true } }"), {}, (("DCK001", f"{PLACE}[1]"),), "no `branch`"),
    "number": Sample(keys("3"), {}, (("DCK001", f"{PLACE}[1]"),), "not int"),
    "wrong type": Sample(keys("{ env = [] }"), {}, (("DCK001", f"{PLACE}[1]"),), "`env` must be text"),
    "no list at all": Sample(PLAIN + "[tool.uv.cache-keys]\nfile = 'x'\n", {}, (("DCK001", PLACE),), "not a list"),
    "too new for required-version": Sample(
        keys('{ dir = "x" }', 'required-version = ">=0.5.20"\n'), {}, (("DCK002", f"{PLACE}[1]"),), "from uv 0.6.7 on"
    ),
    "new enough": Sample(keys('{ dir = "x" }', 'required-version = ">=0.7"\n')),
    "negation": Sample(keys('"!csrc/b.txt"'), {"csrc/b.txt": ""}, (("DCK003", f"{PLACE}[1]"),), "leaves nothing out"),
    "brackets": Sample(
        keys('"data[1].txt"'), {"data[1].txt": ""}, (("DCK004", f"{PLACE}[1]"), ("DCK008", f"{PLACE}[1]"))
    ),
    "case 23": Sample(
        keys('{ dir = "csrc" }'),
        {"csrc/a.c": ""},
        (("DCK005", f"{PLACE}[1]"), ("DCK023", "build-system")),
        "not what changes in it",
    ),
    "dir with its content": Sample(keys('{ dir = "csrc" }, "csrc/*.c"'), {"csrc/a.c": ""}),
    "dir that is empty": Sample(keys('{ dir = "csrc" }')),
    "uv's own dir": Sample(keys('{ dir = "src" }'), {"src/p/__init__.py": ""}),
    "uv's own dir with native sources": Sample(
        keys('{ dir = "src" }'), {"src/lib.rs": ""}, (("DCK005", f"{PLACE}[1]"), ("DCK023", "build-system"))
    ),
    "folder as a file": Sample(keys('"data/"'), {"data/a.txt": ""}, (("DCK006", f"{PLACE}[1]"),)),
    "missing": Sample(keys('"typo.txt", "setup.py"'), {}, (("DCK007", f"{PLACE}[1]"),)),
    "glob for nothing": Sample(keys('"csrc/*.c"'), {}, (("DCK008", f"{PLACE}[1]"),)),
    "glob with braces": Sample(keys('"csrc/*.{c,h}"'), {"csrc/a.h": ""}),
    "glob over products": Sample(
        keys('"**/*.so"'), {**IGNORING, "p/x.so": ""}, (("DCK009", f"{PLACE}[1]"),), "tools write: p/x.so"
    ),
    "glob over the environment": Sample(keys('"**/*.c"'), {"a.c": "", ".venv/x.c": ""}, (("DCK009", f"{PLACE}[1]"),)),
    "glob beside products": Sample(keys('"csrc/*.c"'), {**IGNORING, "csrc/a.c": "", "build/b.c": ""}),
    "virtual root": Sample(
        f"[tool.uv]\nworkspace = {{ members = [] }}\ncache-keys = [{FULL}]\n", {}, (("DCK011", PLACE),)
    ),
    "uv.toml": Sample(PLAIN, {"uv.toml": 'cache-keys = ["x"]\n'}, (("DCK012", "uv.toml: cache-keys"),)),
    "uv.toml without": Sample(PLAIN, {"uv.toml": "offline = true\n"}),
    "defaults lost": Sample(f'{PLAIN}\n[tool.uv]\ncache-keys = ["a.txt"]\n', {"a.txt": ""}, (("DCK013", PLACE),)),
    "defaults kept by a glob": Sample(f'{PLAIN}\n[tool.uv]\ncache-keys = ["*.toml"]\n'),
    "in-tree backend": Sample(
        IN_TREE, IN_TREE_FILES, (("DCK020", "build-system"),), "helper.py (imported by backend.py:1)"
    ),
    "in-tree backend, watched": Sample(
        IN_TREE + f'[tool.uv]\ncache-keys = [{FULL}"backend.py", "*.py"]\n', IN_TREE_FILES
    ),
    "in-tree backend, by a key": Sample(IN_TREE + BACKEND_KEY, IN_TREE_FILES),
    "in-tree backend, by a function": Sample(
        IN_TREE + '[tool.dyncachekeys.keys.own]\nresolver = "keys:found"\n', {**IN_TREE_FILES, "keys.py": "1 / 0\n"}
    ),
    "setup.py, defaults": Sample(SETUPTOOLS, {"setup.py": ""}),
    "setup.py, lost": Sample(
        SETUPTOOLS + f"[tool.uv]\ncache-keys = [{FULL}]\n", {"setup.py": ""}, (("DCK020", "build-system"),), "setup.py"
    ),
    "hook": Sample(
        HATCH + "[tool.hatch.build.hooks.custom]\n",
        {"hatch_build.py": ""},
        (("DCK020", "build-system"),),
        "hatch_build.py",
    ),
    "requirement files": Sample(
        SETUPTOOLS + '[tool.setuptools.dynamic]\ndependencies = { file = ["reqs.txt"] }\n',
        {"reqs.txt": ""},
        (("DCK021", "tool.setuptools.dynamic.dependencies"),),
        "nothing watches reqs.txt",
    ),
    "requirement files, by a key": Sample(
        SETUPTOOLS
        + '[tool.setuptools.dynamic]\ndependencies = { file = ["reqs.txt"] }\n'
        + '[tool.dyncachekeys.keys.reqs]\nresolver = "requirements"\nfiles = ["reqs.txt"]\n',
        {"reqs.txt": ""},
    ),
    "version of an attribute": Sample(
        SETUPTOOLS + '[tool.setuptools.dynamic]\nversion = { attr = "p.__version__" }\n',
        {"src/p/__init__.py": ""},
        (("DCK022", "tool.setuptools.dynamic.version.attr"),),
        "nothing watches src/p/__init__.py",
    ),
    "version of hatch": Sample(
        HATCH + '[tool.hatch.version]\npath = "p/about.py"\n',
        {"p/about.py": ""},
        (("DCK022", "tool.hatch.version.path"),),
    ),
    "version of hatch, by its value": Sample(
        HATCH
        + '[tool.hatch.version]\npath = "p/about.py"\n'
        + '[tool.dyncachekeys.keys.v]\nresolver = "table"\nfile = "./p/about.py"\ntables = ["__version__"]\n',
        {"p/about.py": '__version__ = "1"\n'},
    ),
    "no package": Sample(PLAIN + "[tool.uv]\npackage = false\ncache-keys = []\n", {"setup.py": ""}),
    "wrong configuration": Sample(
        PLAIN + '[tool.dyncachekeys.keys.x]\nresolver = "files"\npattern = ["a"]\n',
        {},
        (("DCK040", "tool.dyncachekeys.keys.x.patterns"), ("DCK040", "tool.dyncachekeys.keys.x.pattern")),
    ),
    "unknown resolver": Sample(
        PLAIN + '[tool.dyncachekeys.keys.x]\nresolver = "flies"\n',
        {},
        (("DCK040", "tool.dyncachekeys.keys.x.resolver"),),
        "there is no resolver `flies`",
    ),
}


def write(root: Path, sample: Sample) -> Path:
    for name, content in {"pyproject.toml": sample.pyproject, **sample.files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")
    return root


@pytest.mark.parametrize("case", SAMPLES)
def test_sample(case: str, tmp_path: Path) -> None:
    sample = SAMPLES[case]
    before = sorted(tmp_path.rglob("*"))
    found = examine(write(tmp_path, sample), {})
    assert tuple((one.code, one.where) for one in found) == sample.found
    assert sample.says in (found[0].message if found else "")
    assert all(one.remedy and one.code in CATALOGUE for one in found)
    assert sorted(path for path in tmp_path.rglob("*") if path.suffix == ".pyc") == before


def codes(demo: Demo, **environ: str) -> set[str]:
    return {one.code for one in examine(demo.root, {**demo.environ, **environ})}


OF_USERS = '\n[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { file = "build_backend/*.py" }, %s]\n'


def test_credential_in_plain_text(demo_maker: DemoMaker) -> None:
    demo = demo_maker(OF_USERS % '{ env = "MY_TOKEN" }, { env = "CC" }')
    demo.uv_sync(CC="cc")
    assert codes(demo) == set()
    demo.uv_sync(MY_TOKEN="s3cr3t-value", CC="cc")
    (found,) = examine(demo.root, demo.environ)
    assert (found.code, found.message) == ("DCK030", "the value of MY_TOKEN stands in plain text in uv_cache.json")
    done = demo.cli("doctor", "--format", "json", check=True, MY_TOKEN="s3cr3t-value")
    assert "s3cr3t" not in done.stdout + done.stderr


def test_state_that_git_tracks(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY, {".gitignore": ".venv\n"})
    demo.git("init", "--quiet")
    demo.sync()
    assert codes(demo) == {"DCK032"}
    demo.git("add", "--force", ".dyncachekeys")
    assert codes(demo) == {"DCK031", "DCK032"}


def test_what_git_tracks_is_not_ignored(demo_maker: DemoMaker) -> None:
    demo = demo_maker(OF_USERS % '"src/bin/*.rs"', {"src/bin/a.rs": "", ".gitignore": "bin/\n/.venv/\n"})
    demo.git("init", "--quiet")
    assert "DCK009" in codes(demo)
    demo.git("add", "--force", "src/bin/a.rs")
    assert "DCK009" not in codes(demo)
    demo.write({"src/bin/made.rs": ""})
    (found,) = (one for one in examine(demo.root, demo.environ) if one.code == "DCK009")
    assert found.message.endswith(": src/bin/made.rs")


def test_region_edited_by_hand(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    demo.sync()
    assert codes(demo) == set()
    demo.edit("pyproject.toml", '    { file = "setup.py" },\n', "")
    assert codes(demo) == {"DCK033"}


def test_files_from_the_future(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = demo_maker(OF_USERS % '"x.txt"', {"x.txt": ""})
    assert codes(demo) == set()
    now = time.time_ns()
    monkeypatch.setattr(time, "time_ns", lambda: now - 3_600_000_000_000)  # no test can set a change time
    assert codes(demo) == {"DCK034"}


def test_input_that_the_build_writes(demo_maker: DemoMaker) -> None:
    """U15: uv builds on every command."""
    demo = demo_maker(OF_USERS % '"made.txt"', {"made.txt": ""})
    demo.edit("build_backend/core.py", "    name =", '    Path("made.txt").write_text("made")\n    name =')
    demo.uv_sync()
    assert codes(demo) == {"DCK035"}
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 1]


def test_every_member_of_a_workspace(demo_maker: DemoMaker) -> None:
    demo = demo_maker("[tool.uv.workspace]\nmembers = ['members/*']\n")
    demo.write({"members/one/pyproject.toml": keys('{ glob = "x" }')})
    done = demo.cli("doctor", check=False)
    assert done.returncode == 1
    assert (
        "error DCK001: p: tool.uv.cache-keys[1]: `glob` is not a kind of entry\n  do: write a path, or" in done.stdout
    )
    assert "warning DCK020: demo: build-system: nothing watches build_backend/__init__.py" in done.stdout
    assert done.stdout.endswith("1 error, 1 warning; `dyncachekeys explain CODE` says what one means\n")
    document = json.loads(demo.cli("doctor", "--format", "json", check=False).stdout)
    assert document["version"] == 1
    assert [(one["code"], one["level"], one["package"]) for one in document["findings"]] == [
        ("DCK020", "warning", "demo"),
        ("DCK001", "error", "p"),
    ]
    assert demo.cli("doctor", "-q", "--package", "demo").stdout == ""


def test_nothing_to_fix_and_nothing_run(demo_maker: DemoMaker) -> None:
    demo = demo_maker(
        f'{BACKEND_KEY}\n[tool.dyncachekeys.keys.own]\nresolver = "keys:found"\n'
        '[tool.dyncachekeys.keys.cc]\nresolver = "command"\nargv = ["touch", "ran"]\n',
        {"keys.py": 'open("ran", "w")\n'},
    )
    before = {path: path.stat().st_mtime_ns for path in demo.root.rglob("*")}
    assert demo.cli("doctor").stdout == "Nothing to fix\n"
    assert {path: path.stat().st_mtime_ns for path in demo.root.rglob("*")} == before


def test_broken_pyproject(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.write({"pyproject.toml": "[project\n"})
    done = demo.cli("doctor", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: pyproject.toml:1")


CORPUS = Path(__file__).parents[3] / "shared/corpus/pyproject"
FILES = sorted(CORPUS.glob("*.toml"))
EXPECTED = tomli.loads((Path(__file__).parent / "corpus.toml").read_text(encoding="utf-8"))


@pytest.mark.skipif(not FILES, reason="the corpus is not here: ../shared/corpus, beside the project")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_corpus(path: Path, tmp_path: Path) -> None:
    """Each finding was reviewed by hand; a file that is not named has none."""
    root = tmp_path / "above" / "project"
    plant(root, path.read_bytes())
    found = [f"{one.code} {one.where}: {one.message}" for one in examine(root, {})]
    assert found == EXPECTED.get(path.stem, [])


NATIVE_KEY = '\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = {patterns}\n'


@sees_links
@pytest.mark.thorough
def test_links_that_make_uv_slow(demo_maker: DemoMaker) -> None:
    demo = demo_maker(NATIVE_KEY.format(patterns='["csrc/**/*.c"]'), {"csrc/a.c": ""})
    demo.both()
    demo.both()
    assert found_in(demo) == set()
    (demo.root / "csrc/many").mkdir()
    for number in range(MOST_BESIDE + 1):
        (demo.root / f"csrc/many/{number}.txt").touch()
    assert found_in(demo) == {("DCK014", "csrc")}
    for number in range(SLOW + 1):
        (demo.root / f".dyncachekeys/inputs/{number}").symlink_to("../../csrc/a.c")
    assert found_in(demo) == {("DCK014", "csrc"), ("DCK014", ".dyncachekeys/inputs")}


@pytest.mark.thorough
@sees_links
def test_a_folder_with_very_many_other_files_gets_no_link(demo_maker: DemoMaker) -> None:
    demo = demo_maker(NATIVE_KEY.format(patterns='["csrc/**/*.c"]'), {"csrc/a.c": "", "csrc/many/b.txt": ""})
    for number in range(MOST_BESIDE):
        (demo.root / f"csrc/many/{number}.txt").touch()
    demo.both()
    demo.both()
    assert not (demo.root / ".dyncachekeys/folders").exists()
    assert found_in(demo) == set()


@sees_links
def test_a_glob_that_keeps_uv_from_following_links(demo_maker: DemoMaker) -> None:
    more = '[tool.uv]\ncache-keys = [{ file = "**/*.h" }]\n'
    demo = demo_maker(NATIVE_KEY.format(patterns='["csrc/**/*.c"]') + more, {"csrc/a.c": "", "csrc/a.h": ""})
    demo.both()
    assert found_in(demo) == {("DCK015", PLACE)}


def found_in(demo: Demo) -> set[tuple[str, str]]:
    found = ((one.code, one.where) for one in examine(demo.root, demo.environ))
    return {one for one in found if one[0] in {"DCK014", "DCK015"}}
