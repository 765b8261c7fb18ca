import os
import subprocess
import sys
from pathlib import Path


def prepare_metadata_for_build_editable(directory, config_settings=None):
    space = {}
    exec(compile(Path("version.py").read_text(encoding="utf-8"), "version.py", "exec"), space)
    environ = {"FROM_BACKEND": "1", "PATH": os.defpath}
    said = subprocess.run([sys.executable, "gen.py"], env=environ, check=True, capture_output=True, text=True).stdout
    subprocess.run(["sh", "gen.sh"], check=True)
    with open("out.txt", "a", encoding="utf-8") as stream:  # written first, so no input
        stream.write("four")
    more = Path("out.txt").read_text(encoding="utf-8").split()
    return _metadata(directory, requires=[*space["REQUIRES"], *said.split()[:1], *more[:1]])


def _metadata(directory, **more):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: demo", "Version: 0.1", *(f"Requires-Dist: {one}" for one in more.get("requires", []))]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return info.name
