"""The main job on a real recording with the shipped model, through the command line."""

import json
from pathlib import Path

import mutagen.flac
import numpy as np
import pytest
import soundfile

from audiosr_desktop.cli import main
from audiosr_desktop.dsp.degrade import band_limit
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.evaluation.metrics import align, band_energy_db

pytestmark = pytest.mark.model

RATE = 44_100
START_S, END_S = 1.5, 5.0
SINGLE_DB = 3.5  # of one recording; the gains are set by the mean over many, which is within 2 dB
CLIPS = Path(__file__).parent / "clips"


@pytest.fixture(scope="module", params=[("music_tabla", 4_000.0), ("effects_bell", 8_000.0)])
def restored(request, tmp_path_factory):
    """Truth, input and output of `restore` on a region of a 44.1 kHz 16-bit stereo FLAC, and its report."""
    name, cutoff_hz = request.param
    folder = tmp_path_factory.mktemp("main")
    sound, rate = soundfile.read(CLIPS / f"{name}.flac", dtype="float32", always_2d=True)
    truth = resample(np.ascontiguousarray(sound.T), rate, RATE)
    narrow = band_limit(truth, RATE, cutoff_hz, "resample")
    source, target = folder / "in.flac", folder / "out.flac"
    soundfile.write(source, narrow.T, RATE, subtype="PCM_16")
    tags = mutagen.flac.FLAC(source)
    tags["title"], tags["artist"] = "Old tape", "Nobody"
    tags.save()
    report = folder / "report.json"
    arguments = ["restore", str(source), "-o", str(target), "--effect", "super-resolution"]
    arguments += ["--start", str(START_S), "--end", str(END_S), "--json"]
    with pytest.MonkeyPatch.context() as patch, report.open("w") as file:
        patch.setattr("sys.stdout", file)
        assert main(arguments) == 0
    before, after = (
        np.ascontiguousarray(soundfile.read(path, dtype="int16")[0].T) for path in (source, target)
    )
    return truth, before, after, target, json.loads(report.read_text())


def test_outside_the_region_not_a_bit_changes(restored):
    _, before, after, target, report = restored
    assert after.shape == before.shape
    assert soundfile.info(target).subtype == "PCM_16"
    assert soundfile.info(target).samplerate == RATE == report["sample_rate_out"]
    first, last = round(START_S * RATE), round(END_S * RATE)
    assert np.array_equal(after[:, :first], before[:, :first])
    assert np.array_equal(after[:, last:], before[:, last:])
    assert not np.array_equal(after[:, first:last], before[:, first:last])


def test_the_region_keeps_its_place_and_its_low_band(restored):
    _, before, after, _, report = restored
    first, last = round(START_S * RATE), round(END_S * RATE)
    old, new = (samples[:, first:last].astype(np.float32) for samples in (before, after))
    assert align(old, new) == 0
    low = band_limit(new - old, RATE, 0.8 * report["cutoff_hz"], "resample")
    assert np.sqrt(np.mean(low**2)) < 1.0  # below the crossover only the rounding of 16 bits differs


def test_the_new_band_has_the_energy_of_the_truth(restored):
    truth, _, after, _, report = restored
    first, last = round((START_S + 0.1) * RATE), round((END_S - 0.1) * RATE)
    made = after[:, first:last] / np.float32(32_768)
    error_db = band_energy_db(truth[:, first:last], made, RATE, report["cutoff_hz"])
    assert abs(error_db) < SINGLE_DB


def test_no_level_steps_at_the_joins(restored):
    """The level below the cutoff in 50 ms on both sides of a join differs as in the input."""
    _, before, after, _, _ = restored
    span = round(0.05 * RATE)
    for join in (round(START_S * RATE), round(END_S * RATE)):
        steps = []
        for samples in (before, after):
            low = band_limit(
                samples[:, join - 8 * span : join + 8 * span] / 32_768.0, RATE, 6_000.0, "resample"
            )
            middle = low.shape[1] // 2
            power = [
                np.mean(low[:, part] ** 2)
                for part in (slice(middle - span, middle), slice(middle, middle + span))
            ]
            steps.append(10 * np.log10((power[1] + 1e-12) / (power[0] + 1e-12)))
        assert steps[1] == pytest.approx(steps[0], abs=0.1)


def test_tags_go_along(restored):
    tags = mutagen.flac.FLAC(restored[3])
    assert tags["title"] == ["Old tape"]
    assert tags["artist"] == ["Nobody"]
