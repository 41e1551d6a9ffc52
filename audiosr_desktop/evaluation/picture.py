"""Pictures of results as PNG files, drawn with NumPy alone: spectrograms side by side."""

import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.spectrum import stft
from audiosr_desktop.evaluation.glyphs import GLYPH_WIDTH, glyph

Samples = npt.NDArray[np.float32]
Image = npt.NDArray[np.uint8]

LOWEST_DB, HIGHEST_DB = -120.0, 0.0  # fixed, so that pictures can be compared
N_FFT = 2048

_PAPER, INK, PALE = (255, 255, 255), (40, 40, 48), (214, 214, 222)
SERIES = (
    *[(68, 119, 170), (238, 119, 51), (34, 136, 51), (204, 51, 119), (187, 187, 60), (102, 204, 238)],
    *[(102, 102, 102), (136, 34, 85), (17, 60, 120), (153, 153, 240), (240, 160, 170), (110, 70, 30)],
)
# dark to light at even steps of lightness, from black through purple and orange to cream
_COLOURS = np.array(
    [
        *[(0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122)],
        *[(229, 80, 100), (251, 135, 97), (254, 194, 135), (252, 253, 191)],
    ]
)
_FRAMES_PER_COLUMN = 2  # of a thumbnail
MARGIN, LEFT, BOTTOM, TOP = 12, 52, 34, 26
_MOST_FRAMES = 4096  # spectra computed for one picture: a long sound is looked at in places


@dataclass(frozen=True, slots=True)
class Panel:
    """One spectrogram: what stands above it, and the sound as float32 (channels, n)."""

    title: str
    samples: Samples


def write_before_after_png(path: Path, before: Samples, after: Samples, sample_rate: int) -> None:
    """Draw the spectrograms of a sound before and after, side by side, with time and frequency marked.

    Args:
        path: PNG file, replaced if it is there.
        before: float32 (channels, n); channels are averaged in power.
        after: same rate, any length.
        sample_rate: Hz.

    Raises:
        OSError: the file cannot be written.
    """
    write_spectrograms_png(path, [Panel("BEFORE", before), Panel("AFTER", after)], sample_rate)


def write_spectrograms_png(
    path: Path, panels: Sequence[Panel], sample_rate: int, *, width: int = 560, height: int = 400
) -> None:
    """Draw spectrograms of the same rate side by side, each `width` × `height` pixels; see `Panel`."""
    image = paper(LEFT + len(panels) * (width + LEFT), TOP + height + BOTTOM)
    for index, panel in enumerate(panels):
        left = LEFT + index * (width + LEFT)
        levels = spectrogram_db(panel.samples, height, width)
        image[TOP : TOP + height, left : left + width] = colour(levels)
        text(image, left, 8, panel.title)
        _frequency_ticks(image, left, height, sample_rate)
        _time_ticks(image, left, width, TOP + height, panel.samples.shape[1] / sample_rate)
    write_png(path, image)


def spectrogram_db(samples: Samples, rows: int, columns: int) -> Samples:
    """Return levels in dBFS of a sine, float32 (rows, columns), the highest frequency in the first row.

    Each pixel is the largest of the values that fall on it, so that thin lines and clicks are not lost.
    """
    padded = np.pad(samples, ((0, 0), (N_FFT // 2, N_FFT // 2)))
    half = N_FFT // 2

    def read(start: int, stop: int) -> Samples:
        return padded[:, start + half : stop + half]

    return _levels(read, samples.shape[1], rows, columns, _MOST_FRAMES)


def thumbnail_png(sound: Sound, *, top_hz: float | None = None, width: int = 240, height: int = 96) -> bytes:
    """Return a small spectrogram of a sound of any length as a PNG file; only the places drawn are read.

    Args:
        sound: what to draw.
        top_hz: frequency of the upper edge, at least that of the sound; half its rate by default.
        width: pixels.
        height: pixels.
    """
    nyquist_hz = sound.sample_rate / 2.0
    rows = max(1, round(height * nyquist_hz / max(nyquist_hz, top_hz or 0.0)))
    levels = _levels(sound.read_padded, sound.length, rows, width, _FRAMES_PER_COLUMN * width)
    return png_bytes(colour(np.pad(levels, ((height - rows, 0), (0, 0)), constant_values=LOWEST_DB)))


def _levels(
    read: Callable[[int, int], Samples], length: int, rows: int, columns: int, most_frames: int
) -> Samples:
    """Return what `spectrogram_db` says of sound that `read(start, stop)` gives, with silence around it."""
    if length == 0:
        return np.full((rows, columns), LOWEST_DB, np.float32)
    count = int(np.clip(length // 256, 1, most_frames))
    power = np.zeros((N_FFT // 2 + 1, count), np.float32)
    centres = ((np.arange(count) + 0.5) * length / count).astype(np.int64)
    for index, centre in enumerate(centres):
        frames = read(int(centre) - N_FFT // 2, int(centre) + N_FFT // 2)
        for frame in frames:
            spectrum = stft(frame, N_FFT, N_FFT, center=False)[:, 0]
            power[:, index] += np.abs(spectrum * (4.0 / N_FFT)) ** 2 / frames.shape[0]
    down = _reduced(power[::-1], rows)
    both = _reduced(down.T, columns).T
    levels: Samples = np.maximum(10.0 * np.log10(both + 1e-20), LOWEST_DB).astype(np.float32)
    return levels


def _reduced(values: Samples, size: int) -> Samples:
    """Return `size` rows: the largest of the rows that fall on each, or the nearest where there are fewer."""
    count = values.shape[0]
    starts = np.arange(size) * count // size
    rows: Samples = values[starts] if count <= size else np.maximum.reduceat(values, starts, axis=0)
    return rows


def colour(levels_db: Samples) -> Image:
    """Return the colours of levels in dB, uint8 (..., 3)."""
    place = np.clip((levels_db - LOWEST_DB) / (HIGHEST_DB - LOWEST_DB), 0.0, 1.0) * (len(_COLOURS) - 1)
    steps = np.arange(len(_COLOURS))
    channels = [np.interp(place, steps, _COLOURS[:, index]) for index in range(3)]
    return np.stack(channels, axis=-1).round().astype(np.uint8)


def write_png(path: Path, image: Image) -> None:
    """Write uint8 (rows, columns, 3) as a PNG file."""
    path.write_bytes(png_bytes(image))


def png_bytes(image: Image) -> bytes:
    """Return uint8 (rows, columns, 3) as the bytes of a PNG file.

    Source: W3C, Portable Network Graphics specification, second edition.
    """
    rows, columns, _ = image.shape
    # filter type 1 keeps the difference to the pixel on the left, which packs better
    left = np.pad(image, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    lines = np.concatenate([np.ones((rows, 1), np.uint8), (image - left).reshape(rows, -1)], axis=1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b"")]
    data = b"\x89PNG\r\n\x1a\n"
    for name, body in parts:
        data += struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
    return data


def paper(width: int, height: int) -> Image:
    """Return an empty picture."""
    return np.full((height, width, 3), _PAPER, np.uint8)


def ticks(highest: float, most: int = 8) -> list[float]:
    """Return round numbers from 0 to `highest`, at most `most` steps of 1, 2 or 5 times a power of ten."""
    if not highest > 0:
        return [0.0]
    power = 10.0 ** np.floor(np.log10(highest / most))
    step = next(power * factor for factor in (1, 2, 5, 10) if highest / (power * factor) <= most)
    return [float(round(index * step, 10)) for index in range(int(highest / step + 1e-9) + 1)]


def _frequency_ticks(image: Image, left: int, height: int, sample_rate: int) -> None:
    nyquist_khz = sample_rate / 2000.0
    for khz in ticks(nyquist_khz):
        row = min(TOP + height - 1, TOP + round(height * (1.0 - khz / nyquist_khz)))
        image[row, left - 5 : left] = INK
        unit = "K" if khz else " HZ"
        text(image, left - 8, row - 5, f"{khz:g}{unit}", right=True, size=1)


def _time_ticks(image: Image, left: int, width: int, top: int, duration_s: float) -> None:
    for seconds in ticks(duration_s):
        column = left + min(width - 1, round(width * seconds / duration_s)) if duration_s else left
        image[top : top + 5, column] = INK
        text(image, column, top + 9, f"{seconds:g} S", middle=True, size=1)


def text(
    image: Image, x: int, y: int, words: str, *, right: bool = False, middle: bool = False, size: int = 2
) -> None:
    """Write in capitals from (x, y), or to the left of it, or centred on it; what does not fit is cut off."""
    advance = (GLYPH_WIDTH + 1) * size
    if right or middle:
        x -= len(words) * advance // (1 if right else 2)
    for letter in words:
        dots = np.repeat(np.repeat(glyph(letter), size, axis=0), size, axis=1)
        rows, columns = np.nonzero(dots)
        inside = (y + rows >= 0) & (y + rows < image.shape[0]) & (x + columns >= 0)
        inside &= x + columns < image.shape[1]
        image[y + rows[inside], x + columns[inside]] = INK
        x += advance
