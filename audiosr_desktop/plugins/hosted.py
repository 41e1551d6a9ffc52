"""HostedEffect: an effect of a plugin, which runs in a process of its own."""

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Piece, Sound, concat
from audiosr_desktop.audio.store import SampleStore, Scratch, ScratchWriter
from audiosr_desktop.effects.effect import Parameter, Value, resolve_values
from audiosr_desktop.errors import AudioSRError, EffectError, PluginError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.line import Message
from audiosr_desktop.plugins.area import Area
from audiosr_desktop.plugins.describe import Description, read_descriptions
from audiosr_desktop.plugins.manifest import Plugin, stamp_now
from audiosr_desktop.plugins.process import Limits, PluginProcess
from audiosr_desktop.plugins.records import Record, read_records, record_failure
from audiosr_desktop.plugins.remote import SOURCE

_MOST_CHANNELS = 64
_MOST_WRITTEN = 16  # times the region, in all; a plugin that writes for ever must not fill the disk
_MOST_READ = 256  # times the sound; what is read after that is no sign of work
_SPARE = 1 << 20  # samples that are granted beside that

_log = logging.getLogger(__name__)


def describe_plugin(plugin: Plugin, limits: Limits) -> Job[tuple[Description, ...]]:
    """Ask a plugin, in a process of its own, which effects it has.

    Raises:
        PluginError: it failed, crashed, took too long, or told something that cannot be.
    """
    progress = Progress(0.0, f"Looking into {plugin.title}")
    with PluginProcess(plugin, limits) as process:
        process.send("describe")
        message = yield from process.receive(limits.scan_s, progress)
        if message["kind"] != "described":
            raise failure_of(plugin, message)
        try:
            return read_descriptions(plugin.id, message.get("effects"))
        except ValueError as error:
            raise PluginError(f"{plugin.title} cannot be used: {error}.", plugin.id) from error


def failure_of(plugin: Plugin, message: Message) -> PluginError:
    """Return the error that a message of a plugin's process tells."""
    text, details = str(message.get("text", "sent what was not asked for")), str(message.get("details", ""))
    if message["kind"] == "refused":
        return PluginError(text, plugin.id)
    return PluginError(f"{plugin.title} {text.rstrip('.')}; nothing was changed.", plugin.id, details)


class HostedEffect:
    """An effect of a plugin as the rest of the program sees it.

    Args:
        plugin: whose effect it is.
        description: what the plugin told of it.
        scratch: for long results.
        limits: what the plugin may take.
    """

    def __init__(
        self, plugin: Plugin, description: Description, scratch: Scratch, limits: Limits | None = None
    ) -> None:
        self.plugin = plugin
        self.id, self.title = description.id, description.title
        self.parameters: tuple[Parameter, ...] = description.parameters
        self.seamless, self.has_window = description.seamless, description.has_window
        self._scratch, self._limits = scratch, limits or Limits()

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return what the plugin makes of the region.

        A Python plugin that fails is switched off; why is kept.

        Raises:
            PluginError: it failed, crashed, hung, or returned what it must not.
            EffectError: it refused the region or the values.
        """
        self._require_usable()
        try:
            return (yield from self._process(sound, region, values))
        except PluginError as error:
            _log.warning("%s\n%s", error, error.details)
            if self.plugin.kind == "python":
                record_failure(self.plugin, error)
            raise

    def edit(self, values: Mapping[str, Value]) -> Job[dict[str, Value]]:
        """Show the plugin's own window, and return the values that it was closed with.

        Raises:
            PluginError: it failed or crashed, as where there is no screen.
        """
        self._require_usable()
        with PluginProcess(self.plugin, self._limits, self._scratch.folder) as process:
            process.send("edit", effect=self.id, values=dict(values))
            message = yield from process.receive(
                math.inf, Progress(0.0, f"The window of {self.title} is open")
            )
            if message["kind"] != "edited":
                raise failure_of(self.plugin, message)
            try:
                return resolve_values(self, message["values"])
            except (EffectError, KeyError, TypeError) as error:
                text = f"The window of {self.title} gave values that cannot be; nothing was changed."
                raise PluginError(text, self.plugin.id) from error

    def _require_usable(self) -> None:
        """Refuse a plugin that failed since it was listed, or whose code is not what was trusted."""
        plugin = self.plugin
        if plugin.kind != "python":
            return
        record = read_records().get(plugin.id, Record())
        if record.state_of(plugin) == "failed":
            raise PluginError(
                f"{plugin.title} is switched off, because it failed: {record.failure}", plugin.id
            )
        if stamp_now(plugin) != plugin.stamp:
            raise PluginError(
                f"{plugin.title} was changed since it was trusted: look at it, and enable it again.",
                plugin.id,
            )

    def _process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        given = {parameter.id: _absolute(parameter, values[parameter.id]) for parameter in self.parameters}
        with PluginProcess(self.plugin, self._limits, self._scratch.folder) as process:
            process.send(
                "process",
                effect=self.id,
                values=given,
                region=[region.start, region.stop, region.low_hz, region.high_hz],
                channels=sound.channels,
                length=sound.length,
                sample_rate=sound.sample_rate,
            )
            return (yield from _Conversation(process, sound, region, self._scratch).run())


def _absolute(parameter: Parameter, value: Value) -> Value:
    return str(Path(str(value)).absolute()) if parameter.kind == "file" and value else value


@dataclass(slots=True)
class _Conversation:
    """Answers a plugin's process until it has a result; everything that it sends is checked here, once."""

    process: PluginProcess
    sound: Sound
    region: Region
    scratch: Scratch
    progress: Progress = field(default=Progress(0.0, "Starting the plugin"))
    stores: dict[int, SampleStore] = field(default_factory=dict)
    writers: dict[int, tuple[ScratchWriter, int]] = field(default_factory=dict)
    read: int = 0
    written: int = 0

    def run(self) -> Job[Sound]:
        limit_s = self.process.limits.silence_s
        try:
            while True:
                message = yield from self.process.receive(limit_s, self.progress)
                if message["kind"] == "result":
                    return self._result(message)
                try:
                    self._answer(message)
                except (KeyError, TypeError, IndexError) as error:
                    raise self._garbage("a message that makes no sense") from error
                if self.process.silent_s() > limit_s:
                    raise self.process.hung(limit_s)
                yield self.progress
        finally:
            for writer, _ in self.writers.values():
                writer.close()

    def _answer(self, message: Message) -> None:
        kind = message["kind"]
        if kind == "progress":
            self._advance(float(message["fraction"]), str(message["stage"])[:200])
        elif kind == "read":
            self._read(message["store"], message["start"], message["stop"])
        elif kind == "writer":
            self._open(message["store"], message["channels"])
        elif kind == "write":
            self._write(message["store"], message["length"])
        elif kind == "finish":
            writer, _ = self.writers.pop(message["store"])
            self.stores[message["store"]] = writer.finish()
            self.process.send("ok")
        elif kind == "refused":
            raise EffectError(str(message["text"]))
        else:
            raise failure_of(self.process.plugin, message)

    def _advance(self, fraction: float, stage: str) -> None:
        if math.isfinite(fraction) and fraction > self.progress.fraction:
            self.process.sign()
            self.progress = Progress(min(fraction, 1.0), stage)
        else:
            self.progress = replace(self.progress, stage=stage)

    def _read(self, number: int, start: int, stop: int) -> None:
        source = self.sound if number == SOURCE else self.stores[number]
        if not 0 <= start <= stop <= source.length or stop - start > Area.room(source.channels):
            raise self._garbage("a wish for samples that are not there")
        try:
            self.process.area.put(source.read(start, stop))
        except AudioSRError as error:
            self.process.send("refused", text=str(error))
            return
        self.read += stop - start
        if self.read <= _MOST_READ * self.sound.length + _SPARE:
            self.process.sign()
        self.process.send("ok")

    def _open(self, number: int, channels: int) -> None:
        if number == SOURCE or number in self.stores or number in self.writers:
            raise self._garbage("a store with a number that is taken")
        if not 1 <= channels <= _MOST_CHANNELS:
            raise self._garbage(f"{channels} channels")
        self.writers[number] = self.scratch.writer(channels), channels
        self.process.send("ok")

    def _write(self, number: int, length: int) -> None:
        writer, channels = self.writers[number]
        if not 0 <= length <= Area.room(channels):
            raise self._garbage("a block that is too long")
        block = self.process.area.get(channels, length)
        if not np.isfinite(block).all():
            raise self._garbage("samples that are not numbers")
        self.written += length
        if self.written > _MOST_WRITTEN * self.region.length + _SPARE:
            raise self._garbage(f"more than {_MOST_WRITTEN} times the samples it was asked for")
        try:
            writer.write(block)
        except AudioSRError as error:
            self.process.send("refused", text=str(error))
            return
        self.process.sign()
        self.process.send("ok")

    def _result(self, message: Message) -> Sound:
        try:
            rate = int(message["sample_rate"])
            parts = [self._part(rate, *piece) for piece in message["pieces"]]
            result = concat(parts)
        except (KeyError, TypeError, ValueError, AudioSRError) as error:
            raise self._garbage("a result that makes no sense") from error
        wanted = self.region.length, self.sound.channels, self.sound.sample_rate
        found = result.length, result.channels, result.sample_rate
        if found != wanted:
            words = ["{} samples of {} channels at {} Hz".format(*shape) for shape in (found, wanted)]
            raise self._garbage(f"{words[0]} in place of {words[1]}")
        return result

    def _part(self, rate: int, number: int, start: int, stop: int) -> Sound:
        if number == SOURCE:
            return replace(self.sound.slice(start, stop), sample_rate=rate)
        return Sound((Piece(self.stores[number], start, stop),), rate)

    def _garbage(self, what: str) -> PluginError:
        plugin = self.process.plugin
        return PluginError(f"{plugin.title} returned {what}; nothing was changed.", plugin.id)
