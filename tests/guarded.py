"""A project whose build puts what it read into what it installs, and which is imported by a Python of its own."""

from __future__ import annotations

import subprocess
from pathlib import Path

from kit import Demo, make_demo

BACKEND = """\
import os
import zipfile
from pathlib import Path


def _build(directory, editable):
    with open(os.environ["BUILD_LOG"], "a", encoding="utf-8") as log:
        log.write("build\\n")
    if Path("slow").exists():
        import time
        time.sleep(float(Path("slow").read_text()))
    if Path("fails").exists():
        raise SystemExit("the source does not compile")
    read = [path.read_text() for path in sorted(Path("csrc").glob("*.c"))]
    files = {"demo_built.py": f"READ = {''.join(read)!r}\\n"}
    if editable:
        files["_demo.pth"] = os.path.abspath("src") + "\\n"
    else:
        files.update({str(path.relative_to("src")): path.read_text() for path in Path("src").rglob("*.py")})
    requires = "".join(f"Requires-Dist: {line}\\n" for line in Path("needs").read_text().splitlines())
    files["demo-0.1.dist-info/METADATA"] = f"Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n{requires}"
    files["demo-0.1.dist-info/WHEEL"] = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    files["demo-0.1.dist-info/RECORD"] = "".join(f"{name},,\\n" for name in [*files, "demo-0.1.dist-info/RECORD"])
    with zipfile.ZipFile(Path(directory, "demo-0.1-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "demo-0.1-py3-none-any.whl"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(wheel_directory, editable=False)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(wheel_directory, editable=True)
"""
KEYS = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/*.c", "needs"]

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.flags]
resolver = "env"
names = ["DEMO_FLAGS"]
"""
FILES = {
    "build_backend/core.py": BACKEND,
    "src/demo/__init__.py": "from demo_built import READ\n",
    "csrc/a.c": "one",
    "csrc/b.c": "old",
    "needs": "",
}


def guarded(folder: Path, mode: str = "build", more: str = "", *, built: bool = True) -> Demo:
    """Return a project with the guard, built and at rest, unless it shall not be built yet."""
    options = f'\n[tool.dyncachekeys]\nguard = "{mode}"\n{more}\n' if mode else f"\n[tool.dyncachekeys]\n{more}\n"
    demo = make_demo(folder, options + KEYS, FILES)
    # Compiled modules compare seconds and sizes: what is built twice in a second would not be seen by Python itself.
    demo.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    if built:
        demo.settled()
    return demo


def python(demo: Demo) -> str:
    """Return the interpreter of the project's environment."""
    return str(demo.root / ".venv/bin/python")


def import_it(
    demo: Demo, code: str = "import demo; print(demo.READ)", *, check: bool = True, **environ: str
) -> subprocess.CompletedProcess[str]:
    """Import the package in a Python of its own, with no uv command."""
    return demo.run(python(demo), "-c", code, check=check, **environ)
