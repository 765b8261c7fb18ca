"""The two faults that the tool is there for (``docs/uv-facts.md``), with the real uv."""

from __future__ import annotations

from pathlib import Path

from kit import BACKEND_KEY, HELPER, DemoMaker, make_wheel


def test_uv_alone_does_not_notice_an_edited_backend(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    assert demo.uv_sync() == 1
    demo.append("build_backend/core.py", "\nraise RuntimeError('this must reach the user')\n")
    assert demo.uv_sync() == 0


def test_with_sync_before_uv_an_edited_backend_is_built_once(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    assert demo.both() == 1
    assert demo.both() == 0
    demo.append("build_backend/core.py", "\nEDITED = True\n")
    assert demo.both() == 1
    assert demo.both() == 0


def test_second_fault_as_it_is(demo_maker: DemoMaker) -> None:
    """A backend that prepares other metadata than its wheel has loses its dependencies on the next sync.

    uv is right; the backend breaks PEP 517. To detect this is `doctor`'s; here it is only shown.
    """
    demo = demo_maker(BACKEND_KEY)
    wheels = demo.beside / "wheels"
    for name in ("one", "two"):
        make_wheel(wheels, name)
    demo.append("pyproject.toml", '\n[tool.uv]\nfind-links = ["../beside/wheels"]\n')
    demo.edit("pyproject.toml", 'version = "0.1"', 'dynamic = ["dependencies"]\nversion = "0.1"')
    demo.write(
        {"build_backend/helper.py": HELPER.replace("[]", '["one", "two"] if PREPARING else []') + "PREPARING = False\n"}
    )
    demo.append("build_backend/core.py", PREPARE_ONLY)
    demo.both()
    assert _installed(demo.root) == {"demo", "one", "two"}
    demo.edit("build_backend/helper.py", '["one", "two"]', '["one"]')
    demo.both()
    assert _installed(demo.root) == {"demo", "one"}
    demo.both()
    assert _installed(demo.root) == {"demo"}


PREPARE_ONLY = """

def prepare_metadata_for_build_editable(metadata_directory, config_settings=None):
    helper.PREPARING = True
    info = Path(metadata_directory, "demo-0.1.dist-info")
    info.mkdir()
    requires = "".join(f"Requires-Dist: {one}\\n" for one in helper.dependencies())
    text = f"Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\nDynamic: Requires-Dist\\n{requires}"
    (info / "METADATA").write_text(text, encoding="utf-8")
    (info / "WHEEL").write_text("Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n", encoding="utf-8")
    return info.name
"""


def _installed(root: Path) -> set[str]:
    return {info.name.split("-")[0] for info in root.glob(".venv/lib/python*/site-packages/*.dist-info")}
