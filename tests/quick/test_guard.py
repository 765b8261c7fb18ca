"""The first question of the import guard is quick: it stands in front of an import that somebody waits for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dyncachekeys.quick import guard

COUNT = """
import sys
sys.path.append(sys.argv[1])
before = set(sys.modules)
from dyncachekeys.quick import guard
guard.is_fresh(sys.argv[2])
print(*sorted(set(sys.modules) - before))
"""


def test_it_imports_next_to_nothing(tmp_path: Path) -> None:
    """Without `site`, as it is started (`guard.in_python.ask`)."""
    parent = Path(guard.__file__).parents[2]
    argv = [sys.executable, "-I", "-S", "-c", COUNT, str(parent), str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    ours = {"dyncachekeys", *(f"dyncachekeys.quick{name}" for name in ("", ".check", ".guard", ".snapshot"))}
    assert set(done.stdout.split()) <= {
        *ours,
        "__future__",
        "_collections_abc",
        "os",
        "os.path",
        "stat",
        "_stat",
        "posixpath",
        "genericpath",
        "time",
    }


ASK = """
import sys, time
from dyncachekeys.quick import guard
print(guard._wait(sys.argv[1], time.monotonic() + 5), guard._answer_of_another(sys.argv[1], None, 0))
"""


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes in folders")
@pytest.mark.parametrize("name", ["answer", "lock"])
@pytest.mark.parametrize("what", ["pipe", "folder", "link"])
def test_nothing_planted_makes_an_import_wait(tmp_path: Path, name: str, what: str) -> None:
    folder = tmp_path / guard.FOLDER
    folder.mkdir(parents=True)
    planted = folder / name
    if what == "pipe":
        os.mkfifo(planted)
    elif what == "folder":
        (planted / "in-the-way").mkdir(parents=True)
    else:
        (tmp_path / "theirs").write_text("kept", encoding="utf-8")
        planted.symlink_to(tmp_path / "theirs")
    argv = [sys.executable, "-c", ASK, str(tmp_path)]
    assert subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60).stdout == "False None\n"
    if what == "link":
        assert (tmp_path / "theirs").read_text(encoding="utf-8") == "kept"
