"""Level of sound: peak, RMS, loudness and true peak, on arrays or on a stream of blocks.

Digital silence has a level of minus infinity in all of them. 0 dBFS is an amplitude of 1.0; RMS is not raised
by the 3 dB that make a full-scale sine 0 dB.
"""

import math

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

ABSOLUTE_GATE_LUFS = -70.0
RELATIVE_GATE_LU = -10.0
_STEPS_PER_BLOCK = 4  # blocks of 400 ms, one every 100 ms
_OFFSET_LUFS = -0.691

# Weights of ITU-R BS.1770-4, table 4, in the channel order of WAV: 1.41 for loudspeakers at the sides
# (60° to 120°), none for the low-frequency channel.
_CHANNEL_WEIGHTS: dict[int, tuple[float, ...]] = {
    1: (1.0,),
    2: (1.0, 1.0),
    3: (1.0, 1.0, 1.0),
    4: (1.0, 1.0, 1.41, 1.41),
    5: (1.0, 1.0, 1.0, 1.41, 1.41),
    6: (1.0, 1.0, 1.0, 0.0, 1.41, 1.41),
    7: (1.0, 1.0, 1.0, 0.0, 1.0, 1.41, 1.41),
    8: (1.0, 1.0, 1.0, 0.0, 1.0, 1.0, 1.41, 1.41),
}


def db_to_gain(level_db: float) -> float:
    """Return the factor on amplitude of a level in dB."""
    return float(10.0 ** (level_db / 20.0))


def gain_to_db(gain: float) -> float:
    """Return the level in dB of a factor on amplitude, minus infinity for 0; the sign is ignored."""
    return 20.0 * math.log10(abs(gain)) if gain else -math.inf


def power_to_db(power: float) -> float:
    """Return the level in dB of a mean square, minus infinity for 0."""
    return 10.0 * math.log10(power) if power > 0 else -math.inf


def peak_db(samples: Samples) -> float:
    """Return the level of the largest sample over all channels, dBFS."""
    if samples.size == 0:
        return -math.inf
    return gain_to_db(max(float(samples.max()), -float(samples.min())))


def rms_db(samples: Samples) -> float:
    """Return the root mean square over all channels and samples, dBFS."""
    if samples.size == 0:
        return -math.inf
    return power_to_db(float(np.mean(np.square(samples, dtype=np.float64))))


def k_weighting(sample_rate: int) -> Floats:
    """Return the K-weighting of BS.1770 as second-order sections (sections, 6) for any rate.

    The recommendation gives coefficients for 48 kHz only; these are the analogue prototypes behind them (a
    shelf of 4 dB at 1682 Hz, a high-pass at 38 Hz) through the bilinear transform, equal to them at 48 kHz to
    1e-9. Below 4 kHz the shelf lies beyond what the rate holds and is left out.

    Source: ITU-R BS.1770-4, annex 1; prototypes as in De Man, "Evaluation of implementations of the EBU R128
    loudness measurement", AES 145, 2018.
    """
    sections = []
    shelf_hz, shelf_db, shelf_q = 1681.974450955533, 3.999843853973347, 0.7071752369554196
    if sample_rate >= 4000:
        k = math.tan(math.pi * shelf_hz / sample_rate)
        high = 10.0 ** (shelf_db / 20.0)
        middle = high**0.4996667741545416
        b = (high + middle * k / shelf_q + k * k, 2.0 * (k * k - high), high - middle * k / shelf_q + k * k)
        sections.append(_section(b, k, shelf_q))
    pass_hz, pass_q = 38.13547087602444, 0.5003270373238773
    k = math.tan(math.pi * pass_hz / sample_rate)
    a0 = 1.0 + k / pass_q + k * k
    sections.append(_section((a0, -2.0 * a0, a0), k, pass_q))  # the recommendation leaves b at 1, -2, 1
    return np.array(sections)


def _section(b: tuple[float, float, float], k: float, q: float) -> list[float]:
    a0 = 1.0 + k / q + k * k
    return [b[0] / a0, b[1] / a0, b[2] / a0, 1.0, 2.0 * (k * k - 1.0) / a0, (1.0 - k / q + k * k) / a0]


class LoudnessMeter:
    """Integrated loudness over a stream of blocks: ITU-R BS.1770-4 with both gates.

    It keeps one number for each 100 ms of sound.

    Args:
        sample_rate: Hz.
        channels: 1 to 8, in the order of WAV.

    Raises:
        ValueError: there is no weighting for that number of channels.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        if channels not in _CHANNEL_WEIGHTS:
            raise ValueError(f"loudness is defined for 1 to 8 channels, not {channels}")
        self._rate = sample_rate
        self._weights = np.array(_CHANNEL_WEIGHTS[channels])
        self._sections = k_weighting(sample_rate)
        self._state = np.zeros((len(self._sections), channels, 2))
        self._position = 0
        self._open = 0.0  # weighted energy of the step not yet complete
        self._energies: list[float] = []

    def add(self, block: Samples) -> None:
        """Take the next samples, float32 (channels, n)."""
        if block.shape[1] == 0:
            return
        weighted, self._state = scipy.signal.sosfilt(self._sections, block.astype(np.float64), zi=self._state)
        power = self._weights @ np.square(weighted)
        start = 0
        while start < power.size:
            edge = self._edge(len(self._energies) + 1)
            stop = min(power.size, start + edge - self._position)
            self._open += float(power[start:stop].sum())
            self._position += stop - start
            start = stop
            if self._position == edge:
                self._energies.append(self._open)
                self._open = 0.0

    def _edge(self, step: int) -> int:
        return round(step * self._rate / 10)

    def result(self) -> float:
        """Return the loudness so far in LUFS; minus infinity if all is below the absolute gate of -70 LUFS.

        Sound shorter than one block of 400 ms is measured as a whole, without gates.
        """
        if len(self._energies) < _STEPS_PER_BLOCK:
            total = math.fsum(self._energies) + self._open
            return _OFFSET_LUFS + power_to_db(total / self._position) if self._position else -math.inf
        energies = np.array(self._energies)
        blocks = np.convolve(energies, np.ones(_STEPS_PER_BLOCK), "valid") / (0.4 * self._rate)
        heard = blocks[blocks > _lufs_to_power(ABSOLUTE_GATE_LUFS)]
        if heard.size == 0:
            return -math.inf
        gate = heard.mean() * 10.0 ** (RELATIVE_GATE_LU / 10.0)
        return _OFFSET_LUFS + power_to_db(float(heard[heard > gate].mean()))

    def recent(self, span_s: float) -> float:
        """Return the loudness of the last `span_s` in LUFS, ungated, in steps of 100 ms.

        400 ms are the momentary loudness and 3 s the short-term loudness of EBU Tech 3341. What is shorter is
        measured as far as it goes; minus infinity before the first 100 ms.
        """
        steps = self._energies[-round(span_s * 10) :]
        return _OFFSET_LUFS + power_to_db(math.fsum(steps) / (len(steps) * self._rate / 10) if steps else 0.0)


def _lufs_to_power(loudness_lufs: float) -> float:
    return float(10.0 ** ((loudness_lufs - _OFFSET_LUFS) / 10.0))


def integrated_loudness(samples: Samples, sample_rate: int) -> float:
    """Return the gated loudness of float32 (channels, n) in LUFS; see `LoudnessMeter`."""
    meter = LoudnessMeter(sample_rate, samples.shape[0])
    for start in range(0, samples.shape[1], 1 << 18):
        meter.add(samples[:, start : start + (1 << 18)])
    return meter.result()


class TruePeakMeter:
    """Largest value between the samples, over a stream of blocks.

    Rates below 96 kHz are oversampled 4 times, below 192 kHz twice, others not at all (BS.1770-4, annex 2),
    with a filter of 32 taps a phase: longer than the one in the annex, and within 0.1 dB up to 0.45 of the
    rate.

    Args:
        sample_rate: Hz.
        channels: channels of every block.
    """

    _TAPS = 32
    _CHUNK = 1024

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._factor = 4 if sample_rate < 96_000 else 2 if sample_rate < 192_000 else 1
        count = self._TAPS * self._factor
        taps = scipy.signal.firwin(count + 1, 0.97 / self._factor, window=("kaiser", 8.0)) * self._factor
        self._taps = taps.astype(np.float32)
        phases = [np.abs(taps[phase :: self._factor]).sum() for phase in range(self._factor)]
        self._bound = float(max(phases))  # no value between samples is above the largest sample times this
        self._tail = np.zeros((channels, self._TAPS), np.float32)
        self._peak = 0.0

    def add(self, block: Samples) -> None:
        """Take the next samples, float32 (channels, n)."""
        if block.shape[1] == 0:
            return
        self._peak = max(self._peak, float(block.max()), -float(block.min()))
        if self._factor > 1:
            joined = np.concatenate([self._tail, block], axis=1)
            self._peak = self._highest(joined, self._peak)
            self._tail = joined[:, -self._TAPS :]

    def result_db(self) -> float:
        """Return the true peak so far in dBTP."""
        if self._factor == 1:
            return gain_to_db(self._peak)
        held = np.pad(self._tail, ((0, 0), (0, self._TAPS)))  # the last samples are still in the filter
        return gain_to_db(self._highest(held, self._peak))

    def _highest(self, joined: Samples, peak: float) -> float:
        """Return the larger of `peak` and the values between; the first taps are only what came before."""
        for start in range(0, joined.shape[1] - self._TAPS, self._CHUNK):
            for channel in joined[:, start : start + self._CHUNK + self._TAPS]:
                if max(float(channel.max()), -float(channel.min())) * self._bound > peak:
                    peak = max(peak, self._between(channel))
        return peak

    def _between(self, channel: Samples) -> float:
        raised = scipy.signal.upfirdn(self._taps, channel, up=self._factor)
        whole = raised[self._TAPS * self._factor : channel.size * self._factor]  # every tap had its sample
        return float(np.abs(whole).max()) if whole.size else 0.0


def true_peak_db(samples: Samples, sample_rate: int) -> float:
    """Return the true peak of float32 (channels, n) over all channels, dBTP; see `TruePeakMeter`."""
    meter = TruePeakMeter(sample_rate, samples.shape[0])
    meter.add(samples)
    return meter.result_db()
