"""Tables that fit, and times as uv prints them."""

from __future__ import annotations

import pytest

from dyncachekeys.quick.output import duration
from dyncachekeys.quick.table import cells, lines, shares, shortened

ROWS = [("file", "csrc/fft/kernels/radix_4_for_avx512.c", "matches csrc/**/*.c"), ("env", "CC", "named")]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("short.c", 9, "short.c"),
        ("csrc/fft/kernels/radix_4.c", 20, "csrc/f...s/radix_4.c"),
        ("csrc/fft/kernels/radix_4.c", 26, "csrc/fft/kernels/radix_4.c"),
        ("quelle/日本語日本語日本語.c", 12, "que...本語.c"),
    ],
)
def test_the_middle_is_left_out(text: str, width: int, expected: str) -> None:
    assert shortened(text, width) == expected


@pytest.mark.parametrize("text", ["csrc/fft/kernels/radix_4.c", "名/前/日本語日本語日本語日本語.c", "e\u0301" * 40])
def test_no_more_than_it_may_take(text: str) -> None:
    for width in range(4, 60):
        found = shortened(text, width)
        assert cells(found) <= width
        assert found == text or "..." in found


@pytest.mark.parametrize(
    ("widths", "total", "expected"),
    [
        ([4, 40, 20], 64, [4, 40, 20]),
        ([4, 40, 20], 50, [4, 26, 20]),
        ([4, 40, 20], 44, [4, 20, 20]),
        ([4, 40, 20], 34, [4, 15, 15]),
        ([4, 40, 20], 3, [4, 9, 9]),
        ([], 80, []),
    ],
)
def test_the_widest_give_way(widths: list[int], total: int, expected: list[int]) -> None:
    assert shares(widths, total) == expected


def test_each_line_fits_a_terminal() -> None:
    for width in range(36, 90):
        long, short = lines(ROWS, width)
        assert len(long) <= width
        assert short.split() == ["env", "CC", "named"]
        assert len(short) - len("named") == len(long) - min(len("matches csrc/**/*.c"), len(long.split("  ", 3)[3]))


def test_the_first_columns_stay_whole() -> None:
    (line,) = lines([("file      folder link", "csrc/fft/kernels/radix_4.c", "matches csrc/**/*.c")], 50, whole=1)
    assert line == "  file      folder link  csr...x_4.c  mat...*/*.c"
    assert len(line) <= 50


def test_a_pipe_gets_all_of_it() -> None:
    long = f"{'deep/' * 80}a.c"
    first, _ = lines([("file", long, "named"), ("env", "CC", "named")], None)
    assert first == f"  file  {long}  named"
    assert [*lines([], None)] == []


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0.0, "0.00ms"),
        (-0.001, "0.00ms"),
        (0.000_459, "0.45ms"),
        (0.0389, "38ms"),
        (0.9999, "999ms"),
        (1.2, "1.20s"),
        (2.318, "2.31s"),
        (59.999, "59.99s"),
        (60.0, "1m 00s"),
        (125.9, "2m 05s"),
        (3725.0, "62m 05s"),
    ],
)
def test_times_as_uv_prints_them(seconds: float, expected: str) -> None:
    assert duration(seconds) == expected
