#compdef dyncachekeys
# Made by `python schema/generate.py`; do not edit.
_dyncachekeys() {
    local curcontext=$curcontext state line at
    local -A opt_args
    local -a commands=(
        'init:write a [tool.dyncachekeys] that fits the project, and sync'
        'sync:find what has changed, and tell uv'
        'run:sync, then become a command, such as `uv sync`'
        'check:tell whether pyproject.toml is what sync would write'
        'explain:tell why uv will rebuild, or why not'
        'show:list the keys, and all that they find'
        'doctor:check a project, its cache keys and uv against what uv does'
        'trace:tell what the last watched build depends on, and who watches that'
        'digest:print the digest of all inputs, for the cache keys of CI'
        'watch:sync whenever something changes, until it is ended'
        'activate:print what makes `uv` sync first, in your shell'
        'allow:let hooks run the code of the tree that keys run, as it is now'
        'clean:take the generated entries and the state away again'
        'help:print the help of a command'
    )
    _arguments -C \
        '(-h --help)-h[show this help message and exit]' \
        '(-h --help)--help[show this help message and exit]' \
        '(-V --version)-V[print the version]' \
        '(-V --version)--version[print the version]' \
        '1: :->command' \
        '*:: :->arguments' && return
    if [[ $state == command ]]; then
        _describe -t commands command commands
        return
    fi
    # What stands behind `run --` is a command line of its own.
    at=${words[(i)--]}
    if [[ $words[1] == run ]] && ((CURRENT > at)); then
        shift $at words
        ((CURRENT -= at))
        _normal
        return
    fi
    curcontext=${curcontext%:*}-$words[1]:
    case $words[1] in
    init)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--dry-run)--dry-run[show it as a diff, and write nothing]' \
            '(--undo)--undo[take away again what init wrote, with generated entries and state; what was edited since is left, and named]' \
            '(--watch)--watch=[who notices a change\: plain uv, where it can (auto); or dyncachekeys alone, by content (digest)]:watch:(auto digest)' \
            '(--transport)--transport=[how uv is told\: by a folder that git ignores (stamp), or by a name in cache-keys (digest)]:transport:(stamp digest)' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    sync)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--hook)--hook[called by git\: run no code that nobody allowed by hand; write nothing within a rebase]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    run)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--no-fail)--no-fail[run the command even if the sync fails]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    check)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--diff)--diff[show what sync would write into pyproject.toml]' \
            '(--stamp)--stamp[also fail if the stamp is stale, so that uv would miss a change]' \
            '(--hook)--hook[called by git\: run no code that nobody allowed by hand; say what to do about the commit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    explain)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '1:only this key; or who watches this path, or why nobody does; or what this code of doctor means: ' \
            '(--since)--since=[go back N syncs that changed something (20 are kept)]:since:( )' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json html)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    show)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '1:only this key: ' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json html mermaid)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    doctor)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--uv)--uv[also ask uv whether it agrees (`uv sync --check`)]' \
            '(--build)--build[also run the build backend, and compare what it says with what it builds]' \
            '*--select=[only findings of these codes, or that begin so\: DCK02,DCK050]:select:( )' \
            '*--ignore=[no findings of these codes]:ignore:( )' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json github sarif)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    trace)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--build)--build=[make a build now and watch it\: as `uv sync` does (editable), or a wheel]:build:(editable wheel)' \
            '(--write)--write[add keys to pyproject.toml that watch it for everybody, CI included]' \
            '(--timeout)--timeout=[how long each step of that build may take (600)]:timeout:( )' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    digest)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    watch)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    activate)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '1:bash, zsh or fish:(bash zsh fish)' \
            '(--fail)--fail[do not run uv if the sync before it fails]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    allow)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    clean)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    help)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '1:of which command:(init sync run check explain show doctor trace digest watch activate allow clean help)' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results (text)]:format:(text json)' \
            '(--color)--color=[when to use colour (auto)]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[leave nothing out, and print times]' \
            '(-v --verbose)--verbose[leave nothing out, and print times]' && return
        ;;
    esac
}
if (($+functions[compdef])); then
    compdef _dyncachekeys dyncachekeys
fi
