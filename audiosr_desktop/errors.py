"""Errors a user can act on: each message says what failed, on what, and what to do."""

from pathlib import Path


class AudioSRError(Exception):
    """Root of all expected errors; `str(error)` is one sentence for the user."""


class AudioFileError(AudioSRError):
    """A sound file cannot be read or written."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class ProjectError(AudioSRError):
    """A project or an autosave cannot be read or written."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class SoundError(AudioSRError):
    """The sound itself cannot be worked on: not-a-number samples, a rate or channel count out of range.

    Attributes:
        at: the sample that is at fault; None where it is no single one.
    """

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message)
        self.at = at


class BundleError(AudioSRError):
    """A model bundle is missing, damaged or not what its manifest says."""

    def __init__(self, message: str, path: Path | None = None) -> None:
        super().__init__(message)
        self.path = path


class BundleTakenError(BundleError):
    """A model of that name is installed already; it can be replaced."""

    def __init__(self, message: str, bundle_id: str) -> None:
        super().__init__(message)
        self.bundle_id = bundle_id


class EngineError(AudioSRError):
    """A graph could not be run."""


class EngineMemoryError(EngineError):
    """A graph needed more memory than there was."""


class EffectError(AudioSRError):
    """An effect got values or a region it cannot work with."""


class PluginError(AudioSRError):
    """A plugin cannot be used, or failed while it was.

    Attributes:
        plugin: its id.
        details: the traceback, or what else helps its author.
    """

    def __init__(self, message: str, plugin: str = "", details: str = "") -> None:
        super().__init__(message)
        self.plugin, self.details = plugin, details


class PlaybackError(AudioSRError):
    """The sound device cannot be used."""


class BatchError(AudioSRError):
    """A batch cannot be started or gone on with."""


class TrainingError(AudioSRError):
    """A training run, an export or the corpus cannot go on."""
