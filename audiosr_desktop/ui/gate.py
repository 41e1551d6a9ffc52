"""The gate before a run: where the GPU that it asks for is missed, the user is told first."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Protocol, TypeAlias

from audiosr_desktop.effects.effect import Value

CHAIN_ID = "audiosr.chain"  # under which the history keeps a chain
CPU, DEVICE = "cpu", "device"

Steps: TypeAlias = Sequence[tuple[str, Mapping[str, Value]]]  # ids of effects, each with its values
Go: TypeAlias = Callable[[bool], bool]  # begins a run, on the processor instead of the GPU; whether it did


class Gate(Protocol):
    """Lets a run go, now or later, and returns whether it did or looks first.

    `seconds` is how much sound of one channel the run is about; None is what is selected in the editor.
    """

    def __call__(self, steps: Steps, go: Go, /, *, seconds: float | None = None) -> bool: ...


def open_gate(_steps: Steps, go: Go, *, seconds: float | None = None) -> bool:
    """Let a run go at once, as it is."""
    return go(False)


def asks_for_gpu(values: Mapping[str, Value]) -> bool:
    """Tell whether values name a GPU, and not what there is."""
    return str(values.get(DEVICE, "")).startswith("cuda")


def on_processor(values: Mapping[str, Value]) -> dict[str, Value]:
    """Return values with the processor in place of a GPU; those of a chain too."""
    if "chain" in values:
        # it loads scipy.signal, which the effects have loaded by now
        from audiosr_desktop.effects.chain import chain_from_json, chain_to_json  # noqa: PLC0415

        chain = chain_from_json(str(values["chain"]), "The chain")
        modules = tuple(replace(module, values=on_processor(module.values)) for module in chain.modules)
        return {**values, "chain": chain_to_json(replace(chain, modules=modules))}
    return {**values, DEVICE: CPU} if asks_for_gpu(values) else dict(values)
