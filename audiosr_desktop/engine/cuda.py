"""What a graphics card needs before it can run the models, piece by piece, and a trial run on it."""

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audiosr_desktop import __version__
from audiosr_desktop.engine.bundle import Bundle
from audiosr_desktop.engine.runtime import onnxruntime
from audiosr_desktop.engine.sessions import CUDA, Sessions, open_sessions, preload_cuda
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.job import Job, Progress

LARGEST_ERROR = 1e-2  # of a log-mel on the card against the processor; cards multiply with fewer digits
_FRAMES = 64  # of the latent in the trial
_WINDOWS = sys.platform == "win32"
# What holds ONNX Runtime's part for cards, where the program was installed as a package
CARD_PACKAGE = (
    f"AudioSR-Desktop-cuda-{__version__}-setup.exe" if _WINDOWS else "the package audiosr-desktop-cuda"
)
_DRIVER = "nvcuda.dll" if _WINDOWS else "libcuda.so.1"
_LIBRARIES = ("cudart", "cublasLt", "cublas", "curand", "cufft", "cudnn")
# NVIDIA numbers these apart from CUDA itself, of which 13 is the version
_OWN_NUMBERS = {"curand": "10", "cufft": "12", "cudnn": "9"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: a word for it.
        good: whether it is as it must be.
        found: what was found, a phrase.
        advice: what to do, a sentence; empty when it is good.
    """

    name: str
    good: bool
    found: str
    advice: str = ""


def check_machine(
    load: Callable[[str], Any] = ctypes.CDLL, runtime: Any = None, preload: Callable[[], None] = preload_cuda
) -> Iterator[Check]:
    """Look at the driver, at ONNX Runtime and at NVIDIA's libraries, in the order in which they are needed.

    Args:
        load: loads a library by its name, or raises OSError.
        runtime: ONNX Runtime; None imports it.
        preload: loads the libraries that came as Python packages.
    """
    yield _driver(load)
    runtime = runtime or onnxruntime()
    yield _runtime_part(runtime)
    yield _libraries(load, preload)


def card_names(load: Callable[[str], Any] = ctypes.CDLL) -> list[str]:
    """Return the names of the NVIDIA cards of this machine, by their numbers; none without a driver."""
    try:
        cuda = load(_DRIVER)
    except OSError:
        return []
    if cuda.cuInit(0):
        return []
    count = ctypes.c_int()
    cuda.cuDeviceGetCount(ctypes.byref(count))
    return [_card_name(cuda, number) for number in range(count.value)]


def _card_name(cuda: Any, number: int) -> str:
    name = ctypes.create_string_buffer(128)
    cuda.cuDeviceGetName(name, len(name), number)
    return name.value.decode(errors="replace")


def _driver(load: Callable[[str], Any]) -> Check:
    advice = "Install NVIDIA's driver, or use this machine's processor: everything works on it, more slowly."
    try:
        cuda = load(_DRIVER)
    except OSError:
        return Check("driver", False, "there is no NVIDIA driver", advice)
    if code := cuda.cuInit(0):
        return Check("driver", False, f"the NVIDIA driver does not start (error {code})", advice)
    count, version = ctypes.c_int(), ctypes.c_int()
    cuda.cuDeviceGetCount(ctypes.byref(count))
    cuda.cuDriverGetVersion(ctypes.byref(version))
    if not count.value:
        return Check("driver", False, "the NVIDIA driver finds no card", advice)
    major, minor = divmod(version.value // 10, 100)
    found = f"{_card_name(cuda, 0)}, driver for CUDA {major}.{minor}"
    if major < 13:
        return Check("driver", False, found, "Install a newer NVIDIA driver, one for CUDA 13 (580 or above).")
    return Check("driver", True, found)


def _runtime_part(runtime: Any) -> Check:
    version = getattr(runtime, "__version__", "of unknown version")
    if CUDA not in runtime.get_available_providers():
        advice = "Replace onnxruntime by onnxruntime-gpu in this program's Python environment."
        return Check("ONNX Runtime", False, f"{version}, built without CUDA", advice)
    file = "onnxruntime_providers_cuda.dll" if _WINDOWS else "libonnxruntime_providers_cuda.so"
    if not Path(runtime.__file__).with_name("capi").joinpath(file).is_file():
        advice = f"Install {CARD_PACKAGE}, which holds it."
        return Check("ONNX Runtime", False, f"{version}, but {file} is not installed", advice)
    return Check("ONNX Runtime", True, f"{version} with CUDA")


def _libraries(load: Callable[[str], Any], preload: Callable[[], None]) -> Check:
    preload()
    missing = []
    for library in _LIBRARIES:
        name = _file_name(library)
        try:
            load(name)
        except OSError:
            missing.append(name)
    if not missing:
        return Check("CUDA and cuDNN", True, "all libraries were found")
    if getattr(sys, "frozen", False):
        advice = "Install the CUDA 13 runtime and cuDNN 9 from NVIDIA's own packages."
    else:
        advice = (
            "`audiosr-desktop setup cuda --install` fetches them (1.3 GB), or install CUDA 13 and cuDNN 9."
        )
    return Check("CUDA and cuDNN", False, f"missing: {', '.join(missing)}", advice)


def _file_name(library: str) -> str:
    number = _OWN_NUMBERS.get(library, "13")
    return f"{library}64_{number}.dll" if _WINDOWS else f"lib{library}.so.{number}"


def try_card(bundle: Bundle, device: str = "cuda") -> Job[Check]:
    """Decode the same latent on the processor and on the card, compare them, and take the time.

    Args:
        bundle: the model to try with.
        device: cuda or cuda:N.
    """
    latent = bundle.manifest.latent
    noise = np.random.default_rng(0).standard_normal((1, latent.channels, _FRAMES, latent.bins))
    results, seconds, reports = [], [], []
    try:
        for place, name in enumerate(("cpu", device)):
            yield Progress(place / 2, f"Trying {name}")
            sessions = yield from open_sessions(bundle, name)
            reports.append(sessions.report)
            for _ in range(2):  # the first run on a card also prepares it
                begin = time.perf_counter()
                result = yield from _decode(sessions, noise, place / 2 + 0.3)
                spent = time.perf_counter() - begin
            results.append(result)
            seconds.append(spent)
    except AudioSRError as error:
        return Check("trial", False, str(error), "The log tells more; `--device cpu` works meanwhile.")
    report = reports[1]
    if report.provider != CUDA:
        return Check("trial", False, report.reason, "What is missing is told above.")
    ratio = seconds[0] / max(seconds[1], 1e-9)
    error_of = float(np.abs(results[1] - results[0]).max())
    found = f"{ratio:.1f} times as fast as the processor, results differ by {error_of:.1e}"
    if error_of > LARGEST_ERROR:
        return Check("trial", False, found, "The card gives wrong results: update its driver.")
    return Check("trial", True, found)


def _decode(sessions: Sessions, latent: Any, fraction: float) -> Job[Any]:
    run = sessions.run("vae_decoder", {"z": latent.astype(np.float32)})
    try:
        while True:
            next(run)
            yield Progress(fraction, "Trying the model")
    except StopIteration as end:
        return end.value
    finally:
        run.close()
