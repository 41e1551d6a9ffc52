"""ModelsDialog: the installed models as cards; import, check, measure, remove, and where they are kept."""

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, QUrl, Signal, Slot
from PySide6.QtGui import QDesktopServices, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop import paths
from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.effects.timing import Timings
from audiosr_desktop.engine.bundle import (
    Bundle,
    Verifier,
    bundle_problems,
    find_bundle,
    installed_bundles,
)
from audiosr_desktop.engine.device_test import DeviceReport, try_device
from audiosr_desktop.engine.install import (
    CHECKPOINT_SUFFIXES,
    Imported,
    ImportOptions,
    import_model,
    remove_bundle,
)
from audiosr_desktop.engine.manifest import QUALITIES
from audiosr_desktop.engine.relocate import move_models
from audiosr_desktop.errors import AudioSRError, BundleTakenError
from audiosr_desktop.job import Job, part_of
from audiosr_desktop.ui.catalogue import cost_of
from audiosr_desktop.ui.device_words import report_words
from audiosr_desktop.ui.dialogs.dialogs import Dialogs
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.job_runner import JobEnd, JobRunner
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.job_panel import JobPanel
from audiosr_desktop.ui.panels.model_card import ModelCard, ProblemCard
from audiosr_desktop.ui.readout import figures
from audiosr_desktop.ui.troubles import Remedy, Trouble

Choose = Callable[[str, bool], Path | None]  # the title, and whether a folder is wanted

SUPER_RESOLUTION = "audiosr.super-resolution"
_PATTERNS = f"Models (*.zip {' '.join('*' + suffix for suffix in CHECKPOINT_SUFFIXES)});;All files (*)"
_LOWPASS, _DEGRADED = "sound without its highs (as published)", "sound with noise (fine-tuned)"
_SINGLE, _HALF = "single (32 bit)", "half (16 bit, for a GPU)"
CHECKPOINT = (
    Parameter(
        "condition",
        tr("Trained on"),
        "choice",
        _LOWPASS,
        choices=(_LOWPASS, _DEGRADED),
        help="What the model was trained to read; the file does not tell.",
    ),
    Parameter(
        "precision",
        tr("Precision"),
        "choice",
        _SINGLE,
        choices=(_SINGLE, _HALF),
        help="Half takes half the room and is quicker on a GPU; on a processor it is slower.",
    ),
)


class ModelsDialog(QDialog):
    """The window of models. One job at a time runs here; it goes on while the window is closed.

    Args:
        dialogs: what asks the user.
        timings: how fast models were on this machine; measuring adds to them.
        choose: asks for a file or a folder; None is the system's dialog.
    """

    models_changed = Signal()  # some came or went

    def __init__(
        self,
        dialogs: Dialogs,
        timings: Timings,
        choose: Choose | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Models"))
        self.setAcceptDrops(True)
        self.resize(720, 640)
        self._dialogs, self._timings = dialogs, timings
        self._choose = choose or self._ask_path
        self._importing: tuple[Path, ImportOptions] | None = None
        self._verifier = Verifier()
        self.runner = JobRunner(self)
        self.cards: dict[str, ModelCard] = {}
        self.panel = JobPanel()
        self.import_file = _button(
            tr(
                "Import a file…",
            ),
            tr("A zip file of a model, or an AudioSR checkpoint"),
        )
        self.import_folder = _button(tr("Import a folder…"), tr("A folder of graphs with a manifest"))
        self.place = QLabel()
        self.place.setProperty("quiet", True)
        self.place.setWordWrap(True)
        self.show_place = _button(tr("Show"), tr("Open the folder of imported models"))
        self.move_place = _button(tr("Move…"), tr("Keep imported models elsewhere"))
        self._build()
        self.import_file.clicked.connect(self._on_import_file)
        self.import_folder.clicked.connect(self._on_import_folder)
        self.show_place.clicked.connect(self._on_show_place)
        self.move_place.clicked.connect(self._on_move_place)
        self.panel.cancel_wanted.connect(self._on_cancel)
        self.runner.started.connect(self.panel.on_started)
        self.runner.started.connect(self._show_busy)
        self.runner.progressed.connect(self.panel.on_progressed)
        self.runner.ended.connect(self._on_ended)
        self.refresh()
        explain(self)

    def _build(self) -> None:
        self._content = QWidget()
        self._list = QVBoxLayout(self._content)
        self._list.setContentsMargins(0, 0, 8, 0)
        self._list.setSpacing(10)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._content)
        imports = QHBoxLayout()
        imports.addWidget(self.import_file)
        imports.addWidget(self.import_folder)
        hint = QLabel(tr("or drop it here"))
        hint.setProperty("quiet", True)
        imports.addWidget(hint, 1)
        close = _button(tr("Close"), "")
        close.clicked.connect(self.close)
        imports.addWidget(close)
        kept = QHBoxLayout()
        kept.addWidget(self.place, 1)
        kept.addWidget(self.show_place)
        kept.addWidget(self.move_place)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 16, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(area, 1)
        layout.addWidget(self.panel)
        layout.addLayout(kept)
        layout.addLayout(imports)

    def refresh(self) -> None:
        """List the models anew."""
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        self.cards = {}
        for bundle in installed_bundles():
            card = ModelCard(bundle, self._speeds(bundle))
            card.verify_wanted.connect(self._on_verify)
            card.measure_wanted.connect(self._on_measure)
            card.folder_wanted.connect(self._on_folder)
            card.remove_wanted.connect(self._on_remove)
            self.cards[bundle.id] = card
            self._list.addWidget(card)
        for problem in bundle_problems():
            self._list.addWidget(ProblemCard(problem))
        if not self._list.count():
            self._list.addWidget(QLabel(tr("No model is installed.")))
        self._list.addStretch(1)
        self.place.setText(
            tr(
                "Imported models are kept in {user_models_dir}",
                user_models_dir=paths.user_models_dir(),
            )
        )
        self._show_busy()

    def _speeds(self, bundle: Bundle) -> dict[str, float]:
        return self._timings.measured(SUPER_RESOLUTION, cost_of(bundle).key)

    def import_path(self, path: Path) -> None:
        """Import what the user chose or dropped; of a checkpoint ask first what it is."""
        options = ImportOptions()
        if path.suffix.lower() in CHECKPOINT_SUFFIXES:
            values = self._dialogs.values(tr("Import the checkpoint"), CHECKPOINT)
            if values is None:
                return
            options = ImportOptions(
                precision="half" if values["precision"] == _HALF else "single",
                condition="degraded_mel" if values["condition"] == _DEGRADED else "lowpass_mel",
            )
        self._import(path, options)

    def _import(self, path: Path, options: ImportOptions) -> None:
        self._importing = (path, options)
        if not self.runner.start(
            tr(
                "Import {name}",
                name=path.name,
            ),
            import_model(path, options),
            self._on_imported,
        ):
            self._importing = None

    @Slot(object)
    def _on_imported(self, imported: Imported) -> None:
        self.refresh()
        notes = list(imported.notes)
        if imported.parity:
            notes.insert(
                0,
                tr(
                    "Its graphs equal the checkpoint within {max}.",
                    max=figures(max(imported.parity.values()), ".0e"),
                ),
            )
        self.cards[imported.bundle.id].say(" ".join([tr("Imported."), *notes]))
        self.models_changed.emit()

    @Slot(object)
    def _on_ended(self, end: JobEnd) -> None:
        self.panel.on_ended(end)
        self._show_busy()
        importing, self._importing = self._importing, None
        if isinstance(end.error, BundleTakenError) and importing is not None:
            path, options = importing
            text = tr("A model named {bundle_id} is installed already.", bundle_id=end.error.bundle_id)
            if self._dialogs.confirm(tr("Replace the model?"), text, tr("Replace it")):
                self._import(path, ImportOptions(options.id, True, options.precision, options.condition))
        elif end.error is not None:
            self._dialogs.show_error(Trouble(end.title, end.error, *self._told()))

    def _told(self) -> tuple[str, tuple[Remedy, ...]]:
        """Return what a failure here means, and what can be done next."""
        folder = Remedy(tr("Open the model folder"), self._on_show_place)
        means = tr("The installed models are as they were, and so is the sound.")
        return means, (Remedy(tr("Import a model…"), self._on_import_file), folder)

    @Slot(str)
    def _on_verify(self, bundle_id: str) -> None:
        if (bundle := self._found(bundle_id)) is not None:
            done = lambda _: self.cards[bundle_id].say(tr("All files are as they should be."))  # noqa: E731
            self.runner.start(
                tr(
                    "Verify {manifest_title}",
                    manifest_title=bundle.manifest.title,
                ),
                self._verifier.verify(bundle),
                done,
            )

    @Slot(str)
    def _on_measure(self, bundle_id: str) -> None:
        if (bundle := self._found(bundle_id)) is not None:
            done = lambda report: self._on_measured(bundle, report)  # noqa: E731
            self.runner.start(
                tr(
                    "Test {manifest_title}",
                    manifest_title=bundle.manifest.title,
                ),
                self._verified_test(bundle),
                done,
            )

    def _verified_test(self, bundle: Bundle) -> Job[DeviceReport]:
        yield from part_of(self._verifier.verify(bundle), 0.0, 0.1)
        return (yield from part_of(try_device(bundle), 0.1, 1.0))

    def _on_measured(self, bundle: Bundle, report: DeviceReport) -> None:
        for quality in QUALITIES:
            self._timings.learn(
                SUPER_RESOLUTION,
                {"model": bundle.id, "device": "auto", "quality": quality},
                duration_s=report.sound_s,
                channels=1,
                elapsed_s=report.elapsed_s(bundle.manifest, quality),
                cost=cost_of(bundle),
                device=report.provider.device,
            )
        self.refresh()
        self.cards[bundle.id].say(report_words(report))

    @Slot(str)
    def _on_folder(self, bundle_id: str) -> None:
        if (bundle := self._found(bundle_id)) is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(bundle.folder)))

    @Slot(str)
    def _on_remove(self, bundle_id: str) -> None:
        bundle = self._found(bundle_id)
        if bundle is None or not self._dialogs.confirm(
            tr(
                "Remove the model?",
            ),
            tr("{manifest_title} is deleted from the disk.", manifest_title=bundle.manifest.title),
            tr("Remove it"),
        ):
            return
        try:
            remove_bundle(bundle_id)
        except AudioSRError as error:
            self._dialogs.show_error(Trouble(tr("Remove the model"), error, *self._told()))
            return
        self.refresh()
        self.models_changed.emit()

    def _found(self, bundle_id: str) -> Bundle | None:
        """Return the model as it is now; another program may have removed it."""
        try:
            return find_bundle(bundle_id)
        except AudioSRError as error:
            self._dialogs.show_error(Trouble(tr("Models"), error, *self._told()))
            self.refresh()
            return None

    @Slot()
    def _on_show_place(self) -> None:
        folder = paths.user_models_dir()
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder if folder.is_dir() else folder.parent)))

    @Slot()
    def _on_move_place(self) -> None:
        target = self._choose(tr("Keep imported models in"), True)
        if target is not None:
            self.runner.start(tr("Move the models"), move_models(target), self._on_moved)

    def _on_moved(self, _: Path) -> None:
        self.refresh()
        self.models_changed.emit()

    @Slot()
    def _on_import_file(self) -> None:
        if (path := self._choose(tr("Import a model"), False)) is not None:
            self.import_path(path)

    @Slot()
    def _on_import_folder(self) -> None:
        if (path := self._choose(tr("Import the model in the folder"), True)) is not None:
            self.import_path(path)

    @Slot()
    def _on_cancel(self) -> None:
        self.panel.acknowledge_cancel()
        self.runner.cancel()

    @Slot()
    def _show_busy(self) -> None:
        for card in self.cards.values():
            card.set_busy(busy=self.runner.busy)
        for button in (self.import_file, self.import_folder, self.move_place):
            button.setDisabled(self.runner.busy)

    def _ask_path(self, title: str, folder: bool) -> Path | None:
        if folder:
            name = QFileDialog.getExistingDirectory(self, title)
        else:
            name, _ = QFileDialog.getOpenFileName(self, title, "", _PATTERNS)
        return Path(name) if name else None

    # Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile() and not self.runner.busy:
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        event.acceptProposedAction()
        self.import_path(Path(event.mimeData().urls()[0].toLocalFile()))


def _button(text: str, hint: str) -> QPushButton:
    button = QPushButton(text)
    button.setToolTip(hint)
    button.setAutoDefault(False)
    return button
