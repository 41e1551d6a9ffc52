"""The published pipeline on the command line and as an effect."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from tiny_bundle import build_port_bundle, build_tiny_bundle

from audiosr_desktop import paths
from audiosr_desktop.cli import main
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.effects import conversion


@pytest.fixture(autouse=True)
def user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path / "shipped")
    build_tiny_bundle(tmp_path / "shipped" / "audiosr-compact")
    return paths.user_models_dir()


def write_noise(path: Path, rate: int, channels: int) -> Path:
    noise = 0.1 * np.random.default_rng(0).standard_normal((channels, rate))
    soundfile.write(path, lowpass(noise, rate, 5000.0, "cheby", 8).T, rate, subtype="FLOAT")
    return path


def run(source: Path, *words: str) -> tuple[int, Path]:
    output = source.with_name("out.wav")
    return main(["restore", str(source), "-o", str(output), "--compat", "upstream", *words, "--json"]), output


def test_upstream_mode_makes_each_channel_by_itself_and_keeps_the_length(
    tmp_path: Path, user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build_port_bundle(user / "port")
    code, output = run(write_noise(tmp_path / "in.wav", 48_000, 2), "--steps", "2", "--device", "cpu")
    assert code == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["effect"], report["model"], report["seed"]) == ("upstream", "port", 42)
    assert report["cutoff_hz"] == pytest.approx(5000, rel=0.1)
    samples, rate = soundfile.read(output)
    assert (samples.shape, rate) == ((48_000, 2), 48_000)
    # the peak is brought to 0.5 and the mean removed afterwards, as published
    assert np.abs(samples).max(axis=0) == pytest.approx([0.5, 0.5], abs=0.02)


def test_upstream_mode_of_another_rate_gives_48_khz(tmp_path: Path, user: Path) -> None:
    build_port_bundle(user / "port")
    code, output = run(write_noise(tmp_path / "in.wav", 22_050, 1), "--steps", "1", "--guidance", "1")
    assert code == 0
    info = soundfile.info(output)
    assert (info.samplerate, info.frames) == (48_000, 48_000)


def test_the_published_kernel_converts_there(
    tmp_path: Path, user: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build_port_bundle(user / "port")
    rates: list[tuple[int, int]] = []
    kernel = conversion.resample_published

    def counted(read, rate_in: int, rate_out: int, start: int, stop: int) -> np.ndarray:
        rates.append((rate_in, rate_out))
        return kernel(read, rate_in, rate_out, start, stop)

    monkeypatch.setattr(conversion, "resample_published", counted)
    assert run(write_noise(tmp_path / "in.wav", 44_100, 1), "--steps", "1", "--guidance", "1")[0] == 0
    assert set(rates) == {(44_100, 48_000)}


def test_upstream_mode_needs_a_model_of_its_kind(
    tmp_path: Path, user: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_noise(tmp_path / "in.wav", 48_000, 1)
    assert run(source)[0] == 1
    assert "models import" in capsys.readouterr().err
    assert run(source, "--model", "audiosr-compact")[0] == 1
    assert "not one that the published pipeline could run" in capsys.readouterr().err
    assert run(source, "--effect", "denoise")[0] == 2
