"""What programs leave of what they read, in the folder of the tracer's log; see `programs` for what there is.

Loaded into the build's own interpreter. Python 3.8 or newer.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.trace.in_build import quiet  # noqa: TC004  `install` gives it


class Artifacts:
    """All that is left, by all processes of the build.

    Args:
        folder: That of the tracer's log.
    """

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def new(self, kind: str, told: dict[str, str]) -> str:
        """Write down what an artifact is of, and return its path; what it is itself, others write."""
        text = "".join(f"{name}={value}\0" for name, value in {"kind": kind, **told}.items())
        for number in range(1, 1_000_000):
            path = os.path.join(self.folder, f"{kind}-{os.getpid()}-{number}")
            if quiet.create(path + ".who", os.fsencode(text)):
                return path
        raise OSError(self.folder)

    def of(self, *kinds: str) -> Iterator[tuple[str, dict[str, str]]]:
        """Yield those of some kinds: where it is, and what was written down."""
        for name in quiet.system.listdir(self.folder):
            if name.endswith(".who") and name.partition("-")[0] in kinds:
                path = os.path.join(self.folder, name)
                texts = os.fsdecode(quiet.content(path)).split("\0")
                yield path[:-4], {key: value for key, _, value in (text.partition("=") for text in texts)}

    def leaving(self, path: str) -> None:
        """Keep what is needed of the builds in a folder that is about to be removed or moved."""
        for artifact, told in self.of("ninja", "cargo"):
            place = told.get("build") or told.get("target")
            if place and (place + os.sep).startswith(path.rstrip(os.sep) + os.sep):
                copy = quiet.copy_of_ninja if told["kind"] == "ninja" else quiet.copy_of_target
                copy(place, artifact)

    def keep(self) -> None:
        """Keep what is needed of ninja's builds that stay: others may go on with them. Cargo's are read in place."""
        for artifact, told in self.of("ninja"):
            if quiet.is_file(os.path.join(told["build"], "build.ninja")):
                quiet.copy_of_ninja(told["build"], artifact)
