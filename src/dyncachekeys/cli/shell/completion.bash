# Made by `python schema/generate.py`; do not edit.
_dyncachekeys() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command=- at values
    COMPREPLY=()
    for ((at = 1; at < COMP_CWORD; at++)); do
        case ${COMP_WORDS[at]} in
        --) [[ $command == run ]] && { _dyncachekeys_behind $((at + 1)); return; } ;;
        -*) ;;
        *) [[ $command == - ]] && command=${COMP_WORDS[at]} ;;
        esac
    done
    # bash takes `--format=json` for three words.
    if [[ $word == = ]]; then word=; elif [[ $before == = ]]; then before=${COMP_WORDS[COMP_CWORD - 2]}; fi
    case $before in
    --project) compopt -o filenames 2> /dev/null; COMPREPLY=($(compgen -d -- "$word")); return ;;
    --ignore|--package|--select|--since|--timeout) return ;;
    esac
    values=$(_dyncachekeys_values "$command:$before")
    COMPREPLY=($(compgen -W "${values:-$(_dyncachekeys_words "$command")}" -- "$word"))
}
_dyncachekeys_words() {
    case $1 in
        -) echo 'init sync run check explain show doctor trace digest watch activate allow clean help -h --help -V --version' ;;
        init) echo '-h --help --dry-run --undo --watch --transport --project --package --format --color -q --quiet -v --verbose' ;;
        sync) echo '-h --help --hook --project --package --format --color -q --quiet -v --verbose' ;;
        run) echo '-h --help --no-fail --project --package --format --color -q --quiet -v --verbose' ;;
        check) echo '-h --help --diff --stamp --hook --project --package --format --color -q --quiet -v --verbose' ;;
        explain) echo '-h --help --since --project --package --format --color -q --quiet -v --verbose' ;;
        show) echo '-h --help --project --package --format --color -q --quiet -v --verbose' ;;
        doctor) echo '-h --help --uv --build --select --ignore --project --package --format --color -q --quiet -v --verbose' ;;
        trace) echo '-h --help --build --write --timeout --project --package --format --color -q --quiet -v --verbose' ;;
        digest) echo '-h --help --project --package --format --color -q --quiet -v --verbose' ;;
        watch) echo '-h --help --project --package --format --color -q --quiet -v --verbose' ;;
        activate) echo 'bash zsh fish -h --help --fail --project --package --format --color -q --quiet -v --verbose' ;;
        allow) echo '-h --help --project --package --format --color -q --quiet -v --verbose' ;;
        clean) echo '-h --help --project --package --format --color -q --quiet -v --verbose' ;;
        help) echo 'init sync run check explain show doctor trace digest watch activate allow clean help -h --help --project --package --format --color -q --quiet -v --verbose' ;;
    esac
}
_dyncachekeys_values() {
    case $1 in
        init:--watch) echo 'auto digest' ;;
        init:--transport) echo 'stamp digest' ;;
        init:--format) echo 'text json' ;;
        init:--color) echo 'auto always never' ;;
        sync:--format) echo 'text json' ;;
        sync:--color) echo 'auto always never' ;;
        run:--format) echo 'text json' ;;
        run:--color) echo 'auto always never' ;;
        check:--format) echo 'text json' ;;
        check:--color) echo 'auto always never' ;;
        explain:--format) echo 'text json html' ;;
        explain:--color) echo 'auto always never' ;;
        show:--format) echo 'text json html mermaid' ;;
        show:--color) echo 'auto always never' ;;
        doctor:--format) echo 'text json github sarif' ;;
        doctor:--color) echo 'auto always never' ;;
        trace:--build) echo 'editable wheel' ;;
        trace:--format) echo 'text json' ;;
        trace:--color) echo 'auto always never' ;;
        digest:--format) echo 'text json' ;;
        digest:--color) echo 'auto always never' ;;
        watch:--format) echo 'text json' ;;
        watch:--color) echo 'auto always never' ;;
        activate:--format) echo 'text json' ;;
        activate:--color) echo 'auto always never' ;;
        allow:--format) echo 'text json' ;;
        allow:--color) echo 'auto always never' ;;
        clean:--format) echo 'text json' ;;
        clean:--color) echo 'auto always never' ;;
        help:--format) echo 'text json' ;;
        help:--color) echo 'auto always never' ;;
    esac
}
# Complete the command line that begins at a word, as what completes that command does.
_dyncachekeys_behind() {
    local begin=$1 word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} way
    COMP_WORDS=("${COMP_WORDS[@]:begin}") COMP_CWORD=$((COMP_CWORD - begin))
    COMP_LINE="${COMP_WORDS[*]}" COMP_POINT=${#COMP_LINE}
    if ((COMP_CWORD == 0)); then
        COMPREPLY=($(compgen -c -- "$word"))
        return
    fi
    way=$(complete -p -- "${COMP_WORDS[0]}" 2> /dev/null)
    if [[ $way =~ \ -F\ ([^ ]+) ]]; then
        "${BASH_REMATCH[1]}" "${COMP_WORDS[0]}" "$word" "$before"
    fi
}
complete -F _dyncachekeys -o bashdefault -o default dyncachekeys
