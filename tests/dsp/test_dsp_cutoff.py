"""The edge of the band on real sound: filters, resampling and codecs; sound left alone."""

import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from audiosr_desktop.dsp.cutoff import CutoffEstimate, estimate_cutoff
from audiosr_desktop.dsp.filters import Family, lowpass

RATE = 48_000
ALWAYS = sorted((Path(__file__).parents[1] / "clips").glob("*.flac"))
SHARED = sorted((Path(__file__).parents[2].parent / "shared" / "audio").glob("*.flac"))
CLIPS = SHARED or ALWAYS
TOLERANCE = 0.05
CUTOFFS = (3000, 6000, 11_000, 15_000)

on_clips_here = pytest.mark.parametrize("path", ALWAYS, ids=lambda path: path.stem)
on_every_clip = pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.stem)


def clip(path: Path) -> np.ndarray:
    sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    return sound.T


def through_rate(x: np.ndarray, rate: int) -> np.ndarray:
    narrow = soxr.resample(np.ascontiguousarray(x.T), RATE, rate, quality="VHQ")
    return np.ascontiguousarray(soxr.resample(narrow, rate, RATE, quality="VHQ").T)


def in_16_bits(x: np.ndarray) -> np.ndarray:
    return (np.rint(x * 32_767.0) / 32_768.0).astype(np.float32)


def assert_edge(estimate: CutoffEstimate, expected_hz: float, tolerance: float = TOLERANCE) -> None:
    assert not estimate.full_band
    assert estimate.cutoff_hz == pytest.approx(expected_hz, rel=tolerance)
    assert estimate.confidence > 0.5


@on_every_clip
def test_sound_left_alone_is_full_band(path: Path) -> None:
    estimate = estimate_cutoff(clip(path), RATE)
    assert estimate.full_band
    assert not estimate.lossy
    assert estimate.cutoff_hz > 19_000


@on_every_clip
@pytest.mark.parametrize("cutoff_hz", CUTOFFS)
def test_sharp_edges(path: Path, cutoff_hz: int) -> None:
    x = clip(path)[:1]
    assert_edge(estimate_cutoff(lowpass(x, RATE, cutoff_hz, "boxcar"), RATE), cutoff_hz)
    assert_edge(estimate_cutoff(in_16_bits(lowpass(x, RATE, cutoff_hz, "ellip", 8)), RATE), cutoff_hz)
    # there and back the resampler is at half amplitude at 95 % of half the narrow rate
    assert_edge(estimate_cutoff(through_rate(x, 2 * cutoff_hz), RATE), 0.96 * cutoff_hz)


@on_clips_here
@pytest.mark.parametrize("cutoff_hz", CUTOFFS)
def test_steep_recursive_filters(path: Path, cutoff_hz: int) -> None:
    x = clip(path)[:1]
    designs: tuple[tuple[Family, int], ...] = (("ellip", 6), ("cheby", 8), ("cheby", 10), ("butter", 10))
    for family, order in designs:
        assert_edge(estimate_cutoff(lowpass(x, RATE, cutoff_hz, family, order), RATE), cutoff_hz, 0.06)


# the partials of the bell stand 40 dB above the rest: no slope shows between them
@pytest.mark.parametrize(
    "path", [path for path in ALWAYS if "bell" not in path.stem], ids=lambda path: path.stem
)
@pytest.mark.parametrize("cutoff_hz", CUTOFFS)
@pytest.mark.parametrize(("family", "order", "tolerance"), [("butter", 8, 0.15), ("bessel", 8, 0.5)])
def test_gentle_filters_are_found_less_exactly(
    path: Path, cutoff_hz: int, family: Family, order: int, tolerance: float
) -> None:
    """A slope cannot be told from the sound's own better than the sound is known."""
    estimate = estimate_cutoff(lowpass(clip(path)[:1], RATE, cutoff_hz, family, order), RATE)
    assert estimate.cutoff_hz == pytest.approx(cutoff_hz, rel=tolerance)


def test_most_gentle_filters_are_met_within_five_per_cent() -> None:
    errors = []
    for path in ALWAYS:
        x = clip(path)[:1]
        for cutoff_hz in CUTOFFS:
            for family, order in (("cheby", 6), ("butter", 8)):
                low = in_16_bits(lowpass(x, RATE, cutoff_hz, family, order))
                errors.append(abs(estimate_cutoff(low, RATE).cutoff_hz / cutoff_hz - 1.0))
    assert np.mean(np.array(errors) <= TOLERANCE) >= 0.75
    assert np.median(errors) < 0.03


@pytest.mark.parametrize("cutoff_hz", [6000, 11_000])
def test_an_edge_above_hiss(cutoff_hz: int) -> None:
    x = clip(next(path for path in ALWAYS if "speech" in path.stem))
    hiss = 1e-3 * np.random.default_rng(4).standard_normal(x.shape).astype(np.float32)
    assert_edge(estimate_cutoff(lowpass(x, RATE, cutoff_hz, "ellip") + hiss, RATE), cutoff_hz)


@on_every_clip
@pytest.mark.parametrize("bitrate", [64, 128])
def test_mp3(path: Path, bitrate: int, tmp_path: Path) -> None:
    encoder = shutil.which("lame")
    if encoder is None:
        pytest.skip("the lame encoder, which tells its own low-pass, is not here")
    soundfile.write(tmp_path / "in.wav", clip(path).T, RATE, subtype="PCM_16")
    told = subprocess.run(
        [encoder, "--verbose", "-b", str(bitrate), "in.wav", "out.mp3"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    ).stderr  # fmt: skip
    low, high = told.split("transition band:")[1].split("\n")[0].replace("Hz", "").split("-")
    edge_hz = (float(low) + float(high)) / 2.0
    decoded, rate = soundfile.read(tmp_path / "out.mp3", dtype="float32", always_2d=True)
    wide = decoded if rate == RATE else soxr.resample(decoded, rate, RATE, quality="VHQ")
    estimate = estimate_cutoff(np.ascontiguousarray(wide.T), RATE)
    if edge_hz > 19_000:
        assert estimate.full_band
    else:
        assert_edge(estimate, edge_hz)
    assert estimate.lossy or bitrate == 128


def tones(*frequencies_hz: float) -> np.ndarray:
    time_s = np.arange(5 * RATE) / RATE
    return sum(0.1 * np.sin(2.0 * np.pi * hz * time_s) for hz in frequencies_hz)[None].astype(np.float32)


@pytest.mark.parametrize(
    "x",
    [
        np.zeros((2, 5 * RATE), np.float32),
        np.full((1, 5 * RATE), 0.3, np.float32),
        tones(1000.0),
        in_16_bits(tones(1000.0)),
        tones(440.0, 880.0, 5000.0),
        np.zeros((1, 0), np.float32),
        np.ones((1, 1), np.float32),
        np.random.default_rng(1).standard_normal((1, 480)).astype(np.float32),
        np.random.default_rng(1).standard_normal((1, 6000)).astype(np.float32),
        np.random.default_rng(2).standard_normal((2, 5 * RATE)).astype(np.float32),
    ],
    ids=["silence", "dc", "tone", "tone-16-bit", "tones", "empty", "one", "10-ms", "125-ms", "white-noise"],
)
def test_no_edge_is_invented(x: np.ndarray) -> None:
    estimate = estimate_cutoff(x, RATE)
    assert estimate.full_band
    assert not estimate.lossy
    assert estimate.cutoff_hz == RATE / 2


@pytest.mark.parametrize("sample_rate", [2000, 8000, 22_050, 44_100, 96_000, 384_000])
def test_noise_is_full_band_at_any_rate(sample_rate: int) -> None:
    noise = np.random.default_rng(3).standard_normal((1, 2 * sample_rate)).astype(np.float32)
    estimate = estimate_cutoff(noise, sample_rate)
    assert estimate.full_band
    assert estimate.cutoff_hz == sample_rate / 2


@pytest.mark.parametrize("sample_rate", [44_100, 96_000])
def test_an_edge_at_other_rates(sample_rate: int) -> None:
    low = lowpass(clip(ALWAYS[-1]), RATE, 6000.0, "ellip")
    other = np.ascontiguousarray(soxr.resample(low.T, RATE, sample_rate).T)
    assert_edge(estimate_cutoff(other, sample_rate), 6000.0)


def test_pieces_of_a_long_sound_tell_the_same() -> None:
    low = lowpass(clip(ALWAYS[-1]), RATE, 6000.0, "boxcar")
    pieces = [low[:, start : start + RATE] for start in range(0, low.shape[1], 2 * RATE)]
    assert_edge(estimate_cutoff(pieces, RATE), 6000.0)
    assert estimate_cutoff([], RATE).full_band
