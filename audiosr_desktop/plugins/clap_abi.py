"""The part of CLAP's C interface that an offline host needs, as ctypes structures.

Source: the headers of the CLAP standard, version 1.x (entry.h, plugin.h, process.h, events.h, ext/*.h).
"""

import ctypes
from ctypes import (
    CFUNCTYPE,
    POINTER,
    Structure,
    c_bool,
    c_char,
    c_char_p,
    c_double,
    c_float,
    c_int16,
    c_int32,
    c_int64,
    c_uint16,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import Any

FACTORY = b"clap.plugin-factory"
PARAMS, PORTS, LATENCY, STATE = b"clap.params", b"clap.audio-ports", b"clap.latency", b"clap.state"
LAYOUTS, GUI = b"clap.audio-ports-config", b"clap.gui"
TIMERS, FILES = b"clap.timer-support", b"clap.posix-fd-support"
PARAM_VALUE_EVENT = 5
STEPPED, HIDDEN, READ_ONLY = 1 << 0, 1 << 2, 1 << 3
PROCESS_ERROR = 0
FILE_READ, FILE_WRITE = 1, 2


class Version(Structure):
    _fields_ = (("major", c_uint32), ("minor", c_uint32), ("revision", c_uint32))


class Entry(Structure):
    _fields_ = (
        ("version", Version),
        ("init", CFUNCTYPE(c_bool, c_char_p)),
        ("deinit", CFUNCTYPE(None)),
        ("get_factory", CFUNCTYPE(c_void_p, c_char_p)),
    )


class Descriptor(Structure):
    _fields_ = (
        ("version", Version),
        ("id", c_char_p),
        ("name", c_char_p),
        ("vendor", c_char_p),
        ("url", c_char_p),
        ("manual_url", c_char_p),
        ("support_url", c_char_p),
        ("plugin_version", c_char_p),
        ("description", c_char_p),
        ("features", POINTER(c_char_p)),
    )


class Host(Structure):
    _fields_ = (
        ("version", Version),
        ("data", c_void_p),
        ("name", c_char_p),
        ("vendor", c_char_p),
        ("url", c_char_p),
        ("host_version", c_char_p),
        ("get_extension", CFUNCTYPE(c_void_p, c_void_p, c_char_p)),
        ("request_restart", CFUNCTYPE(None, c_void_p)),
        ("request_process", CFUNCTYPE(None, c_void_p)),
        ("request_callback", CFUNCTYPE(None, c_void_p)),
    )


class EventHeader(Structure):
    _fields_ = (
        ("size", c_uint32),
        ("time", c_uint32),
        ("space", c_uint16),
        ("type", c_uint16),
        ("flags", c_uint32),
    )


class ParamEvent(Structure):
    _fields_ = (
        ("header", EventHeader),
        ("param", c_uint32),
        ("cookie", c_void_p),
        ("note", c_int32),
        ("port", c_int16),
        ("channel", c_int16),
        ("key", c_int16),
        ("value", c_double),
    )


class InputEvents(Structure):
    _fields_ = (
        ("context", c_void_p),
        ("size", CFUNCTYPE(c_uint32, c_void_p)),
        ("get", CFUNCTYPE(c_void_p, c_void_p, c_uint32)),
    )


class OutputEvents(Structure):
    _fields_ = (("context", c_void_p), ("try_push", CFUNCTYPE(c_bool, c_void_p, c_void_p)))


class AudioBuffer(Structure):
    _fields_ = (
        ("data32", POINTER(POINTER(c_float))),
        ("data64", c_void_p),
        ("channels", c_uint32),
        ("latency", c_uint32),
        ("constant", c_uint64),
    )


class Process(Structure):
    _fields_ = (
        ("steady_time", c_int64),
        ("length", c_uint32),
        ("transport", c_void_p),
        ("inputs", POINTER(AudioBuffer)),
        ("outputs", POINTER(AudioBuffer)),
        ("input_count", c_uint32),
        ("output_count", c_uint32),
        ("in_events", POINTER(InputEvents)),
        ("out_events", POINTER(OutputEvents)),
    )


class Plugin(Structure):
    _fields_ = (
        ("descriptor", POINTER(Descriptor)),
        ("data", c_void_p),
        ("init", CFUNCTYPE(c_bool, c_void_p)),
        ("destroy", CFUNCTYPE(None, c_void_p)),
        ("activate", CFUNCTYPE(c_bool, c_void_p, c_double, c_uint32, c_uint32)),
        ("deactivate", CFUNCTYPE(None, c_void_p)),
        ("start_processing", CFUNCTYPE(c_bool, c_void_p)),
        ("stop_processing", CFUNCTYPE(None, c_void_p)),
        ("reset", CFUNCTYPE(None, c_void_p)),
        ("process", CFUNCTYPE(c_int32, c_void_p, POINTER(Process))),
        ("get_extension", CFUNCTYPE(c_void_p, c_void_p, c_char_p)),
        ("on_main_thread", CFUNCTYPE(None, c_void_p)),
    )


class Factory(Structure):
    _fields_ = (
        ("count", CFUNCTYPE(c_uint32, c_void_p)),
        ("descriptor", CFUNCTYPE(POINTER(Descriptor), c_void_p, c_uint32)),
        ("create", CFUNCTYPE(POINTER(Plugin), c_void_p, POINTER(Host), c_char_p)),
    )


class ParamInfo(Structure):
    _fields_ = (
        ("id", c_uint32),
        ("flags", c_uint32),
        ("cookie", c_void_p),
        ("name", c_char * 256),
        ("module", c_char * 1024),
        ("minimum", c_double),
        ("maximum", c_double),
        ("default", c_double),
    )


class Params(Structure):
    _fields_ = (
        ("count", CFUNCTYPE(c_uint32, c_void_p)),
        ("info", CFUNCTYPE(c_bool, c_void_p, c_uint32, POINTER(ParamInfo))),
        ("value", CFUNCTYPE(c_bool, c_void_p, c_uint32, POINTER(c_double))),
        ("to_text", CFUNCTYPE(c_bool, c_void_p, c_uint32, c_double, c_char_p, c_uint32)),
        ("from_text", CFUNCTYPE(c_bool, c_void_p, c_uint32, c_char_p, POINTER(c_double))),
        ("flush", CFUNCTYPE(None, c_void_p, POINTER(InputEvents), POINTER(OutputEvents))),
    )


class PortInfo(Structure):
    _fields_ = (
        ("id", c_uint32),
        ("name", c_char * 256),
        ("flags", c_uint32),
        ("channels", c_uint32),
        ("type", c_char_p),
        ("in_place_pair", c_uint32),
    )


class Ports(Structure):
    _fields_ = (
        ("count", CFUNCTYPE(c_uint32, c_void_p, c_bool)),
        ("get", CFUNCTYPE(c_bool, c_void_p, c_uint32, c_bool, POINTER(PortInfo))),
    )


class Latency(Structure):
    _fields_ = (("get", CFUNCTYPE(c_uint32, c_void_p)),)


class Stream(Structure):
    """clap_istream and clap_ostream: they differ in the direction alone."""

    _fields_ = (("context", c_void_p), ("move", CFUNCTYPE(c_int64, c_void_p, c_void_p, c_uint64)))


class State(Structure):
    _fields_ = (
        ("save", CFUNCTYPE(c_bool, c_void_p, POINTER(Stream))),
        ("load", CFUNCTYPE(c_bool, c_void_p, POINTER(Stream))),
    )


class Layout(Structure):
    _fields_ = (
        ("id", c_uint32),
        ("name", c_char * 256),
        ("input_ports", c_uint32),
        ("output_ports", c_uint32),
        ("has_input", c_bool),
        ("input_channels", c_uint32),
        ("input_type", c_char_p),
        ("has_output", c_bool),
        ("output_channels", c_uint32),
        ("output_type", c_char_p),
    )


class Layouts(Structure):
    _fields_ = (
        ("count", CFUNCTYPE(c_uint32, c_void_p)),
        ("get", CFUNCTYPE(c_bool, c_void_p, c_uint32, POINTER(Layout))),
        ("select", CFUNCTYPE(c_bool, c_void_p, c_uint32)),
    )


class Window(Structure):
    """clap_window: the interface's name, and the handle of a window of it."""

    _fields_ = (("api", c_char_p), ("handle", c_void_p))


class Gui(Structure):
    _fields_ = (
        ("is_supported", CFUNCTYPE(c_bool, c_void_p, c_char_p, c_bool)),
        ("preferred", c_void_p),
        ("create", CFUNCTYPE(c_bool, c_void_p, c_char_p, c_bool)),
        ("destroy", CFUNCTYPE(None, c_void_p)),
        ("set_scale", c_void_p),
        ("get_size", CFUNCTYPE(c_bool, c_void_p, POINTER(c_uint32), POINTER(c_uint32))),
        ("can_resize", c_void_p),
        ("get_resize_hints", c_void_p),
        ("adjust_size", c_void_p),
        ("set_size", c_void_p),
        ("set_parent", CFUNCTYPE(c_bool, c_void_p, POINTER(Window))),
        ("set_transient", c_void_p),
        ("suggest_title", CFUNCTYPE(None, c_void_p, c_char_p)),
        ("show", CFUNCTYPE(c_bool, c_void_p)),
        ("hide", CFUNCTYPE(c_bool, c_void_p)),
    )


class Timers(Structure):
    _fields_ = (("on_timer", CFUNCTYPE(None, c_void_p, c_uint32)),)


class Files(Structure):
    _fields_ = (("on_file", CFUNCTYPE(None, c_void_p, c_int32, c_uint32)),)


class HostParams(Structure):
    _fields_ = (
        ("rescan", CFUNCTYPE(None, c_void_p, c_uint32)),
        ("clear", CFUNCTYPE(None, c_void_p, c_uint32, c_uint32)),
        ("request_flush", CFUNCTYPE(None, c_void_p)),
    )


class HostState(Structure):
    _fields_ = (("mark_dirty", CFUNCTYPE(None, c_void_p)),)


class HostLatency(Structure):
    _fields_ = (("changed", CFUNCTYPE(None, c_void_p)),)


class HostGui(Structure):
    _fields_ = (
        ("resize_hints_changed", CFUNCTYPE(None, c_void_p)),
        ("request_resize", CFUNCTYPE(c_bool, c_void_p, c_uint32, c_uint32)),
        ("request_show", CFUNCTYPE(c_bool, c_void_p)),
        ("request_hide", CFUNCTYPE(c_bool, c_void_p)),
        ("closed", CFUNCTYPE(None, c_void_p, c_bool)),
    )


class HostTimers(Structure):
    _fields_ = (
        ("register", CFUNCTYPE(c_bool, c_void_p, c_uint32, POINTER(c_uint32))),
        ("unregister", CFUNCTYPE(c_bool, c_void_p, c_uint32)),
    )


class HostFiles(Structure):
    _fields_ = (
        ("register", CFUNCTYPE(c_bool, c_void_p, c_int32, c_uint32)),
        ("modify", CFUNCTYPE(c_bool, c_void_p, c_int32, c_uint32)),
        ("unregister", CFUNCTYPE(c_bool, c_void_p, c_int32)),
    )


def filled(kind: type[ctypes.Structure], *values: object) -> Any:
    """Return a structure of these values in order; functions become C functions, which live with it."""
    rows: Any = kind._fields_
    made = [row[1](value) if callable(value) else value for row, value in zip(rows, values, strict=True)]
    return kind(*made)


def read_text(raw: bytes | None) -> str:
    """Return a C string as text."""
    return (raw or b"").decode("utf-8", "replace")


def at(kind: type[ctypes.Structure], address: int | None) -> ctypes.Structure | None:
    """Return the structure at an address; None at none."""
    return kind.from_address(address) if address else None
