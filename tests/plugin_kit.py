"""What the plugins' tests share: the text of small plugins, limits, and the types of fixtures."""

from collections.abc import Callable
from pathlib import Path

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

WritePlugin = Callable[..., Path]
ApplyPlugin = Callable[..., Sound]
