"""Every effect with every kind of selection: outside in time, frequency and channel all stays as it was."""

from dataclasses import replace

import numpy as np
import pytest

from audiosr_desktop.audio.mask import FULL, ROWS, Mask
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine, combined
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.job import run_job

pytestmark = pytest.mark.usefixtures("tiny_shipped")

RATE = 48_000
LENGTH = 2 * RATE
GAP = slice(round(0.95 * RATE), round(0.98 * RATE))
FIRST, SECOND = Region(16_000, 52_000, 2000.0, 10_000.0), Region(64_000, 90_000, 3000.0, 9000.0)
VALUES: dict[str, dict[str, object]] = {
    "audiosr.gain": {"gain_db": -6.0},
    "audiosr.generate": {"kind": "white noise"},
    "audiosr.remove-tone": {"frequency_hz": 5000.0},
    "audiosr.super-resolution": {"cutoff_hz": 4000.0},
}
RESTORING = ("restore", "super-resolution", "denoise", "remove-tone", "fill-gap")
LEVELS = ("gain", "normalise", "normalise-loudness", "fade-in", "fade-out", "silence", "remove-dc", "invert")
EFFECTS = (*RESTORING, *LEVELS, "channels", "generate")


def of_shape(region: Region) -> Region:
    """Return what was chosen in two places, the first a brush stroke that rises, with soft edges."""
    rows, first, hop = np.arange(ROWS)[:, None], FIRST.start // 1024, 1024
    columns = np.arange(FIRST.length // hop)
    middle = (4000 + 4000 * columns / columns.size) / (RATE / 2) * (ROWS - 1)
    gains = np.clip((60 - np.abs(rows - middle)) / 20, 0, 1) * FULL
    stroke = replace(region, mask=Mask(first, hop, np.rint(gains).astype(np.uint8)))
    whole = combined(stroke, SECOND, Combine.ADD, RATE)
    assert whole is not None
    assert whole.mask is not None
    return whole


KINDS = {
    "time": Region(FIRST.start, FIRST.stop),
    "rectangle": FIRST,
    "band": Region(0, LENGTH, FIRST.low_hz, FIRST.high_hz),
    "shape": of_shape(FIRST),
    "channel": FIRST.of_channels((1,)),
    "shape in a channel": of_shape(FIRST).of_channels((0,)),
}


def damaged() -> Sound:
    """Return swelling noise with nothing above 6 kHz but hiss, with a tone, a constant and a gap."""
    rng, time_s = np.random.default_rng(5), np.arange(LENGTH) / RATE
    swell = 0.05 + 0.1 * np.square(np.sin(2 * np.pi * 1.1 * time_s))
    samples = rng.standard_normal((2, LENGTH)) * swell
    samples = lowpass(samples.astype(np.float32), RATE, 6000.0, "cheby", 8)
    samples += 0.02 * np.sin(2 * np.pi * 5000.0 * time_s) + 0.003 * rng.standard_normal(samples.shape) + 0.05
    samples[:, GAP] = 0.0
    return Sound.from_array(samples.astype(np.float32), RATE)


SOUND = damaged()
# Restore runs the others one after another; one channel alone cannot be swapped with another
LEFT_OUT = {("restore", kind) for kind in ("rectangle", "band", "channel", "shape in a channel")} | {
    ("channels", kind) for kind in ("channel", "shape in a channel")
}
PAIRS = [(name, kind) for name in EFFECTS for kind in KINDS if (name, kind) not in LEFT_OUT]


def power(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
    """Return the power of a band, seen through a window that hides nothing above -150 dB."""
    window = np.kaiser(samples.shape[1], 24.0)
    spectrum = np.fft.rfft(samples.astype(np.float64) * window)
    hz = np.fft.rfftfreq(samples.shape[1], 1 / RATE)
    found = np.square(np.abs(spectrum[:, (hz >= low_hz) & (hz < high_hz)])).sum()
    return float(found)


def applied(name: str, region: Region, engines: Engines, scratch: Scratch) -> np.ndarray:
    effect = built_in_effects(engines, scratch)[f"audiosr.{name}"]
    own = {parameter.id for parameter in effect.parameters}
    given = {one: value for one, value in (("quality", "draft"), ("device", "cpu")) if one in own}
    result = run_job(apply_effect(effect, SOUND, region, given | VALUES.get(effect.id, {}), scratch))
    assert result.length == LENGTH
    return result.read(0, LENGTH)


@pytest.mark.parametrize(("name", "kind"), PAIRS)
def test_only_what_is_selected_changes(name: str, kind: str, engines: Engines, run_scratch: Scratch) -> None:
    region = KINDS[kind]
    if name == "remove-dc" and region.has_band:
        region = Region(region.start, region.stop, None, 300.0).of_channels(region.channels)
    before, after = SOUND.read(0, LENGTH), applied(name, region, engines, run_scratch)
    change = after - before
    others = [channel for channel in range(2) if channel not in (region.channels or (0, 1))]
    assert np.array_equal(after[others], before[others])
    spans = region.mask.runs if region.mask is not None else ((region.start, region.stop),)
    untouched = np.ones(LENGTH, bool)
    for start, stop in spans:
        untouched[max(start, region.start) : min(stop, region.stop)] = False
    assert np.array_equal(after[:, untouched], before[:, untouched])
    meant = list(region.channels or (0, 1))
    inside = slice(region.start, region.stop)
    assert np.abs(change[meant, inside]).max() > 0.01 * np.abs(before[meant, inside]).max()
    if region.has_band:
        low, high = (region.low_hz or 0.0) * 0.85, (region.high_hz or RATE / 2) / 0.85
        # a steady part; the fades at the ends take 10 ms whatever the band
        steady = slice(FIRST.start + 4_000, GAP.start - 1_000)
        for outside in ((20.0, low), (high, RATE / 2)):
            if outside[1] - outside[0] > 100.0:
                there = power(before[meant, steady], *outside)
                assert power(change[meant, steady], *outside) < 1e-9 * there


@pytest.mark.parametrize("name", ["gain", "denoise", "remove-tone", "generate"])
def test_a_shape_is_followed_along_its_way(name: str, engines: Engines, run_scratch: Scratch) -> None:
    region = KINDS["shape"]
    change = applied(name, region, engines, run_scratch) - SOUND.read(0, LENGTH)
    size = 6_000
    for start in (20_000, 40_000):  # the stroke rises from 4 to 8 kHz
        middle = 4000 + 4000 * (start + size / 2 - FIRST.start) / FIRST.length
        part = slice(start, start + size)
        inside = power(change[:, part], middle - 600, middle + 600)
        beside = power(change[:, part], 20.0, middle - 2600) + power(change[:, part], middle + 2600, RATE / 2)
        if name != "remove-tone" or abs(middle - 5000) < 900:
            assert beside < 1e-9 * power(SOUND.read(part.start, part.stop), 20.0, 4000.0)
            assert inside > 1e-6 * power(SOUND.read(part.start, part.stop), middle - 600, middle + 600)
