"""Random walks through edits, tabs and projects, compared with plain NumPy after every act.

`python tests/ui/monkey.py 100 200` walks longer.
"""

from pathlib import Path

import pytest
from monkey import walk
from PySide6.QtWidgets import QApplication


@pytest.mark.parametrize("seed", range(1, 5))
def test_a_random_walk_leaves_what_plain_arrays_say(qapp: QApplication, tmp_path: Path, seed: int) -> None:
    walk(tmp_path, seed, steps=45)
