"""Fuzzing that is guided by coverage (atheris): the splice and the configuration, from what the tests have as samples.

Each target runs in a process of its own, for a bounded time. What breaks it is shown.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from pages import replaced

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/robustness.md"
TOKENS = (
    *(
        "[tool.uv]",
        "[tool]",
        "cache-keys",
        "tool.uv.cache-keys",
        "# >>> dyncachekeys",
        "# <<< dyncachekeys",
        "uv.x = 1",
    ),
    *("[tool.dyncachekeys]", "[tool.dyncachekeys.keys.a]", "resolver", "patterns", "watch", "timeout", "transport"),
    *('"""', "'''", "[[", "]]", "{ ", " }", " = ", "\r\n", "\ufeff", "\\\n", "{ file = ", "1979-05-27", "nan", "# "),
)
TARGETS = ("splice", "configuration")
"""Those of `fuzz_targets`."""


class Outcome(NamedTuple):
    """What a target came to."""

    target: str
    runs: int
    coverage: int
    seeds: int
    seconds: int
    broken: str


def seeds() -> Iterator[bytes]:
    """Yield documents to begin with."""
    for folder in ("tests/pyproject/samples", "tests/bad_input/invalid", "examples"):
        for path in sorted((ROOT / folder).rglob("*.toml")):
            yield path.read_bytes()


def fuzz(target: str, options: list[str]) -> None:
    """Fuzz one target in this process, which ends with it."""
    import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]  # noqa: PLC0415  for this alone

    with atheris.instrument_imports(include=["dyncachekeys"], enable_loader_override=False):
        import fuzz_targets  # noqa: PLC0415  counts the branches of what it imports
    atheris.Setup([sys.argv[0], *options], fuzz_targets.TARGETS[target])
    atheris.Fuzz()


def outcome(target: str, seconds: int) -> Outcome:
    """Fuzz a target in a process of its own."""
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name, "corpus")
        corpus.mkdir()
        number = 0
        for number, seed in enumerate(seeds(), 1):
            (corpus / str(number)).write_bytes(b"\3" + seed if target == "splice" else seed)
        words = Path(name, "words")
        words.write_text("".join(f'"{_escaped(token)}"\n' for token in TOKENS), encoding="utf-8")
        options = [
            f"-max_total_time={seconds}",
            "-max_len=4096",
            f"-dict={words}",
            "-print_final_stats=1",
            "-timeout=20",
            f"-artifact_prefix={name}/",
        ]
        argv = [sys.executable, __file__, "--in-process", target, *options, str(corpus)]
        done = subprocess.run(argv, check=False, capture_output=True, text=True, errors="replace")
        breaking = [repr(path.read_bytes()) for path in Path(name).glob("*-*")]
    runs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
    coverage = re.findall(r"\bcov: (\d+)", done.stderr)
    said = "\n".join(line for line in done.stderr.splitlines() if not line.startswith(("#", "INFO", "WARNING")))
    broken = "\n".join([target, *breaking, done.stdout, said]) if done.returncode or runs is None else ""
    return Outcome(target, int(runs[1]) if runs else 0, int(coverage[-1]) if coverage else 0, number, seconds, broken)


def _escaped(token: str) -> str:
    return "".join(
        chr(byte) if 32 <= byte < 127 and chr(byte) not in '"\\' else f"\\x{byte:02x}" for byte in token.encode()
    )


def table(outcomes: list[Outcome]) -> str:
    """Return the table of the page."""
    head = "| target | documents to begin with | seconds | documents tried | branches reached | broken |\n"
    rows = (
        f"| {one.target} | {one.seeds} | {one.seconds} | {one.runs:,} | {one.coverage:,} | {'yes' if one.broken else 0} |\n"
        for one in outcomes
    )
    return f"{head}| --- | ---: | ---: | ---: | ---: | ---: |\n{''.join(rows)}"


def main() -> int:
    """Fuzz the targets that are named, or all; the exit code is 1 if one was broken."""
    if sys.argv[1:2] == ["--in-process"]:
        fuzz(sys.argv[2], sys.argv[3:])
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("targets", nargs="*", default=[*TARGETS], metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=int, default=300, help="for each; 300, if not given")
    parser.add_argument("--write", action="store_true", help=f"write the table of docs/{PAGE.name}")
    options = parser.parse_args()
    if unknown := set(options.targets) - set(TARGETS):
        parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(TARGETS)}")
    outcomes = [outcome(target, options.seconds) for target in options.targets]
    text = table(outcomes)
    print(text, *(one.broken for one in outcomes), sep="\n")
    if options.write:
        PAGE.write_text(replaced(PAGE.read_text(encoding="utf-8"), "fuzz", f"\n{text}\n"), encoding="utf-8")
    return any(one.broken for one in outcomes)


if __name__ == "__main__":
    sys.exit(main())
