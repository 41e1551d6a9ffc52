"""Log files and the crash log."""

import faulthandler
import logging
import logging.handlers
from pathlib import Path

from audiosr_desktop import paths

_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def start_logging(*, verbose: bool = False, to_file: bool = True) -> Path | None:
    """Send the program's log to a rotating file, and to stderr when `verbose`.

    Returns:
        The log file, or None when it was not asked for or its folder cannot be written
        (the program runs without a log rather than not at all).
    """
    root = logging.getLogger("audiosr_desktop")
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    if verbose:
        stderr = logging.StreamHandler()
        stderr.setFormatter(logging.Formatter(_FORMAT))
        root.addHandler(stderr)
    if not to_file:
        return None
    path = paths.log_dir() / "audiosr-desktop.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handler = logging.handlers.RotatingFileHandler(
            path, maxBytes=1_000_000, backupCount=3, encoding="utf-8"
        )
    except OSError as error:
        root.warning("no log file: %s", error)
        return None
    handler.setFormatter(logging.Formatter(_FORMAT))
    root.addHandler(handler)
    return path


def start_crash_log() -> None:
    """Write the Python stacks of a crash in native code beside the log."""
    path = paths.log_dir() / "crash.log"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        faulthandler.enable(path.open("a", encoding="utf-8"))
    except OSError as error:
        logging.getLogger(__name__).warning("no crash log: %s", error)
