"""The published pipeline: each stage against the recorded run of the official checkpoint, and its limits."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_bundle import build_port_bundle

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.dsp.spectrum import log_mel
from audiosr_desktop.engine import upstream
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.ddim import alphas_cumprod, ddim_step, upstream_timesteps
from audiosr_desktop.engine.sessions import Sessions, open_sessions
from audiosr_desktop.engine.torch_noise import TorchNoise, filter_kind
from audiosr_desktop.engine.upstream import UpstreamSettings, restore_upstream
from audiosr_desktop.errors import EngineError
from audiosr_desktop.job import run_job

GOLDEN = Path(__file__).resolve().parents[3] / "shared" / "reference" / "golden"
needs_golden = pytest.mark.skipif(not GOLDEN.is_dir(), reason="no golden data beside the checkout")
SHAPE = (1, 16, 128, 32)


def load(name: str) -> dict[str, np.ndarray]:
    with np.load(GOLDEN / f"{name}.npz") as arrays:
        return dict(arrays)


def error(found: np.ndarray, wanted: np.ndarray) -> float:
    """Largest difference relative to the largest value, as the recorded tolerances count."""
    assert found.shape == wanted.shape
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


@needs_golden
def test_front_end_equals_the_recorded_one() -> None:
    golden = load("frontend")
    wave = upstream.prepared(golden["input_pcm16"].astype(np.float32) / 32768)
    assert error(wave, golden["waveform"]) < 1e-6
    assert upstream.quantile_cutoff_hz(wave) == float(golden["cutoff_hz"])
    assert filter_kind(42) == str(golden["filter_type"])
    lowpassed = upstream.lowpass_simulation(wave, float(golden["cutoff_hz"]), filter_kind(42))
    assert error(lowpassed, golden["waveform_lowpass"]) < 1e-5
    for sound, key in ((wave, "log_mel"), (lowpassed, "lowpass_mel")):
        mel = log_mel(sound)
        assert error(mel, golden[key]) < 2e-3
        assert np.sqrt(np.mean((mel - golden[key]) ** 2)) / np.sqrt(np.mean(golden[key] ** 2)) < 1e-4


@needs_golden
def test_all_draws_of_the_recorded_run() -> None:
    golden = load("sampler")
    noise = TorchNoise(42)
    kept = {2: "x_T", 3: "noise_000", 4: "noise_001", 27: "noise_024", 52: "noise_049"}
    for index, (head, total) in enumerate(zip(golden["rng_heads"], golden["rng_sums"], strict=True)):
        drawn = noise.normal(SHAPE)
        assert np.abs(drawn.reshape(-1)[:64] - head).max() < 3e-6
        assert abs(float(drawn.sum(dtype=np.float64)) - total) < 5e-3
        if index in kept:
            assert np.abs(drawn - golden[kept[index]]).max() < 3e-6


@needs_golden
def test_steps_take_the_recorded_states_one_into_the_next() -> None:
    """Each kept step, from the recorded state before it, with the velocity of the recorded run."""
    golden = load("sampler")
    times, alphas = upstream_timesteps(50), alphas_cumprod()
    for step in (0, 24, 49):
        before = golden["x_T"] if step == 0 else golden[f"state_after_{step - 1:03d}"]
        after = float(alphas[times[step + 1]] if step < 49 else alphas[0])
        velocity, drawn = golden[f"v_derived_{step:03d}"], golden[f"noise_{step:03d}"]
        found = ddim_step(before, velocity, float(alphas[times[step]]), after, eta=1.0, noise=drawn)
        assert error(found, golden[f"state_after_{step:03d}"]) < 1e-5


@needs_golden
def test_post_processing_equals_the_recorded_one() -> None:
    golden, front = load("postproc"), load("frontend")
    lowpassed = front["waveform_lowpass"]
    joined = upstream.with_low_bins(golden["vocoder_out"], lowpassed)
    assert error(joined, golden["postproc_out"]) < 1e-5
    ended = upstream.normalised_end(joined)
    wanted = golden["postproc_out"] * (0.5 / np.abs(golden["postproc_out"]).max())
    assert error(ended, wanted - wanted.mean()) < 1e-5
    spectrum = np.abs(upstream.stft(lowpassed, 2048, 512)).T
    assert upstream.quantile_index(spectrum) == int(golden["cutoff_bin"])


@needs_golden
def test_mel_bands_below_the_cutoff_are_the_inputs() -> None:
    lowpass_mel = load("frontend")["lowpass_mel"]
    decoded = np.random.default_rng(0).normal(size=lowpass_mel.shape).astype(np.float32)
    joined = upstream.with_low_bands(decoded, lowpass_mel)
    assert np.array_equal(joined[:, :170], lowpass_mel[:, :170])
    assert np.array_equal(joined[:, 170:], decoded[:, 170:])


KINDS = (
    "butter cheby1 butter ellip ellip bessel ellip bessel bessel ellip cheby1 cheby1 bessel ellip bessel "
    "butter cheby1 bessel ellip cheby1 bessel cheby1 cheby1 bessel"
)


def test_filter_kinds_of_seeds() -> None:
    assert [filter_kind(seed) for seed in range(24)] == KINDS.split()


def test_torchs_normals_against_torch() -> None:
    torch = pytest.importorskip("torch", reason="needs the train extra")
    for seed in (0, 7, 2**32 - 1):
        noise = TorchNoise(seed)
        torch.manual_seed(seed)
        for shape in ((1, 16, 8, 32), (16,), (3, 32)):
            assert np.abs(noise.normal(shape) - torch.randn(shape).numpy()).max() < 3e-6
    with pytest.raises(ValueError, match="another way"):
        TorchNoise(0).normal((17,))


@pytest.fixture(scope="module")
def sessions(tmp_path_factory: pytest.TempPathFactory) -> Sessions:
    folder = build_port_bundle(tmp_path_factory.mktemp("port") / "port")
    return run_job(open_sessions(load_bundle(folder), "cpu", 1))


@pytest.fixture(scope="module")
def clip() -> np.ndarray:
    noise = 0.1 * np.random.default_rng(3).standard_normal(60_000)
    return lowpass(noise, 48_000, 6000.0, "cheby", 8)


def run(sessions: Sessions, sound: np.ndarray, **settings: Any) -> upstream.UpstreamResult:
    return run_job(restore_upstream(sessions, sound, UpstreamSettings(**settings)))


def test_same_seed_same_bytes_in_every_run_and_the_length_stays(sessions: Sessions, clip: np.ndarray) -> None:
    first, second = run(sessions, clip, steps=4), run(sessions, clip, steps=4)
    assert first.sound.tobytes() == second.sound.tobytes()
    assert first.sound.shape == clip.shape
    assert first.filter_kind == "ellip"
    assert first.cutoff_hz == pytest.approx(6000, rel=0.1)
    assert run(sessions, clip, steps=4, seed=43).sound.tobytes() != first.sound.tobytes()


def test_the_order_of_draws_and_calls(sessions: Sessions, clip: np.ndarray) -> None:
    """The first draw is not used, the second encodes, the third starts, then one for each step."""
    seen: list[tuple[str, dict[str, np.ndarray]]] = []

    class Recorder:
        bundle = sessions.bundle

        def run(self, graph: str, feeds: dict[str, np.ndarray]) -> Generator[None, None, np.ndarray]:
            seen.append((graph, {name: array.copy() for name, array in feeds.items()}))
            return (yield from sessions.run(graph, feeds))

    run_job(restore_upstream(Recorder(), clip, UpstreamSettings(steps=4)))
    assert [graph for graph, _ in seen] == ["vae_feature_extract", *["ddpm"] * 4, "vae_decoder", "vocoder"]
    noise = TorchNoise(42)
    draws = [noise.normal((1, 16, 64, 32)) for _ in range(4)]
    assert np.array_equal(seen[0][1]["noise"], draws[1])
    x = seen[1][1]["x"]
    assert np.array_equal(x[0, :16], draws[2][0])
    assert np.array_equal(x[1, :16], draws[2][0])
    manifest = sessions.bundle.manifest
    assert np.allclose(x[1, 16:], -11.4981 * manifest.scale_factor)
    assert [feeds["timesteps"].tolist() for graph, feeds in seen if graph == "ddpm"] == [
        [time, time] for time in (751, 501, 251, 1)
    ]


def test_without_guidance_the_graph_runs_once(sessions: Sessions, clip: np.ndarray) -> None:
    assert run(sessions, clip, steps=1, guidance_scale=1.0).sound.shape == clip.shape


@pytest.mark.parametrize(
    ("sound", "settings", "words"),
    [
        (np.zeros(48_000, np.float32), {}, "silent or ends below 1 kHz"),
        (np.full(48_000, 0.3, np.float32), {}, "silent or ends below 1 kHz"),
        (np.ones(48_000 * 60, np.float32), {}, "choose at most 41 s"),
        (None, {"steps": 3}, "fails with 3 steps"),
    ],
)
def test_what_the_published_pipeline_cannot_do_is_one_sentence(
    sessions: Sessions, clip: np.ndarray, sound: np.ndarray | None, settings: dict[str, int], words: str
) -> None:
    with pytest.raises(EngineError, match=words):
        run(sessions, clip if sound is None else sound, **settings)


def test_a_run_can_be_closed(sessions: Sessions, clip: np.ndarray, no_threads_left: None) -> None:
    job = restore_upstream(sessions, clip, UpstreamSettings())
    next(job)
    job.close()
