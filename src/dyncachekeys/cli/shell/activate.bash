# From `dyncachekeys activate bash`: in this shell, `uv` is `dyncachekeys run --no-fail -- uv`; `unset -f uv` ends that.
# Not in a shell without a terminal, and not exported: scripts get uv itself, as does `command uv`.
if [[ $- == *i* ]]; then
    function uv {
        if type -P dyncachekeys uv > /dev/null; then
            command dyncachekeys run --no-fail -- uv "$@"
        else
            command uv "$@"
        fi
    }
fi
