"""The time left of work whose speed is known."""

from __future__ import annotations

from dnaconv_core.progress import Timed


class Told(list):
    def report(self, fraction: float, message: str) -> None:
        self.append(message)

    def should_stop(self) -> bool:
        return len(self) > 3


def test_the_time_left_follows_from_what_is_done_and_is_not_guessed_too_early():
    now, told = [100.0], Told()
    timed = Timed(told, clock=lambda: now[0])
    for seconds, fraction in ((3, 0.5), (10, 0.04), (20, 0.25), (300, 0.5), (600, 1.0)):
        now[0] = 100 + seconds
        timed.report(fraction, "reading")
    assert told == ["reading", "reading", "reading · about 60 s left", "reading · about 5 min left", "reading"]
    assert timed.should_stop()
