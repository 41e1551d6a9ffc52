"""Small stand-ins for what the window talks to: a sound card, effects, dialogs."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from audiosr_desktop.audio.journal import Recoverable
from audiosr_desktop.audio.links import SourceLink
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.effects.basic import FadeIn, FadeOut, Gain, Normalise, Silence
from audiosr_desktop.effects.channels import Channels
from audiosr_desktop.effects.effect import AMOUNT, Parameter, Value
from audiosr_desktop.effects.generate import Generate
from audiosr_desktop.effects.levels import Invert, NormaliseLoudness, RemoveDc
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.playback.output import Fill
from audiosr_desktop.ui.catalogue import Catalogue
from audiosr_desktop.ui.dialogs.dialogs import Answer, Leave
from audiosr_desktop.ui.dialogs.export_dialog import Export
from audiosr_desktop.ui.dialogs.gpu_dialog import GpuNotice
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.troubles import Trouble

STEPS = 20
Recovery = Callable[[Sequence[Recoverable]], tuple[list[Recoverable], list[Recoverable]]]


class SilentOutput:
    """A sound card that asks for samples when the test says so."""

    latency_s = 0.0
    name = "Silent"
    outdated = False
    strained = False

    def __init__(self, sample_rate: int, channels: int, fill: Fill) -> None:
        self.sample_rate, self.channels, self.fill = sample_rate, channels, fill
        self.active = False

    def start(self) -> None:
        self.active = True

    def stop(self) -> None:
        self.active = False

    def close(self) -> None:
        self.active = False

    def pull(self, size: int) -> Samples:
        out = np.zeros((size, self.channels), np.float32)
        self.fill(out)
        return out.T

    def hear(self, count: int) -> Samples:
        """Pull until `count` samples came; the silence of a reader that is late is left out."""
        heard = np.zeros((self.channels, 0), np.float32)
        limit = time.monotonic() + 10.0
        while heard.shape[1] < count:
            assert time.monotonic() < limit, "nothing is heard"
            block = self.pull(480)
            heard = np.concatenate([heard, block[:, block[0] != 0]], axis=1)
        return heard


class OutputMaker:
    """Makes outputs and keeps the last one."""

    def __init__(self) -> None:
        self.last: SilentOutput | None = None

    def __call__(self, sample_rate: int, channels: int, fill: Fill) -> SilentOutput:
        self.last = SilentOutput(sample_rate, channels, fill)
        return self.last


class Halve:
    """Halves the region in a few steps; can be held half way, and can fail."""

    id = "test.halve"
    title = "Halve"
    seamless = True
    parameters = (
        Parameter("quality", "Quality", "choice", "standard", choices=("draft", "standard")),
        AMOUNT,
        Parameter("seed", "Seed", "int", 0, 0, 2**32 - 1, advanced=True),
    )

    def __init__(self, report: dict[str, object]) -> None:
        self.report = report
        self.go = threading.Event()
        self.go.set()
        self.half_way = threading.Event()
        self.ended = threading.Event()
        self.error: Exception | None = None
        self.given: Mapping[str, Value] = {}
        self.region: Region | None = None
        self.device = "cpu"

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        self.given, self.region = values, region
        self.half_way.clear()
        self.ended.clear()
        self.report.update(seed=values["seed"], device=self.device, cutoff_hz=6000.0)
        try:
            for step in range(STEPS):
                yield Progress(step / STEPS, f"Step {step + 1} of {STEPS}")
                if step == STEPS // 2:
                    self.half_way.set()
                    while not self.go.is_set():
                        self.go.wait(0.002)
                        yield Progress(step / STEPS, "Held")
                    if self.error is not None:
                        raise self.error
            return Sound.from_array(sound.read(region.start, region.stop) * 0.5, sound.sample_rate)
        finally:
            self.ended.set()


class NewBand(Halve):
    """The same under the id of super-resolution, which wants 48 kHz."""

    id = "audiosr.super-resolution"
    title = "Super-resolution"


def catalogue_job(report: dict[str, object], *effects: Halve) -> Job[Catalogue]:
    yield Progress(0.0, "Loading effects")
    return Catalogue({effect.id: effect for effect in effects}, {}, report)


def own_effects_job(scratch: Scratch) -> Job[Catalogue]:
    """Return the effects of the program that need no model."""
    yield Progress(0.0, "Loading effects")
    kinds = (
        Gain,
        Normalise,
        NormaliseLoudness,
        FadeIn,
        FadeOut,
        Silence,
        RemoveDc,
        Invert,
        Channels,
        Generate,
    )
    effects = [kind(scratch) for kind in kinds]
    return Catalogue({effect.id: effect for effect in effects}, {}, {})


class Answers:
    """Dialogs that answer at once and remember what was asked."""

    def __init__(self) -> None:
        self.open_path: Path | None = None
        self.choice: Export | None = None
        self.yes = True
        self.asked: list[str] = []
        self.leave: Leave = "cancel"
        self.notices: list[GpuNotice] = []
        self.chosen: dict[str, Value] = {}
        self.project: tuple[Path, bool] | None = None
        self.keep: Answer = "discard"
        self.moved: dict[Path, Path] | None = None
        self.missing: list[SourceLink] = []
        self.recovery: Recovery = lambda entries: (list(entries), [])
        self.errors: list[tuple[str, BaseException]] = []
        self.troubles: list[Trouble] = []

    def files_to_open(self, folder: str) -> list[Path]:
        return [self.open_path] if self.open_path is not None else []

    def export(self, document: Document, selection: Region | None) -> Export | None:
        return self.choice

    def project_to_save(self, path: Path, *, self_contained: bool) -> tuple[Path, bool] | None:
        self.asked.append("Save project")
        return self.project

    def save_or_discard(self, title: str, text: str) -> Answer:
        self.asked.append(title)
        return self.keep if self.yes else "cancel"

    def relocate(self, missing: Sequence[SourceLink]) -> dict[Path, Path] | None:
        self.missing = list(missing)
        return self.moved

    def recover(self, entries: Sequence[Recoverable]) -> tuple[list[Recoverable], list[Recoverable]]:
        return self.recovery(entries)

    def confirm(self, title: str, text: str, yes: str) -> bool:
        self.asked.append(title)
        return self.yes

    def leave_running(self, title: str, text: str) -> Leave:
        self.asked.append(title)
        return self.leave

    def gpu_missed(self, notice: GpuNotice) -> bool:
        self.notices.append(notice)
        return self.yes

    def values(self, title: str, parameters: Sequence[Parameter]) -> dict[str, Value] | None:
        self.asked.append(title)
        chosen = {parameter.id: parameter.default for parameter in parameters}
        return chosen | self.chosen if self.yes else None

    def show_error(self, trouble: Trouble) -> None:
        self.troubles.append(trouble)
        self.errors.append((trouble.title, trouble.error))
