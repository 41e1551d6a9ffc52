"""The real PortAudio in real time: what was played is recorded and compared sample by sample.

A busy machine may hand samples over too late. The sink and PortAudio tell so, each in cases that the other
misses: silence is then heard where nothing came, and the block that was on its way may be missing. So a
recording proves as much as ever where all came in time, or is made once more; nothing else is excused.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pytest
import soundfile
from card_kit import looped, require_alsa
from numpy.lib.stride_tricks import sliding_window_view
from virtual_card import Card, missing, recorded, virtual_card

from audiosr_desktop.audio.store import Samples
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.playback.mixer import FADE_S
from audiosr_desktop.playback.strip import EDGE_S

RATE = 48_000
EDGE, FADE = round(EDGE_S * RATE), round(FADE_S * RATE)
LOOP = (12_000, 60_000)
MOST_BLOCKS = 5  # on their way to the card at once
MINUTE_S, WORK_S = 60, 360  # heard; restored meanwhile
MOST_LOST = round(0.4 * RATE)  # at a break: what was on its way to the card
PROBE = 48
Held = Literal["sound", "program"]
HELD_S = 0.5
ATTEMPTS = 6  # at a recording without a late block
SETUP = """
import sys, time
import numpy as np
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.player import Player

sys.setswitchinterval(0.0005)  # as the window does
player = Player()

def noise(seed, seconds):
    return np.random.default_rng(seed).uniform(0.1, 0.5, (2, round(48_000 * seconds))).astype(np.float32)

def load(arrays, gains=()):
    player.load([Sound.from_array(array, 48_000) for array in arrays], gains)
    wait(lambda: player.device is not None)
    time.sleep(0.6)  # what starts is not yet steady

def wait(true):
    limit = time.monotonic() + 120
    while not true():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.005)

def late():
    return player._reader.desk.late_blocks

def ready():
    print("ready", late(), player._reader.make_output.process_id, flush=True)
    sys.stdin.readline()

def done():
    time.sleep(0.4)  # what is on its way to the card
    print(late(), player.dropouts, player._reader.desk.block, flush=True)
    sys.stdin.readline()
    player.close()
"""
COMPARE = """
load([noise(1, 2), noise(2, 2)], [0.0, -6.0])
ready()
player.play(12_000, 60_000, loop=True)
time.sleep(0.75)
for take in (1, 0, 1):
    player.select_take(take)
    time.sleep(0.6)
player.pause()
done()
"""
CONTINUOUS = """
load([noise(3, SECONDS)])
ready()
player.play(0)
wait(lambda: player.finished or player.error is not None)
done()
"""
UNPLUGGED = """
load([noise(1, 2)])
player.play(0)
wait(lambda: player.position > 9_600)
print("playing", flush=True)
sys.stdin.readline()
wait(lambda: not player.playing)
at = player.position
notices = []
wait(lambda: notices or (n := player.take_notice()) and not notices.append(n))
print(at, notices[0], flush=True)
sys.stdin.readline()
player.resume()
wait(lambda: player.position > at + 4_800 or player.error is not None)
print(player.playing, player.error, flush=True)
player.close()
"""


@dataclass(frozen=True, slots=True)
class Recording:
    """What was heard of a scene.

    Attributes:
        heard: from its first sound on.
        late: how often the sink, or PortAudio, says that samples came too late.
        dropouts: how often the reader was late.
        block: most samples that the card asked for at once.
    """

    heard: Samples
    late: int
    dropouts: int
    block: int


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Card]:
    require_alsa()
    if missing():
        pytest.skip(f"not installed: {', '.join(missing())}")
    with virtual_card(tmp_path) as running:
        yield running


def start(code: str, card: Card) -> subprocess.Popen[str]:
    environment = {**card.environment, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    pipe = subprocess.PIPE
    return subprocess.Popen(
        [sys.executable, "-c", SETUP + code], env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True
    )


def record(
    code: str,
    card: Card,
    tmp_path: Path,
    *,
    held_s: float = 0.0,
    holds: Held = "sound",
) -> Recording:
    """Run a scene and return what was heard of it; the sound's process, or the program, may be held."""
    with card.recording(tmp_path / "heard.raw"):
        child = start(code, card)
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            word, *numbers = child.stdout.readline().split()
            assert word == "ready", child.communicate()[1]
            already, sound = map(int, numbers)
            before = card.underruns() + already
            child.stdin.write("\n")
            child.stdin.flush()
            if held_s:
                time.sleep(1.0)
                held = sound if holds == "sound" else child.pid
                os.kill(held, signal.SIGSTOP)
                time.sleep(held_s)
                os.kill(held, signal.SIGCONT)
            told = child.stdout.readline().split()
            after = card.underruns()
            _, errors = child.communicate("\n", timeout=30)
        finally:
            child.kill()
            child.communicate()
    assert child.returncode == 0, errors
    late, dropouts, block = map(int, told)
    return Recording(recorded(tmp_path / "heard.raw"), after + late - before, dropouts, block)


def noise(seed: int, seconds: float) -> Samples:
    shape = (2, round(RATE * seconds))
    return np.random.default_rng(seed).uniform(0.1, 0.5, shape).astype(np.float32)


def first_apart(heard: Samples, stream: Samples, at: int) -> int:
    """Return the first sample from `at` on that is not the stream's."""
    return at + int(np.flatnonzero((np.abs(heard - stream) > 1e-5)[:, at:].any(axis=0))[0])


def fitting(heard: Samples, wanted: Callable[[int], Samples], near: int) -> int:
    """Return where `wanted` begins: a fade begins with up to 8 steps that are too small to be seen."""
    errors = {}
    for at in range(max(0, near - 8), near + 1):
        there = wanted(at)
        errors[at] = float(np.abs(heard[:, at : at + there.shape[1]] - there).max())
    best = min(errors, key=errors.__getitem__)
    assert errors[best] < 1e-6, errors
    return best


def check_comparison(recording: Recording) -> None:
    """Follow it sample by sample: A from the first one, B at its gain, A, B, with fades of 5 ms between."""
    heard, length = recording.heard, recording.heard.shape[1]
    gain = np.float32(10 ** (-6 / 20))
    streams = [looped(noise(1, 2), LOOP, length, RATE), gain * looped(noise(2, 2), LOOP, length, RATE)]
    rise, fall = raised_cosine_fade(FADE), raised_cosine_fade(EDGE)[::-1]
    streams[0][:, :EDGE] *= fall[::-1]
    at, now = 0, streams[0]
    for number, then in enumerate((streams[1], streams[0], streams[1])):

        def faded(first: int, old: Samples = now, new: Samples = then) -> Samples:
            window = slice(first, first + FADE)
            return old[:, window] * (1 - rise) + rise * new[:, window]

        switch = fitting(heard, faded, first_apart(heard, now, at))
        if number:  # the first stretch is as long as the start was quick
            assert switch - at > 26_000, "switched before it was asked for"
        at, now = switch + FADE, then

    def ended(first: int) -> Samples:
        return fall * now[:, first : first + EDGE]

    end = fitting(heard, ended, first_apart(heard, now, at))
    assert not heard[:, end + EDGE :].any()


def check_continuity(recording: Recording, wanted: Samples) -> list[int]:
    """Find all samples in their order, and a break only where samples came too late, as is told.

    Returns:
        How many samples are missing at each break.
    """
    heard, at, place = recording.heard, 0, 0
    lost: list[int] = []
    while place < wanted.shape[1]:
        length = min(heard.shape[1] - at, wanted.shape[1] - place)
        assert length > 0, "the end is not heard"
        apart = np.flatnonzero((heard[:, at : at + length] != wanted[:, place : place + length]).any(axis=0))
        run = int(apart[0]) if apart.size else length
        at, place = at + run, place + run
        if place < wanted.shape[1]:
            sounding = np.flatnonzero(heard[0, at:])  # the noise has no zeros
            assert sounding.size, f"nothing is heard after {place} samples"
            at += int(sounding[0])
            lost.append(missing_at(heard[:, at : at + recording.block], wanted, place, recording.block))
            place += lost[-1]
    assert not heard[:, at:].any()
    assert len(lost) <= recording.late
    assert recording.dropouts == 0
    return lost


def missing_at(after: Samples, wanted: Samples, place: int, block: int) -> int:
    """Return how many samples a break has cost: none, or blocks that were on their way."""
    for lost in range(0, MOST_BLOCKS * block + 1, block):
        if np.array_equal(after, wanted[:, place + lost :][:, : after.shape[1]]):
            return lost
    pytest.fail("what is heard after a break was not played there")


def on_time(code: str, card: Card, tmp_path: Path) -> Recording:
    """Return a recording of a scene in which all came in time."""
    late = []
    for _ in range(ATTEMPTS):
        recording = record(code, card, tmp_path)
        if not recording.late:
            return recording
        late.append(recording.late)
    pytest.fail(f"blocks came too late in every recording: {late}")


def test_switch_points_fades_levels_and_loop_seams(card: Card, tmp_path: Path) -> None:
    check_comparison(on_time(COMPARE, card, tmp_path))


def test_a_minute_is_continuous_while_the_shipped_model_restores(card: Card, tmp_path: Path) -> None:
    """The window's own process computes on all cores, with its views, its meters and what emerges."""
    pytest.importorskip("PySide6", reason="the window needs it")
    wanted = noise(3, MINUTE_S)
    sound = tmp_path / "sound.wav"
    write_noise(sound, wanted)
    told = heard_while_restoring(card, sound, tmp_path / "heard.raw")
    assert told["restoring"], "the restoration ended before the minute"
    assert told["error"] == "None"
    breaks = breaks_of(recorded(tmp_path / "heard.raw"), wanted)
    assert len(breaks) <= told["late"] + told["opened"] + told["underruns"] + told["dropouts"], breaks
    assert told["dropouts"] == 0
    assert all(lost <= MOST_LOST for _, lost in breaks), breaks


def write_noise(path: Path, wanted: Samples) -> None:
    """Write what is played, and after it what only keeps the restoration at work."""
    with soundfile.SoundFile(path, "w", RATE, 2, "FLOAT") as file:
        for _ in range(WORK_S // MINUTE_S):
            file.write(wanted.T)


def heard_while_restoring(
    card: Card, sound: Path, raw: Path, begun: Callable[[], object] = bool
) -> dict[str, Any]:
    """Record a minute of a sound whose restoration goes on, and return what the window's process saw.

    Args:
        card: that is recorded.
        sound: what is opened, restored and played.
        raw: gets the recording.
        begun: called when playing begins.
    """
    here = Path(__file__).resolve()
    paths = os.pathsep.join((str(here.parents[2]), str(here.parents[1] / "ui")))
    environment = {**card.environment, "PYTHONPATH": paths, "QT_QPA_PLATFORM": "offscreen"}
    command = [sys.executable, str(here.with_name("restoring_window.py")), str(sound), str(MINUTE_S)]
    pipe = subprocess.PIPE
    with (
        card.recording(raw),
        subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as child,
    ):
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == "ready\n", child.communicate()[1]
            before = card.underruns()
            begun()
            child.stdin.write("\n")
            child.stdin.flush()
            told: dict[str, Any] = json.loads(child.stdout.readline())
            told["underruns"] = card.underruns() - before
            _, errors = child.communicate("\n", timeout=60)
        finally:
            child.kill()
    assert child.returncode == 0, errors
    return told


def breaks_of(heard: Samples, wanted: Samples) -> list[tuple[int, int]]:
    """Follow a recording, and return where it breaks off and how many samples are missing there.

    Between breaks all is in its order; what is heard in a break is silence or what was played just before.
    """
    at = place = 0
    breaks: list[tuple[int, int]] = []
    while True:
        length = min(heard.shape[1] - at, wanted.shape[1] - place)
        apart = np.flatnonzero(
            (np.abs(heard[:, at:][:, :length] - wanted[:, place:][:, :length]) > 1e-6).any(0)
        )
        run = int(apart[0]) if apart.size else length
        at, place = at + run, place + run
        if place >= wanted.shape[1] - EDGE:  # it fades out there
            return breaks
        at, found = next_match(heard, wanted, at, place)
        breaks.append((place, found - place))
        place = found


def next_match(heard: Samples, wanted: Samples, at: int, place: int) -> tuple[int, int]:
    """Return where in both a recording goes on after a break."""
    ahead = sliding_window_view(wanted[0, max(0, place - MOST_LOST) : place + MOST_LOST], PROBE)
    for start in range(at, heard.shape[1] - PROBE, PROBE):
        hits = np.flatnonzero((np.abs(ahead - heard[0, start : start + PROBE]) < 1e-6).all(axis=1))
        if hits.size:
            return start, max(0, place - MOST_LOST) + int(hits[0])
    pytest.fail(f"nothing is heard after {place} samples")


def test_a_late_card_is_told_and_costs_no_more_than_what_was_on_its_way(card: Card, tmp_path: Path) -> None:
    """Hold the sound's process for longer than the card has samples: that the others can tell."""
    recording = record(CONTINUOUS.replace("SECONDS", "3"), card, tmp_path, held_s=0.2)
    assert recording.late
    assert check_continuity(recording, noise(3, 3))
    sounding = np.flatnonzero(recording.heard[0])
    assert (np.diff(sounding) > 0.1 * RATE).any()


def test_a_program_that_stands_still_is_heard_on(card: Card, tmp_path: Path) -> None:
    """For as long as what was laid ready lasts: half a second is longer than anything in the window takes."""
    for _ in range(ATTEMPTS):
        recording = record(CONTINUOUS.replace("SECONDS", "3"), card, tmp_path, held_s=HELD_S, holds="program")
        if not recording.late:
            break
    assert check_continuity(recording, noise(3, 3)) == []
    assert recording.dropouts == 0


def test_an_unplugged_card_stops_keeps_the_place_and_plays_on_when_it_is_back(card: Card) -> None:
    child = start(UNPLUGGED, card)
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == "playing\n", child.communicate()[1]
        card.unplug()
        child.stdin.write("\n")
        child.stdin.flush()
        place, _, notice = child.stdout.readline().partition(" ")
        assert 0 < int(place) <= 96_000
        assert "is gone, so playing stopped; there is no other one." in notice
        card.plug_in()
        child.stdin.write("\n")
        child.stdin.flush()
        assert child.stdout.readline() == "True None\n"
        _, errors = child.communicate(timeout=30)
        assert child.returncode == 0, errors
    finally:
        child.kill()
        child.communicate()
