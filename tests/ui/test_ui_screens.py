"""Two screens of different scale: a window that is moved draws for the pixels of the one that it is on."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import write_tone
from PySide6.QtCore import QSize

from audiosr_desktop.ui.theme import DARK

_SCREEN = {"y": 0, "width": 4000, "height": 3000, "logicalDpi": 96, "logicalBaseDpi": 96, "dpr": 1}
LIMIT_S = 120


def drawn(folder: Path, scales: tuple[float, float], *words: str) -> list[dict[str, object]]:
    """Return what the window of `two_screens.py` drew at each place."""
    screens = [{"name": "one", "x": 0, **_SCREEN}, {"name": "two", "x": 4000, **_SCREEN}]
    config = folder / "screens.json"
    config.write_text(json.dumps({"windowFrameMargins": False, "screens": screens}))
    environment = os.environ | {
        "QT_QPA_PLATFORM": f"offscreen:configfile={config}",
        "QT_SCREEN_SCALE_FACTORS": ";".join(f"{scale:g}" for scale in scales),
    }
    program = Path(__file__).with_name("two_screens.py")
    tone = write_tone(folder / "tone.wav")
    done = subprocess.run(
        [sys.executable, str(program), str(tone), str(folder), *words],
        capture_output=True,
        check=False,
        text=True,
        env=environment,
        timeout=LIMIT_S,
    )
    assert done.returncode == 0, done.stderr
    told: list[dict[str, object]] = json.loads(done.stdout)
    return told


@pytest.mark.parametrize("scales", [(1.0, 2.0), (1.25, 3.0)], ids=str)
def test_a_window_draws_for_the_screen_that_it_is_on(tmp_path: Path, scales: tuple[float, float]) -> None:
    (first, second), (start, moved, back) = scales, drawn(tmp_path, scales)
    for shown, name, scale in ((start, "one", first), (moved, "two", second), (back, "one", first)):
        assert (shown["screen"], shown["ratio"]) == (name, scale)
        assert shown["pixels"] == [1200 * scale, 800 * scale]  # the window keeps its size
        for picture in ("rows", "wave_rows", "icon", "logo"):  # pixels of the picture for one of the window's
            assert shown[picture] == pytest.approx(scale, rel=0.01), picture
        assert shown["dialog_ratio"] == shown["menu_ratio"] == scale
    assert back == start  # to the pixel
    (fresh,) = drawn(tmp_path, scales, "fresh")
    assert moved == fresh  # nothing is left of the other scale


@pytest.mark.parametrize("scale", [1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0])
@pytest.mark.usefixtures("qapp")
def test_icons_have_a_picture_for_every_scale(scale: float) -> None:
    for size in (16, 20, 24):
        for name in ("play", "wipe", "restore"):
            picture = DARK.icon(name).pixmap(QSize(size, size), scale)
            assert picture.width() == round(size * scale)
            assert picture.devicePixelRatio() == scale
