"""Effects and their parameters as JSON, as a plugin's process tells them and as they are remembered."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, get_args

from audiosr_desktop.effects.effect import Effect, Kind, Parameter
from audiosr_desktop.errors import EffectError

_MOST_PARAMETERS = 4096


@dataclass(frozen=True, slots=True)
class Description:
    """What an effect of a plugin looks like from outside."""

    id: str
    title: str
    parameters: tuple[Parameter, ...]
    seamless: bool = False
    has_window: bool = False  # one of its own, in which values can be set
    version: str = ""  # of a native plugin, which has no manifest that tells it


def describe_as_data(effect: Effect | Description) -> dict[str, Any]:
    """Return an effect's description as JSON holds it."""
    parameters = [asdict(parameter) for parameter in effect.parameters]
    return {
        "id": effect.id,
        "title": effect.title,
        "parameters": parameters,
        "seamless": bool(effect.seamless),
        "has_window": _has_window(effect),
        "version": str(getattr(effect, "version", "")),
    }


def _has_window(effect: Effect | Description) -> bool:
    if isinstance(effect, Description):
        return effect.has_window
    return callable(getattr(effect, "edit", None))


def read_descriptions(plugin_id: str, data: object) -> tuple[Description, ...]:
    """Return checked descriptions of what a plugin told.

    Raises:
        ValueError: they are not what they must be; the text says what is wrong.
    """
    if not isinstance(data, list):
        raise ValueError("its effects are not a list")
    found = tuple(_description(plugin_id, row) for row in data)
    ids = [description.id for description in found]
    if len(set(ids)) != len(ids):
        raise ValueError("two of its effects have one id")
    return found


def _description(plugin_id: str, row: object) -> Description:
    if not isinstance(row, Mapping):
        raise ValueError("an effect is not described")
    name, title, parameters = row.get("id"), row.get("title"), row.get("parameters")
    if not (isinstance(name, str) and isinstance(title, str) and title and isinstance(parameters, Sequence)):
        raise ValueError("an effect lacks its id, title or parameters")
    if name != plugin_id and not name.startswith(f"{plugin_id}."):
        raise ValueError(f"the id of the effect {name!r} does not begin with the plugin's, {plugin_id!r}")
    if len(parameters) > _MOST_PARAMETERS:
        raise ValueError(f"{title} has more than {_MOST_PARAMETERS} parameters")
    read = tuple(_parameter(title, given) for given in parameters)
    if len({parameter.id for parameter in read}) != len(read):
        raise ValueError(f"two parameters of {title} have one id")
    return Description(
        name, title, read, bool(row.get("seamless")), bool(row.get("has_window")), str(row.get("version", ""))
    )


def _parameter(title: str, given: object) -> Parameter:
    if not isinstance(given, Mapping):
        raise ValueError(f"a parameter of {title} is not described")
    try:
        parameter = Parameter(**{**given, "choices": tuple(given.get("choices", ()))})
        if parameter.kind not in get_args(Kind) or not isinstance(parameter.id, str):
            raise ValueError(f"a parameter of {title} is of the kind {parameter.kind!r}, which is not known")
        parameter.checked(parameter.default)
    except (TypeError, EffectError) as error:
        raise ValueError(f"a parameter of {title} cannot be used: {error}".rstrip(".")) from error
    return parameter
