import os
import subprocess
import sys
from pathlib import Path

# as a program that was started by hand: continuous integration alone keeps the library quiet
QUIETING = ("CI", "GITHUB_ACTIONS", "TF_BUILD", "GITLAB_CI", "ORT_DISABLE_TELEMETRY", "PYTEST_CURRENT_TEST")
SESSION = """
import sys
from pathlib import Path
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.sessions import open_sessions
from audiosr_desktop.job import run_job
sessions = run_job(open_sessions(load_bundle(Path(sys.argv[1])), "cpu", 1))
print(sessions.report.provider)
"""


def test_a_session_leaves_no_device_id_and_no_queue_of_events(tiny_folder: Path, tmp_path: Path) -> None:
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()
    kept = {name: value for name, value in os.environ.items() if name not in QUIETING}
    root = Path(__file__).resolve().parents[2]
    environment = {
        **kept,
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "PYTHONPATH": str(root),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    done = subprocess.run(
        [sys.executable, "-c", SESSION, str(tiny_folder)],
        cwd=work,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "ExecutionProvider" in done.stdout
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()] == []
