"""A page for listening to takes offline: one HTML file that holds sound, pictures and figures itself."""

import base64
import html
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from audiosr_desktop import __version__, paths
from audiosr_desktop.audio.atomic import replacing
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.dsp.level import integrated_loudness, peak_db, true_peak_db
from audiosr_desktop.errors import AudioFileError, SoundError
from audiosr_desktop.evaluation.listening_facts import told_facts
from audiosr_desktop.evaluation.picture import (
    Panel,
    colour,
    png_bytes,
    spectrogram_db,
    write_spectrograms_png,
)
from audiosr_desktop.job import Job, Progress, part_of
from audiosr_desktop.playback.abx import LEVEL, TRIALS
from audiosr_desktop.playback.mixer import DUCK_S, FADE_S
from audiosr_desktop.playback.ranking import anchor_of
from audiosr_desktop.playback.takes import letter, matched_gains_db

LONGEST_S = 600.0  # of sound that a page holds
PAGE = "index.html"
PICTURE = 280, 880  # rows and columns of a spectrogram; the page writes its scales
_MARK = "/*DATA*/"


@dataclass(frozen=True, slots=True)
class ListeningTake:
    """One of the sounds that are compared.

    Attributes:
        name: what it is; hidden in blind tests.
        sound: of the same rate, channels and length as the others.
        facts: how it was made, for the table; plain values.
    """

    name: str
    sound: Sound
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Listening:
    """What was written.

    Attributes:
        path: the page.
        gains_db: of each take, so that all are equally loud.
        loudness_lufs: of each take as it was.
    """

    path: Path
    gains_db: tuple[float, ...]
    loudness_lufs: tuple[float, ...]


def write_listening(
    takes: Sequence[ListeningTake],
    out: Path,
    *,
    overwrite: bool = False,
    words: Mapping[str, Mapping[str, str]] | None = None,
) -> Job[Listening]:
    """Write a page with A/B switching, ABX and blind ranking that needs no network.

    Args:
        takes: the source first.
        out: a file that ends in .html, or a folder: it gets the page, the takes as WAV files and pictures.
        overwrite: replace what is there.
        words: for each language, translations of what the facts say (warnings, names) beside the page's own.

    Raises:
        SoundError: fewer than two takes, takes that cannot be compared, or more sound than a page holds.
        AudioFileError: the target is there already or cannot be written.
    """
    _require_comparable(takes)
    single = out.suffix.lower() in (".html", ".htm")
    page = out if single else out / PAGE
    if page.exists() and not overwrite:
        raise AudioFileError(f"{page} is there already: choose another name or allow overwriting.", page)
    rate, length = takes[0].sound.sample_rate, takes[0].sound.length
    sounds = [take.sound for take in takes]
    gains_db = yield from part_of(matched_gains_db(sounds, 0, length), 0.0, 0.2)
    anchor = anchor_of(sounds[0])
    plain = [sound.read(0, length) for sound in [*sounds, anchor]]
    factors = [10.0 ** (gain / 20.0) for gain in [*gains_db, gains_db[0]]]
    matched = [samples * np.float32(factor) for samples, factor in zip(plain, factors, strict=True)]
    highest = max(float(np.abs(samples).max(initial=0.0)) for samples in matched)
    if highest > 1.0:  # sound over full scale: all by the same, so that nothing is clipped
        matched = [samples / np.float32(highest) for samples in matched]
    pictures: list[bytes] = []
    for number, take in enumerate(takes):
        yield Progress(0.2 + 0.5 * number / len(takes), f"Drawing {take.name}")
        pictures.append(png_bytes(colour(spectrogram_db(plain[number], *PICTURE))))
    loudness = tuple(integrated_loudness(samples, rate) for samples in plain[: len(takes)])
    yield Progress(0.7, "Writing the page")
    data = {
        "rate": rate,
        "trials": TRIALS,
        "level": LEVEL,
        "fade_s": FADE_S,
        "duck_s": DUCK_S,
        "takes": [
            {
                "letter": letter(number),
                "name": take.name,
                "gain_db": round(gains_db[number], 3),
                "audio": _flac(matched[number], rate),
                "picture": _in_base64(pictures[number]),
            }
            for number, take in enumerate(takes)
        ],
        "anchor": _flac(matched[-1], rate),
        "figures": [
            {
                "Take": f"{letter(number)} · {take.name}",
                "Loudness": f"{loudness[number]:.1f} LUFS",
                "True peak": f"{true_peak_db(plain[number], rate):.1f} dBTP",
                "Peak": f"{peak_db(plain[number]):.1f} dBFS",
                "Gain for equal loudness": f"{round(gains_db[number], 1) + 0.0:+.1f} dB",
                **told_facts(take.facts),
            }
            for number, take in enumerate(takes)
        ],
        "version": __version__,
        "words": {
            path.stem: {**json.loads(path.read_text(encoding="utf-8")), **(words or {}).get(path.stem, {})}
            for path in _catalogues()
        },
    }
    text = _filled(" · ".join(take.name for take in takes), data)
    try:
        page.parent.mkdir(parents=True, exist_ok=True)
        if not single:
            for number, samples in enumerate(matched[:-1]):
                name = letter(number)
                soundfile.write(page.parent / f"{name}.wav", samples.T, rate, "PCM_24")
                panel, (height, width) = Panel(name, plain[number]), PICTURE
                write_spectrograms_png(page.parent / f"{name}.png", [panel], rate, width=width, height=height)
        with replacing(page) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except (OSError, soundfile.LibsndfileError) as error:
        raise AudioFileError(f"{page} cannot be written: {error}.", page) from error
    return Listening(page, tuple(gains_db), loudness)


def _require_comparable(takes: Sequence[ListeningTake]) -> None:
    if len(takes) < 2:
        raise SoundError("Listening needs at least two takes to compare.")
    kinds = {(take.sound.sample_rate, take.sound.channels, take.sound.length) for take in takes}
    if len(kinds) > 1:
        raise SoundError("Takes of different rates, channels or lengths cannot be compared.")
    duration_s = takes[0].sound.duration_s
    if not 0.0 < duration_s <= LONGEST_S:
        raise SoundError(
            f"A listening page holds up to {LONGEST_S / 60:g} min of sound, not {duration_s / 60:.1f} min: "
            "choose a shorter part."
        )


def _catalogues() -> list[Path]:
    """Return the files of the page's texts in other languages, by the English ones."""
    return sorted((paths.resources_dir() / "listen").glob("*.json"))


def _filled(title: str, data: Mapping[str, object]) -> str:
    template = (paths.resources_dir() / "listen" / "page.html").read_text(encoding="utf-8")
    # a tag in a name would end the script
    script = json.dumps(data, ensure_ascii=False, allow_nan=False).replace("<", "\\u003c")
    return template.replace("<!--TITLE-->", html.escape(title)).replace(_MARK, script)


def _flac(samples: Samples, rate: int) -> str:
    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", rate, samples.shape[0], "PCM_24", format="FLAC") as writer:
        for start in range(0, samples.shape[1], 1 << 16):
            writer.write(np.clip(samples[:, start : start + (1 << 16)].T, -1.0, 1.0 - 2.0**-23))
    return _in_base64(file.getvalue())


def _in_base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
