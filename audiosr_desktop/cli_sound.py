"""Sound files on the command line: opening the input, and refusing a bad output before the work is done."""

from pathlib import Path

from audiosr_desktop.audio.files import (
    FileInfo,
    OutputFormat,
    open_sound,
    output_format,
    probe,
    require_finite,
)
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.cli_output import drive
from audiosr_desktop.errors import AudioFileError


def open_input(path: Path, scratch: Scratch) -> tuple[FileInfo, Sound]:
    """Open a file and check that its samples are numbers.

    Raises:
        AudioFileError: it cannot be read.
        SoundError: a sample is not a number.
    """
    info = probe(path)
    sound = drive(open_sound(path, scratch))
    drive(require_finite(sound, path=path))
    return info, sound


def whole(sound: Sound) -> Samples:
    """Return all samples of a sound, float32 (channels, samples)."""
    return sound.read(0, sound.length)


def check_output(path: Path, like: FileInfo, *, overwrite: bool) -> OutputFormat:
    """Return the format of the output, or refuse it now rather than after a long job.

    Raises:
        AudioFileError: the suffix names no format, the folder is not there, or the file is.
    """
    if path.is_dir():
        raise AudioFileError(f"{path} is a folder; give the name of a file.", path)
    if not path.parent.is_dir():
        raise AudioFileError(f"The folder {path.parent} does not exist; make it or choose another.", path)
    if path.exists() and not overwrite:
        raise AudioFileError(f"{path} exists already; choose another name or add --overwrite.", path)
    return output_format(path, like)
