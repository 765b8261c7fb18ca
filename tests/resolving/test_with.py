"""Requirements of a resolver's own: the environments that uv makes for them, really and offline."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from dyncachekeys.names import is_local, normalised
from dyncachekeys.process import venv
from dyncachekeys.quick import check
from dyncachekeys.quick.snapshot import Snapshot
from dyncachekeys.resolving.with_requirements import MADE, cache_folder
from kit import Demo, DemoMaker, make_wheel, refused, told, tree_of

WHERE = "tool.dyncachekeys.keys.own.with"
KEY = """
[tool.dyncachekeys.keys.own]
resolver = "keys:found"
with = ["helper-one"]
"""
RESOLVER = """\
import helper_one

from dyncachekeys import Value


def found(context):
    yield Value("said", helper_one.SAID)
"""
RUN_WITHOUT_UV = "import sys; sys.modules['uv'] = None; from dyncachekeys.__main__ import main; sys.exit(main())"


@pytest.fixture
def own(demo_maker: DemoMaker) -> Demo:
    """Return a project whose resolver imports what is not installed where we run."""
    return with_links(demo_maker(KEY, {"keys.py": RESOLVER}))


def with_links(demo: Demo) -> Demo:
    make_wheel(links(demo), "helper_one", {"helper_one.py": "SAID = 'one'\n"})
    demo.environ["UV_FIND_LINKS"] = str(links(demo))
    demo.environ["DYNCACHEKEYS_CACHE_DIR"] = str(demo.beside / "kept")
    return demo


def links(demo: Demo) -> Path:
    return demo.beside / "links"


def kept(demo: Demo) -> list[Path]:
    """Return all that lies where environments are kept."""
    folder = demo.beside / "kept/environments"
    return sorted(folder.iterdir()) if folder.exists() else []


def without_uv(demo: Demo) -> None:
    """Take away all that uv would install from."""
    shutil.rmtree(links(demo))
    shutil.rmtree(demo.environ["UV_CACHE_DIR"])


def places(demo: Demo) -> list[int] | None:
    """Return what the quiet path finds to differ; nothing if it steps aside."""
    known = Snapshot.load(str(demo.root / ".dyncachekeys"))
    try:
        return None if known is None else check.differences(str(demo.root), known, demo.environ)
    except check.NotQuick:
        return None


def inputs_of(demo: Demo) -> list[tuple[str, str]]:
    (key,) = (key for key in demo.sync().keys if key.name == "own")
    return [(one.subject, one.reason) for one in key.inputs]


def test_function_in_the_tree_imports_what_is_not_installed_here(own: Demo) -> None:
    own.settled()
    (environment,) = kept(own)
    assert (environment / MADE).read_text(encoding="utf-8") == "helper-one\n"
    assert not list(environment.rglob("site-packages/pip"))
    own.edit("keys.py", "helper_one.SAID", "helper_one.SAID * 2")
    assert own.both() == 1


def test_command_line(own: Demo) -> None:
    """Where ``sys.path`` begins with a folder of its own."""
    done = own.cli("show", "own", "--format", "json")
    (key,) = json.loads(done.stdout)["projects"][0]["keys"]
    assert (key["inputs"], key["found"][0]["subject"]) == (1, "said")
    assert done.stderr == ""


def test_no_module_of_the_tree_takes_the_place_of_another(own: Demo) -> None:
    for name in ("json", "re", "sitecustomize", "typing"):
        own.write({f"{name}.py": f"raise RuntimeError({name!r})\n"})
    assert inputs_of(own) == [("said", "")]
    assert own.cli("sync").stderr == ""


def test_resolver_of_a_distribution_is_named_by_its_entry_point(own: Demo) -> None:
    """If it brings a dyncachekeys with it, the one that runs it is still ours."""
    make_wheel(links(own), "dyncachekeys", {"dyncachekeys/__init__.py": "raise RuntimeError('not ours')\n"})
    points = "[dyncachekeys.resolvers]\ntheirs = their_resolvers:found\n"
    modules = {"their_resolvers.py": RESOLVER, "their_resolvers-1.0.dist-info/entry_points.txt": points}
    make_wheel(links(own), "their_resolvers", modules)
    own.edit("pyproject.toml", '"keys:found"', '"theirs"')
    own.edit("pyproject.toml", '["helper-one"]', '["helper-one", "their-resolvers", "dyncachekeys"]')
    (own.root / "keys.py").unlink()
    assert inputs_of(own) == [("said", "")]
    assert list(kept(own)[0].glob("lib/*/site-packages/dyncachekeys"))


def test_no_such_resolver_in_the_environment(own: Demo) -> None:
    own.edit("pyproject.toml", '"keys:found"', '"nobodys"')
    (problem,) = refused(own.root, own.environ)
    assert (problem.code, problem.where) == ("unknown-resolver", WHERE.replace("with", "resolver"))
    assert problem.message == "there is no resolver `nobodys`"
    assert problem.remedy.endswith("; if a package has it, name that in `with`")


def test_what_is_required_comes_before_what_is_installed_here(own: Demo) -> None:
    make_wheel(links(own), "zipp", {"zipp.py": "SAID = 'theirs'\n"})
    own.edit("pyproject.toml", '"helper-one"', '"zipp"')
    own.write({"keys.py": RESOLVER.replace("helper_one", "zipp")})
    assert inputs_of(own) == [("said", "")]


def test_module_that_no_requirement_holds(own: Demo) -> None:
    own.write({"keys.py": RESOLVER.replace("helper_one", "helper_two")})
    assert told(refused(own.root, own.environ)) == (
        "[resolver-not-loaded] tool.dyncachekeys.keys.own.resolver\n"
        "  `keys:found` of the project's own tree can't be loaded: ModuleNotFoundError: No module named 'helper_two'\n"
        "  do: name the package of `helper_two` in `with`, or import it only where it is needed\n"
    )


def test_it_is_made_once(own: Demo) -> None:
    own.sync()
    before = kept(own)
    without_uv(own)
    assert own.sync().move == "kept"
    assert kept(own) == before
    own.run(sys.executable, "-c", RUN_WITHOUT_UV, "check", "--stamp", PATH="")


def test_keys_with_the_same_requirements_share_it(own: Demo) -> None:
    own.append("pyproject.toml", KEY.replace("own", "again").replace("helper-one", " Helper_One "))
    own.sync()
    assert len(kept(own)) == 1
    own.append("pyproject.toml", KEY.replace("own", "other").replace("helper-one", "helper-one>=1"))
    own.sync()
    assert len(kept(own)) == 2


def test_settings_of_uv_in_the_project_count(own: Demo) -> None:
    del own.environ["UV_FIND_LINKS"]
    own.append("pyproject.toml", '[tool.uv]\nfind-links = ["../beside/links"]\n')
    own.sync()
    assert own.sync().move == "kept"
    (first,) = kept(own)
    own.edit("pyproject.toml", "find-links", 'prerelease = "allow"\nfind-links')
    own.sync()
    assert len(kept(own)) == 2
    assert first in kept(own)


def test_two_processes_at_once(own: Demo) -> None:
    command = [sys.executable, "-m", "dyncachekeys", "digest"]
    both = [
        subprocess.Popen(command, cwd=own.root, env=own.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    said = [one.communicate() for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert said[0] == said[1]
    assert len(kept(own)) == 1


@pytest.mark.parametrize("damage", ["python", "unfinished", "empty"])
def test_damaged_one_is_made_again(own: Demo, damage: str) -> None:
    own.sync()
    (environment,) = kept(own)
    if damage == "python":
        python = environment / "bin/python"
        python.unlink()
        python.symlink_to(own.beside / "gone")
    elif damage == "unfinished":
        (environment / MADE).unlink()
    else:
        shutil.rmtree(environment)
        environment.mkdir()
    assert own.sync().move == "kept"
    assert kept(own) == [environment]
    assert (environment / "bin/python").exists()
    assert (environment / MADE).is_file()


def test_removed_one_is_made_again(own: Demo) -> None:
    own.sync()
    shutil.rmtree(own.beside / "kept")
    assert own.sync().move == "kept"
    assert len(kept(own)) == 1


@pytest.mark.parametrize("tracked", [True, False])
def test_tracked_function_stays_quiet(own: Demo, tracked: bool) -> None:
    mark = f"from dyncachekeys import resolver\n@resolver(tracked={tracked})\ndef found"
    own.edit("keys.py", "def found", mark)
    own.settled()
    (module,) = kept(own)[0].rglob("helper_one.py")
    assert not module.is_symlink()
    known = Snapshot.load(str(own.root / ".dyncachekeys"))
    assert known is not None
    assert any("helper_one.py" in names for names in known.names) is tracked
    deadline = 50
    while tracked and places(own) and deadline:  # until its files are old enough to be believed
        own.tick()
        own.run("sleep", "0.1")
        own.sync()
        deadline -= 1
    assert places(own) == ([] if tracked else None)
    if tracked:
        module.write_text("SAID = 'two'\n", encoding="utf-8")
        assert places(own) != []
        assert own.sync().move == "moved"


def test_offline_and_not_there(own: Demo) -> None:
    shutil.rmtree(links(own))
    links(own).mkdir()
    del own.environ["UV_NO_INDEX"]
    before = tree_of(own.root)
    done = own.cli("sync", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(
        f"error: {WHERE}: the environment of the key's requirements is not there yet, and uv can't reach the network\n"
        "  uv said:\n    "
    )
    assert "helper-one was not found in the cache" in done.stderr
    assert done.stderr.endswith("  do: run this once with a network and without UV_OFFLINE; the environment is kept\n")
    assert tree_of(own.root) == before
    assert kept(own) == []


def test_network_that_does_not_answer(own: Demo) -> None:
    own.environ.update(UV_OFFLINE="0", UV_HTTP_RETRIES="0", NO_PROXY="*")
    own.edit("pyproject.toml", '"helper-one"', '"helper-one @ http://127.0.0.1:9/helper_one-1.0-py3-none-any.whl"')
    (problem,) = refused(own.root, own.environ)
    assert (problem.code, problem.where) == ("environment-missing", WHERE)
    assert kept(own) == []


REFUSED_BY_UV = {
    "unsatisfiable": ("helper-one>2", "only helper-one==1.0 is available"),
    "no requirement": ("not a requirement!", "Failed to parse: `not a requirement!`"),
    "empty": ("", "Empty field is not allowed"),
}


@pytest.mark.parametrize("case", REFUSED_BY_UV)
def test_requirement_that_uv_refuses(own: Demo, case: str) -> None:
    requirement, said = REFUSED_BY_UV[case]
    own.edit("pyproject.toml", '"helper-one"', f'"{requirement}"')
    (problem,) = refused(own.root, own.environ)
    assert (problem.code, problem.where) == ("environment-not-made", WHERE)
    assert problem.message.startswith("uv can't make the environment of the key's requirements\n  uv said:\n    ")
    assert said in problem.message
    assert problem.remedy == "fix the requirements, or the settings of uv"
    assert kept(own) == []


def test_time_is_bounded(own: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venv, "LONGEST", 0)
    (problem,) = refused(own.root, own.environ)
    assert (problem.code, problem.where) == ("environment-not-made", WHERE)
    assert "it did not end within the 0 seconds that it had" in problem.message
    assert kept(own) == []


def test_keys_own_timeout_does_not_bound_uv(own: Demo) -> None:
    own.append("pyproject.toml", "timeout = 0.000001\n")
    (problem,) = refused(own.root, own.environ)
    assert problem.code == "resolver-timeout"
    assert len(kept(own)) == 1


def test_paths_are_refused_all_at_once(own: Demo) -> None:
    own.edit("pyproject.toml", '"helper-one"', '"./tool", "helper-one", "--editable=tool"')
    why = "is a path or an option: a stored environment would not follow its changes"
    what = "name a package and its version, or a URL; a module of your own is imported from `plugin-path`"
    assert told(refused(own.root, own.environ)) == "".join(
        f"[invalid-option] {WHERE}\n  `{one}` {why}\n  do: {what}\n" for one in ("./tool", "--editable=tool")
    )
    assert kept(own) == []


def test_built_in_needs_none(own: Demo) -> None:
    own.edit("pyproject.toml", '"keys:found"', '"backend"')
    assert told(refused(own.root, own.environ)) == (
        f"[invalid-option] {WHERE}\n  `backend` is built in, and needs no requirements\n  do: leave it out\n"
    )
    assert kept(own) == []


def test_empty_list_is_as_none(own: Demo) -> None:
    own.edit("pyproject.toml", '["helper-one"]', "[]")
    own.write({"keys.py": "def found(context): return []\n"})
    own.sync()
    assert kept(own) == []


def test_no_uv(own: Demo) -> None:
    done = own.run(sys.executable, "-c", RUN_WITHOUT_UV, "sync", check=False, PATH="")
    assert done.returncode == 2
    assert done.stderr == (
        f"error: {WHERE}: the key's requirements need uv, which can't be found\n"
        "  do: put uv on PATH, or install the package `uv` beside dyncachekeys\n"
    )
    assert kept(own) == []


def test_place_that_cannot_be_written_to(own: Demo) -> None:
    own.environ["DYNCACHEKEYS_CACHE_DIR"] = str(own.root / "keys.py")
    (problem,) = refused(own.root, own.environ)
    assert (problem.code, problem.where) == ("environment-not-made", WHERE)
    assert problem.message.startswith("the environment of the key's requirements can't be stored: ")
    assert problem.remedy == "set DYNCACHEKEYS_CACHE_DIR to a folder that can be written to"


@pytest.mark.skipif(sys.platform in {"win32", "darwin"}, reason="these have a place of their own")
def test_where_they_are_kept() -> None:
    home = {"HOME": "/home/x"}
    assert cache_folder(home) == Path("/home/x/.cache/dyncachekeys")
    assert cache_folder({**home, "XDG_CACHE_HOME": "/c"}) == Path("/c/dyncachekeys")
    assert cache_folder({**home, "XDG_CACHE_HOME": "c"}) == Path("/home/x/.cache/dyncachekeys")
    assert cache_folder({**home, "XDG_CACHE_HOME": "/c", "DYNCACHEKEYS_CACHE_DIR": "/d"}) == Path("/d")


@pytest.mark.parametrize(
    "requirement",
    [
        *("./tool", "../tool", ".", "/opt/tool", "~/tool", "tool/", "sub/tool", "sub\\tool", "C:\\tool", "C:/tool"),
        *("tool-1.0-py3-none-any.whl", "tool-1.0.tar.gz", "tool.zip ; python_version > '3'"),
        *("file:tool", "file:///opt/tool", "git+file:///opt/tool", "FILE:///opt/tool"),
        *("tool @ ./tool", "tool@tool", "tool[a] @ file:///opt/tool", "tool @ git+file:///opt/tool"),
        *("-e .", "-r requirements.txt", "--index-url=https://example.org"),
    ],
)
def test_path_or_option(requirement: str) -> None:
    assert is_local(requirement)


@pytest.mark.parametrize(
    "requirement",
    [
        *("tool", "tool==1.0", "tool[a,b] >= 1, != 1.5", "tool (>=1)", "tool>=1; sys_platform == 'a/b'", "", "a b"),
        *("https://example.org/tool-1.0.tar.gz", "tool @ https://example.org/tool.zip", "tool@git+ssh://git@x/y@v1"),
    ],
)
def test_name_or_url(requirement: str) -> None:
    assert not is_local(requirement)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Tool_X.y", " tool-x-y "),
        ("tool [b] >= 1 , < 2", "tool[b]>=1,<2"),
        ("tool>1;  python_version  > '3'", "tool > 1; python_version > '3'"),
        ("Tool @ https://example.org/A;b", "tool@https://example.org/A;b"),
        ("!", " ! "),
    ],
)
def test_two_spellings_of_one_requirement(one: str, other: str) -> None:
    assert normalised(one) == normalised(other)


def test_different_requirements() -> None:
    different = (
        "tool",
        "tool==1",
        "tool==1.0",
        "tool[a]",
        "tool @ https://a/A",
        "tool @ https://a/a",
        "tool; a < 'b c'",
    )
    assert len({normalised(one) for one in different}) == len(different)
