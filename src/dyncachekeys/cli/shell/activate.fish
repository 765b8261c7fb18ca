# From `dyncachekeys activate fish`: in this shell, `uv` is `dyncachekeys run --no-fail -- uv`; `functions -e uv` ends
# that. Not in a shell without a terminal: scripts get uv itself, as does `command uv`.
if status is-interactive
    function uv --description 'uv, behind dyncachekeys'
        if command -q dyncachekeys; and command -q uv
            command dyncachekeys run --no-fail -- uv $argv
        else
            command uv $argv
        end
    end
end
