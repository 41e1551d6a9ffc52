"""The sub-commands that measure sound, or damage it for a measurement: analyze, compare, degrade."""

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from audiosr_desktop.audio.files import write_sound
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli_output import UsageError, drive, write_json, write_table
from audiosr_desktop.cli_sound import check_output, open_input, whole
from audiosr_desktop.dsp.degrade import Chances, Damage, Gap, apply_damage, random_damage
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.errors import AudioSRError, SoundError
from audiosr_desktop.evaluation import analysis, comparison
from audiosr_desktop.evaluation.codec import through_codec

_DEFAULT_BITRATE = 64
_MOST_CODEC_CHANNELS = 2
_DEFAULT_TONE_AMPLITUDE = 0.05


def analyze(arguments: argparse.Namespace) -> int:
    """Carry out `analyze`; one bad file of several does not stop the rest, but the exit code is then 1."""
    found: list[dict[str, Any]] = []
    failed = 0
    with Scratch.create() as scratch:
        for path in arguments.files:
            try:
                report = _analysis(path, scratch)
            except AudioSRError as error:
                if len(arguments.files) == 1:
                    raise
                print(error, file=sys.stderr)
                failed = 1
                continue
            found.append(report)
            if not arguments.json:
                write_table(report)
                print()
    if arguments.json:
        write_json(found[0] if len(arguments.files) == 1 else found)
    return failed


def _analysis(path: Path, scratch: Scratch) -> dict[str, Any]:
    info, sound = open_input(path, scratch)
    return asdict(drive(analysis.analyze(sound, info)))


def compare(arguments: argparse.Namespace) -> int:
    """Carry out `compare`."""
    with Scratch.create() as scratch:
        _, reference = open_input(arguments.reference, scratch)
        _, estimate = open_input(arguments.estimate, scratch)
        rate = reference.sample_rate
        samples = whole(estimate)
        if estimate.sample_rate != rate:
            samples = resample(samples, estimate.sample_rate, rate)
        figures = comparison.compare(whole(reference), samples, rate, arguments.cutoff_hz)
    report = {
        "reference": arguments.reference,
        "estimate": arguments.estimate,
        "sample_rate": rate,
        "sample_rate_estimate": estimate.sample_rate,
        "cutoff_hz": arguments.cutoff_hz,
        **asdict(figures),
    }
    if arguments.json:
        write_json(report)
    else:
        write_table(report)
    return 0


def degrade(arguments: argparse.Namespace) -> int:
    """Carry out `degrade`."""
    _require_damage(arguments)
    rng = np.random.default_rng(arguments.seed)
    with Scratch.create() as scratch:
        info, sound = open_input(arguments.input, scratch)
        output = check_output(arguments.output, info, overwrite=arguments.overwrite)
        damage = _damage(arguments, sound, rng)
        samples = apply_damage(whole(sound), sound.sample_rate, damage, rng, through_codec)
        result = Sound.from_array(samples, sound.sample_rate)
        drive(write_sound(result, arguments.output, output=output, like=info, overwrite=arguments.overwrite))
    report = {
        "input": arguments.input,
        "output": arguments.output,
        "seed": arguments.seed,
        "sample_rate": sound.sample_rate,
        "damage": asdict(damage),
        "codec": damage.codec,
        "bitrate": damage.bitrate_kbps if damage.codec else None,
        "samples_over_full_scale": int((np.abs(samples) > 1.0).sum()),
    }
    if arguments.json:
        write_json(report)
    else:
        write_table(report)
    return 0


def _require_damage(arguments: argparse.Namespace) -> None:
    lowpass, tone = arguments.lowpass_hz is not None, arguments.tone_hz is not None
    asked = lowpass or tone or bool(arguments.white_amplitude) or bool(arguments.gap)
    if arguments.random and asked:
        raise UsageError("--random chooses the damage; leave out the options that name it")
    if not (asked or arguments.random or arguments.codec):
        raise UsageError("no damage was asked for: name some, or use --random")
    if not lowpass and (arguments.filter or arguments.order):
        raise UsageError("--filter and --order need --lowpass-hz")
    if not tone and arguments.tone_amplitude is not None:
        raise UsageError("--tone-amplitude needs --tone-hz")
    if arguments.bitrate and not arguments.codec:
        raise UsageError("--bitrate needs --codec")


def _damage(arguments: argparse.Namespace, sound: Sound, rng: np.random.Generator) -> Damage:
    if arguments.codec and sound.channels > _MOST_CODEC_CHANNELS:
        raise SoundError(f"--codec takes one or two channels; {arguments.input} has {sound.channels}.")
    if arguments.random:
        codecs = 0.0 if arguments.codec else 0.25
        drawn = random_damage(rng, sound.duration_s, sound.sample_rate, Chances(codec=codecs, level=0.5))
        return replace(
            drawn, codec=arguments.codec or drawn.codec, bitrate_kbps=arguments.bitrate or drawn.bitrate_kbps
        )
    highest_hz = sound.sample_rate / 2
    for option, frequency_hz in (("--lowpass-hz", arguments.lowpass_hz), ("--tone-hz", arguments.tone_hz)):
        if frequency_hz is not None and frequency_hz >= highest_hz:
            raise SoundError(
                f"{option} {frequency_hz:g} must lie below {highest_hz:g} Hz, "
                f"half the rate of {arguments.input}."
            )
    for start_s, _ in arguments.gap:
        if start_s >= sound.duration_s:
            raise SoundError(
                f"--gap {start_s:g} is after the end of {arguments.input}, "
                f"which lasts {sound.duration_s:.3f} s."
            )
    amplitude = arguments.tone_amplitude
    return Damage(
        lowpass_hz=arguments.lowpass_hz,
        filter=arguments.filter or "cheby",
        order=arguments.order or 8,
        tone_hz=arguments.tone_hz,
        tone_amplitude=_DEFAULT_TONE_AMPLITUDE if amplitude is None else amplitude,
        white_amplitude=arguments.white_amplitude or 0.0,
        gaps=tuple(Gap(start_s, length_ms) for start_s, length_ms in arguments.gap),
        codec=arguments.codec,
        bitrate_kbps=arguments.bitrate or _DEFAULT_BITRATE,
    )
