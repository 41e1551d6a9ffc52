"""Values of an effect as one reads them: named and with units, as in its form."""

from collections.abc import Mapping, Sequence

from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.ui.language import tr, tr_word
from audiosr_desktop.ui.readout import figures

_ALWAYS = {"float", "int", "choice"}  # kinds that say something also where they are as usual


def values_words(parameters: Sequence[Parameter], values: Mapping[str, Value]) -> str:
    """Return the values of a module in one line: those that are set, and the usual ones of its first rows.

    Args:
        parameters: of the effect; values without one are given as they are.
        values: those that differ from the defaults.
    """
    parts = []
    for parameter in parameters:
        is_set = parameter.id in values
        usual = not parameter.advanced and parameter.kind in _ALWAYS and parameter.id != "amount"
        if is_set or usual:
            parts.append(_words(parameter, values.get(parameter.id, parameter.default)))
    known = {parameter.id for parameter in parameters}
    parts += [f"{name} {value}" for name, value in values.items() if name not in known]
    return " · ".join(parts)


def _words(parameter: Parameter, value: Value) -> str:
    title = tr(parameter.title)
    if parameter.opaque:
        return f"{title} …"
    if parameter.kind == "bool":
        return f"{title} {tr('on') if value else tr('off')}"
    if parameter.kind == "choice":
        return f"{title} {tr_word(str(value))}"
    if isinstance(value, int | float) and not isinstance(value, bool):
        if parameter.automatic and value == (parameter.minimum or 0):
            return f"{title} {tr('automatic')}"
        return f"{title} {figures(float(value), '.12g')} {parameter.unit}".replace("-", "−").rstrip()
    return f"{title} {value}"
