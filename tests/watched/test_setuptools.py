"""A `setup.py` that reads files, and packages that are looked for."""

from __future__ import annotations

import pytest

from watched.conftest import StrangerMaker
from watched.stranger import NEVER, ONCE

SETUP_PY = """\
import re

from setuptools import setup

setup(
    version=re.search(r'__version__ = "(.+)"', open("lg/__init__.py").read()).group(1),
    long_description=open("README.md").read(),
    install_requires=open("requirements.txt").read().split(),
    packages=["lg"],
)
"""
READS = {
    "pyproject.toml": """\
        [project]
        name = "demo"
        requires-python = ">=3.10"
        dynamic = ["version", "readme", "dependencies"]

        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"
        """,
    "setup.py": SETUP_PY,
    "requirements.txt": "alpha\n",
    "README.md": "First.\n",
    "CHANGES.md": "None.\n",
    "lg/__init__.py": '__version__ = "1.0"\n',
    "lg/core.py": "SIZE = 1\n",
}


def test_files_that_setup_py_reads(stranger: StrangerMaker) -> None:
    someone = stranger(READS)
    someone.settle()
    assert someone.edit("requirements.txt", "alpha", "beta") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta"]
    assert someone.edit("lg/__init__.py", "1.0", "2.0") == ONCE
    assert someone.metadata("Version") == ["2.0"]
    assert someone.edit("README.md", "First.", "Second.") == ONCE
    assert "Second." in someone.metadata("Description")
    assert someone.edit("CHANGES.md", "None.", "One.") == NEVER
    assert someone.edit("lg/core.py", "1", "2") == NEVER
    assert someone.add("lg/more.py") == NEVER
    assert someone.add("notes.txt") == NEVER
    assert someone.says("lg.core.SIZE") == "2"
    someone.assert_right(
        "requirements.txt", "README.md", "CHANGES.md", "lg/__init__.py", "lg/core.py", "lg/more.py", "notes.txt"
    )


FOUND = {
    "pyproject.toml": {
        "pyproject.toml": """\
            [project]
            name = "demo"
            version = "0.1"
            requires-python = ">=3.10"

            [build-system]
            requires = ["setuptools"]
            build-backend = "setuptools.build_meta"

            [tool.setuptools.packages.find]
            include = ["acme*"]
            namespaces = false
            """
    },
    "setup.py": {
        "pyproject.toml": """\
            [project]
            name = "demo"
            version = "0.1"
            requires-python = ">=3.10"

            [build-system]
            requires = ["setuptools"]
            build-backend = "setuptools.build_meta"
            """,
        "setup.py": "from setuptools import find_packages, setup\n\nsetup(packages=find_packages())\n",
    },
}


@pytest.mark.parametrize("how", ["pyproject.toml", pytest.param("setup.py", marks=pytest.mark.thorough)])
def test_packages_that_are_looked_for(stranger: StrangerMaker, how: str) -> None:
    someone = stranger({**FOUND[how], "acme_a/__init__.py": "NAME = 'a'\n", "docs/index.md": ""})
    someone.settle()
    assert someone.add("acme_b/__init__.py", "NAME = 'b'\n") == ONCE
    assert someone.says("acme_b.NAME") == "b"
    assert someone.add("acme_b/core.py", "SIZE = 1\n") == NEVER
    assert someone.says("acme_b.core.SIZE") == "1"
    assert someone.add("acme_a/core.py") == NEVER
    assert someone.edit("acme_b/__init__.py", "'b'", "'c'") == NEVER
    assert someone.add("docs/more.md") == NEVER
    assert someone.add("scripts/run.sh") == NEVER
    assert someone.remove("acme_b") == ONCE
    someone.assert_right("acme_a/core.py", "docs/more.md", "scripts/run.sh")
