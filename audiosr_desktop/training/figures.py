"""What a run writes about itself: a line of text, a table of curves, and TensorBoard's log, side by side."""

import csv
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

try:
    from torch.utils import tensorboard
except ImportError:  # a machine lent for training may have torch alone: the table holds the same curves
    tensorboard = None  # type: ignore[assignment]

CURVES = "curves.csv"
COLUMNS = ("step", "minutes", "part", "name", "value")


class Means:
    """Sums of figures since they were last taken; nothing waits for the device until then."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}

    def add(self, figures: Mapping[str, Tensor]) -> None:
        """Add one step's figures."""
        for name, value in figures.items():
            self._sums[name] = self._sums[name] + value if name in self._sums else value
            self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """Return the means and begin anew."""
        means = {name: value.item() / self._counts[name] for name, value in self._sums.items()}
        self._sums, self._counts = {}, {}
        return means


class FigureLog:
    """Writes figures into a run's folder: `log.txt`, `curves.csv` and `tensorboard/`.

    Args:
        folder: of the run.
        step: the run goes on from here; TensorBoard forgets what was logged after it, and so does the table.
    """

    def __init__(self, folder: Path, step: int) -> None:
        self._text, self._curves = folder / "log.txt", folder / CURVES
        rows = read_curves(self._curves) if self._curves.is_file() else []
        with self._curves.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(COLUMNS)
            writer.writerows(row for row in rows if int(row[0]) <= step)
        purge = step + 1 if step else None
        self._board: Any = None
        if tensorboard is not None:
            self._board = tensorboard.SummaryWriter(str(folder / "tensorboard"), purge_step=purge)

    def write(
        self, step: int, elapsed_s: float, trained: Mapping[str, float], held_out: Mapping[str, float]
    ) -> None:
        """Write the figures of one checkpoint."""
        parts = {"train": trained, "held_out": held_out}
        texts = {
            part: ", ".join(f"{name} {value:.4f}" for name, value in parts[part].items()) for part in parts
        }
        line = f"step {step} {elapsed_s / 60:.1f} min, {texts['train']} | held out, {texts['held_out']}\n"
        with self._text.open("a", encoding="utf-8") as file:
            file.write(line)
        sys.stderr.write(line)
        with self._curves.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            for part, figures in parts.items():
                for name, value in figures.items():
                    writer.writerow((step, f"{elapsed_s / 60:.3f}", part, name, f"{value:.6g}"))
                    if self._board is not None:
                        self._board.add_scalar(f"{part}/{name}", value, step)
        if self._board is not None:
            self._board.flush()

    def close(self) -> None:
        """End TensorBoard's log."""
        if self._board is not None:
            self._board.close()


def read_curves(path: Path) -> list[list[str]]:
    """Return the rows of a table of curves; a line that a kill cut off is left out."""
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in list(csv.reader(file))[1:] if len(row) == len(COLUMNS)]
