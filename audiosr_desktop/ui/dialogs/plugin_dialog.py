"""PluginDialog: which plugins there are, which of them run, and why others do not."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop import paths
from audiosr_desktop.errors import PluginError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.plugins.host import Listed, disable, enable, list_plugins, scan
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.handles import KeySplitter
from audiosr_desktop.ui.job_runner import JobEnd, JobRunner
from audiosr_desktop.ui.language import marked, tr, tr_message
from audiosr_desktop.ui.readout import short_path

_COLUMNS = (marked("Plugin"), marked("Version"), marked("Kind"), marked("State"))
_KINDS = {"python": "Python", "vst3": "VST3", "clap": "CLAP"}
_STATES = {
    "on": marked("On"),
    "off": marked("Off"),
    "failed": marked("Failed"),
    "not trusted": marked("Not trusted"),
    "not scanned": marked("Not scanned"),
}
_TRUST = (
    "{title} {version} is a program of its own: it can do on this computer what you can. Enable it only if "
    "you know where it comes from. You are asked again when it changes.\n\n{path}"
)

Found = tuple[list[Listed], list[PluginError]]


class PluginDialog(QDialog):
    """The manager of plugins. Their code runs in other processes; looking for them never blocks the window.

    Args:
        confirm: asks for a yes, with a title, a text and what its button says.
    """

    plugins_changed = Signal(object)  # what is listed now

    def __init__(self, confirm: Callable[[str, str, str], bool], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Plugins"))
        self.resize(760, 560)
        self._confirm = confirm
        self._listed: list[Listed] = []
        self._wanted = ""  # id of the plugin to choose when the list comes
        self.runner = JobRunner(self)
        self.runner.progressed.connect(self._on_progressed)
        self.runner.ended.connect(self._on_ended)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search"))
        self.search.setAccessibleName(tr("Search the plugins"))
        self.search.setClearButtonEnabled(True)
        self.search.textChanged.connect(self._on_search)
        self.table = QTableWidget(0, len(_COLUMNS))
        self.details = QPlainTextEdit()
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.switch = QPushButton(tr("Enable"))
        self.rescan = QPushButton(tr("Rescan"))
        self.rescan.setToolTip(
            tr("Look into VST3 and CLAP plugins that are new or changed, for 30 s each at most")
        )
        self.cancel = QPushButton(tr("Cancel"))
        self.folder = QPushButton(tr("Open folder"))
        self.folder.setToolTip(tr("The folder for Python plugins"))
        self._build()
        self._run(None)
        explain(self)

    def _build(self) -> None:
        self.table.setHorizontalHeaderLabels([tr(name) for name in _COLUMNS])
        self.table.setAccessibleName(tr("Plugins"))
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        header = self.table.horizontalHeader()
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.itemSelectionChanged.connect(self._show_chosen)
        self.details.setReadOnly(True)
        self.details.setAccessibleName(tr("About the plugin"))
        self.switch.clicked.connect(self._on_switch)
        self.rescan.clicked.connect(self._on_rescan)
        self.cancel.clicked.connect(self.runner.cancel)
        self.folder.clicked.connect(self._on_folder)
        close = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close.rejected.connect(self.close)
        parts = KeySplitter(Qt.Orientation.Vertical)
        parts.addWidget(self.table)
        parts.addWidget(self.details)
        parts.setSizes([340, 160])
        row = QHBoxLayout()
        for button in (self.switch, self.rescan, self.cancel, self.folder):
            button.setAutoDefault(False)
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(parts, 1)
        layout.addWidget(self.status)
        layout.addLayout(row)

    @property
    def chosen(self) -> Listed | None:
        """The plugin whose row is chosen."""
        rows = self.table.selectionModel().selectedRows()
        return self._listed[rows[0].row()] if rows else None

    def _run(self, work: Job[object] | None) -> None:
        """Do something with the plugins, and list them afterwards."""
        self.runner.start(tr("Plugins"), _then_list(work), self._on_found)
        self._show_chosen()

    @Slot(object)
    def _on_found(self, found: Found) -> None:
        plugins, problems = found
        self.status.setText("\n".join(map(str, problems)))
        self._fill(plugins)
        self.plugins_changed.emit(plugins)

    def _fill(self, plugins: Sequence[Listed]) -> None:
        wanted = self._wanted or (self.chosen.plugin.id if self.chosen else "")
        self._listed, self._wanted = list(plugins), ""
        self.table.setRowCount(len(plugins))
        for place, listed in enumerate(plugins):
            plugin = listed.plugin
            words = (plugin.title, listed.version or "–", _KINDS[plugin.kind], tr(_STATES[listed.state]))
            for column, text in enumerate(words):
                self.table.setItem(place, column, QTableWidgetItem(text))
        ids = [listed.plugin.id for listed in plugins]
        if ids:
            self.table.selectRow(ids.index(wanted) if wanted in ids else 0)
        self._on_search(self.search.text())
        self._show_chosen()

    @Slot(str)
    def _on_search(self, text: str) -> None:
        for place, listed in enumerate(self._listed):
            kind, state = _KINDS[listed.plugin.kind], tr(_STATES[listed.state])
            words = f"{listed.plugin.id} {listed.plugin.title} {kind} {state}"
            self.table.setRowHidden(place, text.strip().lower() not in words.lower())

    @Slot()
    def _show_chosen(self) -> None:
        listed, busy = self.chosen, self.runner.busy
        names = {"on": tr("Disable"), "failed": tr("Try again"), "not trusted": tr("Trust again…")}
        self.switch.setText(names.get(listed.state, tr("Enable")) if listed else tr("Enable"))
        self.switch.setEnabled(listed is not None and not busy)
        self.rescan.setEnabled(not busy)
        self.cancel.setEnabled(busy)
        self.details.setPlainText(_about(listed) if listed else "")

    @Slot()
    def _on_switch(self) -> None:
        listed = self.chosen
        if listed is None:
            return
        plugin = listed.plugin
        self._wanted = plugin.id
        if listed.state == "on":
            self._run(_disabled(plugin.id))
        elif listed.record.trusts(plugin) or self._confirm(
            tr("Trust this plugin?"),
            tr(_TRUST, title=plugin.title, version=plugin.version, path=plugin.path),
            tr("Trust and enable"),
        ):
            self._run(enable(plugin.id))

    @Slot()
    def _on_rescan(self) -> None:
        self._run(scan())

    @Slot()
    def _on_folder(self) -> None:
        folder = paths.user_plugins_dir()
        folder.mkdir(parents=True, exist_ok=True)
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        self.status.setText(f"{tr_message(progress.stage)}…")

    @Slot(object)
    def _on_ended(self, end: JobEnd) -> None:
        if end.error is not None or end.cancelled:
            self.runner.start(tr("Plugins"), _then_list(None), self._on_found_after(str(end.error or "")))
        self._show_chosen()

    def _on_found_after(self, message: str) -> Callable[[Found], None]:
        """Return what lists the plugins after a failure, whose sentence stays to be read."""

        def found(result: Found) -> None:
            self._on_found(result)
            self.status.setText(message or self.status.text())

        return found

    def closeEvent(self, event: QCloseEvent) -> None:
        self.runner.stop()
        super().closeEvent(event)


def _then_list(work: Job[object] | None) -> Job[Found]:
    yield Progress(0.0, tr("Looking for plugins"))
    if work is not None:
        yield from work
    return list_plugins()


def _disabled(plugin_id: str) -> Job[object]:
    yield Progress(0.0, tr("Switching the plugin off"))
    return disable(plugin_id)


def _about(listed: Listed) -> str:
    """Return all that is known of a plugin."""
    plugin, record = listed.plugin, listed.record
    parts = [plugin.description, tr_message(record.failure) if listed.state == "failed" else ""]
    facts = {
        tr("Id"): plugin.id,
        tr("Effects"): ", ".join(str(row.get("title")) for row in record.effects),
        tr("Licence"): plugin.licence,
        tr("Place"): short_path(plugin.path) if plugin.path else tr("an installed package"),
        tr("Trusted"): tr("yes") if record.trusts(plugin) else tr("no"),
    }
    parts.append("\n".join(f"{name}: {fact}" for name, fact in facts.items() if fact))
    parts.append(record.details if listed.state == "failed" else "")
    return "\n\n".join(part for part in parts if part)
