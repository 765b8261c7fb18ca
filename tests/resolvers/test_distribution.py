"""The `distribution` resolver, on environments made by hand; and what it asks of its context."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys import DyncachekeysError
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.plugin import Context
from dyncachekeys.process.environ import Environment
from dyncachekeys.resolvers import distribution
from dyncachekeys.syncing.report import ProjectReport
from kit import Demo, DemoMaker, refused, told

WHERE = "tool.dyncachekeys.keys.it"
SITE = ".venv/lib/python3.12/site-packages"
CONFIG = """
[tool.dyncachekeys]
defaults = false
[tool.dyncachekeys.keys.it]
resolver = "distribution"
"""
TORCH = CONFIG + 'names = ["torch"]\n'
NOT_ROOT = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may read everything")


def metadata(version: str = "1.0", name: str = "torch") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nVersion: none of the text's business\n"


def installed(version: str = "1.0", name: str = "torch", site: str = SITE) -> dict[str, str | bytes]:
    """Return the files of a distribution."""
    info = f"{site}/{name}-{version}.dist-info"
    return {f"{info}/METADATA": metadata(version, name), f"{info}/WHEEL": "Tag: py3-none-any\n", f"{info}/RECORD": ""}


def digest(demo: Demo, **environ: str) -> str:
    return dyncachekeys.resolve(demo.root, {**demo.environ, **environ}).digest


def said(demo: Demo, **environ: str) -> list[str]:
    notices = dyncachekeys.resolve(demo.root, {**demo.environ, **environ}).notices
    assert {notice.where for notice in notices} <= {WHERE}
    return [notice.message for notice in notices]


def removed(demo: Demo, path: str) -> None:
    for file in (demo.root / path).iterdir():
        file.unlink()
    (demo.root / path).rmdir()


@pytest.mark.parametrize(
    ("changed", "differs"),
    [
        ({f"{SITE}/torch-1.0.dist-info/METADATA": metadata("1.1")}, True),
        ({f"{SITE}/torch-1.0.dist-info/METADATA": metadata("1.0+cu118")}, True),
        ({f"{SITE}/torch-1.0.dist-info/METADATA": metadata().replace("\n", "\r\n")}, False),
        ({f"{SITE}/torch-1.0.dist-info/METADATA": metadata() + "more\n"}, False),
        ({f"{SITE}/torch-1.0.dist-info/WHEEL": "Build: 2\nTag: py3-none-any\n"}, True),
        ({f"{SITE}/torch-1.0.dist-info/WHEEL": "Tag: cp312-cp312-linux_x86_64\n"}, True),
        ({f"{SITE}/torch-1.0.dist-info/direct_url.json": '{"url": "https://example.org/torch.whl"}'}, True),
        ({f"{SITE}/torch-1.0.dist-info/RECORD": "more"}, False),
        ({f"{SITE}/torch-1.0.dist-info/INSTALLER": "pip"}, False),
        ({f"{SITE}/torch/__init__.py": ""}, False),
        (installed(name="torch_geometric"), False),
        (installed(name="torch-geometric"), False),
        (installed(name="other"), False),
        ({f"{SITE}/~orch-1.0.dist-info/METADATA": metadata()}, False),
        ({f"{SITE}/torch-0.9.dist-info/RECORD": "what a broken installation leaves"}, False),
        ({f"{SITE}/torch-1.0.dist-info.txt": "a file"}, False),
        ({".venv/lib64/python3.12/site-packages/torch-3.0.dist-info/METADATA": metadata("3.0")}, False),
    ],
)
def test_what_counts_of_a_distribution(
    demo_maker: DemoMaker, changed: Mapping[str, str | bytes], differs: bool
) -> None:
    demo = demo_maker(TORCH, installed())
    first = digest(demo)
    demo.write(changed)
    assert (digest(demo) != first) is differs
    assert said(demo) == []


def test_the_same_in_another_environment_is_the_same(demo_maker: DemoMaker) -> None:
    demo = demo_maker(TORCH, {**installed(), **installed(site="elsewhere/Lib/site-packages")})
    assert digest(demo, UV_PROJECT_ENVIRONMENT="elsewhere") == digest(demo)
    assert said(demo, UV_PROJECT_ENVIRONMENT="elsewhere") == []


@pytest.mark.parametrize("python", ["python3.10", "python3.13t", "pypy3.11"])
def test_where_each_python_keeps_them(demo_maker: DemoMaker, python: str) -> None:
    demo = demo_maker(TORCH, installed(site=f".venv/lib/{python}/site-packages"))
    assert said(demo) == []


@pytest.mark.parametrize("named", ["Zope.Interface", "zope-interface", "zope_interface", "ZOPE--interface"])
@pytest.mark.parametrize("folder", ["zope_interface", "zope.interface", "Zope.Interface", "zope-interface"])
def test_names_are_normalised(demo_maker: DemoMaker, named: str, folder: str) -> None:
    """PEP 503."""
    demo = demo_maker(CONFIG + f'names = ["{named}"]\n', installed(name=folder))
    assert said(demo) == []
    demo.edit("pyproject.toml", f'["{named}"]', '["zope.interface", "Zope_Interface"]')
    assert said(demo) == []


def test_missing_is_a_state_and_a_warning(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + 'names = ["torch", "other"]\n')
    nothing = digest(demo)
    assert said(demo) == ["no environment at `.venv`; it will count once it is made"]
    demo.write(installed(name="other"))
    without = digest(demo)
    assert without != nothing
    for _ in range(2):
        assert said(demo) == ["no `torch` in `.venv`; it will count once it is installed"]
    demo.write(installed())
    assert digest(demo) not in {without, nothing}
    assert said(demo) == []
    removed(demo, f"{SITE}/torch-1.0.dist-info")
    assert digest(demo) == without


@pytest.mark.parametrize(
    "path",
    [
        "torch.egg-info/PKG-INFO",
        "torch-1.0-py3.12.egg-info/PKG-INFO",
        "torch-1.0.egg-info",
        "Torch-1.0-py3.12.egg-info",
    ],
)
def test_egg_info(demo_maker: DemoMaker, path: str) -> None:
    """Of setuptools, and a file as distutils wrote it."""
    demo = demo_maker(TORCH, {f"{SITE}/{path}": metadata()})
    first = digest(demo)
    assert said(demo) == []
    demo.write({f"{SITE}/{path}": metadata("1.1")})
    assert digest(demo) != first


def test_two_that_lie_around_both_count(demo_maker: DemoMaker) -> None:
    demo = demo_maker(TORCH, installed())
    one = digest(demo)
    demo.write(installed("2.0"))
    both = digest(demo)
    assert both != one
    message = "`torch` is in `.venv` more than once (1.0, 2.0), and each counts; install it again"
    assert said(demo) == [message]
    (demo.root / SITE / "torch-2.0.dist-info/METADATA").unlink()
    assert digest(demo) == one
    assert said(demo) == []


@pytest.mark.parametrize("broken", ["", "Name: torch\n", "\n\nVersion: 1.0\n", b"\xff\xfe\0", "Version:\n"])
def test_broken_metadata_is_a_warning_and_the_folder_says_the_version(
    demo_maker: DemoMaker, broken: str | bytes
) -> None:
    """It must not be an error: `run -- uv sync` may be what fixes it."""
    path = f"{SITE}/torch-1.0.dist-info/METADATA"
    demo = demo_maker(TORCH, installed())
    whole = digest(demo)
    demo.write({path: broken})
    assert digest(demo) == whole
    assert said(demo) == [f"`{path}` states no version; install its distribution again"]


@pytest.mark.parametrize("text", ["Version: \xe9\n".encode("latin-1"), "version:2.0 \n", "Name: other\nVersion: 2\n"])
def test_unusual_metadata(demo_maker: DemoMaker, text: str | bytes) -> None:
    demo = demo_maker(TORCH, installed())
    whole = digest(demo)
    demo.write({f"{SITE}/torch-1.0.dist-info/METADATA": text})
    assert digest(demo) != whole
    assert said(demo) == []


def _error(path: str, why: str) -> str:
    remedy = "make it readable, or make the environment again"
    return f"[unreadable-file] {WHERE}\n  `{path}` can't be read: {why}\n  do: {remedy}\n"


@pytest.mark.parametrize("path", ["METADATA", "WHEEL"])
def test_a_folder_in_place_of_a_file_is_an_error(demo_maker: DemoMaker, path: str) -> None:
    demo = demo_maker(TORCH, installed())
    full = f"{SITE}/torch-1.0.dist-info/{path}"
    (demo.root / full).unlink()
    (demo.root / full).mkdir()
    assert told(refused(demo.root, demo.environ)) == _error(full, "Is a directory")


@NOT_ROOT
@pytest.mark.parametrize("path", [f"{SITE}/torch-1.0.dist-info/METADATA", SITE, ".venv/lib"])
def test_what_can_not_be_read_is_an_error(demo_maker: DemoMaker, path: str) -> None:
    demo = demo_maker(TORCH, installed())
    (demo.root / path).chmod(0)
    try:
        with pytest.raises(DyncachekeysError) as caught:
            demo.sync()
    finally:
        (demo.root / path).chmod(0o755)
    assert told(caught.value.problems) == _error(path, "Permission denied")
    assert not (demo.root / ".dyncachekeys").exists()


@pytest.mark.parametrize("options", ["", "names = []", "interpreter = false\nplatform = false\n"])
def test_nothing_that_counts_is_an_error(demo_maker: DemoMaker, options: str) -> None:
    demo = demo_maker(CONFIG + options)
    assert told(refused(demo.root, demo.environ)) == (
        f"[missing-option] {WHERE}\n"
        "  nothing counts\n"
        "  do: give `names = [...]`, `interpreter = true` or `platform = true`\n"
    )


@pytest.mark.parametrize("name", ["torch>=2", "torch[extra]", "", " torch", "-torch", "torch ; a"])
def test_a_name_that_is_none_is_an_error(demo_maker: DemoMaker, name: str) -> None:
    demo = demo_maker(CONFIG + f'names = ["fine", "{name}"]')
    assert told(refused(demo.root, demo.environ)) == (
        f"[invalid-option] {WHERE}.names[1]\n"
        f'  "{name}" can\'t be the name of a distribution; write it without version, extras and marker\n'
        "  do: write another value\n"
    )


def test_options_of_a_wrong_type_and_unknown_ones_are_errors(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + 'names = "torch"\ninterpreter = "yes"\nplattform = true\n')
    assert told(refused(demo.root, demo.environ)) == (
        f'[wrong-type] {WHERE}.names\n  must be a list, not "torch"\n  do: write it as `[...]`\n'
        f'[wrong-type] {WHERE}.interpreter\n  must be true or false, not "yes"\n  do: write it as `true`\n'
        f"[unknown-option] {WHERE}.plattform\n  the resolver has no such option\n  do: did you mean `platform`?\n"
    )


CFG = "home = /usr/bin\nimplementation = CPython\nuv = 0.13.9\nversion_info = 3.12.3\n"


@pytest.mark.parametrize(
    ("after", "differs"),
    [
        (CFG.replace("/usr/bin", "/opt/bin").replace("0.13.9", "0.14.0"), False),
        (CFG + "prompt = demo\n", False),
        ("implementation=CPython\r\nVERSION = 3.12.3\r\nversion_info = 3.12.3.final.0\r\n", False),
        (CFG.replace("3.12.3", "3.12.4"), True),
        (CFG.replace("CPython", "PyPy"), True),
        ("", True),
        (b"\xff\0 = \n===\n" + CFG.encode(), False),
    ],
)
def test_the_interpreter(demo_maker: DemoMaker, after: str | bytes, differs: bool) -> None:
    demo = demo_maker(CONFIG + "interpreter = true\n", {".venv/pyvenv.cfg": CFG, f"{SITE}/x.py": ""})
    first = digest(demo)
    assert said(demo) == []
    demo.write({".venv/pyvenv.cfg": after, f"{SITE}/y.py": "", "../some.pth": ""})
    assert (digest(demo) != first) is differs


def test_an_interpreter_that_is_free_threaded_is_another(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + "interpreter = true\n", {".venv/pyvenv.cfg": CFG, f"{SITE}/x.py": ""})
    first = digest(demo)
    (demo.root / ".venv/lib/python3.12").rename(demo.root / ".venv/lib/python3.12t")
    assert digest(demo) != first


def test_a_missing_interpreter_is_a_state_and_a_warning(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + "interpreter = true\n")
    digests = [digest(demo)]
    assert said(demo) == ["no environment at `.venv`; it will count once it is made"]
    demo.write({f"{SITE}/x.py": ""})
    digests.append(digest(demo))
    assert said(demo) == ["no `.venv/pyvenv.cfg`; the version will count once it is there"]
    demo.write({".venv/pyvenv.cfg": CFG})
    digests.append(digest(demo))
    assert said(demo) == []
    assert len(set(digests)) == 3


def test_the_interpreter_that_runs_us_does_not_count(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + 'names = ["pytest"]\ninterpreter = true\n')
    assert said(demo) == ["no environment at `.venv`; it will count once it is made"]
    with_active = digest(demo, VIRTUAL_ENV=sys.prefix, PATH=f"{sys.prefix}/bin:{demo.environ['PATH']}")
    assert with_active == digest(demo)


def _asked_for(options: str, demo_maker: DemoMaker) -> tuple[Demo, list[str]]:
    demo = demo_maker(CONFIG + options)
    resolution = dyncachekeys.resolve(demo.root, demo.environ)
    return demo, [key.name for key in resolution.keys if key.runs_each_time]


def test_the_platform_asks_for_no_environment_and_stays_quiet(demo_maker: DemoMaker) -> None:
    demo, each_time = _asked_for("platform = true\n", demo_maker)
    assert said(demo) == []
    assert each_time == ([] if sys.platform in {"linux", "darwin"} else ["it"])
    assert digest(demo) == digest(demo, UV_PROJECT_ENVIRONMENT="elsewhere")


@pytest.mark.parametrize(
    "loaded", [None, "", "7f-80 r--p 00 fe:00 3 /usr/lib/libm.so.6\n", "7f r--p 0 f 3 /no/libc.so.6"]
)
def test_a_c_library_that_is_not_found_is_asked_for_each_time(
    demo_maker: DemoMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: str | None
) -> None:
    maps = tmp_path / "maps"
    if loaded is not None:
        maps.write_text(loaded)
    monkeypatch.setattr(distribution, "_LOADED", maps)
    monkeypatch.setattr(distribution, "system", lambda: "Linux")
    _, each_time = _asked_for("platform = true\n", demo_maker)
    assert each_time == ["it"]


@pytest.mark.parametrize(
    "name", ["libc.so.6", "libc-2.31.so", "ld-musl-x86_64.so.1", "ld-musl-aarch64.so.1", "libc.musl-x86_64.so.1"]
)
def test_another_c_library_is_another_platform_and_noticed(
    demo_maker: DemoMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    library, maps = tmp_path / "some where" / name, tmp_path / "maps"
    library.parent.mkdir()
    library.write_bytes(b"\x7fELF")
    maps.write_text(f"55-56 r-xp 0 fe:00 1    /usr/bin/python3\n7f-80 r--p 00 fe:00 339380    {library}\n")
    monkeypatch.setattr(distribution, "_LOADED", maps)
    monkeypatch.setattr(distribution, "system", lambda: "Linux")
    demo, each_time = _asked_for("platform = true\n", demo_maker)
    assert each_time == []
    first = digest(demo)
    monkeypatch.setattr(distribution, "libc_ver", lambda: ("glibc", "9.9"))
    assert (digest(demo) != first) is ("musl" not in name)
    monkeypatch.setattr(distribution, "machine", lambda: "another")
    assert digest(demo) != first


def test_a_mac_counts_its_version(demo_maker: DemoMaker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plist = tmp_path / "SystemVersion.plist"
    plist.write_text("<plist/>")
    monkeypatch.setattr(distribution, "_MAC", str(plist))
    monkeypatch.setattr(distribution, "system", lambda: "Darwin")
    monkeypatch.setattr(distribution, "mac_ver", lambda: ("14.5", ("", "", ""), "arm64"))
    demo, each_time = _asked_for("platform = true\n", demo_maker)
    assert each_time == []
    first = digest(demo)
    monkeypatch.setattr(distribution, "mac_ver", lambda: ("15.0", ("", "", ""), "arm64"))
    assert digest(demo) != first


def test_a_change_is_told_by_name(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + 'names = ["torch"]\ninterpreter = true\n', {**installed(), ".venv/pyvenv.cfg": CFG})
    demo.sync()
    demo.write({f"{SITE}/torch-1.0.dist-info/METADATA": metadata("1.1")})
    assert _changes(demo.sync()) == ["changed value distribution torch"]
    demo.write({".venv/pyvenv.cfg": CFG.replace("3.12.3", "3.12.4")})
    assert _changes(demo.sync()) == ["changed value interpreter"]


def _changes(report: ProjectReport) -> list[str]:
    return [f"{one.kind} {one.input} {one.subject}" for key in report.keys for one in key.changes]


def context_of(root: Path, **environ: str) -> tuple[Context, Files]:
    files = Files(root, FileMemory())
    return Context(root, {}, Environment(environ), files, WHERE), files


def test_names_of_a_folder_are_noted_or_not(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b/c").touch()
    (tmp_path / "a").touch()
    context, files = context_of(tmp_path)
    assert context.names(".") == ["a", "b"]
    assert context.names("b", noted=False) == ["c"]
    assert [path for path, folder in files.folders.items() if folder.listed] == [""]
    assert context.names("b") == context.names("./b/") == context.names("x/../b") == ["c"]
    assert files.folders["b"].listed


@pytest.mark.parametrize("noted", [True, False])
def test_a_folder_that_is_not_there_is_noted(tmp_path: Path, noted: bool) -> None:
    (tmp_path / "file").touch()
    context, files = context_of(tmp_path)
    with pytest.raises(FileNotFoundError):
        context.names("away/deeper", noted=noted)
    with pytest.raises(NotADirectoryError):
        context.names("file", noted=noted)
    assert "xaway/deeper" in files.facts
    assert files.folders[""].non_regular_stats.keys() == {"file"}
    assert not context.runs_each_time
    with pytest.raises(ValueError, match="is absolute"):
        context.names("/etc", noted=noted)


@NOT_ROOT
@pytest.mark.parametrize("noted", [True, False])
def test_a_folder_that_can_not_be_listed_is_asked_for_each_time(tmp_path: Path, noted: bool) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    context, _ = context_of(tmp_path)
    with pytest.raises(PermissionError):
        context.names("closed", noted=noted)
    assert context.runs_each_time


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", ".venv"),
        ("env", "env"),
        ("./r/../q/", "q"),
        ("../beside", "../beside"),
        ("{root}", "."),
        ("{root}/in", "in"),
        ("/opt/env", "{ups}/opt/env"),
        ("~", "./~"),
        ("~x/env", "./~x/env"),
    ],
)
def test_where_the_environment_is(tmp_path: Path, given: str, expected: str) -> None:
    context, _ = context_of(tmp_path, UV_PROJECT_ENVIRONMENT=given.replace("{root}", str(tmp_path)))
    path = context.environment()
    assert path == expected.replace("{ups}", "/".join([".."] * (len(tmp_path.parts) - 1)))
    assert not context.is_dir(f"{path}/x")
