"""What the published pipeline is known to do wrong does not happen here, with a bundle of its own kind.

The bundle has the public port's manifest: low-passed condition, sampled encoder, eta 1, waveform vocoder with
16 samples too many. Left out are defects of packaging, and what only listening to the published weights could
tell (articulation of speech).
"""

import socket
from collections.abc import Generator, Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_bundle import build_port_bundle

from audiosr_desktop import paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli import main
from audiosr_desktop.dsp.cutoff import estimate_cutoff
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.super_resolution import SuperResolution
from audiosr_desktop.engine.ddim import timesteps
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.engine.sessions import Sessions
from audiosr_desktop.engine.upstream import quantile_cutoff_hz
from audiosr_desktop.job import Progress, run_job

RATE = 48_000
CUTOFF_HZ = 6000.0


@pytest.fixture(scope="module")
def engines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engines]:
    root = tmp_path_factory.mktemp("models")
    build_port_bundle(root / "port")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "shipped_models_dir", lambda: root)
        patch.setattr(paths, "user_models_dir", lambda: root / "none")
        yield Engines(threads=1)


def noise(
    seconds: float, channels: int = 1, level: float = 0.05, rate: int = RATE, seed: int = 0
) -> np.ndarray:
    samples = np.random.default_rng(seed).standard_normal((channels, round(seconds * rate))) * level
    return lowpass(samples, rate, CUTOFF_HZ, "cheby", 8)


def restored(
    samples: np.ndarray, scratch: Scratch, engines: Engines, rate: int = RATE, **values: object
) -> np.ndarray:
    effect = SuperResolution(engines, scratch)
    given = {"steps": 2, "guidance": 1.0, "device": "cpu", "cutoff_hz": CUTOFF_HZ, **values}
    sound = Sound.from_array(samples.astype(np.float32), rate)
    result = run_job(apply_effect(effect, sound, Region(0, sound.length), given, scratch))
    assert result.length == sound.length  # nothing is filled up, and the 16 samples too many are gone
    return result.read(0, result.length)


def level_db(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
    power = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[-1]))) ** 2
    frequencies = np.fft.rfftfreq(samples.shape[-1], 1 / RATE)
    inside = (frequencies >= low_hz) & (frequencies < high_hz)
    return float(10 * np.log10(power[..., inside].mean() + 1e-20))


def test_the_level_is_kept(run_scratch: Scratch, engines: Engines) -> None:
    """Published: mean removed, peak to -6 dBFS, the input's gain forgotten."""
    for level in (0.003, 0.2):
        before = noise(3.0, level=level) + np.float32(0.1 * level)
        after = restored(before, run_scratch, engines)
        assert abs(level_db(after, 100, 5000) - level_db(before, 100, 5000)) < 0.01
        assert after.mean() == pytest.approx(before.mean(), rel=1e-2)


def test_no_filter_is_drawn_and_the_known_band_is_the_inputs(run_scratch: Scratch, engines: Engines) -> None:
    """Published: one seed in four dulls all below the cutoff; here the seed only changes the new band."""
    before = noise(3.0)
    for seed in range(4):
        change = restored(before, run_scratch, engines, seed=seed) - before
        assert level_db(change, 50, 0.9 * CUTOFF_HZ) < level_db(before, 50, 5000) - 60.0


def test_the_bands_meet_at_one_level(run_scratch: Scratch, engines: Engines) -> None:
    """Published: the ratio of one bin, within 0.8 to 1.2; here a line at the edge has no say in it."""
    plain = noise(3.0)
    line = 0.2 * np.sin(2 * np.pi * 0.97 * CUTOFF_HZ * np.arange(plain.shape[1]) / RATE)
    gains = []
    for samples in (plain, plain + line.astype(np.float32)):
        report: dict[str, object] = {}
        given = {"steps": 2, "guidance": 1.0, "device": "cpu", "cutoff_hz": CUTOFF_HZ}
        effect = SuperResolution(engines, run_scratch, report)
        sound = Sound.from_array(samples, RATE)
        run_job(apply_effect(effect, sound, Region(0, sound.length), given, run_scratch))
        gains.append(report["gain_db"])
    assert gains[0] == gains[1]


def test_the_cutoff_is_the_bands_edge_and_not_a_quantile() -> None:
    """Published: white noise to 24 kHz gives 23.6 kHz; loud bass pulls the figure down."""
    bass = np.sin(2 * np.pi * 60 * np.arange(4 * RATE) / RATE)
    narrow = noise(4.0) * 0.2 + 0.5 * bass.astype(np.float32)
    found = estimate_cutoff([narrow], RATE)
    assert found.cutoff_hz == pytest.approx(CUTOFF_HZ, rel=0.05)
    assert quantile_cutoff_hz(narrow[0, : 240 * 480]) < 0.9 * CUTOFF_HZ
    white = np.random.default_rng(0).standard_normal((1, 4 * RATE)).astype(np.float32) * 0.1
    assert estimate_cutoff([white], RATE).full_band


def test_holes_above_a_cutoff_that_is_told_are_filled(run_scratch: Scratch, engines: Engines) -> None:
    """Published: the holes of lossy codecs stay; the cutoff cannot be set by hand."""
    before = noise(3.0)
    after = restored(before, run_scratch, engines, cutoff_hz=4000.0)
    change = after - before
    assert level_db(change, 4500, 5500) > level_db(before, 4500, 5500) - 25.0  # taken away and made anew


def test_full_band_sound_comes_back_as_it_is(run_scratch: Scratch, engines: Engines) -> None:
    white = (np.random.default_rng(0).standard_normal((1, 3 * RATE)) * 0.1).astype(np.float32)
    assert np.array_equal(restored(white, run_scratch, engines, cutoff_hz=0.0), white)


@pytest.mark.parametrize("kind", ["zeros", "constant", "hum", "short"])
def test_silence_constants_and_low_hums_are_left_alone(
    kind: str, run_scratch: Scratch, engines: Engines
) -> None:
    """Published: the cutoff becomes 24 kHz and the filter design fails."""
    time_s = np.arange(2 * RATE) / RATE
    samples = {
        "zeros": np.zeros(2 * RATE),
        "constant": np.full(2 * RATE, 0.25),
        "hum": 0.3 * np.sin(2 * np.pi * 50 * time_s),
        "short": 0.1 * np.sin(2 * np.pi * 440 * time_s[:480]),
    }[kind].astype(np.float32)[None]
    after = restored(samples, run_scratch, engines, cutoff_hz=0.0)
    assert np.abs(after - samples).max() < 1e-3


def test_a_pause_stays_silent(run_scratch: Scratch, engines: Engines) -> None:
    """Published: noises in pauses, and one silent chunk ends the run."""
    before = noise(16.0)
    before[:, 5 * RATE : 11 * RATE] = 0.0
    after = restored(before, run_scratch, engines)
    assert np.abs(after[:, 6 * RATE : 10 * RATE]).max() < 1e-4
    assert level_db(after[:, : 4 * RATE], 8000, 20_000) > level_db(before[:, : 4 * RATE], 8000, 20_000) + 10.0


def test_stereo_stays_together(run_scratch: Scratch, engines: Engines) -> None:
    """Published: one channel; run one by one the generated bands of the channels are unrelated."""
    left = noise(3.0)
    same = restored(np.concatenate([left, left]), run_scratch, engines)
    assert np.array_equal(same[0], same[1])
    near = np.concatenate([left, 0.7 * left])
    made = restored(near, run_scratch, engines) - near
    high = [np.fft.rfft(row)[3 * 8000 : 3 * 20_000] for row in made]
    likeness = abs(np.vdot(high[0], high[1])) / (np.linalg.norm(high[0]) * np.linalg.norm(high[1]))
    assert likeness > 0.9


def test_long_sound_has_no_steps_and_any_rest_will_do(run_scratch: Scratch, engines: Engines) -> None:
    """Published: chunks of their own peak, filter and noise; a last chunk below the overlap fails."""
    core_s = 3.84  # of the windows of 5.12 s
    before = noise(2 * core_s + 0.02)
    made = restored(before, run_scratch, engines) - before
    pieces = np.sqrt(np.mean(made[0, : RATE * 7].reshape(-1, RATE // 8) ** 2, axis=1))
    assert pieces.min() / pieces.max() > 0.65


def test_lengths_that_the_published_rule_gets_wrong(run_scratch: Scratch, engines: Engines) -> None:
    """Published: 24,107 samples at 22.05 kHz end in an error, 25.6 s gain an empty segment."""
    rate = 22_050
    narrow = lowpass(noise(24_107 / rate, rate=rate), rate, 4000.0, "cheby", 8)
    assert narrow.shape[1] == 24_107
    restored(narrow, run_scratch, engines, rate, cutoff_hz=4000.0)
    exact = noise(25.6)
    assert restored(exact, run_scratch, engines, steps=1).shape == exact.shape


def test_every_number_of_steps_is_taken_as_it_is(run_scratch: Scratch, engines: Engines) -> None:
    """Published: 3, 9, 27, … fail and 30 takes 31."""
    assert all(len(timesteps(steps)) == steps for steps in range(1, 1001))
    samples = noise(1.0)
    assert np.isfinite(restored(samples, run_scratch, engines, steps=3)).all()


def test_a_second_file_sounds_as_the_first_would(run_scratch: Scratch, engines: Engines) -> None:
    """Published: one more draw from the second call on."""
    first, other = noise(2.0), noise(2.0, seed=1)
    once = restored(first, run_scratch, engines)
    restored(other, run_scratch, engines)
    assert restored(first, run_scratch, engines).tobytes() == once.tobytes()


def test_the_generated_band_is_not_late(run_scratch: Scratch, engines: Engines) -> None:
    """Published: eight samples late, as the vocoder's surplus is cut at the end alone."""
    click = np.zeros((1, 3 * RATE), np.float32)
    click[0, RATE : 2 * RATE] = noise(1.0, level=0.2)[0] * np.hanning(RATE)
    made = restored(click, run_scratch, engines) - click
    envelope = np.convolve(made[0] ** 2, np.hanning(4800), "same")
    assert abs(int(np.argmax(envelope)) - 1.5 * RATE) < 0.1 * RATE


def test_progress_is_told_and_a_run_can_be_ended(
    run_scratch: Scratch, engines: Engines, no_threads_left: None
) -> None:
    sound = Sound.from_array(noise(9.0), RATE)
    given = {"steps": 4, "device": "cpu", "cutoff_hz": CUTOFF_HZ}
    effect = SuperResolution(engines, run_scratch)
    job = apply_effect(effect, sound, Region(0, sound.length), given, run_scratch)
    seen: list[Progress] = []
    for progress in job:
        seen.append(progress)
        if progress.fraction > 0.5:
            break
    job.close()
    assert len(seen) > 5


def refused(*_: object, **__: object) -> None:
    raise AssertionError("the network was asked")


def test_a_long_sound_needs_no_more_memory_at_once(
    run_scratch: Scratch, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published: all of it goes through the graphs at once, 17 GB for 30 s."""
    seen: dict[float, int] = {}
    run = Sessions.run

    def measured(
        self: Sessions, graph: str, feeds: Mapping[str, np.ndarray]
    ) -> Generator[None, None, np.ndarray]:
        seen[seconds] = max(seen.get(seconds, 0), *(feed.nbytes for feed in feeds.values()))
        return run(self, graph, feeds)

    monkeypatch.setattr(Sessions, "run", measured)
    for seconds in (10.0, 40.0):
        restored(noise(seconds), run_scratch, engines, steps=1)
    assert seen[40.0] == seen[10.0] > 0


def test_the_file_is_written_at_its_own_rate_without_programs_or_a_network(
    tmp_path: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Published: the demo labels 48 kHz as 44.1 kHz, saving needs ffmpeg, and an import asks the Hub."""
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    soundfile.write(tmp_path / "in.wav", noise(1.0, rate=16_000).T * 0.5, 16_000)
    words = ["restore", "in.wav", "-o", "out.wav", "--effect", "super-resolution", "--model", "port"]
    paths_given = [str(tmp_path / word) if word.endswith(".wav") else word for word in words]
    assert main([*paths_given, "--steps", "1", "--cutoff-hz", "6000", "--device", "cpu"]) == 0
    written = soundfile.info(tmp_path / "out.wav")
    assert (written.samplerate, written.frames) == (RATE, RATE)
