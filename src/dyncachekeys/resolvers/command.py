"""``resolver = "command"``: the output of a program."""

from __future__ import annotations

import re
import shlex
import signal
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from dyncachekeys.plugin import Checked, Completed, Context, OutputTooLargeError, Problem, ResolverError, Value

_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_ERROR_SHOWN = 2_000
_SHORTEST_HIDDEN = 4
"""A word of a variable's value that has as many characters, or more, is not shown in messages."""


def _check_word(word: str) -> str | None:
    return "no argument can hold a NUL character" if "\0" in word else None


def _check_expression(pattern: str) -> str | None:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        return f"`{pattern}` is not a regular expression: {error}"
    return None


def command(
    context: Context,
    *,
    argv: Annotated[
        list[Annotated[str, Checked(_check_word)]],
        "the program and its arguments; no shell; a word that is `${NAME}` and nothing else expands",
    ],
    pattern: Annotated[
        str | None, Checked(_check_expression), "a regular expression: what it matches counts, not the whole output"
    ] = None,
    allow_failure: Annotated[bool, "take an exit code other than 0 for a state, not for an error"] = False,
    max_output: Annotated[int, "bytes of output that are not too much"] = 1_048_576,
) -> Iterable[Value]:
    """Yield what a program writes to its standard output; it runs each time.

    Space at the end does not count, nor how lines end.
    """
    if max_output < 1:
        raise _wrong(context, "invalid-option", "max-output", "must be more than 0", "write bytes, such as `1048576`")
    name = _spelled(argv)
    done = _run(context, name, argv, max_output)
    if done.code and not allow_failure:
        remedy = "fix the command, or set `allow-failure = true` if a failure is a state like any other"
        raise _wrong(context, "program-failed", "argv", _failure(context, name, argv, done), remedy)
    output = done.output.replace(b"\r\n", b"\n").rstrip()
    data = output if pattern is None else _found(context, pattern, output)
    if not data and pattern is not None and not done.code:
        remedy = "fix the pattern; run the command to see its output"
        raise _wrong(context, "no-match", "pattern", f"it matches nothing in the output of `{name}`", remedy)
    yield Value(name, {"code": done.code, "output": data} if allow_failure else data, f"output of `{name}`")


def _wrong(context: Context, code: str, option: str, message: str, remedy: str) -> ResolverError:
    return ResolverError([Problem(code, message, f"{context.where}.{option}", remedy)])


def _spelled(argv: Sequence[str]) -> str:
    """Return the command as one would write it in a shell, on one line; what expands is not quoted."""
    spelled = " ".join(word if _VARIABLE.fullmatch(word) else shlex.quote(word) for word in argv)
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in spelled)


def _expanded(context: Context, argv: Sequence[str]) -> Iterator[str]:
    for place, word in enumerate(argv):
        variable = _VARIABLE.fullmatch(word)
        if not variable:
            yield word
            continue
        name, where = variable[1], f"argv[{place}]"
        value = context.environ.get(name)
        if value is None:
            remedy = f"set `{name}`, or write a word in its place"
            raise _wrong(context, "variable-unset", where, f"the variable `{name}` is not set", remedy)
        try:
            words = shlex.split(value)
        except ValueError as error:
            message = f"the value of `{name}` can't be split into words: {error}"
            raise _wrong(context, "invalid-option", where, message, f"fix the quotes in `{name}`") from error
        if not words and place == 0:
            message = f"the variable `{name}` is empty, and so names no program"
            raise _wrong(context, "variable-empty", where, message, f"set `{name}` to a program")
        yield from words


def _run(context: Context, name: str, argv: Sequence[str], max_output: int) -> Completed:
    words = list(_expanded(context, argv))
    if not words or not words[0]:
        remedy = 'write a program and its arguments, such as `["cc", "--version"]`'
        raise _wrong(context, "invalid-option", "argv", "names no program", remedy)
    option = "argv[0]"
    try:
        return context.run(words, max_output=max_output)
    except FileNotFoundError:
        code, message = "program-missing", f"the program `{argv[0]}` can't be found"
        remedy = "install it, or fix `PATH` or the name; with a slash in it, it is relative to the project"
    except TimeoutError:
        code, option, message = "program-timeout", "timeout", f"`{name}` did not end within {context.timeout:g} seconds"
        remedy = f"raise `{context.where}.timeout`, or let the program do less"
    except OutputTooLargeError:
        code, option, message = "output-too-large", "max-output", f"`{name}` wrote more than {max_output:,} bytes"
        remedy = f"raise `{context.where}.max-output`, or let the program write less"
    except OSError as error:
        code, message = "program-not-started", f"the program `{argv[0]}` can't be started: {error.strerror}"
        remedy = "make it a program: executable, for this machine, and a script with a first line like `#!/bin/sh`"
    raise _wrong(context, code, option, message, remedy)


def _found(context: Context, pattern: str, output: bytes) -> list[list[str | None]]:
    try:
        with context.limited():
            return _matches(pattern, output)
    except TimeoutError:
        message = f"matching it took longer than is left of the {context.timeout:g} seconds of the key"
        remedy = f"write a simpler one (`(a+)+b` can be read in too many ways), or raise `{context.where}.timeout`"
        raise _wrong(context, "pattern-timeout", "pattern", message, remedy) from None


def _matches(pattern: str, output: bytes) -> list[list[str | None]]:
    """Return the groups of each match, or all of it where there are none. A match without any text is left out."""
    text = output.decode("utf-8", "surrogateescape")
    found = (list(match.groups() or (match[0],)) for match in re.finditer(pattern, text, re.MULTILINE))
    return [groups for groups in found if any(groups)]


def _failure(context: Context, name: str, argv: Sequence[str], done: Completed) -> str:
    """Return how a program failed, with the end of its standard error."""
    how = f"failed with exit code {done.code}" if done.code > 0 else f"was ended by signal {_signal(-done.code)}"
    lines = "".join(f"\n    {line}" for line in _end_of_error(context, argv, done).splitlines())
    return f"`{name}` {how}" + (f"\n  its standard error was:{lines}" if lines else "")


def _end_of_error(context: Context, argv: Sequence[str], done: Completed) -> str:
    """Return the end of what a program wrote to its standard error; values of variables by their names."""
    text = done.error.decode("utf-8", "replace")
    for variable in filter(None, map(_VARIABLE.fullmatch, argv)):
        for word in sorted(shlex.split(context.environ[variable[1]]), key=len, reverse=True):
            text = text.replace(word, variable[0]) if len(word) >= _SHORTEST_HIDDEN else text
    text = "".join(sign for sign in text if sign.isprintable() or sign in "\n\t").strip()
    return text if len(text) <= _ERROR_SHOWN else "..." + text[-_ERROR_SHOWN:]


def _signal(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time one
        return str(number)
