"""ExportDialog: where to write the sound, in what format, and which part of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.audio.files import FileInfo, OutputFormat, output_format
from audiosr_desktop.audio.formats import integer_bits
from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.ui.dialogs.targets import Remark, may_replace, problem_of
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import marked, tr, tr_message
from audiosr_desktop.ui.panels.fields import ChoiceBox
from audiosr_desktop.ui.panels.forms import level_labels
from audiosr_desktop.ui.readout import figures, format_length
from audiosr_desktop.ui.settings import Settings

AS_SOURCE = "as the source"
EACH_REGION = "each region"
_FORMATS = {  # name: suffix, whether the depth can be chosen
    "WAV": (".wav", True),
    "FLAC": (".flac", True),
    "AIFF": (".aiff", True),
    "Ogg Vorbis": (".ogg", False),
    "Opus": (".opus", False),
    "MP3": (".mp3", False),
}
_DEPTHS = {"16 bit": "PCM_16", "24 bit": "PCM_24", marked("32 bit float"): "FLOAT"}
_NO_FLOAT = {"FLAC"}


@dataclass(frozen=True, slots=True)
class Export:
    """What was chosen; `output` None keeps the source's sample format or the nearest that loses nothing."""

    path: Path
    output: OutputFormat | None
    region: Region | None
    overwrite: bool
    dither: bool = False
    tags: bool = True
    each_region: bool = False  # `path` then gives folder, beginning of the names, and suffix


class ExportDialog(QDialog):
    """Asks for a file; replacing one is asked about before the dialog closes."""

    def __init__(
        self,
        sound: Sound,
        info: FileInfo,
        selection: Region | None,
        settings: Settings,
        parent: QWidget | None = None,
        *,
        marks: Sequence[Mark] = (),
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Export"))
        self._sound, self._info, self._settings = sound, info, settings
        self._parts: list[Region | None] = [None]
        self.choice: Export | None = None
        self.path = QLineEdit()
        self.path.setMinimumWidth(380)
        self.path.setAccessibleName(tr("File"))
        self.remark = Remark(self.path)
        self.format = ChoiceBox()
        self.format.addItems(list(_FORMATS))
        self.depth_box = ChoiceBox()
        self.depth_box.addItem(tr("As the source ({depth})", depth=depth_words(info.subtype)), AS_SOURCE)
        for name in _DEPTHS:
            self.depth_box.addItem(name, name)
        self.part = ChoiceBox()
        self._offer_parts(selection, marks)
        self.dither = QCheckBox(tr("Dither when the depth drops"))
        self.dither.setToolTip(
            tr("Triangular noise of one step, so that rounding to fewer bits does not follow the sound")
        )
        self.tags = QCheckBox(tr("Carry tags, cover and markers over"))
        self.tags.setChecked(True)
        self.summary = QLabel()
        self.summary.setProperty("quiet", True)
        self.summary.setWordWrap(True)
        self._form = form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(10)
        form.addRow(tr("File"), self._file_row())
        form.addRow("", self.remark)
        form.setRowVisible(self.remark, False)
        form.addRow(tr("Format"), self.format)
        form.addRow(tr("Depth"), self.depth_box)
        form.addRow(tr("Part"), self.part)
        form.addRow("", self.dither)
        form.addRow("", self.tags)
        self.buttons = QDialogButtonBox()
        self.export_button = self.buttons.addButton(tr("Export"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.export_button.setProperty("primary", True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(14)
        layout.addLayout(form)
        layout.addWidget(self.summary)
        layout.addWidget(self.buttons)
        level_labels(form)
        self._begin()
        explain(self)

    def _file_row(self) -> QHBoxLayout:
        browse = QPushButton(tr("Browse…"))
        browse.clicked.connect(self._on_browse)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self.path, 1)
        row.addWidget(browse)
        return row

    def _offer_parts(self, selection: Region | None, marks: Sequence[Mark]) -> None:
        self.part.addItem(tr("Whole file ({length})", length=format_length(self._sound.duration_s)))
        if selection is not None:
            self._offer(tr("Selection"), selection)
        for mark in marks:
            if not mark.is_point:
                self._offer(mark.name or tr("Region"), mark.region)
        if sum(not mark.is_point for mark in marks) > 1:
            self._parts.append(None)
            self.part.addItem(tr("Each region, a file for each"), EACH_REGION)

    def _offer(self, name: str, region: Region) -> None:
        """Offer a part of the sound."""
        self._parts.append(region)
        self.part.addItem(f"{name} ({format_length(region.length / self._sound.sample_rate)})")

    def _begin(self) -> None:
        settings, source = self._settings, self._info.path
        self.dither.setChecked(settings.export_dither)
        self.tags.toggled.connect(self._show_summary)
        self.format.setCurrentText(settings.export_format if settings.export_format in _FORMATS else "WAV")
        self.depth_box.setCurrentIndex(max(0, self.depth_box.findData(settings.export_depth)))
        folder = Path(settings.last_folder) if settings.last_folder else source.parent
        suffix = _FORMATS[self.format.currentText()][0]
        self.path.setText(str(folder / f"{source.stem}-restored{suffix}"))
        self.format.currentTextChanged.connect(self._on_format)
        self.path.textChanged.connect(self._on_path)
        for box in (self.depth_box, self.part):
            box.currentIndexChanged.connect(self._show_summary)
        self._show_summary()

    @Slot(str)
    def _on_format(self, name: str) -> None:
        path = Path(self.path.text())
        self.path.setText(str(path.with_suffix(_FORMATS[name][0])))
        self._show_summary()

    @Slot(str)
    def _on_path(self, text: str) -> None:
        """Follow a suffix that was typed."""
        suffix = Path(text).suffix.lower()
        known = next((name for name, (own, _) in _FORMATS.items() if own == suffix), None)
        if known is not None and known != self.format.currentText():
            self.format.blockSignals(True)
            self.format.setCurrentText(known)
            self.format.blockSignals(False)
        self._show_summary()

    @Slot()
    def _on_browse(self) -> None:
        patterns = ";;".join(f"{name} (*{suffix})" for name, (suffix, _) in _FORMATS.items())
        path, _ = QFileDialog.getSaveFileName(
            self, tr("Export"), self.path.text(), patterns, options=QFileDialog.Option.DontConfirmOverwrite
        )
        if path:
            self.path.setText(path)

    def _output(self) -> OutputFormat | None:
        """Return the format, None to keep the source's sample format.

        Raises:
            AudioFileError: the suffix names no format that can be written.
        """
        path, depth = Path(self.path.text()), str(self.depth_box.currentData())
        nearest = output_format(path, self._info)
        if depth == AS_SOURCE or not _FORMATS[self.format.currentText()][1]:
            return None
        subtype = _DEPTHS[depth]
        return OutputFormat(
            nearest.format, "PCM_24" if subtype == "FLOAT" and nearest.format in _NO_FLOAT else subtype
        )

    @Slot()
    def _show_summary(self) -> None:
        self.depth_box.setEnabled(_FORMATS[self.format.currentText()][1])
        self.dither.setEnabled(False)
        try:
            chosen = self._output() or output_format(Path(self.path.text()), self._info)
        except AudioFileError as error:
            self.summary.setText(tr_message(str(error)))
            self._show_problem("")
            self.export_button.setEnabled(False)
            return
        rate = figures(self._sound.sample_rate / 1000, "g") + " kHz"
        changed = tr(" (the source had {rate} kHz)", rate=figures(self._info.sample_rate / 1000, "g"))
        note = changed if self._sound.sample_rate != self._info.sample_rate else ""
        self.summary.setText(
            f"{chosen.format}, {depth_words(chosen.subtype)}, {rate}{note}, "
            f"{channel_words(self._sound.channels)}."
            + (tr(" Tags, cover and markers are carried over.") if self.tags.isChecked() else tr(" No tags."))
        )
        self.dither.setEnabled(drops_depth(self._info.subtype, chosen.subtype))
        problem = problem_of(Path(self.path.text()).expanduser(), None if self._each else self._info.path)
        self._show_problem(problem)
        self.export_button.setEnabled(not problem)

    @property
    def _each(self) -> bool:
        """Whether there is a file for each region; their names are never those of other files."""
        return bool(self.part.currentData() == EACH_REGION)

    def _show_problem(self, problem: str) -> None:
        self.remark.say(problem)
        self._form.setRowVisible(self.remark, bool(problem))

    def accept(self) -> None:
        path = Path(self.path.text()).expanduser()
        try:
            output = self._output()
        except AudioFileError:
            return  # the summary says why
        self._show_summary()
        if not self.export_button.isEnabled():
            return  # the remark says why
        each = self._each
        if not each and path.exists() and not may_replace(self, tr("Replace the file?"), path):
            return
        region = self._parts[self.part.currentIndex()]
        dither = self.dither.isChecked() and self.dither.isEnabled()
        self.choice = Export(path, output, region, path.exists(), dither, self.tags.isChecked(), each)
        self._settings.export_dither = self.dither.isChecked()
        self._settings.export_format = self.format.currentText()
        self._settings.export_depth = str(self.depth_box.currentData())
        super().accept()


def drops_depth(source: str, target: str) -> bool:
    """Return whether samples of one format are rounded to fewer bits by another."""
    bits = integer_bits(target)
    return bits is not None and (integer_bits(source) or 32) > bits


def depth_words(subtype: str) -> str:
    """Return a sample format in words."""
    words = {
        "FLOAT": tr("32 bit float"),
        "DOUBLE": tr("64 bit float"),
        "PCM_U8": tr("8 bit"),
        "PCM_S8": tr("8 bit"),
        "MPEG_LAYER_III": "MP3",
        "MPEG_LAYER_II": "MP2",
        "VORBIS": "Vorbis",
        "OPUS": "Opus",
    }
    if subtype in words:
        return words[subtype]
    kind, _, bits = subtype.partition("_")
    return (
        tr("{bits} bit", bits=bits)
        if kind in {"PCM", "ALAC"} and bits.isdigit()
        else subtype.replace("_", " ")
    )


def channel_words(channels: int) -> str:
    """Return a number of channels in words."""
    return {1: tr("mono"), 2: tr("stereo")}.get(channels, tr("{channels} channels", channels=channels))
