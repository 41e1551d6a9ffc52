"""Codecs in memory: aligned, of the right length, and damaging as much as their bit rate says."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.evaluation.codec import through_codec
from audiosr_desktop.evaluation.metrics import align, band_energy_db, snr_db

CLIP = Path(__file__).parents[1] / "clips" / "music_tabla.flac"


@pytest.fixture(scope="module")
def sound():
    samples, _ = soundfile.read(CLIP, stop=96_001, dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T)


@pytest.mark.parametrize(("codec", "low", "high"), [("mp3", 64, 256), ("ogg", 64, 256), ("opus", 32, 192)])
def test_codec_keeps_length_and_place_and_more_bits_damage_less(sound, codec, low, high):
    poor, good = (through_codec(sound, 48_000, codec, kbps) for kbps in (low, high))
    for coded in (poor, good):
        assert coded.shape == sound.shape
        assert align(sound, coded) == 0
    assert 10 < snr_db(sound, poor) < snr_db(sound, good) - 3


def test_low_rate_mp3_cuts_the_band(sound):
    assert band_energy_db(sound, through_codec(sound, 48_000, "mp3", 64), 48_000, 18_000) < -20


@pytest.mark.parametrize("codec", ["mp3", "ogg", "opus"])
@pytest.mark.parametrize("kbps", [1, 1_000])
def test_bit_rates_beyond_the_range_are_the_nearest_there_is(sound, codec, kbps):
    short = sound[:, :24_000]
    assert through_codec(short, 48_000, codec, kbps).shape == short.shape


@pytest.mark.parametrize(("codec", "rate"), [("mp3", 96_000), ("opus", 44_100), ("ogg", 22_050)])
def test_rates_the_codec_does_not_know_are_converted_and_back(sound, codec, rate):
    mono = sound[:1, :rate]
    coded = through_codec(mono, rate, codec, 96)
    assert coded.shape == mono.shape
    assert align(mono, coded) == 0


def test_silence_and_nothing_pass_through():
    for length in (0, 1_000):
        silence = np.zeros((1, length), np.float32)
        np.testing.assert_array_equal(through_codec(silence, 48_000, "mp3", 64), silence)


def test_impossible_codecs_are_refused(sound):
    with pytest.raises(ValueError, match="mp3, ogg, opus"):
        through_codec(sound, 48_000, "aac", 64)
    with pytest.raises(ValueError, match="channels"):
        through_codec(np.zeros((3, 10), np.float32), 48_000, "ogg", 64)
    with pytest.raises(ValueError, match="bit rate"):
        through_codec(sound, 48_000, "ogg", 0)
