"""The sub-command `listen`: takes on a page that plays, switches and tests blind without a network."""

import argparse
import sys
from pathlib import Path

from audiosr_desktop.audio.files import open_sound, probe, require_finite
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli_output import drive, write_json
from audiosr_desktop.errors import SoundError
from audiosr_desktop.evaluation.listening import ListeningTake, write_listening

_TOLD_FROM_S = 0.01


def listen(arguments: argparse.Namespace) -> int:
    """Carry out `listen`."""
    warnings: list[str] = []
    with Scratch.create() as scratch:
        sounds = _alike(
            [_opened(path, scratch) for path in arguments.takes], arguments.takes, scratch, warnings
        )
        takes = [
            ListeningTake(path.stem, sound, {"File": path.name})
            for path, sound in zip(arguments.takes, sounds, strict=True)
        ]
        written = drive(write_listening(takes, arguments.out, overwrite=arguments.overwrite))
        report = {
            "output": written.path,
            "sample_rate": sounds[0].sample_rate,
            "duration_s": sounds[0].duration_s,
            "takes": [
                {"path": path, "loudness_lufs": loudness, "gain_db": gain}
                for path, loudness, gain in zip(
                    arguments.takes, written.loudness_lufs, written.gains_db, strict=True
                )
            ],
            "warnings": warnings,
        }
    for warning in warnings:
        print(warning, file=sys.stderr)
    if arguments.json:
        write_json(report)
    else:
        print(f"{written.path} plays {len(takes)} takes, equally loud; open it in a browser.")
    return 0


def _opened(path: Path, scratch: Scratch) -> Sound:
    probe(path)
    sound = drive(open_sound(path, scratch))
    drive(require_finite(sound, path=path))
    return sound


def _alike(sounds: list[Sound], names: list[Path], scratch: Scratch, warnings: list[str]) -> list[Sound]:
    """Return all takes at the highest rate and the shortest length."""
    from audiosr_desktop.effects.conversion import resample_sound  # noqa: PLC0415  loads scipy

    for name, sound in zip(names, sounds, strict=True):
        if sound.channels != sounds[0].channels:
            raise SoundError(
                f"{name} has {sound.channels} channels and {names[0]} has {sounds[0].channels}: "
                "takes with different channels cannot be compared."
            )
    rate = max(sound.sample_rate for sound in sounds)
    if any(sound.sample_rate != rate for sound in sounds):
        warnings.append(f"All takes are at {rate} Hz on the page: some had another rate.")
    sounds = [
        sound if sound.sample_rate == rate else drive(resample_sound(sound, rate, scratch))
        for sound in sounds
    ]
    length = min(sound.length for sound in sounds)
    if max(sound.length for sound in sounds) - length > _TOLD_FROM_S * rate:
        warnings.append(
            f"The takes differ in length; the page ends with the shortest, at {length / rate:.3f} s."
        )
    return [sound.slice(0, length) for sound in sounds]
