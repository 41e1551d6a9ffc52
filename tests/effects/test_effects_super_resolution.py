import time
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import build_tiny_bundle

from audiosr_desktop import paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.effect import resolve_values
from audiosr_desktop.effects.super_resolution import SuperResolution
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.engine.restorer import Generated, Restorer
from audiosr_desktop.engine.sessions import CUDA, ProviderReport, Sessions
from audiosr_desktop.errors import BundleError, EffectError, EngineMemoryError, SoundError
from audiosr_desktop.job import Job, Progress, run_job

CUTOFF_HZ = 5000.0


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("shipped")
    build_tiny_bundle(root / "audiosr-compact")
    build_tiny_bundle(root / "slow", slow=1000)
    return root


@pytest.fixture(autouse=True)
def installed(models: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: models)
    monkeypatch.setattr(paths, "user_models_dir", lambda: models / "none")


@pytest.fixture(scope="module")
def engines() -> Engines:
    return Engines(threads=1)


def band_limited(rate: int = 48_000, seconds: float = 9.0, channels: int = 2) -> Sound:
    rng = np.random.default_rng(0)
    count = round(rate * seconds)
    swell = 0.08 + 0.06 * np.sin(2 * np.pi * 1.7 * np.arange(count) / rate)
    noise = rng.standard_normal((channels, count)) * swell
    return Sound.from_array(lowpass(noise, rate, CUTOFF_HZ, "cheby", 8), rate)


def restore(
    sound: Sound, scratch: Scratch, engines: Engines, region: Region | None = None, **values: object
) -> tuple[np.ndarray, dict[str, object]]:
    report: dict[str, object] = {}
    effect = SuperResolution(engines, scratch, report)
    given = {"quality": "draft", "device": "cpu", **values}
    result = run_job(apply_effect(effect, sound, region or Region(0, sound.length), given, scratch))
    assert (result.length, result.channels, result.sample_rate) == (
        sound.length,
        sound.channels,
        sound.sample_rate,
    )
    return result.read(0, result.length), report


def band(samples: np.ndarray, rate: int, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[-1]), axis=-1)) ** 2
    frequencies = np.fft.rfftfreq(samples.shape[-1], 1 / rate)
    return float(spectrum[..., (frequencies >= low_hz) & (frequencies < high_hz)].sum())


def lag(one: np.ndarray, other: np.ndarray) -> int:
    size = 2 * one.size
    product = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    place = int(np.argmax(np.fft.irfft(product, size)))
    return place if place < size // 2 else place - size


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_fills_the_band_keeps_what_is_below_and_outside_and_the_time(
    rate: int, run_scratch: Scratch, engines: Engines
) -> None:
    sound = band_limited(rate)
    region = Region(2 * rate + 11, 7 * rate + 5)
    after, report = restore(sound, run_scratch, engines, region)
    before = sound.read(0, sound.length)
    assert np.array_equal(after[:, : region.start], before[:, : region.start])
    assert np.array_equal(after[:, region.stop :], before[:, region.stop :])
    inside, dry = (samples[:, region.start : region.stop] for samples in (after, before))
    assert band(inside, rate, 6000, 20_000) > 1e3 * band(dry, rate, 6000, 20_000)
    assert band(inside - dry, rate, 0, 4300) < 1e-6 * band(dry, rate, 0, 4300)
    assert lag(after[0], before[0]) == 0
    assert float(report["cutoff_hz"]) == pytest.approx(CUTOFF_HZ, rel=0.06)
    assert not report.get("warnings")


def test_the_report_names_what_was_used(run_scratch: Scratch, engines: Engines, models: Path) -> None:
    sound = band_limited(seconds=2.0)
    _, report = restore(sound, run_scratch, engines, quality="best", seed=7, guidance=2.0)
    bundle = load_bundle(models / "audiosr-compact")
    wanted = {
        "model": "audiosr-compact",
        "model_sha256": bundle.manifest_sha256,
        "device": "cpu",
        "provider": "CPUExecutionProvider",
        "seed": 7,
        "steps": 4,
        "quality": "best",
        "guidance": 2.0,
    }
    assert {key: report[key] for key in wanted} == wanted
    assert isinstance(report["gain_db"], float)
    assert 0.0 <= float(report["cutoff_confidence"]) <= 1.0
    _, report = restore(sound, run_scratch, engines, steps=3)
    assert (report["steps"], report["quality"]) == (3, "")


def test_the_same_options_give_the_same_bytes(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(seconds=3.0)
    first, _ = restore(sound, run_scratch, engines, seed=3)
    again, _ = restore(sound, run_scratch, Engines(threads=1), seed=3)
    other, _ = restore(sound, run_scratch, engines, seed=4)
    assert first.tobytes() == again.tobytes()
    assert first.tobytes() != other.tobytes()


@pytest.mark.parametrize("rate", [44_100, 48_000])
def test_a_region_alone_is_what_it_is_within_a_longer_one(
    rate: int, run_scratch: Scratch, engines: Engines
) -> None:
    sound = band_limited(rate)
    whole, _ = restore(sound, run_scratch, engines)
    region = Region(round(2.3 * rate), round(4.9 * rate))
    alone, _ = restore(sound, run_scratch, engines, region)
    edge = rate // 10
    inner = slice(region.start + edge, region.stop - edge)
    difference = alone[:, inner] - whole[:, inner]
    assert np.mean(difference**2) < 1e-6 * np.mean(whole[:, inner] ** 2)  # -60 dB


def test_equal_channels_stay_equal(run_scratch: Scratch, engines: Engines) -> None:
    mono = band_limited(seconds=2.0, channels=1)
    samples = mono.read(0, mono.length)
    after, _ = restore(Sound.from_array(np.repeat(samples, 2, axis=0), 48_000), run_scratch, engines)
    assert np.array_equal(after[0], after[1])
    assert np.array_equal(after[:1], restore(mono, run_scratch, engines)[0])


def test_amount_and_gain_scale_the_new_band(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(seconds=2.0)
    before = sound.read(0, sound.length)
    full, half, louder = (
        restore(sound, run_scratch, engines, **values)[0] - before
        for values in ({}, {"amount": 50}, {"new_band_gain_db": 6.0})
    )
    assert np.abs(half - 0.5 * full).max() < 1e-5
    ratio = band(louder, 48_000, 7000, 20_000) / band(full, 48_000, 7000, 20_000)
    assert 10 * np.log10(ratio) == pytest.approx(6.0, abs=0.2)


def test_the_regions_band_is_obeyed(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(seconds=3.0)
    after, _ = restore(sound, run_scratch, engines, Region(0, sound.length, 6000.0, 12_000.0))
    change = after - sound.read(0, sound.length)
    assert band(change, 48_000, 14_000, 24_000) < 1e-6 * band(change, 48_000, 7000, 11_000)


@pytest.mark.parametrize(
    ("samples", "words"),
    [
        (np.zeros((2, 96_000)), "silent"),
        (np.full((1, 96_000), 0.5), "silent"),
        (0.1 * np.random.default_rng(1).standard_normal((1, 480)), "too short"),
        (0.1 * np.random.default_rng(1).standard_normal((1, 1)), "too short"),
        (0.1 * np.random.default_rng(1).standard_normal((2, 200_000)), "full band"),
    ],
)
def test_is_left_alone_with_a_word(
    samples: np.ndarray, words: str, run_scratch: Scratch, engines: Engines
) -> None:
    sound = Sound.from_array(samples, 48_000)
    effect = SuperResolution(engines, run_scratch, report := {})
    result = run_job(apply_effect(effect, sound, Region(0, sound.length), {"device": "cpu"}, run_scratch))
    assert result is sound
    (warning,) = report["warnings"]
    assert words in warning


def test_a_silent_part_is_left_alone(run_scratch: Scratch, engines: Engines) -> None:
    samples = band_limited(seconds=6.0).read(0, 288_000).copy()
    samples[:, 100_000:200_000] = 0.0
    sound = Sound.from_array(samples, 48_000)
    after, report = restore(sound, run_scratch, engines)
    assert not after[:, 110_000:190_000].any()
    assert band(after[:, :90_000], 48_000, 7000, 20_000) > 0.0
    effect = SuperResolution(engines, run_scratch, report)
    job = apply_effect(effect, sound, Region(120_000, 180_000), {"device": "cpu"}, run_scratch)
    assert run_job(job) is sound
    assert report["warnings"] == ["The region is silent and was left as it is."]


def test_a_cutoff_with_no_room_above_it_is_left_alone(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(rate=11_025, seconds=2.0)
    effect = SuperResolution(engines, run_scratch, report := {})
    given = {"cutoff_hz": 5400.0}
    result = run_job(apply_effect(effect, sound, Region(0, sound.length), given, run_scratch))
    assert result is sound
    assert "48 kHz would have room" in report["warnings"][0]


def test_the_cutoff_can_be_given(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(seconds=2.0)
    after, report = restore(sound, run_scratch, engines, cutoff_hz=3000.0)
    change = after - sound.read(0, sound.length)
    assert report["cutoff_hz"] == 3000.0
    assert band(change, 48_000, 3200, 4800) > 1e3 * band(change, 48_000, 0, 2600)


def test_a_telephone_call_in_a_full_band_film(run_scratch: Scratch, engines: Engines) -> None:
    rng = np.random.default_rng(2)
    samples = (0.1 * rng.standard_normal((1, 30 * 48_000))).astype(np.float32)
    call = slice(10 * 48_000, 14 * 48_000)
    samples[:, call] = lowpass(samples[:, call], 48_000, CUTOFF_HZ, "cheby", 8)
    sound = Sound.from_array(samples, 48_000)
    region = Region(round(10.2 * 48_000), round(13.8 * 48_000))
    after, report = restore(sound, run_scratch, engines, region)
    assert float(report["cutoff_hz"]) == pytest.approx(CUTOFF_HZ, rel=0.06)
    assert band(after[:, region.start : region.stop], 48_000, 7000, 20_000) > 0.0


def test_loud_peaks_are_reported(run_scratch: Scratch, engines: Engines) -> None:
    samples = band_limited(seconds=2.0).read(0, 96_000)
    sound = Sound.from_array(samples * (0.999 / np.abs(samples).max()), 48_000)
    _, report = restore(sound, run_scratch, engines, new_band_gain_db=12.0)
    assert "lower the level before saving" in report["warnings"][0]


def test_errors_are_sentences_and_the_sound_stays(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(seconds=2.0)
    broken = sound.read(0, sound.length).copy()
    broken[0, 5000] = np.nan
    cases: list[tuple[Sound, dict[str, object], type[Exception], str]] = [
        (Sound.from_array(broken, 48_000), {}, SoundError, "0.104"),
        (sound, {"model": "missing"}, BundleError, "There is no model named missing"),
        (sound, {"quality": "perfect"}, EffectError, "quality is one of draft, standard, best"),
        (sound, {"steps": 1001}, EffectError, "steps is at most 1000"),
    ]
    for given_sound, values, kind, words in cases:
        with pytest.raises(kind, match=words) as caught:
            restore(given_sound, run_scratch, engines, **values)
        assert "\n" not in str(caught.value)


@pytest.mark.usefixtures("no_threads_left")
def test_cancelling_half_way_ends_in_time_and_leaves_nothing(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited()
    effect = SuperResolution(engines, run_scratch, {})
    given = {"model": "slow", "device": "cpu"}
    job = apply_effect(effect, sound, Region(0, sound.length), given, run_scratch)
    while not next(job).stage.startswith("Generating"):
        pass
    next(job)
    start = time.monotonic()
    job.close()
    assert time.monotonic() - start < 2.0
    assert not list(run_scratch.folder.glob("*.f32"))


class FullGpu(Engines):
    """Engines of a machine with a GPU that has no memory left."""

    def restorer(
        self, model: str = "", device: str = "auto", *, vocoder: str = "", quality: str = ""
    ) -> Job[Restorer]:
        restorer = yield from super().restorer(model, "cpu", vocoder=vocoder, quality=quality)
        if device == "cpu":
            return restorer
        report = ProviderReport(device, "cuda:0", CUDA)
        return FullRestorer(Sessions(restorer.bundle, restorer.sessions.graphs, report))


class FullRestorer(Restorer):
    """Runs out of memory half way."""

    def generate(self, *_: object, **__: object) -> Job[Generated]:
        yield Progress(0.5, "Generating")
        raise EngineMemoryError("The model's ddpm.onnx cannot be run on cuda:0: out of memory")


def test_a_gpu_without_memory_gives_way_to_the_processor(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(seconds=2.0)
    after, report = restore(sound, run_scratch, FullGpu(threads=1), device="auto")
    assert report["device"] == "cpu"
    assert "the processor was used" in report["warnings"][0]
    np.testing.assert_array_equal(after, restore(sound, run_scratch, engines)[0])
    effect = SuperResolution(FullGpu(threads=1), run_scratch)
    running = effect.process(sound, Region(0, sound.length), resolve_values(effect, {"quality": "draft"}))
    told = [progress.fraction for progress in running]
    assert told == sorted(told)
    with pytest.raises(EngineMemoryError):  # a device that was asked for is not exchanged for another
        restore(sound, run_scratch, FullGpu(threads=1), device="cuda")
    assert not list(run_scratch.folder.glob("*.f32"))
