from pathlib import Path

import buildhelper


def prepare_metadata_for_build_editable(directory, config_settings=None):
    return _metadata(directory, requires=buildhelper.requires("data"))


def _metadata(directory, **more):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: demo", "Version: 0.1", *(f"Requires-Dist: {one}" for one in more.get("requires", []))]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return info.name
