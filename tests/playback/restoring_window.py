"""The real window, restoring with the shipped model in its job's thread while it plays; a program of tests.

`restoring_window.py SOUND SECONDS`: opens SOUND, applies super-resolution to all of it, and plays its source
from the start for SECONDS once a line comes in. Says "ready" before, and what it saw after, as JSON.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QSettings, Qt, QTimer
from PySide6.QtWidgets import QApplication
from ui_fakes import Answers

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.playback.apart import DeviceApart
from audiosr_desktop.playback.desk import Desk
from audiosr_desktop.playback.mixdown import Mixdown
from audiosr_desktop.playback.output import Output
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.app import SWITCH_S
from audiosr_desktop.ui.catalogue import load_catalogue
from audiosr_desktop.ui.collecting import Collector
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.start_up import share_memory_pools, use_plain_import
from audiosr_desktop.ui.transport import TAKE_A

EFFECT = "audiosr.super-resolution"
VALUES = {"cutoff_hz": 4000.0, "steps": 24, "seed": 1}  # so many that it is not done sooner than the minute
PATIENCE_S = 240.0


class Watch(DeviceApart):
    """Opens the real device and counts what came too late through all that was opened."""

    def __init__(self) -> None:
        super().__init__()
        self.desk: Desk | None = None
        self.latency_s = 0.0
        self.opened = self.late_before = 0

    def __call__(self, sample_rate: int, channels: int, fill: Mixdown) -> Output:
        self.late_before = self.late
        self.opened += 1
        output = super().__call__(sample_rate, channels, fill)
        self.desk, self.latency_s = fill.desk, output.latency_s
        return output

    @property
    def late(self) -> int:
        """How many blocks came too late."""
        return self.late_before + (self.desk.late_blocks if self.desk is not None else 0)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def turn_until(true: Callable[[], bool]) -> None:
    """Let the event loop run, as it does in the program, until something is so."""
    loop, limit = QEventLoop(), time.monotonic() + PATIENCE_S

    def look() -> None:
        assert time.monotonic() < limit, "it never came"
        if true():
            loop.quit()

    timer = QTimer(interval=50)
    timer.timeout.connect(look)
    timer.start()
    loop.exec()


def scene(window: MainWindow, editor: Editor, watch: Watch, sound: Path, seconds: float) -> dict[str, object]:
    transport = editor.transport
    turn_until(lambda: EFFECT in editor.catalogue.effects)
    window.filing.open_file(sound)
    turn_until(lambda: transport.player.device is not None and not editor.runner.busy)
    transport.levels.set_matched(False)

    def restore() -> None:
        assert editor.applying.apply(EFFECT, VALUES)

    restore()
    turn_until(lambda: transport.can_compare)  # something is finished
    transport.select_take(TAKE_A)
    say("ready")
    sys.stdin.readline()
    late, opened, began = watch.late, watch.opened, time.process_time()
    since = time.perf_counter()
    transport.play(0, round(seconds * editor.timeline.sample_rate))
    turn_until(lambda: not transport.playing)
    computed, lasted = time.process_time() - began, time.perf_counter() - since
    turn_until(lambda: time.perf_counter() > since + lasted + 0.4)  # what is on its way to the card
    desk = watch.desk
    assert desk is not None
    return {
        "restoring": editor.runner.busy,
        "take": transport.take,
        "late": watch.late - late,
        "opened": watch.opened - opened,
        "block": desk.block,
        "dropouts": transport.player.dropouts,
        "computed": computed,
        "lasted": lasted,
        "error": repr(transport.player.error),
        "latency_s": watch.latency_s,
        "answer_s": desk.longest_s,
    }


def main() -> None:
    sound, seconds = Path(sys.argv[1]), float(sys.argv[2])
    use_plain_import()
    share_memory_pools()
    sys.setswitchinterval(SWITCH_S)
    QApplication(sys.argv[:1])
    watch = Watch()
    with tempfile.TemporaryDirectory() as folder, Scratch.create(Path(folder) / "scratch") as scratch:
        settings = Settings(QSettings(f"{folder}/settings.ini", QSettings.Format.IniFormat))
        answers = Answers()
        editor = Editor(scratch, Player(watch), lambda: load_catalogue(scratch))
        window = MainWindow(editor, settings, answers)
        collector = Collector(lambda: editor.transport.playing, window)
        collector.start()
        editor.catalogue_changed.connect(collector.leave_out, Qt.ConnectionType.SingleShotConnection)
        window.resize(1440, 900)
        window.show()
        editor.start()
        say(json.dumps(scene(window, editor, watch, sound, seconds)))
        sys.stdin.readline()
        editor.runner.stop()
        answers.yes, answers.keep = True, "discard"
        window.close()
        collector.stop()


if __name__ == "__main__":
    main()
