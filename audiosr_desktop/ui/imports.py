"""Imports without PySide's reading of every source."""

import builtins
import linecache


def use_plain_import() -> None:
    """Take Python's own import again, and forget the sources that were read.

    PySide puts one of its own in its place, which searches the source of each module that is imported
    afterwards, because a module may ask for other spellings of Qt's names (`from __feature__ import …`), and
    keeps what it read: tenths of a second and 25 MB for SciPy alone. Nothing here asks for that.
    """
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
    linecache.clearcache()
