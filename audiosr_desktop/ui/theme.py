"""Theme: the colours of the window, dark and light, as a palette, a style sheet and names for the views."""

from dataclasses import dataclass, replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QGuiApplication, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from audiosr_desktop import paths
from audiosr_desktop.ui.icons import icon


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours as #rrggbb. Text has a contrast of at least 4.5:1 to what it is drawn on."""

    name: str
    window: str  # behind panels and bars
    panel: str  # controls
    field: str  # text fields, lists
    line: str  # separators, grid lines, borders of what is disabled
    border: str  # of fields and controls: 3:1 to what is inside and around them (WCAG 2.1, 1.4.11)
    text: str
    quiet_text: str
    disabled_text: str
    accent: str  # buttons of the main action, switches that are on, sliders
    focus: str  # the ring around the control that has the focus
    link: str
    accent_text: str
    canvas: str  # behind waveforms
    grid: str
    wave: str  # min/max envelope
    wave_core: str  # RMS
    clip: str  # clipped samples
    selection: str
    playhead: str
    restored: str  # tint and badge of restored spans
    cutoff: str
    marker: str

    def colour(self, name: str, alpha: int = 255) -> QColor:
        """Return one of the colours, `alpha` 0 (clear) to 255."""
        result = QColor(getattr(self, name))
        result.setAlpha(alpha)
        return result

    def icon(self, name: str, colour: str = "text") -> QIcon:
        """Return an icon in the colour of the text, or in another one."""
        return icon(name, self.colour(colour), self.colour("disabled_text"))


DARK = Theme(
    name="dark",
    window="#1d1e23",
    panel="#282a31",
    field="#17181c",
    line="#3a3d46",
    border="#727786",
    text="#e6e7eb",
    quiet_text="#a3a7b3",
    disabled_text="#8e929e",
    accent="#6f5ee8",
    focus="#a99fff",
    link="#a99fff",
    accent_text="#ffffff",
    canvas="#121317",
    grid="#25272e",
    wave="#4f93c8",
    wave_core="#9fd0f5",
    clip="#ff5a4d",
    selection="#a99fff",
    playhead="#ffffff",
    restored="#3fcf9f",
    cutoff="#7fe3ff",
    marker="#f0b45a",
)
LIGHT = Theme(
    name="light",
    window="#eceef2",
    panel="#fafbfc",
    field="#ffffff",
    line="#c6cad3",
    border="#7f8592",
    text="#1c1f26",
    quiet_text="#545b69",
    disabled_text="#656b78",
    accent="#5b48d6",
    focus="#5b48d6",
    link="#5b48d6",
    accent_text="#ffffff",
    canvas="#ffffff",
    grid="#e3e6ec",
    wave="#4a86b8",
    wave_core="#1f5480",
    clip="#c9271b",
    selection="#5b48d6",
    playhead="#101216",
    restored="#0a7352",
    cutoff="#7fe3ff",  # drawn over the spectrogram, which is dark in both themes
    marker="#955900",
)


# for who asks the system for high contrast: text 7:1, no greys, borders as strong as text
DARK_STRONG = replace(
    DARK,
    window="#000000",
    panel="#000000",
    field="#000000",
    canvas="#000000",
    line="#ffffff",
    border="#ffffff",
    text="#ffffff",
    quiet_text="#ffffff",
    disabled_text="#b8b8b8",
    focus="#ffd60a",
    link="#ffd60a",
)
LIGHT_STRONG = replace(
    LIGHT,
    window="#ffffff",
    panel="#ffffff",
    line="#000000",
    border="#000000",
    text="#000000",
    quiet_text="#000000",
    disabled_text="#545454",
    accent="#3d2bb3",
    focus="#3d2bb3",
    link="#3d2bb3",
    wave="#2f6694",
    wave_core="#0c2f52",
)


def chosen_theme(setting: str) -> Theme:
    """Return the theme of a setting; "system" asks the desktop, and is dark where that says nothing.

    Where the desktop is set to high contrast, either theme is a stronger one.
    """
    hints = QGuiApplication.styleHints()
    light = setting == "light" or (setting == "system" and hints.colorScheme() == Qt.ColorScheme.Light)
    strong = hasattr(hints, "accessibility") and (  # from Qt 6.10 on
        hints.accessibility().contrastPreference() == Qt.ContrastPreference.HighContrast
    )
    if strong:
        return LIGHT_STRONG if light else DARK_STRONG
    return LIGHT if light else DARK


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Give every widget of the program the colours of a theme."""
    app.setStyle("Fusion")
    app.setPalette(palette(theme))
    app.setStyleSheet(_style_sheet(theme))


def palette(theme: Theme) -> QPalette:
    """Return a theme as Qt's roles."""
    roles = QPalette.ColorRole
    result = QPalette()
    for role, name in (
        (roles.Window, "window"),
        (roles.WindowText, "text"),
        (roles.Base, "field"),
        (roles.AlternateBase, "panel"),
        (roles.Text, "text"),
        (roles.PlaceholderText, "quiet_text"),
        (roles.Button, "panel"),
        (roles.ButtonText, "text"),
        (roles.BrightText, "clip"),
        (roles.ToolTipBase, "panel"),
        (roles.ToolTipText, "text"),
        (roles.Highlight, "accent"),
        (roles.HighlightedText, "accent_text"),
        (roles.Link, "link"),
        (roles.LinkVisited, "link"),
        (roles.Mid, "line"),
        (roles.Dark, "border"),
    ):
        result.setColor(role, theme.colour(name))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        result.setColor(QPalette.ColorGroup.Disabled, role, theme.colour("disabled_text"))
    result.setColor(QPalette.ColorGroup.Disabled, roles.Highlight, theme.colour("line"))
    return result


def figures_font(base: QFont, scale: float = 1.0) -> QFont:
    """Return a font whose figures have one width, so that running numbers do not jump."""
    font = QFont(base)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setPointSizeF(base.pointSizeF() * scale)
    return font


def _style_sheet(theme: Theme) -> str:
    check = (paths.resources_dir() / "icons" / "check.svg").as_posix()
    return f"""
QToolTip {{ background: {theme.panel}; color: {theme.text}; border: 1px solid {theme.line}; padding: 3px; }}
QMainWindow::separator {{ background: {theme.line}; width: 1px; height: 1px; }}
QToolBar {{
    background: {theme.window};
    border: 0;
    border-bottom: 1px solid {theme.line};
    padding: 3px 6px;
    spacing: 2px;
}}
QToolBar::separator {{ background: {theme.line}; width: 1px; margin: 5px 6px; }}
QToolButton {{ border: 1px solid transparent; border-radius: 5px; padding: 4px; }}
QToolButton:hover:enabled {{ background: {theme.panel}; border-color: {theme.border}; }}
QToolButton:pressed, QToolButton:checked {{ background: {theme.panel}; border-color: {theme.accent}; }}
QToolButton:checked:disabled {{ border-color: {theme.line}; }}
QToolButton:focus {{ border-color: {theme.focus}; }}
QToolButton:checked:focus {{ border: 2px solid {theme.focus}; padding: 3px; }}
QToolButton[words="true"] {{ padding-right: 16px; }}
QToolButton[words="true"]::menu-indicator {{ subcontrol-position: right center; right: 3px; }}
QStatusBar {{ background: {theme.window}; border-top: 1px solid {theme.line}; color: {theme.quiet_text}; }}
QStatusBar::item {{ border: 0; }}
QDockWidget {{ color: {theme.quiet_text}; font-weight: 600; }}
QDockWidget::title {{ background: {theme.window}; padding: 8px 12px 4px 12px; }}
QPushButton {{
    background: {theme.panel};
    border: 1px solid {theme.border};
    border-radius: 5px;
    padding: 5px 14px;
    min-height: 16px;
}}
QPushButton:hover:enabled {{ border-color: {theme.accent}; }}
QPushButton:focus {{ border-color: {theme.focus}; }}
QPushButton:disabled {{ color: {theme.disabled_text}; border-color: {theme.line}; }}
QPushButton:checked:enabled {{ background: {theme.accent}; color: {theme.accent_text}; }}
QPushButton:checked:focus {{ border-color: {theme.text}; }}
QPushButton[primary="true"] {{
    background: {theme.accent};
    color: {theme.accent_text};
    border-color: {theme.accent};
    font-weight: 600; }}
QPushButton[large="true"] {{ padding: 8px 14px; }}
QPushButton[primary="true"]:hover:enabled {{ border-color: {theme.text}; }}
QPushButton[primary="true"]:focus {{ border-color: {theme.text}; }}
QPushButton[primary="true"]:disabled {{
    background: {theme.panel};
    color: {theme.disabled_text};
    border-color: {theme.line};
}}
QPushButton[flat="true"] {{
    background: transparent;
    border-color: transparent;
    text-align: left;
    padding: 3px 2px;
}}
QPushButton[flat="true"]:focus {{ border-color: {theme.focus}; }}
QComboBox {{ background: {theme.panel}; border: 1px solid {theme.border}; border-radius: 4px;
    padding: 4px 8px; min-height: 18px; }}
QComboBox:hover:enabled {{ border-color: {theme.accent}; }}
QComboBox:focus {{ border-color: {theme.focus}; }}
QComboBox:disabled {{ color: {theme.disabled_text}; border-color: {theme.line}; }}
QComboBox::drop-down {{ border: 0; width: 24px; }}
QComboBox QAbstractItemView {{ background: {theme.panel}; border: 1px solid {theme.line}; padding: 2px; }}
QCheckBox::indicator:unchecked, QListView::indicator:unchecked {{ background: {theme.field};
    border: 1px solid {theme.border}; border-radius: 3px; width: 11px; height: 11px; }}
QCheckBox::indicator:checked, QListView::indicator:checked {{ background: {theme.accent};
    border: 1px solid {theme.accent}; border-radius: 3px; width: 11px; height: 11px; image: url("{check}"); }}
QCheckBox::indicator:checked:disabled {{ background: {theme.disabled_text};
    border-color: {theme.disabled_text}; }}
QCheckBox::indicator:unchecked:focus, QCheckBox::indicator:checked:focus {{
    border: 2px solid {theme.focus}; width: 9px; height: 9px; }}
QSlider::groove:horizontal {{ background: {theme.border}; height: 4px; border-radius: 2px; }}
QSlider::sub-page:horizontal {{ background: {theme.accent}; border-radius: 2px; }}
QSlider::handle:horizontal {{ background: {theme.focus}; width: 14px; height: 14px; margin: -5px 0;
    border-radius: 7px; }}
QSlider::handle:horizontal:focus {{ border: 2px solid {theme.text}; width: 10px; height: 10px; }}
QSlider::groove:horizontal:disabled, QSlider::sub-page:horizontal:disabled {{ background: {theme.line}; }}
QSlider::handle:horizontal:disabled {{ background: {theme.disabled_text}; }}
QFrame[card="true"] {{ background: {theme.panel}; border: 1px solid {theme.line}; border-radius: 8px; }}
QLabel[badge="true"] {{ border: 1px solid {theme.accent}; border-radius: 8px; padding: 1px 8px; }}
QAbstractItemView[frameShape="StyledPanel"], QTextEdit[frameShape="StyledPanel"],
QPlainTextEdit[frameShape="StyledPanel"] {{ border: 1px solid {theme.border}; border-radius: 4px; }}
QAbstractItemView[frameShape="StyledPanel"]:focus, QTextEdit[frameShape="StyledPanel"]:focus,
QPlainTextEdit[frameShape="StyledPanel"]:focus {{ border-color: {theme.focus}; }}
QFrame#rule {{ background: {theme.line}; max-height: 1px; border: 0; }}
QTreeWidget::item {{ padding: 4px 6px; }}
QTableView::item {{ padding: 0 5px; }}
QToolButton[flat="true"] {{ padding: 0 4px; }}
QLineEdit, QAbstractSpinBox {{ background: {theme.field}; border: 1px solid {theme.border};
    border-radius: 4px; padding: 3px 6px; min-height: 18px; }}
QAbstractSpinBox QLineEdit {{ border: 0; padding: 0 0 0 6px; min-height: 0; background: transparent; }}
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {{ width: 0; border: 0; }}
QLineEdit:focus, QAbstractSpinBox:focus {{ border-color: {theme.focus}; }}
QLineEdit:disabled, QAbstractSpinBox:disabled {{ color: {theme.disabled_text};
    border-color: {theme.line}; }}
QProgressBar {{
    background: {theme.field};
    border: 1px solid {theme.border};
    border-radius: 4px;
    height: 8px;
}}
QProgressBar::chunk {{ background: {theme.accent}; border-radius: 3px; }}
QLabel[quiet="true"] {{ color: {theme.quiet_text}; }}
QLabel[problem="true"] {{ color: {theme.clip}; }}
QLabel[heading="true"] {{ font-size: 17pt; font-weight: 600; }}
QDialogButtonBox, QMessageBox {{ dialogbuttonbox-buttons-have-icons: 0; }}
QTabWidget::pane {{ border: 1px solid {theme.line}; border-radius: 4px; top: -1px; }}
QTabBar {{ qproperty-drawBase: 0; }}
QTabBar::tab {{ padding: 6px 16px; border: 0; border-bottom: 2px solid transparent;
    color: {theme.quiet_text}; }}
QTabBar::tab:selected {{ color: {theme.text}; border-bottom-color: {theme.accent}; }}
QTabBar::tab:focus {{ color: {theme.text}; border-bottom-color: {theme.text}; }}
QScrollBar:vertical {{ background: transparent; width: 10px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 10px; margin: 0; }}
QScrollBar::handle {{ background: {theme.border}; border-radius: 4px; min-height: 28px; min-width: 28px;
    margin: 1px; }}
QScrollBar::handle:hover {{ background: {theme.quiet_text}; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QHeaderView::section {{ background: {theme.panel}; border: 0; border-bottom: 1px solid {theme.line};
    padding: 5px 8px; }}
QMenu {{ background: {theme.panel}; border: 1px solid {theme.line}; padding: 4px; }}
QMenu::item {{ padding: 5px 26px 5px 22px; border-radius: 3px; }}
QMenu::item:selected {{ background: {theme.accent}; color: {theme.accent_text}; }}
QMenu::item:disabled {{ color: {theme.disabled_text}; background: transparent; }}
QMenu::separator {{ background: {theme.line}; height: 1px; margin: 4px 8px; }}
QSplitter::handle {{ background: {theme.line}; }}
"""
