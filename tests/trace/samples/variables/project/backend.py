import os
from pathlib import Path


def prepare_metadata_for_build_editable(directory, config_settings=None):
    os.environ.get("BY_GET")
    os.getenv("BY_GETENV", "")
    "BY_IN" in os.environ
    os.environb.get(b"BYTES")
    os.environ.pop("BY_POP", None)
    os.path.expandvars("x/$BY_EXPANSION")
    try:
        os.environ["BY_INDEX"]
    except KeyError:
        pass
    os.environ["OWN"] = "1"
    os.environ["OWN"]
    dict(os.environ)
    [name for name, value in os.environ.items() if value]
    os.path.exists("one.flag")
    Path("two.flag").is_file()
    try:
        open("deep/three.flag", encoding="utf-8")
    except FileNotFoundError:
        pass
    os.access("four.flag", os.R_OK)
    Path("five.flag").exists()
    os.path.isdir("folder")
    Path("notes.txt").read_text(encoding="utf-8")
    return _metadata(directory)


def _metadata(directory, **more):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: demo", "Version: 0.1", *(f"Requires-Dist: {one}" for one in more.get("requires", []))]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return info.name
