"""Level, loudness and true peak against values that are known."""

import math

import numpy as np
import pytest

from audiosr_desktop.dsp.level import (
    LoudnessMeter,
    TruePeakMeter,
    db_to_gain,
    gain_to_db,
    integrated_loudness,
    k_weighting,
    peak_db,
    rms_db,
    true_peak_db,
)


def sine(frequency_hz, seconds, rate=48_000, amplitude=1.0, phase=0.0):
    time = np.arange(round(seconds * rate)) / rate
    return (amplitude * np.sin(2 * np.pi * frequency_hz * time + phase))[None].astype(np.float32)


def test_gain_and_decibels_are_inverse():
    assert db_to_gain(6.0) == pytest.approx(1.9953, abs=1e-4)
    assert gain_to_db(db_to_gain(-37.5)) == pytest.approx(-37.5)
    assert gain_to_db(-0.5) == pytest.approx(-6.0206, abs=1e-4)
    assert gain_to_db(0.0) == -math.inf


def test_peak_and_rms_of_a_sine():
    tone = sine(1000, 1, amplitude=0.5)
    assert peak_db(tone) == pytest.approx(-6.02, abs=0.01)
    assert rms_db(tone) == pytest.approx(-9.03, abs=0.01)
    assert peak_db(-np.abs(tone)) == pytest.approx(-6.02, abs=0.01)


@pytest.mark.parametrize("nothing", [np.zeros((2, 100), np.float32), np.zeros((2, 0), np.float32)])
def test_silence_is_minus_infinity(nothing):
    assert peak_db(nothing) == rms_db(nothing) == -math.inf
    assert integrated_loudness(nothing, 48_000) == true_peak_db(nothing, 48_000) == -math.inf


def test_k_weighting_is_that_of_the_recommendation_at_48_khz():
    shelf, high_pass = k_weighting(48_000)
    expected = [
        1.53512485958697,
        -2.69169618940638,
        1.19839281085285,
        1.0,
        -1.69065929318241,
        0.73248077421585,
    ]
    assert shelf == pytest.approx(expected, abs=1e-9)
    assert high_pass == pytest.approx([1.0, -2.0, 1.0, 1.0, -1.99004745483398, 0.99007225036621], abs=1e-9)


@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000, 96_000, 192_000])
def test_full_scale_sine_has_minus_3_01_lufs_at_any_rate(rate):
    assert integrated_loudness(sine(997, 3, rate), rate) == pytest.approx(-3.01, abs=0.05)


def test_loudness_sums_channels_and_weighs_surround():
    tone = sine(997, 3, amplitude=db_to_gain(-23))
    assert integrated_loudness(np.concatenate([tone, tone]), 48_000) == pytest.approx(-23.0, abs=0.05)
    surround = np.zeros((6, tone.shape[1]), np.float32)
    surround[4] = tone
    assert integrated_loudness(surround, 48_000) == pytest.approx(-26.01 + 1.49, abs=0.05)
    surround[4], surround[3] = 0, tone
    assert integrated_loudness(surround, 48_000) == -math.inf
    with pytest.raises(ValueError, match="1 to 8 channels"):
        LoudnessMeter(48_000, 9)


def test_loudness_gates_leave_out_the_quiet_part():
    loud, quiet = sine(997, 6, amplitude=db_to_gain(-20)), sine(997, 6, amplitude=db_to_gain(-60))
    whole = integrated_loudness(np.concatenate([loud, quiet], axis=1), 48_000)
    assert whole == pytest.approx(-23.01, abs=0.3)
    assert integrated_loudness(sine(997, 3, amplitude=db_to_gain(-80)), 48_000) == -math.inf


def test_sound_shorter_than_a_block_is_measured_as_a_whole():
    assert integrated_loudness(sine(997, 0.1), 48_000) == pytest.approx(-3.0, abs=0.3)


@pytest.mark.parametrize("rate", [44_100, 11_025])
def test_meters_do_not_depend_on_the_blocks(rate):
    rng = np.random.default_rng(3)
    noise = (0.1 * rng.standard_normal((2, 3 * rate))).astype(np.float32)
    loudness, peak = LoudnessMeter(rate, 2), TruePeakMeter(rate, 2)
    start = 0
    while start < noise.shape[1]:
        size = int(rng.integers(1, 9_000))
        for meter in (loudness, peak):
            meter.add(noise[:, start : start + size])
        start += size
    assert loudness.result() == pytest.approx(integrated_loudness(noise, rate), abs=1e-9)
    assert peak.result_db() == pytest.approx(true_peak_db(noise, rate), abs=1e-5)
    assert peak.result_db() == pytest.approx(true_peak_db(noise, rate), abs=1e-5)  # reading changes nothing


def test_true_peak_lies_between_the_samples():
    tone = sine(12_000, 0.2, phase=np.pi / 4) * np.hanning(9_600).astype(np.float32)
    assert peak_db(tone) == pytest.approx(-3.01, abs=0.01)
    assert true_peak_db(tone, 48_000) == pytest.approx(0.0, abs=0.1)


def test_true_peak_sees_the_last_samples():
    click = np.zeros((1, 500), np.float32)
    click[0, -2:] = 1.0
    assert true_peak_db(click, 48_000) > 1.0
