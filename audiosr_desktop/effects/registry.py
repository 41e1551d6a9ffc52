"""Effects by id, as the window and the command line offer them."""

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.basic import FadeIn, FadeOut, Gain, Normalise, Silence
from audiosr_desktop.effects.channels import Channels
from audiosr_desktop.effects.denoise import Denoise
from audiosr_desktop.effects.effect import Effect
from audiosr_desktop.effects.gaps import FillGap
from audiosr_desktop.effects.generate import Generate
from audiosr_desktop.effects.levels import Invert, NormaliseLoudness, RemoveDc
from audiosr_desktop.effects.notes import Report
from audiosr_desktop.effects.restore import Restore
from audiosr_desktop.effects.super_resolution import SuperResolution
from audiosr_desktop.effects.tones import RemoveTone
from audiosr_desktop.engine.engines import Engines


def built_in_effects(engines: Engines, scratch: Scratch, report: Report | None = None) -> dict[str, Effect]:
    """Build the effects that come with the program.

    Args:
        engines: loads models when an effect first needs one.
        scratch: for long results.
        report: takes what the effects found and did; it is the caller's to empty between runs.

    Returns:
        Effects by id, restoration first.
    """
    effects: list[Effect] = [
        Restore(engines, scratch, report),
        SuperResolution(engines, scratch, report),
        Denoise(scratch, report),
        RemoveTone(scratch, report),
        FillGap(report),
        Gain(scratch),
        Normalise(scratch),
        NormaliseLoudness(scratch),
        FadeIn(scratch),
        FadeOut(scratch),
        Silence(scratch),
        RemoveDc(scratch),
        Invert(scratch),
        Channels(scratch),
        Generate(scratch),
    ]
    return {effect.id: effect for effect in effects}
