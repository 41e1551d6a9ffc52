"""WindowFrame: the parts of the editor's window and where they lie."""

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAccessible, QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QDockWidget,
    QMainWindow,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QTabWidget,
    QToolBar,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop import paths
from audiosr_desktop.ui.actions import TOOL_BAR, build_actions, fill_menu_bar
from audiosr_desktop.ui.announcing import Announcer
from audiosr_desktop.ui.asking import Asking
from audiosr_desktop.ui.autosave import Autosave
from audiosr_desktop.ui.commands import Commands
from audiosr_desktop.ui.cutoff_watch import CutoffWatch
from audiosr_desktop.ui.dialogs.dialogs import Dialogs, WindowDialogs
from audiosr_desktop.ui.editing import Editing
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.filing import Filing
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.listening import Listening
from audiosr_desktop.ui.marking import Marking
from audiosr_desktop.ui.model_opener import ModelOpener
from audiosr_desktop.ui.panels.dock_grip import DockGrip
from audiosr_desktop.ui.panels.document_tabs import DocumentTabs
from audiosr_desktop.ui.panels.effect_menu import EffectMenu
from audiosr_desktop.ui.panels.empty_state import EmptyState
from audiosr_desktop.ui.panels.history_panel import HistoryPanel
from audiosr_desktop.ui.panels.markers_panel import MarkersPanel
from audiosr_desktop.ui.panels.recent_menu import RecentMenu
from audiosr_desktop.ui.panels.restore_panel import RestorePanel
from audiosr_desktop.ui.panels.selection_bar import SelectionBar
from audiosr_desktop.ui.panels.tool_options import ToolOptions
from audiosr_desktop.ui.panels.transport_bar import TransportBar
from audiosr_desktop.ui.presetting import Presetting
from audiosr_desktop.ui.projects import Projects
from audiosr_desktop.ui.running import Running
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.shortcuts import Shortcuts
from audiosr_desktop.ui.small_windows import SmallWindows
from audiosr_desktop.ui.status_bar import StatusBar
from audiosr_desktop.ui.switches import Switches
from audiosr_desktop.ui.tab_order import order_tabs
from audiosr_desktop.ui.theme import chosen_theme
from audiosr_desktop.ui.undo_budget import UndoBudget
from audiosr_desktop.ui.views.editor_view import EditorView


class WindowFrame(QMainWindow):
    """Panes, menus and bars; what they do is said by the subclass, whose slots the table of actions names."""

    def __init__(self, editor: Editor, settings: Settings, dialogs: Dialogs | None = None) -> None:
        super().__init__()
        self.dialogs: Dialogs = dialogs or WindowDialogs(self, settings)
        self.editor, self.settings = editor, settings
        self.theme = chosen_theme(settings.theme)
        self.commands = Commands(editor.timeline, editor.transport, lambda: editor.sound, self)
        self.editing = Editing(editor, settings, self)
        self.marking = Marking(editor, self)
        self.autosave = Autosave(editor.documents, editor.timeline, editor.scratch, self)
        self.undo_budget = UndoBudget(editor.documents, settings, self)
        self.projects = Projects(editor, self.autosave, self)
        self.filing = Filing(editor, self.projects, settings, self.dialogs, self)
        self.asking = Asking(editor, self.editing, self.dialogs, self)
        self.view = EditorView(editor.timeline, settings, self.theme)
        self.panel = RestorePanel(editor.timeline)
        self.cutoff = CutoffWatch(editor, self.view, self.panel, settings, self)
        self.switches = Switches(self.view, editor.transport, settings, self)
        self.windows = SmallWindows(self, settings)
        self.listening = Listening(self, editor)
        self.models = ModelOpener(self)
        self.status = StatusBar()
        self.running = Running(self)
        self.actions_by_id = build_actions(self, self.view, self.theme)
        self.panel.add_listening(self.actions_by_id["compare"], self.actions_by_id["delta"])
        self.presetting = Presetting(self.panel, self.dialogs)
        self.windows.shortcuts = Shortcuts(self.actions_by_id, settings, self)
        self.play_icons = {False: self.theme.icon("play"), True: self.theme.icon("stop")}
        self.empty = EmptyState(self.theme, has_example=paths.example_sound().is_file())
        self.transport_bar = TransportBar(
            editor.transport, editor.timeline, editor.variations, self.actions_by_id, self.theme
        )
        self.selection_bar = SelectionBar(editor.timeline)
        self.tool_options = ToolOptions(settings)
        self.view.tool_chosen.connect(self.tool_options.show_for)
        self.announcer = Announcer(
            editor.timeline, editor.transport, self.view, [self.view.waveform, self.view.spectrogram]
        )
        self.view.told.connect(self.announcer.tell)
        self.recent_menu = RecentMenu(settings, self)
        self.effect_menu = EffectMenu(tr("&Effects"), lambda: editor.catalogue.effects, self)
        self.tabs = DocumentTabs(editor.documents)
        self._lay_out()
        explain(self.view, self.panel, self.status, self.history, self.markers, self.tabs, self.empty)
        explain(self.transport_bar, self.selection_bar, self.tool_options)

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.tabs)
        column.addWidget(self.view, 1)
        column.addWidget(self.transport_bar)
        column.addWidget(self.selection_bar)
        self.pages = QStackedWidget()
        self.pages.addWidget(self.empty)
        self.pages.addWidget(page)
        self.setCentralWidget(self.pages)
        extra: dict[str, QMenu] = {"recent": self.recent_menu, "effects": self.effect_menu}
        fill_menu_bar(self.menuBar(), self.actions_by_id, extra)
        bar = QToolBar(tr("Tools"))
        bar.setObjectName("tools")
        bar.setMovable(False)
        bar.setIconSize(QSize(20, 20))
        for name in TOOL_BAR.split():
            if name == "-":
                bar.addSeparator()
            else:
                bar.addAction(self.actions_by_id[name])
        space = QWidget()
        space.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        bar.addWidget(space)
        bar.addWidget(self.tool_options)
        self.addToolBar(bar)
        self.restore_dock = self._dock(tr("Effect"), "restore", self.panel)
        self.history = HistoryPanel()
        self.markers = MarkersPanel(self.marking)
        self.history_dock = self._dock(tr("History"), "history", self.history)
        self.markers_dock = self._dock(tr("Markers"), "markers", self.markers)
        self.splitDockWidget(self.restore_dock, self.history_dock, Qt.Orientation.Vertical)
        self.tabifyDockWidget(self.history_dock, self.markers_dock)
        self.setTabPosition(Qt.DockWidgetArea.RightDockWidgetArea, QTabWidget.TabPosition.North)
        for dock in (self.history_dock, self.markers_dock):
            dock.setTitleBarWidget(QWidget())  # its tab says the same
        self.history_dock.raise_()
        self.resizeDocks([self.restore_dock, self.history_dock], [570, 160], Qt.Orientation.Vertical)
        self.setStatusBar(self.status)
        self.grips = [
            DockGrip(Qt.Orientation.Horizontal, self.restore_dock, None, self),
            DockGrip(
                Qt.Orientation.Vertical, self.restore_dock, (self.history_dock, self.markers_dock), self
            ),
        ]
        for dock in (self.history_dock, self.markers_dock):
            dock.visibilityChanged.connect(dock.setEnabled)  # behind a tab nothing takes the focus
        order_tabs(self.tabs, self.view, self.transport_bar, self.selection_bar, self.panel)
        order_tabs(self.panel, self.history, self.markers, self.status.device, *self.grips)
        self.resize(1360, 860)

    def _dock(self, title: str, name: str, content: QWidget) -> QDockWidget:
        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(content)
        dock.setFeatures(QDockWidget.DockWidgetFeature.NoDockWidgetFeatures)
        self.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
        return dock

    def restore_layout(self) -> None:
        """Take the size that the window had the last time."""
        if not self.settings.geometry.isEmpty():
            self.restoreGeometry(self.settings.geometry)
        self.history_dock.toggleViewAction().toggled.connect(self.actions_by_id["history"].setChecked)
        self.markers_dock.toggleViewAction().toggled.connect(self.actions_by_id["markers"].setChecked)

    def toggle_history(self, shown: bool) -> None:
        """Show or hide the history."""
        self.history_dock.setVisible(shown)
        if shown:
            self.history_dock.raise_()

    def toggle_markers(self, shown: bool) -> None:
        """Show or hide the markers."""
        self.markers_dock.setVisible(shown)
        if shown:
            self.markers_dock.raise_()

    def toggle_full_screen(self, full: bool) -> None:
        """Fill the screen or not."""
        self.setWindowState(
            self.windowState() | Qt.WindowState.WindowFullScreen
            if full
            else self.windowState() & ~Qt.WindowState.WindowFullScreen
        )

    def apply_space(self) -> None:
        """Let Space play wherever the focus is, or only in the views, where no control needs it."""
        play = self.actions_by_id["play"]
        everywhere = self.settings.space_plays and not QAccessible.isActive()  # a screen reader needs it
        context = Qt.ShortcutContext
        play.setShortcutContext(context.WindowShortcut if everywhere else context.WidgetWithChildrenShortcut)
        wanted, other = (self, self.view) if everywhere else (self.view, self)
        other.removeAction(play)
        wanted.addAction(play)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Return presses the button that has the focus, as Space plays."""
        focus = QApplication.focusWidget()
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and isinstance(focus, QAbstractButton):
            focus.click()
        else:
            super().keyPressEvent(event)

    def show_context_menu(self) -> None:
        """Open the menu of what has the focus; not every system does that by itself."""
        focus = QApplication.focusWidget() or self.view
        at = focus.rect().center()
        kind = QContextMenuEvent.Reason.Keyboard
        QApplication.sendEvent(focus, QContextMenuEvent(kind, at, focus.mapToGlobal(at)))

    def next_pane(self) -> None:
        """Move the focus to the next pane."""
        panes: list[QWidget] = [
            self.view.waveform,
            self.view.spectrogram,
            self.selection_bar.start,
            self.panel.chooser,
            self.history.list,
            self.markers.list,
        ]
        panes = [pane for pane in panes if pane.isVisible() and pane.isEnabled()]
        focus = QApplication.focusWidget()
        place = next((i for i, pane in enumerate(panes) if focus is pane), -1)
        if panes:
            panes[(place + 1) % len(panes)].setFocus(Qt.FocusReason.ShortcutFocusReason)
