"""Looking: finds what Restore would run on what is selected, before it is run."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Value
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.forecast import Forecast
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.restore_panel import RestorePanel

if TYPE_CHECKING:
    from audiosr_desktop.effects.chain import Chain


class Looking(QObject):
    """Runs the look as a job, and gives what was found to the forecast.

    Args:
        editor: what is looked at, and what runs jobs.
        panel: whose form has the values of Restore.
        forecast: tells what the run will take, once it is known.
    """

    def __init__(self, editor: Editor, panel: RestorePanel, forecast: Forecast) -> None:
        super().__init__(editor)
        self._editor, self._panel, self.forecast = editor, panel, forecast
        panel.estimate.look_wanted.connect(self._on_look_wanted)

    @Slot()
    def _on_look_wanted(self) -> None:
        self.look(self._panel.values(), lambda _: None)

    def look(self, values: Mapping[str, Value], tell: "Callable[[Chain], None]") -> None:
        """Find what Restore would run with some values; `tell` gets it as a chain with reasons."""
        sound = self._editor.sound
        if sound is None:
            return
        region = self._editor.timeline.chosen or Region(0, sound.length)

        def done(chain: "Chain") -> None:
            self.forecast.remember(sound, region, values, [module.effect for module in chain.modules])
            tell(chain)

        self._editor.runner.start(
            tr("Analysis of the sound"), _look(sound, region, values, self._editor.scratch), done
        )


def _look(sound: Sound, region: Region, values: Mapping[str, Value], scratch: Scratch) -> "Job[Chain]":
    yield Progress(0.0, tr("Looking at the sound"))
    from audiosr_desktop.effects.proposal import look  # noqa: PLC0415 - loads scipy: in the job's thread

    return (yield from look(sound, region, values, scratch))
