"""The autosave's writer: off the GUI thread, in order, and nothing is lost when it ends."""

import threading
from collections.abc import Callable
from typing import cast

from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.journal import Journal
from audiosr_desktop.audio.project_values import Contents
from audiosr_desktop.errors import ProjectError
from audiosr_desktop.ui.autosave_writer import AutosaveWriter


class FakeJournal:
    """Notes what is written, and by which thread; can be held and can fail."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name, self.notes = name, notes
        self.go, self.begun = threading.Event(), threading.Event()
        self.go.set()
        self.error: ProjectError | None = None
        self.threads: set[int] = set()

    def write(self, contents: object) -> None:
        self.begun.set()
        assert self.go.wait(10)
        self.threads.add(threading.get_ident())
        if self.error is not None:
            raise self.error
        self.notes.append(f"{self.name} {contents}")

    def discard(self) -> None:
        self.notes.append(f"{self.name} gone")


def putting(writer: AutosaveWriter) -> Callable[[FakeJournal, object], None]:
    return lambda journal, contents: writer.put(cast(Journal, journal), cast("Contents | None", contents))


def test_it_writes_in_order_and_only_the_newest_of_what_waits(qtbot: QtBot) -> None:
    notes: list[str] = []
    one, other, writer = FakeJournal("one", notes), FakeJournal("other", notes), AutosaveWriter()
    put = putting(writer)
    one.go.clear()
    with qtbot.waitSignal(writer.written, timeout=10_000):
        put(one, 1)
        assert one.begun.wait(10)  # put() came back while it is being written
        put(one, 2)
        put(other, 1)
        put(one, 3)
        assert notes == []
        one.go.set()
    assert notes == ["one 1", "other 1", "one 3"]
    assert threading.get_ident() not in one.threads


def test_a_failure_is_told_and_the_others_are_written(qtbot: QtBot) -> None:
    notes: list[str] = []
    bad, good, writer = FakeJournal("bad", notes), FakeJournal("good", notes), AutosaveWriter()
    bad.error = ProjectError("The disk is full.", None)  # type: ignore[arg-type]
    put = putting(writer)
    with qtbot.waitSignals([writer.failed, writer.written], timeout=10_000):
        put(bad, 1)
        put(good, 1)
    assert notes == ["good 1"]


def test_waiting_ends_when_everything_is_on_disk(qtbot: QtBot) -> None:
    notes: list[str] = []
    journal, writer = FakeJournal("one", notes), AutosaveWriter()
    put = putting(writer)
    for number in range(20):
        put(journal, number)
    put(journal, None)
    writer.wait()
    assert notes[-1] == "one gone"
    put(journal, 21)
    writer.wait()
    assert notes[-1] == "one 21"
    with qtbot.waitSignal(writer.written, timeout=10_000):
        pass
