"""What looks like a credential is handed to nobody: not to uv, not to a message, not in plain text to the state."""

from __future__ import annotations

import sys

import pytest

from dyncachekeys.names import Mask, holds_password, is_credential
from kit import Demo, DemoMaker, refused, told

SECRET = "hunter2-is-no-password"
CREDENTIALS = (
    *(
        "MY_TOKEN",
        "npm_config__authToken",
        "GITHUB_PAT",
        "PAT",
        "NPM_AUTH",
        "SSH_KEY",
        "DB_DSN",
        "SENTRY_DSN",
        "AWS_CREDS",
    ),
    *("DB_PASS", "DB_PASS_2", "MYSQL_PWD", "SSHPASS", "PGPASSWORD", "API_KEY", "apiKey", "AWS_SECRET_ACCESS_KEY"),
    *(
        "AZURE_STORAGE_KEY",
        "GPG_SIGNING_KEY",
        "DEPLOY_KEY",
        "AWS_ACCESS_KEY_ID",
        "GPG_PASSPHRASE",
        "SESSION_COOKIE",
        "CI_JOB_JWT",
    ),
)
OTHERS = (
    *("PATH", "PATTERN", "PWD", "OLDPWD", "CC", "CUDA_HOME", "COMPASS", "BYPASS_CHECKS", "AUTHOR", "GIT_AUTHOR_NAME"),
    *(
        "KEYBOARD",
        "CACHE_KEY",
        "SORT_KEYS",
        "PASS_THROUGH",
        "PATCH_LEVEL",
        "SSH_AUTH_SOCK",
        "LD_LIBRARY_PATH",
        "PASSES",
    ),
)


@pytest.mark.parametrize("name", CREDENTIALS)
def test_names_of_credentials(name: str) -> None:
    assert is_credential(name)


@pytest.mark.parametrize("name", OTHERS)
def test_other_names(name: str) -> None:
    assert not is_credential(name)


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("https://me:pa55@example.org/simple", True),
        ("postgresql+psycopg://me:p%40ss@localhost:5432/db", True),
        ("see https://:pa55@example.org", True),
        ("https://me@example.org:8080/a:b@c", False),
        ("https://example.org:8080/", False),
        ("git@example.org:a/b", False),
        ("a:b@c", False),
    ],
)
def test_a_url_with_a_password(value: str, holds: bool) -> None:
    assert holds_password(value) is holds


def test_values_give_way_to_their_names() -> None:
    environ = {
        "A_TOKEN": SECRET,
        "B_KEY": "plain",
        "URL": "https://me:pa55word@example.org",
        "C_TOKEN": "abc",
        "SHORT_PAT": "",
    }
    text = f"x {SECRET} y plain https://me:pa55word@example.org abc pa55word https://you:other@example.org"
    assert Mask(environ)(text) == ("x ${A_TOKEN} y plain ${URL} abc ${URL} https://***@example.org")


def _is_nowhere(demo: Demo, secret: str, *said: str) -> None:
    assert secret not in "".join(said)
    for path in (demo.root / ".dyncachekeys").rglob("*"):
        assert secret not in str(path)
        if path.is_symlink():
            assert secret not in str(path.readlink())
        elif path.is_file():
            assert secret.encode() not in path.read_bytes(), path


REQUIREMENTS = '[tool.dyncachekeys.keys.deps]\nresolver = "requirements"\nfiles = ["requirements.txt"]\n'


def test_a_credential_in_the_path_of_an_include(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQUIREMENTS, {"requirements.txt": "-r ../beside/${MY_TOKEN}/base.txt\n"})
    (demo.beside / SECRET).mkdir()
    (demo.beside / SECRET / "base.txt").write_text("one\n")
    said = [demo.cli(command, MY_TOKEN=SECRET) for command in ("sync", "sync", "show")]
    assert "requirements.txt:1 includes a path that holds `MY_TOKEN`" in said[0].stderr
    _is_nowhere(demo, SECRET, *(done.stdout + done.stderr for done in said))
    first = demo.sync(MY_TOKEN=SECRET)
    assert demo.sync(MY_TOKEN="another").move == "moved"
    assert demo.sync(MY_TOKEN=SECRET).digest == first.digest


def test_other_variables_in_the_path_of_an_include_are_followed(demo_maker: DemoMaker) -> None:
    demo = demo_maker(REQUIREMENTS, {"requirements.txt": "-r ${DEPS}/base.txt\n", "deps/base.txt": ""})
    assert demo.cli("show", "deps", DEPS="deps").stdout.count("deps/base.txt") >= 1
    missing = demo.cli("sync", DEPS="no-such-folder").stderr
    assert "includes `${DEPS}/base.txt`" in missing
    assert "no-such-folder" not in missing


FAILS = """
[tool.dyncachekeys.keys.tool]
resolver = "command"
argv = ["{python}", "-c", "import os, sys; sys.stderr.write(repr(dict(os.environ)) + chr(10) + os.environ['MANY_PAT']); sys.exit(1)"]
"""


def test_a_failing_command_prints_no_credential(demo_maker: DemoMaker) -> None:
    demo = demo_maker(FAILS.format(python=sys.executable))
    lines = "-----BEGIN-----\nline-one-of-it\nline-two-of-it"
    secrets = {
        "MY_TOKEN": SECRET,
        "REGISTRY_PAT": "pat-0123456789",
        "INDEX": "https://me:pa55word@example.org/",
        "MANY_PAT": lines,
    }
    problem = told(refused(demo.root, {"PATH": demo.environ["PATH"], **secrets}))
    for secret in (SECRET, "pat-0123456789", "pa55word", "line-one-of-it", "line-two-of-it"):
        assert secret not in problem
    assert "${MY_TOKEN}" in problem


PRINTS = 'import os\n\n\ndef loud(context):\n    print(dict(os.environ))\n    raise ValueError("it fails: " + os.environ["MY_TOKEN"])\n'


def test_a_failing_resolver_prints_no_credential(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.loud]\nresolver = "loud:loud"\n', {"loud.py": PRINTS})
    problem = told(refused(demo.root, {"PATH": demo.environ["PATH"], "MY_TOKEN": SECRET}))
    assert SECRET not in problem
    assert "it fails: ${MY_TOKEN}" in problem


ENV = '[tool.dyncachekeys.keys.env]\nresolver = "env"\nnames = [{names}]\n'


@pytest.mark.parametrize("name", ["REGISTRY_PAT", "DB_DSN", "SSH_KEY"])
def test_uv_is_not_told_of_it(demo_maker: DemoMaker, name: str) -> None:
    demo = demo_maker(ENV.format(names=f'"{name}"'))
    demo.both(**{name: SECRET})
    assert name not in str(demo.sync(**{name: SECRET}).entries)
    assert not [path for path in (demo.root / ".venv").rglob("uv_cache.json") if SECRET in path.read_text()]
    assert demo.both(**{name: "another"}) == 1
    _is_nowhere(demo, SECRET)


URL = "https://me:pa55word@example.org/simple"


@pytest.mark.parametrize("transport", ["stamp", "digest"])
def test_a_value_with_a_password_is_a_warning_and_no_other_entry(demo_maker: DemoMaker, transport: str) -> None:
    """Entries are the same for everybody, whatever the environment."""
    demo = demo_maker(f'[tool.dyncachekeys]\ntransport = "{transport}"\n' + ENV.format(names='"INDEX", "CC"'))
    without = demo.sync(INDEX="x")
    report = demo.sync(INDEX=URL)
    assert report.entries == without.entries
    (warning,) = report.warnings
    assert warning.code == "password-in-plain-text"
    assert "INDEX" in warning.message
    quiet = demo.cli("sync", INDEX=URL)
    assert "INDEX" in quiet.stderr
    assert demo.cli("sync", INDEX="y").stderr == ""
    _is_nowhere(demo, "pa55word", warning.message, quiet.stderr, quiet.stdout)


def test_a_value_with_a_password_in_an_entry_of_the_users(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.uv]\ncache-keys = [{ env = "INDEX" }]\n' + ENV.format(names='"CC"'))
    assert [one.code for one in demo.sync(INDEX=URL).warnings] == ["password-in-plain-text"]
    demo.uv_sync(INDEX=URL)
    done = demo.cli("doctor", "--format", "json", INDEX=URL)
    assert "DCK030" in done.stdout
    assert "pa55word" not in done.stdout
