"""Language: the texts of the window in the user's language, from a catalogue keyed by the English text."""

import json
from collections.abc import Mapping
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

from audiosr_desktop import paths
from audiosr_desktop.ui.messages import Messages

_CONTEXT, _MESSAGES = "audiosr", "audiosr-messages"
LANGUAGES = {"en": "English", "de": "Deutsch"}  # by their own names, which are never translated


def tr(text: str, /, **values: object) -> str:
    """Return a text of the window in the user's language.

    Args:
        text: in English, a literal; tests find it and ask for its translations.
        values: what stands for the names in braces.
    """
    found = QCoreApplication.translate(_CONTEXT, text)
    return found.format(**values) if values else found


def tr_message(sentence: str) -> str:
    """Return an error, a warning or a stage of a room below in the user's language."""
    return QCoreApplication.translate(_MESSAGES, sentence)


def marked(text: str) -> str:
    """Return a literal as it is: it stands in a table and is translated where it is shown."""
    return text


def tr_word(word: str) -> str:
    """Return a choice of a parameter in the user's language; a number at its end is kept."""
    head, _, number = word.rpartition(" ")
    return tr(f"{head} {{number}}", number=number) if number.isdigit() else tr(word)


def capitalised(text: str) -> str:
    """Return a text with a capital at its start, the rest as it is."""
    return text[:1].upper() + text[1:]


class Catalogue(QTranslator):
    """Texts of one language by the English ones.

    Args:
        texts: the catalogue.
        messages: templates of the rooms below.
    """

    def __init__(
        self, texts: Mapping[str, str], messages: Mapping[str, str], parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._texts, self._messages = texts, Messages(messages, texts)

    def isEmpty(self) -> bool:
        return not self._texts

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1
    ) -> str | None:
        if context == _MESSAGES:
            return self._texts.get(text) or self._messages.translated(text)
        return self._texts.get(text) if context == _CONTEXT else None


def language_of(setting: str, system: QLocale) -> str:
    """Return the language to use: the chosen one, or that of the system where there is a catalogue for it."""
    wanted = system.name().partition("_")[0] if setting == "system" else setting
    return wanted if wanted in LANGUAGES else "en"


def catalogue_file(language: str) -> Path:
    """Return where the texts of a language are."""
    return paths.resources_dir() / "translations" / f"{language}.json"


def read_catalogue(language: str) -> dict[str, str]:
    """Return the texts of a language by the English ones; none for English."""
    return _read(catalogue_file(language)) if language != "en" else {}


def read_messages(language: str) -> dict[str, str]:
    """Return the templates of a language for the sentences of the rooms below, by the English ones."""
    return _read(catalogue_file(f"{language}-messages")) if language != "en" else {}


def _read(path: Path) -> dict[str, str]:
    texts: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return texts


def install_language(app: QCoreApplication, setting: str) -> list[QTranslator]:
    """Show all texts and numbers in the chosen language; before any window is made.

    Args:
        app: takes the translators.
        setting: "system" or one of `LANGUAGES`.

    Returns:
        The translators, for `QCoreApplication.removeTranslator`.
    """
    system = QLocale.system()
    language = language_of(setting, system)
    # numbers follow the system, unless another language was chosen than the system's
    locale = system if system.name().startswith(language) or setting == "system" else QLocale(language)
    locale.setNumberOptions(QLocale.NumberOption.OmitGroupSeparator)
    QLocale.setDefault(locale)
    installed: list[QTranslator] = []
    for translator in (
        _qt_texts(language, app),
        Catalogue(read_catalogue(language), read_messages(language), app),
    ):
        if not translator.isEmpty():
            app.installTranslator(translator)
            installed.append(translator)
    return installed


def _qt_texts(language: str, app: QCoreApplication) -> QTranslator:
    """Return the texts of Qt's own dialogs and buttons."""
    translator = QTranslator(app)
    if language != "en":
        translator.load(f"qtbase_{language}", QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    return translator
