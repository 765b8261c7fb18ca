"""What a run is disturbed in, and what must hold afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.propose.decide import InitOptions
from dyncachekeys.propose.propose import propose
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.syncing.planning import make_plan
from faults.injecting import Outcome, Point, points, with_fault
from kit import BACKEND, HELPER, PYPROJECT, VARIED_KEYS, Demo, make_demo

_YOUNG_SECONDS = 2.1
TRANSPORTS = ("stamp", "digest")
_CONFIG = '\n[tool.dyncachekeys]\ntransport = "{transport}"\n' + VARIED_KEYS
_BUILDS_FROM = BACKEND.replace(
    "    return name\n",
    """\
        sources = sorted(Path("csrc").glob("*.c"))
        wheel.writestr("demo-0.1.dist-info/sources.txt", "".join(f"{one.name} {one.read_text()}" for one in sources))
    return name
""",
    1,
)
_HOME = {"builds", "current", "derived.json", "folders", "history", "inputs", "lock", "snapshot", "stamp", "stamps"}
_HOME |= {".gitignore", "scope", "state.json", "watch"}


class Before(NamedTuple):
    """A project before the run that is disturbed."""

    document: bytes
    expected: bytes
    """``pyproject.toml`` as an undisturbed run writes it."""
    ignored: bytes
    """``.gitignore``"""


class Scenario(NamedTuple):
    """A run."""

    prepare: Callable[[Demo, int], None]
    """Brings a project, wherever it is, to where this begins."""
    command: tuple[str, ...]
    """What is disturbed."""
    expected: Callable[[Demo], bytes]
    """Returns ``pyproject.toml`` as an undisturbed run writes it."""
    verify: Callable[[Demo, Outcome, Before], None]
    """What must hold after it."""
    builds: int = 2
    """How many are made at most, until all is at rest."""


def disturb(demo: Demo, scenario: Scenario, number: int, point: Point, fault: str) -> Outcome:
    """Do all of it once, and demand that it holds.

    Args:
        demo: A project.
        scenario: The run.
        number: Makes each edit another one. If it is odd, uv comes before the next sync.
        point: Where the run is disturbed.
        fault: How.
    """
    scenario.prepare(demo, number)
    document, ignored = (demo.root / "pyproject.toml").read_bytes(), (demo.root / ".gitignore").read_bytes()
    before = Before(document, scenario.expected(demo), ignored)
    outcome = with_fault(demo, point, fault, *scenario.command)
    if not outcome.injected:
        return outcome
    try:
        _assert_reported(outcome, (demo.root / "pyproject.toml").read_bytes(), before)
        builds = demo.builds
        if number % 2:
            demo.uv_sync()
        scenario.verify(demo, outcome, before)
        demo.uv_sync()
        assert demo.builds <= builds + scenario.builds, "needless builds"
        assert installed(demo) == sources(demo), "a build is missed"
        _rest(demo)
    except (AssertionError, DyncachekeysError, OSError) as error:
        message = f"{scenario.command} {point} {fault}: {error}\n{outcome}"
        raise AssertionError(message) from error
    return outcome


def _rest(demo: Demo) -> None:
    """Demand that nothing is left to do after a sync and a build at most."""
    if b"[tool.dyncachekeys" in (demo.root / "pyproject.toml").read_bytes():
        for _ in range(2):
            demo.sync()
            demo.uv_sync()
        report = demo.sync()
        assert not report.changed
    assert demo.uv_sync() == 0, "it does not come to rest"


def project(folder: Path, transport: str) -> Demo:
    """Return a project at rest."""
    files = {"csrc/one.c": "A\n", "csrc/two.c": "B\n", "build_backend/core.py": _BUILDS_FROM}
    demo = make_demo(folder, _CONFIG.format(transport=transport), files)
    demo.git("init", "--quiet")
    (demo.beside / "transport").write_text(transport, encoding="utf-8")
    demo.settled()
    return demo


def installed(demo: Demo) -> str:
    """Return what the sources were when what is installed was built."""
    (path,) = demo.root.glob(".venv/lib/python*/site-packages/demo-*.dist-info/sources.txt")
    return path.read_text(encoding="utf-8")


def sources(demo: Demo) -> str:
    """Return what they are."""
    return "".join(f"{one.name} {one.read_text(encoding='utf-8')}" for one in sorted((demo.root / "csrc").glob("*.c")))


def _assert_reported(outcome: Outcome, now: bytes, before: Before) -> None:
    """Demand that the file is the old or the new one, and that a failure is told as what it is."""
    assert now in {before.document, before.expected}, "pyproject.toml is torn"
    assert outcome.code in {0, 2, -9}, outcome
    assert "Traceback" not in outcome.said, outcome.said
    assert outcome.code != 2 or "error: " in outcome.said, outcome.said


def assert_tidy(demo: Demo, *, more: int = 0) -> None:
    """Demand that nothing is left but what belongs there, and so many stamp folders more."""
    home = demo.root / ".dyncachekeys"
    beside = [
        path.name for path in demo.root.iterdir() if path.name.endswith((".tmp", ".swap")) or ".kept-" in path.name
    ]
    inside = {path.name for path in home.iterdir()} - _HOME if home.exists() else set()
    stamps = list((home / "stamps").iterdir()) if (home / "stamps").exists() else []
    assert (beside, inside) == ([], set()), (beside, inside)
    assert len(stamps) <= 2 + more, stamps


def _synced(demo: Demo) -> bytes:
    return make_plan(demo.root, demo.environ).document


def _verify_sync(demo: Demo, outcome: Outcome, before: Before) -> None:
    """The next sync completes it: the same state as without the fault."""
    demo.sync()
    assert (demo.root / "pyproject.toml").read_bytes() == before.expected
    # One that could not be removed, while all else could be written, goes when the stamp moves the next time.
    assert_tidy(demo, more=int(outcome.code == 0))
    assert make_plan(demo.root, demo.environ).is_idle
    check = demo.cli("check", "--stamp", check=False)
    assert check.returncode == 0, check.stdout


def _cut(demo: Demo) -> bytes:
    return cut((demo.root / "pyproject.toml").read_bytes()).data


def _verify_clean(demo: Demo, outcome: Outcome, before: Before) -> None:
    """The next `clean` completes it; and what a sync makes of the rest is right."""
    if outcome.code:
        demo.write({"csrc/one.c": f"{outcome.code} {len(outcome.said)}\n"})
        demo.sync()
        demo.uv_sync()
        assert installed(demo) == sources(demo), "a build is missed"
    demo.cli("clean")
    assert (demo.root / "pyproject.toml").read_bytes() == before.expected
    assert not (demo.root / ".dyncachekeys").exists()
    assert_tidy(demo)
    demo.sync()


def _proposed(demo: Demo) -> bytes:
    (proposal,) = propose([demo.root], demo.environ, InitOptions(transport=_transport(demo)), consumer=demo.root)
    return proposal.after


def _verify_init(demo: Demo, outcome: Outcome, before: Before) -> None:
    """Each file is the old or the new one, and the next run completes what can be completed."""
    assert (demo.root / ".gitignore").read_bytes() in {before.ignored, before.ignored + b"/.dyncachekeys/\n"}
    if (demo.root / "pyproject.toml").read_bytes() == before.document:
        demo.cli("init", "--transport", _transport(demo))
    assert (demo.root / "pyproject.toml").read_bytes() == before.expected
    demo.sync()
    assert_tidy(demo)


def _transport(demo: Demo) -> Literal["stamp", "digest"]:
    return "digest" if (demo.beside / "transport").read_text(encoding="utf-8") == "digest" else "stamp"


def _edit(demo: Demo, number: int) -> None:
    demo.write({"csrc/one.c": f"{number}\n"})


def _add(demo: Demo, number: int) -> None:
    (demo.root / "csrc/new.c").unlink(missing_ok=True)
    _rest(demo)
    demo.write({"csrc/new.c": f"{number}\n", f"build_backend/new_{number}.py": ""})
    demo.write({"build_backend/helper.py": f"from build_backend import new_{number}\n\n{HELPER}"})


def _delete(demo: Demo, number: int) -> None:
    demo.write({"csrc/new.c": f"{number}\n"})
    _rest(demo)
    (demo.root / "csrc/new.c").unlink()


def _at_rest(demo: Demo, number: int) -> None:
    _rest(demo)
    time.sleep(_YOUNG_SECONDS)  # else what is young is looked at once more, and that is written down
    demo.sync()


def _first(demo: Demo, number: int) -> None:
    demo.cli("clean")
    demo.write({"csrc/one.c": f"{number}\n"})


def _undeclared(demo: Demo, number: int) -> None:
    demo.cli("clean")
    demo.write({"pyproject.toml": PYPROJECT, ".gitignore": "/.venv/\n/uv.lock\n__pycache__/\n"})


def scenarios(transport: str) -> dict[str, Scenario]:
    """Return all runs that are disturbed, by name."""
    return {
        "first sync": Scenario(_first, ("sync",), _synced, _verify_sync),
        "edit": Scenario(_edit, ("sync",), _synced, _verify_sync),
        "add": Scenario(_add, ("sync",), _synced, _verify_sync),
        "delete": Scenario(_delete, ("sync",), _synced, _verify_sync),
        "quiet": Scenario(_at_rest, ("sync",), _synced, _verify_sync),
        "init": Scenario(_undeclared, ("init", "--transport", transport), _proposed, _verify_init),
        "clean": Scenario(_at_rest, ("clean",), _cut, _verify_clean, builds=3),
    }


def enumerated(demo: Demo, scenario: Scenario) -> list[Point]:
    """Return the points of a run, which is made once, undisturbed."""
    scenario.prepare(demo, 0)
    found = points(demo, *scenario.command)
    if scenario.command[0] == "clean":
        demo.sync()
    demo.uv_sync()
    return found
