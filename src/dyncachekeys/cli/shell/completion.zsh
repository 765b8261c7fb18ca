#compdef dyncachekeys
# Made by `python schema/generate.py`; do not edit.
_dyncachekeys() {
    local curcontext=$curcontext state line at
    local -A opt_args
    local -a commands=(
        'sync:resolve the keys and write what differs'
        'check:tell whether pyproject.toml is what sync would write'
        'run:sync, then become a command'
        'show:print keys, inputs, reasons and entries'
        'doctor:check a project, its cache keys and uv against what uv does'
        'explain:tell why uv will rebuild, or why not'
        'digest:print the digest of all inputs'
        'trace:tell what the last watched build depends on, and who watches that'
        'init:write a [tool.dyncachekeys] that fits the project'
        'watch:sync whenever something changes, until it is ended'
        'activate:print what puts `uv` behind a sync in your shell'
        'allow:let hooks run the code of the tree that keys run, as it is now'
        'clean:take the generated region and the state away again'
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
    sync)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(--hook)--hook[called by git\: run no code that nobody allowed by hand; write nothing within a rebase]' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    check)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(--diff)--diff[show what sync would write into pyproject.toml]' \
            '(--stamp)--stamp[also fail if the stamp is stale]' \
            '(--hook)--hook[called by git\: run no code that nobody allowed by hand; say what to do about the commit]' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    run)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(--no-fail)--no-fail[run the command even if resolving failed]' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    show)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json html mermaid)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '1:only this key: ' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    doctor)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json github sarif)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(--uv)--uv[also ask uv whether it agrees (`uv sync --check`)]' \
            '(--build)--build[also run the build backend, and compare what it says with what it builds]' \
            '*--select=[only findings of these codes, or that begin so\: DCK02,DCK050]:select:( )' \
            '*--ignore=[no findings of these codes]:ignore:( )' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    explain)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json html)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '1:only this key; or who watches this path, or why nobody does: ' \
            '(--since)--since=[go back N syncs that changed something (20 are kept)]:since:( )' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    digest)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    trace)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(--build)--build=[make a build now and watch it\: as `uv sync` does (editable), or a wheel]:build:(editable wheel)' \
            '(--write)--write[add keys to pyproject.toml that watch it for everybody, CI included]' \
            '(--timeout)--timeout=[how long each step of that build may take (600)]:timeout:( )' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    init)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(--dry-run)--dry-run[show it as a diff, and write nothing]' \
            '(--undo)--undo[take away again what init wrote, with region and state; what was edited since is left, and named]' \
            '(--watch)--watch=[who notices a change\: plain uv, where it can (auto); or dyncachekeys alone, by content (digest)]:watch:(auto digest)' \
            '(--transport)--transport=[how uv is told\: by a folder that git ignores (stamp), or by a name in cache-keys (digest)]:transport:(stamp digest)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    watch)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    activate)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '1:bash, zsh or fish:(bash zsh fish)' \
            '(--fail)--fail[do not run uv if the sync before it fails]' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    allow)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    clean)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    help)
        _arguments -s \
            '(-h --help)-h[show this help message and exit]' \
            '(-h --help)--help[show this help message and exit]' \
            '(--project)--project=[where to look for pyproject.toml (here or above)]:project:_files -/' \
            '*--package=[only this package (repeatable)]:package:( )' \
            '(--format)--format=[how to print results]:format:(text json)' \
            '(--color)--color=[when to use colour]:color:(auto always never)' \
            '1:of which command:(sync check run show doctor explain digest trace init watch activate allow clean help)' \
            '(-q --quiet)-q[print errors only]' \
            '(-q --quiet)--quiet[print errors only]' \
            '(-v --verbose)-v[print more]' \
            '(-v --verbose)--verbose[print more]' && return
        ;;
    esac
}
if (($+functions[compdef])); then
    compdef _dyncachekeys dyncachekeys
fi
