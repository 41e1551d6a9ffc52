"""What is heard, measured."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from audiosr_desktop.playback.meters import Meters
from audiosr_desktop.playback.tap import TAP_BYTES, Tap

RATE = 48_000


def sine(hz: float, seconds: float, amplitude: float, phase: float = 0.0) -> np.ndarray:
    time_s = np.arange(round(seconds * RATE)) / RATE
    one = amplitude * np.sin(2 * np.pi * hz * time_s + phase)
    return np.stack([one, one]).astype(np.float32)


def test_a_tone_has_the_levels_that_the_standards_give_it() -> None:
    """997 Hz at -20 dBFS in both of two channels are -20 LUFS, by BS.1770."""
    meters = Meters(RATE, 2)
    x = sine(997.0, 4.0, 0.1)
    for first in range(0, x.shape[1], 1_600):
        levels = meters.add(x[:, first : first + 1_600])
    assert levels.peaks_db == pytest.approx([-20.0, -20.0], abs=0.1)
    for loudness in (levels.momentary_lufs, levels.short_term_lufs, levels.integrated_lufs):
        assert loudness == pytest.approx(-20.0, abs=0.05)


def test_true_peak_sees_between_the_samples_and_lasts() -> None:
    meters = Meters(RATE, 2)
    x = sine(RATE / 4, 0.5, 0.5, math.pi / 4)  # samples at 0.354, peaks at 0.5
    levels = meters.add(x)
    assert levels.peaks_db[0] == pytest.approx(-9.03, abs=0.01)
    assert levels.true_peak_db == pytest.approx(-6.02, abs=0.15)
    assert meters.add(0.1 * x).true_peak_db == pytest.approx(-6.02, abs=0.15)
    meters.reset()
    assert meters.add(0.1 * x).true_peak_db == pytest.approx(-26.02, abs=0.15)


def test_loudness_follows_at_its_own_pace_and_silence_is_gated() -> None:
    meters = Meters(RATE, 2)
    meters.add(sine(997.0, 4.0, 0.1))
    levels = meters.add(np.zeros((2, 2 * RATE), np.float32))
    assert levels.momentary_lufs == -math.inf
    assert levels.short_term_lufs == pytest.approx(-20.0 - 10 * math.log10(3), abs=0.1)
    assert levels.integrated_lufs == pytest.approx(-20.0, abs=0.3)


def test_the_tap_gives_each_sample_once_and_leaves_out_what_is_lost() -> None:
    counter = SimpleNamespace(tap_size=RATE, tap_written=0)
    tap = Tap(RATE, 2, counter, memoryview(bytearray(TAP_BYTES)))
    x = np.arange(2 * RATE, dtype=np.float32).reshape(-1, 1).repeat(2, axis=1)
    taken = []
    for first in range(0, RATE, 1_000):
        tap.put(x[first : first + 1_000])
        if first % 3_000 == 0:
            taken.append(tap.take())
    np.testing.assert_array_equal(np.concatenate(taken, axis=1), x[: taken[-1][0, -1].astype(int) + 1].T)
    tap.put(x[RATE : 2 * RATE])
    np.testing.assert_array_equal(tap.take(), x[2 * RATE - RATE // 2 : 2 * RATE].T)
    assert tap.take().shape == (2, 0)
