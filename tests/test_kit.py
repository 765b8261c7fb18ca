"""What the tests themselves rely on."""

from __future__ import annotations

from pathlib import Path

import pytest

import native


def test_a_shim_without_a_toolchain_is_no_cargo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "cargo").write_text("#!/bin/sh\necho 'error: no default toolchain' >&2\nexit 1\n", encoding="utf-8")
    (tmp_path / "cargo").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    native.is_there.cache_clear()
    try:
        assert not native.is_there("cargo")
        assert native.needs("cargo").args == (True,)
    finally:
        native.is_there.cache_clear()
