"""Every tool with every way of putting shapes together, every value typed, and selections that come back."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from test_ui_main_job import place
from test_ui_projects import document_of, samples, save
from test_ui_selection import drag

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import gains_of
from audiosr_desktop.ui.announcing import selection_words
from audiosr_desktop.ui.commands import rising_zero
from audiosr_desktop.ui.views.spectrogram_view import SpectrogramView

KEY, KEYS = Qt.Key, Qt.KeyboardModifier
NONE, SHIFT, ALT, CONTROL = KEYS.NoModifier, KEYS.ShiftModifier, KEYS.AltModifier, KEYS.ControlModifier
WAYS = {"replace": NONE, "add": SHIFT, "take away": ALT, "intersect": SHIFT | ALT}
# what is drawn first goes from 0.5 to 1 s and 2 to 4 kHz, what comes second from 0.6 s and about 3 kHz
FIRST_ONLY, BOTH, SECOND_ONLY, NEITHER = (0.75, 2200), (0.75, 3000), (1.5, 3000), (1.5, 9000)
CHOSEN = {
    "replace": {BOTH, SECOND_ONLY},
    "add": {FIRST_ONLY, BOTH, SECOND_ONLY},
    "take away": {FIRST_ONLY},
    "intersect": {BOTH},
}
WAY_OF_TOOL = {
    KEY.Key_R: [(0.6, 3400), (1.7, 2700)],
    KEY.Key_F: [(0.6, 3400), (1.0, 2700)],
    KEY.Key_4: [(0.6, 2700), (1.7, 2700), (1.7, 3400), (0.6, 3400)],
    KEY.Key_B: [(0.6, 3000), (1.2, 3000), (1.7, 3000)],
    KEY.Key_W: [(1.2, 3000)],
}


@pytest.fixture
def opened(stage: Stage, tmp_path: Path) -> Stage:
    stage.open(write_tone(tmp_path / "tone.wav", channels=2))
    settings = stage.window.settings
    settings.brush_px, settings.softness_px, settings.wand_db = 3.0, 1.0, 30.0
    view = stage.window.view.spectrogram
    stage.qtbot.waitUntil(lambda: view.picture is not None and view.picture.complete, timeout=10_000)
    return stage


def gain(selection: Region | None, seconds: float, hz: float) -> float:
    """Return how much of a place is chosen, of rectangles too."""
    if selection is None:
        return 0.0
    hop, row = 1024, round(hz / (RATE / 2) * 1024)
    return float(gains_of(selection, round(seconds * RATE / hop), 1, hop, RATE)[row, 0]) / 255


def draw(view: SpectrogramView, places: list[tuple[float, float]], keys: KEYS = NONE) -> None:
    drag(view, [place(view, *one) for one in places], keys)


@pytest.mark.parametrize("tool", WAY_OF_TOOL)
def test_every_tool_adds_takes_away_and_intersects(opened: Stage, tool: Qt.Key) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    for way, keys in WAYS.items():
        timeline.select(None)
        timeline.pick((0,))
        QTest.keyClick(opened.window, KEY.Key_R)
        draw(view, [(0.5, 4000), (1.0, 2000)])
        QTest.keyClick(opened.window, tool)
        if way == "replace":
            timeline.select(None)  # otherwise the drag begins on an edge of it
        draw(view, WAY_OF_TOOL[tool], keys)
        found = timeline.selection
        assert found is not None
        for probe in (FIRST_ONLY, BOTH, SECOND_ONLY, NEITHER):
            wanted = 1.0 if probe in CHOSEN[way] else 0.0
            assert gain(found, *probe) == pytest.approx(wanted, abs=0.1), (way, probe)
        assert found.channels == (0,)
        assert timeline.playhead == found.start
        assert opened.window.selection_bar.low.text() == f"{found.low_hz or 0:.0f}"
        assert "kHz" in selection_words(found, RATE)
        QTest.keyClick(opened.window, KEY.Key_BracketLeft, ALT)
        before = timeline.selection
        assert (before is None) if way == "replace" else gain(before, *FIRST_ONLY) == 1.0


@pytest.mark.parametrize("tool", [KEY.Key_4, KEY.Key_B, KEY.Key_W])
def test_what_is_thinner_than_the_grid_is_selected_in_time_and_frequency(
    stage: Stage, tmp_path: Path, tool: Qt.Key
) -> None:
    """Three milliseconds of a click, where a mask has a column for 21, and effects keep to them."""
    quiet = np.random.default_rng(0).standard_normal(RATE) * 1e-4
    quiet[RATE // 2 : RATE // 2 + 24] += 0.5
    soundfile.write(tmp_path / "click.wav", quiet, RATE, "FLOAT")
    stage.open(tmp_path / "click.wav")
    view, timeline, settings = stage.window.view.spectrogram, stage.editor.timeline, stage.window.settings
    settings.fft_size, settings.wand_db, settings.brush_px, settings.softness_px = 256, 12.0, 6.0, 2.0
    timeline.show(0.49 * RATE, 0.51 * RATE)
    stage.qtbot.waitUntil(
        lambda: view.picture is not None and view.picture.complete and view.picture.hop <= 64, timeout=10_000
    )
    middle = 0.5 + 12 / RATE
    ways = {
        KEY.Key_4: [
            (middle - 0.0015, 9000),
            (middle + 0.0015, 9000),
            (middle + 0.0015, 3000),
            (middle - 0.0015, 3000),
        ],
        KEY.Key_B: [(middle, 9000), (middle, 3000)],
        KEY.Key_W: [(middle, 6000)],
    }
    QTest.keyClick(stage.window, tool)
    draw(view, ways[tool])
    selection = timeline.selection
    assert selection is not None
    assert selection.mask is not None
    assert selection.start == pytest.approx(0.5 * RATE, abs=300)
    assert 10 < selection.length < 400
    assert gain(selection, middle, 6000) > 0.9
    before = samples(stage)
    stage.window.panel.show_values(stage.halve.id, {})
    QTest.keyClick(stage.window, KEY.Key_Return, CONTROL)
    stage.idle()
    change = samples(stage) - before
    assert change[:, selection.start : selection.stop].any()
    assert not change[:, : selection.start].any()
    assert not change[:, selection.stop :].any()


def test_a_lasso_thinner_than_a_row_of_the_grid_selects_a_row(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    view.setFocus()
    timeline.select(Region(0, RATE, 2990.0, 3010.0))
    for _ in range(12):
        QTest.keyClick(view, KEY.Key_Up, CONTROL)
    timeline.select(None)
    QTest.keyClick(opened.window, KEY.Key_4)
    draw(view, [(0.5, 3002), (1.5, 3002), (1.5, 3008), (0.5, 3008)])
    assert gain(timeline.selection, 1.0, 3000) > 0.9
    assert gain(timeline.selection, 1.0, 3050) < 0.1


def test_time_taken_out_of_the_middle_stays_bit_for_bit(opened: Stage) -> None:
    view, before = opened.window.view.waveform, samples(opened)
    QTest.keyClick(opened.window, KEY.Key_T)
    drag(view, [QPointF(view.x_of(s * RATE), 30) for s in (0.2, 1.0, 1.8)])
    drag(view, [QPointF(view.x_of(s * RATE), 30) for s in (0.8, 1.0, 1.2)], ALT)
    opened.window.panel.show_values(opened.halve.id, {})
    QTest.keyClick(opened.window, KEY.Key_Return, CONTROL)
    opened.idle()
    change = samples(opened) - before
    assert not change[:, round(0.83 * RATE) : round(1.17 * RATE)].any()
    for second in (0.5, 1.5):
        part = slice(round(second * RATE), round((second + 0.1) * RATE))
        assert change[:, part] == pytest.approx(-before[:, part] / 2, abs=1e-5)


# values


Band = tuple[float, float, float | None, float | None]
TYPED: list[tuple[str, str, Band]] = [
    ("start", "0.25", (0.25, 1.0, 1000.0, 3000.0)),
    ("start", "0:00.75", (0.75, 1.0, 1000.0, 3000.0)),
    ("stop", "1.5", (0.5, 1.5, 1000.0, 3000.0)),
    ("stop", "99.5", (0.5, 2.0, 1000.0, 3000.0)),
    ("length", "0.125", (0.5, 0.625, 1000.0, 3000.0)),
    ("low", "49.5", (0.5, 1.0, 49.5, 3000.0)),
    ("low", "4000.0", (0.5, 1.0, 1000.0, 3000.0)),  # above the high one: as it was
    ("high", "9000.5", (0.5, 1.0, 1000.0, 9000.5)),
    ("high", "", (0.5, 1.0, 1000.0, None)),
    ("low", "", (0.5, 1.0, None, 3000.0)),
    ("low", "a.b", (0.5, 1.0, 1000.0, 3000.0)),  # no number: as it was
    ("start", "x.y", (0.5, 1.0, 1000.0, 3000.0)),
    ("centre", "5000.5", (0.5, 1.0, 4000.5, 6000.5)),
    ("width_", "500.5", (0.5, 1.0, 1749.75, 2250.25)),
]


@pytest.mark.parametrize("mark", [".", ","])
def test_every_value_can_be_typed_with_point_and_comma(opened: Stage, mark: str) -> None:
    bar, timeline = opened.window.selection_bar, opened.editor.timeline
    for field, typed, (start, stop, low, high) in TYPED:
        timeline.select(Region(RATE // 2, RATE, 1000.0, 3000.0))
        line = getattr(bar, field)
        line.setFocus()
        line.selectAll()
        QTest.keyClick(line, KEY.Key_Delete)
        QTest.keyClicks(line, typed.replace(".", mark))
        QTest.keyClick(line, KEY.Key_Return)
        wanted = Region(round(start * RATE), round(stop * RATE), low, high)
        assert timeline.selection == wanted, (field, typed)
        # what is shown is what is chosen, in every field
        shown = [one.text() for one in (bar.start, bar.stop, bar.length)]
        assert shown == [f"00:0{seconds:.3f}" for seconds in (start, stop, stop - start)]
        assert bar.low.text() == ("" if low is None else f"{low:.1f}" if low == 49.5 else f"{low:.0f}")
        closed = low is not None and high is not None
        assert bool(bar.centre.text()) is bool(bar.width_.text()) is closed


def test_a_short_selection_is_told_to_the_sample(opened: Stage) -> None:
    bar = opened.window.selection_bar
    opened.editor.timeline.select(Region(RATE + 3, RATE + 8))
    assert (bar.start.text(), bar.length.text()) == ("00:01.000063", "00:00.000104")
    opened.editor.timeline.show(RATE, RATE + 100)
    view = opened.window.view.waveform
    QTest.mouseMove(view, QPointF(view.x_of(RATE + 5) + 1, 40).toPoint())
    assert opened.window.status.readout.text().startswith("00:01.0001")


# keys


def test_q_keeps_to_what_is_picked_and_drops_a_shape_of_elsewhere(opened: Stage) -> None:
    view, timeline, window = opened.window.view.spectrogram, opened.editor.timeline, opened.window
    timeline.pick((0,))
    QTest.keyClick(window, KEY.Key_4)
    draw(view, [(0.5, 4000), (0.9, 4000), (0.9, 9000), (0.5, 9000)])
    shape = timeline.selection
    assert shape is not None
    QTest.keyClick(window, KEY.Key_Q)
    assert timeline.selection == Region(shape.start, shape.stop, channels=(0,))
    timeline.pick((1,))
    QTest.keyClick(window, KEY.Key_Q)
    assert timeline.selection == shape.of_channels((1,))
    QTest.keyClick(window, KEY.Key_Q)
    timeline.select(Region(round(1.2 * RATE), round(1.5 * RATE)))
    QTest.keyClick(window, KEY.Key_Q)
    there = timeline.selection
    assert there is not None
    assert there.mask is None  # it would choose nothing here
    assert (there.low_hz, there.high_hz, there.channels) == (shape.low_hz, shape.high_hz, (1,))


def test_z_goes_to_crossings_of_what_is_meant_and_keeps_short_selections(
    stage: Stage, tmp_path: Path
) -> None:
    at = np.arange(RATE) / RATE
    two = np.stack([np.sin(2 * np.pi * 200 * at + phase) for phase in (0.5, 2.5)], axis=1)
    soundfile.write(tmp_path / "two.wav", two, RATE, "FLOAT")
    stage.open(tmp_path / "two.wav")
    timeline = stage.editor.timeline
    timeline.pick((1,))
    timeline.select(Region(1000, 9000))
    QTest.keyClick(stage.window, KEY.Key_Z)
    chosen = timeline.selection
    assert chosen is not None
    for edge in (chosen.start, chosen.stop):
        assert two[edge - 1, 1] < 0 <= two[edge, 1]
    sound = stage.editor.sound
    assert sound is not None
    assert chosen.start != rising_zero(sound, 1000)
    short = Region(1010, 1030, channels=(1,))
    timeline.select(short)
    QTest.keyClick(stage.window, KEY.Key_Z)
    assert timeline.selection == short  # both edges would fall together
    timeline.move_playhead(timeline.length)
    QTest.keyClick(stage.window, KEY.Key_BracketLeft)
    assert timeline.selection == short
    timeline.move_playhead(0)
    QTest.keyClick(stage.window, KEY.Key_BracketRight)
    assert timeline.selection == short


def test_the_centre_snaps_to_peaks_of_the_picked_channel(stage: Stage, tmp_path: Path) -> None:
    at = np.arange(RATE) / RATE
    two = np.stack([np.sin(2 * np.pi * hz * at) for hz in (3000, 3300)], axis=1)
    soundfile.write(tmp_path / "two.wav", two * 0.3, RATE, "FLOAT")
    stage.open(tmp_path / "two.wav")
    view, timeline = stage.window.view.spectrogram, stage.editor.timeline
    for channel, hz in ((0, 3000), (1, 3300)):
        timeline.pick((channel,))
        timeline.select(Region(RATE // 4, RATE // 2, 8000.0, 14_000.0))
        lane = view.lane_rects()[channel]
        places = [
            QPointF(view.x_of(0.3 * RATE), lane.bottom() - view.axis.place_of(height) * lane.height())
            for height in (11_000, 6000, 3150)
        ]
        drag(view, places)
        assert timeline.selection is not None
        low, high = timeline.selection.low_hz or 0.0, timeline.selection.high_hz or 0.0
        assert (low + high) / 2 == pytest.approx(hz, abs=5)


def test_shift_click_snaps_as_a_drag_does(opened: Stage) -> None:
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    timeline.move_playhead(round(1.2 * RATE))
    QTest.keyClick(opened.window, KEY.Key_M)
    QTest.keyClick(opened.window, KEY.Key_T)
    timeline.select(Region(RATE // 4, RATE // 2))
    at = QPointF(view.x_of(1.2 * RATE) + 4, 30).toPoint()
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, SHIFT, at)
    assert timeline.selection == Region(RATE // 4, round(1.2 * RATE))


def test_keys_bring_the_playhead_into_view(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view.spectrogram
    timeline.show(0.5 * RATE, 0.6 * RATE)
    view.setFocus()
    for key in (KEY.Key_End, KEY.Key_Home, KEY.Key_Period, KEY.Key_Comma):
        QTest.keyClick(view, key)
        assert timeline.start <= timeline.playhead <= timeline.stop
        assert timeline.span == pytest.approx(0.1 * RATE)


# what comes back


def test_selections_saved_as_regions_come_back_from_the_project(opened: Stage, tmp_path: Path) -> None:
    view, timeline, chosen = opened.window.view.spectrogram, opened.editor.timeline, []
    timeline.pick((1,))
    for tool, way in WAY_OF_TOOL.items():
        QTest.keyClick(opened.window, tool)
        timeline.select(None)
        draw(view, way)
        chosen.append(timeline.selection)
        QTest.keyClick(opened.window, KEY.Key_M)
    assert len({selection.start for selection in chosen if selection}) > 2
    save(opened, tmp_path / "kept.asrproj")
    opened.window.filing.close_document()
    opened.open(tmp_path / "kept.asrproj")
    assert timeline.selection == chosen[-1]  # what was chosen when it was saved
    QTest.keyClick(opened.window, KEY.Key_Escape)
    assert timeline.selection is None
    panel, found = opened.window.markers, []
    opened.window.markers_dock.raise_()
    for row in range(len(chosen)):
        place_of_row = panel.list.visualItemRect(panel.list.topLevelItem(row)).center()
        QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place_of_row)
        found.append(timeline.selection)
    assert len(found) == len(chosen)
    assert all(selection in found for selection in chosen)
    assert [mark.region for mark in document_of(opened).marks] == found
