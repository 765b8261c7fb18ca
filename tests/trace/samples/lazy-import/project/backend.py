import importlib
import pkgutil
from pathlib import Path


def get_requires_for_build_editable(config_settings=None):
    import late

    return late.REQUIRES


def prepare_metadata_for_build_editable(directory, config_settings=None):
    found = [importlib.import_module(f"plugins.{one.name}") for one in pkgutil.iter_modules(["plugins"])]
    return _metadata(directory, requires=[name for module in found for name in module.REQUIRES])


def build_wheel(directory, config_settings=None, metadata_directory=None):
    import never


def _metadata(directory, **more):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    lines = ["Metadata-Version: 2.1", "Name: demo", "Version: 0.1", *(f"Requires-Dist: {one}" for one in more.get("requires", []))]
    (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return info.name
