"""Sentences of the rooms below the window in other languages: each has a template that takes its facts."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QLocale
from PySide6.QtWidgets import QApplication

import audiosr_desktop.errors
from audiosr_desktop import paths
from audiosr_desktop.audio.files import open_sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.job import run_job
from audiosr_desktop.ui.language import LANGUAGES, install_language, read_messages, tr_message
from audiosr_desktop.ui.messages import Messages

PACKAGE = Path(audiosr_desktop.errors.__file__).parent
ROOMS = ("audio", "dsp", "effects", "engine", "playback", "plugins", "batch")
# what only the command line, a cluster or the author of a plugin or a model meets
ELSEWHERE = (
    "upstream.py",
    "cluster.py",
    "part.py",
    "manifest.py",
    "cuda.py",
    "api.py",
    "scaffold.py",
    "tables.py",
)
TRANSLATED = [language for language in LANGUAGES if language != "en"]
PLACES = {"Progress": 1, "warn": 1, "_left_alone": 1, "_tell": 0}  # of the sentence among what is given
ERRORS = {name for name in vars(audiosr_desktop.errors) if name.endswith("Error")} | {"PresetExistsError"}


def template_of(node: ast.expr) -> str | None:
    """Return a sentence with its facts numbered; None where the code does not say it here."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if not isinstance(node, ast.JoinedStr):
        return None
    text, count = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
        else:
            text, count = f"{text}{{{count}}}", count + 1
    return text


def sentences(tree: ast.Module) -> Iterator[ast.expr]:
    """Yield what becomes an error, a stage, a warning or a reason."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            place = 0 if name in ERRORS else PLACES.get(name)
            if place is not None and len(node.args) > place:
                yield node.args[place]
            yield from (word.value for word in node.keywords if word.arg in ("reason", "stage"))
        elif isinstance(node, ast.Return) and isinstance(node.value, ast.Tuple):  # a value and why it is so
            yield from (
                part for part in node.value.elts if re.search(r"^[A-Z].*\.$", template_of(part) or "")
            )


def parts_of(node: ast.expr, tree: ast.Module, depth: int = 6) -> Iterator[str]:
    """Yield the templates of a sentence and of the words that the same file puts into it."""
    text = template_of(node)
    if text is not None:
        yield text
    if depth == 0:
        return
    inner: list[ast.expr] = []
    if isinstance(node, ast.IfExp):
        inner = [node.body, node.orelse]
    elif isinstance(node, ast.JoinedStr):
        inner = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
        inner = [part for part in inner if isinstance(part, ast.Name | ast.IfExp)]
    elif isinstance(node, ast.Name):
        for line in ast.walk(tree):
            if isinstance(line, ast.Assign) and any(ast.unparse(to) == node.id for to in line.targets):
                inner.append(line.value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        for function in ast.walk(tree):
            if isinstance(function, ast.FunctionDef) and function.name == node.func.id:
                returns = (line.value for line in ast.walk(function) if isinstance(line, ast.Return))
                inner += [value for value in returns if value is not None]
    for part in inner:
        yield from parts_of(part, tree, depth - 1)


def wanted() -> set[str]:
    found = set()
    for room in ROOMS:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            if path.name not in ELSEWHERE:
                tree = ast.parse(path.read_text(encoding="utf-8"))
                templates = (text for node in sentences(tree) for text in parts_of(node, tree))
                found |= {text for text in templates if re.search(r"[A-Za-z]{3}", text) and text[:2] != '{"'}
    for path in sorted((paths.resources_dir() / "presets").glob("*.json")):
        preset = json.loads(path.read_text(encoding="utf-8"))
        found |= {preset["title"], preset["description"]}
    for path in sorted(paths.shipped_models_dir().glob("*/manifest.json")):
        manifest = json.loads(path.read_text(encoding="utf-8"))
        found |= {manifest["description"], *manifest["tasks"]}
    return found


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_sentence_has_a_translation(language: str) -> None:
    assert sorted(wanted() - read_messages(language).keys()) == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_their_facts(language: str) -> None:
    for english, other in read_messages(language).items():
        numbers = [re.findall(r"\{\d+\}", text) for text in (english, other)]
        assert set(numbers[0]) == set(numbers[1]), english
        assert other[-1:] == english[-1:] or not english.endswith((".", "…")), english


def test_a_sentence_is_found_by_its_template() -> None:
    found = Messages(
        {
            "{0} is a folder.": "{0} ist ein Ordner.",
            "{0} is a folder; give {1}.": "{0} ist ein Ordner; {1} angeben.",
            "{0} at {1} s": "{0} bei {1} s",
            "Mixing": "Mischen",
        },
        {"Gain": "Verstärkung"},
    )
    assert found.translated("Mixing") == "Mischen"
    assert found.translated("a (b) is a folder.") == "a (b) ist ein Ordner."
    assert found.translated("/x/y is a folder; give a name.") == "/x/y ist ein Ordner; a name angeben."
    assert found.translated("Gain at 3 s") == "Verstärkung bei 3 s"
    assert found.translated("Mixing at 3 s") == "Mischen bei 3 s"
    assert found.translated("nothing of that kind") is None


@pytest.fixture
def german(qapp: QApplication) -> Iterator[None]:
    locale = QLocale()
    translators = install_language(qapp, "de")
    yield
    for translator in translators:
        QCoreApplication.removeTranslator(translator)
    QLocale.setDefault(locale)


@pytest.mark.usefixtures("german")
def test_real_errors_are_told_in_german(tmp_path: Path, run_scratch: Scratch) -> None:
    (tmp_path / "empty.wav").touch()
    (tmp_path / "text.wav").write_text("no sound at all")
    for name, words in (
        ("empty.wav", "empty.wav ist leer: die Datei hat kein einziges Byte."),
        ("none.wav", f"Die Datei {tmp_path / 'none.wav'} gibt es nicht."),
        ("text.wav", "text.wav kann nicht als Klang gelesen werden"),
    ):
        with pytest.raises(AudioSRError) as caught:
            run_job(open_sound(tmp_path / name, run_scratch))
        assert tr_message(str(caught.value)).startswith(words)
    assert tr_message("The band ends at 6020 Hz (97% sure).") == "Das Band endet bei 6020 Hz (97 % sicher)."
    assert tr_message("Filling gap 2 of 3") == "Lücke 2 von 3 wird gefüllt"
    assert tr_message("a sentence that nobody wrote") == "a sentence that nobody wrote"
