"""What may be imported by whom, and what starting the program must not load."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = ("torch", "PySide6", "scipy", "onnxruntime", "soundfile", "sounddevice", "numpy")


def loaded_by(statement: str) -> set[str]:
    """Run a statement in a child process and return the top-level names of the modules it left loaded."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    return set(result.stdout.split())


def test_command_line_and_engine_load_neither_torch_nor_qt() -> None:
    loaded = loaded_by(
        "import importlib, pathlib\n"
        "for path in [*pathlib.Path('audiosr_desktop').glob('cli*.py'),"
        " *pathlib.Path('audiosr_desktop/engine').glob('*.py'),"
        " *pathlib.Path('audiosr_desktop/effects').glob('*.py')]:\n"
        "    importlib.import_module('.'.join(path.with_suffix('').parts))"
    )
    assert "onnxruntime" in loaded or "numpy" in loaded, "the rooms were not imported at all"
    assert not {"torch", "PySide6"} & loaded


def test_starting_the_command_line_loads_nothing_slow() -> None:
    assert not set(HEAVY) & loaded_by("from audiosr_desktop.cli import main\nmain(['--version'])")


def test_starting_the_window_loads_nothing_slow() -> None:
    """What these cost is paid when they are needed, in a thread, while the window stands."""
    code = "import audiosr_desktop.ui.app, sys\nprint(*sys.modules)"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stderr
    loaded = set(result.stdout.split())
    assert "audiosr_desktop.ui.main_window" in loaded
    slow = {"scipy.signal", "scipy.fft", "scipy.ndimage", "scipy.stats", "scipy.linalg", "onnxruntime"}
    assert not loaded & (slow | {"sounddevice", "pedalboard", "dask", "torch", "onnx", "av"})


def test_imports_point_downwards() -> None:
    program = shutil.which("lint-imports", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("import-linter is not installed")
    result = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert result.returncode == 0, result.stdout


def test_every_module_stands_in_a_room() -> None:
    """A new file beside the rooms would escape the layers."""
    layers = (ROOT / "pyproject.toml").read_text().partition("[tool.importlinter]")[2]
    package = ROOT / "audiosr_desktop"
    rooms = {path.stem for path in package.glob("*.py")} - {"__init__", "__main__"}
    rooms |= {path.parent.name for path in package.glob("*/__init__.py")}
    assert [room for room in sorted(rooms) if f"audiosr_desktop.{room}" not in layers] == []


def test_init_files_are_empty() -> None:
    assert [path for path in ROOT.glob("audiosr_desktop/*/__init__.py") if path.read_text().strip()] == []
