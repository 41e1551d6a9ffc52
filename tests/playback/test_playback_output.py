"""The sound device, with a PortAudio that refuses, changes and stalls as told."""

import sys
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audiosr_desktop.audio.store import Samples
from audiosr_desktop.errors import PlaybackError
from audiosr_desktop.playback import apart, lateness, output
from audiosr_desktop.playback.apart import DeviceApart
from audiosr_desktop.playback.desk import DESK_BYTES, Desk
from audiosr_desktop.playback.lateness import DENSE, STEPS_S
from audiosr_desktop.playback.memory import Memory
from audiosr_desktop.playback.mixdown import Mixdown
from audiosr_desktop.playback.output import (
    LATENCY_S,
    SHARED_LATENCY_S,
    SystemDevice,
)


class FakePortAudio(types.ModuleType):
    """Devices that are listed when PortAudio begins; each takes one rate and some channels."""

    class PortAudioError(Exception):
        pass

    def __init__(self) -> None:
        super().__init__("sounddevice")
        self.there = [{"name": "Speakers", "rate": 44_100, "channels": 2}]
        self.default = "Speakers"
        self.listed: list[dict[str, Any]] = []
        self.listed_default = ""
        self.streams: list[FakeStream] = []

    def _terminate(self) -> None:
        assert all(stream.closed for stream in self.streams), "PortAudio must not end under a stream"

    def _initialize(self) -> None:
        self.listed, self.listed_default = [dict(device) for device in self.there], self.default

    def query_devices(self, number: int | None = None, kind: str | None = None) -> Any:
        devices = [
            {
                "name": device["name"],
                "max_output_channels": device["channels"],
                "default_samplerate": float(device["rate"]),
            }
            for device in self.listed
        ]
        if kind is None:
            return devices
        if number is None:
            number = next((i for i, d in enumerate(devices) if d["name"] == self.listed_default), -1)
        if number < 0:
            raise self.PortAudioError("Error querying device -1")
        return devices[number]

    def OutputStream(self, **asked: Any) -> "FakeStream":
        device = self.query_devices(asked["device"], "output")
        if asked["samplerate"] != device["default_samplerate"]:
            raise self.PortAudioError("Invalid sample rate")
        self.streams.append(FakeStream(**asked))
        return self.streams[-1]


class FakeStream:
    def __init__(self, samplerate: float, channels: int, latency: float, callback: Any, **_: Any) -> None:
        self.samplerate, self.channels, self.latency, self._callback = samplerate, channels, latency, callback
        self.active = self.closed = False

    def start(self) -> None:
        self.active = True

    def close(self, *, ignore_errors: bool) -> None:
        self.active, self.closed = False, True

    def ask(self, count: int = 100, *, late: bool = False) -> Samples:
        out = np.full((count, self.channels), np.nan, np.float32)
        self._callback(out, count, None, types.SimpleNamespace(output_underflow=late))
        return out


def ones(out: Samples) -> None:
    out[:] = 1.0


@pytest.fixture
def portaudio(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FakePortAudio]:
    fake = FakePortAudio()
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    monkeypatch.setattr(output, "hurry", lambda: None)  # the test's own thread is called back
    (tmp_path / "cards").write_text("0 [Speakers]")
    monkeypatch.setattr(output, "_CARDS", tmp_path / "cards")
    yield fake
    for stream in fake.streams:
        stream.close(ignore_errors=True)


def test_a_rate_and_channels_that_the_device_cannot_do_are_those_it_can(portaudio: FakePortAudio) -> None:
    opened = SystemDevice()(96_000, 6, ones)
    assert (opened.sample_rate, opened.channels, opened.name) == (44_100, 2, "Speakers")
    assert opened.latency_s == LATENCY_S
    assert (portaudio.streams[-1].ask() == 1.0).all()
    opened.close()
    portaudio.there[0]["rate"] = 96_000
    assert SystemDevice()(96_000, 2, ones).sample_rate == 96_000


def test_the_default_is_followed_and_a_chosen_device_comes_back(portaudio: FakePortAudio) -> None:
    headset = {"name": "Headset", "rate": 44_100, "channels": 2}
    system, chosen = SystemDevice(), SystemDevice("Headset")

    def opened(device: SystemDevice) -> str:
        stream = device(44_100, 2, ones)
        stream.close()
        return stream.name

    assert opened(system) == "Speakers"
    portaudio.there.append(headset)
    portaudio.default = "Headset"
    assert opened(system) == "Headset"
    assert system.names == ("Speakers", "Headset")
    portaudio.default = "Speakers"
    assert opened(chosen) == "Headset"
    portaudio.there.remove(headset)
    assert opened(chosen) == "Speakers"
    portaudio.there.insert(0, headset)
    assert opened(chosen) == "Headset"


def test_no_device_is_one_sentence(portaudio: FakePortAudio) -> None:
    portaudio.there.clear()
    with pytest.raises(PlaybackError, match="Sound cannot be played: no sound device was found; connect"):
        SystemDevice()(48_000, 2, ones)


def test_a_device_that_is_late_again_and_again_is_opened_with_more_latency(
    portaudio: FakePortAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lateness, "STEADY_S", -1.0)
    device = SystemDevice()
    asked = []
    for _ in range(4):
        opened = device(44_100, 2, ones)
        opened.start()
        asked.append(portaudio.streams[-1].latency)
        for _ in range(DENSE - 1):
            portaudio.streams[-1].ask(late=True)
        assert not opened.strained
        portaudio.streams[-1].ask(late=True)
        assert opened.late_blocks == DENSE
        assert opened.strained == (asked[-1] < STEPS_S[-1])
        opened.close()
    assert asked == [STEPS_S[0], STEPS_S[2], STEPS_S[3], STEPS_S[3]]


def test_another_latency_that_fits_better_is_taken_when_nothing_is_played(
    portaudio: FakePortAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lateness, "STEADY_S", -1.0)
    device = SystemDevice()
    opened = device(44_100, 2, ones)
    opened.start()
    assert not opened.outdated
    portaudio.streams[-1].ask(late=True)
    assert opened.outdated
    assert not opened.strained
    opened.close()
    opened = device(44_100, 2, ones)
    assert portaudio.streams[-1].latency == STEPS_S[1]
    assert not opened.outdated


def test_while_all_cores_compute_the_shortest_latency_is_not_asked_for(portaudio: FakePortAudio) -> None:
    device = SystemDevice()
    asked = []
    for loaded in (False, True, False):
        device(44_100, 2, ones, loaded=loaded).close()
        asked.append(portaudio.streams[-1].latency)
    assert asked == [LATENCY_S, SHARED_LATENCY_S, SHARED_LATENCY_S]  # until it was calm for long


def test_cards_that_come_or_go_make_the_stream_outdated(portaudio: FakePortAudio, tmp_path: Path) -> None:
    opened = SystemDevice()(44_100, 2, ones)
    assert not opened.outdated
    (tmp_path / "cards").write_text("0 [Speakers]\n1 [Headset]")
    assert opened.outdated == sys.platform.startswith("linux")


def test_where_nothing_tells_of_cards_the_list_grows_old(
    portaudio: FakePortAudio, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "_CARDS", tmp_path / "nothing")
    opened = SystemDevice()(44_100, 2, ones)
    assert not opened.outdated
    monkeypatch.setattr(output, "_FRESH_S", -1.0)
    assert opened.outdated


def test_a_device_that_ends_or_stalls_is_gone(
    portaudio: FakePortAudio, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = SystemDevice()(44_100, 2, ones)
    assert not opened.active
    opened.start()
    assert opened.active
    with monkeypatch.context() as later:
        later.setattr(output, "STALL_S", -1.0)  # so long ago it asked
        assert not opened.active
    assert opened.active
    portaudio.streams[-1].active = False
    assert not opened.active


@pytest.mark.parametrize("command", [["/no/such/program"], [sys.executable, "-c", ""]])
def test_where_no_process_can_be_started_this_one_plays_and_says_so(
    portaudio: FakePortAudio,
    command: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(apart, "own_command", lambda *_: command)
    memory = Memory(DESK_BYTES)
    device = DeviceApart()
    for _ in range(2):
        opened = device(44_100, 2, Mixdown(Desk(memory), 44_100))
        assert (opened.name, opened.latency_s, device.names) == ("Speakers", SHARED_LATENCY_S, ("Speakers",))
        assert device.process_id is None
        opened.close()
    assert [record.levelname for record in caplog.records] == ["WARNING"]  # once
    assert "it is played from this one" in caplog.text
    device.close()
    memory.close()
