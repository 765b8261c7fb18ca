"""`doctor` over real projects, in trees with matching files: every finding that `init` implies, and no other."""

from __future__ import annotations

from pathlib import Path

import pytest

import dyncachekeys
from doctor.trees import fill, plant
from dyncachekeys.doctor import unwatched
from dyncachekeys.doctor.examine import examine
from dyncachekeys.doctor.finding import Finding
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.propose import propose
from dyncachekeys.propose.watched import Watched
from dyncachekeys.propose.write import write
from dyncachekeys.pyproject.project import load

CORPUS = Path(__file__).parents[3] / "shared/corpus/pyproject"
FILES = sorted(CORPUS.glob("*.toml"))
SOME = [path for number, path in enumerate(FILES) if number % 9 == 0]
THE_REST = [pytest.param(path, marks=pytest.mark.thorough) for path in FILES if path not in SOME]
OF_NEEDS = {f"DCK02{number}" for number in range(10)}
pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not here: ../shared/corpus, beside the project")


@pytest.mark.parametrize("path", [*SOME, *THE_REST], ids=lambda path: path.name)
def test_every_finding_that_init_implies_and_no_other(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unwatched, "_SHOWN", 10_000)
    root = tmp_path / "above" / "project"
    plant(root, path.read_bytes())
    fill(root)
    before = [one for one in examine(root, {}) if one.code in OF_NEEDS]
    try:
        proposals = propose([root], {})
    except DyncachekeysError:  # uv builds nothing of it, or reads no list
        assert before == []
        return
    listed = _listed(root)
    list(write(proposals, []))
    implied = _inputs_of_keys(root)
    assert _told(before) == implied - listed
    assert [one for one in examine(root, {}) if one.code in OF_NEEDS] == []


def _told(findings: list[Finding]) -> set[str]:
    """Return what is named in findings: files, variables, and what of git."""
    found = {path for one in findings for path in one.files}
    for one in findings:
        words = one.message.partition(":")[0].replace(",", "").split()
        if one.code == "DCK027":
            found.update(words[4:])
        elif one.code == "DCK026":
            found.update({"commit", "tags"} & set(words))
    return found


def _listed(root: Path) -> set[str]:
    """Return what the project's own list watches, or uv's defaults, as `trace` tells it."""
    project = load(root)
    watched = Watched()
    watched.add_entries(project, Files.of(project), has_keys=False)
    found = {subject for (_, subject) in watched.inputs}
    git = [entry["git"] for entry in project.user_entries if isinstance(entry, dict) and "git" in entry]
    for asked in git:
        found |= {"commit"} if asked is True else {name for name, wanted in asked.items() if wanted}
    return found


def _inputs_of_keys(root: Path) -> set[str]:
    """Return what the keys find that `init` has written, and what uv watches of a list that it does not replace."""
    report = dyncachekeys.sync(root, {})
    known = {"pyproject.toml", "src"}
    found = {
        one.subject
        for key in report.keys
        if key.resolver not in {"build", "table"}
        for one in key.inputs
        if one.input in {"env", "git"} or (one.input == "file" and (root / one.subject).is_file())
    }
    return found - known
