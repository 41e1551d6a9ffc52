"""A monkey that edits at random, and a plain NumPy model of what must come of it.

Run by hand, for longer than the tests do: `python tests/ui/monkey.py [WALKS] [STEPS] [FIRST SEED]`.
"""

import os
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import monkey_model as plain
import numpy as np
import soundfile
from monkey_model import Model, Page
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from ui_fakes import Answers, OutputMaker, own_effects_job

from audiosr_desktop.audio.files import OutputFormat
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.run_folders import AUTOSAVES
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.dialogs.export_dialog import Export
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.settings import Settings

KEYS = Qt.KeyboardModifier
NONE, CTRL, SHIFT, ALT = KEYS.NoModifier, KEYS.ControlModifier, KEYS.ShiftModifier, KEYS.AltModifier
RATES = (8_000, 11_025, 16_000, 44_100)
LIMIT_S = 60.0
LONGEST = 300_000  # samples; what would make a document longer is left


class Monkey:
    """Drives a window by keys, and compares each state with the model's.

    Args:
        folder: for files, projects and settings.
        scratch: of the editor.
        seed: the same one makes the same walk.
    """

    def __init__(self, folder: Path, scratch: Scratch, seed: int) -> None:
        self.folder, self.random, self.files = folder, random.Random(seed), 0
        self.answers, self.log = Answers(), [f"seed {seed}"]
        settings = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
        self.editor = Editor(scratch, Player(OutputMaker()), lambda: own_effects_job(scratch))
        self.window = MainWindow(self.editor, settings, self.answers)
        self.window.resize(900, 600)
        self.window.show()
        self.window.activateWindow()
        self.pages: dict[Document, Page] = {}
        self.clip: Model | None = None
        self.last: tuple[str, plain.Wet] | None = None
        self.editor.start()
        self.turn_until(lambda: bool(self.editor.catalogue.effects))

    def walk(self, steps: int) -> None:
        """Open a file and do so many things to it and to others."""
        self.open_new()
        acts, weights = zip(*ACTS, strict=True)
        for _ in range(steps):
            act = self.random.choices(acts, weights)[0]
            chosen = self.editor.timeline.selection
            self.log.append(f"{act.__name__} {chosen and (chosen.start, chosen.stop, chosen.channels)}")
            act(self)
            self.settle()
            self.compare()

    def close(self) -> None:
        """Undo everything, close all, and see that nothing is left behind."""
        for document, page in list(self.pages.items()):
            self.editor.documents.show(document)
            while document.undo_stack.index():
                self.press(Qt.Key.Key_Z, CTRL)
            page.index = 0
            self.compare()
        self.shut()
        left = [*self.editor.scratch.folder.glob(AUTOSAVES), *self.folder.glob(".*.part")]
        assert not left, left

    def shut(self) -> None:
        """Close the window, whatever is open."""
        self.answers.yes, self.answers.keep = True, "discard"
        self.window.close()
        for one in (self.window, self.editor):
            one.deleteLater()
        QCoreApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete.value))

    # means

    def settle(self) -> None:
        self.turn_until(lambda: not self.editor.runner.busy)

    def turn_until(self, done: Callable[[], bool]) -> None:
        limit = time.monotonic() + LIMIT_S
        QApplication.processEvents()
        while not done():
            QApplication.processEvents()
            assert time.monotonic() < limit, "nothing came of it"

    def press(self, key: Qt.Key, how: Qt.KeyboardModifier = NONE) -> None:
        QTest.keyClick(self.window, key, how)
        self.settle()

    def trigger(self, name: str) -> None:
        self.window.actions_by_id[name].trigger()
        self.settle()

    @property
    def document(self) -> Document:
        assert self.editor.document is not None
        return self.editor.document

    @property
    def page(self) -> Page:
        return self.pages[self.document]

    @property
    def now(self) -> Model:
        return self.page.present

    @property
    def chosen(self) -> Region | None:
        return self.editor.timeline.selection

    @property
    def join(self) -> int:
        settings = self.window.settings
        return round(settings.join_ms / 1000 * self.now.rate) if settings.clickless else 0

    def target(self) -> Region:
        """Return where a paste goes."""
        at = self.editor.timeline.playhead
        return self.chosen if self.chosen is not None else Region(at, at)

    def channels(self, region: Region) -> list[int]:
        return list(region.channels or range(self.now.samples.shape[0]))

    # what must hold

    def compare(self) -> None:
        """See that the shown document is what the model says, sample by sample."""
        assert not self.answers.errors, self.answers.errors
        assert len(self.editor.documents) == len(self.pages)
        document, wanted = self.document, self.now
        page = self.page
        found = [command.text() for command in document.commands()], document.undo_stack.index()
        assert found == (page.names, page.index), (found, page.names, page.index)
        samples = document.sound.read(0, document.sound.length)
        assert document.sound.sample_rate == wanted.rate
        assert samples.shape == wanted.samples.shape, (samples.shape, wanted.samples.shape)
        wrong = np.flatnonzero((samples != wanted.samples).any(axis=0))
        assert not wrong.size, f"{wrong.size} samples differ, from {wrong[0]} to {wrong[-1]}"
        marks = [(mark.region.start, mark.region.stop, mark.name) for mark in document.marks]
        assert marks == wanted.marks, (marks, wanted.marks)
        timeline = self.editor.timeline
        assert timeline.length == wanted.length
        assert self.chosen is None or 0 <= self.chosen.start < self.chosen.stop <= wanted.length
        assert 0 <= timeline.playhead <= wanted.length

    def edited(self, after: Model, *rough: tuple[int, int]) -> None:
        """Take a state for the one that the last key made; in `rough` spans it is only near to it."""
        found = self.document.sound.read(0, self.document.sound.length)
        assert found.shape == after.samples.shape, (found.shape, after.samples.shape)
        for start, stop in rough:
            part = np.s_[:, start:stop]
            limit = 4e-6 * max(1.0, float(np.abs(after.samples[part]).max(initial=0.0)))
            assert np.abs(found[part] - after.samples[part]).max(initial=0.0) < limit, "not what it should be"
            after.samples[part] = found[part]
        self.page.push(after, self.document.undo_stack.text(self.document.undo_stack.index() - 1))

    # acts: keys are pressed, and the model is told what they mean

    def open_new(self) -> None:
        if len(self.pages) >= 4:
            return
        rate, channels = self.random.choice(RATES), self.random.choice((1, 2, 2))
        shape = self.random.randint(200, 2 * rate), channels
        noise = np.random.default_rng(self.random.randrange(1 << 30)).normal(0.05, 0.2, shape)
        self.files += 1
        path = self.folder / f"sound {self.files}.wav"
        soundfile.write(path, noise.astype(np.float32), rate, "FLOAT")
        self.window.filing.open_file(path)
        self.settle()
        self.pages[self.document] = Page(Model(noise.T.astype(np.float32), rate))

    def another_tab(self) -> None:
        before, pages = self.document, len(self.pages)
        self.press(Qt.Key.Key_PageDown, CTRL)
        assert (self.document is before) == (pages == 1)

    def move_tab(self) -> None:
        self.window.tabs.moveTab(0, self.window.tabs.count() - 1)

    def close_tab(self) -> None:
        if len(self.pages) > 1:
            gone = self.document
            self.press(Qt.Key.Key_W, CTRL)
            del self.pages[gone]

    def select(self) -> None:
        length, timeline = self.now.length, self.editor.timeline
        one, other = self.random.randint(0, length), self.random.randint(0, length)
        start, stop = self.random.choice(((min(one, other), max(one, other)), (0, one), (one, length)))
        picked = None
        if self.now.samples.shape[0] == 2 and self.random.random() < 0.25:
            picked = (self.random.randrange(2),)
        timeline.pick(picked)
        timeline.select(Region(start, stop).of_channels(picked))

    def select_by_mouse(self) -> None:
        view = self.window.view.waveform
        places = [self.random.randint(2, view.width() - 3) for _ in range(2)]
        self.press(Qt.Key.Key_2)
        QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=view.rect().center().__class__(places[0], 60))
        for x in (sum(places) // 2, places[1]):
            QTest.mouseMove(view, view.rect().center().__class__(x, 60))
        QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=view.rect().center().__class__(places[1], 60))

    def select_none(self) -> None:
        self.press(Qt.Key.Key_Escape)
        assert self.chosen is None

    def seek(self) -> None:
        self.editor.transport.seek(
            self.random.choice((0, self.now.length, self.random.randint(0, self.now.length)))
        )

    def toggle_clickless(self) -> None:
        self.trigger("clickless")

    def undo(self) -> None:
        for _ in range(self.random.choice((1, 1, 2, 5))):
            self.press(Qt.Key.Key_Z, CTRL)
            self.page.index = max(0, self.page.index - 1)
            self.compare()

    def redo(self) -> None:
        for _ in range(self.random.choice((1, 1, 2))):
            self.press(*self.random.choice(((Qt.Key.Key_Z, CTRL | SHIFT), (Qt.Key.Key_Y, CTRL))))
            self.page.index = min(len(self.page.states) - 1, self.page.index + 1)
            self.compare()

    def jump(self) -> None:
        place = self.random.randrange(len(self.page.states))
        panel = self.window.history
        panel.list.setCurrentItem(panel.list.topLevelItem(place))
        self.page.index = place

    def copy(self) -> None:
        chosen = self.chosen
        self.press(Qt.Key.Key_C, CTRL)
        if chosen is not None:
            self.clip = self.clipped(chosen)

    def clipped(self, chosen: Region) -> Model:
        samples = self.now.samples[self.channels(chosen), chosen.start : chosen.stop]
        return Model(samples.copy(), self.now.rate)

    def take_out(self, key: Qt.Key, how: Qt.KeyboardModifier) -> None:
        chosen, join = self.chosen, self.join
        self.press(key, how)
        if chosen is None:
            return
        if chosen.channels is not None:
            self.silenced(chosen, join)
        elif chosen.length < self.now.length:
            after, size = plain.cut(self.now, chosen.start, chosen.stop, join)
            self.edited(after, (chosen.start, chosen.start + size))

    def cut(self) -> None:
        clip = self.clipped(self.chosen) if self.chosen is not None else self.clip
        self.take_out(Qt.Key.Key_X, CTRL)
        self.clip = clip

    def delete(self) -> None:
        self.take_out(Qt.Key.Key_Delete, NONE)

    def silenced(self, chosen: Region, join: int) -> None:
        """Tell the model that some channels of a span are silent."""
        lanes, (start, stop) = self.channels(chosen), (chosen.start, chosen.stop)
        part = Model(self.now.samples[lanes], self.now.rate)
        quiet, head, tail = plain.put(
            part, start, stop, np.zeros((len(lanes), stop - start), np.float32), join
        )
        samples = self.now.samples.copy()
        samples[lanes] = quiet.samples
        self.edited(Model(samples, self.now.rate, self.now.marks), (start, start + head), (stop - tail, stop))

    def silence(self) -> None:
        chosen, join = self.chosen, self.join
        self.press(Qt.Key.Key_L, CTRL | SHIFT)
        if chosen is not None:
            self.silenced(chosen, join)

    def trim(self) -> None:
        chosen = self.chosen
        self.press(Qt.Key.Key_T, CTRL)
        if chosen is None or chosen.length == self.now.length:
            return
        if chosen.channels is not None:
            samples = self.now.samples.copy()
            outside = np.r_[0 : chosen.start, chosen.stop : self.now.length]
            samples[np.ix_(self.channels(chosen), outside)] = 0.0
            self.edited(Model(samples, self.now.rate, self.now.marks))
            return
        head, _ = plain.cut(self.now, chosen.stop, self.now.length, 0)
        self.edited(plain.cut(head, 0, chosen.start, 0)[0])

    def fitting_clip(self, channels: int) -> np.ndarray | None:
        """Return what was copied if it needs no change of rate; others are tried elsewhere."""
        if self.clip is None or self.clip.rate != self.now.rate:
            return None
        clip = self.clip.samples
        if clip.shape[0] == channels:
            return clip
        return np.repeat(clip, channels, 0) if clip.shape[0] == 1 else clip.mean(0, keepdims=True)

    def paste(self) -> None:
        target, join = self.target(), self.join
        picked = self.editor.timeline.picked
        clip = self.fitting_clip(len(picked or self.now.samples))
        if clip is None or self.now.length + clip.shape[1] > LONGEST:
            return
        self.press(Qt.Key.Key_V, CTRL)
        if picked is None:
            after, head, tail = plain.put(self.now, target.start, target.stop, clip, join)
            stop = target.start + clip.shape[1]
            mixed = clip.dtype != np.float32 or self.clip.samples.shape[0] != clip.shape[0]
            self.edited(after, (target.start, stop if mixed else target.start + head), (stop - tail, stop))
            assert self.chosen is None or (self.chosen.start, self.chosen.stop) == (target.start, stop)
            return
        stop = target.stop if target.length else min(self.now.length, target.start + clip.shape[1])
        if target.start == stop:
            return
        filled = np.zeros((len(picked), stop - target.start), np.float32)
        size = min(clip.shape[1], filled.shape[1])
        filled[:, :size] = clip[:, :size]
        part, _, _ = plain.put(Model(self.now.samples[list(picked)], 1), target.start, stop, filled, join)
        samples = self.now.samples.copy()
        samples[list(picked)] = part.samples
        self.edited(Model(samples, self.now.rate, self.now.marks), (target.start, stop))

    def paste_insert(self) -> None:
        target, join = self.target(), self.join
        picked = self.editor.timeline.picked
        clip = self.fitting_clip(len(self.now.samples))
        if clip is None or self.now.length + clip.shape[1] > LONGEST:
            return
        self.press(Qt.Key.Key_V, CTRL | SHIFT)
        if picked is None:
            after, _, _ = plain.put(self.now, target.start, target.start, clip, join)
            self.edited(after, (target.start, target.start + clip.shape[1]))

    def paste_mix(self) -> None:
        start, picked = self.target().start, self.editor.timeline.picked
        clip = self.fitting_clip(len(picked or self.now.samples))
        if clip is None or self.now.length + clip.shape[1] > LONGEST:
            return
        self.press(Qt.Key.Key_V, CTRL | ALT)
        lanes, room = list(picked or range(len(self.now.samples))), self.now.length - start
        samples = self.now.samples.copy()
        size = min(room, clip.shape[1])
        samples[lanes, start : start + size] += clip[:, :size].astype(np.float32)
        if picked is None:
            samples = np.concatenate([samples, clip[:, size:].astype(np.float32)], 1)
        if picked is not None and not size:
            return
        self.edited(Model(samples, self.now.rate, self.now.marks), (start, start + clip.shape[1]))

    def apply(self, effect: str, wet: plain.Wet, *, seamless: bool = False, **values: float) -> None:
        panel = self.window.panel
        panel.chooser.setCurrentIndex(panel.chooser.findData(effect))
        for name, value in values.items():
            panel.set_value(name, value)
        region = self.editor.timeline.chosen or Region(0, self.now.length)
        self.press(Qt.Key.Key_Return, CTRL)
        self.last = None if seamless else (effect, wet)
        self.applied(region, wet, seamless=seamless)

    def applied(self, region: Region, wet: plain.Wet, *, seamless: bool = False) -> None:
        """Tell the model that an effect was applied."""
        lanes, samples = self.channels(region), self.now.samples.copy()
        made = wet(samples[lanes, region.start : region.stop])
        if self.document.undo_stack.index() == self.page.index:  # nothing to do is no step
            assert np.allclose(made, samples[lanes, region.start : region.stop], atol=1e-6)
            return
        if seamless:
            samples[lanes, region.start : region.stop] = made
        else:
            samples[lanes] = plain.faded_in(samples[lanes], made, region.start, region.stop, self.now.rate)
        self.edited(Model(samples, self.now.rate, self.now.marks), (region.start, region.stop))

    def gain(self) -> None:
        gain_db = self.random.choice((-6.0, -3.0, 2.0, 4.5))
        self.apply("audiosr.gain", lambda x: x * 10 ** (gain_db / 20), gain_db=gain_db)

    def normalise(self) -> None:
        self.apply("audiosr.normalise", lambda x: plain.normalised(x, -3.0), peak_dbfs=-3.0)

    def fade(self) -> None:
        name, wet = self.random.choice((("fade-in", plain.fade_in), ("fade-out", plain.fade_out)))
        self.apply(f"audiosr.{name}", wet, seamless=True)

    def remove_dc(self) -> None:
        self.apply("audiosr.remove-dc", plain.without_dc)

    def invert(self) -> None:
        self.apply("audiosr.invert", lambda x: -x)

    def repeat(self) -> None:
        if self.last is not None:
            region = self.editor.timeline.chosen or Region(0, self.now.length)
            self.press(Qt.Key.Key_R, CTRL)
            self.applied(region, self.last[1])

    def generate(self) -> None:
        if self.editor.timeline.picked is not None or self.now.length > LONGEST:
            return
        chosen, join, at = self.chosen, self.join, self.editor.timeline.playhead
        self.answers.chosen = {"kind": "silence", "length_s": 0.1}
        self.trigger("generate")
        if chosen is not None:
            self.last = None
            self.applied(chosen, np.zeros_like, seamless=True)
            return
        quiet = np.zeros((len(self.now.samples), round(0.1 * self.now.rate)), np.float32)
        after, _, _ = plain.put(self.now, at, at, quiet, join)
        self.edited(after, (at, at + quiet.shape[1]))

    def resample(self) -> None:
        before, rate = self.now, self.random.choice(RATES)
        if round(before.length * rate / before.rate) > LONGEST:
            return
        self.answers.chosen = {"sample_rate": rate}
        self.trigger("resample")
        if rate == before.rate:
            return
        found, ratio = self.document.sound, rate / before.rate
        assert found.sample_rate == rate
        assert abs(found.length - before.length * ratio) <= 1
        marks = [(mark.region.start, mark.region.stop, mark.name) for mark in self.document.marks]
        for (start, stop, name), (was_start, was_stop, was_name) in zip(marks, before.marks, strict=True):
            assert name == was_name
            assert abs(start - was_start * ratio) <= 1
            assert abs(stop - was_stop * ratio) <= 1
        self.edited(Model(found.read(0, found.length).copy(), rate, marks))

    def change_channels(self) -> None:
        samples = self.now.samples
        how = "make stereo" if len(samples) == 1 else self.random.choice(("mix to mono", "keep channel 2"))
        self.answers.chosen = {"how": how}
        self.trigger("channels")
        after = {
            "make stereo": lambda: np.repeat(samples, 2, 0),
            "mix to mono": lambda: samples.mean(0, keepdims=True),
            "keep channel 2": samples[1:].copy,
        }[how]().astype(np.float32)
        self.edited(Model(after, self.now.rate, self.now.marks), (0, self.now.length))

    def mark(self) -> None:
        chosen, at = self.chosen, self.editor.timeline.playhead
        self.press(Qt.Key.Key_M)
        kind = "Marker" if chosen is None else "Region"
        taken = {name for _, _, name in self.now.marks}
        name = next(word for n in range(1, 1000) if (word := f"{kind} {n}") not in taken)
        made = (at, at, name) if chosen is None else (chosen.start, chosen.stop, name)
        self.edited(self.now.marked([*self.now.marks, made]))

    def remove_mark(self) -> None:
        if self.document.marks:
            gone = self.random.choice(self.document.marks)
            self.window.marking.remove(gone)
            rest = [one for one in self.now.marks if one[2] != gone.name]
            self.edited(self.now.marked(rest))

    def export(self) -> None:
        path = self.folder / "export.wav"
        self.answers.choice = Export(path, OutputFormat("WAV", "FLOAT"), self.chosen, path.exists())
        chosen = self.chosen or Region(0, self.now.length)
        self.press(Qt.Key.Key_E, CTRL | SHIFT)
        found, rate = soundfile.read(path, dtype="float32", always_2d=True)
        assert rate == self.now.rate
        assert np.array_equal(found.T, self.now.samples[:, chosen.start : chosen.stop])

    def save(self) -> None:
        if self.document.project_path is None or self.random.random() < 0.2:
            self.files += 1
            place = self.folder / f"project {self.files}.asrproj"
            self.answers.project = place, self.random.random() < 0.5
            self.press(Qt.Key.Key_S, CTRL | SHIFT)
        else:
            self.press(Qt.Key.Key_S, CTRL)
        assert not self.document.modified

    def reopen(self) -> None:
        """Save, close, and open again: all of it comes back."""
        self.save()
        old, timeline = self.document, self.editor.timeline
        path, page, view = old.project_path, self.page, timeline.kept_view()
        self.press(Qt.Key.Key_W, CTRL)
        assert old not in self.editor.documents.all, "it asked although all is saved"
        del self.pages[old]
        assert path is not None
        self.window.filing.open_file(path)
        self.settle()
        self.pages[self.document] = page
        again = timeline.kept_view()
        assert (again.selection, again.playhead) == (view.selection, view.playhead)
        assert (again.start, again.stop) == (view.start, view.stop)


ACTS: tuple[tuple[Callable[[Monkey], None], float], ...] = (
    (Monkey.select, 12),
    (Monkey.select_by_mouse, 3),
    (Monkey.select_none, 2),
    (Monkey.seek, 5),
    (Monkey.copy, 4),
    (Monkey.cut, 5),
    (Monkey.delete, 3),
    (Monkey.silence, 3),
    (Monkey.trim, 1),
    (Monkey.paste, 6),
    (Monkey.paste_insert, 4),
    (Monkey.paste_mix, 4),
    (Monkey.gain, 3),
    (Monkey.normalise, 1),
    (Monkey.fade, 2),
    (Monkey.remove_dc, 1),
    (Monkey.invert, 1),
    (Monkey.repeat, 2),
    (Monkey.generate, 2),
    (Monkey.resample, 1),
    (Monkey.change_channels, 1),
    (Monkey.mark, 4),
    (Monkey.remove_mark, 1),
    (Monkey.undo, 6),
    (Monkey.redo, 4),
    (Monkey.jump, 2),
    (Monkey.toggle_clickless, 1),
    (Monkey.open_new, 1),
    (Monkey.another_tab, 3),
    (Monkey.move_tab, 1),
    (Monkey.close_tab, 0.5),
    (Monkey.export, 1),
    (Monkey.save, 2),
    (Monkey.reopen, 2),
)


def walk(folder: Path, seed: int, steps: int) -> None:
    """Let a monkey do so many things, then undo and close all.

    Raises:
        AssertionError: something did not hold; its note tells the walk up to there.
    """
    with Scratch.create(folder / "scratch") as scratch:
        monkey = Monkey(folder, scratch, seed)
        try:
            monkey.walk(steps)
            monkey.close()
        except BaseException as error:
            error.add_note("; ".join(monkey.log))
            monkey.shut()
            raise
    assert not list((folder / "scratch").iterdir()), "the scratch folder is left"


def main() -> None:
    """Walk as often as the first argument says, and print what was found."""
    walks, steps, first = (int(word) for word in [*sys.argv[1:], *("20", "150", "1")[len(sys.argv) - 1 :]])
    app, bad = QApplication([]), 0
    for seed in range(first, first + walks):
        with tempfile.TemporaryDirectory() as folder:
            try:
                walk(Path(folder), seed, steps)
            except Exception:  # noqa: BLE001 - any is what is looked for
                bad += 1
                sys.stdout.write(traceback.format_exc())
                sys.stdout.flush()
    sys.stdout.write(f"{walks} walks of {steps} steps, {bad} with problems\n")
    del app


if __name__ == "__main__":
    main()
