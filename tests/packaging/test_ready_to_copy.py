"""What docs/recipes.md has ready to copy for containers and GitLab: run as it stands there, as far as that can be done here.

Nothing is fetched: only `uvx dyncachekeys` and `uv tool install` are ones that have us at hand.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from kit import BACKEND_KEY, UV, DemoMaker

PAGE = Path(__file__).parents[2] / "docs/recipes.md"
SOURCE = Path(__file__).parents[2] / "src/dyncachekeys"
US = f'exec "{sys.executable}" -m dyncachekeys "$@"\n'


def recipe(file: str) -> str:
    (found,) = re.findall(
        rf"<!-- try: {re.escape(file)} -->\n```\w+\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    return str(found)


def program(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.mark.thorough
def test_gitlab_takes_it(tmp_path: Path) -> None:
    pytest.importorskip("check_jsonschema")
    file = tmp_path / ".gitlab-ci.yml"
    file.write_text(recipe(".gitlab-ci.yml"), encoding="utf-8")
    check = ["check_jsonschema", "--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci", str(file)]
    done = subprocess.run([sys.executable, "-m", *check], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.thorough
def test_gitlab_builds_what_changed(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY, {"README.md": "one\n"})
    demo.sync()
    program(demo.beside / "bin", "uvx", f"shift\n{US}")
    path = f"{demo.beside}/bin:{demo.environ['PATH']}"
    job: Any = yaml.safe_load(recipe(".gitlab-ci.yml"))["wheel"]

    def pipeline() -> int:
        """Run a job in a fresh clone with the cache of the one before; return how many builds that took."""
        before, clone = demo.builds, demo.beside / "clone"
        shutil.rmtree(clone, ignore_errors=True)
        shutil.copytree(demo.root, clone, ignore=shutil.ignore_patterns(".dyncachekeys"))
        if (demo.beside / "cache").exists():
            shutil.copytree(demo.beside / "cache", clone / "dist")
        script = "\n".join(job["script"])
        environ = {**demo.environ, "PATH": path}
        subprocess.run(["bash", "-eo", "pipefail", "-c", script], cwd=clone, env=environ, check=True)
        assert [one.name for one in clone.glob(job["artifacts"]["paths"][0])] == ["demo-0.1-py3-none-any.whl"]
        shutil.rmtree(demo.beside / "cache", ignore_errors=True)
        shutil.copytree(clone / job["cache"]["paths"][0], demo.beside / "cache")
        return demo.builds - before

    assert [pipeline(), pipeline()] == [1, 0]
    demo.write({"README.md": "two\n"})
    assert pipeline() == 0
    demo.append("build_backend/helper.py", "EDITED = True\n")
    demo.sync()
    assert pipeline() == 1


@pytest.mark.thorough
def test_a_dev_container_is_set_up(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    home, bin_folder = demo.beside / "home", demo.beside / "bin"
    home.mkdir(exist_ok=True)
    container = json.loads(recipe(".devcontainer/devcontainer.json"))
    installs = f'if [ "$1 $2 $3" = "tool install dyncachekeys" ]; then ln -s {bin_folder}/ours {home}/.local/bin/dyncachekeys; exit; fi\n'
    program(bin_folder, "uv", f'{installs}exec {UV} "$@"\n')
    program(bin_folder, "ours", US)
    (home / ".local/bin").mkdir(parents=True)
    path = container["remoteEnv"]["PATH"].replace("${containerEnv:PATH}", f"{bin_folder}:{demo.environ['PATH']}")
    path = path.replace("/root/", f"{home}/")
    command = container["postCreateCommand"].replace("/root/", f"{home}/")
    demo.run("sh", "-c", command, PATH=path)
    assert demo.builds == 1
    shown = demo.run("bash", "--rcfile", str(home / ".bashrc"), "-ic", "type -t uv", PATH=path).stdout
    assert shown == "function\n"


@pytest.fixture(scope="module")
def build() -> Iterator[tuple[list[str], dict[str, str]]]:
    """Return the command that builds images on one that holds what they need, and its environment; nothing is left."""
    may = sys.platform == "linux" and shutil.which("buildah") and shutil.which("busybox") and os.geteuid() == 0
    if not may:
        pytest.skip("there is no buildah here, or it may not be used")
    with tempfile.TemporaryDirectory() as name:  # pytest's own is too long a path for its sockets
        folder = Path(name)
        base(folder / "base/root")
        store = ["--storage-driver", "vfs", "--root", f"{folder}/all", "--runroot", f"{folder}/run"]
        command = ["buildah", *store, "bud", "--isolation", "chroot", "--layers=false", "--pull-never"]
        environ = {**os.environ, "TMPDIR": name}  # there buildah keeps what is mounted as a cache
        (folder / "base/Dockerfile").write_text("FROM scratch\nCOPY root/ /\n", encoding="utf-8")
        in_folder = [*command, "-q", "-t", "base", "."]
        subprocess.run(in_folder, cwd=folder / "base", env=environ, check=True, capture_output=True)
        yield command, environ


def base(folder: Path) -> None:
    """Make what an image begins with: this Python, uv, a shell, and a `uvx` that has us at hand."""
    prefix, python = Path(sys.base_prefix), os.path.realpath(sys.executable)
    without = shutil.ignore_patterns(
        "test", "idlelib", "ensurepip", "tkinter", "site-packages", "__pycache__", "include", "share", "*.a"
    )
    shutil.copytree(prefix, folder / prefix.relative_to("/"), symlinks=True, ignore=without)
    libraries = {
        path
        for file in (python, UV, *map(str, (prefix / "lib").rglob("*.so*")))
        for path in re.findall(
            r"(/\S+) \(0x", subprocess.run(["ldd", file], capture_output=True, text=True, check=False).stdout
        )
    }
    for path in libraries:
        target = folder / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(path, target)
    own = folder / "opt/own"
    shutil.copytree(SOURCE, own / "dyncachekeys", ignore=without)
    site = Path(yaml.__file__).parents[1]
    for name in ("packaging", "importlib_metadata", "zipp", "tomli"):
        shutil.copytree(site / name, own / name, ignore=without)
    for compiled in site.glob("*__mypyc*"):
        shutil.copy(compiled, own)
    program(folder / "usr/local/bin", "uvx", f'shift\nPYTHONPATH=/opt/own exec {python} -m dyncachekeys "$@"\n')
    shutil.copy(UV, folder / "usr/local/bin/uv")
    (folder / "bin").mkdir(exist_ok=True)
    shutil.copy(str(shutil.which("busybox")), folder / "bin/sh")
    (folder / "etc").mkdir(exist_ok=True)
    (folder / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n", encoding="utf-8")


@pytest.mark.thorough
@pytest.mark.parametrize(("transport", "expected"), [("stamp", [1, 1, 1]), ("digest", [1, 0, 1])])
def test_an_image_is_built_again(
    transport: str, expected: list[int], build: tuple[list[str], dict[str, str]], demo_maker: DemoMaker
) -> None:
    """Under the digest transport only for what counts; under the other, as the page says, for each edit."""
    command, environ = build
    table = f'[tool.dyncachekeys]\ntransport = "{transport}"\n'
    demo = demo_maker(f"{table}{BACKEND_KEY}", {"README.md": "one\n", ".dockerignore": ".dyncachekeys\n.venv\n"})
    demo.sync()
    demo.uv("lock")
    log = f"/root/.cache/uv/{transport}.log"
    settings = f"FROM base\nENV UV_OFFLINE=1 UV_PYTHON={os.path.realpath(sys.executable)} BUILD_LOG={log}\n"
    counts = f'RUN --mount=type=cache,target=/root/.cache/uv while read line; do echo "$line:"; done < {log}\n'
    demo.write({"Dockerfile": settings + recipe("Dockerfile") + counts})

    def builds() -> int:
        done = subprocess.run([*command, "."], cwd=demo.root, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.count("\nbuild:")

    found = [builds()]
    demo.write({"README.md": "two\n"})
    found.append(builds())
    demo.append("build_backend/helper.py", "EDITED = True\n")
    demo.sync()
    found.append(builds())
    assert [found[0], found[1] - found[0], found[2] - found[1]] == expected
