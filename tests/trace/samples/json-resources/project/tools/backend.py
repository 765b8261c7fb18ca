import json
from importlib import resources
from pathlib import Path


def prepare_metadata_for_build_editable(directory, config_settings=None):
    text = resources.files("tools.data").joinpath("versions.json").read_text(encoding="utf-8")
    return _metadata(directory, **json.loads(text))


def _metadata(directory, **more):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: demo", "Version: 0.1", *(f"Requires-Dist: {one}" for one in more.get("requires", []))]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return info.name
