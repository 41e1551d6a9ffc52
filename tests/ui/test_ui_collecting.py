"""Garbage: windows die in the window's thread, whichever thread makes the garbage."""

import gc
import threading
import weakref
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from audiosr_desktop.ui.collecting import Collector


class Panel(QWidget):
    """A widget in a cycle, as most are."""

    def __init__(self, died_in: list[int]) -> None:
        super().__init__()
        self.itself = self
        weakref.finalize(self, lambda: died_in.append(threading.get_ident()))


def allocate() -> None:
    """Make so much garbage that the interpreter would collect of itself."""
    for _ in range(20_000):
        cycle: list[object] = []
        cycle.append(cycle)


@pytest.fixture
def collector(qapp: QApplication) -> Iterator[Collector]:
    yield Collector()
    gc.disable()  # as the other tests want it
    gc.freeze()


def test_what_is_qts_dies_in_the_windows_thread(collector: Collector, qtbot: QtBot) -> None:
    collector.start()
    try:
        died_in: list[int] = []
        Panel(died_in)
        thread = threading.Thread(target=allocate)
        thread.start()
        thread.join()
        assert died_in == []
        qtbot.waitUntil(lambda: bool(died_in), timeout=10_000)
        assert died_in == [threading.get_ident()]
    finally:
        collector.stop()


def test_while_sound_is_played_only_what_is_young_is_looked_through(
    qapp: QApplication, monkeypatch: pytest.MonkeyPatch
) -> None:
    playing, looked = [True], []
    collector = Collector(lambda: playing[0])
    monkeypatch.setattr(gc, "get_count", lambda: (10_000, 100, 100))
    monkeypatch.setattr(gc, "collect", looked.append)
    collector._on_due()
    playing[0] = False
    collector._on_due()
    assert looked == [1, 2]


def test_what_was_loaded_is_left_out(collector: Collector) -> None:
    collector.start()
    try:
        loaded = [[number] for number in range(1_000)]
        before = len(gc.get_objects())
        collector.leave_out()
        assert len(gc.get_objects()) <= before - len(loaded)
        assert gc.get_freeze_count() > len(loaded)
    finally:
        collector.stop()


@pytest.mark.parametrize("had_it", [True, False])
def test_the_interpreter_gets_its_task_back_if_it_had_it(collector: Collector, had_it: bool) -> None:
    if had_it:
        gc.enable()
    collector.start()
    assert not gc.isenabled()
    collector.stop()
    assert gc.isenabled() == had_it
