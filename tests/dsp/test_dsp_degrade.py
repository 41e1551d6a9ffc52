"""Damage is what was asked for, and the same each time."""

import numpy as np
import pytest

from audiosr_desktop.dsp.degrade import (
    CODEC_KBPS,
    FILTERS,
    Chances,
    Damage,
    Gap,
    apply_damage,
    band_limit,
    random_damage,
)

RATE = 48_000


def noise(seconds=2.0, channels=1, seed=0):
    shape = (channels, round(seconds * RATE))
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def level_db(samples, low_hz, high_hz):
    spectrum = np.abs(np.fft.rfft(samples[0] * np.hanning(samples.shape[1]))) ** 2
    frequency = np.fft.rfftfreq(samples.shape[1], 1 / RATE)
    return 10 * np.log10(spectrum[(frequency >= low_hz) & (frequency < high_hz)].mean() + 1e-30)


@pytest.mark.parametrize("kind", FILTERS)
def test_each_filter_keeps_the_low_band_and_takes_the_high_one(kind):
    sound = noise()
    cut = band_limit(sound, RATE, 6_000, kind)
    assert cut.shape == sound.shape
    assert cut.dtype == np.float32
    assert level_db(cut, 500, 2_000) == pytest.approx(level_db(sound, 500, 2_000), abs=1.0)
    assert level_db(cut, 14_000, 20_000) < level_db(sound, 14_000, 20_000) - 30


@pytest.mark.parametrize("kind", FILTERS)
def test_low_pass_does_not_move_the_sound(kind):
    sound = noise(0.5)
    cut = band_limit(sound, RATE, 6_000, kind)
    correlation = np.fft.irfft(np.fft.rfft(cut[0]) * np.conj(np.fft.rfft(sound[0])))
    assert int(np.argmax(correlation)) == 0


def test_resampling_to_an_odd_rate_keeps_the_length():
    sound = noise(0.7)[:, :12_347]
    assert band_limit(sound, RATE, 3_333.3, "resample").shape == sound.shape


def test_tone_has_its_frequency_and_amplitude_in_all_channels():
    silence = np.zeros((2, RATE), np.float32)
    out = apply_damage(silence, RATE, Damage(tone_hz=1_500, tone_amplitude=0.2), np.random.default_rng(1))
    spectrum = np.abs(np.fft.rfft(out[0]))
    assert int(np.argmax(spectrum)) == 1_500
    assert np.sqrt(2 * np.mean(out**2)) == pytest.approx(0.2, rel=1e-3)
    np.testing.assert_array_equal(out[0], out[1])


def test_white_noise_has_its_level_and_differs_between_channels():
    silence = np.zeros((2, RATE), np.float32)
    out = apply_damage(silence, RATE, Damage(white_amplitude=0.01), np.random.default_rng(1))
    assert out.std() == pytest.approx(0.01, rel=0.02)
    assert abs(np.corrcoef(out)[0, 1]) < 0.05


def test_gaps_are_silent_and_nothing_else_changes():
    sound = noise(1.0)
    out = apply_damage(sound, RATE, Damage(gaps=(Gap(0.25, 50), Gap(0.99, 500))), np.random.default_rng(0))
    changed = np.flatnonzero((out != sound).any(axis=0))
    assert changed[0] == 12_000
    assert not out[:, 12_000:14_400].any()
    assert not out[:, 47_520:].any()
    assert changed.size <= 2_400 + 480


def test_noise_first_goes_through_the_filter():
    silence = np.zeros((1, RATE), np.float32)
    first = Damage(lowpass_hz=4_000, filter="ellip", white_amplitude=0.02, noise_first=True)
    after = Damage(lowpass_hz=4_000, filter="ellip", white_amplitude=0.02)
    low, full = (apply_damage(silence, RATE, damage, np.random.default_rng(2)) for damage in (first, after))
    assert level_db(low, 8_000, 20_000) < level_db(full, 8_000, 20_000) - 40


def test_no_damage_leaves_the_sound():
    sound = noise(0.1)
    np.testing.assert_array_equal(apply_damage(sound, RATE, Damage(), np.random.default_rng(0)), sound)


def test_same_seed_same_damage_and_ranges_are_those_of_the_report():
    draws = [random_damage(np.random.default_rng(seed), 5.0) for seed in range(400)]
    assert draws[7] == random_damage(np.random.default_rng(7), 5.0)
    cut = [draw for draw in draws if draw.lowpass_hz is not None]
    assert 0.55 < len(cut) / len(draws) < 0.9
    assert all(2_000 <= draw.lowpass_hz <= 16_000 and 2 <= draw.order <= 10 for draw in cut)
    assert {draw.filter for draw in cut} == set(FILTERS)
    tones = [draw for draw in draws if draw.tone_hz is not None]
    assert tones
    assert all(100 <= draw.tone_hz <= 15_000 and 0.001 <= draw.tone_amplitude <= 0.2 for draw in tones)
    assert all(0.001 <= draw.white_amplitude <= 0.02 for draw in draws if draw.white_amplitude)
    gaps = [gap for draw in draws for gap in draw.gaps]
    assert gaps
    assert all(gap.start_s + gap.length_ms / 1000 <= 5.0 for gap in gaps)
    assert {draw.noise_first for draw in draws} == {False, True}
    assert Damage() in draws


def test_random_damage_fits_a_low_rate_and_a_short_sound():
    for seed in range(100):
        damage = random_damage(np.random.default_rng(seed), 0.05, 8_000)
        apply_damage(noise(0.05), 8_000, damage, np.random.default_rng(seed))


@pytest.mark.parametrize(
    "fields",
    [
        {"filter": "brick"},
        {"order": 11},
        {"lowpass_hz": 0.0},
        {"tone_hz": float("nan")},
        {"white_amplitude": -1.0},
        {"gaps": (Gap(-1.0, 5.0),)},
        {"codec": "wma"},
        {"bitrate_kbps": 0.0},
        {"gain_db": float("nan")},
    ],
)
def test_impossible_damage_is_refused(fields):
    with pytest.raises(ValueError):
        Damage(**fields)


def test_frequencies_beyond_the_rate_are_refused():
    with pytest.raises(ValueError, match="below 24000 Hz"):
        apply_damage(noise(0.1), RATE, Damage(lowpass_hz=24_000), np.random.default_rng(0))


def test_level_and_polarity_are_changed_before_the_noise():
    sound = noise(0.2)
    out = apply_damage(sound, RATE, Damage(gain_db=-20.0, inverted=True), np.random.default_rng(0))
    np.testing.assert_allclose(out, -0.1 * sound, rtol=1e-5)
    noisy = Damage(gain_db=-60.0, white_amplitude=0.01)
    assert apply_damage(sound, RATE, noisy, np.random.default_rng(0)).std() == pytest.approx(0.01, rel=0.05)


def test_the_codec_runs_on_pairs_of_channels_after_the_noise_and_before_the_gaps():
    seen = []

    def quieter(samples, rate, codec, kbps):
        seen.append((samples.copy(), rate, codec, kbps))
        return 0.5 * samples + 0.25

    sound = noise(0.1, channels=5)
    damage = Damage(codec="opus", bitrate_kbps=32.0, white_amplitude=0.01, gaps=(Gap(0.05, 10),))
    out = apply_damage(sound, RATE, damage, np.random.default_rng(0), quieter)
    assert [len(samples) for samples, *_ in seen] == [2, 2, 1]
    assert {entry[1:] for entry in seen} == {(RATE, "opus", 32.0)}
    heard = np.concatenate([samples for samples, *_ in seen])
    assert (heard - sound).std() == pytest.approx(0.01, rel=0.05)
    np.testing.assert_allclose(out[:, :2_000], 0.5 * heard[:, :2_000] + 0.25, rtol=1e-6)
    assert not out[:, 2_400:2_880].any()
    with pytest.raises(ValueError, match="no codecs"):
        apply_damage(sound, RATE, damage, np.random.default_rng(0))


def test_chances_are_kept_and_codecs_do_not_change_what_else_is_drawn():
    plain = [random_damage(np.random.default_rng(seed), 5.0) for seed in range(200)]
    every = Chances(codec=0.5, level=0.5)
    coded = [random_damage(np.random.default_rng(seed), 5.0, chances=every) for seed in range(200)]
    assert all(draw.codec is None and draw.gain_db == 0.0 for draw in plain)
    shared = [(draw.lowpass_hz, draw.filter, draw.tone_hz, draw.white_amplitude, draw.gaps) for draw in plain]
    assert shared == [
        (draw.lowpass_hz, draw.filter, draw.tone_hz, draw.white_amplitude, draw.gaps) for draw in coded
    ]
    with_codec = [draw for draw in coded if draw.codec is not None]
    assert 60 < len(with_codec) < 130
    assert {draw.codec for draw in with_codec} == set(CODEC_KBPS)
    assert all(
        low <= draw.bitrate_kbps <= high for draw in with_codec for low, high in [CODEC_KBPS[draw.codec]]
    )
    assert {draw.inverted for draw in coded} == {False, True}
    tones_alone = Chances(undamaged=0, lowpass=0, tone=1, white=0, gaps=0)
    for seed in range(20):
        draw = random_damage(np.random.default_rng(seed), 5.0, chances=tones_alone)
        assert draw.tone_hz is not None
        assert draw.lowpass_hz is None
        assert not draw.white_amplitude
        assert not draw.gaps
    with pytest.raises(ValueError, match="0 to 1"):
        Chances(tone=1.5)
