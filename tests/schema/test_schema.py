"""The committed schema is the model's, and it agrees with the reader."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import generate
from dyncachekeys.config import schema as installed
from dyncachekeys.config.model import read
from json_schema import dumped, schema

COMMITTED = Path(__file__).parents[2] / "schema/dyncachekeys.schema.json"


@pytest.mark.parametrize("name", generate.MADE)
def test_what_is_committed_is_what_is_made(name: str) -> None:
    committed = (generate.ROOT / name).read_text(encoding="utf-8")
    assert committed == generate.MADE[name](), "run `python schema/generate.py`"


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(json.loads(dumped()))


def test_each_table_has_an_example_that_is_valid() -> None:
    made = schema()
    keys = {key["title"]: key for key in made["definitions"]["key"]["anyOf"]}
    examples = {title: example for title, key in keys.items() for example in key.get("examples", ())}
    assert set(examples) == {title for title in keys if title.startswith("resolver = ")}
    for table in (*made["examples"], *({"keys": {"a": example}} for example in examples.values())):
        assert jsonschema.Draft7Validator(made).is_valid(table), table
        assert not read(table)[1]


PYPROJECT = """\
[project]
name = "demo"
version = "1"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = {}
"""


@pytest.mark.parametrize(("patterns", "said"), [("['src/']", ""), ("'src/'", "patterns"), ("['src/']\nx = 1", "x")])
def test_validate_pyproject_knows_it(patterns: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text(PYPROJECT.format(patterns), encoding="utf-8")
    argv = [sys.executable, "-m", "validate_pyproject", str(path)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True)
    assert (done.returncode == 0) is (said == "")
    assert said in done.stdout + done.stderr
    assert "dyncachekeys" in done.stdout + done.stderr or not said


def test_another_table_is_none_of_ours() -> None:
    assert installed.schema("dyncachekeys") == schema()
    with pytest.raises(KeyError):
        installed.schema("other")


@pytest.mark.parametrize(
    ("table", "valid"),
    [
        ({"keys": {"a": {"resolver": "files", "patterns": ["src/"]}}}, True),
        ({"watch": "digest", "keys": {"a": {"resolver": "backend"}}}, True),
        ({"keys": {"a": {"resolver": "mine:function", "whatever": 1, "timeout": 1.5}}}, True),
        ({"keys": {"a": {"resolver": "table", "tables": ["project"]}}}, True),
        ({"watch": "never"}, False),
        ({"defaults": 1}, False),
        ({"plugin-path": "src"}, False),
        ({"unknown": 1}, False),
        ({"keys": {"a": {"watch": "uv"}}}, False),
        ({"keys": {"defaults": {"resolver": "files", "patterns": []}}}, False),
        ({"keys": {"a": {"resolver": "env", "names": ["A"], "timeout": True}}}, False),
    ],
)
def test_schema_and_reader_agree(table: dict[str, Any], valid: bool) -> None:
    assert jsonschema.Draft7Validator(schema()).is_valid(table) is valid
    assert (not read(table)[1]) is valid


@pytest.mark.parametrize(
    "key", [{"resolver": "files"}, {"resolver": "files", "patterns": "src/"}, {"resolver": "env", "name": []}]
)
def test_options_of_built_ins_are_in_it(key: dict[str, Any]) -> None:
    assert not jsonschema.Draft7Validator(schema()).is_valid({"keys": {"a": key}})
