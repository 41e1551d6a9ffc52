"""`python -m audiosr_desktop` is the program `audiosr-desktop`: without a sub-command it opens the window."""

from audiosr_desktop.cli import run

if __name__ == "__main__":
    run()
