"""ONNX Runtime, loaded when it is first needed and told to collect nothing."""

import importlib
import os
from functools import cache
from typing import Any

# read once, when the library is loaded: without it ONNX Runtime keeps a device id and a queue of events in
# the user's cache folder and sends them, on Linux and macOS too
NO_TELEMETRY = "ORT_DISABLE_TELEMETRY"


@cache
def onnxruntime() -> Any:
    """Return the module; it takes a quarter of a second, which the window's start need not wait for."""
    os.environ[NO_TELEMETRY] = "1"
    module = importlib.import_module("onnxruntime")
    module.disable_telemetry_events()  # Windows has no such variable
    return module
