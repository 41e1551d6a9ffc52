import numpy as np
import pytest

from audiosr_desktop.dsp.gap_fill import fill_gap
from audiosr_desktop.dsp.gaps import Silence, SilenceFinder, is_cut
from audiosr_desktop.dsp.spectrum import stft

RATE = 48_000


def noise(channels: int, n: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, n))).astype(np.float32)


def silences(sound: np.ndarray, cuts: list[int], shortest: int = 3, longest: int = 100) -> list[Silence]:
    finder = SilenceFinder(sound.shape[0], shortest, longest)
    for block in np.split(sound, cuts, axis=1):
        finder.add(block)
    return finder.result()


@pytest.mark.parametrize("cuts", [[], [1], [50], [52, 52, 55], [40, 60, 80, 101]])
def test_silences_are_found_wherever_the_blocks_are_cut(cuts: list[int]) -> None:
    sound = noise(2, 200)
    sound[:, 50:60] = 0.0
    sound[1, 100:120] = 0.0
    assert silences(sound, cuts) == [Silence(50, 60, (0, 1)), Silence(100, 120, (1,))]


def test_silence_at_the_ends_too_short_or_too_long_is_not_a_gap() -> None:
    sound = noise(1, 400)
    sound[:, :20] = sound[:, 50:52] = sound[:, 100:250] = sound[:, 390:] = 0.0
    assert silences(sound, []) == []


def test_a_cut_is_told_from_a_fade() -> None:
    sound = noise(1, 4_000)[0]
    fade = (sound * np.linspace(1.0, 0.0, 4_000) ** 2).astype(np.float32)
    assert is_cut(sound, sound, RATE)
    assert not is_cut(fade, sound, RATE)
    assert not is_cut(sound, fade[::-1], RATE)
    assert not is_cut(np.zeros(4_000, np.float32), sound, RATE)
    assert not is_cut(sound[:5], sound, RATE)


@pytest.mark.parametrize("length", [1, 7, 480, 4_800])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_a_fill_is_as_loud_as_its_surroundings(channels: int, length: int) -> None:
    sound = noise(channels, 20_000)
    filled = fill_gap(sound[:, :9_600], sound[:, -9_600:], length, RATE, np.random.default_rng(0))
    assert filled.shape == (channels, length)
    assert filled.dtype == np.float32
    assert np.all(np.isfinite(filled))
    if length >= 480:
        level_db = 20 * np.log10(np.std(filled, axis=1) / 0.1)
        assert np.abs(level_db).max() < 3.0


@pytest.mark.parametrize("length", [240, 2_400, 4_800])
@pytest.mark.parametrize("mirrored", [False, True])
def test_a_beat_that_comes_after_a_gap_is_not_heard_in_it(length: int, mirrored: bool) -> None:
    sound = noise(1, 19_200 + length)
    sound[:, 9_600 + length + 3_840 :] *= 30.0  # 30 dB louder from 80 ms after the gap on
    beside = sound[:, :9_600], sound[:, -9_600:]
    sides = (beside[1][:, ::-1], beside[0][:, ::-1]) if mirrored else beside
    filled = fill_gap(*sides, length, RATE, np.random.default_rng(0))
    assert abs(20 * np.log10(np.std(filled) / 0.1)) < 3.0


def test_channels_that_are_the_same_stay_the_same() -> None:
    sound = np.repeat(noise(1, 20_000), 2, axis=0)
    filled = fill_gap(sound[:, :9_600], sound[:, -9_600:], 960, RATE, np.random.default_rng(0))
    np.testing.assert_allclose(filled[0], filled[1], atol=1e-3)
    apart = noise(2, 20_000)
    filled = fill_gap(apart[:, :9_600], apart[:, -9_600:], 4_800, RATE, np.random.default_rng(0))
    assert abs(np.corrcoef(filled)[0, 1]) < 0.2


def test_the_same_seed_fills_the_same() -> None:
    sound = noise(1, 20_000)
    fills = [
        fill_gap(sound[:, :9_600], sound[:, -9_600:], 500, RATE, np.random.default_rng(seed))
        for seed in (1, 1, 2)
    ]
    assert np.array_equal(fills[0], fills[1])
    assert not np.array_equal(fills[0], fills[2])


def test_silence_stays_silence_and_no_context_is_refused() -> None:
    quiet = np.zeros((1, 9_600), np.float32)
    assert not np.any(fill_gap(quiet, quiet, 480, RATE, np.random.default_rng(0)))
    with pytest.raises(ValueError, match="both sides"):
        fill_gap(quiet[:, :100], quiet, 480, RATE, np.random.default_rng(0))


@pytest.mark.parametrize("rate", [2_000, 8_000, 192_000])
def test_other_rates(rate: int) -> None:
    sound = noise(1, rate)
    side = rate // 5
    filled = fill_gap(sound[:, :side], sound[:, -side:], rate // 50, rate, np.random.default_rng(0))
    assert 20 * np.log10(np.std(filled) / 0.1) == pytest.approx(0.0, abs=3.0)


@pytest.mark.parametrize("length", [2_400, 4_800])
def test_between_the_partials_of_a_held_chord_a_fill_is_as_quiet_as_the_chord(length: int) -> None:
    time = np.arange(40_000) / RATE
    partials_hz = 220.0 * np.arange(1, 12)
    chord = sum(np.cos(2 * np.pi * hz * time + hz) / (hz / 220.0) for hz in partials_hz)
    sound = (0.1 * chord[None] + 0.01 * noise(1, 40_000)).astype(np.float32)
    start = 20_000 - length // 2
    filled = np.array(sound)
    sides = sound[:, start - 9_600 : start], sound[:, start + length : start + length + 9_600]
    filled[:, start : start + length] = fill_gap(*sides, length, RATE, np.random.default_rng(0))
    window = np.hanning(2_048)
    truth, found = (
        np.abs(np.fft.rfft(window * each[0, 20_000 - 1_024 : 20_000 + 1_024])) ** 2
        for each in (sound, filled)
    )
    hz = np.fft.rfftfreq(2_048, 1 / RATE)
    between = (np.abs(hz[:, None] - partials_hz).min(axis=1) > 75.0) & (hz < 2_600.0)
    assert 10 * np.log10(found[between].mean() / truth[between].mean()) < 3.0


@pytest.mark.parametrize("seed", [0, 1])
def test_a_fill_of_noise_has_no_lines_of_its_own(seed: int) -> None:
    sound = noise(1, 24_000, seed)
    filled = fill_gap(sound[:, :9_600], sound[:, -9_600:], 4_800, RATE, np.random.default_rng(0))[0]
    level = np.log(np.abs(stft(filled, 2_048, 256, center=False)) ** 2).mean(axis=1)
    lines = level - np.convolve(level, np.ones(33) / 33, "same")
    assert np.std(lines) < 0.55


@pytest.mark.parametrize("level", [0.0, 0.01, 0.03])
def test_a_steady_tone_goes_on_through_a_fill(level: float) -> None:
    turn = 2 * np.pi * 1_234.5 * np.arange(30_000) / RATE
    sound = (0.03 * np.cos(turn) + level * 10 * noise(1, 30_000)).astype(np.float32)
    filled = fill_gap(sound[:, :10_000], sound[:, 20_000:], 10_000, RATE, np.random.default_rng(1))
    turned = filled[0] * np.exp(-1j * turn[10_000:20_000])
    heard = [2 * np.mean(part) for part in np.array_split(turned, 5)]
    np.testing.assert_allclose(heard, 0.03, atol=0.01)
