"""A program that edits until it is killed: run by the kill tests as a process of its own.

It tells on its standard output what it is about to do and what is done, so that whoever kills it knows the
least that must be found again. Each edit is a function of the step's number: the state after step n can be
computed without the program.
"""

import hashlib
import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QCoreApplication

from audiosr_desktop.audio.files import open_sound, probe
from audiosr_desktop.audio.history import History, State
from audiosr_desktop.audio.journal import find_recoverable, recover
from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.project import ProjectFile, save_as
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects import edits
from audiosr_desktop.job import run_job
from audiosr_desktop.ui.autosave import Autosave
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.documents import Documents
from audiosr_desktop.ui.timeline import Timeline

LONG = 1_200_000  # samples: too many for memory, so they go to a scratch file
SAVE_EVERY = 5


def sum_of(sound: Sound) -> str:
    """Return a check-sum of all samples."""
    digest = hashlib.sha256(str(sound.sample_rate).encode())
    for start in range(0, sound.length, 1 << 18):
        digest.update(sound.read(start, min(start + (1 << 18), sound.length)).tobytes())
    return digest.hexdigest()[:16]


def edit(document: Document, scratch: Scratch, number: int) -> None:
    """Make step `number`: cuts, pastes, short and long results, silence, marks, and an undo now and then."""
    random = np.random.default_rng(number)
    sound = document.sound
    start = int(random.integers(0, sound.length - 1000))
    region = Region(start, start + 1000)
    match number % 6:
        case 0:
            with scratch.writer(sound.channels) as writer:
                for _ in range(10):
                    writer.write(random.standard_normal((sound.channels, LONG // 10)).astype(np.float32))
                made = Sound.from_store(writer.finish(), sound.sample_rate)
            document.edit(f"step {number}", sound.splice(region, made), region)
        case 1 | 2:
            part = Sound.from_array(random.standard_normal((sound.channels, 700)), sound.sample_rate)
            document.edit(f"step {number}", edits.replace(sound, region, part, 20), region)
        case 3:
            document.edit(f"step {number}", edits.silenced(sound, region), region)
        case 4:
            document.edit_marks(f"step {number}", (*document.marks, Mark(region, f"mark {number}")))
        case _:
            document.edit(f"step {number}", edits.delete(sound, region), region)


def tell(*words: object) -> None:
    """Print a line at once."""
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Recover what there is, then edit on from there."""
    root, source, project = (Path(name) for name in sys.argv[1:4])
    app = QCoreApplication([])
    with Scratch.create(root) as scratch:
        documents, timeline = Documents(), Timeline()
        autosave = Autosave(documents, timeline, scratch)
        autosave.troubled.connect(lambda trouble: tell("error", trouble.error))
        left = find_recoverable(root)
        file: ProjectFile | None = None
        if left:
            contents, journal = run_job(recover(left[0].path, scratch))
            document = Document(contents.history, contents.info, project_path=contents.project_path)
            document.set_takes(contents.takes)
            autosave.take(document, journal)
        else:
            sound = run_job(open_sound(source, scratch))
            document = Document(History(State(sound)), probe(source))
        documents.add(document)
        autosave.wait()
        tell("start", document.undo_stack.index(), sum_of(document.sound))
        number = document.undo_stack.index()
        while True:
            number += 1
            tell("begin", number)
            edit(document, scratch, number)
            if number % 7 == 0:
                document.undo_stack.undo()
                document.undo_stack.redo()
            if number % 3:  # otherwise the next step is made while this one is written
                autosave.wait()
                tell("done", number)
            if number % SAVE_EVERY == 0:
                tell("saving", number)
                contents = autosave.contents_of(document)
                if file is None:
                    file = run_job(save_as(project, contents))
                else:
                    run_job(file.save(contents))
                document.set_saved(project)
                tell("saved", number)
            app.processEvents()


if __name__ == "__main__":
    main()
