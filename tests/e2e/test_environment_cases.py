"""Environment variables, and the environment in which keys are computed: cases 27 and 39."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
import tomli

from dyncachekeys import DyncachekeysError
from kit import BACKEND, DIGEST_TRANSPORT, Demo, DemoMaker

SECRET = "hunter2-is-no-password"
ENV_KEY = """
[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.machine]
resolver = "env"
names = {names}
"""
VARIABLES = ["MACOSX_DEPLOYMENT_TARGET", "CUDA_HOME", "RUSTFLAGS"]


def _config(*names: str, watch: str = "auto") -> str:
    return ENV_KEY.format(watch=watch, names=list(names))


def _entries(demo: Demo) -> list[Mapping[str, str]]:
    data = tomli.loads((demo.root / "pyproject.toml").read_text(encoding="utf-8"))
    entries: list[Mapping[str, str]] = data["tool"]["uv"]["cache-keys"]
    return entries


def _installed_record(demo: Demo) -> str:
    (path,) = demo.root.glob(".venv/lib/python*/site-packages/demo-*.dist-info/uv_cache.json")
    return path.read_text(encoding="utf-8")


def _state_of(demo: Demo) -> bytes:
    """Return all that lies in the home of stamp and state, names included."""
    parts = [b""]
    for path in sorted((demo.root / ".dyncachekeys").rglob("*")):
        parts += [str(path).encode(), path.read_bytes() if path.is_file() else b""]
    return b"\n".join(parts)


@pytest.mark.parametrize("watch", ["auto", "uv", "digest"])
@pytest.mark.parametrize("name", VARIABLES)
def test_a_named_variable_set_changed_emptied_unset(demo_maker: DemoMaker, name: str, watch: str) -> None:
    """Case 27."""
    demo = demo_maker(_config(*VARIABLES, watch=watch))
    demo.settled()
    for environ in ({name: "11.0"}, {name: "12.0"}, {name: ""}, {}):
        assert demo.both(**environ) == 1
        assert demo.both(**environ) == 0


@pytest.mark.parametrize("watch", ["auto", "uv"])
def test_plain_uv_sees_a_named_variable(demo_maker: DemoMaker, watch: str) -> None:
    demo = demo_maker(_config(*VARIABLES, watch=watch))
    demo.settled()
    for environ in ({"CUDA_HOME": "/cuda"}, {"CUDA_HOME": ""}, {}):
        assert demo.uv_sync(**environ) == 1
        assert demo.uv_sync(**environ) == 0


def test_the_region_is_the_same_whatever_is_set(demo_maker: DemoMaker) -> None:
    demo = demo_maker(_config(*VARIABLES, "CUDA_*"))
    demo.sync()
    before = (demo.root / "pyproject.toml").read_bytes()
    demo.sync(CUDA_HOME="/cuda", CUDA_ARCH="90", RUSTFLAGS="")
    assert (demo.root / "pyproject.toml").read_bytes() == before
    assert {"env": "CUDA_HOME"} in _entries(demo)
    assert b"CUDA_ARCH" not in before


@pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
def test_variables_found_by_a_wildcard(demo_maker: DemoMaker, watch: str) -> None:
    """Case 27."""
    demo = demo_maker(_config("CUDA_*", watch=watch))
    demo.settled()
    for environ in ({"CUDA_ARCH": "80"}, {"CUDA_ARCH": "90"}, {"CUDA_ARCH": "90", "CUDA_X": ""}, {"CUDA_X": ""}, {}):
        assert demo.both(**environ) == 1
        assert demo.both(**environ) == 0
    assert demo.both(NOT_CUDA_ARCH="90") == 0


@pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
def test_a_variable_changed_there_and_back_does_not_count(demo_maker: DemoMaker, watch: str) -> None:
    demo = demo_maker(_config("CUDA_*", watch=watch))
    demo.settled()
    demo.sync(CUDA_ARCH="80")
    assert demo.both() == 0


@pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
@pytest.mark.parametrize(
    ("named", "variable"),
    [
        ("DEMO_TOKEN", "DEMO_TOKEN"),
        ("my_api_key", "my_api_key"),
        ("DB_PASSWORD", "DB_PASSWORD"),
        ("DEMO_*", "DEMO_SECRET"),
    ],
)
def test_a_credential_counts_but_is_never_told(demo_maker: DemoMaker, named: str, variable: str, watch: str) -> None:
    """Case 27, and U8: uv stores what it watches in plain text."""
    demo = demo_maker(_config(named, watch=watch))
    demo.settled()
    assert demo.both(**{variable: SECRET}) == 1
    assert demo.both(**{variable: SECRET}) == 0
    assert not [entry for entry in _entries(demo) if "env" in entry]
    assert variable not in _installed_record(demo)
    assert SECRET not in _installed_record(demo)
    if named != variable:
        assert variable not in (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    assert SECRET.encode() not in _state_of(demo)
    assert demo.both(**{variable: SECRET + "-changed"}) == 1
    assert demo.both() == 1
    for command in (["show"], ["show", "--format", "json"], ["sync", "--verbose"], ["sync", "--format", "json"]):
        done = demo.cli(*command, check=True, **{variable: SECRET})
        assert SECRET not in done.stdout + done.stderr


def test_the_value_of_a_plain_variable_is_not_kept_either(demo_maker: DemoMaker) -> None:
    demo = demo_maker(_config("CUDA_HOME"))
    demo.settled()
    assert demo.both(CUDA_HOME=SECRET) == 1
    assert SECRET.encode() not in _state_of(demo)
    assert SECRET in _installed_record(demo), "uv did not record it: the test shows nothing"


def test_a_credential_that_uv_shall_watch_is_an_error(demo_maker: DemoMaker) -> None:
    demo = demo_maker(_config("DEMO_TOKEN", watch="uv"))
    before = (demo.root / "pyproject.toml").read_bytes()
    with pytest.raises(DyncachekeysError, match="DEMO_TOKEN"):
        demo.sync(DEMO_TOKEN=SECRET)
    assert (demo.root / "pyproject.toml").read_bytes() == before


EVERYTHING = """
[tool.dyncachekeys]
watch = "digest"

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/", "*.txt"]

[tool.dyncachekeys.keys.machine]
resolver = "env"
names = ["PATH", "CUDA_*", "GIT_*", "VIRTUAL_ENV"]

[tool.dyncachekeys.keys.table]
resolver = "table"
tables = ["project"]
"""
FILES = {"csrc/one.c": "int one;\n"}


def _digest(demo: Demo, **environ: str) -> str:
    return demo.cli("digest", check=True, **environ).stdout.strip()


@pytest.mark.parametrize("names", [["PATH"], ["PATH", "GIT_*", "VIRTUAL_ENV*"]], ids=["path", "wildcards"])
@pytest.mark.parametrize(
    "changed",
    [
        {"GIT_DIR": ".git"},
        {"GIT_INDEX_FILE": "/somewhere/next-index-1.lock"},
        {"GIT_DIR": "/elsewhere/.git", "GIT_WORK_TREE": "/elsewhere", "GIT_PREFIX": "csrc/"},
        {"GIT_EXEC_PATH": "/opt/git/libexec", "PATH": "/opt/git/libexec:{PATH}"},
        {"PATH": "/usr/lib/git-core:{PATH}"},
        {"VIRTUAL_ENV": "/some/venv", "VIRTUAL_ENV_PROMPT": "venv"},
        {"VIRTUAL_ENV": "/some/venv", "PATH": "/some/venv/bin:{PATH}"},
    ],
    ids="-".join,
)
def test_what_hooks_and_virtual_environments_set_does_not_count(
    demo_maker: DemoMaker, names: list[str], changed: Mapping[str, str]
) -> None:
    """Case 39."""
    demo = demo_maker(EVERYTHING.replace('["PATH", "CUDA_*", "GIT_*", "VIRTUAL_ENV"]', str(names)), FILES)
    demo.git("init", "--quiet")
    environ = {name: value.format(PATH=demo.environ["PATH"]) for name, value in changed.items()}
    assert _digest(demo, **environ) == _digest(demo)


def test_another_path_counts_only_where_it_is_asked_for(demo_maker: DemoMaker) -> None:
    """Case 39; and the tests around this one are able to fail."""
    longer = f"/some/where:{sys.prefix}/bin:/usr/bin:/bin"
    demo = demo_maker(EVERYTHING, FILES)
    assert _digest(demo, PATH=longer) != _digest(demo)
    demo.edit("pyproject.toml", '"PATH", ', "")
    assert _digest(demo, PATH=longer) == _digest(demo)


@pytest.mark.parametrize("hook", ["pre-commit", "post-commit", "post-checkout", "post-merge", "post-rewrite"])
def test_the_digest_inside_a_git_hook(demo_maker: DemoMaker, hook: str) -> None:
    """Case 39: each hook is run by git, for a commit with a temporary index, a checkout, a merge and an amendment."""
    demo = demo_maker(EVERYTHING, FILES)
    demo.sync()
    demo.git("init", "--quiet", "--initial-branch=first")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message=first")
    demo.git("branch", "second")
    told = demo.beside / "told"
    path = demo.root / ".git/hooks" / hook
    path.write_text(f'#!/bin/sh\nenv > "{told}.env"\n"{sys.executable}" -m dyncachekeys digest > "{told}"\n')
    path.chmod(0o755)
    demo.append("csrc/one.c", "int more;\n")
    _provoke(demo, hook)
    assert "GIT_" in Path(f"{told}.env").read_text(encoding="utf-8"), "git set nothing: the test shows nothing"
    assert told.read_text(encoding="utf-8").strip() == _digest(demo)


def _provoke(demo: Demo, hook: str) -> None:
    demo.git("commit", "--quiet", "--all", "--message=more")
    if hook == "post-rewrite":
        demo.git("commit", "--quiet", "--amend", "--message=amended")
    elif hook in {"post-checkout", "post-merge"}:
        demo.git("checkout", "--quiet", "second")
        if hook == "post-merge":
            demo.git("merge", "--quiet", "first")


def test_a_sync_in_a_hook_and_one_in_the_shell_agree(demo_maker: DemoMaker) -> None:
    """Case 39: no build for going from one to the other."""
    demo = demo_maker(EVERYTHING, FILES)
    demo.settled()
    demo.git("init", "--quiet")
    hooked = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "PATH": f"/usr/lib/git-core:{demo.environ['PATH']}"}
    for _ in range(2):
        assert demo.sync(**hooked).move == "kept"
        assert demo.both() == 0


def test_what_the_backend_gets_to_see_is_what_was_counted(demo_maker: DemoMaker) -> None:
    """A build is never older than the variables of the `sync` before it."""
    tells = BACKEND.replace(
        "    name = ",
        '    Path(os.environ["BUILD_LOG"] + ".cuda").write_text(os.environ.get("CUDA_ARCH", "-"))\n    name = ',
        1,
    )
    demo = demo_maker(_config("CUDA_*"), {"build_backend/core.py": tells})
    for value in ("80", "90", "80", "", "90"):
        demo.both(CUDA_ARCH=value)
        assert Path(f"{demo.log}.cuda").read_text() == value
