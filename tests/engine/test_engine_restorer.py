import json
import shutil
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import build_port_bundle, build_tiny_bundle

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.restorer import Generated, Restorer, Settings
from audiosr_desktop.engine.sessions import Sessions, open_sessions
from audiosr_desktop.engine.windows import Grid
from audiosr_desktop.errors import EngineError, EngineMemoryError
from audiosr_desktop.job import Progress, run_job

RATE = 48_000
SETTINGS = Settings(cutoff_hz=6000.0, steps=2, guidance_scale=1.0, seed=1)


def open_restorer(folder: Path) -> Restorer:
    return Restorer(run_job(open_sessions(load_bundle(folder), "cpu", 1)))


@pytest.fixture(scope="module")
def tiny(tiny_folder: Path) -> Restorer:
    return open_restorer(tiny_folder)


@pytest.fixture(scope="module")
def document() -> np.ndarray:
    """13 s of noise that comes and goes, two channels, without what lies above 6 kHz."""
    rng = np.random.default_rng(5)
    time_s = np.arange(13 * RATE) / RATE
    swell = 0.06 + 0.05 * np.sin(2 * np.pi * 1.3 * time_s)
    return lowpass(rng.standard_normal((2, time_s.size)) * swell, RATE, 6000.0, "cheby", 8)


def reader(samples: np.ndarray) -> Callable[[int, int], np.ndarray]:
    def read(start: int, stop: int) -> np.ndarray:
        assert 0 <= start <= stop
        part = samples[:, start:stop]
        return np.pad(part, ((0, 0), (0, stop - start - part.shape[1])))

    return read


def added_by(
    restorer: Restorer,
    samples: np.ndarray,
    start: int = 0,
    stop: int | None = None,
    settings: Settings = SETTINGS,
) -> np.ndarray:
    blocks: list[np.ndarray] = []
    end = samples.shape[1] if stop is None else stop
    job = restorer.generate(
        reader(samples), samples.shape[1], start, end, settings=settings, write=blocks.append
    )
    run_job(job)
    added = np.concatenate(blocks, axis=1)
    assert added.shape == (samples.shape[0], end - start)
    return added


def decibels(part: np.ndarray, whole: np.ndarray) -> float:
    return float(10 * np.log10((np.mean(part**2) + 1e-20) / np.mean(whole**2)))


def band(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[-1]), axis=-1)) ** 2
    frequencies = np.fft.rfftfreq(samples.shape[-1], 1 / RATE)
    return float(spectrum[..., (frequencies >= low_hz) & (frequencies < high_hz)].sum())


@pytest.fixture(scope="module")
def whole(tiny: Restorer, document: np.ndarray) -> np.ndarray:
    return added_by(tiny, document)


def test_the_gain_of_the_new_band_goes_with_the_cutoff(tiny_folder, tmp_path):
    folder = tmp_path / "bundle"
    shutil.copytree(tiny_folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    text = json.dumps({**manifest, "band_gain_db": [[4000, 6.0], [16_000, 2.0]]})
    (folder / "manifest.json").write_text(text)
    restorer = open_restorer(folder)
    wanted = {0.0: 6.0, 2000.0: 6.0, 4000.0: 6.0, 8000.0: 4.0, 16_000.0: 2.0, 20_000.0: 2.0}
    for cutoff_hz, gain_db in wanted.items():
        settings = replace(SETTINGS, cutoff_hz=cutoff_hz, band_gain_db=1.0)
        assert restorer.band_gain_db(settings) == pytest.approx(gain_db + 1.0)


def test_the_gain_of_the_new_band_goes_with_the_steps(tiny_folder: Path, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(tiny_folder, folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    gains = {"draft": [[4000, 6.0], [16_000, 2.0]], "standard": 3.0, "best": [[4000, 1.0]]}
    steps = {"draft": 1, "standard": 4, "best": 8}
    text = json.dumps({**manifest, "band_gain_db": gains, "default_steps": steps})
    (folder / "manifest.json").write_text(text)
    restorer = open_restorer(folder)
    for count, gain_db in {1: 4.0, 2: 3.5, 4: 3.0, 8: 1.0, 100: 1.0}.items():
        settings = replace(SETTINGS, cutoff_hz=8000.0, steps=count)
        assert restorer.band_gain_db(settings) == pytest.approx(gain_db)


def test_fills_the_band_and_leaves_what_is_below(whole: np.ndarray, document: np.ndarray) -> None:
    assert band(whole, 7000, 20_000) > 0.02 * band(document, 1000, 5000)
    assert band(whole, 0, 5000) < 1e-8 * band(document, 0, 5000)


def test_the_same_seed_gives_the_same_bytes_and_another_does_not(
    tiny: Restorer, document: np.ndarray, whole: np.ndarray
) -> None:
    assert added_by(tiny, document).tobytes() == whole.tobytes()
    other = Settings(cutoff_hz=6000.0, steps=2, guidance_scale=1.0, seed=2)
    assert added_by(tiny, document, 0, RATE, other).tobytes() != whole[:, :RATE].tobytes()


@pytest.mark.parametrize(("start_s", "stop_s"), [(0.0, 1.0), (3.2, 5.9), (3.8, 3.9), (7.0, 13.0)])
def test_a_region_alone_is_what_it_is_within_the_whole(
    tiny: Restorer, document: np.ndarray, whole: np.ndarray, start_s: float, stop_s: float
) -> None:
    start, stop = round(start_s * RATE), round(stop_s * RATE)
    alone = added_by(tiny, document, start, stop)
    assert decibels(alone - whole[:, start:stop], whole) < -60.0


@pytest.fixture(scope="module", params=["stft", "waveform"])
def noisy(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Restorer:
    """A restorer that draws noise at every step, for each kind of vocoder."""
    folder = tmp_path_factory.mktemp("bundle") / "noisy"
    return open_restorer(build_tiny_bundle(folder, vocoder=request.param, eta=1.0))


@pytest.mark.parametrize(("seconds", "level"), [(4.0, 0.4), (5.2, 0.0), (9.0, 0.02)])
def test_the_length_of_the_document_and_what_follows_do_not_matter(
    noisy: Restorer, document: np.ndarray, seconds: float, level: float
) -> None:
    length = round(seconds * RATE)
    short = np.ascontiguousarray(document[:1, :length])
    noise = np.random.default_rng(9).standard_normal((1, 8 * RATE)).astype(np.float32)
    longer = np.concatenate([short, level * noise], axis=1)
    alone, within = added_by(noisy, short), added_by(noisy, longer, 0, length)
    inside = slice(0, length - round(0.8 * RATE))  # the networks see a little of what follows
    assert decibels(alone[:, inside] - within[:, inside], alone) < -100.0


def test_windows_of_another_length_leave_no_seam(
    tmp_path: Path, document: np.ndarray, whole: np.ndarray
) -> None:
    wider = open_restorer(build_tiny_bundle(tmp_path / "wider", window_seconds=10.24))
    long = added_by(wider, document)
    # the graphs look at a few frames only: windows with enough context agree but for the match of the level
    assert decibels(long - whole, whole) < -30.0
    for samples in (long, whole):  # no step at the borders: energy in 5 ms pieces stays in its range
        pieces = np.sqrt(np.mean(samples[0, : 12 * RATE].reshape(-1, 240) ** 2, axis=1))
        level = np.convolve(pieces, np.ones(9) / 9, "same")[20:-20]
        assert np.abs(np.diff(level) / level[1:]).max() < 0.35


def test_equal_channels_stay_equal_and_cost_one(tiny: Restorer, document: np.ndarray) -> None:
    mono = document[:1, : 3 * RATE]
    twice = added_by(tiny, np.repeat(mono, 2, axis=0))
    assert np.array_equal(twice[0], twice[1])
    assert np.array_equal(twice[:1], added_by(tiny, mono))


def test_eight_channels(tiny: Restorer) -> None:
    rng = np.random.default_rng(6)
    sound = lowpass(0.1 * rng.standard_normal((8, RATE)), RATE, 6000.0, "cheby", 8)
    added = added_by(tiny, sound)
    assert all(band(channel, 7000, 20_000) > 0.0 for channel in added)


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_nothing_is_added_to_silence_or_to_a_constant(tiny: Restorer, level: float) -> None:
    sound = np.full((1, 6 * RATE), level, np.float32)
    blocks: list[np.ndarray] = []
    job = tiny.generate(reader(sound), sound.shape[1], 0, 6 * RATE, settings=SETTINGS, write=blocks.append)
    assert run_job(job) == Generated(0, 2)
    assert not np.concatenate(blocks, axis=1).any()


@pytest.mark.parametrize("length", [1, 480, 3841, 30_720, 30_721, 184_320, 184_321])
def test_any_length(tiny: Restorer, length: int) -> None:
    sound = 0.1 * np.random.default_rng(7).standard_normal((1, length)).astype(np.float32)
    assert np.isfinite(added_by(tiny, sound)).all()


def test_guidance_and_dpm_and_eta_run(tmp_path: Path, document: np.ndarray) -> None:
    short = np.ascontiguousarray(document[:, : 2 * RATE])
    restorer = open_restorer(build_tiny_bundle(tmp_path / "a", sampler="dpm"))
    plain = added_by(restorer, short)
    guided = added_by(restorer, short, settings=Settings(6000.0, 3, 2.5, 1))
    assert np.isfinite(guided).all()
    assert not np.array_equal(plain, guided)
    noisy = open_restorer(build_tiny_bundle(tmp_path / "b", eta=1.0))
    assert np.array_equal(added_by(noisy, short), added_by(noisy, short))
    assert not np.array_equal(added_by(noisy, short), plain)


def test_runs_the_public_ports_bundle_in_time_with_the_input(tmp_path: Path, document: np.ndarray) -> None:
    port = open_restorer(build_port_bundle(tmp_path / "port"))
    short = np.ascontiguousarray(document[:, : 2 * RATE])
    short[:, RATE:] = 0.0
    added = added_by(port, short, settings=Settings(6000.0, 2, 3.5, 1))
    assert band(added, 7000, 20_000) > 0.0
    # what was generated ends where the input ends: the vocoder's surplus samples are cut on both sides
    assert decibels(added[:, RATE + 6000 :], added[:, : RATE // 2]) < -60.0


@pytest.mark.parametrize("gains_db", [(-8.0, -20.0), (26.0, 36.0)])
def test_sound_beyond_the_usual_levels_reaches_the_model_at_one_level(
    tiny: Restorer, document: np.ndarray, gains_db: tuple[float, float]
) -> None:
    short = np.ascontiguousarray(document[:1, : 2 * RATE])
    one, other = (np.float32(10 ** (gain_db / 20)) for gain_db in gains_db)
    first, second = added_by(tiny, short * one) / one, added_by(tiny, short * other) / other
    assert decibels(first - second, first) < -50.0


@pytest.mark.parametrize("quiet_db", [-32.0, -20.0])
def test_a_quiet_document_does_not_depend_on_its_length_either(
    tiny: Restorer, document: np.ndarray, quiet_db: float
) -> None:
    short = np.ascontiguousarray(document[:1, : 7 * RATE]) * np.float32(10 ** (quiet_db / 20))
    longer = np.concatenate([short, document[:1, : 6 * RATE]], axis=1)
    alone, within = added_by(tiny, short), added_by(tiny, longer, 0, short.shape[1])
    # the gain begins to come down some two seconds before something loud, and the networks see it in advance
    inside = slice(0, round(3.4 * RATE))
    assert decibels(alone[:, inside] - within[:, inside], alone) < -100.0


def test_progress_never_falls_and_ends_at_one(tiny: Restorer, document: np.ndarray) -> None:
    seen: list[Progress] = []
    job = tiny.generate(
        reader(document), document.shape[1], 0, document.shape[1], settings=SETTINGS, write=lambda block: None
    )
    report = run_job(job, seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert report.windows == 4
    told = dict.fromkeys(progress.stage for progress in seen)
    steps = [
        f"Generating · window 2/4 · step {step}/{SETTINGS.steps}" for step in range(1, SETTINGS.steps + 1)
    ]
    assert [stage for stage in told if "window 2" in stage and "step" in stage] == steps


def test_holds_a_few_windows_whatever_the_length(tiny: Restorer) -> None:
    rng = np.random.default_rng(8)
    sizes: list[int] = []
    reads: list[int] = []

    def read(start: int, stop: int) -> np.ndarray:
        reads.append(stop - start)
        return (0.1 * rng.standard_normal((1, stop - start))).astype(np.float32)

    length = 40 * RATE
    settings = Settings(6000.0, 1, 1.0, 1)
    run_job(tiny.generate(read, length, 0, length, settings=settings, write=lambda b: sizes.append(b.size)))
    assert sum(sizes) == length
    assert max(reads) <= 5.12 * RATE
    assert max(sizes) <= 5.12 * RATE
    assert len(sizes) > 8


def test_a_graph_that_returns_another_shape_is_an_engine_error(
    tiny: Restorer, document: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = tiny.sessions.run

    def short(graph: str, feeds: dict[str, np.ndarray]) -> object:
        result = yield from running(graph, feeds)
        return result[:, :, :-1] if graph == "vae_decoder" else result

    monkeypatch.setattr(tiny.sessions, "run", short)
    with pytest.raises(EngineError, match=r"vae_decoder\.onnx returned .* where .* was expected"):
        added_by(tiny, document[:, :RATE])


@pytest.mark.usefixtures("no_threads_left")
def test_cancelling_half_way_ends_the_graph_within_two_seconds(tmp_path: Path, document: np.ndarray) -> None:
    slow = open_restorer(build_tiny_bundle(tmp_path / "slow", slow=1000))
    job = slow.generate(
        reader(document), document.shape[1], 0, document.shape[1], settings=SETTINGS, write=lambda block: None
    )
    for _ in range(4):
        next(job)
    start = time.monotonic()
    job.close()
    assert time.monotonic() - start < 2.0


class Cramped:
    """Sessions that have memory for a few rows only."""

    def __init__(self, sessions: Sessions, rows: int) -> None:
        self._sessions, self._rows = sessions, rows
        self.bundle = sessions.bundle

    def run(self, graph: str, feeds: Mapping[str, np.ndarray]) -> Generator[None, None, np.ndarray]:
        if graph == "ddpm" and len(feeds["x"]) > self._rows:
            raise EngineMemoryError("Failed to allocate memory")
        return (yield from self._sessions.run(graph, feeds))


def test_short_of_memory_channels_are_generated_one_by_one(tiny: Restorer, document: np.ndarray) -> None:
    cramped = Restorer(Cramped(tiny.sessions, 1))  # type: ignore[arg-type]
    part = np.ascontiguousarray(document[:, : 3 * RATE])
    np.testing.assert_allclose(added_by(cramped, part), added_by(tiny, part), atol=1e-6)
    job = cramped.generate(reader(part), part.shape[1], 0, RATE, settings=SETTINGS, write=lambda block: None)
    assert run_job(job).singly


def test_no_memory_for_one_channel_is_an_error(tiny: Restorer, document: np.ndarray) -> None:
    with pytest.raises(EngineMemoryError):
        added_by(Restorer(Cramped(tiny.sessions, 0)), document[:, :RATE])  # type: ignore[arg-type]


def test_guidance_is_taken_in_its_interval_only(tmp_path: Path, document: np.ndarray) -> None:
    cfg = {"guidance_scale": 3.5, "unconditional_value": -11.4981, "interval": [300, 800]}
    restorer = open_restorer(build_port_bundle(tmp_path / "port", cfg=cfg))
    rows: list[tuple[int, int]] = []
    run = restorer.sessions.run

    def recording(graph: str, feeds: dict[str, np.ndarray]):  # type: ignore[no-untyped-def]
        if graph == "ddpm":
            rows.append((int(feeds["timesteps"][0]), len(feeds["x"])))
        return run(graph, feeds)

    restorer.sessions.run = recording
    settings = Settings(cutoff_hz=6000.0, steps=4, guidance_scale=3.5, seed=1)
    added_by(restorer, document[:1, : 4 * RATE], settings=settings)
    assert rows == [(999, 1), (749, 2), (499, 2), (249, 1)]


@pytest.mark.parametrize(("seconds", "stop_s"), [(0.3, 0.96), (5.0, 5.76), (5.12, 5.76)])
def test_a_short_document_is_one_window_that_goes_on_after_its_end(
    tiny: Restorer, seconds: float, stop_s: float
) -> None:
    grid = Grid.of(tiny.bundle.manifest, round(seconds * RATE))
    rounded_up = -(-round(stop_s * RATE) // (8 * grid.column)) * 8 * grid.column
    assert [(window.start, window.stop) for window in grid.windows(0, 100)] == [(0, rounded_up)]


def test_a_window_that_is_heard_whole_ends_with_the_document(tmp_path: Path) -> None:
    port = open_restorer(build_port_bundle(tmp_path / "port"))
    windows = list(Grid.of(port.bundle.manifest, 5 * RATE).windows(0, 100))
    assert [(window.start, window.stop) for window in windows] == [(0, round(5.12 * RATE))]


@pytest.mark.parametrize("seconds", [2.3, 5.12, 7.68])
def test_the_end_of_a_document_sounds_as_if_its_mirror_followed(
    noisy: Restorer, document: np.ndarray, seconds: float
) -> None:
    short = np.ascontiguousarray(document[:1, : round(seconds * RATE)])
    longer = np.concatenate([short, short[:, ::-1]], axis=1)
    alone, within = added_by(noisy, short), added_by(noisy, longer, 0, short.shape[1])
    assert decibels(alone - within, alone) < -90.0
