"""The table of actions: menus, bars and keys are all made from it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from audiosr_desktop.ui.explanations import ACTIONS
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.theme import Theme


@dataclass(frozen=True, slots=True)
class Row:
    """One action.

    Attributes:
        id: its name in menus and bars.
        text: for the user, in English.
        keys: shortcuts, the first one is shown.
        icon: name of its icon, if it has one.
        slot: dotted path from the window to what it does.
        needs: facts that must hold for it to be enabled; see `MainWindow.facts`.
        checkable: whether it is a switch.
        group: switches of a group exclude one another.
        in_view: its keys work while a view has the focus; elsewhere they move sliders and lists.
    """

    id: str
    text: str
    keys: tuple[str, ...]
    icon: str
    slot: str
    needs: frozenset[str] = frozenset()
    checkable: bool = False
    group: str = ""
    in_view: bool = False


def _row(
    name: str,
    text: str,
    keys: str,
    slot: str,
    needs: str = "",
    *,
    icon: str = "",
    check: bool = False,
    group: str = "",
    view: bool = False,
) -> Row:
    return Row(
        name,
        text,
        tuple(keys.split()),
        icon,
        slot,
        frozenset(needs.split()),
        check or bool(group),
        group,
        view,
    )


ROWS = (
    _row("open", "&Open…", "Ctrl+O", "filing.ask_open", "", icon="open"),
    _row("save", "&Save project", "Ctrl+S", "filing.save_project", "document idle"),
    _row("save_as", "Save project &as…", "Ctrl+Shift+S", "filing.save_project_as", "document idle"),
    _row("export", "&Export…", "Ctrl+Shift+E", "filing.ask_export", "document idle", icon="export"),
    _row("batch", "&Batch…", "Ctrl+B", "show_batch"),
    _row("close", "&Close", "Ctrl+W", "filing.close_document", "document"),
    _row("next_document", "Next document", "Ctrl+Tab Ctrl+PgDown", "filing.next_document", "documents"),
    _row(
        "previous_document",
        "Previous document",
        "Ctrl+Shift+Tab Ctrl+PgUp",
        "filing.previous_document",
        "documents",
    ),
    _row("quit", "&Quit", "Ctrl+Q", "close"),
    _row("undo", "&Undo", "Ctrl+Z", "editor.undo", "undo idle", icon="undo"),
    _row("redo", "&Redo", "Ctrl+Shift+Z Ctrl+Y", "editor.redo", "redo idle", icon="redo"),
    _row("cut", "Cu&t", "Ctrl+X", "editing.cut", "selection idle"),
    _row("copy", "&Copy", "Ctrl+C", "editing.copy", "selection"),
    _row("paste", "&Paste", "Ctrl+V", "editing.paste", "clipboard idle"),
    _row(
        "paste_insert",
        "Paste as &insertion",
        "Ctrl+Shift+V",
        "editing.paste_insert",
        "clipboard idle all_channels",
    ),
    _row("paste_mix", "Paste &mixed", "Ctrl+Alt+V", "editing.paste_mix", "clipboard idle"),
    _row("delete", "&Delete", "Del", "editing.delete", "selection idle"),
    _row("silence", "&Silence", "Ctrl+Shift+L", "editing.silence", "selection idle"),
    _row("trim", "Trim to the s&election", "Ctrl+T", "editing.trim", "selection idle"),
    _row("clickless", "Cross-&fade at cuts", "", "editing.set_clickless", "", check=True),
    _row("generate", "&Generate…", "", "asking.generate", "document idle effect"),
    _row("resample", "Change the &sample rate…", "", "asking.resample", "document idle"),
    _row("channels", "Change the cha&nnels…", "", "asking.change_channels", "document idle"),
    _row("mark", "&Add marker or region", "M", "marking.add", "document idle"),
    _row("next_mark", "Next marker", "Alt+Right", "marking.to_next", "document"),
    _row("previous_mark", "Previous marker", "Alt+Left", "marking.to_previous", "document"),
    _row("markers", "Markers", "", "toggle_markers", "", check=True),
    _row("history", "&History", "Ctrl+Shift+H", "toggle_history", "", icon="history", check=True),
    _row("select_all", "Select &all", "Ctrl+A", "commands.select_all", "document"),
    _row("select_none", "Select &none", "Ctrl+Shift+A Esc", "commands.select_none", "document"),
    _row("edge_left", "Start at playhead", "[", "commands.start_at_playhead", "document"),
    _row("edge_right", "End at playhead", "]", "commands.end_at_playhead", "document"),
    _row("zero", "Edges to &zero crossings", "Z", "commands.to_zero_crossings", "selection"),
    _row("band", "Frequenc&y bounds", "Q", "commands.toggle_band", "selection"),
    _row("extend_left", "Extend left", "Shift+Left", "commands.extend_left", "document", view=True),
    _row("extend_right", "Extend right", "Shift+Right", "commands.extend_right", "document", view=True),
    _row(
        "contract_left",
        "Contract from left",
        "Ctrl+Shift+Left",
        "commands.contract_left",
        "selection",
        view=True,
    ),
    _row(
        "contract_right",
        "Contract from right",
        "Ctrl+Shift+Right",
        "commands.contract_right",
        "selection",
        view=True,
    ),
    _row("hand", "Han&d", "1", "switches.choose_tool", "", icon="hand", group="tool"),
    _row("time", "&Time selection", "2 T", "switches.choose_tool", "", icon="time", group="tool"),
    _row(
        "time_frequency",
        "Time–fre&quency selection",
        "3 R",
        "switches.choose_tool",
        "",
        icon="time_frequency",
        group="tool",
    ),
    _row(
        "frequency",
        "Frequency band s&election",
        "F",
        "switches.choose_tool",
        "",
        icon="frequency",
        group="tool",
    ),
    _row("lasso", "&Lasso", "4", "switches.choose_tool", "", icon="lasso", group="tool"),
    _row("brush", "B&rush", "5 B", "switches.choose_tool", "", icon="brush", group="tool"),
    _row("wand", "&Magic wand", "6 W", "switches.choose_tool", "", icon="wand", group="tool"),
    _row("next_channel", "Pi&ck the next channel", "Shift+C", "editor.timeline.pick_next", "channels"),
    _row("harmonics", "&Harmonics of the band", "H", "commands.select_harmonics", "selection"),
    _row("select_before", "Selection &before", "Alt+[", "editor.timeline.show_selection_before", "document"),
    _row("select_after", "Selection a&fter", "Alt+]", "editor.timeline.show_selection_after", "document"),
    _row("wipe", "&Compare with a wipe", "Shift+W", "show_wipe", "compare", icon="wipe", check=True),
    _row("overlay", "W&aveform over the spectrogram", "Shift+O", "switches.set_overlay", "", check=True),
    _row("cutoff_again", "Measure the cutoff a&gain", "Shift+U", "cutoff.measure", "document"),
    _row(
        "apply",
        "&Apply the effect",
        "Ctrl+Return Ctrl+Enter",
        "apply_effect",
        "document idle effect",
        icon="restore",
    ),
    _row("preview", "Pre&view", "V", "toggle_preview", "document idle effect", check=True),
    _row("chain", "C&hain and presets…", "Ctrl+Shift+P", "show_chain", "effect"),
    _row("repeat", "&Repeat the last effect", "Ctrl+R", "editor.applying.repeat", "document idle repeat"),
    _row("cancel", "&Cancel the job", "Ctrl+.", "running.cancel", "busy", icon="cancel"),
    _row("play", "&Play / stop", "Space", "editor.transport.toggle", "document", icon="play"),
    _row(
        "play_on", "Play from the playhead", "Shift+Space", "editor.transport.play_from_playhead", "document"
    ),
    _row("pause", "Pa&use / resume", "P", "editor.transport.pause_or_resume", "document"),
    _row("stop", "&Stop", "", "editor.transport.stop", "document", icon="stop"),
    _row("loop", "&Loop", "L", "switches.set_loop", "document", icon="loop", check=True),
    _row("loop_selection", "Loop the selection", "Shift+L", "commands.loop_selection", "selection"),
    _row("cut_preview", "Pre&view the cut", "C", "editor.transport.preview_cut", "selection"),
    _row(
        "band_only",
        "Hear only the selected fre&quencies",
        "Shift+Q",
        "switches.set_band_only",
        "",
        check=True,
    ),
    _row("to_start", "To the start", "Home", "commands.to_start", "document", icon="start", view=True),
    _row("to_end", "To the end", "End", "commands.to_end", "document", icon="end", view=True),
    _row("step_left", "Step left", "Left", "commands.step_left", "document", view=True),
    _row("step_right", "Step right", "Right", "commands.step_right", "document", view=True),
    _row("back", "Back 1 s", ",", "commands.back", "document"),
    _row("forward", "Forward 1 s", ".", "commands.forward", "document"),
    _row("far_back", "Back 15 s", "Shift+,", "commands.far_back", "document"),
    _row("far_forward", "Forward 15 s", "Shift+.", "commands.far_forward", "document"),
    _row("before_start", "Play up to the start", "Shift+F5", "commands.play_before_start", "selection"),
    _row("after_start", "Play from the start", "Shift+F6", "commands.play_after_start", "selection"),
    _row("before_end", "Play up to the end", "Shift+F7", "commands.play_before_end", "selection"),
    _row("after_end", "Play from the end", "Shift+F8", "commands.play_after_end", "selection"),
    _row(
        "compare",
        "&A/B: source or result",
        "A",
        "switches.toggle_take",
        "compare",
        icon="compare",
        check=True,
    ),
    _row("delta", "&Difference (B − A)", "D", "switches.toggle_delta", "compare", icon="delta", check=True),
    _row("level_match", "Level &matching", "G", "switches.set_level_match", "", icon="level", check=True),
    _row("new_variation", "&New variation", "Ctrl+Shift+R", "editor.variations.new_variation", "vary idle"),
    _row("apply_as_take", "Apply as a &take", "Ctrl+Shift+Return", "apply_as_take", "takes idle"),
    _row("abx", "A&BX: blind trials…", "", "listening.show_abx", "compare"),
    _row("ranking", "Blind &ranking…", "", "listening.show_ranking", "compare"),
    _row("export_listening", "Export for &listening…", "", "listening.ask_export", "compare idle"),
    _row("view_waveform", "&Waveform", "Ctrl+1", "switches.choose_view", "", group="view"),
    _row("view_spectrogram", "&Spectrogram", "Ctrl+2", "switches.choose_view", "", group="view"),
    _row("view_both", "&Both", "Ctrl+3", "switches.choose_view", "", group="view"),
    _row("zoom_in", "Zoom &in", "Ctrl+= Ctrl++", "commands.zoom_in", "document", icon="zoom_in"),
    _row("zoom_out", "Zoom &out", "Ctrl+-", "commands.zoom_out", "document", icon="zoom_out"),
    _row(
        "zoom_selection",
        "Zoom to the s&election",
        "Ctrl+E",
        "editor.timeline.show_selection",
        "selection",
        icon="zoom_selection",
    ),
    _row("zoom_fit", "&Fit the whole file", "Ctrl+F", "editor.timeline.fit", "document", icon="zoom_fit"),
    _row("zoom_back", "&Previous zoom", "Shift+Z", "editor.timeline.show_previous", "document"),
    _row("height_in", "Zoom in on the height", "Ctrl+Up", "view.zoom_height_in", "document", view=True),
    _row("height_out", "Zoom out of the height", "Ctrl+Down", "view.zoom_height_out", "document", view=True),
    _row("height_up", "Scroll up", "Up", "view.scroll_up", "document", view=True),
    _row("height_down", "Scroll down", "Down", "view.scroll_down", "document", view=True),
    _row("full_screen", "F&ull screen", "F11", "toggle_full_screen", check=True),
    _row("next_pane", "Next pane", "F6", "next_pane"),
    _row("context_menu", "&Menu of what has the focus", "Shift+F10", "show_context_menu"),
    _row(
        "spectrogram_settings", "Spectrogram se&ttings…", "Ctrl+Shift+,", "windows.show_spectrogram_settings"
    ),
    _row("preferences", "Prefere&nces…", "Ctrl+,", "windows.show_preferences", "", icon="settings"),
    _row("models", "&Models…", "Ctrl+Shift+M", "models.show"),
    _row("plugins", "Pl&ugins…", "", "show_plugins"),
    _row("guide", "&Guide", "F1", "windows.show_guide"),
    _row("whats_this", "What's &this?", "Shift+F1", "windows.show_whats_this"),
    _row("keys", "&Keys…", "Ctrl+F1", "windows.show_keys"),
    _row("first_run", "&Welcome…", "", "windows.show_first_run"),
    _row("logs", "Show &logs", "", "windows.show_logs"),
    _row("about", "&About", "", "windows.show_about"),
)

MENUS: tuple[tuple[str, str], ...] = (
    ("&File", "open #recent - save save_as - export export_listening - batch - close quit"),
    (
        "&Edit",
        "undo redo - cut copy paste paste_insert paste_mix delete - silence trim clickless "
        "- mark next_mark previous_mark - history markers - preferences",
    ),
    (
        "&Select",
        "select_all select_none - edge_left edge_right extend_left extend_right contract_left contract_right "
        "- select_before select_after harmonics zero band next_channel "
        "- hand time time_frequency frequency lasso brush wand",
    ),
    ("&Process", "#effects apply preview chain repeat cancel - generate resample channels - models plugins"),
    (
        "&Transport",
        "play play_on pause stop - loop loop_selection - to_start to_end step_left step_right back forward "
        "far_back far_forward - before_start after_start before_end after_end cut_preview - band_only "
        "- compare delta level_match new_variation apply_as_take abx ranking",
    ),
    (
        "&View",
        "view_waveform view_spectrogram view_both - zoom_in zoom_out zoom_selection zoom_fit zoom_back"
        " height_in height_out height_up height_down - wipe overlay cutoff_again"
        " - spectrogram_settings full_screen next_pane context_menu"
        " - next_document previous_document",
    ),
    ("&Help", "guide whats_this keys first_run - logs about"),
)
CONTEXT_MENU = (
    "play - cut copy paste delete - mark select_all select_none zero - zoom_selection zoom_fit - apply"
)
TOOL_BAR = (
    "open export - undo redo - hand time time_frequency frequency lasso brush wand "
    "- zoom_in zoom_out zoom_selection zoom_fit - wipe"
)


def build_actions(window: QWidget, view: QWidget, theme: Theme) -> dict[str, QAction]:
    """Make an action of each row, connected to the window's slots.

    Args:
        window: where slots are looked up, and whose keys most actions are.
        view: whose keys the rows marked `in_view` are.
        theme: colours of the icons.
    """
    actions: dict[str, QAction] = {}
    groups: dict[str, QActionGroup] = {}
    for row in ROWS:
        action = QAction(tr(row.text), window)
        action.setObjectName(row.id)
        action.setShortcuts([QKeySequence(key) for key in row.keys])
        action.setCheckable(row.checkable)
        action.triggered.connect(slot_of(window, row.slot))
        if row.group:
            groups.setdefault(row.group, QActionGroup(window)).addAction(action)
        if row.in_view:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            view.addAction(action)
        else:
            window.addAction(action)
        action.setToolTip(hint_of(tr(row.text), action.shortcuts()))
        action.setIconVisibleInMenu(not action.isCheckable())  # its check stands in the same place
        action.setWhatsThis(tr(ACTIONS[row.id]))
        actions[row.id] = action
    give_icons(actions, theme)
    return actions


def plain(text: str) -> str:
    """Return the text of a menu as it is said elsewhere: without its letter and the dots."""
    return text.replace("&", "").rstrip("…")


def hint_of(text: str, keys: Sequence[QKeySequence]) -> str:
    """Return what a control says of an action: "Zoom in (Ctrl+=)", with keys as the keyboard names them."""
    native = QKeySequence.SequenceFormat.NativeText
    return f"{plain(text)} ({keys[0].toString(native)})" if keys else plain(text)


def give_icons(actions: Mapping[str, QAction], theme: Theme) -> None:
    """Draw the icons in the colours of a theme."""
    for row in ROWS:
        if row.icon:
            actions[row.id].setIcon(theme.icon(row.icon))


def enable_actions(actions: Mapping[str, QAction], facts: Iterable[str]) -> None:
    """Enable the actions whose needs are met."""
    held = frozenset(facts)
    for row in ROWS:
        actions[row.id].setEnabled(row.needs <= held)


def fill_menu_bar(bar: QMenuBar, actions: Mapping[str, QAction], extra: Mapping[str, QMenu]) -> None:
    """Make the menus; a word with # names a menu of `extra`."""
    for title, names in MENUS:
        menu = bar.addMenu(tr(title))
        for name in names.split():
            if name == "-":
                menu.addSeparator()
            elif name.startswith("#"):
                menu.addMenu(extra[name[1:]])
            else:
                menu.addAction(actions[name])


def slot_of(owner: QObject, path: str) -> Callable[..., None]:
    """Return the method that a dotted path names."""
    found: Any = owner
    for name in path.split("."):
        found = getattr(found, name)
    method: Callable[..., None] = found
    return method
