"""Lateness: when samples came too late for a device, and which latency would fit better."""

import time
from collections import deque
from collections.abc import Callable

STEPS_S = (0.03, 0.04, 0.08, 0.16)  # latencies that are asked for; the first two keep a key within 50 ms
DENSE, DENSE_S = 3, 10.0  # so many late blocks within so long: one pause now is less than what is to come
LATELY, LATELY_S = 2, 60.0  # where nobody hears it, a longer latency is taken sooner
CALM_S = 600.0  # without a late block, after which a shorter one is tried
STEADY_S = 1.0  # what begins is not steady yet


class Lateness:
    """The late blocks of one open device; each counts for as long as it says something.

    Args:
        asked_s: the latency that was asked for.
        first_s: the shortest that is asked for.
        clock: tells the time, seconds.
    """

    def __init__(self, asked_s: float, first_s: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.count = 0
        self.asked_s, self._first_s = asked_s, first_s
        self._clock, self._since = clock, clock()
        self._at: deque[float] = deque(maxlen=DENSE)

    def begin(self) -> None:
        """Note that the device begins to ask for samples."""
        self._since = self._clock()

    def note(self) -> None:
        """Note that a block came too late; the sound card's thread calls this."""
        now = self._clock()
        self.count += 1
        if now - self._since > STEADY_S:
            self._at.append(now)

    @property
    def strained(self) -> bool:
        """Whether it is so often late now that a longer latency is worth a pause."""
        return self._dense() and self.fitting_s > self.asked_s

    @property
    def fitting_s(self) -> float:
        """The latency to be asked for when the device is opened next."""
        now, asked = self._clock(), self.asked_s
        if self._dense():
            return self._at_least(2.0 * asked)
        lately = sum(now - at < LATELY_S for at in tuple(self._at))
        # one is enough where the next step costs a key nothing that it may not take
        if lately >= (1 if asked < STEPS_S[1] else LATELY):
            return self._at_least(1.01 * asked)
        if now - max((self._since, *self._at)) > CALM_S:
            shorter = (step for step in STEPS_S if self._first_s <= step < asked)
            return max(shorter, default=asked)
        return asked

    def _dense(self) -> bool:
        at = tuple(self._at)
        return len(at) == DENSE and at[-1] - at[0] < DENSE_S

    def _at_least(self, latency_s: float) -> float:
        return next((step for step in STEPS_S if step >= latency_s), STEPS_S[-1])
