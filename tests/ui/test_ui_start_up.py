"""Imports that follow the start of the window."""

import builtins
import importlib
import linecache
import subprocess
import sys

import pytest
from PySide6.QtCore import QObject

from audiosr_desktop.ui.start_up import use_plain_import


def test_sources_of_what_is_imported_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert QObject, "PySide is loaded and has its import in place"
    monkeypatch.setattr(builtins, "__import__", builtins.__import__)  # put back afterwards
    use_plain_import()
    assert not linecache.cache
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    exec("import colorsys")
    assert importlib.import_module("colorsys").__file__ not in linecache.cache


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="glibc's memory pools")
def test_what_is_freed_is_used_again() -> None:
    """Arrays as large as a model's come from the pool, not from the system as pages to be mapped anew."""
    code = """
import resource, threading
import numpy as np
from audiosr_desktop.ui.start_up import keep_freed_memory, share_memory_pools
share_memory_pools()
keep_freed_memory(True)
def work():
    def faults():
        for _ in range(10):
            [np.ones(size << 18, np.float32) for size in (20, 9, 30, 15, 28)]
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    faults()
    before = faults()
    print(faults() - before)
work()
thread = threading.Thread(target=work)
thread.start()
thread.join()
"""
    child = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert all(int(count) < 100 for count in child.stdout.split())
    assert len(child.stdout.split()) == 2
