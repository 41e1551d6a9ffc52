"""Change of speed: length, pitch, and that blocks make no difference."""

import numpy as np
import pytest

from audiosr_desktop.dsp.stretch import TimeStretcher

RATE = 48_000


def stretched(x: np.ndarray, speed: float, block: int) -> np.ndarray:
    stretcher = TimeStretcher(speed, RATE, x.shape[0])
    parts = [stretcher.add(x[:, start : start + block]) for start in range(0, x.shape[1], block)]
    return np.concatenate([*parts, stretcher.finish()], axis=1)


@pytest.mark.parametrize("speed", [0.5, 0.8, 1.25, 2.0])
def test_length_pitch_and_phase_between_channels(speed: float) -> None:
    time_s = np.arange(RATE) / RATE
    left = sum(0.2 * np.sin(2 * np.pi * hz * time_s) for hz in (220, 440, 1320))
    x = np.stack([left, -0.5 * left]).astype(np.float32)
    y = stretched(x, speed, 4096)
    assert y.shape == (2, round(RATE / speed))
    np.testing.assert_allclose(y[1], -0.5 * y[0], atol=1e-6)
    inner = y[0, 2000:-4000]
    spectrum = np.abs(np.fft.rfft(inner * np.blackman(inner.size), 1 << 17))
    hz = np.fft.rfftfreq(1 << 17, 1 / RATE)
    for tone in (220, 440, 1320):
        near = np.abs(hz - tone) < 60
        assert hz[near][np.argmax(spectrum[near])] == pytest.approx(tone, abs=1.5)
    away = (np.abs(hz[:, None] - [220, 440, 1320]) > 60).all(axis=1)
    assert spectrum[away].max() < 0.03 * spectrum.max()  # no warble
    assert np.sqrt(np.mean(inner**2)) == pytest.approx(np.sqrt(np.mean(left**2)), rel=0.03)


@pytest.mark.parametrize("speed", [0.5, 1.7])
def test_blocks_make_no_difference(speed: float) -> None:
    x = np.random.default_rng(3).standard_normal((1, 30_000)).astype(np.float32)
    np.testing.assert_array_equal(stretched(x, speed, 30_000), stretched(x, speed, 777))


def test_it_begins_with_the_first_sample_and_clicks_stay_in_place() -> None:
    x = np.zeros((1, RATE), np.float32)
    x[0, 0], x[0, 24_000] = 1.0, 1.0
    y = stretched(x, 1.5, 1000)
    assert y[0, 0] == 1.0
    assert abs(int(np.argmax(y[0, 100:])) + 100 - 16_000) < 0.03 * RATE


def test_own_speed_gives_the_sound_back() -> None:
    x = np.random.default_rng(3).standard_normal((2, 20_000)).astype(np.float32)
    np.testing.assert_allclose(stretched(x, 1.0, 500), x, atol=1e-6)


def test_a_speed_out_of_range_is_refused() -> None:
    with pytest.raises(ValueError, match="speed"):
        TimeStretcher(5.0, RATE, 1)


def test_a_few_samples() -> None:
    assert stretched(np.ones((1, 3), np.float32), 0.5, 10).shape == (1, 6)
    assert stretched(np.zeros((1, 0), np.float32), 0.5, 10).shape == (1, 0)
