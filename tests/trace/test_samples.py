"""Builds of different kinds, each with the right answer beside it: what is found is that, no more and no less.

``right.toml`` was written before the tracer ran. Under ``[may]`` stands what depends on the version of a
build requirement; what the project's own code asks for never does.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
import tomli

from dyncachekeys.backends.counted import counted
from dyncachekeys.errors import ResolverError
from dyncachekeys.files.tree import Files
from dyncachekeys.process import environ
from dyncachekeys.pyproject.project import load
from dyncachekeys.trace.build import prepared
from dyncachekeys.trace.builds import Builds
from dyncachekeys.trace.inputs import Pyproject, Surroundings
from dyncachekeys.trace.make import make
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.request import TraceRequest
from kit import Demo, make_wheel

SAMPLES = Path(__file__).with_name("samples")
NAMES = sorted(folder.name for folder in SAMPLES.iterdir())
WHERE = "the build of demo"


def right_of(name: str) -> dict[str, Any]:
    return tomli.loads((SAMPLES / name / "right.toml").read_text(encoding="utf-8"))


def demo_of(name: str, folder: Path, *, isolated: bool) -> Demo:
    """Return a copy of a sample; beside it, the wheels that it has for build requirements."""
    shutil.copytree(SAMPLES / name / "project", folder / "demo", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "beside" / "home").mkdir(parents=True)
    demo = Demo(folder / "demo", folder / "beside")
    for wheel in sorted((SAMPLES / name / "wheels").glob("*")):
        modules = {path.name: path.read_text(encoding="utf-8") for path in wheel.glob("*.py")}
        make_wheel(folder / "beside" / "wheels", wheel.name, modules)
        demo.environ["UV_FIND_LINKS"] = str(folder / "beside" / "wheels")
    if not isolated:
        demo.environ["UV_PROJECT_ENVIRONMENT"] = sys.prefix
    return demo


def made(demo: Demo, timeout: float = 60) -> Trace:
    """Return what the first two steps of a build depend on, as `dyncachekeys trace --build` takes them; of Python alone."""
    project = load(demo.root)
    files, seen, folder = Files.of(project), environ.for_keys(demo.environ), demo.beside / "builds"
    with prepared(TraceRequest(project, files, seen, WHERE, timeout)) as build:
        make(build, "editable", folder, ("requires", "metadata"), programs=False)
        builds = Builds(folder)
        builds.records(Surroundings(Files.of(project), seen, Pyproject(*counted(project.pyproject)), {}))
    return builds.newest.trace


@pytest.mark.parametrize("name", NAMES)
def test_found_is_what_is_right(name: str, tmp_path: Path) -> None:
    right = right_of(name)
    demo = demo_of(name, tmp_path, isolated=right.get("isolated", True))
    if "fails" in right:
        with pytest.raises(ResolverError) as caught:
            made(demo, timeout=2 if name == "hangs" else 60)
        (problem,) = caught.value.problems
        assert (problem.code, problem.where) == (right["fails"], WHERE)
        assert all(text in problem.message for text in right["says"]), problem.message
        return
    trace, may = made(demo), right.get("may", {})
    for kind, found in {**trace.subjects, "processes": trace.processes}.items():
        wanted = set(right.get(kind, []))
        assert wanted <= set(found), f"{kind}: missing"
        assert set(found) <= wanted | set(may.get(kind, [])), f"{kind}: too much"
    assert set(right.get("written", [])) <= set(trace.written)
    assert bool(trace.environment) == right.get("environment", False)
