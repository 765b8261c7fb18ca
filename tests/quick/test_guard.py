"""The first question of the import guard is quick: it stands in front of an import that somebody waits for."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

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
