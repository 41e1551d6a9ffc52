"""What a running effect has finished is seen and heard, and can be kept when the run ends early."""

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from conftest import Halve, Stage, write_tone

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Value
from audiosr_desktop.effects.emerging import telling_beginning
from audiosr_desktop.errors import EngineError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui import emergence
from audiosr_desktop.ui.transport import DELTA, TAKE_A, TAKE_B

RATE = 48_000
SECONDS = 24
STEPS = 8


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emergence, "SHOW_MS", 1)
    monkeypatch.setattr(emergence, "SHOW_PLAYING_MS", 1)


def let_grow(stage: Stage, effect: Halve) -> None:
    """Let an effect write its result in eight blocks, held after four of them."""

    def blocks(sound: Sound, region: Region, write) -> Job[None]:  # type: ignore[no-untyped-def]
        edges = np.linspace(region.start, region.stop, STEPS + 1).astype(int)
        for step, (start, stop) in enumerate(pairwise(edges), 1):
            write(0.5 * sound.read(int(start), int(stop)))
            yield Progress(step / STEPS, f"Block {step}")
            if step == STEPS // 2:
                effect.half_way.set()
                while not effect.go.wait(0.002):
                    yield Progress(step / STEPS, "Held")
                if effect.error is not None:
                    raise effect.error

    def process(sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        effect.report.update(seed=values["seed"], device="cpu")
        with stage.editor.scratch.writer(sound.channels) as writer:
            working = blocks(sound, region, writer.write)
            yield from telling_beginning(working, writer, sound.sample_rate, region.length)
            return Sound.from_store(writer.finish(), sound.sample_rate)

    effect.process = process  # type: ignore[method-assign]
    effect.go.clear()
    effect.half_way.clear()


def begin(stage: Stage, effect: Halve, region: Region | None = None) -> None:
    """Run an effect until half of the region is finished and shown."""
    let_grow(stage, effect)
    stage.editor.timeline.select(region)
    assert stage.editor.applying.apply(effect.id, {"quality": "standard", "amount": 100.0, "seed": 3})
    stage.qtbot.waitUntil(effect.half_way.is_set, timeout=10_000)
    stage.qtbot.waitUntil(lambda: finished(stage) == STEPS // 2, timeout=10_000)


def finished(stage: Stage) -> int:
    """Return how many blocks of eight are finished in what is shown."""
    emerging, pending = stage.editor.emergence, stage.editor.emergence.pending
    if emerging.sound is None or pending is None:
        return 0
    chosen = stage.editor.timeline.selection or Region(0, emerging.sound.length)
    return round(STEPS * (pending.start - chosen.start) / chosen.length)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_tone(tmp_path / "long.wav", seconds=SECONDS)


def test_the_finished_part_is_seen_and_heard_and_the_document_is_untouched(stage: Stage, file: Path) -> None:
    stage.open(file)
    document, editor = stage.editor.document, stage.editor
    assert document is not None
    sound, region = document.sound, Region(2 * RATE, 22 * RATE)
    begin(stage, stage.halve, region)
    middle = 12 * RATE
    assert document.sound is sound
    assert not document.modified
    seen = stage.window.view.spectrogram._sound
    assert seen is editor.emergence.sound
    assert stage.window.view.waveform._sound is seen
    stage.qtbot.waitUntil(lambda: editor.measurements.peaks_of(seen) is not None, timeout=10_000)
    peaks = editor.measurements.peaks_of(seen)
    assert peaks is not None
    low = np.abs(peaks.window(0, seen.length, 24)[1][0])
    before = np.abs(sound.read(0, sound.length)).reshape(24, -1).max(axis=1)
    assert low[3:11] == pytest.approx(0.5 * before[3:11], rel=0.1)
    assert low[13:] == pytest.approx(before[13:], rel=0.1)
    assert editor.transport.take == TAKE_B
    heard = editor.transport.heard_sound
    assert heard is not None
    np.testing.assert_array_equal(heard.read(3 * RATE, 4 * RATE), 0.5 * sound.read(3 * RATE, 4 * RATE))
    np.testing.assert_array_equal(heard.read(middle, sound.length), sound.read(middle, sound.length))
    (span,) = stage.window.view.waveform._spans
    assert span.region == Region(region.start, middle)
    assert "so far" in span.title
    assert stage.window.view.waveform._pending == Region(middle, region.stop)
    assert not stage.window.grab().isNull()  # the hatching is painted
    editor.transport.play(2 * RATE, 4 * RATE)
    assert editor.transport.playing
    editor.transport.stop()
    stage.halve.go.set()
    stage.idle()
    assert editor.emergence.sound is None
    assert editor.emergence.offer is None
    after = document.sound
    np.testing.assert_array_equal(
        after.read(region.start, region.stop), 0.5 * sound.read(region.start, region.stop)
    )
    assert stage.window.view.spectrogram._sound is after
    assert stage.window.view.waveform._pending is None
    assert document.undo_stack.count() == 1


def test_the_take_that_is_heard_stays_while_more_is_finished(stage: Stage, file: Path) -> None:
    stage.open(file)
    begin(stage, stage.halve)
    stage.editor.transport.select_take(TAKE_A)
    first = stage.editor.emergence.sound
    shown: list[object] = []
    stage.editor.emergence.changed.connect(lambda: shown.append(stage.editor.transport.take))
    stage.halve.go.set()
    stage.idle()
    assert first is not None
    assert set(shown[:-1]) <= {TAKE_A}


@pytest.mark.parametrize("take", [TAKE_A, DELTA])
def test_who_listens_to_the_source_is_not_moved_when_the_run_ends(
    stage: Stage, file: Path, take: int
) -> None:
    stage.open(file)
    begin(stage, stage.halve)
    transport = stage.editor.transport
    transport.play(0, None)
    transport.select_take(take)
    stage.halve.go.set()
    stage.idle()
    assert stage.editor.document is not None
    assert stage.editor.document.modified
    assert transport.playing
    assert transport.take == take
    transport.select_take(TAKE_B)
    assert transport.heard_sound is stage.editor.document.sound
    transport.stop()


def test_the_source_is_kept_when_it_stands_alone_for_a_moment(stage: Stage, file: Path) -> None:
    stage.open(file)
    transport, source = stage.editor.transport, stage.editor.sound
    assert source is not None
    first, second = (source.slice(0, source.length) for _ in range(2))
    transport.set_takes((source, first))
    assert transport.take == TAKE_B
    transport.play(0, None)
    transport.select_take(TAKE_A)
    transport.set_takes((source,))
    transport.set_takes((source, second))
    assert transport.take == TAKE_A
    transport.stop()
    transport.set_takes((source,))
    transport.set_takes((source, first))
    assert transport.take == TAKE_B


def test_neither_take_nor_level_jumps_with_each_finished_part(
    stage: Stage, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.open(file)
    begin(stage, stage.halve)
    transport = stage.editor.transport
    stage.qtbot.waitUntil(
        lambda: transport.offset_db is not None and transport.levels.settled, timeout=10_000
    )
    before, part = transport.takes
    offset, asked = transport.offset_db, []
    select = transport.player.select_take
    monkeypatch.setattr(transport.player, "select_take", lambda take: (asked.append(take), select(take)))
    more = part.slice(0, part.length)
    transport.set_sounds(more, before, heard=TAKE_A, growing=True)
    assert asked == [TAKE_A]
    assert transport.offset_db == offset
    assert transport.levels.settled  # not measured again with every part
    transport.set_sounds(part, before, heard=DELTA)
    assert asked == [TAKE_A, len(transport.takes)]
    assert transport.offset_db == offset  # until the new one is known
    assert not transport.levels.settled
    stage.qtbot.waitUntil(lambda: transport.levels.settled, timeout=10_000)
    stage.halve.go.set()
    stage.idle()


@pytest.mark.parametrize("fails", [False, True])
def test_a_run_that_ends_early_changes_nothing_and_offers_what_is_finished(
    stage: Stage, file: Path, fails: bool
) -> None:
    stage.open(file)
    document, panel = stage.editor.document, stage.window.panel.job_panel
    assert document is not None
    sound = document.sound
    begin(stage, stage.halve)
    if fails:
        stage.halve.error = EngineError("The model broke.")
        stage.halve.go.set()
    else:
        stage.window.running.cancel()
    stage.idle()
    assert document.sound is sound
    assert not document.modified
    assert stage.window.view.spectrogram._sound is sound
    assert not stage.editor.transport.can_compare
    assert stage.editor.timeline.length == sound.length
    assert "12" in panel.keep_button.text()
    assert panel.keep_button.isVisibleTo(stage.window)
    assert "Nothing was changed" in panel.stage.text()
    panel.keep_button.click()
    assert "Nothing was changed" not in panel.stage.text()
    after = document.sound
    np.testing.assert_array_equal(after.read(0, 11 * RATE), 0.5 * sound.read(0, 11 * RATE))
    np.testing.assert_array_equal(after.read(12 * RATE, sound.length), sound.read(12 * RATE, sound.length))
    assert np.abs(np.diff(after.read(12 * RATE - 600, 12 * RATE + 9))).max() < 0.1  # it ends without a click
    (span,) = document.spans
    assert span.region == Region(0, 12 * RATE)
    assert span.details["seed"] == 3
    assert "Only the first" in stage.window.panel.summary.text()
    assert not panel.keep_button.isVisibleTo(stage.window)
    document.undo_stack.undo()
    assert document.sound is sound


def test_the_offer_ends_with_the_next_edit_and_the_next_run(stage: Stage, file: Path) -> None:
    stage.open(file)
    button = stage.window.panel.job_panel.keep_button
    for then in ("edit", "run", "close"):
        begin(stage, stage.halve)
        stage.window.running.cancel()
        stage.idle()
        assert stage.editor.emergence.offer is not None
        stage.editor.timeline.select(Region(0, RATE))
        if then == "edit":
            stage.window.actions_by_id["delete"].trigger()
        elif then == "run":
            stage.halve.go.set()
            stage.editor.applying.apply(stage.halve.id, {"quality": "draft", "amount": 100.0, "seed": 0})
            stage.idle()
        else:
            stage.editor.close_document()
        assert stage.editor.emergence.offer is None
        assert not button.isVisibleTo(stage.window)
        stage.editor.emergence.keep()
    assert stage.editor.document is None


def test_a_run_at_another_rate_is_shown_at_it(stage: Stage, tmp_path: Path) -> None:
    stage.open(write_tone(tmp_path / "low.wav", seconds=SECONDS, rate=16_000))
    document, timeline = stage.editor.document, stage.editor.timeline
    assert document is not None
    sound = document.sound
    begin(stage, stage.new_band)
    assert timeline.sample_rate == 48_000
    assert stage.window.view.spectrogram.axis.nyquist_hz == 24_000
    timeline.select(Region(48_000, 96_000))
    stage.window.actions_by_id["copy"].trigger()
    copied = stage.editor.clipboard
    assert copied is not None
    assert (copied.sample_rate, copied.length) == (48_000, 48_000)
    stage.window.running.cancel()
    stage.idle()
    assert document.sound is sound
    assert (timeline.sample_rate, timeline.length) == (16_000, sound.length)
    assert timeline.selection == Region(16_000, 32_000)
    assert stage.window.view.spectrogram.axis.nyquist_hz == 8_000
    stage.window.panel.job_panel.keep_button.click()
    assert document.sound.sample_rate == 48_000
    assert document.undo_stack.count() == 2  # the rate, and what was finished


def test_another_document_is_not_disturbed(stage: Stage, file: Path, tone_file: Path) -> None:
    stage.open(tone_file)
    other = stage.editor.document
    stage.open(file)
    worked_on = stage.editor.document
    assert other is not None and worked_on is not None
    begin(stage, stage.halve)
    stage.editor.documents.show(other)
    assert stage.editor.emergence.sound is None
    assert stage.window.view.spectrogram._sound is other.sound
    stage.editor.documents.show(worked_on)
    stage.qtbot.waitUntil(lambda: stage.editor.emergence.sound is not None, timeout=10_000)
    stage.editor.documents.show(other)
    stage.window.running.cancel()
    stage.idle()
    assert stage.editor.emergence.offer is None
    assert stage.window.view.spectrogram._sound is other.sound
