"""The end-to-end suite over versions of uv, and the table of it in ``docs/uv-compatibility.md``.

Each version is installed from the package registry into a folder of its own. A row that is not run again stays, and so
does what stands in it of groups that are not run.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

from pages import replaced

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/uv-compatibility.md"
VERSIONS = ("0.6.17", "0.7.22", "0.8.10", "0.8.24", "0.9.30", "0.10.12", "0.11.33", "0.12.24", "0.13.9")
GROUPS = {
    "backends, and facts of uv": ("backend_cases", "faults", "uv_facts"),
    "content": ("content_cases", "pyproject_cases"),
    "metadata": ("metadata_cases", "requirements_cases", "preset_cases"),
    "environment": ("environment_cases", "command_cases", "distribution_cases"),
    "git": ("git_cases",),
    "stamp": ("stamp_cases", "robustness", "conflicts", "loops", "clock"),
    "links": ("link_folder", "folder_links", "day"),
    "digest transport": ("digest_transport",),
    "products": ("output_cases",),
    "workspaces": ("workspace_cases",),
    "doctor --uv": ("judgement", "agreement"),
    "watched builds": ("in_tree", "setuptools", "hatchling", "not_editable", "worktrees"),
}
"""Test modules of ``tests/e2e``, without ``test_``; of other folders (`ELSEWHERE`) those in which uv matters."""
ELSEWHERE = {"doctor --uv": "doctor", "watched builds": "watched"}
LEFT_OUT = {"quiet", "odd_names", "concurrency"}
"""Compare us with ourselves."""
NOT_OF_UV = "not what_is_noticed"
"""Tests in these modules that run no uv, and wait long."""
ROW = re.compile(r"^\| (\d+\.\d+\.\d+) \|.*$", re.MULTILINE)


def main() -> int:
    """Run the versions that are named, or all, and write the table; the exit code is 1 if a test failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("versions", nargs="*", default=[*VERSIONS, "newest"])
    parser.add_argument("--workers", default="2")
    parser.add_argument("--group", action="append", choices=[*GROUPS], help="only these tests; may be given again")
    options = parser.parse_args()
    groups = options.group or [*GROUPS]
    if importlib.util.find_spec("xdist") is None:
        parser.error("it takes what the tests take: pip install -e . --group test, or run `nox -s uv_matrix`")
    there = {path.stem.removeprefix("test_") for path in (ROOT / "tests/e2e").glob("test_*.py")}
    if there != {name for group in GROUPS.keys() - ELSEWHERE for name in GROUPS[group]} | LEFT_OUT:
        parser.error("GROUPS does not name what is in tests/e2e")
    text = PAGE.read_text(encoding="utf-8")
    rows = {match[1]: match[0] for match in ROW.finditer(text)}
    failed: list[str] = []
    for wanted in options.versions:
        with tempfile.TemporaryDirectory() as folder:
            version, program = installed(wanted, Path(folder))
            counts, names = outcomes(program, groups, Path(folder) / "report.xml", options.workers)
        rows[version] = row(version, counts, rows.get(version, ""))
        failed += [f"uv {version}: {name}" for name in names]
        PAGE.write_text(with_rows(text, rows), encoding="utf-8")
        print(rows[version], flush=True)
    print(*failed, sep="\n")
    return 1 if failed else 0


def installed(wanted: str, folder: Path) -> tuple[str, Path]:
    """Install a version of uv, or the newest; return its number and its program."""
    requirement = "uv" if wanted == "newest" else f"uv=={wanted}"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "uv"), requirement]
    subprocess.run(pip, check=True)
    program = folder / "uv/bin/uv"
    said = subprocess.run([program, "--version"], check=True, capture_output=True, text=True).stdout
    return said.split()[1], program


def outcomes(
    program: Path, groups: Sequence[str], report: Path, workers: str
) -> tuple[dict[str, Counter[str]], list[str]]:
    """Run the suite with one uv; return the counts by group, and the names of the tests that failed."""
    modules = [f"tests/{ELSEWHERE.get(group, 'e2e')}/test_{name}.py" for group in groups for name in GROUPS[group]]
    pytest = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        f"-n={workers}",
        "--dist=worksteal",
        f"--junit-xml={report}",
        "-k",
        NOT_OF_UV,
        *modules,
    ]
    environ = {**os.environ, "DYNCACHEKEYS_UV": str(program), "DYNCACHEKEYS_ASK_UV": "1"}
    done = subprocess.run(pytest, check=False, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True)
    if done.returncode not in {0, 1}:  # 1: tests failed
        sys.exit(done.stdout)
    counts: dict[str, Counter[str]] = {group: Counter() for group in groups}
    failed = []
    for case in ET.parse(report).getroot().iter("testcase"):
        module = case.get("classname", "").rpartition("test_")[2]
        outcome = next((child.tag for child in case if child.tag in {"failure", "error", "skipped"}), "passed")
        group = next(group for group, names in GROUPS.items() if module in names)
        counts[group][outcome] += 1
        if outcome in {"failure", "error"}:
            failed.append(f"{module}: {case.get('name')}")
    return counts, failed


def row(version: str, counts: dict[str, Counter[str]], before: str) -> str:
    """Return a row of the table: for each group how many passed, failed, and were left out; what is not known stays."""
    known = dict(zip(GROUPS, before.strip("| ").split(" | ")[1:], strict=False))
    cells = (cell(counts[group]) if group in counts else known.get(group, "") for group in GROUPS)
    return f"| {version} | {' | '.join(cells)} |"


def cell(counts: Counter[str]) -> str:
    """Return what happened in a group, in few words."""
    failed = counts["failure"] + counts["error"]
    parts = [f"{counts['passed']} passed"]
    parts += [f"**{failed} failed**"] if failed else []
    parts += [f"{counts['skipped']} left out"] if counts["skipped"] else []
    return ", ".join(parts)


def with_rows(text: str, rows: dict[str, str]) -> str:
    """Return the page with other rows in its table, the oldest version first."""
    head = f"| uv | {' | '.join(GROUPS)} |\n|{' --- |' * (len(GROUPS) + 1)}"
    ordered = sorted(rows, key=lambda version: tuple(map(int, version.split("."))))
    table = "\n".join([head, *(rows[version] for version in ordered)])
    return replaced(text, "table", table)


if __name__ == "__main__":
    sys.exit(main())
