"""Code of ours is ended in time, and signals are afterwards as they were."""

from __future__ import annotations

import re
import signal
import threading
import time

import pytest

from dyncachekeys.process.limit import limited

HOPELESS = ("(a+)+b", "a" * 40)


def test_a_regular_expression_is_ended() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimeoutError), limited(0.1):
        re.match(*HOPELESS)
    assert signal.getsignal(signal.SIGALRM) is before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_what_is_done_in_time_goes_on() -> None:
    with limited(60):
        assert re.match("a+", "aa")
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_timer_of_the_caller_goes_on() -> None:
    rung: list[int] = []
    before = signal.signal(signal.SIGALRM, lambda number, _: rung.append(number))
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with limited(60):
            time.sleep(0.4)
            assert not rung
        for _ in range(1000):
            if rung:
                break
            time.sleep(0.01)
        assert rung == [signal.SIGALRM]
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_in_other_threads_nothing_is_bounded() -> None:
    done: list[bool] = []

    def work() -> None:
        with limited(0.01):
            time.sleep(0.05)
        done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
