"""What makes the start quick and the memory at rest small, before anything else is loaded."""

import builtins
import contextlib
import ctypes
import linecache
import sys

_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8  # of glibc's malloc.h
_ARENAS = 2
# what glibc comes to by itself as arrays grow, and what lets a model use its arrays again
_USUAL = {_M_TRIM_THRESHOLD: 64 << 20, _M_TOP_PAD: 128 << 10, _M_MMAP_THRESHOLD: 32 << 20}
_KEEPING = {_M_TRIM_THRESHOLD: 1 << 30, _M_TOP_PAD: 64 << 20, _M_MMAP_THRESHOLD: 256 << 20}


def use_plain_import() -> None:
    """Take Python's own import again, and forget the sources that were read.

    PySide puts one of its own in its place, which searches the source of each module that is imported
    afterwards, because a module may ask for other spellings of Qt's names (`from __feature__ import …`), and
    keeps what it read: tenths of a second and 25 MB for SciPy alone. Nothing here asks for that.
    """
    builtins.__import__ = getattr(builtins, "__orig_import__", builtins.__import__)
    linecache.clearcache()


def share_memory_pools() -> None:
    """Let all threads take memory from two pools; glibc would give each thread one that it never gives back.

    A dozen threads draw and measure while a file opens: 15 MB less at rest. Python's lock keeps most of them
    from asking at the same time.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):  # another C library than glibc
            ctypes.CDLL(None).mallopt(_M_ARENA_MAX, _ARENAS)


def keep_freed_memory(keep: bool) -> None:
    """Let what is freed be used again, or be returned to the system at once as usual.

    A model makes and drops arrays of megabytes all the time. Each came from the system as pages to be cleared
    and mapped anew, fifteen thousand a second, and every change of the system's page tables delays all other
    processes for a moment, the one that feeds the sound card among them. A pool that may not grow ahead would
    drop its last 64 MB again and again.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):
            mallopt = ctypes.CDLL(None).mallopt
            for name, value in (_KEEPING if keep else _USUAL).items():
                mallopt(name, value)


def give_memory_back() -> None:
    """Return to the system what was freed; glibc keeps it. 12 MB less at rest once a file is open."""
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
