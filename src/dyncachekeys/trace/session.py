"""Which variables say something of the build, and which only of the session that it is made in."""

from __future__ import annotations

from collections.abc import Iterator

from dyncachekeys.trace.fact import ByKind
from dyncachekeys.trace.in_build.protocol import PROJECT
from dyncachekeys.trace.model import is_like

_SESSION = {
    *("PATH", "HOME", "PWD", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "COLUMNS", "LINES"),
    *("TMP", "TMPDIR", "TEMP", "TEMPDIR", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"),
    *("UV", "UV_CACHE_DIR", "UV_RUN_RECURSION_DEPTH"),
    *("_PYTHON_HOST_PLATFORM", "_PYTHON_PROJECT_BASE", "_PYTHON_SYSCONFIGDATA_NAME", "PYTHON_COLORS"),
    *("NO_COLOR", "FORCE_COLOR", "PY_FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"),
}
_SESSION_LIKE = ("LC_*", "XDG_*", "PYTHON[!_]*", "PIP_*", "PEP517_*", "UV_INTERNAL__*")
_OF_CI = (
    *("CI", "BUILDKITE", "CIRCLECI", "TRAVIS"),
    *("GITHUB_*", "GITLAB_*", "JENKINS_*", "BUILDKITE_*", "TRAVIS_*", "CIRCLE_*"),
)
"""Variables that say something of the session, not of the build, unless the project's own code asks for them."""
_OF_TERMINALS = (
    *("_", "SHLVL", "OLDPWD", "DISPLAY", "WAYLAND_DISPLAY", "WINDOWID", "MAIL", "EDITOR", "VISUAL", "PAGER", "LESS*"),
    *("LS_COLORS", "COLORTERM", "TERM_*", "TMUX*", "STY", "SSH_*", "GPG_*", "DBUS_*", "VTE_*", "KONSOLE_*", "GNOME_*"),
    *("WT_*", "VSCODE_*", "ITERM_*", "DIRENV_*", "PYENV_*", "CONDA_*", "NVM_*", "npm_*", "MAKE*", "MFLAGS", "HIST*"),
    *("PS[0-9]", "PROMPT*", "UV_*", "HOSTNAME", "HOSTTYPE", "GIT_*", "PRE_COMMIT*", "TOX_*", "NOX_*", "DYNCACHEKEYS_*"),
)
"""Further ones, where code goes through all that there are."""
_SET_BY_US = frozenset({"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"})
"""What we set ourselves for a traced build."""


def counting(facts: ByKind) -> Iterator[tuple[str, str]]:
    """Yield the variables that count, each with who asked: not the session's, unless the project's own code asks."""
    for fact in facts["variable"]:
        if fact.who and fact.subject not in _SET_BY_US:
            is_session = is_for_session(fact.subject) or is_like(fact.subject, _OF_CI)
            if fact.who.startswith(PROJECT) or not is_session:
                yield fact.subject, fact.who
    for fact in facts["looped"]:
        if not is_of_session(fact.subject):
            yield fact.subject, fact.who


def is_of_session(name: str) -> bool:
    """Tell whether a variable says something of the session, and nothing of the build."""
    return name in _SESSION | _SET_BY_US or is_like(name, (*_SESSION_LIKE, *_OF_CI, *_OF_TERMINALS))


def is_for_session(name: str) -> bool:
    """Tell whether a variable says something of the user's session: of places, terminals, colours, languages."""
    return name in _SESSION or is_like(name, _SESSION_LIKE)
