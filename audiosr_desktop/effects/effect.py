"""Effect: one way to change sound, the parameters it has, and the check of the values it is given."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job

Value: TypeAlias = bool | int | float | str
Kind: TypeAlias = Literal["float", "int", "choice", "bool", "text", "file"]

_WORDS_FOR_TRUE = {"true", "yes", "on", "1"}
_WORDS_FOR_FALSE = {"false", "no", "off", "0"}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting of an effect: what a form shows and a preset stores.

    Attributes:
        id: stable name, used by presets and `--set`.
        title: label for the user, in sentence case.
        kind: what sort of value it takes; that of a "file" is its path as text, empty for none.
        default: value when none is given.
        minimum: least allowed number, None for no bound.
        maximum: greatest allowed number, None for no bound.
        unit: shown after the number.
        choices: allowed words of a "choice".
        advanced: shown only on demand.
        help: one sentence for a tool tip.
        automatic: the minimum stands for a value that the effect finds by itself.
        opaque: a text that the effect itself wrote, which users keep but do not read.
    """

    id: str
    title: str
    kind: Kind
    default: Value
    minimum: float | None = None
    maximum: float | None = None
    unit: str = ""
    choices: tuple[str, ...] = ()
    advanced: bool = False
    help: str = ""
    automatic: bool = False
    opaque: bool = False

    def checked(self, value: object) -> Value:
        """Return `value` as this parameter's type; text is read as a number or a switch where one is meant.

        Raises:
            EffectError: the value is of another type, not one of the choices, or out of range.
        """
        if self.kind in ("text", "file"):
            return str(value)
        if self.kind == "choice":
            if value not in self.choices:
                raise EffectError(f"{self.id} is one of {', '.join(self.choices)}, not {value!r}.")
            return str(value)
        if self.kind == "bool":
            return self._checked_switch(value)
        return self._checked_number(value)

    def _checked_switch(self, value: object) -> bool:
        if isinstance(value, bool):
            return value
        word = str(value).strip().lower()
        if word in _WORDS_FOR_TRUE:
            return True
        if word in _WORDS_FOR_FALSE:
            return False
        raise EffectError(f"{self.id} is on or off, not {value!r}.")

    def _checked_number(self, value: object) -> int | float:
        wanted = "a whole number" if self.kind == "int" else "a number"
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            raise EffectError(f"{self.id} is {wanted}, not {value!r}.")
        try:
            number = float(value)
        except (ValueError, OverflowError) as error:
            raise EffectError(f"{self.id} is {wanted}, not {value!r}.") from error
        if not math.isfinite(number) or (self.kind == "int" and number != round(number)):
            raise EffectError(f"{self.id} is {wanted}, not {value!r}.")
        if self.minimum is not None and number < self.minimum:
            raise EffectError(f"{self.id} is at least {self.minimum:g}{self._unit()}, not {number:g}.")
        if self.maximum is not None and number > self.maximum:
            raise EffectError(f"{self.id} is at most {self.maximum:g}{self._unit()}, not {number:g}.")
        if self.kind == "float":
            return number
        return value if isinstance(value, int) else int(number)

    def _unit(self) -> str:
        return f" {self.unit}" if self.unit else ""


AMOUNT = Parameter(
    "amount",
    "Amount",
    "float",
    default=100.0,
    minimum=0.0,
    maximum=100.0,
    unit="%",
    help="How much of the change is kept; 0 leaves the sound.",
)
"""The dry/wet mix. An effect that lists it need not look at it: `apply_effect` does the mixing."""


class Effect(Protocol):
    """One way to change sound: restoration, gain and a plugin's reverb all look like this."""

    @property
    def id(self) -> str:
        """Stable and dotted, "audiosr.restore"; presets and scripts refer to it."""

    @property
    def title(self) -> str:
        """Name for the user."""

    @property
    def parameters(self) -> Sequence[Parameter]:
        """What can be set."""

    @property
    def seamless(self) -> bool:
        """Whether the result joins its surroundings by itself, so that `apply_effect` lays no fades over it.

        (Fades inside the edges of the region would fade a filled gap back into the gap.)
        """

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return what takes the place of `region`: a sound of its length, channels and rate.

        The whole sound is given so that context can be read on both sides. `values` hold every parameter
        (`resolve_values`). The region's band and the amount are applied by the caller, `apply_effect`.
        Where there is nothing to do, `sound.slice(region)` is returned.

        Raises:
            AudioSRError: while the job is driven.
        """
        ...


def resolve_values(effect: Effect, given: Mapping[str, object]) -> dict[str, Value]:
    """Return a value for every parameter of `effect`: the one given, checked, or the default.

    Raises:
        EffectError: a name the effect does not have, or a value it cannot take.
    """
    known = {parameter.id: parameter for parameter in effect.parameters}
    for name in given:
        if name not in known:
            has = f"it has {', '.join(known)}" if known else "it has no parameters"
            raise EffectError(f"{effect.title} has no parameter named {name!r}; {has}.")
    return {
        name: parameter.checked(given[name]) if name in given else parameter.default
        for name, parameter in known.items()
    }
