from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.dsp.noise import NoiseProfile
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.effects import proposal
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.chain import chain_steps, run_steps
from audiosr_desktop.effects.denoise import Denoise, measure_noise
from audiosr_desktop.effects.effect import Value, resolve_values
from audiosr_desktop.effects.gaps import FillGap
from audiosr_desktop.effects.proposal import look, propose_with
from audiosr_desktop.effects.restore import Restore
from audiosr_desktop.effects.survey import survey_sound
from audiosr_desktop.effects.tones import RemoveTone
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import Job, run_job

pytestmark = pytest.mark.usefixtures("tiny_shipped")

CLIPS = Path(__file__).parent.parent / "clips"
RATE = 48_000


def clip(name: str) -> np.ndarray:
    return soundfile.read(CLIPS / f"{name}.flac", dtype="float32", always_2d=True)[0].T


def run(
    samples: np.ndarray, engines: Engines, scratch: Scratch, region: Region | None = None, **values: object
) -> tuple[np.ndarray, dict[str, object]]:
    report: dict[str, object] = {}
    sound = Sound.from_array(samples, RATE)
    given = {"quality": "draft", "device": "cpu", **values}
    where = region or Region(0, sound.length)
    result = run_job(apply_effect(Restore(engines, scratch, report), sound, where, given, scratch))
    return result.read(0, result.length), report


@pytest.mark.parametrize("name", ["music_tabla", "speech_it_syllables", "effects_bell"])
def test_sound_without_damage_is_left_alone(name: str, engines: Engines, run_scratch: Scratch) -> None:
    clean = clip(name)
    result, report = run(clean, engines, run_scratch)
    assert np.array_equal(result, clean)
    assert "steps_done" not in report
    assert len(report["warnings"]) == 1  # type: ignore[arg-type]


def damaged_clip() -> tuple[np.ndarray, np.ndarray]:
    """Return speech without what lies above 6 kHz, and the same with a tone, noise and a gap."""
    clean = lowpass(clip("speech_it_syllables"), RATE, 6_000.0, "cheby", 8)
    length = clean.shape[1]
    damaged = clean + 0.03 * np.cos(2 * np.pi * 1_234.5 * np.arange(length) / RATE)
    damaged = damaged + 0.002 * np.random.default_rng(0).standard_normal(clean.shape)
    damaged[:, 100_000:104_800] = 0.0
    return clean, damaged.astype(np.float32)


def test_all_damage_is_found_and_mended_in_order(engines: Engines, run_scratch: Scratch) -> None:
    clean, damaged = damaged_clip()
    result, report = run(damaged, engines, run_scratch)
    assert report["steps_done"] == [
        "audiosr.fill-gap",
        "audiosr.remove-tone",
        "audiosr.denoise",
        "audiosr.super-resolution",
    ]
    assert report["gaps"] == [{"start_s": 100_000 / RATE, "end_s": 104_800 / RATE}]
    assert [tone["frequency_hz"] for tone in report["tones"]] == [pytest.approx(1_234.5, abs=0.1)]  # type: ignore[attr-defined]
    assert report["noise_dbfs"] == pytest.approx(20 * np.log10(0.002), abs=1.0)
    assert report["model"] == "audiosr-compact"
    apart = slice(110_000, None)
    low = lowpass(result, RATE, 5_000.0, "cheby", 8) - lowpass(clean, RATE, 5_000.0, "cheby", 8)
    bad = lowpass(damaged, RATE, 5_000.0, "cheby", 8) - lowpass(clean, RATE, 5_000.0, "cheby", 8)
    assert 10 * np.log10(np.mean(low[:, apart] ** 2) / np.mean(bad[:, apart] ** 2)) < -12.0


def test_a_tone_that_gaps_cut_off_is_found(engines: Engines, run_scratch: Scratch) -> None:
    damaged = clip("music_tabla")
    damaged = damaged + 0.03 * np.cos(2 * np.pi * 1_234.5 * np.arange(damaged.shape[1]) / RATE)
    for start in range(33_600, damaged.shape[1] - 19_200, 28_800):
        damaged[:, start : start + 9_600] = 0.0
    job = propose_with(
        Sound.from_array(damaged, RATE),
        Region(0, damaged.shape[1]),
        resolve_values(Restore(engines, run_scratch), {"band": False, "noise": False}),
    )
    assert [module.effect for module in run_job(job).modules] == ["audiosr.fill-gap", "audiosr.remove-tone"]


def test_noise_is_measured_on_what_was_recorded(
    engines: Engines, run_scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    damaged = clip("music_tabla")
    damaged[:, 50_000:54_800] = 0.0
    sound, measured = Sound.from_array(damaged, RATE), []

    def measure(heard: Sound) -> Job[NoiseProfile]:
        measured.append(heard)
        return measure_noise(heard)

    monkeypatch.setattr(proposal, "measure_noise", measure)
    values = resolve_values(Restore(engines, run_scratch), {"band": False, "tones": False})
    modules = run_job(propose_with(sound, Region(0, sound.length), values)).modules
    assert [module.effect for module in modules] == ["audiosr.fill-gap"]
    assert measured == [sound]


@pytest.mark.parametrize("name", ["music_tabla", "speech_it_syllables", "effects_bell"])
def test_gaps_alone_are_filled_as_the_effect_for_gaps_fills_them(
    name: str, engines: Engines, run_scratch: Scratch
) -> None:
    damaged = clip(name)
    for start in range(50_000, damaged.shape[1] - 10_000, 60_000):
        damaged[:, start : start + 4_800] = 0.0
    result, report = run(damaged, engines, run_scratch)
    assert report["steps_done"] == ["audiosr.fill-gap"]
    sound = Sound.from_array(damaged, RATE)
    filled = run_job(apply_effect(FillGap(), sound, Region(0, sound.length), {}, run_scratch))
    assert np.array_equal(result, filled.read(0, filled.length))


def test_steps_can_be_switched_off(engines: Engines, run_scratch: Scratch) -> None:
    _, damaged = damaged_clip()
    off = {"tones": False, "noise": False, "band": False}
    result, report = run(damaged, engines, run_scratch, **off)
    assert report["steps_done"] == ["audiosr.fill-gap"]
    assert np.array_equal(result[:, :100_000], damaged[:, :100_000])
    assert np.array_equal(result[:, 104_800:], damaged[:, 104_800:])


def test_outside_the_region_nothing_changes(engines: Engines, run_scratch: Scratch) -> None:
    _, damaged = damaged_clip()
    region = Region(90_000, 200_000)
    result, _ = run(damaged, engines, run_scratch, region)
    assert np.array_equal(result[:, : region.start], damaged[:, : region.start])
    assert np.array_equal(result[:, region.stop :], damaged[:, region.stop :])
    assert not np.array_equal(result[:, 110_000:190_000], damaged[:, 110_000:190_000])


def test_a_missing_model_is_an_error_only_where_it_is_needed(engines: Engines, run_scratch: Scratch) -> None:
    _, damaged = damaged_clip()
    with pytest.raises(BundleError):
        run(damaged, engines, run_scratch, model="no-such-model")
    assert run(damaged, engines, run_scratch, model="no-such-model", band=False)[1]["steps_done"]


@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("length", [1, 480, 2 * RATE])
def test_silence_dc_and_short_sounds_are_left_alone(
    value: float, length: int, engines: Engines, run_scratch: Scratch
) -> None:
    samples = np.full((3, length), value, np.float32)
    assert np.array_equal(run(samples, engines, run_scratch)[0], samples)


def test_cancelling_leaves_nothing_behind(engines: Engines, run_scratch: Scratch) -> None:
    _, damaged = damaged_clip()
    sound = Sound.from_array(damaged, RATE)
    job = apply_effect(Restore(engines, run_scratch), sound, Region(0, sound.length), {}, run_scratch)
    while not next(job).stage.endswith("Reducing noise"):
        pass
    job.close()
    assert np.array_equal(sound.read(0, sound.length), damaged)
    assert [path.name for path in run_scratch.folder.iterdir()] == ["lock"]


def test_a_sound_of_a_low_rate_is_looked_at_as_it_will_be_restored(run_scratch: Scratch) -> None:
    """At its own rate it has no room for the band that it lacks."""
    sound = Sound.from_array(resample(clip("speech_it_syllables"), RATE, 8_000), 8_000)
    region = Region(8_000, 40_000)
    (module,) = run_job(look(sound, region, {"noise": False}, run_scratch)).modules
    assert module.effect == "audiosr.super-resolution"
    assert module.values["cutoff_hz"] == pytest.approx(4_000.0, rel=0.05)
    assert run_job(look(sound, region, {"noise": False, "band": False}, run_scratch)).modules == ()


def test_a_proposal_that_is_run_as_a_chain_gives_the_same_bits(
    engines: Engines, run_scratch: Scratch
) -> None:
    """Gaps beside the region, too, are filled for what comes after them."""
    _, damaged = damaged_clip()
    damaged[:, 60_000:64_800] = 0.0
    sound, region = Sound.from_array(damaged, RATE), Region(67_000, 160_000)
    given: dict[str, Value] = {"band": False}
    proposed = run_job(look(sound, region, given, run_scratch))
    effects = {effect.id: effect for effect in (FillGap(), RemoveTone(run_scratch), Denoise(run_scratch))}
    chain = run_job(run_steps(chain_steps(proposed, effects), sound, region, run_scratch)).after
    result, _ = run(damaged, engines, run_scratch, region=region, **given)
    assert [module.effect for module in proposed.modules] == list(effects)
    assert np.array_equal(chain.read(0, sound.length), result)


def test_a_dull_passage_of_a_bright_recording_is_left_alone(run_scratch: Scratch) -> None:
    """The cutoff of a part counts only where the part holds less above it than any other moment does."""
    rng, length = np.random.default_rng(0), 8 * RATE
    bright = 0.05 * rng.standard_normal((1, length)) + 0.0005 * rng.standard_normal((1, length))
    hiss = 0.0005 * rng.standard_normal((1, length))
    dull = lowpass(bright, RATE, 3_000.0, "butter", 6)
    start, stop = 3 * RATE, 6 * RATE
    for inside, found in ((dull + hiss, False), (lowpass(bright + hiss, RATE, 3_000.0, "butter", 6), True)):
        samples = bright + hiss
        samples[:, start:stop] = inside[:, start:stop]
        samples[:, -RATE:] = hiss[:, -RATE:]
        survey = run_job(
            survey_sound(Sound.from_array(samples.astype(np.float32), RATE), Region(start, stop))
        )
        assert survey is not None
        assert survey.cutoff.full_band != found
