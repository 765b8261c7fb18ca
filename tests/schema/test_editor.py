"""What an editor offers in `[tool.dyncachekeys]`, by the schema: asked of a real language server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pytest

TOMBI = shutil.which("tombi")
pytestmark = [pytest.mark.thorough, pytest.mark.skipif(TOMBI is None, reason="tombi is not installed")]
SCHEMA = Path(__file__).parents[2] / "schema/dyncachekeys.schema.json"
TEXT = '[project]\nname = "demo"\n\n[tool.dyncachekeys]\n\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\n\n'


class Server:
    """A language server, spoken to in JSON-RPC."""

    def __init__(self, orders: IO[bytes], answers: IO[bytes]) -> None:
        self._orders, self._answers, self._number = orders, answers, 0

    def tell(self, **message: Any) -> None:
        data = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self._orders.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._orders.flush()

    def ask(self, method: str, **params: Any) -> Any:
        self._number += 1
        self.tell(id=self._number, method=method, params=params)
        while True:
            answer = self._heard()
            if "method" not in answer:
                return answer["result"]
            if "id" in answer:  # a question of its own
                self.tell(id=answer["id"], result=None)

    def _heard(self) -> Any:
        length = 0
        while line := self._answers.readline().strip():
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        return json.loads(self._answers.read(length))


@contextmanager
def server(folder: Path) -> Iterator[Server]:
    argv = [str(TOMBI), "lsp", "--offline"]
    with subprocess.Popen(
        argv, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdin
        assert process.stdout
        one = Server(process.stdin, process.stdout)
        one.ask("initialize", processId=os.getpid(), rootUri=folder.as_uri(), capabilities={})
        one.tell(method="initialized", params={})
        try:
            yield one
        finally:
            process.kill()


def test_options_are_completed(tmp_path: Path) -> None:
    settings = f'[[schemas]]\nroot = "tool.dyncachekeys"\npath = "{SCHEMA.as_uri()}"\ninclude = ["pyproject.toml"]\n'
    (tmp_path / "tombi.toml").write_text(settings, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(TEXT, encoding="utf-8")
    uri = (tmp_path / "pyproject.toml").as_uri()
    with server(tmp_path) as one:
        document = {"uri": uri, "languageId": "toml", "version": 1, "text": TEXT}
        one.tell(method="textDocument/didOpen", params={"textDocument": document})
        offered = [
            one.ask("textDocument/completion", textDocument={"uri": uri}, position={"line": line, "character": 0})
            for line in (4, 7)
        ]
    lists = (found["items"] if isinstance(found, dict) else found for found in offered)
    of_table, of_key = ({item["label"] for item in found} for found in lists)
    assert {"transport", "watch", "guard", "keys"} <= of_table
    assert {"patterns", "exclude", "watch", "timeout"} <= of_key
