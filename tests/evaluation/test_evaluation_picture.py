"""Pictures: valid PNG files that show what they are given."""

import struct
import zlib

import numpy as np
import pytest

from audiosr_desktop.evaluation.glyphs import glyph
from audiosr_desktop.evaluation.picture import (
    HIGHEST_DB,
    LOWEST_DB,
    colour,
    spectrogram_db,
    write_before_after_png,
    write_png,
)

RATE = 48_000


def read_png(path):
    """Decode what `write_png` writes, checking every sum."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    place, chunks = 8, {}
    while place < len(data):
        size, name = struct.unpack(">I4s", data[place : place + 8])
        body = data[place + 8 : place + 8 + size]
        assert struct.unpack(">I", data[place + 8 + size : place + 12 + size])[0] == zlib.crc32(name + body)
        chunks[name] = body
        place += 12 + size
    columns, rows = struct.unpack(">II", chunks[b"IHDR"][:8])
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), np.uint8).reshape(rows, 1 + 3 * columns)
    assert (lines[:, 0] == 1).all()
    return np.cumsum(lines[:, 1:].reshape(rows, columns, 3), axis=1, dtype=np.uint8)


def test_png_holds_the_image(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (13, 17, 3), dtype=np.uint8)
    write_png(tmp_path / "image.png", image)
    np.testing.assert_array_equal(read_png(tmp_path / "image.png"), image)


@pytest.mark.parametrize("frequency_hz", [1_000, 12_000, 20_000])
def test_spectrogram_shows_a_tone_at_its_height_and_level(frequency_hz):
    tone = 0.1 * np.sin(2 * np.pi * frequency_hz * np.arange(RATE) / RATE)[None].astype(np.float32)
    levels = spectrogram_db(tone, 240, 100)
    assert levels.shape == (240, 100)
    row = int(np.argmax(levels[:, 50]))
    assert row == pytest.approx(240 * (1 - frequency_hz / 24_000), abs=1.5)
    assert levels[row, 50] == pytest.approx(-20, abs=1.5)


def test_spectrogram_shows_a_click_at_its_time():
    click = np.zeros((2, 4 * RATE), np.float32)
    click[:, 3 * RATE] = 1.0
    levels = spectrogram_db(click, 100, 400)
    assert int(np.argmax(levels.sum(axis=0))) == pytest.approx(300, abs=3)
    assert levels[:, :250].max() == LOWEST_DB


@pytest.mark.parametrize("length", [0, 1, 700])
def test_very_short_sound_can_be_drawn(tmp_path, length):
    short = np.zeros((1, length), np.float32)
    write_before_after_png(tmp_path / "short.png", short, short, RATE)
    assert read_png(tmp_path / "short.png").shape[2] == 3


def test_colours_grow_lighter_with_the_level():
    shades = colour(np.linspace(LOWEST_DB - 10, HIGHEST_DB + 10, 200, dtype=np.float32))
    lightness = shades.astype(float) @ (0.30, 0.59, 0.11)
    assert (np.diff(lightness) >= -1).all()
    assert lightness[0] < 5
    assert lightness[-1] > 240


def test_before_and_after_stand_side_by_side(tmp_path):
    rng = np.random.default_rng(0)
    after = (0.1 * rng.standard_normal((2, RATE))).astype(np.float32)
    spectrum = np.fft.rfft(after)
    spectrum[:, 6_000:] = 0
    before = np.fft.irfft(spectrum, RATE).astype(np.float32)
    write_before_after_png(tmp_path / "pair.png", before, after, RATE)
    image = read_png(tmp_path / "pair.png").astype(float).mean(axis=2)
    middle = image.shape[1] // 2
    top = slice(60, 200)  # well above 6 kHz
    assert image[top, 100 : middle - 100].mean() < 30
    assert image[top, middle + 100 : -100].mean() > 80


def test_letters_that_are_not_known_are_drawn_as_a_dash():
    assert (glyph("€") == glyph("-")).all()
    assert (glyph("a") == glyph("A")).all()
    assert not glyph(" ").any()
