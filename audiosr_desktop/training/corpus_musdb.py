"""MUSDB18, the data set of the report: 150 tracks of music in four stems, as `.stem.mp4` or as WAV.

The split is the report's: of the 100 tracks for training 90 train and every tenth is held out, and the 50
test tracks stay apart.
"""

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audiosr_desktop.errors import TrainingError
from audiosr_desktop.training.corpus_list import Entry

NAME = "MUSDB18"
STREAMS = 5  # the mixture and its four stems
WAVES = ("mixture", "drums", "bass", "other", "vocals")
HELD_OUT_EVERY = 10


def musdb_entries(folder: Path) -> list[Entry]:
    """List a copy of MUSDB18: folders `train` and `test` of `.stem.mp4` files, or of folders of WAV files.

    Raises:
        TrainingError: it is neither, or it is of stems and there is nothing to decode them with.
    """
    entries = []
    for part in ("train", "test"):
        stems = sorted((folder / part).glob("*.stem.mp4"))
        tracks = stems or sorted(path.parent for path in (folder / part).glob("*/mixture.wav"))
        if stems and importlib.util.find_spec("av") is None:
            raise TrainingError(
                f"'{folder}' holds stems in MP4, which need PyAV: install the extra with "
                "`pip install 'audiosr-desktop[media]'`, or use the WAV version."
            )
        for number, track in enumerate(tracks):
            split = part if part == "test" else "valid" if number % HELD_OUT_EVERY == 9 else "train"
            name = track.relative_to(folder).as_posix()
            files = [f"{name}!{stream}" for stream in range(STREAMS)]
            if not stems:
                files = [f"{name}/{wave}.wav" for wave in WAVES if (track / f"{wave}.wav").is_file()]
            entries += [Entry(split, "music", "musdb", NAME, file, root=folder) for file in files]
    if not entries:
        raise TrainingError(f"'{folder}' is no copy of MUSDB18: it has no train/*.stem.mp4 nor WAV folders.")
    return entries


def read_stem(path: Path, stream: int) -> tuple[npt.NDArray[np.float32], int]:
    """Decode one audio stream of a stem file: samples (n, channels) and their rate."""
    av: Any = importlib.import_module("av")  # of an extra
    with av.open(str(path)) as container:
        chosen = container.streams.audio[stream]
        rate = int(chosen.rate)
        resampler: Any = av.AudioResampler(format="fltp", layout="stereo", rate=rate)
        blocks = [
            converted.to_ndarray()
            for frame in container.decode(chosen)
            for converted in resampler.resample(frame)
        ]
    samples: npt.NDArray[np.float32] = np.concatenate(blocks, axis=1).T.astype(np.float32)
    return samples, rate
