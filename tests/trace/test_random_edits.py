"""Over random edits, a project with a traced key says what it would say without any memory and with a fresh trace."""

from __future__ import annotations

import random
import time

import pytest

import dyncachekeys
from dyncachekeys.syncing.report import ProjectReport
from e2e.test_quiet import CONFIG, FILES, STEPS, _is_in_sync, _places, _sync
from kit import Demo, DemoMaker

HOOK = """

def prepare_metadata_for_build_editable(directory, config_settings=None):
    for one in sorted(Path("csrc").rglob("*.c")):
        if one.is_file():
            one.read_bytes()
    Path("../beside_it/x.h").exists()
    Path("data/one.bin").exists()
    os.environ.get("CC")
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n", encoding="utf-8")
    return info.name
"""


def _afresh(demo: Demo, environ: dict[str, str]) -> ProjectReport:
    """Return what the full path would do if it had to read every file, and to trace."""
    kept = [
        (demo.root / ".dyncachekeys" / name, demo.beside / name) for name in ("snapshot", "derived.json", "trace.json")
    ]
    for path, aside in kept:
        if path.exists():
            path.rename(aside)
    try:
        return dyncachekeys.check(demo.root, environ)
    finally:
        for path, aside in kept:
            if aside.exists():
                aside.rename(path)


@pytest.mark.thorough
@pytest.mark.parametrize("watch", ["digest", "auto"])
@pytest.mark.parametrize("seed", range(3))
def test_a_kept_trace_says_what_a_fresh_one_says(
    demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch, seed: int, watch: str
) -> None:
    ahead, real = [0], time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + ahead[0])
    rng = random.Random(f"trace {seed} {watch}")
    config = CONFIG.replace("{watch}", watch).replace('resolver = "backend"\n', 'resolver = "backend"\ntrace = true\n')
    demo = demo_maker(config, FILES)
    demo.append("build_backend/core.py", HOOK)
    demo.git("init", "--quiet")
    environ = dict(demo.environ)
    dyncachekeys.sync(demo.root, environ)
    for number in range(30):
        ahead[0] = rng.choice([0, 0, 10**10, 10**10, 10**10, -(10**10)])
        _sync(demo, environ)
        demo.tick()
        step = rng.choice(STEPS) if rng.random() < 0.85 else None
        if step is not None:
            step(rng, demo, environ)
        places = _places(demo, environ)
        truth = _afresh(demo, environ)
        said = (seed, number, step, places, truth.why, [key.changes for key in truth.keys])
        if places == []:
            assert _is_in_sync(demo, environ, truth), said
        _sync(demo, environ)
        after = _afresh(demo, environ)
        assert _is_in_sync(demo, environ, after), (said, after)
        assert after.digest == truth.digest, said
