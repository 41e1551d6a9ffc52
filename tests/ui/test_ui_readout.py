"""Numbers as the window shows them."""

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosr_desktop.ui import readout
from audiosr_desktop.ui.panels.restore_panel import whole_length
from audiosr_desktop.ui.readout import parse_number, short_path


@pytest.mark.parametrize(
    ("seconds", "decimals", "text"),
    [
        (0, 3, "00:00.000"),
        (192.25, 3, "03:12.250"),
        (59.9996, 3, "01:00.000"),
        (3600, 0, "1:00:00"),
        (-1.5, 1, "-00:01.5"),
        (-0.0001, 3, "00:00.000"),
    ],
)
def test_times(seconds: float, decimals: int, text: str) -> None:
    assert readout.format_time(seconds, decimals) == text


@given(st.integers(0, 36_000_000))
def test_a_time_is_read_back(milliseconds: int) -> None:
    read = readout.parse_time(readout.format_time(milliseconds / 1000))
    assert read == pytest.approx(milliseconds / 1000)


@pytest.mark.parametrize(
    ("text", "seconds"), [("12,5", 12.5), ("1:02.5", 62.5), (" 1:00:00 ", 3600), (".5", 0.5)]
)
def test_typed_times(text: str, seconds: float) -> None:
    assert readout.parse_time(text) == seconds


@pytest.mark.parametrize("text", ["", "abc", "1:2:3:4", "-5", "1e3"])
def test_what_is_no_time(text: str) -> None:
    assert readout.parse_time(text) is None


@pytest.mark.parametrize(
    ("hz", "note"),
    [(440, "A4 +0 ct"), (261.63, "C4 +0 ct"), (452, "A4 +47 ct"), (1.0, ""), (27.5, "A0 +0 ct")],
)
def test_notes(hz: float, note: str) -> None:
    assert readout.note_name(hz) == note


def test_levels_and_lengths() -> None:
    assert readout.format_db(-math.inf) == "−∞ dBFS"
    assert readout.format_db(-12.34) == "−12.3 dBFS"
    assert readout.format_hz(6020) == "6.02 kHz"
    assert readout.format_length(0.25) == "250 ms"
    assert readout.format_length(1.5) == "1.50 s"
    assert readout.format_length(192) == "03:12"
    assert whole_length(191.9) == "03:12"
    assert whole_length(0.2) == "00:01"


@given(st.floats(1e-4, 1e5), st.integers(1, 40))
def test_ruler_steps_are_round_and_not_too_many(span: float, at_most: int) -> None:
    step = readout.round_step(span, at_most)
    figure = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert min(abs(figure - round_one) for round_one in (1, 2, 5, 10)) < 1e-6
    assert span / step <= at_most * (1 + 1e-6)
    assert len(list(readout.multiples(step, 0, span))) <= at_most + 2


def test_long_rulers_go_by_minutes() -> None:
    assert readout.time_step(600, 10) == 60
    assert readout.time_step(100, 10) == 10
    assert readout.step_decimals(0.05) == 2
    assert readout.step_decimals(10) == 0


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12.5", 12.5),
        ("12,5", 12.5),
        ("1.234,5", 1234.5),
        ("1,234.5", 1234.5),
        ("1 234,5", 1234.5),
        ("1\u202f234,5", 1234.5),
        ("1’234.5", 1234.5),
        ("−3", -3.0),
        ("1e3", 1000.0),
        ("", None),
        ("nan", None),
        ("a", None),
        ("1,2,3", None),
    ],
)
def test_typed_numbers(text: str, number: float | None) -> None:
    assert parse_number(text) == number


def test_places_below_the_home_folder_are_told_in_short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pathlib.Path.home", lambda: Path("/home/anna"))
    monkeypatch.setattr("sys.platform", "linux")
    assert short_path("/home/anna/.local/share/x") == "~/.local/share/x"
    assert short_path(Path("/usr/lib/vst3/A.vst3")) == "/usr/lib/vst3/A.vst3"
    monkeypatch.setattr("sys.platform", "win32")
    assert short_path("/home/anna/x") == "/home/anna/x"
