"""Where the packaged program starts, for the window and for the command line alike."""

import multiprocessing
import os
import sys

from audiosr_desktop.cli import run

if __name__ == "__main__":
    # A child process of the packaged program is the program again: here it goes its own way
    multiprocessing.freeze_support()
    # A program without a console has no streams on Windows
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    run()
