"""Over random edits, uv builds a watched project exactly when what its build sees is not what the last build saw."""

from __future__ import annotations

import hashlib
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.test_quiet import _is_in_sync, _places, _sync, _without_memory
from kit import Demo, DemoMaker
from traced import WATCHED, traced, watches

pytestmark = [watches, pytest.mark.thorough]
LOOK = """
seen = [(str(one), one.read_bytes()) for one in sorted(Path("csrc").rglob("*.c")) if one.is_file()]
seen += [Path(one).exists() for one in ("../beside_it/x.h", "data/one.bin")]
seen.append(os.environ.get("CC"))
"""
LOG = """
import hashlib
with open(os.environ["BUILD_LOG"], "a") as log:
    log.write("saw " + hashlib.sha256(repr(seen).encode()).hexdigest() + "\\n")
"""
FILES = {"csrc/one.c": "1\n", "csrc/deep/two.c": "2\n", "csrc/notes.txt": "", "../beside_it/x.h": "", "other.txt": ""}
Step = Callable[[random.Random, Demo, dict[str, str]], None]


def _sources(demo: Demo) -> list[Path]:
    return sorted((demo.root / "csrc").rglob("*.c"))


def _edit(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    for path in rng.choices(_sources(demo), k=1) if _sources(demo) else ():
        path.write_text(rng.choice(["1\n", "2\n", "3\n"]), encoding="utf-8")


def _add(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    # No new folder in one without folders, and no other names in one without sources: see `test_watched_builds`.
    name = rng.choice(["csrc/new.c", "csrc/deep/new.c", "csrc/far/new.c"])
    demo.write({name: rng.choice(["1\n", "2\n"])})


def _remove(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    for path in rng.choices(_sources(demo), k=1) if len(_sources(demo)) > 1 else ():
        path.unlink()


def _rename(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    path = rng.choice(_sources(demo))
    path.rename(path.with_name(rng.choice(["a.c", "z.c", "one.c"])))


def _touch(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    os.utime(rng.choice([*_sources(demo), demo.root / "other.txt"]))


def _toggle(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    path = demo.root / rng.choice(["../beside_it/x.h", "data/one.bin"])
    if path.exists():
        path.unlink()
    else:
        path.parent.mkdir(exist_ok=True)
        path.write_text("", encoding="utf-8")


def _variable(rng: random.Random, _: Demo, environ: dict[str, str]) -> None:
    environ["CC"] = rng.choice(["cc", "gcc"])
    environ["OTHER"] = str(rng.random())
    if rng.random() < 0.3:
        del environ["CC"]


def _beside(rng: random.Random, demo: Demo, _: dict[str, str]) -> None:
    demo.write({rng.choice(["other.txt", "csrc/notes.txt", "more/x.c", "csrc/.hidden"]): str(rng.random())})


STEPS: tuple[Step, ...] = (_edit, _edit, _add, _remove, _rename, _touch, _toggle, _variable, _beside)


def _seen_now(demo: Demo, environ: dict[str, str]) -> str:
    found = [(str(one.relative_to(demo.root)), one.read_bytes()) for one in map(Path, sorted(_sources(demo)))]
    there = [(demo.root / one).exists() for one in ("../beside_it/x.h", "data/one.bin")]
    return hashlib.sha256(repr([*found, *there, environ.get("CC")]).encode()).hexdigest()


def _seen_last(demo: Demo) -> str:
    return demo.log.read_text(encoding="utf-8").rpartition("saw ")[2].split()[0]


@pytest.mark.parametrize("watch", ["digest", "auto"])
@pytest.mark.parametrize("seed", range(3))
def test_built_exactly_when_a_build_would_see_something_else(demo_maker: DemoMaker, seed: int, watch: str) -> None:
    rng = random.Random(f"watched {seed} {watch}")
    config = f'{WATCHED}\n[tool.dyncachekeys]\nwatch = "{watch}"\n'
    demo = traced(demo_maker, LOOK + LOG, FILES, config)
    demo.git("init", "--quiet", "..")
    environ = dict(demo.environ)
    _sync(demo, environ)
    assert demo.uv_sync() == 1
    for number in range(25):
        demo.tick()
        step = rng.choice(STEPS)
        step(rng, demo, environ)
        changed = _seen_now(demo, environ) != _seen_last(demo)
        said = (seed, number, step, _places(demo, environ), changed)
        how = _sync(demo, environ)
        truth = _without_memory(demo, environ)
        assert how == "edits" or _is_in_sync(demo, environ, truth), (said, how, truth)
        builds = demo.uv_sync(**environ)
        assert _seen_last(demo) == _seen_now(demo, environ), said
        if watch == "digest":  # plain uv goes by times, which costs a build now and then
            assert builds == changed, said
