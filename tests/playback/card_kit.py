"""What the tests on both cards need: ALSA, a busy machine, and what a loop sounds like."""

import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from audiosr_desktop.audio.store import Samples
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.playback.strip import EDGE_S

NICENESS = 3  # as far behind as the program's own jobs are


def require_alsa() -> None:
    """Skip a test where there is no ALSA or no PortAudio."""
    if not sys.platform.startswith("linux"):
        pytest.skip("ALSA is a Linux library")
    try:
        import sounddevice  # noqa: F401
    except OSError:
        pytest.skip("libportaudio2 is not installed")


@contextmanager
def all_cores_busy() -> Iterator[None]:
    """Let a process on every core compute."""
    load = [multiprocessing.Process(target=_burn, daemon=True) for _ in range(os.cpu_count() or 1)]
    for process in load:
        process.start()
    try:
        yield
    finally:
        for process in load:
            process.terminate()
            process.join()


def _burn() -> None:
    os.nice(NICENESS)
    x = np.random.default_rng(0).standard_normal((300, 300))
    while True:
        x = np.tanh(x @ x.T / 300.0)


def looped(x: Samples, span: tuple[int, int], length: int, rate: int) -> Samples:
    """Return a loop as it is to be heard: the last 4 ms turn into those before its start."""
    first, last = span
    edge = round(EDGE_S * rate)
    once, rise = x[:, first:last].copy(), raised_cosine_fade(edge)
    once[:, -edge:] = once[:, -edge:] * (1 - rise) + rise * x[:, first - edge : first]
    return np.tile(once, -(-length // once.shape[1]))[:, :length]
