"""AudioSR Desktop: an audio editor that restores damaged sound."""

__version__ = "0.1.0"
