"""The completions of bash, zsh and fish, from the parser of the command line.

They are made here and installed as files, so that a shell that starts need not wait for them. What stands behind
``run --`` is completed as the command line that it is.
"""

from __future__ import annotations

from collections.abc import Iterator

from command_line import Command, Option, commands

COMMANDS = list(commands())
PROGRAM, *OTHERS = COMMANDS
MADE_BY = "# Made by `python schema/generate.py`; do not edit.\n"


def bash() -> str:
    """Return what completes in bash, from 3.2 on, with bash-completion or without."""
    words = "".join(f"        {one.name or '-'}) echo '{_words(one)}' ;;\n" for one in COMMANDS)
    values = "".join(
        f"        {'|'.join(f'{command.name}:{name}' for name in option.names)}) echo '{' '.join(option.choices)}' ;;\n"
        for command in OTHERS
        for option in command.options
        if option.names and option.choices
    )
    valued = [option for command in OTHERS for option in command.options if option.takes_value and not option.choices]
    folders = sorted({name for option in valued if option.is_folder for name in option.names})
    free = sorted({name for option in valued if not option.is_folder for name in option.names})
    return _BASH.format(made_by=MADE_BY, words=words, values=values, free="|".join(free), folders="|".join(folders))


def _words(command: Command) -> str:
    names = [name for option in command.options for name in option.names]
    arguments = [choice for option in command.options if not option.names for choice in option.choices]
    commands = [] if command.name else [one.name for one in OTHERS]
    return " ".join([*commands, *arguments, *names])


_BASH = """\
{made_by}_dyncachekeys() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} command=- at values
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${{COMP_WORDS[at]}} in
        --) [[ $command == run ]] && {{ _dyncachekeys_behind $((at + 1)); return; }} ;;
        -*) ;;
        *) [[ $command == - ]] && command=${{COMP_WORDS[at]}} ;;
        esac
    done
    # bash takes `--format=json` for three words.
    if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${{COMP_WORDS[COMP_CWORD - 2]}}; fi
    case $before in
    {folders}) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -d -- "$word")); return ;;
    {free}) return ;;
    esac
    values=$(_dyncachekeys_values "$command:$before")
    COMPREPLY=($(compgen -W "${{values:-$(_dyncachekeys_words "$command")}}" -- "$word"))
}}
_dyncachekeys_words() {{
    case $1 in
{words}    esac
}}
_dyncachekeys_values() {{
    case $1 in
{values}    esac
}}
# Complete the command line that begins at a word, as what completes that command does.
_dyncachekeys_behind() {{
    local begin=$1 word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} way
    COMP_WORDS=("${{COMP_WORDS[@]:begin}}") COMP_CWORD=$((COMP_CWORD - begin))
    COMP_LINE="${{COMP_WORDS[*]}}" COMP_POINT=${{#COMP_LINE}}
    if ((COMP_CWORD == 0)); then
        COMPREPLY=($(compgen -c -- "$word"))
        return
    fi
    way=$(complete -p -- "${{COMP_WORDS[0]}}" 2> /dev/null)
    if [[ $way =~ \\ -F\\ ([^ ]+) ]]; then
        "${{BASH_REMATCH[1]}}" "${{COMP_WORDS[0]}}" "$word" "$before"
    fi
}}
complete -F _dyncachekeys -o bashdefault -o default dyncachekeys
"""


def zsh() -> str:
    """Return what completes in zsh."""
    commands = "".join(f"        {_quoted(f'{one.name}:{one.help}')}\n" for one in OTHERS)
    cases = "".join(
        f"    {one.name})\n        _arguments -s \\\n{_zsh_arguments(one, 12)} && return\n        ;;\n"
        for one in OTHERS
    )
    return _ZSH.format(made_by=MADE_BY, commands=commands, options=_zsh_arguments(PROGRAM, 8), cases=cases)


def _zsh_arguments(command: Command, indent: int) -> str:
    return " \\\n".join(f"{' ' * indent}{line}" for option in command.options for line in _zsh_option(option))


def _zsh_option(option: Option) -> Iterator[str]:
    value = f"({' '.join(option.choices)})" if option.choices else "_files -/" if option.is_folder else "( )"
    if not option.names:
        yield _quoted(f"1:{option.help}:{value if option.choices else ' '}")
    others = "" if option.repeats else f"({' '.join(option.names)})"
    for name in option.names:
        equals = "=" if option.takes_value and name.startswith("--") else ""
        told = option.help.replace("[", "\\[").replace("]", "\\]").replace(":", "\\:")
        behind = f":{option.names[-1].lstrip('-')}:{value}" if option.takes_value else ""
        yield _quoted(f"{'*' if option.repeats else others}{name}{equals}[{told}]{behind}")


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


_ZSH = """\
#compdef dyncachekeys
{made_by}_dyncachekeys() {{
    local curcontext=$curcontext state line at
    local -A opt_args
    local -a commands=(
{commands}    )
    _arguments -C \\
{options} \\
        '1: :->command' \\
        '*:: :->arguments' && return
    if [[ $state == command ]]; then
        _describe -t commands command commands
        return
    fi
    # What stands behind `run --` is a command line of its own.
    at=${{words[(i)--]}}
    if [[ $words[1] == run ]] && ((CURRENT > at)); then
        shift $at words
        ((CURRENT -= at))
        _normal
        return
    fi
    curcontext=${{curcontext%:*}}-$words[1]:
    case $words[1] in
{cases}    esac
}}
if (($+functions[compdef])); then
    compdef _dyncachekeys dyncachekeys
fi
"""


def fish() -> str:
    """Return what completes in fish."""
    lines = [_fish("__fish_use_subcommand", f"-a {one.name}", one.help) for one in OTHERS]
    lines += [
        _fish("__fish_use_subcommand", _fish_option(option), option.help) for option in PROGRAM.options if option.names
    ]
    for one in OTHERS:
        here = f"__dyncachekeys_is {one.name}"
        for option in one.options:
            if option.names or option.choices:
                lines.append(_fish(here, _fish_option(option), option.help))
    return _FISH.format(made_by=MADE_BY, lines="".join(lines))


def _fish(where: str, what: str, told: str) -> str:
    return f"complete -c dyncachekeys -n {_fish_quoted(where)} {what} -d {_fish_quoted(told)}\n"


def _fish_option(option: Option) -> str:
    names = [f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names]
    if option.is_folder:
        names.append("-x -a '(__fish_complete_directories)'")
    elif option.choices:
        names.append(f"{'-x ' if option.names else ''}-a '{' '.join(option.choices)}'")
    elif option.takes_value:
        names.append("-x")
    return " ".join(names)


def _fish_quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_FISH = """\
{made_by}function __dyncachekeys_is
    set -l words (commandline -opc)
    __fish_seen_subcommand_from $argv; and not contains -- -- $words
end
# Complete the command line that stands behind `run --`.
function __dyncachekeys_behind
    set -l words (commandline -opc)
    set -l at (contains -i -- -- $words)
    complete -C (string join -- ' ' (string escape -- $words[(math $at + 1)..]) (commandline -ct))
end
complete -c dyncachekeys -f
complete -c dyncachekeys -n '__fish_seen_subcommand_from run; and contains -- -- (commandline -opc)' -a '(__dyncachekeys_behind)'
{lines}"""
