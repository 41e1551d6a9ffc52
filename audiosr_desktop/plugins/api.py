"""All that the author of a plugin may rely on; see `resources/help/plugins.md`."""

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.effects.effect import AMOUNT, Effect, Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.plugins.blocks import BlockEffect

__all__ = [
    "AMOUNT",
    "BlockEffect",
    "Effect",
    "EffectError",
    "Job",
    "Parameter",
    "Progress",
    "Region",
    "Samples",
    "Scratch",
    "Sound",
    "Value",
    "iter_blocks",
]
