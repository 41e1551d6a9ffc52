"""Troubles: what went wrong, what it means for the sound, and what can be done next."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from audiosr_desktop.errors import (
    AudioFileError,
    AudioSRError,
    BatchError,
    BundleError,
    EngineError,
    PlaybackError,
    PluginError,
    ProjectError,
    SoundError,
)
from audiosr_desktop.ui.language import marked, tr

Act: TypeAlias = str | Callable[[], object]

_NOTHING = marked("Nothing was changed.")
_FAULT = marked("The sound is as it was before. Save your work: it is not sure that all goes on well.")
_MEANS: dict[type[BaseException], str] = {
    PlaybackError: marked("The sound is as it was, and the playhead stays where it is.")
}
_MODELS = (marked("Models…"), "models.show")
_OTHER_FILE = (marked("Open another file…"), "filing.ask_open")
_REMEDIES: tuple[tuple[type[AudioSRError], tuple[tuple[str, str], ...]], ...] = (
    (EngineError, ((marked("Device…"), "windows.show_device_settings"), _MODELS)),
    (BundleError, (_MODELS,)),
    (PluginError, ((marked("Plugins…"), "show_plugins"),)),
    (PlaybackError, ((marked("Try again"), "editor.transport.play_from_playhead"),)),
    (AudioFileError, (_OTHER_FILE,)),
    (ProjectError, (_OTHER_FILE,)),
    (
        SoundError,
        (
            (marked("Change the sample rate…"), "asking.resample"),
            (marked("Change the channels…"), "asking.change_channels"),
        ),
    ),
    (BatchError, ((marked("Batch…"), "show_batch"),)),
)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What can be done next, as a button.

    Attributes:
        text: on the button.
        act: what it does: a function, or the dotted path to a slot of the editor's window, as in the table of
            actions.
    """

    text: str
    act: Act


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that failed, as it is told.

    Attributes:
        title: what was being done, "Export tone.wav".
        error: why it failed.
        means: what that means for the sound; empty where nothing is known but the kind of error.
        remedies: what can be done next, the most likely first.
    """

    title: str
    error: BaseException
    means: str = ""
    remedies: tuple[Remedy, ...] = ()

    @property
    def expected(self) -> bool:
        """Whether the error is one that a user can cause, and not a fault in the program."""
        return isinstance(self.error, AudioSRError)


def opening_trouble(title: str, error: Exception, again: Callable[[], object]) -> Trouble:
    """Return what it means that a file or a project could not be opened; `again` tries it once more."""
    return Trouble(
        title,
        error,
        tr("Nothing was opened; what is open is as it was."),
        (Remedy(tr("Open another file…"), "filing.ask_open"), Remedy(tr("Try again"), again)),
    )


def recovery_trouble(error: Exception) -> Trouble:
    """Return what it means that an autosave could not be restored."""
    return Trouble(
        tr("Recover"),
        error,
        tr("The autosave was left where it is. Saved projects and source files are as they were."),
        (Remedy(tr("Open the saved project…"), "filing.ask_open"),),
    )


def completed(trouble: Trouble) -> Trouble:
    """Return a trouble with what its kind of error tells, where whoever met it did not say more."""
    means = _MEANS.get(type(trouble.error), _NOTHING if trouble.expected else _FAULT)
    remedies = tuple(
        Remedy(tr(text), slot)
        for kind, found in _REMEDIES
        if isinstance(trouble.error, kind)
        for text, slot in found
    )
    if not trouble.expected:
        remedies = (Remedy(tr("Save the project…"), "filing.save_project"),)
    return replace(trouble, means=trouble.means or tr(means), remedies=trouble.remedies or remedies)
