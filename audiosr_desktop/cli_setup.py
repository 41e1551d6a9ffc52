"""The sub-command `setup`: parts that are not needed by everyone, looked at and fetched."""

import argparse
import subprocess
import sys
from dataclasses import asdict

from audiosr_desktop.cli_output import drive, write_json
from audiosr_desktop.engine.bundle import find_bundle
from audiosr_desktop.engine.cuda import CARD_PACKAGE, Check, check_machine, try_card
from audiosr_desktop.errors import AudioSRError

PACKAGES = ("onnxruntime-gpu[cuda,cudnn]>=1.28",)
_SIZE = "1.3 GB"


def cuda(arguments: argparse.Namespace) -> int:
    """Carry out `setup cuda`; 1 when the card cannot be used."""
    if arguments.install:
        _install(yes=arguments.yes)
    checks = list(check_machine())
    if all(check.good for check in checks):
        checks.append(drive(try_card(find_bundle(arguments.model), arguments.device)))
    good = all(check.good for check in checks)
    if arguments.json:
        write_json({"usable": good, "checks": [asdict(check) for check in checks]})
    else:
        _tell(checks, good)
    return 0 if good else 1


def _tell(checks: list[Check], good: bool) -> None:
    for check in checks:
        print(f"{'ok ' if check.good else 'NO '} {check.name}: {check.found}")
        if check.advice:
            print(f"    {check.advice}")
    if good:
        print("The graphics card can be used.")
    else:
        first = next(check for check in checks if not check.good)
        print(f"The graphics card cannot be used: {first.found}.", file=sys.stderr)


def _install(*, yes: bool) -> None:
    """Fetch NVIDIA's libraries as Python packages, after the user agreed to the size.

    Raises:
        AudioSRError: this program has no Python environment of its own, the user did not agree, or pip fails.
    """
    if sys.platform == "darwin":
        raise AudioSRError("There is no CUDA on macOS; the processor is used.")
    if getattr(sys, "frozen", False):
        raise AudioSRError(
            f"The packaged program cannot install CUDA by itself: install {CARD_PACKAGE}, "
            "and the CUDA 13 runtime and cuDNN 9 from NVIDIA's own packages."
        )
    if not yes:
        if not sys.stdin.isatty():
            raise AudioSRError(f"This fetches {_SIZE} from the network: add --yes to agree to it.")
        answer = input(f"Fetch {_SIZE} of NVIDIA's libraries into {sys.prefix}? [y/N] ")
        if answer.strip().lower() not in ("y", "yes"):
            raise AudioSRError("Nothing was fetched.")
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *PACKAGES]
    # pip's own words go to stderr, so that stdout stays one JSON document
    if subprocess.run(command, stdout=sys.stderr, check=False).returncode:
        raise AudioSRError("The CUDA libraries could not be installed: see pip's message above.")
