"""Export, projects, tabs, recent files and drops by mouse and keys, and what lies on disk afterwards."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path

import mutagen
import numpy as np
import pytest
import soundfile
from conftest import RATE, write_tone
from hand import ALT, CTRL, LEFT, SHIFT, Hand, answer, button, chosen, click, named, typed
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QLineEdit,
    QTabBar,
    QWidget,
)

from audiosr_desktop.audio.project import ProjectFile
from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.dialogs.error_dialog import ErrorDialog
from audiosr_desktop.ui.document import Document

K = Qt.Key


def opened(hand: Hand, path: Path) -> Document:
    hand.window.filing.open_file(path)
    hand.idle()
    assert hand.document.path == path
    return hand.document


def asked(hand: Hand, key: Qt.Key, how: Qt.KeyboardModifier, act: Callable[[QDialog], None]) -> None:
    """Press a key that opens a dialog, and answer it."""
    answer(act)
    hand.press(key, how)


def exported(hand: Hand, path: Path, *, replace: bool = False, **fields: object) -> None:
    """Fill in the export dialog: the name is typed, what is to choose chosen by keys, boxes clicked."""

    def fill(dialog: QDialog) -> None:
        for name, text in fields.items():
            title = name.replace("_", " ")
            if isinstance(text, bool):
                box = next(b for b in dialog.findChildren(QCheckBox) if b.text().startswith(title))
                if box.isChecked() != text:
                    QTest.keyClick(box, K.Key_Space)
                assert box.isChecked() == text
            else:
                rows = {"Format": "format", "Depth": "depth_box", "Part": "part"}
                box = getattr(dialog, rows[title])
                assert isinstance(box, QComboBox)
                chosen(box, str(text))
        typed(named(dialog, QLineEdit, "File"), str(path))
        if replace:
            answer(lambda question: click(button(question, "Replace")))
        click(button(dialog, "Export"))

    asked(hand, K.Key_E, CTRL | SHIFT, fill)


FORMATS = [
    (suffix, name, depth, kind, subtype)
    for suffix, name, kind in ((".wav", "WAV", "WAV"), (".flac", "FLAC", "FLAC"), (".aiff", "AIFF", "AIFF"))
    for depth, subtype in (("16 bit", "PCM_16"), ("24 bit", "PCM_24"), ("32 bit float", "FLOAT"))
    if (name, depth) != ("FLAC", "32 bit float")
] + [
    (".ogg", "Ogg Vorbis", None, "OGG", "VORBIS"),
    (".opus", "Opus", None, "OGG", "OPUS"),
    (".mp3", "MP3", None, "MP3", "MPEG_LAYER_III"),
]


@pytest.mark.parametrize("wanted", FORMATS, ids=lambda wanted: f"{wanted[1]} {wanted[4]}")
def test_export_in_every_format(
    hand: Hand, tmp_path: Path, wanted: tuple[str, str, str | None, str, str]
) -> None:
    suffix, name, depth, kind, subtype = wanted
    tones = np.sin(2 * np.pi * np.outer(np.arange(RATE) / RATE, [311.0, 523.0]))
    sound = (0.3 * tones + np.random.default_rng(4).normal(0.0, 0.001, tones.shape)).astype(np.float32)
    soundfile.write(tmp_path / "in.wav", sound, RATE, "FLOAT")
    opened(hand, tmp_path / "in.wav")
    target = tmp_path / f"out{suffix}"
    fields = {"Format": name} | ({"Depth": depth} if depth else {}) | ({"Dither": False} if depth else {})
    if depth == "32 bit float":
        del fields["Dither"]
    exported(hand, target, **fields)
    info = soundfile.info(target)
    assert (info.format, info.subtype, info.samplerate, info.channels) == (kind, subtype, RATE, 2)
    assert not hand.document.modified
    found = soundfile.read(target, dtype="float64")[0]
    bits = {"PCM_16": 16, "PCM_24": 24}.get(subtype)
    if subtype == "FLOAT":
        assert np.array_equal(found, sound)
    elif bits:
        assert np.abs(found - sound).max() <= 0.501 / 2 ** (bits - 1)
    else:
        size = min(len(found), len(sound))
        error = found[:size] - sound[:size]
        assert abs(len(found) - len(sound)) < 3_000
        assert 10 * np.log10((error**2).mean() / (sound**2).mean()) < -20


def test_dither_has_the_noise_and_the_linearity_of_tpdf(hand: Hand, tmp_path: Path) -> None:
    at = np.arange(8 * RATE) / RATE
    level = 10 ** (-105 / 20)  # a third of a step of 16 bits
    quiet = level * np.sin(2 * np.pi * 1_000 * at)
    soundfile.write(tmp_path / "quiet.wav", quiet.astype(np.float32), RATE, "FLOAT")
    opened(hand, tmp_path / "quiet.wav")
    exported(hand, tmp_path / "plain.wav", Depth="16 bit", Dither=False)
    assert not soundfile.read(tmp_path / "plain.wav", dtype="int16")[0].any()
    exported(hand, tmp_path / "dither.wav", Depth="16 bit", Dither=True)
    found = soundfile.read(tmp_path / "dither.wav", dtype="int16")[0].astype(np.float64)
    tone = np.exp(-2j * np.pi * 1_000 * at)
    measured = 2 * np.abs((found * tone).mean()) / 32768
    assert 20 * np.log10(measured / level) == pytest.approx(0.0, abs=0.4)
    noise = found - quiet * 32768
    assert noise.std() == pytest.approx(0.5, abs=0.01)  # of a step: TPDF and rounding together
    for harmonic in (2, 3, 5):
        part = 2 * np.abs((found * tone**harmonic).mean()) / 32768
        assert 20 * np.log10(part / level) < -20  # lost in the noise of 8 s
    loud = 0.5 + 0.4 * np.sin(2 * np.pi * 0.25 * at)  # the noise does not follow the sound
    soundfile.write(tmp_path / "loud.wav", loud.astype(np.float32), RATE, "FLOAT")
    opened(hand, tmp_path / "loud.wav")
    exported(hand, tmp_path / "loud out.wav", Depth="16 bit", Dither=True)
    left = soundfile.read(tmp_path / "loud out.wav", dtype="int16")[0] - loud.astype(np.float32) * 32768.0
    assert [left[start : start + RATE].std() for start in range(0, 8 * RATE, RATE)] == pytest.approx(
        [0.5] * 8, abs=0.015
    )


@pytest.mark.parametrize("suffix", [".flac", ".mp3", ".ogg", ".wav"])
def test_tags_are_carried_over_or_not(hand: Hand, tmp_path: Path, suffix: str) -> None:
    source = tmp_path / "in.flac"
    soundfile.write(source, np.zeros(RATE), RATE)
    tags = mutagen.File(source)
    tags["title"], tags["artist"], tags["date"] = "Überfahrt", "A. Person", "1968"
    tags.save()
    opened(hand, source)
    formats = {".flac": "FLAC", ".mp3": "MP3", ".ogg": "Ogg Vorbis", ".wav": "WAV"}
    for carry in (True, False):
        target = tmp_path / f"{carry}{suffix}"
        exported(hand, target, Format=formats[suffix], Carry_tags=carry)
        found = mutagen.File(target, easy=suffix == ".mp3")
        if suffix == ".wav":
            title = str(found.tags["TIT2"]) if found.tags else ""
            artist = str(found.tags["TPE1"]) if found.tags else ""
        else:
            title, artist = (found.get(key, [""])[0] for key in ("title", "artist"))
        assert (title, artist) == (("Überfahrt", "A. Person") if carry else ("", ""))


def test_a_selection_is_exported_over_a_file_that_may_be_replaced(hand: Hand, tmp_path: Path) -> None:
    opened(hand, write_tone(tmp_path / "in.wav"))
    target = tmp_path / "out.wav"
    target.write_bytes(b"old")
    hand.span("0:00.500", "0:00.750")

    def thinks_better_of_it(dialog: QDialog) -> None:
        typed(named(dialog, QLineEdit, "File"), str(target))
        answer(lambda question: QTest.keyClick(question, K.Key_Escape))
        click(button(dialog, "Export"))
        assert dialog.isVisible()

    asked(hand, K.Key_E, CTRL | SHIFT, thinks_better_of_it)
    assert target.read_bytes() == b"old"
    exported(hand, target, replace=True, Part="Selection", Depth="As the source")
    found = soundfile.read(target, dtype="float32")[0]
    assert np.array_equal(found, hand.samples()[0, 24_000:36_000])


def error_of(hand: Hand) -> ErrorDialog:
    (dialog,) = [one for one in hand.window.findChildren(ErrorDialog) if one.isVisible()]
    return dialog


@contextlib.contextmanager
def full_disk(size: int = 50_000) -> Iterator[None]:
    """Have no file grow beyond a size meanwhile, as on a disk that is full."""
    resource = pytest.importorskip("resource")  # not on Windows
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_failed_export_leaves_the_old_file_and_can_be_tried_again(hand: Hand, tmp_path: Path) -> None:
    opened(hand, write_tone(tmp_path / "in.wav"))
    target = tmp_path / "out.wav"
    target.write_bytes(b"old")
    before = set(tmp_path.iterdir())
    with full_disk():
        exported(hand, target, replace=True)
    dialog = error_of(hand)
    assert "out.wav" in dialog.happened.text()
    assert dialog.means.text() == "The document is as it was, and so is the file that was there."
    assert target.read_bytes() == b"old"
    assert set(tmp_path.iterdir()) == before
    click(button(dialog, "Try again"))
    hand.idle()
    assert soundfile.info(target).frames == 2 * RATE


# projects


def saved(hand: Hand, path: Path, *, whole: bool = False, key: bool = False) -> None:
    def fill(dialog: QDialog) -> None:
        typed(named(dialog, QLineEdit, "Project file"), str(path))
        box = dialog.findChild(QCheckBox)
        assert box is not None
        if box.isChecked() != whole:
            QTest.keyClick(box, K.Key_Space)
        if path.exists():
            answer(lambda question: click(button(question, "Replace")))
        click(button(dialog, "Save"))

    asked(hand, K.Key_S, CTRL if key else CTRL | SHIFT, fill)


def edited(hand: Hand, path: Path) -> tuple[list[str], np.ndarray]:
    """Open a file and make a few steps; return their names and the samples after them."""
    opened(hand, path)
    hand.to(K.Key_Home)
    hand.press(K.Key_M)
    hand.span("0:00.200", "0:00.400")
    hand.press(K.Key_X, CTRL)
    hand.span("0:01.000", "0:01.100")
    hand.press(K.Key_M)
    hand.effect("Gain")
    hand.value("Gain", "-3")
    hand.press(K.Key_Return, CTRL)
    hand.press(K.Key_Z, CTRL)
    return hand.steps(), hand.samples()


@pytest.mark.parametrize("whole", [False, True])
def test_all_of_a_project_comes_back_through_the_recent_files(
    hand: Hand, tmp_path: Path, *, whole: bool
) -> None:
    source = write_tone(tmp_path / "in.wav")
    steps, samples = edited(hand, source)
    hand.press(K.Key_Equal, CTRL)  # a closer view
    timeline = hand.editor.timeline
    seen = timeline.start, timeline.stop, timeline.playhead, timeline.selection
    marks = hand.document.marks
    saved(hand, tmp_path / "work", whole=whole, key=True)
    assert not hand.document.modified
    hand.press(K.Key_W, CTRL)
    assert not hand.editor.documents.all
    if whole:
        source.unlink()
    hand.window.menuBar()  # what was saved is the newest of the recent files
    hand.menu("File", "Open recent", "work.asrproj")
    assert hand.document.path == tmp_path / "work.asrproj"
    assert hand.steps() == steps == ["Add marker", "Cut", "Add region", "Gain"]
    assert hand.document.undo_stack.index() == 3
    assert np.array_equal(hand.samples(), samples)
    assert hand.document.marks == marks
    assert (timeline.start, timeline.stop, timeline.playhead, timeline.selection) == seen
    hand.press(K.Key_Y, CTRL)
    gained = hand.samples()[:, 48_480:52_320] / np.where(samples, samples, 1)[:, 48_480:52_320]
    np.testing.assert_allclose(gained[samples[:, 48_480:52_320] != 0], 10 ** (-3 / 20), rtol=1e-4)
    for _ in range(4):
        hand.press(K.Key_Z, CTRL)
    assert hand.sound.length == 2 * RATE
    assert not hand.document.marks


def test_a_source_that_moved_is_found_by_hand(hand: Hand, tmp_path: Path) -> None:
    source = write_tone(tmp_path / "in.wav")
    before = source.read_bytes()
    _, samples = edited(hand, source)
    saved(hand, tmp_path / "work")
    hand.press(K.Key_W, CTRL)
    (tmp_path / "there").mkdir()
    source.rename(tmp_path / "there" / "other name.wav")

    def file_dialog(dialog: QDialog) -> None:
        assert isinstance(dialog, QFileDialog)
        line = dialog.findChild(QLineEdit, "fileNameEdit")
        assert line is not None
        QTest.keyClicks(line, str(tmp_path / "there" / "other name.wav"))
        QTest.keyClick(line, K.Key_Return)

    def relocate(dialog: QDialog) -> None:
        assert dialog.windowTitle() == "Missing sources"
        answer(file_dialog)
        click(button(dialog, "Find"))
        click(button(dialog, "Open"))

    answer(relocate)
    hand.window.filing.open_file(tmp_path / "work.asrproj")
    hand.qtbot.waitUntil(lambda: hand.editor.document is not None, timeout=20_000)
    hand.idle()
    assert np.array_equal(hand.samples(), samples)
    assert (tmp_path / "there" / "other name.wav").read_bytes() == before


def test_a_project_that_another_tab_shows_is_not_replaced(hand: Hand, tmp_path: Path) -> None:
    _, samples = edited(hand, write_tone(tmp_path / "one.wav"))
    saved(hand, tmp_path / "one.asrproj", whole=True)
    first = (tmp_path / "one.asrproj").read_bytes()
    opened(hand, write_tone(tmp_path / "two.wav", seconds=1.0))
    hand.press(K.Key_M)
    saved(hand, tmp_path / "one.asrproj")
    dialog = error_of(hand)
    assert dialog.happened.text() == "one.asrproj is open in another tab; choose another name."
    assert [one.text() for one in dialog.remedies] == ["Save in another place…", "Try again"]
    dialog.reject()
    assert (tmp_path / "one.asrproj").read_bytes() == first
    assert hand.document.modified
    hand.document.undo_stack.setClean()
    hand.press(K.Key_W, CTRL)
    assert np.array_equal(hand.samples(), samples)


def test_saving_a_project_in_its_own_place_goes_on_reading_and_saving(hand: Hand, tmp_path: Path) -> None:
    project = tmp_path / "work.asrproj"
    _, samples = edited(hand, write_tone(tmp_path / "in.wav"))
    saved(hand, project, whole=True)
    hand.press(K.Key_W, CTRL)
    opened(hand, project)  # its samples are read from the project now
    saved(hand, project, whole=False)
    hand.press(K.Key_L, CTRL | SHIFT)
    hand.press(K.Key_S, CTRL)
    assert not hand.document.modified
    hand.press(K.Key_Z, CTRL)
    assert np.array_equal(hand.samples(), samples)
    hand.press(K.Key_S, CTRL)
    hand.press(K.Key_W, CTRL)
    opened(hand, project)
    assert np.array_equal(hand.samples(), samples)


def test_an_export_saves_no_project(hand: Hand, tmp_path: Path) -> None:
    edited(hand, write_tone(tmp_path / "in.wav"))
    saved(hand, tmp_path / "work.asrproj")
    hand.press(K.Key_L, CTRL | SHIFT)
    exported(hand, tmp_path / "out.wav")
    assert hand.document.modified  # its history is in no file


def test_what_was_exported_can_be_recovered_after_a_kill(hand: Hand, tmp_path: Path) -> None:
    edited(hand, write_tone(tmp_path / "in.wav"))
    exported(hand, tmp_path / "out.wav")
    assert not hand.document.modified
    hand.window.autosave.wait()
    (left,) = hand.editor.scratch.folder.glob("*.autosave")
    file = ProjectFile.open(left, "autosave")
    summary = file.summary()
    file.close()
    assert (summary.done, summary.saved) == (3, -1)


def test_a_closed_project_is_let_go(hand: Hand, tmp_path: Path) -> None:
    edited(hand, write_tone(tmp_path / "in.wav"))
    saved(hand, tmp_path / "work.asrproj")
    assert hand.window.projects._files
    hand.press(K.Key_W, CTRL)
    assert not hand.window.projects._files


def test_a_file_that_the_clipboard_reads_is_not_written_over(hand: Hand, tmp_path: Path) -> None:
    source = write_tone(tmp_path / "in.wav")
    before = source.read_bytes()
    opened(hand, source)
    hand.press(K.Key_A, CTRL)
    hand.press(K.Key_C, CTRL)
    copied = hand.samples()
    hand.press(K.Key_W, CTRL)
    opened(hand, write_tone(tmp_path / "other.wav", seconds=0.5))
    exported(hand, source, replace=True)
    assert error_of(hand).happened.text().startswith("What was copied is read from in.wav")
    error_of(hand).reject()
    assert source.read_bytes() == before
    hand.press(K.Key_A, CTRL)
    hand.press(K.Key_V, CTRL)
    assert np.array_equal(hand.samples(), copied)


def test_a_recent_file_that_is_gone_is_taken_off_the_list(hand: Hand, tmp_path: Path) -> None:
    gone, here = write_tone(tmp_path / "gone.wav"), write_tone(tmp_path / "here.wav")
    opened(hand, gone)
    opened(hand, here)
    gone.unlink()
    hand.press(K.Key_W, CTRL)
    hand.press(K.Key_W, CTRL)
    hand.menu("File", "Open recent", "gone.wav")
    dialog = error_of(hand)
    assert dialog.happened.text() == f"gone.wav is no longer in {tmp_path}."
    click(button(dialog, "Remove from the list"))
    assert hand.window.settings.recent_files == [str(here)]
    hand.menu("File", "Open recent", "here.wav")
    assert hand.document.path == here


@pytest.mark.parametrize("again", [True, False])
def test_a_full_disk_leaves_the_saved_project_and_the_open_document(
    hand: Hand, tmp_path: Path, *, again: bool
) -> None:
    project = tmp_path / "work.asrproj"
    edited(hand, write_tone(tmp_path / "in.wav"))
    saved(hand, project, whole=True)
    hand.press(K.Key_A, CTRL)
    hand.effect("Gain")
    hand.press(K.Key_Return, CTRL)
    hand.window.autosave.wait()
    samples, before, names = hand.samples(), project.read_bytes(), set(tmp_path.iterdir())
    with full_disk():
        if again:
            hand.press(K.Key_S, CTRL)
        else:
            saved(hand, project, whole=True)
    dialog = error_of(hand)
    assert dialog.happened.text().startswith(
        f"{project} cannot be written"
    )  # not a name that it has meanwhile
    assert "is the disk full or read-only?" in dialog.happened.text()
    assert dialog.means.text().startswith("The document is open with all its edits")
    assert project.read_bytes() == before
    assert set(tmp_path.iterdir()) == names
    assert np.array_equal(hand.samples(), samples)
    click(button(dialog, "Try again"))
    hand.idle()
    assert not hand.document.modified
    hand.press(K.Key_W, CTRL)
    opened(hand, project)
    assert np.array_equal(hand.samples(), samples)


def test_a_full_disk_ends_an_effect_and_an_autosave_in_a_sentence(hand: Hand, tmp_path: Path) -> None:
    at = np.random.default_rng(3).normal(0.0, 0.1, (1_300_000, 2))  # more than is kept in memory
    soundfile.write(tmp_path / "in.wav", at, RATE, "FLOAT")
    opened(hand, tmp_path / "in.wav")
    before = hand.samples()
    hand.effect("Invert polarity")
    with full_disk():
        hand.press(K.Key_Return, CTRL)
    dialog = error_of(hand)
    assert dialog.means.text() == "Nothing was changed."
    dialog.reject()
    assert np.array_equal(hand.samples(), before)
    assert not hand.steps()
    hand.press(K.Key_M)
    hand.window.autosave.wait()
    hand.span("0:00.000", "0:01.000")
    with full_disk(1_000):
        hand.press(K.Key_L, CTRL | SHIFT)
        hand.window.autosave.wait()
        hand.qtbot.waitUntil(lambda: any(one.isVisible() for one in hand.window.findChildren(ErrorDialog)))
    assert error_of(hand).windowTitle() == "Autosave"
    error_of(hand).reject()
    hand.press(K.Key_M)
    hand.window.autosave.wait()
    (left,) = hand.editor.scratch.folder.glob("*.autosave")
    with contextlib.closing(ProjectFile.open(left, "autosave")) as file:
        assert file.summary().done == 3  # there is room again


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="a folder where nobody can write")
def test_a_read_only_place_is_said_before_or_after(hand: Hand, tmp_path: Path) -> None:
    opened(hand, write_tone(tmp_path / "in.wav", seconds=0.2))
    exported(hand, Path("/proc/out.wav"))
    assert "/proc" in error_of(hand).happened.text()  # it has no room, either
    error_of(hand).reject()
    saved(hand, Path("/proc/work.asrproj"))
    assert "/proc/work.asrproj cannot be written" in error_of(hand).happened.text()
    error_of(hand).reject()
    assert hand.sound.length == RATE // 5


# tabs


def close_button_of(tabs: QTabBar, place: int) -> QWidget:
    found = tabs.tabButton(place, QTabBar.ButtonPosition.RightSide)
    assert found is not None
    return found


@pytest.mark.parametrize("how", ["button", "middle", "key"])
def test_closing_a_tab_asks_what_becomes_of_edits(hand: Hand, tmp_path: Path, how: str) -> None:
    for name in ("one", "two"):
        opened(hand, write_tone(tmp_path / f"{name}.wav"))
        hand.press(K.Key_M)
    tabs = hand.window.tabs

    def closed(word: str, act: Callable[[QDialog], None] | None = None) -> None:
        def decide(question: QDialog) -> None:
            assert "two.wav has one unsaved edit." in question.text()  # type: ignore[attr-defined]
            if act is not None:
                answer(act)
            click(button(question, word))

        answer(decide)
        if how == "button":
            click(close_button_of(tabs, 1))
        elif how == "middle":
            QTest.mouseClick(tabs, Qt.MouseButton.MiddleButton, pos=tabs.tabRect(1).center())
        else:
            hand.press(K.Key_W, CTRL)
        hand.idle()

    closed("Cancel")
    assert tabs.count() == 2
    if how == "key":

        def save(dialog: QDialog) -> None:
            typed(named(dialog, QLineEdit, "Project file"), str(tmp_path / "two.asrproj"))
            click(button(dialog, "Save"))

        closed("Save", save)
        assert (tmp_path / "two.asrproj").exists()
    else:
        closed("Discard edits")
    assert [document.path.name for document in hand.editor.documents.all] == ["one.wav"]


def test_tabs_are_dragged_to_another_place(hand: Hand, tmp_path: Path) -> None:
    for name in "abc":
        opened(hand, write_tone(tmp_path / f"{name}.wav", seconds=0.2))
    tabs = hand.window.tabs
    QApplication.processEvents()
    start, stop = tabs.tabRect(0).center(), tabs.tabRect(2).center() + QPoint(20, 0)
    QTest.mousePress(tabs, LEFT, pos=start)
    for step in range(1, 11):
        QTest.mouseMove(tabs, start + (stop - start) * step / 10)
    QTest.mouseRelease(tabs, LEFT, pos=stop)
    names = [document.path.stem for document in hand.editor.documents.all]
    assert names == ["b", "c", "a"]
    assert hand.document.path.stem == "a"
    hand.qtbot.waitUntil(lambda: [tabs.tabText(i)[0] for i in range(3)] == names)


# drops

PANES: dict[str, Callable[[Hand], QWidget]] = {
    "waveform": lambda hand: hand.window.view.waveform,
    "spectrogram": lambda hand: hand.window.view.spectrogram,
    "overview": lambda hand: hand.window.view.overview,
    "tab bar": lambda hand: hand.window.tabs,
    "form": lambda hand: hand.window.panel,
    "history": lambda hand: hand.window.history.list.viewport(),
    "transport": lambda hand: hand.window.transport_bar,
    "a field": lambda hand: hand.window.selection_bar.start,
    "status bar": lambda hand: hand.window.status,
    "menu bar": lambda hand: hand.window.menuBar(),
}


def dropped(hand: Hand, over: QWidget, paths: list[Path]) -> None:
    """Drop files as a file manager does it: with their names as text, too; Qt finds the widget."""
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    data.setText("\n".join(map(str, paths)))
    place = over.mapTo(hand.window, over.rect().center())
    how = Qt.DropAction.CopyAction, data, LEFT, Qt.KeyboardModifier.NoModifier
    handle = hand.window.windowHandle()
    enter = QDragEnterEvent(place, *how)
    QApplication.sendEvent(handle, enter)
    assert enter.isAccepted()
    QApplication.sendEvent(handle, QDropEvent(place.toPointF(), *how))


@pytest.mark.parametrize("pane", PANES)
def test_files_can_be_dropped_on_every_pane(hand: Hand, tmp_path: Path, pane: str) -> None:
    for name in ("one", "two"):
        opened(hand, write_tone(tmp_path / f"{name}.wav", seconds=0.3))
    over = PANES[pane](hand)
    assert over.isVisible()
    text = hand.window.selection_bar.start.text()
    files = [write_tone(tmp_path / f"{name}.wav", seconds=0.2) for name in "ab"]
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"text")
    dropped(hand, over, [files[0], bad, files[1]])
    hand.qtbot.waitUntil(lambda: len(hand.editor.documents) == 4, timeout=20_000)
    hand.idle()
    assert [document.path.stem for document in hand.editor.documents.all] == ["one", "two", "a", "b"]
    assert error_of(hand).windowTitle() == "Open bad.wav"
    error_of(hand).reject()
    assert hand.window.selection_bar.start.text() == text


def test_projects_and_folders_are_dropped_on_the_empty_window(hand: Hand, tmp_path: Path) -> None:
    edited(hand, write_tone(tmp_path / "in.wav"))
    saved(hand, tmp_path / "work.asrproj")
    hand.press(K.Key_W, CTRL)
    dropped(hand, hand.window.empty, [tmp_path / "work.asrproj"])
    hand.qtbot.waitUntil(lambda: hand.editor.document is not None, timeout=20_000)
    hand.idle()
    assert len(hand.steps()) == 4
    dropped(hand, hand.window.view, [tmp_path])
    windows = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one is not hand.window]
    assert [one.windowTitle() for one in windows] == ["Batch"]
    windows[0].close()


# edits that take no computing


def test_a_mix_that_reaches_beyond_the_end_keeps_the_markers(hand: Hand, tmp_path: Path) -> None:
    opened(hand, write_tone(tmp_path / "in.wav", seconds=1.0))
    hand.span("0:00.800", "0:01.000")
    hand.press(K.Key_M)
    hand.span("0:00.000", "0:00.500")
    hand.press(K.Key_C, CTRL)
    hand.press(K.Key_Escape)
    hand.editor.transport.seek(36_000)
    hand.press(K.Key_V, CTRL | ALT)
    assert hand.sound.length == 60_000
    assert [mark.region for mark in hand.document.marks] == [Region(38_400, 48_000)]


def test_undo_and_redo_choose_what_they_changed(hand: Hand, tmp_path: Path) -> None:
    opened(hand, write_tone(tmp_path / "in.wav"))
    timeline = hand.editor.timeline
    spans = {"cut": Region(24_000, 36_000), "paste": Region(48_000, 52_800), "trim": Region(4_800, 72_000)}
    hand.span("0:00.500", "0:00.750")
    hand.press(K.Key_X, CTRL)
    hand.span("0:01.000", "0:01.100")
    hand.press(K.Key_V, CTRL)
    hand.span("0:00.100", "0:01.500")
    hand.press(K.Key_T, CTRL)
    assert timeline.selection is None
    for step in ("trim", "paste", "cut"):
        hand.press(K.Key_Z, CTRL)
        assert timeline.selection == spans[step]
    wanted = [None, Region(48_000, 60_000), None]
    for region in wanted:
        hand.press(K.Key_Y, CTRL)
        assert timeline.selection == region
    rows = hand.window.history.list
    place = rows.visualItemRect(rows.topLevelItem(1)).center()
    QTest.mouseClick(rows.viewport(), LEFT, pos=place)  # "Cut": the paste was undone last
    assert timeline.selection == spans["paste"]
    hand.press(K.Key_Escape)
    hand.press(K.Key_M)
    hand.span("0:00.100", "0:00.200")
    hand.press(K.Key_Z, CTRL)  # a marker is no part of the sound
    assert timeline.selection == Region(4_800, 9_600)


def test_deleting_everything_is_refused_with_a_word(hand: Hand, tmp_path: Path) -> None:
    opened(hand, write_tone(tmp_path / "in.wav"))
    hand.press(K.Key_A, CTRL)
    hand.press(K.Key_Delete)
    assert hand.sound.length == 2 * RATE
    assert hand.window.status.currentMessage().startswith("A document keeps some sound")
