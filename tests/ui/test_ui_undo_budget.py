"""The limit of what undo holds: the oldest steps go, with a word; the present and what is saved stay."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui import undo_budget
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.documents import Documents
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.undo_budget import UndoBudget, steps_to_drop

COUNT = 1_000  # samples that each step adds: 4 kB


def edited(steps: int) -> Document:
    sound = Sound.from_array(np.zeros((1, COUNT)), 8000)
    document = Document(sound, FileInfo(Path("a.wav"), "WAV", "PCM_16", "FILE", 8000, 1, COUNT))
    for number in range(1, steps + 1):
        more(document, number)
    return document


def more(document: Document, number: int) -> None:
    sound = Sound.from_array(np.full((1, COUNT), float(number)), 8000)
    document.edit(f"step {number}", sound, Region(0, COUNT))


def level(document: Document) -> float:
    return float(document.sound.read(0, 1)[0, 0])


def test_the_oldest_steps_go(qapp: QApplication) -> None:
    document = edited(6)
    document.undo_stack.undo()  # step 6 can be redone
    assert steps_to_drop(document, 7 * 4 * COUNT) == 0
    count = steps_to_drop(document, 4 * 4 * COUNT)
    assert count == 3
    shown: list[Region] = []
    document.sound_changed.connect(shown.append)
    document.forget_oldest(count)
    assert shown == []
    assert level(document) == 5
    assert [command.text() for command in document.commands()] == ["step 4", "step 5", "step 6"]
    document.undo_stack.redo()
    assert level(document) == 6
    document.undo_stack.setIndex(0)
    assert level(document) == 3
    assert document.modified  # what was opened cannot be come back to


def test_the_present_and_saved_steps_stay(qapp: QApplication) -> None:
    document = edited(4)
    assert steps_to_drop(document, 0.0) == 3  # the last one can still be undone
    document.set_saved(Path("a.asrproj"))
    assert steps_to_drop(document, 0.0) == 0


def test_it_is_told(qtbot: QtBot, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(undo_budget, "GIGABYTE", 4.0 * COUNT)
    settings.undo_gb = 5.0
    documents = Documents()
    budget = UndoBudget(documents, settings)
    document = edited(4)
    documents.add(document)
    with qtbot.waitSignal(budget.told, timeout=10_000) as told:
        more(document, 5)
    assert told.args == ["The oldest step of a.wav can no longer be undone: undo took more than 5 GB."]
    assert document.undo_stack.count() == 4
    assert level(document) == 5
