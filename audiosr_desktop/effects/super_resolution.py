"""Super-resolution: generates the band that a sound lacks above its cutoff, with a model, as an Effect."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch, ScratchWriter
from audiosr_desktop.dsp.level import gain_to_db
from audiosr_desktop.dsp.resample import StreamResampler
from audiosr_desktop.effects.effect import AMOUNT, Parameter, Value
from audiosr_desktop.effects.emerging import telling_beginning
from audiosr_desktop.effects.notes import Report, warn
from audiosr_desktop.effects.survey import survey_sound
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.engine.manifest import NATIVE_RATE, QUALITIES
from audiosr_desktop.engine.restorer import Generated, Restorer, Settings
from audiosr_desktop.engine.source import NativeSource
from audiosr_desktop.errors import EngineMemoryError
from audiosr_desktop.job import Job, Progress, part_of, told_as

Samples = npt.NDArray[np.float32]

MIN_LENGTH_S = 0.1
NO_ROOM_SHARE = 0.95  # a cutoff above this share of the highest possible frequency leaves nothing to add
MIN_CUTOFF_HZ = 500.0
OPENING_S = 10.0  # seconds of one channel that are restored in the time that it takes before the first

PARAMETERS = (
    Parameter(
        "model", "Model", "text", default="", help="Id of an installed model; empty is the shipped one."
    ),
    Parameter(
        "quality",
        "Quality",
        "choice",
        default="standard",
        choices=QUALITIES,
        help="How many steps are taken.",
    ),
    AMOUNT,
    Parameter(
        "new_band_gain_db",
        "New band",
        "float",
        default=0.0,
        minimum=-24.0,
        maximum=12.0,
        unit="dB",
        help="Level of the generated band.",
    ),
    Parameter(
        "fill_holes",
        "Fill holes",
        "bool",
        default=False,
        help="Also generate what a lossy codec left out below the end of the band.",
    ),
    Parameter(
        "cutoff_hz",
        "Cutoff",
        "float",
        default=0.0,
        minimum=0.0,
        maximum=22_000.0,
        unit="Hz",
        advanced=True,
        help="Where the good part of the band ends; 0 finds it.",
        automatic=True,
    ),
    Parameter(
        "steps",
        "Steps",
        "int",
        default=0,
        minimum=0,
        maximum=1000,
        advanced=True,
        help="0 goes by the quality.",
        automatic=True,
    ),
    Parameter(
        "guidance",
        "Guidance",
        "float",
        default=0.0,
        minimum=0.0,
        maximum=20.0,
        advanced=True,
        help="0 is the model's own; 1 is none and takes half the time.",
        automatic=True,
    ),
    Parameter("seed", "Seed", "int", default=0, minimum=0, maximum=2**32 - 1, advanced=True),
    Parameter(
        "vocoder",
        "Vocoder",
        "text",
        default="",
        advanced=True,
        help="Model whose vocoder makes the sound; own is the model's; empty goes by the quality.",
    ),
    Parameter("device", "Device", "text", default="auto", advanced=True, help="auto, cpu, cuda or cuda:N."),
)


class SuperResolution:
    """The effect; facts about a run are put into `report` when one is given."""

    id = "audiosr.super-resolution"
    title = "Super-resolution"
    parameters: Sequence[Parameter] = PARAMETERS
    seamless = False

    def __init__(self, engines: Engines, scratch: Scratch, report: Report | None = None) -> None:
        self._engines = engines
        self._scratch = scratch
        self._report: Report = {} if report is None else report

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region with its missing band; the sound as it is where nothing is missing.

        Raises:
            BundleError: the model is not there or damaged.
            EngineError: it cannot be run.
        """
        untouched = sound.slice(region.start, region.stop)
        if sound.length < MIN_LENGTH_S * sound.sample_rate:
            return self._left_alone(untouched, "The sound is too short to restore and was left as it is.")
        survey = yield from part_of(survey_sound(sound, region), 0.0, _opening_share(region, sound) / 2.0)
        if survey is None:
            return self._left_alone(untouched, "The sound is silent and was left as it is.")
        cutoff_hz = float(values["cutoff_hz"]) or survey.cutoff.cutoff_hz
        self._report.update(cutoff_hz=cutoff_hz, cutoff_confidence=survey.cutoff.confidence)
        if not float(values["cutoff_hz"]) and survey.cutoff.full_band:
            return self._left_alone(untouched, "The sound has its full band and was left as it is.")
        if not has_room(cutoff_hz, sound.sample_rate):
            return self._left_alone(untouched, _no_room(cutoff_hz, _top_hz(sound.sample_rate)))
        device = str(values["device"])
        done = _opening_share(region, sound) / 2.0

        def remember(told: Progress) -> Progress:
            nonlocal done
            done = told.fraction
            return told

        try:
            running = self._run(sound, region, values, device=device, cutoff_hz=cutoff_hz)
            return (yield from told_as(part_of(running, done, 1.0), remember))
        except EngineMemoryError:
            if device != "auto" or self._report.get("device") == "cpu":
                raise
        warn(self._report, "The GPU has too little memory for this, so the processor was used.")
        running = self._run(sound, region, values, device="cpu", cutoff_hz=cutoff_hz)
        return (yield from part_of(running, done, 1.0))  # the bar goes on from where it stood

    def _run(
        self,
        sound: Sound,
        region: Region,
        values: Mapping[str, Value],
        *,
        device: str,
        cutoff_hz: float,
    ) -> Job[Sound]:
        opening = self._engines.restorer(
            str(values["model"]), device, vocoder=str(values["vocoder"]), quality=str(values["quality"])
        )
        share = _opening_share(region, sound) / 2.0
        restorer = yield from part_of(opening, 0.0, share)
        settings = self._settings(restorer, values, cutoff_hz)
        return (yield from part_of(self._generate(sound, region, restorer, settings), share, 1.0))

    def _settings(self, restorer: Restorer, values: Mapping[str, Value], cutoff_hz: float) -> Settings:
        manifest, bundle = restorer.bundle.manifest, restorer.bundle
        provider = restorer.sessions.report
        settings = Settings(
            cutoff_hz=cutoff_hz,
            steps=int(values["steps"]) or manifest.default_steps[str(values["quality"])],
            guidance_scale=float(values["guidance"]) or manifest.guidance_scale,
            seed=int(values["seed"]),
            band_gain_db=float(values["new_band_gain_db"]),
            fill_holes=bool(values["fill_holes"]),
        )
        self._report.update(
            model=bundle.id,
            model_sha256=bundle.manifest_sha256,
            device=provider.device,
            provider=provider.provider,
            seed=settings.seed,
            steps=settings.steps,
            quality=str(values["quality"]) if not int(values["steps"]) else "",
            guidance=settings.guidance_scale,
        )
        if provider.reason and provider.asked != "auto":
            warn(self._report, provider.reason)
        return settings

    def _generate(self, sound: Sound, region: Region, restorer: Restorer, settings: Settings) -> Job[Sound]:
        source = NativeSource(sound)
        first, last, origin = source.around(region.start, region.stop)
        with self._scratch.writer(sound.channels) as writer:
            adder = _Adder(sound, region, origin, writer)
            working = restorer.generate(
                source.read, source.length, first, last, settings=settings, write=adder.take
            )
            generated: Generated = yield from telling_beginning(
                working, writer, sound.sample_rate, region.length
            )
            adder.finish()
            self._report["gain_db"] = round(restorer.band_gain_db(settings), 2)
            if generated.singly:
                warn(self._report, "Memory was short, so the channels were restored one by one.")
            if not adder.changed:
                warn(self._report, "The region is silent and was left as it is.")
                return sound.slice(region.start, region.stop)
            if adder.peak_after > max(1.0, adder.peak_before):
                peak_db = gain_to_db(adder.peak_after)
                warn(
                    self._report,
                    f"Peaks reach {peak_db:+.1f} dBFS: lower the level before saving as integers.",
                )
            return Sound.from_store(writer.finish(), sound.sample_rate)

    def _left_alone(self, untouched: Sound, why: str) -> Sound:
        warn(self._report, why)
        return untouched


class _Adder:
    """Brings what the restorer generates to the sound's rate and adds it to the sound.

    Args:
        sound: the document.
        region: what is wanted of it.
        origin: sample of the sound that the first generated sample falls on.
        writer: takes the result.
    """

    def __init__(self, sound: Sound, region: Region, origin: int, writer: ScratchWriter) -> None:
        self._sound = sound
        self._region = region
        self._place = origin
        self._writer = writer
        self._stream = StreamResampler(NATIVE_RATE, sound.sample_rate, sound.channels)
        self.changed = False
        self.peak_before = 0.0
        self.peak_after = 0.0

    def take(self, block: Samples) -> None:
        """Take the next generated samples at 48 kHz."""
        self._add(self._stream.add(block))

    def finish(self) -> None:
        """Write what is still missing of the region."""
        self._add(self._stream.finish())
        missing = self._region.stop - max(self._place, self._region.start)
        if missing > 0:  # the last sample, where the lengths at both rates were rounded differently
            self._add(np.zeros((self._sound.channels, missing), np.float32))

    def _add(self, added: Samples) -> None:
        start = max(self._place, self._region.start)
        stop = min(self._place + added.shape[1], self._region.stop)
        offset, self._place = self._place, self._place + added.shape[1]
        if start >= stop:
            return
        before = self._sound.read(start, stop)
        after = before + added[:, start - offset : stop - offset]
        self.changed = self.changed or not np.array_equal(before, after)
        self.peak_before = max(self.peak_before, float(np.abs(before).max()))
        self.peak_after = max(self.peak_after, float(np.abs(after).max()))
        self._writer.write(after)


def _opening_share(region: Region, sound: Sound) -> float:
    """Return which share of the time looking at the sound and opening the model take, together."""
    return OPENING_S / (OPENING_S + sound.channels * region.length / sound.sample_rate)


def has_room(cutoff_hz: float, sample_rate: int) -> bool:
    """Tell whether a band can be restored above a cutoff: enough below to go by, enough above to fill."""
    return MIN_CUTOFF_HZ <= cutoff_hz <= NO_ROOM_SHARE * _top_hz(sample_rate)


def _top_hz(sample_rate: int) -> float:
    return min(sample_rate, NATIVE_RATE) / 2


def _no_room(cutoff_hz: float, top_hz: float) -> str:
    if cutoff_hz < MIN_CUTOFF_HZ:
        return (
            f"The sound ends at {cutoff_hz:.0f} Hz, which is too low to restore from; it was left as it is."
        )
    advice = "" if top_hz >= NATIVE_RATE / 2 else "; a sample rate of 48 kHz would have room for more"
    return f"The sound fills its band up to {top_hz:.0f} Hz and was left as it is{advice}."
