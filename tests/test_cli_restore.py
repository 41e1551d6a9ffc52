"""`restore` on the command line: what is written, what is told, how bad files and models end."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from audiosr_desktop import cli_output, paths
from audiosr_desktop.cli import main
from audiosr_desktop.job import Job

ROOT = Path(__file__).resolve().parent.parent
TABLA = ROOT / "tests" / "clips" / "music_tabla.flac"
REPORT_KEYS = {
    *("input", "output", "effect", "model", "model_sha256", "device", "provider", "seed", "steps", "quality"),
    *("cutoff_hz", "sample_rate_in", "sample_rate_out", "region", "gain_db", "elapsed_s", "rtf"),
    *("peak_memory_bytes", "warnings"),
}
SUPER_RESOLUTION = ["--effect", "super-resolution", "--model", "tiny", "--quality", "draft"]

Samples = npt.NDArray[Any]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_folder: Path) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    shutil.copytree(tiny_folder, paths.user_models_dir() / "tiny")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    folder.mkdir()
    return folder


def write(path: Path, samples: Samples, rate: int = 48_000, subtype: str = "PCM_16") -> Path:
    """Write (channels, samples)."""
    soundfile.write(path, samples.T, rate, subtype=subtype)
    return path


def read(path: Path) -> tuple[Samples, int]:
    samples, rate = soundfile.read(path, always_2d=True, dtype="int32")
    return samples.T, rate


def narrow(seconds: float = 2.0, rate: int = 48_000, channels: int = 2) -> Samples:
    """Return noise that ends at 5 kHz."""
    rng = np.random.default_rng(1)
    spectrum = np.fft.rfft(rng.normal(0.0, 0.1, (channels, round(seconds * rate))))
    spectrum[:, round(5_000 * seconds) :] = 0.0
    return np.fft.irfft(spectrum, round(seconds * rate))


def run(*words: object) -> int:
    return main(["restore", *map(str, words)])


def report_of(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    report = json.loads(capsys.readouterr().out)
    assert isinstance(report, dict)
    return report


# What is written


def test_part_is_restored_and_the_rest_is_bit_identical(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.wav", narrow(), subtype="PCM_24")
    assert run(source, "-o", out / "new.wav", "--start", 0.5, "--end", 1.25, *SUPER_RESOLUTION, "--json") == 0
    before, _ = read(source)
    after, rate = read(out / "new.wav")
    assert (rate, after.shape) == (48_000, before.shape)
    assert soundfile.info(out / "new.wav").subtype == "PCM_24"
    changed = np.flatnonzero((before != after).any(axis=0))
    assert changed.size > 1000
    assert changed[0] >= 24_000
    assert changed[-1] < 60_000
    report = report_of(capsys)
    assert set(report) >= REPORT_KEYS
    assert report["effect"] == "super-resolution"
    assert report["model"] == "tiny"
    assert report["device"] == "cpu" or report["device"].lower().startswith("cpu")
    assert report["steps"] == 1
    assert report["region"] == {"start_s": 0.5, "end_s": 1.25, "low_hz": None, "high_hz": None}
    assert report["cutoff_hz"] == pytest.approx(5_000, rel=0.05)
    assert report["rtf"] > 0
    assert list(out.iterdir()) == [out / "new.wav"]


def test_same_seed_same_bytes_other_seed_others(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "in.wav", narrow(1.0))
    for name, seed in (("a.wav", 3), ("b.wav", 3), ("c.wav", 4)):
        assert run(source, "-o", out / name, "--seed", seed, *SUPER_RESOLUTION) == 0
    assert (out / "a.wav").read_bytes() == (out / "b.wav").read_bytes()
    assert (out / "a.wav").read_bytes() != (out / "c.wav").read_bytes()


@pytest.mark.parametrize(
    ("rate", "part", "rate_out"),
    [
        (22_050, False, 48_000),
        (22_050, True, 48_000),
        (44_100, False, 48_000),
        (44_100, True, 44_100),
        (96_000, False, 96_000),
    ],
)
def test_rate_is_raised_only_where_it_must_be(
    rate: int, part: bool, rate_out: int, *, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.wav", narrow(1.0, rate, 1), rate)
    words = ["--start", "0.25", "--end", "0.75"] if part else []
    assert run(source, "-o", out / "new.wav", *words, *SUPER_RESOLUTION, "--json") == 0
    info = soundfile.info(out / "new.wav")
    assert info.samplerate == rate_out
    assert info.frames == rate_out
    report = report_of(capsys)
    assert (report["sample_rate_in"], report["sample_rate_out"]) == (rate, rate_out)
    if part:
        assert report["region"]["start_s"] == pytest.approx(0.25, abs=1e-4)


def test_band_limits_hold(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "in.wav", narrow(1.0), subtype="FLOAT")
    assert run(source, "-o", out / "new.wav", "--high-hz", 10_000, *SUPER_RESOLUTION) == 0
    change = soundfile.read(out / "new.wav")[0][:, 0] - soundfile.read(source)[0][:, 0]
    spectrum = np.abs(np.fft.rfft(change))
    assert spectrum[6_000:9_500].max() > 100 * spectrum[11_000:].max()


def test_amount_of_zero_changes_nothing(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "in.wav", narrow(0.5))
    assert run(source, "-o", out / "new.wav", "--amount", 0, *SUPER_RESOLUTION) == 0
    assert np.array_equal(read(source)[0], read(out / "new.wav")[0])


def test_tone_is_removed_with_set(tmp_path: Path, out: Path) -> None:
    clip, rate = soundfile.read(TABLA, frames=96_000)
    tone = 0.05 * np.sin(2 * np.pi * 1234.0 / rate * np.arange(len(clip)))
    source = write(tmp_path / "in.wav", 0.5 * clip.T + tone)
    words = ["--effect", "remove-tone", "--set", "frequency_hz=1234"]
    assert run(source, "-o", out / "new.wav", *words) == 0
    left = soundfile.read(out / "new.wav")[0][:, 0] - 0.5 * clip[:, 0]
    probe = np.exp(-2j * np.pi * 1234.0 / rate * np.arange(len(left)))
    assert 2 * abs(np.mean(left * probe)) < 0.005


def test_undamaged_file_keeps_rate_and_samples(tmp_path: Path, out: Path) -> None:
    """Restore finds nothing missing in a full-band sound, and must not convert it either."""
    samples = np.random.default_rng(2).normal(0.0, 0.1, (2, 3 * 44_100))
    source = write(tmp_path / "in.wav", samples, 44_100)
    words = ["--set", "noise=off", "--set", "tones=off", "--set", "gaps=off"]
    assert run(source, "-o", out / "new.wav", *words) == 0
    assert soundfile.info(out / "new.wav").samplerate == 44_100
    assert np.array_equal(read(source)[0], read(out / "new.wav")[0])


def test_chain_runs_in_order(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.wav", narrow(1.0))
    preset = tmp_path / "preset.json"
    steps = [
        {"effect": "super-resolution", "values": {"quality": "best", "seed": 5}},
        {"effect": "audiosr.remove-tone"},
    ]
    preset.write_text(json.dumps({"effects": steps}))
    assert run(source, "-o", out / "new.wav", "--chain", preset, "--model", "tiny", "--json") == 0
    report = report_of(capsys)
    assert report["effect"] == "super-resolution + remove-tone"
    assert (report["quality"], report["steps"], report["seed"]) == ("best", 4, 5)


@pytest.mark.parametrize(
    "text", ["", "[]", '{"effects": []}', '{"effects": [{"effect": "magic"}]}', '{"effects": [3]}', "\x00"]
)
def test_bad_preset_is_one_sentence(
    text: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.wav", narrow(0.5))
    preset = tmp_path / "preset.json"
    preset.write_text(text)
    assert run(source, "-o", out / "new.wav", "--chain", preset) == 1
    assert_one_sentence(capsys)


@pytest.mark.parametrize(
    "words",
    [
        ["--start", "1", "--end", "1"],
        ["--low-hz", "500", "--high-hz", "400"],
        ["--set", "nonsense=3"],
        ["--effect", "denoise", "--guidance", "2"],
        ["--effect", "super-resolution", "--set", "seed=many"],
    ],
    ids=" ".join,
)
def test_contradictions_are_wrong_usage(
    words: list[str], out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(TABLA, "-o", out / "new.wav", *words) == 2
    assert capsys.readouterr().err.startswith("audiosr-desktop restore: error: ")
    assert list(out.iterdir()) == []


def test_end_behind_the_file_is_told(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.wav", narrow(0.5))
    assert run(source, "-o", out / "new.wav", "--end", 3, *SUPER_RESOLUTION) == 0
    assert "--end 3" in capsys.readouterr().err


# Bad files, bad models, bad targets


def assert_one_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert captured.err.rstrip().endswith(".")
    assert "Traceback" not in captured.err
    assert "fault in the program" not in captured.err
    return captured.err


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("This is not a sound file, whatever its name says. " * 20)


def truncated(path: Path) -> None:
    write(path, narrow(1.0))
    path.write_bytes(path.read_bytes()[:-50_000])


def without_samples(path: Path) -> None:
    write(path, np.zeros((1, 0)))


def not_a_number(path: Path) -> None:
    samples = narrow(0.5)
    samples[1, 1000] = np.nan
    write(path, samples, subtype="FLOAT")


def infinite(path: Path) -> None:
    samples = narrow(0.5)
    samples[0, 1000] = np.inf
    write(path, samples, subtype="FLOAT")


def rate_of_1_hz(path: Path) -> None:
    write(path, narrow(0.1), 1)


def rate_of_768_khz(path: Path) -> None:
    write(path, narrow(0.1), 768_000)


def nine_channels(path: Path) -> None:
    write(path, narrow(0.1, channels=9))


def folder(path: Path) -> None:
    path.mkdir()


def missing(path: Path) -> None:
    assert not path.exists()


BAD = [
    empty,
    text,
    truncated,
    without_samples,
    not_a_number,
    infinite,
    rate_of_1_hz,
    rate_of_768_khz,
    nine_channels,
    folder,
    missing,
]


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
@pytest.mark.parametrize(
    "words", [["--effect", "denoise"], SUPER_RESOLUTION, []], ids=["denoise", "sr", "restore"]
)
def test_bad_file_is_one_sentence(
    make: Callable[[Path], None],
    words: list[str],
    tmp_path: Path,
    out: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make(tmp_path / "in.wav")
    assert run(tmp_path / "in.wav", "-o", out / "new.wav", *words) == 1
    assert "in.wav" in assert_one_sentence(capsys) or make in (not_a_number, infinite)
    assert list(out.iterdir()) == []


@pytest.mark.parametrize(
    "words", [["--effect", "denoise"], SUPER_RESOLUTION, []], ids=["denoise", "sr", "restore"]
)
@pytest.mark.parametrize(
    "samples",
    [np.zeros((2, 48_000)), np.full((1, 48_000), 0.25), narrow(0.01)],
    ids=["silence", "dc", "10 ms"],
)
def test_silence_dc_and_short_clips_are_left_alone(
    samples: Samples, words: list[str], tmp_path: Path, out: Path
) -> None:
    source = write(tmp_path / "in.wav", samples)
    assert run(source, "-o", out / "new.wav", *words) == 0
    assert np.array_equal(read(source)[0], read(out / "new.wav")[0])


def test_target_that_is_there_is_kept(tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.wav", narrow(0.5))
    (out / "new.wav").write_bytes(b"precious")
    assert run(source, "-o", out / "new.wav", *SUPER_RESOLUTION) == 1
    assert "--overwrite" in assert_one_sentence(capsys)
    assert (out / "new.wav").read_bytes() == b"precious"
    assert run(source, "-o", out / "new.wav", "--overwrite", *SUPER_RESOLUTION) == 0
    assert soundfile.info(out / "new.wav").frames == 24_000


def test_source_is_no_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = write(tmp_path / "in.wav", narrow(0.5))
    held = source.read_bytes()
    assert run(source, "-o", source, *SUPER_RESOLUTION) == 1
    assert_one_sentence(capsys)
    assert source.read_bytes() == held


@pytest.mark.parametrize("name", ["nowhere/new.wav", "new.xyz", "new", ""])
def test_impossible_target_is_one_sentence(
    name: str, tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.wav", narrow(0.5))
    assert run(source, "-o", out / name, *SUPER_RESOLUTION) == 1
    assert_one_sentence(capsys)
    assert list(out.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="needs limits of a process")
def test_full_disk_leaves_nothing(tmp_path: Path, out: Path) -> None:
    source = write(tmp_path / "in.wav", narrow(2.0))
    code = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "from audiosr_desktop.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    words = ["restore", str(source), "-o", str(out / "new.wav"), "--effect", "remove-tone"]
    result = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "new.wav" in result.stderr
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("stage", ["Generating", "Writing"])
def test_interrupt_leaves_nothing(
    stage: str, tmp_path: Path, out: Path, monkeypatch: pytest.MonkeyPatch, no_threads_left: None
) -> None:
    reached: list[str] = []

    def interrupted(job: Job[Any], _on_progress: object = None) -> Any:
        try:
            while True:
                progress = next(job)
                if progress.stage.startswith(stage):
                    reached.append(progress.stage)
                    raise KeyboardInterrupt
        except StopIteration as end:
            return end.value
        finally:
            job.close()

    monkeypatch.setattr(cli_output, "run_job", interrupted)
    source = write(tmp_path / "in.wav", narrow(2.0))
    held = source.read_bytes()
    assert run(source, "-o", out / "new.wav", *SUPER_RESOLUTION) == 130
    assert reached
    assert list(out.iterdir()) == []
    assert source.read_bytes() == held
    assert [path for path in paths.scratch_root().rglob("*") if path.is_file()] == []


def without_graph(model: Path) -> None:
    (model / "ddpm.onnx").unlink()


def wrong_sum(model: Path) -> None:
    with (model / "ddpm.onnx").open("ab") as file:
        file.write(b"\x00")


def no_manifest(model: Path) -> None:
    (model / "manifest.json").unlink()


def manifest_of_nonsense(model: Path) -> None:
    (model / "manifest.json").write_text("{]")


def wrong_shapes(model: Path) -> None:
    tiny_bundle = pytest.importorskip("tiny_bundle")
    shutil.rmtree(model)
    tiny_bundle.build_tiny_bundle(model, bins=16)


@pytest.mark.parametrize(
    "spoil",
    [without_graph, wrong_sum, no_manifest, manifest_of_nonsense, wrong_shapes],
    ids=lambda spoil: spoil.__name__,
)
def test_bad_model_is_one_sentence(
    spoil: Callable[[Path], None], tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(paths.user_models_dir() / "tiny")
    source = write(tmp_path / "in.wav", narrow(1.0))
    assert run(source, "-o", out / "new.wav", *SUPER_RESOLUTION) == 1
    assert_one_sentence(capsys)
    assert list(out.iterdir()) == []


def test_unknown_model_names_those_there(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.wav", narrow(1.0))
    assert run(source, "-o", out / "new.wav", "--effect", "super-resolution", "--model", "huge") == 1
    assert "tiny" in assert_one_sentence(capsys)


@pytest.mark.skipif(sys.platform == "win32", reason="another library")
def test_device_that_is_not_there_is_told(
    tmp_path: Path, out: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write(tmp_path / "in.wav", narrow(1.0))
    words = [*SUPER_RESOLUTION, "--device", "cuda:7"]
    code = run(source, "-o", out / "new.wav", *words)
    said = capsys.readouterr().err
    assert code in (0, 1)
    assert said.count("\n") == 1  # why it failed, or that the processor did it instead
    assert (out / "new.wav").exists() == (code == 0)
