"""Of which project a command line of uv is, and whether it builds anything at all: for `run -- uv ...`."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

WITH_VALUE = frozenset(
    [
        "--allow-insecure-host",
        "--cache-dir",
        "--color",
        "--config-file",
        "--directory",
        "--preview-features",
        "--project",
        "--python-fetch",
        "--python-preference",
        "--build-constraint",
        "--build-constraints",
        "--config-setting",
        "--config-settings",
        "--config-settings-package",
        "--constraint",
        "--constraints",
        "--default-index",
        "--env-file",
        "--exclude-newer",
        "--exclude-newer-package",
        "--extra",
        "--extra-index-url",
        "--find-links",
        "--fork-strategy",
        "--from",
        "--generate-shell-completion",
        "--group",
        "--index",
        "--index-strategy",
        "--index-url",
        "--keyring-provider",
        "--link-mode",
        "--max-recursion-depth",
        "--no-binary-package",
        "--no-build-isolation-package",
        "--no-build-package",
        "--no-editable-package",
        "--no-extra",
        "--no-group",
        "--no-sources-package",
        "--only-group",
        "--override",
        "--overrides",
        "--package",
        "--prerelease",
        "--prerelease-package",
        "--python",
        "--python-platform",
        "--refresh-package",
        "--reinstall-package",
        "--resolution",
        "--torch-backend",
        "--upgrade-group",
        "--upgrade-package",
        "--with",
        "--with-editable",
        "--with-requirements",
        "-C",
        "-P",
        "-b",
        "-c",
        "-f",
        "-i",
        "-p",
        "-w",
    ]
)
"""Options that take a value: of every command, of `uv run` and of `uv tool run` (uv 0.13.9)."""
_NEVER_BUILD = frozenset(
    [
        "auth",
        "build-backend",
        "cache",
        "clean",
        "format",
        "generate-shell-completion",
        "help",
        "init",
        "publish",
        "python",
        "self",
        "venv",
    ]
)
"""Commands that neither build a local package nor ask one for its metadata; one that is not known here may."""
_NEVER_BUILD_IN = {
    "pip": frozenset(["check", "freeze", "list", "show", "tree", "uninstall"]),
    "tool": frozenset(["audit", "dir", "list", "uninstall", "update-shell"]),
    "workspace": frozenset(["dir", "list"]),
}
"""The same of commands of commands."""
_OTHERS_BEHIND = {"run": 2, "tool run": 3}
"""Behind how many words all else is another program's, by the first of them."""
_HELP = frozenset({"-h", "--help", "-V", "--version"})
_TRUE = frozenset({"1", "on", "t", "true", "y", "yes"})


def is_on(name: str, environ: Mapping[str, str]) -> bool:
    """Tell whether a variable of uv's switches something on, as uv reads it."""
    return environ.get(name, "").lower() in _TRUE


def project_of(argv: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return the folder from which on uv looks for its project; nothing if the command never builds.

    As uv does it: ``--directory`` (``UV_WORKING_DIR``) comes first, and ``--project`` (``UV_PROJECT``) is relative to
    it. ``--package`` narrows nothing, since what a package is built with in its workspace has to be fresh as well.

    Args:
        argv: The command line, from a name of uv on.
        environ: The environment.
    """
    arguments = argv[1:]
    if os.path.basename(argv[0]).startswith("uvx"):
        arguments = ["tool", "run", *arguments]
    words, given = _read(arguments)
    if not words or not _HELP.isdisjoint(given) or _never_builds(words, given, environ):
        return None
    directory = given.get("--directory") or environ.get("UV_WORKING_DIR") or ""
    project = given.get("--project") or environ.get("UV_PROJECT") or ""
    return os.path.join(directory, project) if directory and project else directory or project or "."


def _read(arguments: Iterable[str]) -> tuple[list[str], dict[str, str]]:
    """Return the words of a command line that are uv's own, and its options, each with its value."""
    words: list[str] = []
    given: dict[str, str] = {}
    rest = iter(arguments)
    for argument in rest:
        if argument == "--":
            break
        if not argument.startswith("-") or argument == "-":
            words.append(argument)
            if _OTHERS_BEHIND.get(words[0], _OTHERS_BEHIND.get(" ".join(words[:2]))) == len(words):
                break
            continue
        for name, value in _options(argument):
            given[name] = next(rest, "") if value is None and name in WITH_VALUE else value or ""
    return words, given


def _options(argument: str) -> list[tuple[str, str | None]]:
    """Return the options in one argument, each with the value that stands there: of `-qp3.12`, both."""
    if argument.startswith("--"):
        name, equals, value = argument.partition("=")
        return [(name, value if equals else None)]
    found: list[tuple[str, str | None]] = []
    for place, letter in enumerate(argument[1:], 2):
        takes_rest = f"-{letter}" in WITH_VALUE and place < len(argument)
        found.append((f"-{letter}", argument[place:] if takes_rest else None))
        if takes_rest:
            break
    return found


def _never_builds(words: Sequence[str], given: Mapping[str, str], environ: Mapping[str, str]) -> bool:
    if words[0] == "run":
        return any(
            f"--{name}" in given or is_on(f"UV_{name.replace('-', '_').upper()}", environ)
            for name in ("no-sync", "no-project")
        )
    return words[0] in _NEVER_BUILD or (len(words) > 1 and words[1] in _NEVER_BUILD_IN.get(words[0], ()))
