"""Memory that two processes map at once; it has no name that could be left behind."""

import mmap
import os
import sys
import threading


class Memory:
    """Zeros at first, taken from the system page by page as they are written.

    Args:
        size: bytes.
        handle: of memory that another process made (`handle` there; on Windows a name, elsewhere an open file
            that this process inherited); None makes new memory.
    """

    def __init__(self, size: int, handle: int | str | None = None) -> None:
        if sys.platform == "win32":
            # gone with the last process that maps it
            self.handle: int | str = handle if handle is not None else f"audiosr-{os.urandom(16).hex()}"
            self._map = mmap.mmap(-1, size, tagname=str(self.handle))
        else:
            self.handle = int(handle) if handle is not None else _nameless_file(size)
            self._map = mmap.mmap(int(self.handle), size)
        self.bytes = memoryview(self._map)

    def close(self) -> None:
        """Let no further process map it; who maps it goes on, and the last one gives it back."""
        if isinstance(self.handle, int) and self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def _nameless_file(size: int) -> int:
    """Return the number of an open file in memory."""
    if sys.platform == "linux":
        file = os.memfd_create("sound", os.MFD_CLOEXEC)
    elif sys.platform != "win32":
        import _posixshmem  # noqa: PLC0415  what `multiprocessing.shared_memory` stands on; not on Windows

        name = f"/audiosr-{os.urandom(8).hex()}"
        file = _posixshmem.shm_open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL, mode=0o600)
        _posixshmem.shm_unlink(name)
    os.ftruncate(file, size)
    return file


_own = threading.local()


def fence() -> None:
    """Let the other process see what was written before no later than what is written after; reads likewise.

    Processors of ARM change the order otherwise. Two rounds of a lock that nobody else takes are a full
    barrier there, as the manual of the C library's locks asks for.
    """
    lock = getattr(_own, "lock", None)
    if lock is None:
        lock = _own.lock = threading.Lock()
    for _ in range(2):
        with lock:
            pass


class Word:
    """A whole number in shared memory, as an attribute of who has `words`: 8 bytes, written at once."""

    def __init__(self, at: int) -> None:
        self._at = at

    def __get__(self, owner: "HasWords", _kind: type) -> int:
        return owner.words[self._at]

    def __set__(self, owner: "HasWords", value: int) -> None:
        owner.words[self._at] = value


class Real:
    """A number with a fraction in shared memory, as an attribute of who has `words`."""

    def __init__(self, at: int) -> None:
        self._at = at

    def __get__(self, owner: "HasWords", _kind: type) -> float:
        return owner.reals[self._at]

    def __set__(self, owner: "HasWords", value: float) -> None:
        owner.reals[self._at] = value


class HasWords:
    """Who has a page of words, each of which has one writer.

    Args:
        page: of shared memory.
    """

    def __init__(self, page: memoryview) -> None:
        self.words = page.cast("q")
        self.reals = page.cast("d")
