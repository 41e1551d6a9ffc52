"""The proposal: looks at a sound and says which effects would mend it, with what values, and why."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.lanes import channels_of
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.denoise import reduce_noise
from audiosr_desktop.dsp.noise import NoiseProfile
from audiosr_desktop.dsp.tones import fit_tone
from audiosr_desktop.effects.chain import PREFIX, Chain, Module, at_rate_needed
from audiosr_desktop.effects.denoise import measure_noise
from audiosr_desktop.effects.effect import Parameter, Value, resolve_values
from audiosr_desktop.effects.gaps import FillGap, find_gaps
from audiosr_desktop.effects.super_resolution import PARAMETERS as SUPER_RESOLUTION_PARAMETERS
from audiosr_desktop.effects.super_resolution import has_room
from audiosr_desktop.effects.survey import Cleaner, survey_sound
from audiosr_desktop.effects.tones import heard_tones
from audiosr_desktop.job import Job, Progress, part_of, told_as

Samples = npt.NDArray[np.float32]

DISTURBING_NOISE_DBFS = -66.0  # quieter noise belongs to the recording
KINDS = ("gaps", "tones", "noise", "band")
PARAMETERS = (
    *SUPER_RESOLUTION_PARAMETERS,
    Parameter("gaps", "Fill gaps", "bool", default=True, advanced=True),
    Parameter("tones", "Remove tones", "bool", default=True, advanced=True),
    Parameter("noise", "Reduce noise", "bool", default=True, advanced=True),
    Parameter("band", "Restore the band", "bool", default=True, advanced=True),
)
"""Those of Restore, which runs what is proposed."""

_NAMED = 3  # facts that a reason names


_BAND_DEFAULTS = {
    parameter.id: parameter.default for parameter in SUPER_RESOLUTION_PARAMETERS if parameter.id != "amount"
}


def look(sound: Sound, region: Region, values: Mapping[str, Value], scratch: Scratch) -> Job[Chain]:
    """Return what Restore would run on a region of a document, at the rate that it would raise it to.

    Args:
        sound: the whole document.
        region: of it, of some channels or all.
        values: of `PARAMETERS`; those that are not named take their defaults.
        scratch: for the sound at another rate.
    """
    values = {**{parameter.id: parameter.default for parameter in PARAMETERS}, **values}
    raising = at_rate_needed([(PREFIX + "restore", values)], sound, region, scratch)
    sound, region = yield from part_of(raising, 0.0, 0.1)
    return (yield from part_of(propose_with(channels_of(sound, region), region, values), 0.1, 1.0))


def propose_with(sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Chain]:
    """Return what Restore runs on a sound that has the rate, and only the channels, that it needs.

    Args:
        sound: the whole document.
        region: of it; neither its band nor its channels count.
        values: of all `PARAMETERS`.
    """
    band_values = {name: values[name] for name, default in _BAND_DEFAULTS.items() if values[name] != default}
    kinds = [kind for kind in KINDS if values[kind]]
    plain = Region(region.start, region.stop)  # the caller limits the whole change to the band
    return (yield from propose(sound, plain, kinds=kinds, band_values=band_values))


def propose(
    sound: Sound,
    region: Region,
    *,
    kinds: Sequence[str] = KINDS,
    band_values: Mapping[str, Value] | None = None,
) -> Job[Chain]:
    """Return what would mend a region, in the order in which it is best done; no modules where nothing would.

    Args:
        sound: the whole document.
        region: where; noise and band are measured on the whole, so that they do not depend on it.
        kinds: which damage to look for, of `KINDS`.
        band_values: for the restoration of the band; a `cutoff_hz` above 0 is believed.
    """
    modules: list[Module] = []
    tones: list[dict[str, float]] = []
    noise: NoiseProfile | None = None
    recorded = sound  # what fills a gap says nothing about the recording's noise
    if "gaps" in kinds:
        gaps = yield from part_of(find_gaps(sound, region), 0.0, 0.05)
        if gaps:
            spans = [(gap.start / sound.sample_rate, gap.length / sound.sample_rate) for gap in gaps]
            filling = Module(PREFIX + "fill-gap", {"where": "find"}, reason=_gap_reason(spans))
            modules.append(filling)
        if gaps and {"tones", "band"} & set(kinds):
            # what comes after finds the gaps filled: a tone that is cut off now and then is not heard as one
            effect = FillGap()
            filled = effect.process(sound, region, resolve_values(effect, filling.values))
            plain = told_as(filled, lambda told: Progress(told.fraction, told.stage))  # nothing emerges yet
            sound = sound.splice(region, (yield from part_of(plain, 0.05, 0.1)))
    if "tones" in kinds:
        tones = yield from part_of(heard_tones(sound, region), 0.1, 0.7)
        if tones:
            modules.append(Module(PREFIX + "remove-tone", {}, reason=_tone_reason(tones)))
    if "noise" in kinds:
        measured = yield from part_of(measure_noise(recorded), 0.7, 0.8)
        if measured.level_dbfs >= DISTURBING_NOISE_DBFS:
            noise = measured
            reason = f"Steady noise at {measured.level_dbfs:.0f} dBFS."
            modules.append(Module(PREFIX + "denoise", {}, reason=reason))
    if "band" in kinds:
        clean = _cleaner(sound.sample_rate, tones, noise)
        band = yield from part_of(_band(sound, region, band_values or {}, clean), 0.8, 1.0)
        modules += [band] if band is not None else []
    yield Progress(1.0, "Looking at the sound")
    return Chain("Restore", tuple(modules))


def _cleaner(sample_rate: int, tones: Sequence[Mapping[str, float]], noise: NoiseProfile | None) -> Cleaner:
    """Return what takes found tones and noise out of a block, as the modules before the band will."""

    def clean(block: Samples) -> Samples:
        for tone in tones:
            if (fitted := fit_tone(block, sample_rate, tone["frequency_hz"])) is not None:
                block = block - fitted.render(block.shape[1], sample_rate).astype(np.float32)
        return reduce_noise(block, sample_rate, noise) if noise is not None else block

    return clean


def _band(sound: Sound, region: Region, values: Mapping[str, Value], clean: Cleaner) -> Job[Module | None]:
    given_hz = float(values.get("cutoff_hz", 0.0))
    if given_hz > 0.0:
        return Module(PREFIX + "super-resolution", dict(values), reason=f"Cutoff set to {given_hz:.0f} Hz.")
    survey = yield from survey_sound(sound, region, clean)
    if survey is None or survey.cutoff.full_band or not has_room(survey.cutoff.cutoff_hz, sound.sample_rate):
        return None
    cutoff = survey.cutoff
    chosen: dict[str, Value] = {**values, "cutoff_hz": float(round(cutoff.cutoff_hz))}
    hz, sure = f"{cutoff.cutoff_hz:.0f}", f"{min(cutoff.confidence, 0.99):.0%}"
    reason = f"The band ends at {hz} Hz ({sure} sure)."
    if cutoff.lossy:
        chosen["fill_holes"] = True
        reason = f"The band ends at {hz} Hz ({sure} sure), with holes below as a lossy codec leaves them."
    return Module(PREFIX + "super-resolution", chosen, reason=reason)


def _gap_reason(spans: Sequence[tuple[float, float]]) -> str:
    named = ", ".join(f"{start:.2f} s ({1000 * length:.0f} ms)" for start, length in spans[:_NAMED])
    if len(spans) > _NAMED:
        return f"The sound is cut off at {named} and {len(spans) - _NAMED} more."
    return f"The sound is cut off at {named}."


def _tone_reason(tones: Sequence[Mapping[str, float]]) -> str:
    named = ", ".join(
        f"{tone['frequency_hz']:.1f} Hz ({tone['level_dbfs']:.0f} dBFS)" for tone in tones[:_NAMED]
    )
    if len(tones) > _NAMED:
        return f"Steady tones at {named} and {len(tones) - _NAMED} more."
    return f"Steady tones at {named}." if len(tones) > 1 else f"Steady tone at {named}."
