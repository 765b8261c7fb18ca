"""A quiet sync of a workspace of 200 members against one of a single project with as many files.

`python benchmarks/workspace.py [--write] [--rounds N]`, in an environment with uv; installs this checkout.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

from pages import main
from processes import Variant, paired
from speed import CHECKOUT, QUIET, Project, Tools

MEMBERS, FILES = 200, 50
GOAL = 2.0
DOCUMENT = CHECKOUT / "docs/workspace-speed.md"
WORKSPACE = "`sync` of the workspace, quiet"
ROOT = """\
[tool.uv.workspace]
members = ["packages/*"]

[tool.dyncachekeys.workspace.keys.backend]
resolver = "backend"

[tool.dyncachekeys.workspace.keys.sources]
resolver = "files"
patterns = ["src/**/*.c"]
"""
MEMBER = """\
[project]
name = "member-{number}"
version = "0.1"

[build-system]
requires = []
build-backend = "core"
backend-path = ["."]

[tool.dyncachekeys]
watch = "digest"
"""


def make_workspace(tools: Tools) -> Path:
    """Write a workspace, and sync it until nothing is young."""
    root = tools.folder / "workspace"
    for number in range(MEMBERS):
        member = root / f"packages/member-{number}"
        (member / "src").mkdir(parents=True)
        (member / "pyproject.toml").write_text(MEMBER.format(number=number), encoding="utf-8")
        (member / "core.py").write_text("import zipfile\n", encoding="utf-8")
        for file in range(FILES):
            (member / f"src/file{file:02}.c").write_text(f"int member_{number}_{file};\n" * 50, encoding="utf-8")
    (root / "pyproject.toml").write_text(ROOT, encoding="utf-8")
    (root / ".gitignore").write_text(".dyncachekeys/\n", encoding="utf-8")
    for _ in range(3):
        _sync(tools, root)
        time.sleep(2.1)
    projects = json.loads(_sync(tools, root, "--format", "json"))["projects"]
    if len(projects) != MEMBERS or any(project["changed"] or project["written"] for project in projects):
        sys.exit("the workspace does not settle")
    return root


def _sync(tools: Tools, root: Path, *arguments: str) -> str:
    import subprocess  # noqa: PLC0415

    command = [tools.dyncachekeys, "sync", *arguments]
    return subprocess.run(command, cwd=root, env=tools.environ, capture_output=True, text=True, check=True).stdout


def measured(rounds: int) -> str:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="workspace-") as folder:
        tools = Tools(Path(folder).resolve())
        project = Project(tools, MEMBERS * FILES)
        project.settle_for_good()
        command = [tools.dyncachekeys, "sync"]
        variants = [project.quiet(), Variant(WORKSPACE, command, cwd=make_workspace(tools))]
        timings = paired(variants, rounds, project.root, tools.environ)
        os.chdir(CHECKOUT)
    ratio = timings.ratio(WORKSPACE, QUIET)
    rows = [f"| {variant.name} | {1000 * timings.quartiles(variant.name).middle:.1f} |" for variant in variants]
    met = "met" if ratio.middle <= GOAL else "**not met**"
    return "\n".join(
        [
            "# Speed of a workspace",
            "",
            "Made by `python benchmarks/workspace.py --write`; do not edit.",
            "",
            f"{MEMBERS} members with {FILES} files each, and one project with {MEMBERS * FILES:,} files.",
            f"Nothing to do in either; {rounds} rounds, medians.",
            "",
            "| process | ms |",
            "| --- | --- |",
            *rows,
            "",
            f"Workspace / one project, within one round: {ratio.middle:.2f} ({ratio.low:.2f} - {ratio.high:.2f}).",
            f"The goal is at most {GOAL:g}: {met}.",
            "",
        ]
    )


if __name__ == "__main__":
    main(__doc__, DOCUMENT, measured)
