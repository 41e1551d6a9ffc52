"""Settings: each one declared once, with its type and default, over QSettings."""

from collections.abc import Callable
from typing import Generic, TypeVar, cast, overload

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

_NUMBER_OR_TEXT: dict[type, Callable[[str], object]] = {int: int, float: float, str: str}
V = TypeVar("V", bool, int, float, str, list[str], QByteArray)


class Setting(Generic[V]):
    """One stored value; reading gives the default when nothing usable is stored."""

    def __init__(self, key: str, default: V, choices: tuple[V, ...] = ()) -> None:
        self.key = key
        self.default: V = default
        self.choices: tuple[V, ...] = choices

    @overload
    def __get__(self, owner: None, kind: type) -> "Setting[V]": ...

    @overload
    def __get__(self, owner: "Settings", kind: type) -> V: ...

    def __get__(self, owner: "Settings | None", kind: type) -> "Setting[V] | V":
        if owner is None:
            return self
        stored = self._converted(owner.store.value(self.key))
        return self.default if stored is None or (self.choices and stored not in self.choices) else stored

    def __set__(self, owner: "Settings", value: V) -> None:
        if self.choices and value not in self.choices:
            raise ValueError(f"{self.key} is one of {self.choices}, not {value!r}")
        if value != self.__get__(owner, type(owner)):
            owner.store.setValue(self.key, value)
            owner.changed.emit(self.key)

    def _converted(self, stored: object) -> V | None:
        """Return what an INI file gave back as text in the setting's own type."""
        default: object = self.default
        found: object = None
        if isinstance(default, bool):
            found = stored in (True, "true", "1") if stored is not None else None
        elif isinstance(default, list):
            words = [stored] if isinstance(stored, str) and stored else stored
            found = [str(word) for word in words] if isinstance(words, list) else None
        elif isinstance(default, QByteArray):
            found = stored if isinstance(stored, QByteArray) else None
        elif stored is not None:
            try:
                found = _NUMBER_OR_TEXT[type(default)](str(stored))
            except ValueError:
                found = None
        return cast("V | None", found)


class Settings(QObject):
    """What the program remembers from one run to the next."""

    changed = Signal(str)  # the setting's key

    language = Setting("view/language", "system", ("system", "en", "de"))
    theme = Setting("view/theme", "system", ("system", "dark", "light"))
    opening_view = Setting("view/opening", "both", ("both", "waveform", "spectrogram"))
    follow_playhead = Setting("view/follow", True)
    follow_smoothly = Setting("view/follow_smoothly", False)
    sound_device = Setting("sound/device", "")  # empty is the system's default
    wheel_sensitivity = Setting("view/wheel", 1.0)
    waveform_scale = Setting("waveform/scale", "linear", ("linear", "dB"))
    fft_size = Setting("spectrogram/fft_size", 0, (0, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768))
    fft_window = Setting("spectrogram/window", "Hann", ("Hann", "Blackman–Harris", "Hamming", "Kaiser"))
    overlap = Setting("spectrogram/overlap", 75.0, (50.0, 75.0, 87.5, 93.75))
    zero_padding = Setting("spectrogram/zero_padding", 2, (1, 2, 4, 8))
    frequency_scale = Setting("spectrogram/scale", "linear", ("linear", "mel", "log", "bark", "erb"))
    level_low_db = Setting("spectrogram/low_db", -120.0)
    level_high_db = Setting("spectrogram/high_db", -20.0)
    colour_map = Setting(
        "spectrogram/colours", "magma", ("magma", "viridis", "cividis", "grey", "inverted grey")
    )
    tilt_db = Setting("spectrogram/tilt", 0.0)  # dB a decade above 1 kHz, 0 to 30
    overlay_waveform = Setting("spectrogram/overlay", False)
    brush_px = Setting("tools/brush", 14.0)
    wand_db = Setting("tools/wand", 12.0)
    softness_px = Setting("tools/softness", 6.0)
    show_cutoff = Setting("spectrogram/cutoff", True)
    level_match = Setting("compare/level_match", True)
    recent_files = Setting[list[str]]("files/recent", [])
    last_folder = Setting("files/folder", "")
    export_format = Setting("files/export_format", "WAV")
    export_depth = Setting("files/export_depth", "as the source")
    export_dither = Setting("files/export_dither", True)
    clickless = Setting("edit/clickless", False)
    snap_to_zero = Setting("edit/snap_to_zero", False)
    join_ms = Setting("edit/join_ms", 5.0)
    undo_gb = Setting("edit/undo_gb", 20.0, (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0))  # for each document
    effect = Setting("restore/effect", "")
    end_sound = Setting("jobs/end_sound", False)  # when a job has ended
    shortcuts = Setting[list[str]]("keys/changed", [])  # "id=Ctrl+A; B", for actions with other keys
    space_plays = Setting("keys/space_plays", True)
    threads = Setting("device/threads", 0)  # 0 is one for each core
    gpu_memory_mb = Setting("device/gpu_memory_mb", 0)  # for each graph, 0 is no limit
    first_run = Setting("window/first_run", True)
    geometry = Setting("window/geometry", QByteArray())
    layout = Setting("window/layout", QByteArray())

    def __init__(self, store: QSettings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.store = store

    def add_recent(self, path: str) -> None:
        """Put a file at the top of the recent ones."""
        self.recent_files = [path, *(other for other in self.recent_files if other != path)][:10]

    def forget_recent(self, path: str) -> None:
        """Take a file off the recent ones."""
        self.recent_files = [other for other in self.recent_files if other != path]
