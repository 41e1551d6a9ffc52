"""Numbers as the window shows them: times, frequencies, levels, and the round numbers of rulers."""

import math
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QLocale

_NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
_LONG_STEPS_S = (10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 36000)
_TIME = re.compile(r"^(?:(?:(\d+):)?(\d+):)?(\d+(?:[.,]\d*)?|[.,]\d+)$")


def own_mark(text: str, locale: QLocale | None = None) -> str:
    """Return figures with the decimal mark of a locale, the user's by itself, and a true minus sign."""
    text = text.replace(".", (locale or QLocale()).decimalPoint())
    return f"−{text[1:]}" if text.startswith("-") else text


def figures(value: float, spec: str) -> str:
    """Return a number in a format of Python's, with the decimal mark of the user's locale."""
    return own_mark(f"{value:{spec}}")


def percent(share: float) -> str:
    """Return a share of one: "42 %"."""
    return f"{100 * share:.0f} %"


def short_path(path: str | Path) -> str:
    """Return a path with the user's folder as "~", where that is how one writes it."""
    place = Path(path)
    if sys.platform != "win32" and place.is_relative_to(Path.home()):
        return str("~" / place.relative_to(Path.home()))
    return str(place)


def memory_figure(count: int) -> str:
    """Return an estimate of memory, no finer than it is: "400 MB", "4.4 GB"."""
    return f"{figures(count / 1e9, '.1f')} GB" if count >= 1e9 else f"{round(count / 1e7) * 10} MB"


def format_time(seconds: float, decimals: int = 3) -> str:
    """Return a time as minutes and seconds, "03:12.250", with hours only where there are some."""
    scale = 10**decimals
    ticks = round(abs(seconds) * scale)
    whole, part = divmod(ticks, scale)
    hours, rest = divmod(whole, 3600)
    text = f"{rest // 60:02d}:{rest % 60:02d}"
    if hours:
        text = f"{hours}:{text}"
    if decimals:
        text += f"{QLocale().decimalPoint()}{part:0{decimals}d}"
    return f"-{text}" if seconds < 0 and ticks else text


def time_decimals(pixel_s: float) -> int:
    """Return with how many decimals a time is told where a pixel is so many seconds: 3, up to 6 close by."""
    return min(6, max(3, -math.floor(math.log10(pixel_s)))) if pixel_s > 0 else 3


def format_length(seconds: float) -> str:
    """Return a length of time as a person says it: "0.42 ms", "850 ms", "1.50 s", "03:12"."""
    if seconds < 1.0:
        return f"{figures(seconds * 1000, '.0f' if seconds >= 0.01 or not seconds else '.2g')} ms"
    return f"{figures(seconds, '.2f')} s" if seconds < 59.995 else format_time(seconds, 0)


def parse_time(text: str) -> float | None:
    """Return seconds read from "12.5", "1:02,5" or "1:00:00"; None when it is no time."""
    match = _TIME.match(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = match.groups()
    return int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds.replace(",", "."))


def parse_number(text: str) -> float | None:
    """Return a number read from "1234.5", "1234,5", "1 234,5" or "2e3"; None when it is no number.

    A point or a comma is the decimal mark in every locale; where both are, the last one.
    """
    plain = "".join(text.split()).replace("’", "").replace("−", "-")
    for mark, other in ((".", ","), (",", ".")):
        if plain.rfind(mark) > plain.rfind(other) >= 0:
            plain = plain.replace(other, "")
    try:
        value = float(plain.replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def format_hz(hz: float) -> str:
    """Return a frequency with three or four figures: "440 Hz", "6.02 kHz"."""
    return f"{hz:.0f} Hz" if hz < 999.5 else f"{figures(hz / 1000, '.2f')} kHz"


def note_name(hz: float) -> str:
    """Return the nearest note of equal temperament at A4 = 440 Hz and the distance to it: "A4 +3 ct"."""
    if hz < 8.0:
        return ""
    semitones = 69 + 12 * math.log2(hz / 440.0)
    nearest = round(semitones)
    cents = round((semitones - nearest) * 100)
    return f"{_NOTES[nearest % 12]}{nearest // 12 - 1} {figures(cents, '+d')} ct"


def format_db(level_db: float) -> str:
    """Return a level with a true minus sign and a word for silence."""
    return "−∞ dBFS" if level_db == -math.inf else f"{figures(level_db, '.1f')} dBFS"


def round_step(span: float, at_most: int) -> float:
    """Return the smallest of 1, 2, 5 × 10^n that divides `span` into at most `at_most` steps."""
    wanted = span / max(1, at_most)
    base = 10.0 ** math.floor(math.log10(wanted))
    return next(base * factor for factor in (1.0, 2.0, 5.0, 10.0) if base * factor >= wanted * (1 - 1e-9))


def time_step(span_s: float, at_most: int) -> float:
    """Return a round step for a time ruler; above 5 s a part or a multiple of a minute."""
    wanted = span_s / max(1, at_most)
    if wanted <= 5.0:
        return round_step(span_s, at_most)
    return float(next((step for step in _LONG_STEPS_S if step >= wanted), _LONG_STEPS_S[-1]))


def step_decimals(step: float) -> int:
    """Return how many decimals the multiples of `step` need."""
    return max(0, -math.floor(math.log10(step) + 1e-9))


def multiples(step: float, start: float, stop: float) -> Iterator[float]:
    """Yield the multiples of `step` in [start, stop]."""
    for index in range(math.ceil(start / step - 1e-9), math.floor(stop / step + 1e-9) + 1):
        yield index * step
