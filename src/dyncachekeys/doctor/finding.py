"""What `doctor` finds: each kind with a stable code and a level."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding."""

    code: str
    """Stable, such as ``DCK005``."""
    message: str
    where: str
    """A key path or a file."""
    remedy: str
    files: tuple[str, ...] = ()
    """Some of the files concerned, relative to the package."""
    package: str = ""
    """The name of the package."""

    @property
    def level(self) -> Level:
        """How bad it is: an ``error`` is never what somebody meant."""
        return CATALOGUE[self.code][0]


CATALOGUE: dict[str, tuple[Level, str]] = {
    "DCK001": (  # U11
        "error",
        "an entry that uv does not know: up to 0.13.0 uv drops the whole list without a warning",
    ),
    "DCK002": ("warning", "an entry that some uv allowed by `required-version` does not know"),  # U24
    "DCK003": ("error", "`!` in an entry: uv can't exclude"),  # U12
    "DCK004": ("error", "a path with one of `* ? [ {` in a name: to uv it is a glob, and never matches"),  # U12
    "DCK005": ("warning", "`dir` on a folder whose content nothing watches: edits in it are not seen"),  # U6
    "DCK006": ("error", "`file` on a folder: uv ignores it"),  # U4
    "DCK007": ("note", "a file that is not there: uv ignores it without a warning"),  # U4
    "DCK008": ("warning", "a glob that matches nothing"),
    "DCK009": ("warning", "a glob that matches what builds or tools write: each write causes a build"),  # U3, U15
    "DCK010": ("note", "a glob that matches very many files, which uv goes through on every command"),  # U23
    "DCK011": ("error", "keys in the root of a workspace that is not a package: they reach no member"),  # U18
    "DCK012": ("error", "keys in `uv.toml`: uv reads those of `pyproject.toml` only"),  # U18
    "DCK013": ("warning", "`pyproject.toml` is not in the list, which replaces uv's defaults"),  # U10
    "DCK014": ("warning", "links by which uv goes through very many files on every command"),  # U23, U30
    "DCK015": ("warning", "a glob that begins above the links to whole folders: uv does not follow these then"),  # U13
    "DCK016": (
        "warning",
        "settings of a folder above that no longer count, since our keys have made `[tool.uv]`",
    ),  # U43
    "DCK020": ("warning", "code of the build that nothing watches: the old build stays when it is edited"),
    "DCK021": ("warning", "a file with the project's dependencies that nothing watches"),
    "DCK022": ("warning", "a file with the project's version that nothing watches"),
    "DCK023": ("warning", "a source that is compiled, or what describes how, that nothing watches"),
    "DCK024": ("warning", "what the wheel holds, where uv installs a copy of it, and nothing watches"),
    "DCK025": ("note", "a file that goes into the metadata, as a readme or a licence, that nothing watches"),
    "DCK026": ("warning", "commit, tags or submodules of git that the build depends on and nothing watches"),
    "DCK027": ("note", "variables that the build takes from the environment and nothing watches"),
    "DCK028": ("warning", "another package that takes part in the build and that nothing watches"),
    "DCK029": ("warning", "`setup.cfg` is not in the list, which replaces uv's defaults"),  # U10
    "DCK030": ("warning", "the value of what looks like a credential stands in plain text in `uv_cache.json`"),  # U8
    "DCK031": ("warning", "git tracks the state, so the state is not used"),
    "DCK032": ("warning", "an sdist or a wheel would contain the state"),  # U26
    "DCK033": ("warning", "the generated region was edited by hand"),
    "DCK034": (  # U22
        "warning",
        "files with a time in the future: while they are there, uv does not see edits of others",
    ),
    "DCK035": ("warning", "an input that the build itself writes: uv builds on every command"),  # U15
    "DCK040": ("error", "`[tool.dyncachekeys]` is wrong"),
    "DCK050": ("warning", "there is a `build` key, and no line that makes uv's builds of this package watched"),  # U35
    "DCK051": ("warning", "the `PYTHONPATH` that uv sets for a build does not lead to `.dyncachekeys/watch`"),
    "DCK052": ("warning", "a line for watched builds where uv does not look for it"),  # U37
    "DCK053": ("warning", "a uv that can't have its builds watched: too old, or told to read no settings"),  # U36
    "DCK054": ("warning", "`.dyncachekeys/watch` is missing, or of another version of dyncachekeys"),
    "DCK055": ("warning", "a build ran on a Python that the tracer does not know"),
    "DCK056": ("warning", "the record of a build can't be read, or none can be kept"),
    "DCK057": ("warning", "at the end of a build, the links could not be brought up to date"),
    "DCK058": ("warning", "not on Linux: a watched build does not see the `PYTHONPATH` of the shell"),
    "DCK059": ("warning", "no build was watched yet, although a sync has asked for one"),
    "DCK060": ("note", "there is `guard`, and no environment yet into which the import guard could be put"),
    "DCK061": ("warning", "the import guard is not in the project's environment, or out of date there"),
    "DCK062": ("warning", "the import guard can't be put there: the environment is another user's, or read-only"),
    "DCK070": ("error", "`--build`: the backend's metadata before a build and in its wheel differ (PEP 517)"),
    "DCK071": ("warning", "`--build`: the editable wheel has less metadata than the regular one (PEP 660)"),
    "DCK072": ("warning", "`--build`: a hook of the backend could not be run"),
    "DCK081": ("error", "`--uv`: uv decides otherwise about the package than its record says"),
    "DCK082": ("note", "`--uv`: uv could not be asked"),
}
"""By code: the level, and what is found; behind it the row of ``docs/uv-facts.md`` that it comes from."""


def first(items: Sequence[str], limit: int) -> str:
    """Return the first of some items as text, and how many more there are."""
    more = f" and {len(items) - limit:,} more" if len(items) > limit else ""
    return ", ".join(items[:limit]) + more
