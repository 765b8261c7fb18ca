"""What belongs to a user's file stays with it, or the file is left alone and what would be lost is named."""

from __future__ import annotations

import os
import stat
import struct
import subprocess
import sys
from pathlib import Path

import pytest

from dyncachekeys.errors import WriteError
from dyncachekeys.rewrite.replace import replace
from kit import BACKEND_KEY, DemoMaker

linux = pytest.mark.skipif(sys.platform != "linux", reason="Python asks for extended attributes on Linux only")
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives files away")
_READ, _NONE = 4, 0
_ACL = struct.pack(
    "<I" + "HHI" * 5,
    2,
    *(0x01, 6, 0xFFFFFFFF),  # the owner reads and writes
    *(0x02, _READ, 4242),  # this user reads
    *(0x04, _NONE, 0xFFFFFFFF),  # the group does nothing
    *(0x10, _READ, 0xFFFFFFFF),  # the mask: what a plain chmod to the file's mode would give the group
    *(0x20, _NONE, 0xFFFFFFFF),
)
"""An access list as the kernel stores it: version, then kind, rights and number of each entry."""
_LIST = "system.posix_acl_access"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / ".dyncachekeys"
    folder.mkdir()
    return folder


def _set(path: Path, name: str, value: bytes) -> None:
    try:
        os.setxattr(path, name, value)
    except OSError as error:
        pytest.skip(f"no {name} here: {error}")


@linux
def test_access_list_and_extended_attributes_stay(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"before")
    path.chmod(0o640)
    _set(path, "user.note", b"of the user")
    _set(path, _LIST, _ACL)
    before = {name: os.getxattr(path, name) for name in os.listxattr(path)}
    assert _LIST in before
    mode = path.stat().st_mode
    replace(path, b"before", b"after", home)
    assert path.read_bytes() == b"after"
    assert {name: os.getxattr(path, name) for name in os.listxattr(path)} == before
    assert path.stat().st_mode == mode


@linux
def test_the_default_list_of_a_folder_gives_nobody_rights(tmp_path: Path, home: Path) -> None:
    """A new file inherits the list of the folder that it is made in; a private file must not get it."""
    path = tmp_path / "pyproject.toml"
    path.write_bytes(b"before")
    path.chmod(0o600)
    _set(home, "system.posix_acl_default", _ACL)
    replace(path, b"before", b"after", home)
    assert os.listxattr(path) == []
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@linux
@as_root
def test_owner_and_group_stay(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    path = demo.root / "pyproject.toml"
    path.chmod(0o664)
    os.chown(path, 4242, 2424)
    demo.sync()
    info = path.stat()
    assert b"generated" in path.read_bytes()
    assert (info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode)) == (4242, 2424, 0o664)


_AS_ANOTHER = """
import os, sys
from pathlib import Path
from dyncachekeys.errors import WriteError
from dyncachekeys.rewrite.replace import replace

os.setgid(65534)
os.setuid(65534)
try:
    replace(Path("pyproject.toml"), b"before", b"after", Path("home"))
except WriteError as error:
    print(error)
"""
"""With what this interpreter has imported by then: it may lie in root's home."""


@linux
@as_root
@pytest.mark.parametrize("owner", [True, False])
def test_what_cannot_be_given_is_named(everybodys: Path, owner: bool) -> None:
    """In a folder that several users write to, only root could give the new file the owner of the old one."""
    path, home = everybodys / "pyproject.toml", everybodys / "home"
    home.mkdir()
    path.write_bytes(b"before")
    home.chmod(0o777)
    os.chown(path, 0 if owner else 65534, 65534 if owner else 0)
    path.chmod(0o666)
    code = [sys.executable, "-c", _AS_ANOTHER]
    done = subprocess.run(code, cwd=everybodys, capture_output=True, text=True, check=True)
    assert ("its owner (user 0)" if owner else "its group (0)") in done.stdout
    assert path.read_bytes() == b"before"
    assert list(home.iterdir()) == []


def test_a_file_with_other_names_is_left_alone(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    (demo.beside / "other.toml").hardlink_to(demo.root / "pyproject.toml")
    before = (demo.root / "pyproject.toml").read_bytes()
    with pytest.raises(WriteError, match="2 names"):
        demo.sync()
    assert (demo.root / "pyproject.toml").read_bytes() == before
    assert (demo.root / "pyproject.toml").samefile(demo.beside / "other.toml")
