"""Imports that follow the start of the window."""

import builtins
import importlib
import linecache
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
