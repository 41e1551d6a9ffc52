"""Timings: how long an effect takes on this machine, from how long it took before."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from audiosr_desktop.effects.effect import Value

FORMAT_VERSION = 1
LEAST_LEARNED_S = 2.0  # of sound: a shorter run measures how long a model takes to load
LONG_S = 600.0

# Seconds of one core pair per second of one channel, as a first guess, until the machine was measured
_GUESSES = {
    "audiosr.super-resolution": 0.1,
    "audiosr.restore": 0.2,
    "audiosr.remove-tone": 0.12,
    "audiosr.denoise": 0.06,
    "audiosr.fill-gap": 0.01,
}
_OTHERS_GUESS = 0.002
_SHIPPED_FACTORS = {"draft": 0.9, "standard": 1.0, "best": 1.1}  # its steps take little of the time
_OTHERS_FACTORS = {"draft": 0.5, "standard": 1.0, "best": 1.7}
_NEW_SHARE = 0.5
_KEY_PARTS = 5
_BASE_BYTES = 350 * 2**20  # the program and a loaded model; sound passes through block by block


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take.

    Attributes:
        seconds: of waiting.
        memory_bytes: most memory held; the length of the sound has no part in it.
        measured: whether the same was run here before; otherwise it is a guess.
    """

    seconds: float
    memory_bytes: int
    measured: bool

    @property
    def long(self) -> bool:
        """Whether a shorter way should be offered."""
        return self.seconds > LONG_S


@dataclass(frozen=True, slots=True)
class ModelCost:
    """What a model takes, before it has run here.

    Attributes:
        memory_bytes: that a run holds, the program included.
        speeds: real-time factors per channel on two cores, by quality; empty where its maker did not say.
    """

    memory_bytes: int = _BASE_BYTES
    speeds: Mapping[str, float] = field(default_factory=dict)


_SHIPPED = ModelCost()


class Timings:
    """Keeps the real-time factor per channel of each effect, model, device and quality.

    Args:
        path: of the file; one that is damaged or not there is begun anew. None keeps nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._factors = _read(path) if path is not None else {}

    def estimate(
        self,
        effect_id: str,
        values: Mapping[str, Value],
        *,
        duration_s: float,
        channels: int,
        cost: ModelCost = _SHIPPED,
    ) -> Estimate:
        """Return what an effect will take on so much sound, with a model of such a cost."""
        factor, measured = self._factor(effect_id, values, cost.speeds)
        memory = cost.memory_bytes + 32 * 2**20 * channels
        return Estimate(factor * duration_s * channels, memory, measured)

    def learn(
        self,
        effect_id: str,
        values: Mapping[str, Value],
        *,
        duration_s: float,
        channels: int,
        elapsed_s: float,
    ) -> None:
        """Take in how long a run took; the file is best effort, as nothing is lost with it."""
        if duration_s < LEAST_LEARNED_S or elapsed_s <= 0.0 or channels < 1:
            return
        key, found = _key(effect_id, values), elapsed_s / (duration_s * channels)
        known = self._factors.get(key)
        self._factors[key] = found if known is None else known + _NEW_SHARE * (found - known)
        if self._path is None:
            return
        text = json.dumps({"format_version": FORMAT_VERSION, "rtf": self._factors}, indent=2)
        beside = self._path.with_suffix(".tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(text + "\n", encoding="utf-8")
            beside.replace(self._path)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def measured(self, effect_id: str, model: str) -> dict[str, float]:
        """Return the measured real-time factors per channel of a model, by quality or number of steps."""
        found = {}
        for key, factor in self._factors.items():
            parts = key.split("|")
            if len(parts) == _KEY_PARTS and parts[:2] == [effect_id, model]:
                found[parts[3]] = factor
        return found

    def _factor(
        self, effect_id: str, values: Mapping[str, Value], speeds: Mapping[str, float]
    ) -> tuple[float, bool]:
        if (known := self._factors.get(_key(effect_id, values))) is not None:
            return known, True
        quality, factors = str(values.get("quality", "")), {**_quality_factors(values), **speeds}
        for other, factor in factors.items():  # another quality of the same model says much
            known = self._factors.get(_key(effect_id, {**values, "quality": other}))
            if quality in factors and known is not None:
                return known * factors[quality] / factor, False
        return speeds.get(quality, guessed_factor(effect_id, values)), False


def guessed_factor(effect_id: str, values: Mapping[str, Value]) -> float:
    """Return seconds of computing per second of one channel, as a guess; their ratios hold on any machine."""
    quality = str(values.get("quality", ""))
    return _GUESSES.get(effect_id, _OTHERS_GUESS) * _quality_factors(values).get(quality, 1.0)


def _quality_factors(values: Mapping[str, Value]) -> Mapping[str, float]:
    return _OTHERS_FACTORS if values.get("model") else _SHIPPED_FACTORS


def _key(effect_id: str, values: Mapping[str, Value]) -> str:
    work = values.get("steps") or values.get("quality", "")
    guided = "guided" if float(values.get("guidance", 0.0)) > 1.0 else ""
    return "|".join(
        str(part) for part in (effect_id, values.get("model", ""), values.get("device", ""), work, guided)
    )


def _read(path: Path) -> dict[str, float]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        factors = data["rtf"] if data["format_version"] == FORMAT_VERSION else {}
        return {str(key): float(factor) for key, factor in factors.items() if 0.0 < float(factor) < 1e6}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
