from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class Tables(BuildHookInterface):
    """Turns data/*.csv into a module."""

    def initialize(self, version, build_data):
        root = Path(self.root)
        lines = [line for file in sorted(root.glob("data/*.csv")) for line in file.read_text().splitlines()]
        table = dict(line.split(",") for line in lines)
        made = root / "src/colours/_table.py"
        made.write_text(f"TABLE = {table!r}\n")
        build_data["artifacts"].append("src/colours/_table.py")
