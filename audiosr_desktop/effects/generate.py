"""Generate: test tones, noise and silence in place of a region."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.edits import silence
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, Progress

Samples = npt.NDArray[np.float32]

KINDS = ("sine", "white noise", "pink noise", "silence")

# Poles and gains of the filter by Paul Kellet, musicdsp.org, "Pink noise filter", 1999.
_PINK_POLES = (0.99886, 0.99332, 0.96900, 0.86650, 0.55000, -0.7616)
_PINK_GAINS = (0.0555179, 0.0750759, 0.1538520, 0.3104856, 0.5329522, -0.0168980)
_PINK_DIRECT, _PINK_DELAYED = 0.5362, 0.115926
_PINK_LEVEL = 0.33  # brings it to the RMS of the white noise it is made from


class Generate:
    """Puts a sine, noise or silence in place of the region; each channel gets a noise of its own."""

    id = "audiosr.generate"
    title = "Generate"
    parameters: Sequence[Parameter] = (
        Parameter(
            "kind", "Sound", "choice", "sine", choices=("sine", "white noise", "pink noise", "silence")
        ),
        Parameter("frequency_hz", "Frequency", "float", 1000.0, 1.0, 192_000.0, unit="Hz"),
        Parameter(
            "level_dbfs",
            "Level",
            "float",
            -18.0,
            -120.0,
            0.0,
            unit="dBFS",
            help="Peak of a sine, RMS of noise.",
        ),
        Parameter("seed", "Seed", "int", 0, 0, 2**32 - 1, advanced=True),
    )
    seamless = True

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the generated sound.

        Raises:
            EffectError: the tone lies above what the sample rate holds.
        """
        kind, rate = str(values["kind"]), sound.sample_rate
        if kind == "silence":
            return silence(region.length, sound)
        hz = float(values["frequency_hz"])
        if kind == "sine" and hz >= rate / 2:
            raise EffectError(f"A tone of {hz:g} Hz needs a higher sample rate than {rate} Hz.")
        level = 10.0 ** (float(values["level_dbfs"]) / 20.0)
        shape = (sound.channels, region.length)
        if kind == "sine":
            blocks = _sine(shape, hz / rate)
        else:
            blocks = _noise(shape, int(values["seed"]), pink=kind == "pink noise")
        with self._scratch.writer(sound.channels) as writer:
            for block in blocks:
                writer.write(block * level)
                yield Progress(writer.length / region.length, self.title)
            return Sound.from_store(writer.finish(), rate)


def _sine(shape: tuple[int, int], turns: float) -> Iterator[Samples]:
    channels, length = shape
    for start in range(0, length, BLOCK):
        time = np.arange(start, min(start + BLOCK, length))
        wave = np.sin(2.0 * np.pi * ((turns * time) % 1.0)).astype(np.float32)
        yield np.tile(wave, (channels, 1))


def _noise(shape: tuple[int, int], seed: int, *, pink: bool) -> Iterator[Samples]:
    from scipy import signal  # noqa: PLC0415 - slow to load, and only noise needs it

    channels, length = shape
    random = np.random.default_rng(seed)
    states = [np.zeros((channels, 1)) for _ in _PINK_POLES]
    delayed = np.zeros((channels, 1))
    for start in range(0, length, BLOCK):
        white = random.standard_normal((channels, min(BLOCK, length - start)))
        if not pink:
            yield white.astype(np.float32)
            continue
        total = white * _PINK_DIRECT
        for place, (pole, gain) in enumerate(zip(_PINK_POLES, _PINK_GAINS, strict=True)):
            part, states[place] = signal.lfilter([gain], [1.0, -pole], white, zi=states[place])
            total += part
        total += _PINK_DELAYED * np.concatenate([delayed, white[:, :-1]], axis=1)
        delayed = white[:, -1:]
        yield (total * _PINK_LEVEL).astype(np.float32)
