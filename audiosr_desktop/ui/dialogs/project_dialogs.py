"""SaveDialog and RelocateDialog: where a project goes, and where its sources went."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.audio.links import SourceLink
from audiosr_desktop.audio.project import SUFFIX
from audiosr_desktop.ui.dialogs.targets import Remark, may_replace, problem_of
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import tr

_PATTERN = f"(*{SUFFIX})"


class SaveDialog(QDialog):
    """Asks for the name of a project, and whether it is to hold its sources too."""

    def __init__(self, path: Path, self_contained: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Save project"))
        self.choice: tuple[Path, bool] | None = None
        self.path = QLineEdit(str(path))
        self.path.setMinimumWidth(420)
        self.path.setAccessibleName(tr("Project file"))
        self.path.textChanged.connect(self._check)
        self.remark = Remark(self.path)
        browse = QPushButton(tr("Browse…"))
        browse.clicked.connect(self._on_browse)
        row = QHBoxLayout()
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        self.self_contained = QCheckBox(tr("Copy the source files' sound into the project"))
        self.self_contained.setToolTip(
            tr("Larger, but needs no other file. Otherwise the sources are linked.")
        )
        self.self_contained.setChecked(self_contained)
        kinds = QDialogButtonBox.StandardButton
        buttons = QDialogButtonBox(kinds.Save | kinds.Cancel)
        self.save = buttons.button(kinds.Save)
        self.save.setProperty("primary", True)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(12)
        layout.addLayout(row)
        layout.addWidget(self.remark)
        layout.addWidget(self.self_contained)
        layout.addWidget(buttons)
        self._check()
        explain(self)

    def _chosen(self) -> Path:
        path = Path(self.path.text()).expanduser()
        named = bool(path.name) and path.suffix.lower() != SUFFIX
        return path.with_name(path.name + SUFFIX) if named else path

    @Slot()
    def _check(self) -> None:
        problem = problem_of(self._chosen())
        self.remark.say(problem)
        self.save.setEnabled(not problem)

    @Slot()
    def _on_browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self,
            tr("Save project"),
            self.path.text(),
            f"{tr('Projects')} {_PATTERN}",
            options=QFileDialog.Option.DontConfirmOverwrite,
        )
        if name:
            self.path.setText(name)

    def accept(self) -> None:
        path = self._chosen()
        self._check()
        if not self.save.isEnabled():
            return  # the remark says why
        if path.exists() and not may_replace(self, tr("Replace the project?"), path):
            return
        self.choice = (path, self.self_contained.isChecked())
        super().accept()


class RelocateDialog(QDialog):
    """Lists the sources that a project misses; each can be looked for."""

    def __init__(self, missing: Sequence[SourceLink], folder: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Missing sources"))
        self.setMinimumWidth(560)
        self._folder = folder
        self.found: dict[Path, Path] = {}
        text = QLabel(
            tr(
                "These files are not where they were, or have changed. What is not found is silent "
                "until it is; the project keeps its links.",
            )
        )
        text.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(12)
        layout.addWidget(text)
        self.find_buttons: list[QPushButton] = []
        self._places: list[QLabel] = []
        self.remarks: list[Remark] = []
        self._missing = missing
        for link in missing:
            place = QLabel(str(link.path))
            place.setWordWrap(True)
            button = QPushButton(tr("Find…"))
            button.setAccessibleName(tr("Find {name}", name=link.path.name))
            button.clicked.connect(self._on_find)
            row = QHBoxLayout()
            row.addWidget(place, 1)
            row.addWidget(button)
            layout.addLayout(row)
            self.remarks.append(Remark(button))
            layout.addWidget(self.remarks[-1])
            self.find_buttons.append(button)
            self._places.append(place)
        buttons = QDialogButtonBox()
        buttons.addButton(tr("Open"), QDialogButtonBox.ButtonRole.AcceptRole).setProperty("primary", True)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout.addWidget(buttons)
        explain(self)

    @Slot()
    def _on_find(self) -> None:
        sender = self.sender()
        link = self._missing[next(i for i, button in enumerate(self.find_buttons) if button is sender)]
        name, _ = QFileDialog.getOpenFileName(self, tr("Find {name}", name=link.path.name), self._folder)
        if name:
            self.take(link, Path(name))

    def take(self, link: SourceLink, path: Path) -> bool:
        """Take a file for a missing one if it is the same; others that lie beside it are taken too."""
        if not link.fits(path):
            told = tr("{name} is not the file that the project was made with.", name=path.name)
            self.remarks[self._missing.index(link)].say(told)
            return False
        for other, place, remark in zip(self._missing, self._places, self.remarks, strict=True):
            beside = path if other is link else path.parent / other.path.name
            if other.path not in self.found and other.fits(beside):
                self.found[other.path] = beside
                remark.say("")
                place.setText(tr("{name}: found in {parent}", name=other.path.name, parent=beside.parent))
        return True
