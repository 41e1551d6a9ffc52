"""Sound files: what is in them, opening them, and writing them without ever leaving half a file."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from audiosr_desktop.audio.atomic import replacing
from audiosr_desktop.audio.chunks import Marker
from audiosr_desktop.audio.containers import is_cut_short
from audiosr_desktop.audio.file_stores import DecodedStore, FileStore, native_name
from audiosr_desktop.audio.formats import (
    LOSSY_QUALITY,
    bytes_per_sample,
    choose_format,
    encode,
    is_lossy,
    is_seekable,
    read_dtype,
)
from audiosr_desktop.audio.mpeg import counted_samples, may_be_mpeg, write_with_length
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.audio.tags import Carrier, carry_metadata, read_markers
from audiosr_desktop.errors import AudioFileError, SoundError
from audiosr_desktop.job import Job, Progress

MAX_CHANNELS = 8
MIN_RATE = 2_000
MAX_RATE = 384_000

_RIFF_LIMIT = 2**32 - 2**24  # bytes of sound in a WAV, with room for its other chunks
_UNKNOWN_LENGTH = 2**62  # libsndfile's count when a FLAC header leaves it open
_DITHER_SEED = 0  # the same file each time it is written
_TAIL = 4096  # samples read at the end to see that they are there


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a sound file says of itself.

    Attributes:
        path: where it is.
        format: in libsndfile's words: "WAV", "FLAC", "OGG" …
        subtype: the sample format: "PCM_16", "FLOAT", "VORBIS" …
        endian: byte order: "FILE" (the format's own), "LITTLE", "BIG" or "CPU".
        sample_rate: in Hz.
        channels: 1 to 8.
        samples: per channel.
    """

    path: Path
    format: str
    subtype: str
    endian: str
    sample_rate: int
    channels: int
    samples: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.samples / self.sample_rate


@dataclass(frozen=True, slots=True)
class OutputFormat:
    """A file format and its sample format, in libsndfile's words ("WAV", "PCM_24")."""

    format: str
    subtype: str


@dataclass(frozen=True, slots=True)
class WriteOptions:
    """How a file is written.

    Attributes:
        dither: add triangular noise of one step before rounding to whole numbers.
        metadata: carry tags, cover and markers over.
        markers: to be written in place of the source's; None keeps those.
    """

    dither: bool = False
    metadata: bool = True
    markers: list[Marker] | None = None


def file_markers(info: FileInfo) -> list[Marker]:
    """Return the markers that a sound file holds; none when they cannot be read."""
    return read_markers(Carrier(info.path, info.format, info.subtype, info.sample_rate))


def probe(path: Path) -> FileInfo:
    """Read what a file says of itself, without its sound.

    Raises:
        AudioFileError: there is no such file, it is no sound, it is damaged or cut short, or its rate or
            number of channels is out of range.
    """
    return _examine(path)[0]


def open_sound(path: Path, scratch: Scratch) -> Job[Sound]:
    """Open a file as a sound; memory and time do not grow with the length of a lossless one.

    Lossless files stay where they are and are read when asked for. Lossy ones are decoded once into
    `scratch`, since a seek in them does not find a sample exactly.

    Raises:
        AudioFileError: as `probe`, or the file holds no sound.
    """
    yield Progress(0.0, f"Opening {path.name}")
    info, seekable = _examine(path)
    if info.samples == 0:
        raise AudioFileError(f"{path.name} holds no sound: its length is zero.", path)
    if seekable:
        return Sound.from_store(FileStore(path, info.samples), info.sample_rate)
    return (yield from _decode(info, scratch))


def require_finite(sound: Sound, region: Region | None = None, *, path: Path | None = None) -> Job[None]:
    """Check that every sample is a number.

    Args:
        sound: to look through.
        region: to look at alone.
        path: of the file that it is from, to be named in the error.

    Raises:
        SoundError: names the time of the first sample that is not.
    """
    start, stop = (0, sound.length) if region is None else (region.start, region.stop)
    for first in range(start, stop, BLOCK):
        yield Progress((first - start) / (stop - start), "Checking samples")
        block = sound.read(first, min(first + BLOCK, stop))
        _require_finite_block(block, first, sound.sample_rate, path)


def output_format(path: Path, like: FileInfo | None = None) -> OutputFormat:
    """Return the format of `path`'s suffix with the sample format of `like`, or one that loses nothing.

    Raises:
        AudioFileError: the suffix names no format that can be written.
    """
    return OutputFormat(*choose_format(path, like.format if like else None, like.subtype if like else None))


def write_sound(
    sound: Sound,
    path: Path,
    *,
    output: OutputFormat | None = None,
    like: FileInfo | None = None,
    overwrite: bool = False,
    options: "WriteOptions | None" = None,
) -> Job[FileInfo]:
    """Write a sound to a file that appears only when it is complete.

    Args:
        sound: samples beyond full scale are clipped by integer formats.
        path: its suffix chooses the format unless `output` is given. A WAV over 4 GB becomes RF64.
        output: format and sample format.
        like: the source; its sample format is kept and its tags, cover, markers and bext are carried over.
        overwrite: replace an existing file.
        options: dither, and what becomes of tags and markers.

    Raises:
        AudioFileError: the file exists and may not be replaced, the format cannot carry the sound, or the
            target cannot be written; an existing file is then as it was.
        SoundError: a sample is not a number, and the format holds only numbers.
    """
    target = Path(os.path.realpath(path))  # a link stays a link to the new file
    chosen = _fit_size(output or output_format(path, like), sound)
    _require_writable(target, sound, chosen, like, overwrite)
    try:
        with replacing(target) as temporary:
            wanted = options or WriteOptions()
            yield from _write_samples(sound, temporary, chosen, path, dither=wanted.dither)
            if like is not None and wanted.metadata:
                source = Carrier(like.path, like.format, like.subtype, like.sample_rate)
                carrier = Carrier(temporary, chosen.format, chosen.subtype, sound.sample_rate)
                carry_metadata(source, carrier, wanted.markers)
            _require_complete(temporary, sound, chosen, path)
    except OSError as error:
        raise _write_error(path, error) from error
    return replace(probe(target), path=path)


def _require_complete(temporary: Path, sound: Sound, chosen: OutputFormat, path: Path) -> None:
    """Read the new file's header back: a full disk is not always told while writing."""
    try:
        samples = probe(temporary).samples
    except AudioFileError as error:
        raise _write_error(path, error) from error
    if not is_lossy(chosen.subtype) and samples != sound.length:
        raise _write_error(path, OSError(f"{samples} of {sound.length} samples written"))


def _write_samples(
    sound: Sound, temporary: Path, chosen: OutputFormat, path: Path, *, dither: bool
) -> Job[None]:
    dtype = read_dtype(chosen.subtype)
    random = np.random.default_rng(_DITHER_SEED) if dither else None
    options = {"compression_level": 1.0 - LOSSY_QUALITY} if is_lossy(chosen.subtype) else {}
    try:
        file = soundfile.SoundFile(
            native_name(temporary),
            "x",
            sound.sample_rate,
            sound.channels,
            chosen.subtype,
            format=chosen.format,
            **options,
        )
    except (soundfile.LibsndfileError, ValueError) as error:
        raise AudioFileError(
            f"{path.name} cannot be written: {chosen.format} {chosen.subtype} does not carry "
            f"{sound.channels} channels at {sound.sample_rate} Hz; choose another format.",
            path,
        ) from error
    try:
        with file:
            for first in range(0, sound.length, BLOCK):
                yield Progress(first / sound.length, f"Writing {path.name}")
                block = sound.read(first, min(first + BLOCK, sound.length), dtype)
                if chosen.subtype not in {"FLOAT", "DOUBLE"}:
                    _require_finite_block(block, first, sound.sample_rate)
                file.write(encode(block, chosen.subtype, random))
    except (soundfile.LibsndfileError, AssertionError) as error:  # soundfile asserts that all was written
        raise _write_error(path, error) from error


def _examine(path: Path) -> tuple[FileInfo, bool]:
    """Return what `probe` says, and whether a seek in the file finds each sample exactly."""
    _require_file(path)
    try:
        with soundfile.SoundFile(native_name(path)) as file:
            info = FileInfo(
                path, file.format, file.subtype, file.endian, file.samplerate, file.channels, file.frames
            )
            _require_supported(info)
            if info.samples >= _UNKNOWN_LENGTH:
                return replace(info, samples=sum(map(len, _blocks_forward(file)))), False
            if info.format == "MP3" and (counted := counted_samples(path) or 0) > info.samples:
                return replace(info, samples=counted), False
            seekable = is_seekable(info.format, info.subtype)
            if seekable and info.samples:
                _require_tail(file, info)
    except (soundfile.LibsndfileError, OSError, TypeError) as error:  # TypeError: a file without any header
        raise AudioFileError(
            f"{path.name} cannot be read as sound: it is damaged, or not a sound file ({_reason(error)}).",
            path,
        ) from error
    return info, seekable


def _blocks_forward(file: soundfile.SoundFile) -> Iterator[Samples]:
    """Read a file to its end in blocks (samples, channels) without ever seeking."""
    file._info.seekable = 0  # soundfile seeks after each read, which a file of unknown length cannot
    while len(block := file.read(BLOCK, dtype="float32", always_2d=True)):
        yield block


def _decode(info: FileInfo, scratch: Scratch) -> Job[Sound]:
    """Decode a whole file into the scratch folder."""
    path = info.path
    copy = scratch.new_path()
    try:
        source = path
        if info.format == "MP3" and soundfile.info(native_name(path)).frames < info.samples:
            write_with_length(path, copy, info.samples)
            source = copy
        with scratch.writer(info.channels) as writer, soundfile.SoundFile(native_name(source)) as file:
            for block in _blocks_forward(file):
                writer.write(block.T)
                yield Progress(min(1.0, writer.length / info.samples), f"Decoding {path.name}")
            if writer.length < info.samples:
                raise _cut_short(path)
            return Sound.from_store(DecodedStore(path, writer.finish()), info.sample_rate)
    except (soundfile.LibsndfileError, OSError) as error:
        raise AudioFileError(f"{path.name} cannot be decoded: {_reason(error)}.", path) from error
    finally:
        copy.unlink(missing_ok=True)


def _require_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise AudioFileError(f"{path} is a folder; choose a sound file in it.", path)
        if not path.exists():
            raise AudioFileError(f"There is no file {path}.", path)
        if not path.is_file():
            raise AudioFileError(f"{path} is a device or a pipe, not a file.", path)
        if path.stat().st_size == 0:
            raise AudioFileError(f"{path.name} is empty: it has no bytes at all.", path)
        if is_cut_short(path):
            raise _cut_short(path)
        if path.suffix.lower() == ".mp3" and not may_be_mpeg(path):
            raise AudioFileError(f"{path.name} cannot be read as sound: it is no MP3 file.", path)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the name
        raise AudioFileError(f"{path} cannot be read: {_reason(error)}.", path) from error


def _require_supported(info: FileInfo) -> None:
    if info.channels > MAX_CHANNELS:
        raise AudioFileError(
            f"{info.path.name} has {info.channels} channels; up to {MAX_CHANNELS} are supported.", info.path
        )
    if not MIN_RATE <= info.sample_rate <= MAX_RATE:
        raise AudioFileError(
            f"{info.path.name} has a sample rate of {info.sample_rate} Hz; "
            f"{MIN_RATE} to {MAX_RATE} Hz are supported.",
            info.path,
        )


def _require_tail(file: soundfile.SoundFile, info: FileInfo) -> None:
    """Read the last samples: a cut FLAC still promises them."""
    wanted = min(info.samples, _TAIL)
    try:
        file.seek(info.samples - wanted)
        got = len(file.read(wanted, dtype="float32"))
    except soundfile.LibsndfileError as error:
        raise _cut_short(info.path) from error
    if got != wanted:
        raise _cut_short(info.path)


def _require_writable(
    target: Path, sound: Sound, chosen: OutputFormat, like: FileInfo | None, overwrite: bool
) -> None:
    if target.is_dir():
        raise AudioFileError(f"{target} is a folder; give the name of a file.", target)
    if not target.parent.is_dir():
        raise AudioFileError(f"The folder {target.parent} does not exist; make it or choose another.", target)
    if target.exists() and not overwrite:
        what = (
            "is the source itself" if like is not None and same_file(like.path, target) else "exists already"
        )
        raise AudioFileError(f"{target} {what}; choose another name or allow overwriting.", target)
    needed = sound.length * sound.channels * bytes_per_sample(chosen.subtype)
    free = shutil.disk_usage(target.parent).free
    if (
        chosen.format not in {"FLAC", "OGG", "MP3"}
        and not chosen.subtype.startswith("ALAC")
        and needed > free
    ):
        raise AudioFileError(
            f"{target.name} needs {needed / 1e6:.0f} MB; {target.parent} has {free / 1e6:.0f} MB free.",
            target,
        )


def _require_finite_block(
    block: NDArray[Any], first: int, sample_rate: int, path: Path | None = None
) -> None:
    if np.isfinite(block).all():
        return
    at = first + int(np.argmax(~np.isfinite(block).all(axis=0)))
    when = f"{at / sample_rate:.3f}"
    if path is None:
        raise SoundError(
            f"A sample is not a number (NaN or infinite) at {when} s; silence or cut it first.", at
        )
    raise SoundError(
        f"{path.name} has a sample that is not a number (NaN or infinite) at {when} s; cut it out first.",
        at,
    )


def _fit_size(chosen: OutputFormat, sound: Sound) -> OutputFormat:
    size = sound.length * sound.channels * bytes_per_sample(chosen.subtype)
    if chosen.format in {"WAV", "WAVEX"} and size > _RIFF_LIMIT:
        return OutputFormat("RF64", chosen.subtype)
    return chosen


def same_file(one: Path, other: Path) -> bool:
    """Return whether two paths are one file; False while one is not there."""
    try:
        return one.samefile(other)
    except OSError:
        return False


def _cut_short(path: Path) -> AudioFileError:
    return AudioFileError(f"{path.name} is cut short: its header promises more sound than it holds.", path)


def _write_error(path: Path, error: Exception) -> AudioFileError:
    return AudioFileError(
        f"{path} cannot be written ({_reason(error)}): is the disk full or read-only? Nothing was changed.",
        path,
    )


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = getattr(error, "error_string", None) or str(error) or "write error"
    return str(text).strip().rstrip(".")
