"""Timings: how long an effect takes on this machine, from how long it took before."""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from audiosr_desktop.effects.effect import Value

FORMAT_VERSION = 2
LEAST_LEARNED_S = 2.0  # of sound: a shorter run measures how long a model takes to load
LONG_S = 600.0
RESTORE, SUPER_RESOLUTION = "audiosr.restore", "audiosr.super-resolution"
LOOK = RESTORE + ".look"  # what Restore does before it mends
LOOKED_AT_S = 160.0  # of a sound, at most
MENDED = {
    "gaps": "audiosr.fill-gap",
    "tones": "audiosr.remove-tone",
    "noise": "audiosr.denoise",
    "band": SUPER_RESOLUTION,
}
"""What may mend each kind of damage, by the switches of Restore."""

# Seconds of one core pair per second of one channel, as a first guess, until the machine was measured
_GUESSES = {
    SUPER_RESOLUTION: 0.1,
    LOOK: 0.2,
    "audiosr.remove-tone": 0.12,
    "audiosr.denoise": 0.1,
    "audiosr.fill-gap": 0.01,
}
_OTHERS_GUESS = 0.002
_SHIPPED_FACTORS = {"draft": 0.9, "standard": 1.0, "best": 1.1}  # its steps take little of the time
_OTHERS_FACTORS = {"draft": 0.5, "standard": 1.0, "best": 1.7}
_NEW_SHARE = 0.5
_NOTICED_SHARE = 0.1
_KEY_PARTS = 5
_BASE_BYTES = 350 * 2**20  # the program and a loaded model; sound passes through block by block


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run will take.

    Attributes:
        seconds: of waiting, at most where it hangs on what is found.
        memory_bytes: most memory held; the length of the sound has no part in it.
        measured: whether the same was run here before; otherwise it is a guess.
        least_s: of waiting where nothing is found to do; None where the time does not hang on that.
    """

    seconds: float
    memory_bytes: int
    measured: bool
    least_s: float | None = None

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
        key: its id with its checksum, under which times are kept: what was measured of other weights does not
            count. Empty is by the name in the values alone.
        window_s: seconds of sound that are always worked on at once.
    """

    memory_bytes: int = _BASE_BYTES
    speeds: Mapping[str, float] = field(default_factory=dict)
    key: str = ""
    window_s: float = 0.0


_SHIPPED = ModelCost()


def model_key(bundle_id: str, manifest_sha256: str) -> str:
    """Return the name under which times of a model are kept."""
    return f"{bundle_id}@{manifest_sha256[:12]}"


class Timings:
    """Keeps the real-time factor per channel of each effect, model (with its checksum), device and quality.

    Args:
        path: of the file; one that is damaged or not there is begun anew. None keeps nothing.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._factors, self._devices = _read(path) if path is not None else ({}, {})

    def estimate(
        self,
        effect_id: str,
        values: Mapping[str, Value],
        *,
        duration_s: float,
        channels: int,
        cost: ModelCost = _SHIPPED,
    ) -> Estimate:
        """Return what an effect will take on so much sound, with a model of such a cost.

        Of Restore, whose modules hang on what is found, the most that it may take and the least.
        """
        if effect_id == RESTORE:
            looking = self.estimate(LOOK, {}, duration_s=duration_s, channels=channels)
            steps = [
                self.estimate(
                    step, step_values(step, values), duration_s=duration_s, channels=channels, cost=cost
                )
                for kind, step in MENDED.items()
                if values.get(kind, True)
            ]
            return replace(estimate_of_all([looking, *steps]), least_s=looking.seconds)
        if effect_id == LOOK:
            duration_s = min(duration_s, LOOKED_AT_S)
        factor, measured = self._factor(effect_id, values, cost)
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
        cost: ModelCost = _SHIPPED,
        device: str = "",
    ) -> None:
        """Take in how long a run took; the file is best effort, as nothing is lost with it.

        Args:
            effect_id: what was run …
            values: … with these values …
            duration_s: … on so much sound …
            channels: … of so many channels.
            elapsed_s: seconds that it took.
            cost: of its model.
            device: that it really ran on; empty is the one that the values ask for.
        """
        if duration_s < LEAST_LEARNED_S or elapsed_s <= 0.0 or channels < 1:
            return
        asked = str(values.get("device", ""))
        if device and asked:
            self._devices[asked] = device
        if effect_id == LOOK:
            duration_s = min(duration_s, LOOKED_AT_S)
        key, found = self._key(effect_id, values, cost), elapsed_s / (duration_s * channels)
        known = self._factors.get(key)
        self._factors[key] = found if known is None else known + _NEW_SHARE * (found - known)
        if self._path is None:
            return
        kept = {"format_version": FORMAT_VERSION, "rtf": self._factors, "devices": self._devices}
        text = json.dumps(kept, indent=2)
        beside = self._path.with_suffix(".tmp")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(text + "\n", encoding="utf-8")
            beside.replace(self._path)
        except OSError:
            with suppress(OSError):
                beside.unlink(missing_ok=True)

    def measured(self, effect_id: str, model: str) -> dict[str, float]:
        """Return the measured real-time factors per channel of a model, by quality or number of steps.

        Args:
            effect_id: what runs it.
            model: its `ModelCost.key`.
        """
        found = {}
        for key, factor in self._factors.items():
            parts = key.split("|")
            if len(parts) == _KEY_PARTS and parts[:2] == [effect_id, model]:
                found[parts[3]] = factor
        return found

    def knows(self, effect_id: str, values: Mapping[str, Value], cost: ModelCost) -> bool:
        """Return whether an effect, or the model of Restore, ran on the device, at whichever quality."""
        ran = SUPER_RESOLUTION if effect_id == RESTORE else effect_id
        start = self._key(ran, values, cost).rsplit("|", 2)[0] + "|"
        return any(key.startswith(start) for key in self._factors)

    def _factor(self, effect_id: str, values: Mapping[str, Value], cost: ModelCost) -> tuple[float, bool]:
        if (known := self._factors.get(self._key(effect_id, values, cost))) is not None:
            return known, True
        quality, factors = str(values.get("quality", "")), {**_quality_factors(values), **cost.speeds}
        for other, factor in factors.items():  # another quality of the same model says much
            known = self._factors.get(self._key(effect_id, {**values, "quality": other}, cost))
            if quality in factors and known is not None:
                return known * factors[quality] / factor, False
        return cost.speeds.get(quality, guessed_factor(effect_id, values)), False

    def _key(self, effect_id: str, values: Mapping[str, Value], cost: ModelCost) -> str:
        asked = str(values.get("device", ""))
        work = values.get("steps") or values.get("quality", "")
        guided = "guided" if float(values.get("guidance", 0.0)) > 1.0 else ""
        model = (cost.key or values.get("model", "")) if "model" in values else ""
        parts = (effect_id, model, self._devices.get(asked, asked), work, guided)
        return "|".join(str(part) for part in parts)


def estimate_of_all(estimates: Sequence[Estimate]) -> Estimate:
    """Return what steps take one after the other: their times together, and the memory of the largest.

    It counts as measured when all steps are that take a noticeable part of the time.
    """
    seconds = sum(estimate.seconds for estimate in estimates)
    hangs = any(estimate.least_s is not None for estimate in estimates)
    least_s = sum(one.seconds if one.least_s is None else one.least_s for one in estimates)
    noticed = (estimate for estimate in estimates if estimate.seconds >= _NOTICED_SHARE * seconds)
    memory = max((estimate.memory_bytes for estimate in estimates), default=0)
    return Estimate(
        seconds, memory, all(estimate.measured for estimate in noticed), least_s if hangs else None
    )


def step_values(effect_id: str, values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return those of Restore's values that tell how long one of its steps takes."""
    return values if effect_id == SUPER_RESOLUTION else {}


def guessed_factor(effect_id: str, values: Mapping[str, Value]) -> float:
    """Return seconds of computing per second of one channel, as a guess; their ratios hold on any machine."""
    if effect_id == RESTORE:
        steps = (step for kind, step in MENDED.items() if values.get(kind, True))
        return _GUESSES[LOOK] + sum(guessed_factor(step, step_values(step, values)) for step in steps)
    quality = str(values.get("quality", ""))
    return _GUESSES.get(effect_id, _OTHERS_GUESS) * _quality_factors(values).get(quality, 1.0)


def _quality_factors(values: Mapping[str, Value]) -> Mapping[str, float]:
    return _OTHERS_FACTORS if values.get("model") else _SHIPPED_FACTORS


def _read(path: Path) -> tuple[dict[str, float], dict[str, str]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["format_version"] != FORMAT_VERSION:
            return {}, {}
        factors = {str(key): float(factor) for key, factor in data["rtf"].items()}
        devices = {str(asked): str(got) for asked, got in data.get("devices", {}).items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}, {}
    return {key: factor for key, factor in factors.items() if 0.0 < factor < 1e6}, devices
