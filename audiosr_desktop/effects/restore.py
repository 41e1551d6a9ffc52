"""Restore: finds what is wrong with a sound and runs what mends it, as one Effect."""

from collections.abc import Mapping, Sequence

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.denoise import Denoise, measure_noise
from audiosr_desktop.effects.effect import Effect, Parameter, Value
from audiosr_desktop.effects.gaps import FillGap
from audiosr_desktop.effects.notes import Report, note, warn
from audiosr_desktop.effects.super_resolution import PARAMETERS as SUPER_RESOLUTION_PARAMETERS
from audiosr_desktop.effects.super_resolution import SuperResolution
from audiosr_desktop.effects.survey import survey_sound
from audiosr_desktop.effects.tones import RemoveTone
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.job import Job, Progress, part_of

DISTURBING_NOISE_DBFS = -66.0  # quieter noise belongs to the recording

PARAMETERS = (
    *SUPER_RESOLUTION_PARAMETERS,
    Parameter("gaps", "Fill gaps", "bool", default=True, advanced=True),
    Parameter("tones", "Remove tones", "bool", default=True, advanced=True),
    Parameter("noise", "Reduce noise", "bool", default=True, advanced=True),
    Parameter("band", "Restore the band", "bool", default=True, advanced=True),
)


class Restore:
    """The effect; what was found and done is put into `report` when one is given.

    The steps are gaps, tones, noise, missing band, each on the result of the one before and each left out
    where there is nothing for it to do.
    """

    id = "audiosr.restore"
    title = "Restore"
    parameters: Sequence[Parameter] = PARAMETERS
    seamless = True  # each step joins the surroundings in its own way

    def __init__(self, engines: Engines, scratch: Scratch, report: Report | None = None) -> None:
        self._scratch = scratch
        self._report: Report = {} if report is None else report
        # a step that finds nothing is no news here: its warnings go nowhere
        self._facts: Report = {}
        self._fill_gap = FillGap(self._facts)
        self._remove_tone = RemoveTone(scratch, self._facts)
        self._denoise = Denoise(scratch, self._facts)
        self._super_resolution = SuperResolution(engines, scratch, self._report)

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region restored; the sound as it is where nothing is wrong.

        Raises:
            BundleError: band is missing, and the model that could restore it is not there or damaged.
            EngineError: the model cannot be run.
        """
        self._facts.clear()
        plain = Region(region.start, region.stop)  # the caller limits the whole change to the band
        now = sound
        if values["gaps"]:
            now = yield from part_of(self._run(self._fill_gap, now, plain, {"where": "find"}), 0.0, 0.05)
        if values["tones"]:
            now = yield from part_of(self._run(self._remove_tone, now, plain, {}), 0.05, 0.15)
        if values["noise"]:
            now = yield from part_of(self._quieter(now, plain), 0.15, 0.25)
        if values["band"]:
            now = yield from part_of(self._with_band(now, plain, values), 0.25, 1.0)
        self._report.update(
            {name: fact for name, fact in self._facts.items() if name in ("gaps", "tones", "noise_dbfs")}
        )
        if now is sound:
            warn(self._report, "Nothing was found to restore and the sound was left as it is.")
        return now.slice(region.start, region.stop)

    def _run(self, effect: Effect, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        result = yield from apply_effect(effect, sound, region, values, self._scratch)
        if result is not sound:
            note(self._report, "steps_done", effect.id)
        return result

    def _quieter(self, sound: Sound, region: Region) -> Job[Sound]:
        profile = yield from part_of(measure_noise(sound), 0.0, 0.3)
        if profile.level_dbfs < DISTURBING_NOISE_DBFS:
            return sound
        return (yield from part_of(self._run(self._denoise, sound, region, {}), 0.3, 1.0))

    def _with_band(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        if not float(values["cutoff_hz"]):
            survey = yield from part_of(survey_sound(sound, region), 0.0, 0.05)
            if survey is None or survey.cutoff.full_band:
                return sound
        own = {p.id: values[p.id] for p in SUPER_RESOLUTION_PARAMETERS if p.id != "amount"}
        yield Progress(0.05, "Restoring the band")
        return (yield from part_of(self._run(self._super_resolution, sound, region, own), 0.05, 1.0))
