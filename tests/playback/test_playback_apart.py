"""The sound device's process: it comes and goes with the program; what happens to it is told."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from card_kit import require_alsa
from virtual_card import Card, missing, virtual_card

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.line import own_command
from audiosr_desktop.playback import apart
from audiosr_desktop.playback.apart import DeviceApart
from audiosr_desktop.playback.child import BEAT_S
from audiosr_desktop.playback.output import SHARED_LATENCY_S
from audiosr_desktop.playback.player import Player
from audiosr_desktop.playback.switch import DEVICE_MODULE, DEVICE_SWITCH

RATE = 48_000
PATIENCE_S = 60.0
SCENE = """
import sys
import numpy as np
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.output import SHARED_LATENCY_S
from audiosr_desktop.playback.player import Player
player = Player()
player.load([Sound.from_array(np.ones((2, 480_000), np.float32), 48_000)])
player.play(0)
while player.position < 4_800:
    pass
print(player._reader.make_output.process_id, "sounddevice" in sys.modules, flush=True)
input()
"""


@pytest.fixture
def card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Card]:
    require_alsa()
    if missing():
        pytest.skip(f"not installed: {', '.join(missing())}")
    with virtual_card(tmp_path) as running:
        for name, value in running.environment.items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def player() -> Iterator[Player]:
    made = Player()
    yield made
    made.close()
    assert process_of(made) is None


def wait(true: Callable[[], bool]) -> None:
    limit = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.005)


def alive(process: int) -> bool:
    """Whether there is such a process; one that has ended and was not waited for counts."""
    return Path(f"/proc/{process}").exists()


def process_of(player: Player) -> int | None:
    maker = player._reader.make_output
    assert isinstance(maker, DeviceApart)
    return maker.process_id


def playing(player: Player) -> int:
    """Play until something is heard, and return the number of the device's process."""
    player.load([Sound.from_array(np.full((2, 20 * RATE), 0.5, np.float32), RATE)])
    player.play(0)
    wait(lambda: player.position > RATE // 10 or player.error is not None)
    assert player.error is None
    process = process_of(player)
    assert process is not None
    return process


def test_the_process_loads_no_more_than_it_needs() -> None:
    code = f"import {DEVICE_MODULE}, sys\nprint(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(result.stdout.split())
    assert DEVICE_MODULE in loaded
    heavy = {"PySide6", "scipy", "soundfile", "soxr", "onnxruntime", "platformdirs", "sqlite3", "hashlib"}
    assert not loaded & heavy
    rooms = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("audiosr_desktop.")}
    assert rooms == {f"audiosr_desktop.{room}" for room in ("dsp", "errors", "line", "playback")}


def test_a_device_is_opened_by_another_process_which_ends_with_the_player(card: Card) -> None:
    player = Player()
    process = playing(player)
    assert process != os.getpid()
    assert player.device is not None
    assert player.device[0] in player.device_names
    player.close()
    assert not alive(process)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGSTOP])
def test_a_process_that_dies_or_hangs_is_a_lost_device_and_is_started_anew(
    card: Card, player: Player, end: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apart, "STALL_S", 4 * BEAT_S)
    monkeypatch.setattr(apart, "CLOSE_S", 0.1)
    process = playing(player)
    os.kill(process, end)
    notices: list[str] = []
    wait(lambda: bool(notices) or (bool(told := player.take_notice()) and not notices.append(told)))
    assert notices == ["The sound device default is gone, so playing stopped; sound goes to default now."]
    assert not alive(process)
    at = player.position
    assert at > 0
    player.resume()
    wait(lambda: player.position > at + RATE // 10)
    assert process_of(player) not in (None, process)


def test_another_device_is_another_process(card: Card, player: Player) -> None:
    process = playing(player)
    player.use_output(DeviceApart("pulse"))
    wait(lambda: player.device is not None and player.device[0] == "pulse")
    assert process_of(player) != process
    assert not alive(process)


def test_a_longer_latency_is_taken_while_the_program_computes_but_not_amid_what_is_played(
    card: Card, player: Player
) -> None:
    process = playing(player)
    first = player._reader.output
    player.expect_load(True)
    at = player.position
    wait(lambda: player.position > at + RATE // 2)
    assert player._reader.output is first
    player.pause()
    wait(lambda: player._reader.output not in (None, first))
    assert player.device is not None
    assert player.device[2] >= SHARED_LATENCY_S
    assert process_of(player) == process
    second = player._reader.output
    player.expect_load(False)
    player.expect_load(True)  # the next job finds it as it is
    player.resume()
    wait(lambda: player.position > at + RATE)
    assert player._reader.output is second


def test_nothing_is_left_of_a_program_that_is_killed(card: Card) -> None:
    before = set(Path("/dev/shm").iterdir())
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    pipe = subprocess.PIPE
    program = subprocess.Popen(
        [sys.executable, "-c", SCENE], env=environment, stdin=pipe, stdout=pipe, text=True
    )
    try:
        assert program.stdout is not None
        number, loaded = program.stdout.readline().split()
        process = int(number)
        assert alive(process)
        assert loaded == "False"  # the sound libraries are that process's alone
    finally:
        program.kill()
        program.communicate()
    wait(lambda: not alive(process))
    assert [path for path in set(Path("/dev/shm").iterdir()) - before if "audiosr" in path.name] == []


def test_the_program_starts_itself_where_it_is_frozen(
    card: Card, player: Player, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as frozen:
        frozen.setattr(sys, "frozen", True, raising=False)
        assert own_command(DEVICE_SWITCH, DEVICE_MODULE) == [sys.executable, DEVICE_SWITCH]
    words = [sys.executable, "-m", "audiosr_desktop", DEVICE_SWITCH]  # as the frozen program is started
    monkeypatch.setattr(apart, "own_command", lambda *_: words)
    playing(player)


def test_no_device_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, player: Player) -> None:
    require_alsa()
    (tmp_path / "asound.conf").write_text("pcm.!default { type hw card 31 }\nctl.!default { type null }\n")
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(tmp_path / "asound.conf"))
    player.load([Sound.from_array(np.ones((2, RATE), np.float32), RATE)])
    player.play(0)
    wait(lambda: player.error is not None)
    assert str(player.error).startswith("Sound cannot be played: no sound device was found")
