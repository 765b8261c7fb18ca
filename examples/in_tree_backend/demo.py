"""See uv miss an edit of the build backend, and then, after one command, rebuild for it: with the real uv, offline."""

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

    def step(self, title, expected, *commands):
        print(f"\n# {title}", flush=True)
        before = self.builds()
        for command in commands:
            print(f"$ {command}", flush=True)
            program, *words = command.split()
            if program == "uv":
                self.run(find_uv_bin(), *words, quiet=True)
            else:
                words = [find_uv_bin() if word == "uv" else word for word in words]
                self.run(sys.executable, "-m", "dyncachekeys", *words)
        counted = self.builds() - before
        print(f"=> {counted} build(s)")
        if counted != expected:
            sys.exit(f"expected {expected}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        project = Project(folder)
        versions, extra = project.root / "build_backend/versions.py", project.root / "deps/extra.txt"
        plain, through = "uv sync", "dyncachekeys run -- uv sync --quiet"
        project.step("uv alone: the first sync builds", 1, plain)
        versions.write_text('VERSION = "0.2"\n', encoding="utf-8")
        project.step("uv alone: the backend says 0.2 now, and uv does not notice", 0, plain)
        project.step("one command: from now on uv's own builds are watched", 1, "dyncachekeys init --quiet", through)
        project.step("nothing changed", 0, through)
        versions.write_text('VERSION = "0.3"\n', encoding="utf-8")
        project.step("a module that the backend imports was edited: plain uv sees it", 1, plain)
        extra.write_text("# another one\n", encoding="utf-8")
        project.step("a file that is like those that the backend reads was added", 1, through)
        (project.root / "deps/notes.md").write_text("nobody reads this\n", encoding="utf-8")
        project.step("one that is not", 0, through)
        print("\nEvery build had its reason.")


if __name__ == "__main__":
    main()
