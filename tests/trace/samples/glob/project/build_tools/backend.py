import glob
from pathlib import Path


def prepare_metadata_for_build_editable(directory, config_settings=None):
    files = [*sorted(glob.glob("reqs/*.txt")), *sorted(Path("more").glob("*.in"))]
    return _metadata(directory, requires=[line for one in files for line in Path(one).read_text(encoding="utf-8").split()])


def _metadata(directory, **more):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: demo", "Version: 0.1", *(f"Requires-Dist: {one}" for one in more.get("requires", []))]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return info.name
