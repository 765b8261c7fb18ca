import os
from pathlib import Path

from hatchling.metadata.plugin.interface import MetadataHookInterface


class Hook(MetadataHookInterface):
    def update(self, metadata):
        os.environ.get("DEMO_EXTRA")
        metadata["dependencies"] = Path(self.root, "deps.txt").read_text(encoding="utf-8").split()
