"""The guide, the sheet of keys, What's this, and the log."""

import re
from pathlib import Path

import pytest
from conftest import Stage
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QWhatsThis
from pytestqt.qtbot import QtBot

from audiosr_desktop import paths
from audiosr_desktop.ui.dialogs import help_window
from audiosr_desktop.ui.dialogs.help_window import HelpWindow
from audiosr_desktop.ui.dialogs.log_window import MOST_BYTES, LogWindow
from audiosr_desktop.ui.explanations import ACTIONS, PLACES
from audiosr_desktop.ui.key_sheet import key_sheet
from audiosr_desktop.ui.shortcuts import Shortcuts

GUIDE = paths.resources_dir() / "help"
PAGES = sorted(GUIDE.glob("*.md"))


@pytest.fixture
def shortcuts(stage: Stage) -> Shortcuts:
    found = stage.window.windows.shortcuts
    assert found is not None
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_every_link_and_picture_of_the_guide_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)]+)\)", page.read_text())
    missing = [link for link in links if not link.startswith("http") and not (GUIDE / link).is_file()]
    assert missing == []


def test_every_page_is_reached_from_the_first() -> None:
    reached, open_ = set(), ["index.md"]
    while open_:
        page = open_.pop()
        if page not in reached:
            reached.add(page)
            open_ += re.findall(r"\]\(([\w-]+\.md)\)", (GUIDE / page).read_text())
    assert reached == {page.name for page in PAGES}


def test_the_guide_names_menus_and_keys_that_exist(stage: Stage, shortcuts: Shortcuts) -> None:
    titles = {shortcuts.title(name) for name in shortcuts.actions_by_id}
    menus = {action.text().replace("&", "") for action in stage.window.menuBar().actions()}
    text = "\n".join(page.read_text() for page in PAGES)
    for menu, entry in re.findall(r"\*(\w+) > ([^*>]+?)(?: > [^*]+)?\*", text):
        assert menu in menus
        assert any(title.startswith(entry) for title in titles), f"{menu} > {entry}"
    keys = {key.toString() for name in shortcuts.actions_by_id for key in shortcuts.keys(name)}
    for name in re.findall(r"\*\*((?:Ctrl|Shift|Alt)\+[^*]+)\*\*", text):
        assert QKeySequence(name).toString() in keys, name


def test_f1_shows_the_guide_and_links_lead_on(stage: Stage, qtbot: QtBot) -> None:
    qtbot.keyClick(stage.window, Qt.Key.Key_F1)
    guide = stage.window.windows._help
    assert guide is not None
    qtbot.addWidget(guide)
    assert "the guide" in guide.browser.toPlainText()
    guide.browser.anchorClicked.emit(QUrl("selecting.md"))
    assert guide.browser.toPlainText().startswith("Selecting")
    assert guide.back.isEnabled()
    guide.back.click()
    assert "the guide" in guide.browser.toPlainText()
    guide.contents.click()
    guide.search.setText("dashed line")
    guide.browser.show_page("first-steps.md")
    qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    assert guide.browser.textCursor().selectedText() == "dashed line"
    for _ in range(9):  # round the page
        qtbot.keyClick(guide.search, Qt.Key.Key_Return)
    assert guide.browser.textCursor().selectedText() == "dashed line"
    guide.close()


def test_pictures_fit_into_the_window(stage: Stage, shortcuts: Shortcuts, qtbot: QtBot) -> None:
    guide = HelpWindow(shortcuts)
    qtbot.addWidget(guide)
    guide.browser.show_page("index.md")
    picture = guide.browser.loadResource(2, QUrl("images/restored.png"))
    assert 300 < picture.width() < guide.width()  # type: ignore[attr-defined]


def test_links_to_the_outside_are_the_systems_affair(
    stage: Stage, shortcuts: Shortcuts, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(help_window.QDesktopServices, "openUrl", lambda link: opened.append(link.toString()))
    guide = HelpWindow(shortcuts)
    qtbot.addWidget(guide)
    guide.browser.follow(QUrl("https://example.org/a"))
    assert opened == ["https://example.org/a"]


def test_the_sheet_shows_the_keys_as_they_are(stage: Stage, shortcuts: Shortcuts, qtbot: QtBot) -> None:
    sheet = key_sheet(shortcuts)
    for name in shortcuts.actions_by_id:
        if shortcuts.keys(name):
            assert f"| {shortcuts.title(name)} | " in sheet
    shortcuts.set_keys("loop", [QKeySequence("F9")])
    assert "| Loop | **`F9`** |" in key_sheet(shortcuts)
    guide = HelpWindow(shortcuts)
    qtbot.addWidget(guide)
    guide.keys.click()
    assert "F9" in guide.browser.toPlainText()
    guide.browser.follow(QUrl("keys.md"))
    assert "F9" in guide.browser.toPlainText()


def test_whats_this_explains_actions_and_panes(stage: Stage) -> None:
    actions = stage.window.actions_by_id
    assert actions["wand"].whatsThis() == ACTIONS["wand"]
    assert stage.window.panel.whatsThis() == PLACES["RestorePanel"]
    actions["whats_this"].trigger()
    assert QWhatsThis.inWhatsThisMode()
    QWhatsThis.leaveWhatsThisMode()


def test_log_is_shown_sought_and_copied(tmp_path: Path, qtbot: QtBot) -> None:
    log = tmp_path / "audiosr-desktop.log"
    window = LogWindow(log)
    qtbot.addWidget(window)
    assert "cannot be read" in window.text.toPlainText()
    log.write_bytes(b"x" * MOST_BYTES + "\n1 INFO opened – ü\n2 WARNING late\n".encode())
    window.refresh.click()
    assert window.text.toPlainText().endswith("1 INFO opened – ü\n2 WARNING late")
    assert len(window.text.toPlainText()) <= MOST_BYTES
    window.search.setText("warning")
    assert window.text.toPlainText() == "2 WARNING late"
    window.copy.click()
    assert QGuiApplication.clipboard().text() == "2 WARNING late"


def test_help_menu_shows_the_log(stage: Stage) -> None:
    stage.window.actions_by_id["logs"].trigger()
    (shown,) = stage.window.findChildren(LogWindow)
    assert shown.isVisible()
    shown.close()
