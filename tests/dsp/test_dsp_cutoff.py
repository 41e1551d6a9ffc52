"""The edge of the band on real sound: filters, resampling and codecs against where they cut, and sound left alone."""

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
