"""A backend whose metadata step does something, and says that it was run."""

from __future__ import annotations

import textwrap

from kit import Demo, DemoMaker

KEY = """
[tool.dyncachekeys.keys.backend]
resolver = "backend"
trace = true
"""
_HOOK = """

def prepare_metadata_for_build_editable(directory, config_settings=None):
    with open(os.environ["BUILD_LOG"], "a", encoding="utf-8") as log:
        log.write("metadata\\n")
{body}
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n", encoding="utf-8")
    return info.name
"""


def hook(body: str) -> str:
    """Return the code of the hook, to stand at the end of the backend."""
    return _HOOK.replace("{body}", textwrap.indent(textwrap.dedent(body).strip("\n"), "    "))


def traces(demo: Demo) -> int:
    """Return how often the hook has run so far."""
    return demo.log.read_text(encoding="utf-8").count("metadata\n") if demo.log.exists() else 0


def both(demo: Demo, **environ: str) -> int:
    """Sync and return the builds, without asking `explain` before, which would trace as well."""
    demo.sync(**environ)
    return demo.uv_sync(**environ)


def traced(demo_maker: DemoMaker, body: str, files: dict[str, str] | None = None, config: str = KEY) -> Demo:
    """Return a project whose metadata step does something."""
    demo = demo_maker(config, files or {})
    demo.append("build_backend/core.py", hook(body))
    return demo


def settled(demo: Demo) -> None:
    """Sync until nothing is left to do."""
    both(demo)
    both(demo)
    assert both(demo) == 0
