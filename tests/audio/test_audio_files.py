"""Sound files: round trips to the bit, bad files in one sentence, and no half-written file ever."""

import os
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.audio.file_stores import FileStore
from audiosr_desktop.audio.files import (
    FileInfo,
    OutputFormat,
    open_sound,
    output_format,
    probe,
    require_finite,
    write_sound,
)
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch, ScratchStore
from audiosr_desktop.errors import AudioFileError, SoundError
from audiosr_desktop.job import run_job

SUFFIXES = {"WAV": "wav", "WAVEX": "wav", "RF64": "rf64", "W64": "w64", "AIFF": "aiff", "FLAC": "flac"}
SUFFIXES |= {"CAF": "caf", "AU": "au"}
EXACT = [
    (name, subtype)
    for name in SUFFIXES
    for subtype in soundfile.available_subtypes(name)
    if subtype.startswith("PCM_") or subtype in {"FLOAT", "DOUBLE", "ULAW", "ALAW"}
]


def every_number(subtype: str, channels: int = 2) -> np.ndarray:
    """Return (samples, channels) that reach full scale on both sides, as libsndfile takes them."""
    rng = np.random.default_rng(7)
    if subtype in {"FLOAT", "DOUBLE"}:
        x = rng.standard_normal((5000, channels)).astype(
            subtype.replace("FLOAT", "FLOAT32").replace("DOUBLE", "FLOAT64").lower()
        )
        x[:3] = [[1.5], [-0.0], [1e-30]]
        return x
    bits = (
        int(subtype.rsplit("_", 1)[1].replace("S", "").replace("U", "").replace("8", "8"))
        if "_" in subtype
        else 16
    )
    full = 2 ** (bits - 1)
    x = rng.integers(-full, full, (5000, channels))
    x[:4] = [[-full], [full - 1], [0], [-1]]
    return (x << (32 - bits)).astype(np.int32)


def write_plain(path: Path, name: str, subtype: str, rate: int = 48000) -> None:
    with soundfile.SoundFile(path, "w", rate, 2, subtype, format=name) as file:
        file.write(every_number(subtype))


def raw_numbers(path: Path) -> np.ndarray:
    dtype = {"FLOAT": "float32", "DOUBLE": "float64"}.get(soundfile.info(path).subtype, "int32")
    return soundfile.read(path, dtype=dtype, always_2d=True)[0]


def tone(seconds: float = 1.0, rate: int = 48000, channels: int = 2) -> Sound:
    time = np.arange(round(seconds * rate)) / rate
    x = 0.4 * np.sin(2 * np.pi * np.array([[440.0], [660.0]])[:channels] * time)
    return Sound.from_array(x, rate)


@pytest.mark.parametrize(("name", "subtype"), EXACT)
def test_every_sample_format_comes_back_to_the_bit(
    tmp_path: Path, scratch: Scratch, name: str, subtype: str
) -> None:
    source = tmp_path / f"in.{SUFFIXES[name]}"
    write_plain(source, name, subtype)
    info = probe(source)
    assert (info.format, info.subtype, info.samples, info.channels) == (name, subtype, 5000, 2)
    sound = run_job(open_sound(source, scratch))
    assert isinstance(sound.pieces[0].store, FileStore)
    target = tmp_path / f"out.{SUFFIXES[name]}"
    written = run_job(write_sound(sound, target, like=info))
    assert (written.format, written.subtype, written.path) == (name, subtype, target)
    np.testing.assert_array_equal(raw_numbers(target), raw_numbers(source))


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_what_is_read_is_what_was_written(tmp_path: Path, scratch: Scratch, subtype: str) -> None:
    path = tmp_path / "in.wav"
    write_plain(path, "WAV", subtype)
    sound = run_job(open_sound(path, scratch))
    expected = soundfile.read(path, dtype="float64", always_2d=True)[0].T
    np.testing.assert_array_equal(sound.read(100, 4000, np.float64), expected[:, 100:4000])
    np.testing.assert_array_equal(sound.read(100, 4000), expected[:, 100:4000].astype(np.float32))


@pytest.mark.parametrize(
    ("source", "name", "subtype"),
    [
        (("WAV", "PCM_16"), "x.flac", "PCM_16"),
        (("WAV", "PCM_U8"), "x.flac", "PCM_S8"),
        (("AIFF", "PCM_S8"), "x.wav", "PCM_U8"),
        (("WAV", "FLOAT"), "x.flac", "PCM_24"),
        (("WAV", "DOUBLE"), "x.aiff", "DOUBLE"),
        (("WAV", "PCM_32"), "x.FLAC", "PCM_24"),
        (("OGG", "VORBIS"), "x.wav", "PCM_24"),
        (("OGG", "OPUS"), "x.ogg", "OPUS"),
        (("WAV", "IMA_ADPCM"), "x.wav", "PCM_16"),
        (("CAF", "ALAC_24"), "x.caf", "PCM_24"),
        (("CAF", "ALAC_16"), "x.caf", "PCM_16"),
        (("WAV", "ULAW"), "x.wav", "ULAW"),
        (("FLAC", "PCM_24"), "x.mp3", "MPEG_LAYER_III"),
        (("FLAC", "PCM_24"), "x.opus", "OPUS"),
        (None, "x.wav", "PCM_24"),
    ],
)
def test_the_sample_format_is_kept_or_loses_nothing(
    source: tuple[str, str] | None, name: str, subtype: str
) -> None:
    like = FileInfo(Path("in"), *source, "FILE", 48000, 2, 10) if source else None
    assert output_format(Path(name), like).subtype == subtype


@pytest.mark.parametrize("suffix", ["mp3", "ogg", "opus"])
def test_lossy_files_are_decoded_once_and_are_aligned(tmp_path: Path, scratch: Scratch, suffix: str) -> None:
    rng = np.random.default_rng(0)
    x = np.cumsum(rng.standard_normal((2, 700_000)), axis=1)
    x = (0.3 * (x - np.roll(x, 40, axis=1))[:, 40:] / 30).astype(np.float32)
    path = tmp_path / f"x.{suffix}"
    run_job(write_sound(Sound.from_array(x, 48000), path))
    steps: list[float] = []
    sound = run_job(open_sound(path, scratch), lambda progress: steps.append(progress.fraction))
    assert isinstance(sound.pieces[0].store, ScratchStore) or sound.length * 8 < 8_000_000
    assert steps == sorted(steps)
    assert len(steps) > 3
    assert abs(sound.length - x.shape[1]) <= 2304
    part = sound.read(100_000, 140_000)[0]
    lags = [float(np.dot(part, x[0, 100_000 + lag : 140_000 + lag])) for lag in range(-50, 51)]
    assert int(np.argmax(lags)) - 50 == 0


def test_an_opened_sound_survives_the_renaming_of_its_file(
    tmp_path: Path, scratch: Scratch, clip: Path
) -> None:
    path = tmp_path / "x.flac"
    path.write_bytes(clip.read_bytes())
    sound = run_job(open_sound(path, scratch))
    before = sound.read(0, 10_000)
    run_job(write_sound(sound.slice(20_000, 40_000), path, like=probe(path), overwrite=True))
    np.testing.assert_array_equal(sound.read(0, 10_000), before)
    again = run_job(open_sound(path, scratch))
    np.testing.assert_array_equal(again.read(0, 20_000), sound.read(20_000, 40_000))


def bad_files(folder: Path) -> dict[str, str]:
    """Make the files that nobody wants to meet; return a piece of the sentence that each must give."""
    (folder / "empty.wav").touch()
    (folder / "text.wav").write_text("This is no sound.\n" * 50)
    (folder / "text.mp3").write_text("This is no sound.\n" * 500)
    (folder / "text.raw").write_text("This is no sound.\n" * 50)
    (folder / "folder.wav").mkdir()
    soundfile.write(folder / "zero.wav", np.zeros((0, 2)), 48000)
    soundfile.write(folder / "zero.flac", np.zeros((0, 2)), 48000)
    soundfile.write(folder / "1hz.wav", np.zeros((10, 1)), 1)
    soundfile.write(folder / "768khz.wav", np.zeros((10, 1)), 768_000)
    soundfile.write(folder / "nine.wav", np.zeros((10, 9)), 48000)
    x = np.random.default_rng(0).standard_normal((60_000, 2)) * 0.1
    formats = {
        "wav": "WAV",
        "flac": "FLAC",
        "aiff": "AIFF",
        "caf": "CAF",
        "au": "AU",
        "w64": "W64",
        "rf64": "RF64",
    }
    formats |= {"ogg": "OGG", "mp3": "MP3"}
    for suffix, name in formats.items():
        whole = folder / f"whole.{suffix}"
        soundfile.write(whole, x, 48000, format=name)
        data = whole.read_bytes()
        (folder / f"half.{suffix}").write_bytes(data[: len(data) // 2])
        (folder / f"head.{suffix}").write_bytes(data[:30])
        whole.unlink()
    expected = {
        "empty.wav": "is empty",
        "missing.wav": "There is no file",
        "folder.wav": "is a folder",
        "zero.wav": "holds no sound",
        "zero.flac": "",
        "1hz.wav": "1 Hz",
        "768khz.wav": "768000 Hz",
        "nine.wav": "9 channels",
    }
    expected |= {path.name: "cannot be read" for path in folder.glob("text.*")}
    expected |= {path.name: "" for path in folder.glob("head.*")}
    return expected | {path.name: "cut short" for path in folder.glob("half.*")}


def test_bad_files_end_in_one_sentence(
    tmp_path: Path, scratch: Scratch, capfd: pytest.CaptureFixture[str]
) -> None:
    expected = bad_files(tmp_path)
    for name, words in expected.items():
        with pytest.raises(AudioFileError) as caught:
            run_job(open_sound(tmp_path / name, scratch))
        text = str(caught.value)
        assert words in text, name
        assert text.endswith("."), name
        assert "\n" not in text, name
        assert caught.value.path is not None
    assert capfd.readouterr().err == ""  # the decoders keep quiet too
    assert sorted(path.name for path in scratch.folder.iterdir()) == ["lock"]


def test_a_wav_written_into_a_pipe_is_not_cut_short(tmp_path: Path, scratch: Scratch) -> None:
    path = tmp_path / "pipe.wav"
    write_plain(path, "WAV", "PCM_16")
    data = bytearray(path.read_bytes())
    at = data.index(b"data")
    data[at + 4 : at + 8] = data[4:8] = b"\xff\xff\xff\xff"
    path.write_bytes(data)
    assert run_job(open_sound(path, scratch)).length == 5000


def test_a_flac_that_does_not_know_its_length(tmp_path: Path, scratch: Scratch) -> None:
    path = tmp_path / "pipe.flac"
    write_plain(path, "FLAC", "PCM_16")
    whole = raw_numbers(path)
    data = bytearray(path.read_bytes())
    data[21] &= 0xF0  # the low bits of the 36 that count the samples in STREAMINFO
    data[22:26] = bytes(4)
    path.write_bytes(data)
    assert probe(path).samples == 5000
    sound = run_job(open_sound(path, scratch))
    np.testing.assert_array_equal(sound.read(0, 5000), (whole / 2**31).astype(np.float32).T)


def without_xing_header(data: bytes) -> bytes:
    """Take off the first frame of an MP3 file, which holds the header and no sound."""
    from audiosr_desktop.audio import mpeg

    frame = mpeg._parse(data[:4])
    assert frame is not None
    return data[frame.size :]


def test_an_mp3_of_changing_bit_rate_without_a_header_is_read_to_its_end(
    tmp_path: Path, scratch: Scratch
) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((400_000, 2)) * np.repeat([1e-4, 0.2, 1e-4, 0.2], 100_000)[:, None]
    path = tmp_path / "x.mp3"
    with soundfile.SoundFile(
        path, "w", 48000, 2, format="MP3", compression_level=0.5, bitrate_mode="VARIABLE"
    ) as file:
        for start in range(0, len(x), 10_000):
            file.write(x[start : start + 10_000])
    headed = run_job(open_sound(path, scratch))
    assert headed.length == 400_000
    path.write_bytes(without_xing_header(path.read_bytes()))
    assert soundfile.info(path).frames != 400_000  # the decoder's guess
    sound = run_job(open_sound(path, scratch))
    assert probe(path).samples == sound.length
    assert 400_000 <= sound.length < 403_000
    whole, known = sound.read(0, sound.length), headed.read(300_000, 310_000)
    errors = [np.abs(whole[:, 300_000 + lag : 310_000 + lag] - known).max() for lag in range(2_000)]
    assert min(errors) < 1e-3
    assert not list(scratch.folder.glob("*.f32"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_samples_that_are_no_numbers_are_named(tmp_path: Path, scratch: Scratch, value: float) -> None:
    x = np.zeros((2, 200_000), np.float32)
    x[1, 150_000] = value
    path = tmp_path / "nan.wav"
    soundfile.write(path, x.T, 48000, subtype="FLOAT")
    sound = run_job(open_sound(path, scratch))
    with pytest.raises(SoundError, match=r"3\.125 s"):
        run_job(require_finite(sound))
    with pytest.raises(SoundError, match=r"3\.125 s") as told:
        run_job(require_finite(sound, Region(149_000, 151_000)))
    assert told.value.at == 150_000
    with pytest.raises(SoundError, match=r"^nan\.wav .* 3\.125 s"):
        run_job(require_finite(sound, path=path))
    run_job(require_finite(sound, Region(0, 150_000)))
    with pytest.raises(SoundError, match=r"3\.125 s"):
        run_job(write_sound(sound, tmp_path / "out.flac"))
    again = run_job(write_sound(sound, tmp_path / "out.wav", output=OutputFormat("WAV", "FLOAT")))
    np.testing.assert_array_equal(soundfile.read(again.path, dtype="float32")[0], x.T)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["nan.wav", "out.wav"]


def test_a_job_left_half_way_leaves_the_target_as_it_was(tmp_path: Path) -> None:
    target = tmp_path / "out.wav"
    target.write_bytes(b"precious")
    job = write_sound(tone(20.0), target, overwrite=True)
    for _ in range(4):
        next(job)
    assert len(list(tmp_path.iterdir())) == 2
    job.close()
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
    assert target.read_bytes() == b"precious"


def test_a_failure_leaves_the_target_as_it_was(tmp_path: Path, scratch: Scratch, clip: Path) -> None:
    target = tmp_path / "out.wav"
    target.write_bytes(b"precious")
    data = clip.read_bytes()
    damaged = tmp_path / "damaged.flac"
    damaged.write_bytes(data[: len(data) // 3] + bytes(20_000) + data[len(data) // 3 + 20_000 :])
    sound = run_job(open_sound(damaged, scratch))
    with pytest.raises(AudioFileError, match=r"damaged\.flac"):
        run_job(write_sound(sound, target, overwrite=True))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["damaged.flac", "out.wav"]
    assert target.read_bytes() == b"precious"


def test_targets_that_cannot_be(tmp_path: Path, clip: Path, scratch: Scratch) -> None:
    sound = tone(0.1)
    existing = tmp_path / "there.wav"
    existing.write_bytes(b"precious")
    source = tmp_path / "source.flac"
    source.write_bytes(clip.read_bytes())
    cases: list[tuple[Path, Sound, FileInfo | None, str]] = [
        (existing, sound, None, "exists already"),
        (source, sound, probe(source), "is the source itself"),
        (tmp_path, sound, None, ""),
        (tmp_path / "no" / "x.wav", sound, None, "does not exist"),
        (tmp_path / "x.xyz", sound, None, "choose one of"),
        (tmp_path / "x", sound, None, "choose one of"),
        (tmp_path / "x.opus", tone(0.1, rate=44_100), None, "OPUS does not carry"),
        (tmp_path / "x.mp3", Sound.from_array(np.zeros((6, 100)), 48_000), None, "does not carry 6 channels"),
    ]
    for path, what, like, words in cases:
        with pytest.raises(AudioFileError) as caught:
            run_job(write_sound(what, path, like=like))
        assert words in str(caught.value)
    assert existing.read_bytes() == b"precious"
    assert source.read_bytes() == clip.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source.flac", "there.wav"]


@pytest.mark.skipif(os.name != "posix", reason="limits of a process are a POSIX matter")
@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_a_full_disk_leaves_the_target_as_it_was(tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"out.{suffix}"
    target.write_bytes(b"precious")
    code = (
        "import sys, signal, resource, pathlib, numpy as np\n"
        "from audiosr_desktop.audio.files import write_sound\n"
        "from audiosr_desktop.audio.sound import Sound\n"
        "from audiosr_desktop.errors import AudioFileError\n"
        "from audiosr_desktop.job import run_job\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))\n"
        "x = np.random.default_rng(0).standard_normal((2, 300_000)) * 0.1\n"
        "try:\n"
        "    run_job(write_sound(Sound.from_array(x, 48000), pathlib.Path(sys.argv[1]), overwrite=True))\n"
        "except AudioFileError as error:\n"
        "    sys.exit(str(error))\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, str(target)], capture_output=True, text=True, timeout=60, check=False
    )
    assert child.returncode == 1, child.stderr
    assert "cannot be written" in child.stderr
    assert child.stderr.count("\n") == 1
    assert target.read_bytes() == b"precious"
    assert len(list(tmp_path.iterdir())) == 1


def test_rights_and_links_are_kept(tmp_path: Path) -> None:
    real = tmp_path / "real.wav"
    real.write_bytes(b"old")
    real.chmod(0o640)
    link = tmp_path / "link.wav"
    link.symlink_to(real)
    written = run_job(write_sound(tone(0.1), link, overwrite=True))
    assert written.path == link
    assert link.is_symlink()
    assert real.stat().st_mode & 0o777 == 0o640
    assert probe(real).samples == 4800


def test_loud_float_sound_is_clipped_by_integers(tmp_path: Path) -> None:
    sound = Sound.from_array(np.array([[2.0, -2.0, 1.0, 0.5]]), 48000)
    run_job(write_sound(sound, tmp_path / "x.wav", output=OutputFormat("WAV", "PCM_16")))
    assert soundfile.read(tmp_path / "x.wav", dtype="int16")[0].tolist() == [32767, -32768, 32767, 16384]


def test_a_sound_too_long_for_wav_becomes_rf64(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audiosr_desktop.audio.files._RIFF_LIMIT", 100_000)
    written = run_job(write_sound(tone(1.0), tmp_path / "long.wav"))
    assert written.format == "RF64"
    assert written.samples == 48_000


def make_long_wav(path: Path, hours: float) -> None:
    """Make a WAV of zeros that takes no space on the disk."""
    size = int(hours * 3600 * 48_000) * 4
    head = (
        b"RIFF"
        + struct.pack("<I", 36 + size)
        + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, 1, 2, 48_000, 192_000, 4, 16)
    )
    with path.open("wb") as file:
        file.write(head + b"data" + struct.pack("<I", size))
        file.truncate(44 + size)


@pytest.mark.skipif(os.name != "posix", reason="peak memory is asked of the POSIX resource module")
def test_an_hour_is_not_held_in_memory(tmp_path: Path) -> None:
    make_long_wav(tmp_path / "hour.wav", 1.0)
    code = (
        "import sys, resource, pathlib\n"
        "from audiosr_desktop.audio.files import open_sound, require_finite\n"
        "from audiosr_desktop.audio.peaks import build_peaks\n"
        "from audiosr_desktop.audio.store import Scratch\n"
        "from audiosr_desktop.job import run_job\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "with Scratch.create(pathlib.Path(sys.argv[2])) as scratch:\n"
        "    sound = run_job(open_sound(pathlib.Path(sys.argv[1]), scratch))\n"
        "    assert sound.length == 3600 * 48000\n"
        "    run_job(build_peaks(sound))\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)\n"
    )
    child = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "hour.wav"), str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(child.stdout) * unit < 80_000_000  # the samples alone are 1.38 GB as float32
