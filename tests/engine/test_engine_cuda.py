"""What a graphics card needs: every thing that can be missing, with stand-ins for NVIDIA's libraries."""

import ctypes
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from audiosr_desktop.engine import cuda
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.cuda import card_names, check_machine, try_card
from audiosr_desktop.engine.sessions import CPU, CUDA, ProviderReport
from audiosr_desktop.job import run_job


class Driver:
    """NVIDIA's driver as far as it is asked."""

    def __init__(self, cards: int = 1, version: int = 13_000, error: int = 0) -> None:
        self._cards, self._version, self._error = cards, version, error

    def cuInit(self, _flags: int) -> int:
        return self._error

    def cuDeviceGetCount(self, count: Any) -> None:
        count._obj.value = self._cards

    def cuDriverGetVersion(self, version: Any) -> None:
        version._obj.value = self._version

    def cuDeviceGetName(self, name: Any, _size: int, card: int) -> None:
        name.value = f"Card {4 + card}".encode()


def loader(driver: Driver | None, missing: tuple[str, ...] = ()) -> Callable[[str], Any]:
    def load(name: str) -> Any:
        if "nvcuda" in name or "libcuda.so" in name:
            if driver is None:
                raise OSError
            return driver
        if any(word in name for word in missing):
            raise OSError
        return None

    return load


@pytest.fixture
def runtime(tmp_path: Path) -> SimpleNamespace:
    """ONNX Runtime with its part for cards."""
    capi = tmp_path / "onnxruntime" / "capi"
    capi.mkdir(parents=True)
    for name in ("libonnxruntime_providers_cuda.so", "onnxruntime_providers_cuda.dll"):
        (capi / name).touch()
    return SimpleNamespace(
        __version__="1.31",
        __file__=str(capi.parent / "__init__.py"),
        get_available_providers=lambda: [CUDA, CPU],
    )


def states(load: Callable[[str], Any], runtime: Any) -> list[bool]:
    return [check.good for check in check_machine(load, runtime, lambda: None)]


def test_all_there(runtime: SimpleNamespace) -> None:
    checks = list(check_machine(loader(Driver()), runtime, lambda: None))
    assert [check.good for check in checks] == [True, True, True]
    assert checks[0].found == "Card 4, driver for CUDA 13.0"
    assert not any(check.advice for check in checks)


@pytest.mark.parametrize(
    ("driver", "words"),
    [
        (None, "there is no NVIDIA driver"),
        (Driver(error=999), "does not start (error 999)"),
        (Driver(cards=0), "finds no card"),
        (Driver(version=12_080), "driver for CUDA 12.8"),
    ],
)
def test_driver_missing_or_old(runtime: SimpleNamespace, driver: Driver | None, words: str) -> None:
    checks = list(check_machine(loader(driver), runtime, lambda: None))
    assert [check.good for check in checks] == [False, True, True]
    assert words in checks[0].found
    assert checks[0].advice.endswith(".")


def test_runtime_without_cuda_or_without_its_part(runtime: SimpleNamespace) -> None:
    for file in (Path(runtime.__file__).parent / "capi").iterdir():
        file.unlink()
    assert states(loader(Driver()), runtime) == [True, False, True]
    runtime.get_available_providers = lambda: [CPU]
    check = list(check_machine(loader(Driver()), runtime, lambda: None))[1]
    assert "built without CUDA" in check.found


def test_missing_libraries_are_named(runtime: SimpleNamespace) -> None:
    check = list(check_machine(loader(Driver(), ("cudnn", "cufft")), runtime, lambda: None))[2]
    assert not check.good
    assert "cudnn" in check.found
    assert "cufft" in check.found
    assert "cublas" not in check.found
    assert "--install" in check.advice


def test_this_machine_is_looked_at_without_a_crash() -> None:
    assert [check.name for check in check_machine()] == ["driver", "ONNX Runtime", "CUDA and cuDNN"]


def card(monkeypatch: pytest.MonkeyPatch, error: float) -> None:
    """Let the second sessions that are opened be those of a card, off by `error`."""
    opened: list[str] = []
    real = cuda.open_sessions

    def open_on(bundle: Any, device: str) -> Any:
        opened.append(device)
        sessions = yield from real(bundle, "cpu", 1)
        if len(opened) < 2:
            return sessions

        def off(*words: Any) -> Any:
            result = yield from sessions.run(*words)
            return result + np.float32(error)

        return SimpleNamespace(report=ProviderReport(device, "cuda:0", CUDA), run=off)

    monkeypatch.setattr(cuda, "open_sessions", open_on)


@pytest.mark.parametrize(("error", "good"), [(0.0, True), (1e-3, True), (0.5, False)])
def test_trial_compares_with_the_processor(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, error: float, good: bool
) -> None:
    card(monkeypatch, error)
    check = run_job(try_card(load_bundle(tiny_folder)))
    assert check.good is good
    assert "as fast as the processor" in check.found


def test_trial_says_when_the_processor_was_used(tiny_folder: Path) -> None:
    try:
        ctypes.CDLL("libcuda.so.1")
    except OSError:
        check = run_job(try_card(load_bundle(tiny_folder)))
        assert not check.good
        assert "No NVIDIA driver" in check.found
    else:
        pytest.skip("there is a card here")


def test_cards_are_told_by_name() -> None:
    assert card_names(loader(Driver(cards=2))) == ["Card 4", "Card 5"]
    assert card_names(loader(Driver(cards=0))) == []
    assert card_names(loader(Driver(error=100))) == []
    assert card_names(loader(None)) == []
