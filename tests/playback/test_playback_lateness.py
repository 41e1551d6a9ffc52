"""Which latency fits a device that was late now and then."""

from audiosr_desktop.playback.lateness import CALM_S, DENSE, DENSE_S, LATELY_S, STEADY_S, STEPS_S, Lateness


class Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def late_at(clock: Clock, asked_s: float, *moments_s: float) -> Lateness:
    """Return a device that was late so long after it was opened; the clock stands at the last moment."""
    lateness, began_s = Lateness(asked_s, STEPS_S[0], clock), clock.now_s
    for moment_s in moments_s:
        clock.now_s = began_s + moment_s
        lateness.note()
    return lateness


def test_a_key_and_a_block_keep_their_limits_with_the_first_steps() -> None:
    assert STEPS_S[1] + STEPS_S[1] / 4 <= 0.05  # what is laid ahead, and a block that has just begun
    assert STEPS_S[1] / 4 <= 0.01


def test_late_blocks_close_together_are_worth_a_pause() -> None:
    clock = Clock()
    lateness = late_at(clock, STEPS_S[0], *(5.0 + 0.5 * DENSE_S * n / DENSE for n in range(DENSE)))
    assert lateness.strained
    assert lateness.fitting_s >= 2.0 * STEPS_S[0]
    assert lateness.count == DENSE


def test_late_blocks_far_apart_are_not_worth_a_pause_however_many() -> None:
    lateness = late_at(Clock(), STEPS_S[0], *(5.0 + 0.6 * DENSE_S * n for n in range(100)))
    assert not lateness.strained
    assert lateness.count == 100


def test_the_longest_latency_is_never_strained() -> None:
    lateness = late_at(Clock(), STEPS_S[-1], 5.0, 5.1, 5.2)
    assert not lateness.strained
    assert lateness.fitting_s == STEPS_S[-1]


def test_where_nobody_hears_it_a_longer_latency_is_taken_sooner() -> None:
    clock = Clock()
    assert late_at(clock, STEPS_S[0], 5.0).fitting_s == STEPS_S[1]
    assert late_at(clock, STEPS_S[1], 5.0).fitting_s == STEPS_S[1]
    assert late_at(clock, STEPS_S[1], 5.0, 5.0 + LATELY_S / 2).fitting_s == STEPS_S[2]
    assert late_at(clock, STEPS_S[1], 5.0, 5.1 + LATELY_S).fitting_s == STEPS_S[1]


def test_a_start_is_not_yet_steady() -> None:
    lateness = late_at(Clock(), STEPS_S[0], STEADY_S / 2, STEADY_S / 2, STEADY_S / 2)
    assert lateness.count == 3
    assert lateness.fitting_s == STEPS_S[0]
    assert not lateness.strained


def test_after_a_calm_time_a_shorter_latency_is_tried_but_none_below_the_first() -> None:
    clock = Clock()
    late = late_at(clock, STEPS_S[2], 5.0)
    clock.now_s += CALM_S - 1.0
    assert late.fitting_s == STEPS_S[2]
    clock.now_s += 2.0
    assert late.fitting_s == STEPS_S[1]
    first, shared = Lateness(STEPS_S[0], STEPS_S[0], clock), Lateness(STEPS_S[2], STEPS_S[1], clock)
    least = Lateness(STEPS_S[1], STEPS_S[1], clock)
    clock.now_s += CALM_S + 1.0
    assert [late.fitting_s for late in (first, shared, least)] == [STEPS_S[0], STEPS_S[1], STEPS_S[1]]
