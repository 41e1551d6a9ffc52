"""Settings: typed, with defaults, over a file."""

from pathlib import Path

import pytest
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot

from audiosr_desktop.ui.settings import Settings


def test_defaults_are_those_of_the_conventions(settings: Settings) -> None:
    assert settings.fft_size == 0
    assert settings.fft_window == "Hann"
    assert settings.overlap == 75.0
    assert settings.zero_padding == 2
    assert settings.frequency_scale == "linear"
    assert (settings.level_low_db, settings.level_high_db) == (-120.0, -20.0)
    assert settings.colour_map == "magma"
    assert settings.level_match is True


def test_values_survive_the_program(tmp_path: Path) -> None:
    path = str(tmp_path / "kept.ini")
    first = Settings(QSettings(path, QSettings.Format.IniFormat))
    first.fft_size, first.overlap, first.level_match = 4096, 87.5, False
    first.add_recent("/a.wav")
    first.add_recent("/b.wav")
    first.add_recent("/a.wav")
    first.store.sync()
    again = Settings(QSettings(path, QSettings.Format.IniFormat))
    assert (again.fft_size, again.overlap, again.level_match) == (4096, 87.5, False)
    assert again.recent_files == ["/a.wav", "/b.wav"]


def test_one_recent_file_is_still_a_list(tmp_path: Path) -> None:
    path = str(tmp_path / "one.ini")
    first = Settings(QSettings(path, QSettings.Format.IniFormat))
    first.add_recent("/only.wav")
    first.store.sync()
    assert Settings(QSettings(path, QSettings.Format.IniFormat)).recent_files == ["/only.wav"]


def test_rubbish_in_the_file_gives_the_default(settings: Settings) -> None:
    settings.store.setValue("spectrogram/fft_size", "many")
    settings.store.setValue("view/theme", "pink")
    assert settings.fft_size == 0
    assert settings.theme == "system"


def test_a_change_is_told_once(settings: Settings, qtbot: QtBot) -> None:
    told: list[str] = []
    settings.changed.connect(told.append)
    settings.colour_map = "viridis"
    settings.colour_map = "viridis"
    assert told == ["spectrogram/colours"]
    with pytest.raises(ValueError, match="jet"):
        settings.colour_map = "jet"
