"""A build backend in the tree: it takes the version from a module and the dependencies from `deps/`."""

import os
import zipfile
from pathlib import Path

from build_backend import versions


def _requirements():
    for path in sorted(Path("deps").glob("*.txt")):
        for line in path.read_text(encoding="utf-8").splitlines():
            if line.strip() and not line.startswith("#"):
                yield f"Requires-Dist: {line.strip()}\n"


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    if "BUILD_LOG" in os.environ:
        with open(os.environ["BUILD_LOG"], "a", encoding="utf-8") as log:
            log.write("build\n")
    stem = f"demo-{versions.VERSION}"
    metadata = f"Metadata-Version: 2.1\nName: demo\nVersion: {versions.VERSION}\n{''.join(_requirements())}"
    with zipfile.ZipFile(Path(wheel_directory, f"{stem}-py3-none-any.whl"), "w") as wheel:
        wheel.writestr(f"{stem}.dist-info/METADATA", metadata)
        wheel.writestr(f"{stem}.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{stem}.dist-info/RECORD", "")
    return f"{stem}-py3-none-any.whl"


build_wheel = build_editable
