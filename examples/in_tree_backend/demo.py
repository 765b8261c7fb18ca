"""See uv miss an edit of the build backend, and dyncachekeys tell it: with the real uv, offline."""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from uv import find_uv_bin

HERE = Path(__file__).parent


class Project:
    """A copy of this example, below a temporary folder."""

    def __init__(self, folder):
        self.root = Path(folder, "demo")
        self.log = Path(folder, "builds.log")
        shutil.copytree(HERE, self.root, ignore=shutil.ignore_patterns("demo.py", ".venv", ".dyncachekeys", "uv.lock"))
        self.environ = {
            **os.environ,
            "BUILD_LOG": str(self.log),
            "UV_CACHE_DIR": str(Path(folder, "uv-cache")),
            "UV_OFFLINE": "1",
            "UV_PYTHON": sys.executable,
            "UV_PYTHON_DOWNLOADS": "never",
        }
        self.environ.pop("VIRTUAL_ENV", None)

    def run(self, *command, quiet=False):
        output = subprocess.DEVNULL if quiet else None
        subprocess.run(command, cwd=self.root, env=self.environ, check=True, stderr=output)

    def builds(self):
        return self.log.read_text(encoding="utf-8").count("build") if self.log.exists() else 0

    def step(self, title, expected, *, sync=True):
        print(f"\n# {title}", flush=True)
        before = self.builds()
        if sync:
            print("$ dyncachekeys sync", flush=True)
            self.run(sys.executable, "-m", "dyncachekeys", "sync")
        print("$ uv sync", flush=True)
        self.run(find_uv_bin(), "sync", quiet=True)
        counted = self.builds() - before
        print(f"=> {counted} build(s)")
        if counted != expected:
            sys.exit(f"expected {expected}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder)
        versions = project.root / "build_backend/versions.py"
        project.step("uv alone: the first sync builds", 1, sync=False)
        versions.write_text('VERSION = "0.2"\n', encoding="utf-8")
        project.step("uv alone: the backend says 0.2 now, and uv does not notice", 0, sync=False)
        project.step("with dyncachekeys: it writes its keys", 1)
        project.step("nothing changed", 0)
        versions.write_text('VERSION = "0.3"\n', encoding="utf-8")
        project.step("a module that the backend imports was edited", 1)
        (project.root / "deps/extra.txt").write_text("# another one\n", encoding="utf-8")
        project.step("a file that the backend reads was added", 1)
        versions.touch()
        project.step("touched, not changed", 0)
        print("\nEvery build had its reason.")


if __name__ == "__main__":
    main()
