# From `dyncachekeys activate zsh`: in this shell, `uv` is `dyncachekeys run --no-fail -- uv`; `unset -f uv` ends that.
# Not in a shell without a terminal: scripts get uv itself, as does `command uv`.
if [[ -o interactive ]]; then
    function uv {
        if whence -p dyncachekeys > /dev/null && whence -p uv > /dev/null; then
            command dyncachekeys run --no-fail -- uv "$@"
        else
            command uv "$@"
        fi
    }
fi
