"""What the plugins' tests share: the text of small plugins, limits, and the types of fixtures."""

from collections.abc import Callable
from pathlib import Path

import pytest

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.plugins.process import Limits

MANIFEST = """\
id = "test.{name}"
title = "{name}"
version = "{version}"
api = 1
entry = "{name}:effects"
description = "For a test."
licence = "MIT"
"""
HEAD = """\
import numpy as np
from audiosr_desktop.plugins.api import *

class Effect(BlockEffect):
    id = "test.{name}"
    title = "{name}"

{body}

def effects(scratch):
    return [Effect(scratch)]
"""
LIMITS = Limits(scan_s=30.0, silence_s=30.0, memory_bytes=1 << 30)
RATE = 48_000

VST3, CLAP = Path("/usr/lib/vst3"), Path("/usr/lib/clap")
needs_zam = pytest.mark.skipif(
    not (VST3 / "ZamCompX2.vst3").exists() or not (CLAP / "ZamCompX2.clap").exists(),
    reason="the package zam-plugins is not installed",
)

WritePlugin = Callable[..., Path]
ApplyPlugin = Callable[..., Sound]
