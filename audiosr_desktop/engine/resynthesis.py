"""A whole sound through a bundle, below the cutoff as well: for measurements, never what a user gets."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.spectrum import frame_stft
from audiosr_desktop.engine.input_level import InputLevel
from audiosr_desktop.engine.restorer import (
    ROWS_AT_ONCE,
    Restorer,
    Settings,
    _log_mel,
    _progress,
    _read_mirrored,
)
from audiosr_desktop.engine.windows import Grid, Joiner, Window
from audiosr_desktop.job import Job

Samples = npt.NDArray[np.float32]


class Resynthesizer(Restorer):
    """Gives back what a bundle makes of a sound, with nothing of the sound itself in it."""

    def vocode(self, samples: Samples) -> Job[Samples]:
        """Return what the vocoder makes of the sound's own mel: float32 (channels, n) at 48 kHz, same shape.

        Raises:
            EngineError: the graph fails, or returns what the contract does not say.
        """
        return self._by_window(samples, lambda _, rows: self._vocode(_mel(rows), 0.0))

    def regenerate(self, samples: Samples, settings: Settings) -> Job[Samples]:
        """Return what all graphs make of a damaged sound, the whole band generated; shapes as in `vocode`."""
        level = InputLevel(lambda start, stop: samples[:, start:stop], samples.shape[1])
        return self._by_window(samples, lambda window, rows: self._regenerated(window, rows, level, settings))

    def _regenerated(
        self, window: Window, rows: Samples, level: InputLevel, settings: Settings
    ) -> Job[Samples]:
        gains = level.gains(window.start, window.stop)
        mel, _ = self._condition_mel(rows * gains, _mel(rows * gains), settings.cutoff_hz)
        condition = yield from self._encode(window, mel, settings)
        latent = yield from self._sample(window, condition, settings)
        decoded = yield from self._run("vae_decoder", {"z": latent}, 0.8)
        self._check("vae_decoder", decoded, (len(rows), 1, *mel.shape[1:]))
        return (yield from self._vocode(decoded[:, 0], 0.9)) / gains

    def _by_window(self, samples: Samples, make: Callable[[Window, Samples], Job[Samples]]) -> Job[Samples]:
        length = samples.shape[1]
        grid = Grid.of(self.bundle.manifest, length)
        joiner, joined = Joiner(grid, 0, length), []
        windows = list(grid.windows(0, length)) if length else []
        for index, window in enumerate(windows):
            sound = _read_mirrored(lambda start, stop: samples[:, start:stop], window, length)
            made = []
            for first in range(0, len(sound), ROWS_AT_ONCE):
                working = make(window, sound[first : first + ROWS_AT_ONCE])
                made.append((yield from _progress(working, index, len(windows))))
            joined.append(joiner.add(window, np.concatenate(made)))
        return np.concatenate(joined, axis=1) if joined else samples.copy()


def _mel(rows: Samples) -> Samples:
    return _log_mel(np.abs(frame_stft(rows)))
