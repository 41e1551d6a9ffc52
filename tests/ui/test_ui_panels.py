"""Forms, dialogs, table of actions, theme."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QColor, QMouseEvent
from PySide6.QtWidgets import QApplication, QComboBox, QDoubleSpinBox, QLabel
from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.files import FileInfo, OutputFormat
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.ui import actions, icons, theme
from audiosr_desktop.ui.dialogs.about_dialog import AboutDialog
from audiosr_desktop.ui.dialogs.export_dialog import ExportDialog
from audiosr_desktop.ui.dialogs.keys_dialog import KeysDialog
from audiosr_desktop.ui.dialogs.preferences import PreferencesDialog
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.panels.history_panel import HistoryPanel
from audiosr_desktop.ui.panels.parameter_form import ParameterForm
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.shortcuts import Shortcuts

PARAMETERS = (
    Parameter("model", "Model", "text", ""),
    Parameter("quality", "Quality", "choice", "standard", choices=("draft", "standard")),
    Parameter("amount", "Amount", "float", 100.0, 0.0, 100.0, "%"),
    Parameter("gaps", "Fill gaps", "bool", True, advanced=True),
    Parameter("steps", "Steps", "int", 0, 0, 1000, advanced=True, automatic=True),
    Parameter("seed", "Seed", "int", 0, 0, 2**32 - 1, advanced=True),
    Parameter("name", "Name", "text", "x"),
)


def form_of(qtbot: QtBot, **values: object) -> ParameterForm:
    form = ParameterForm(PARAMETERS, {"model": [("Recommended", ""), ("Big one", "big")]}, values)  # type: ignore[arg-type]
    qtbot.addWidget(form)
    return form


def test_a_form_starts_from_the_defaults_and_gives_them_back(qtbot: QtBot) -> None:
    form = form_of(qtbot)
    assert form.values() == {parameter.id: parameter.default for parameter in PARAMETERS}
    for parameter in PARAMETERS:
        assert parameter.checked(form.values()[parameter.id]) == parameter.default


def test_a_form_shows_and_takes_values(qtbot: QtBot) -> None:
    form = form_of(qtbot, model="big", seed=4_294_967_295, gaps=False, amount=40.0, quality="draft")
    assert form.values() == {
        "model": "big",
        "quality": "draft",
        "amount": 40.0,
        "gaps": False,
        "steps": 0,
        "seed": 4_294_967_295,
        "name": "x",
    }
    box = form.field("model")
    assert isinstance(box, QComboBox)
    box.setCurrentIndex(0)
    assert form.values()["model"] == ""
    steps = form.field("steps")
    assert isinstance(steps, QDoubleSpinBox)
    assert steps.text() == "Automatic"


def test_advanced_rows_are_shown_on_demand(qtbot: QtBot) -> None:
    form = form_of(qtbot)
    form.show()
    assert not form.field("seed").isVisible()
    form.advanced_button.click()
    assert form.field("seed").isVisible()
    form.close()


def test_a_double_click_on_a_name_resets_its_row(qtbot: QtBot) -> None:
    form = form_of(qtbot, amount=10.0, name="other")
    label = next(label for label in form.findChildren(QLabel) if label.text() == "Amount")
    event = QMouseEvent(
        QEvent.Type.MouseButtonDblClick,
        QPointF(2, 2),
        QPointF(2, 2),
        Qt.MouseButton.LeftButton,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(label, event)
    assert form.values()["amount"] == 100.0
    assert form.values()["name"] == "other"


@pytest.fixture
def export_dialog(qtbot: QtBot, settings: Settings, tmp_path: Path) -> ExportDialog:
    sound = Sound.from_array(np.zeros((2, 48_000), np.float32), 48_000)
    source = tmp_path / "take.flac"
    source.write_bytes(b"x")
    info = FileInfo(source, "FLAC", "PCM_16", "FILE", 16_000, 2, 16_000)
    dialog = ExportDialog(sound, info, Region(0, 24_000), settings)
    qtbot.addWidget(dialog)
    return dialog


def test_export_offers_a_new_name_beside_the_source(export_dialog: ExportDialog, tmp_path: Path) -> None:
    assert export_dialog.path.text() == str(tmp_path / "take-restored.wav")
    assert "WAV, 16 bit, 48 kHz (the source had 16 kHz), stereo" in export_dialog.summary.text()
    export_dialog.accept()
    choice = export_dialog.choice
    assert choice is not None
    assert (choice.output, choice.region, choice.overwrite) == (None, None, False)


def test_export_format_depth_and_part(export_dialog: ExportDialog) -> None:
    export_dialog.depth_box.setCurrentIndex(export_dialog.depth_box.findData("32 bit float"))
    export_dialog.part.setCurrentIndex(1)
    export_dialog.format.setCurrentText("FLAC")
    assert export_dialog.path.text().endswith(".flac")
    export_dialog.accept()
    choice = export_dialog.choice
    assert choice is not None
    assert choice.output == OutputFormat("FLAC", "PCM_24")  # FLAC has no floats
    assert choice.region == Region(0, 24_000)


def test_export_follows_a_typed_suffix(export_dialog: ExportDialog, tmp_path: Path) -> None:
    export_dialog.path.setText(str(tmp_path / "new.mp3"))
    assert export_dialog.format.currentText() == "MP3"
    assert not export_dialog.depth_box.isEnabled()
    export_dialog.path.setText(str(tmp_path / "new.xyz"))
    assert not export_dialog.export_button.isEnabled()
    assert "cannot be written" in export_dialog.summary.text()


def test_export_says_below_the_field_why_it_cannot_be_written(
    export_dialog: ExportDialog, tmp_path: Path
) -> None:
    export_dialog.show()
    for name, words in (
        ("take.flac", "source file itself"),
        ("nowhere/new.wav", "does not exist"),
        ("sub.wav", "is a folder"),
    ):
        (tmp_path / "sub.wav").mkdir(exist_ok=True)
        export_dialog.path.setText(str(tmp_path / name))
        assert export_dialog.remark.isVisible()
        assert words in export_dialog.remark.text()
        assert words in export_dialog.path.accessibleDescription()
        assert not export_dialog.export_button.isEnabled()
        export_dialog.accept()
        assert export_dialog.choice is None
    export_dialog.path.setText(str(tmp_path / "new.flac"))
    assert not export_dialog.remark.isVisible()
    assert export_dialog.path.accessibleDescription() == ""
    assert export_dialog.export_button.isEnabled()


def test_preferences_change_settings_at_once(qtbot: QtBot, settings: Settings) -> None:
    dialog = PreferencesDialog(settings, 1)
    qtbot.addWidget(dialog)
    dialog.low.setValue(-100)
    assert settings.level_low_db == -100
    boxes = [box for box in dialog.findChildren(QComboBox) if box.findData("viridis") >= 0]
    boxes[0].setCurrentIndex(boxes[0].findData("viridis"))
    assert settings.colour_map == "viridis"


def test_no_key_is_given_twice() -> None:
    keys = [key for row in actions.ROWS for key in row.keys]
    assert len(keys) == len(set(keys))
    assert len({row.id for row in actions.ROWS}) == len(actions.ROWS)


def test_menus_and_bars_name_actions_that_exist() -> None:
    known = {row.id for row in actions.ROWS} | {"-", "#recent", "#effects"}
    named = [name for _, names in actions.MENUS for name in names.split()]
    named += actions.TOOL_BAR.split() + actions.CONTEXT_MENU.split()
    assert set(named) <= known
    assert {row.id for row in actions.ROWS} <= set(named)


def contrast(one: str, other: str) -> float:
    """WCAG 2.1, relative luminance."""

    def light(name: str) -> float:
        colour = QColor(name)
        parts = [colour.redF(), colour.greenF(), colour.blueF()]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("chosen", [theme.DARK, theme.LIGHT], ids=lambda chosen: chosen.name)
def test_text_can_be_read(chosen: theme.Theme) -> None:
    for background in (chosen.window, chosen.panel, chosen.field):
        assert contrast(chosen.text, background) >= 7
        assert contrast(chosen.quiet_text, background) >= 4.5
    assert contrast(chosen.accent_text, chosen.accent) >= 4.5
    assert contrast(chosen.wave, chosen.canvas) >= 3


@pytest.mark.usefixtures("qapp")
def test_every_action_with_an_icon_has_a_drawn_one() -> None:
    for row in actions.ROWS:
        if row.icon:
            image = theme.DARK.icon(row.icon).pixmap(24).toImage()
            assert any(image.pixelColor(x, y).alpha() > 128 for x in range(24) for y in range(24)), row.icon
    assert not icons.app_icon().isNull()


def test_about_and_keys(qtbot: QtBot, settings: Settings) -> None:
    about, keys = AboutDialog(), KeysDialog(Shortcuts({}, settings))
    for dialog in (about, keys):
        qtbot.addWidget(dialog)
    assert any("GNU General Public License" in label.text() for label in about.findChildren(QLabel))
    for name in ("PySide6", "numpy", "Device"):
        assert name in about.details.text()
    about.copy.click()
    assert QApplication.clipboard().text() == about.details.text()


def rows_of(panel: HistoryPanel) -> list[tuple[str, str, bool]]:
    rows = [panel.list.topLevelItem(place) for place in range(panel.list.topLevelItemCount())]
    dimmed = panel.palette().placeholderText()
    return [(row.text(0), row.text(1), row.foreground(0) == dimmed) for row in rows if row is not None]


def test_the_history_that_went_on_looks_as_one_shown_anew(qtbot: QtBot) -> None:
    sound = Sound.from_array(np.zeros((1, 1000)), 48_000)
    document = Document(sound, FileInfo(Path("a.wav"), "WAV", "PCM_16", "FILE", 48_000, 1, 1000))
    kept = HistoryPanel()
    qtbot.addWidget(kept)
    kept.set_document(document)

    def look() -> None:
        anew = HistoryPanel()
        qtbot.addWidget(anew)
        anew.set_document(document)
        assert rows_of(kept) == rows_of(anew)
        assert kept.list.currentIndex().row() == anew.list.currentIndex().row() == document.undo_stack.index()
        assert kept.space.text() == anew.space.text()
        dimmed = [dim for _, _, dim in rows_of(kept)]
        assert dimmed == [place > document.undo_stack.index() for place in range(len(dimmed))]
        anew.set_document(None)

    for step in ("one", "two", "three", 1, "other", 0, 2, "last", 1, 3, 2, "end"):
        if isinstance(step, int):
            document.undo_stack.setIndex(step)
        else:
            document.edit(step, Sound.from_array(np.zeros((1, 1000)), 48_000), Region(0, 10))
        look()
    document.forget_oldest(1)
    look()
