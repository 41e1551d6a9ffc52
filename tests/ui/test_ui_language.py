"""The window in other languages: every text has a translation, numbers follow the locale, nothing is lost."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Stage
from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QApplication, QLabel

import audiosr_desktop.ui
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.plugins.native import RING, STATE
from audiosr_desktop.ui import small_windows
from audiosr_desktop.ui.actions import MENUS, ROWS
from audiosr_desktop.ui.dialogs.first_run import FirstRunDialog
from audiosr_desktop.ui.dialogs.plugin_dialog import _TRUST
from audiosr_desktop.ui.explanations import ACTIONS, CONTROLS, PLACES
from audiosr_desktop.ui.language import LANGUAGES, install_language, language_of, read_catalogue, tr, tr_word
from audiosr_desktop.ui.readout import figures, format_hz, format_time, parse_time
from audiosr_desktop.ui.settings import Setting, Settings

ROOM = Path(audiosr_desktop.ui.__file__).parent
SHOWN = {  # calls whose literal is seen by the user, so that it has to be marked
    "QCheckBox",
    "QLabel",
    "QPushButton",
    "addRow",
    "addTab",
    "setAccessibleName",
    "setInformativeText",
    "setPlaceholderText",
    "setText",
    "setToolTip",
    "setWindowTitle",
}
TRANSLATED = [language for language in LANGUAGES if language != "en"]


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted(ROOM.rglob("*.py")):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def name_of_call(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def literals() -> set[str]:
    """Return what the code marks as text of the window."""
    found = set()
    for _, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of_call(node) in ("tr", "marked") and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant):
                    found.add(str(first.value))
    return found


def texts(scratch: Scratch) -> set[str]:
    """Return every text that has to have a translation."""
    found = (
        literals()
        | {*ACTIONS.values(), *PLACES.values(), _TRUST}
        | {text for sentences in CONTROLS.values() for text in sentences.values()}
        | {row.text for row in ROWS}
        | {title for title, _ in MENUS}
    )
    for effect in built_in_effects(Engines(), scratch).values():
        found.add(effect.title)
        for parameter in effect.parameters:
            found |= {parameter.title, parameter.help, *parameter.choices} - {""}
    for parameter in (RING, STATE):  # of all native plugins
        found |= {parameter.title, parameter.help}
    for setting in vars(Settings).values():
        if isinstance(setting, Setting):
            found |= {choice for choice in setting.choices if isinstance(choice, str)} - set(LANGUAGES)
    return found


def placeholders(text: str) -> list[str]:
    return sorted(re.findall(r"\{[^{}]*\}", text))


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_has_a_translation_and_none_is_left_over(language: str, run_scratch: Scratch) -> None:
    wanted, known = texts(run_scratch), read_catalogue(language)
    assert sorted(wanted - known.keys()) == []
    assert sorted(known.keys() - wanted) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_placeholders_ends_and_keys(language: str) -> None:
    for english, other in read_catalogue(language).items():
        assert placeholders(other) == placeholders(english), english
        assert other.strip(), english
        assert other.endswith("…") == english.endswith("…"), english
        assert ("&" in other) == ("&" in english), english
        assert [other[:1].isspace(), other[-1:].isspace()] == [english[:1].isspace(), english[-1:].isspace()]


@pytest.mark.parametrize("language", TRANSLATED)
def test_menus_have_no_letter_twice(language: str) -> None:
    known = read_catalogue(language)
    by_id = {row.id: row.text for row in ROWS}
    for title, names in MENUS:
        texts = [known[by_id[name]] for name in names.split() if name in by_id]
        keys = [match.group(1).lower() for text in texts if (match := re.search("&(.)", text))]
        assert len(keys) == len(set(keys)), (title, keys)


def test_no_text_of_the_window_is_left_unmarked() -> None:
    left = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and name_of_call(node) in SHOWN:
                for value in node.args:
                    if isinstance(value, ast.JoinedStr | ast.Constant) and shows_words(value):
                        left.append(f"{path.name}:{node.lineno} {ast.unparse(value)}")
    assert left == []


def shows_words(value: ast.JoinedStr | ast.Constant) -> bool:
    parts = value.values if isinstance(value, ast.JoinedStr) else [value]
    plain = "".join(str(part.value) for part in parts if isinstance(part, ast.Constant) and part.value)
    return bool(re.search(r"[A-Za-z]{3}", plain.replace("AudioSR Desktop", "")))


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    locale = QLocale()
    translators = install_language(qapp, "de")
    yield
    for translator in translators:
        QCoreApplication.removeTranslator(translator)
    QLocale.setDefault(locale)


@pytest.mark.usefixtures("german")
def test_texts_and_numbers_in_german() -> None:
    assert tr("&File") == "&Datei"
    assert tr("Written: {path}", path="a.wav") == "Geschrieben: a.wav"
    assert tr("a text that nobody wrote") == "a text that nobody wrote"
    assert tr_word("keep channel 2") == "Kanal 2 behalten"
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    assert format_time(61.25) == "01:01,250"
    assert parse_time(format_time(61.25)) == 61.25
    assert format_hz(6020) == "6,02 kHz"
    assert figures(-12.5, "+.1f") == "−12,5"


def test_the_language_is_chosen_or_that_of_the_system() -> None:
    assert language_of("system", QLocale("de_AT")) == "de"
    assert language_of("system", QLocale("fr_FR")) == "en"
    assert language_of("en", QLocale("de_DE")) == "en"
    assert language_of("de", QLocale("en_US")) == "de"


@pytest.mark.usefixtures("german")
def test_the_window_is_german(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    window = stage.window
    assert [action.text() for action in window.menuBar().actions()][:2] == ["&Datei", "&Bearbeiten"]
    assert window.actions_by_id["undo"].text() == "&Rückgängig"
    assert window.view.spectrogram.accessibleName() == "Spektrogramm"
    window.resize(1280, 860)


@pytest.mark.usefixtures("german")
def test_why_the_processor_computes_is_german_too(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    reason = "No NVIDIA driver was found, so the processor is used."
    monkeypatch.setattr(small_windows, "expected_device", lambda: ("cpu", reason))
    stage.window.windows.show_first_run()
    (dialog,) = stage.window.findChildren(FirstRunDialog)
    told = " ".join(label.text() for label in dialog.findChildren(QLabel))
    dialog.skip.click()
    assert "Es wurde kein NVIDIA-Treiber gefunden" in told
    assert reason not in told
