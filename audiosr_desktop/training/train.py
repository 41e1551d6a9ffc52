"""`audiosr-desktop train`: one plain loop, configured by TOML: step, validate, checkpoint, log.

Several processes: `torchrun --nproc_per_node=N -m audiosr_desktop.training.train RUN.toml`.
"""

import argparse
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.training.figures import FigureLog, Means
from audiosr_desktop.training.parallel import Process, joined
from audiosr_desktop.training.run import Run, read_run
from audiosr_desktop.training.trainer import Trainer
from audiosr_desktop.training.validation import Judge


def train(run: Run, process: Process | None = None) -> None:
    """Train until the run's end or the session's, with a checkpoint and figures every few minutes."""
    trainer = Trainer(run, process)
    try:
        trainer.resume()
        _loop(trainer)
    finally:
        trainer.close()


def _loop(trainer: Trainer) -> None:
    run, process = trainer.run, trainer.process
    judge = Judge(run, trainer.task, trainer.held_out, process.device) if process.leads else None
    log = FigureLog(trainer.out, trainer.step) if process.leads else None
    means = Means()
    began_s = saved_s = judged_s = trainer.elapsed_s
    ended = trainer.progress() >= 1.0
    while not ended:
        means.add(trainer.train_step())
        ended = trainer.progress() >= 1.0 or _session_over(trainer, began_s)
        if trainer.elapsed_s - saved_s < 60.0 * run.checkpoint_minutes and not ended:
            continue
        trainer.save()
        saved_s = trainer.elapsed_s
        if log is None or judge is None:
            continue
        held_out = trainer.validate()
        if ended or trainer.elapsed_s - judged_s >= 60.0 * run.validate_minutes:
            with trainer.averaged():
                held_out |= judge.measure()
            judged_s = trainer.elapsed_s
        log.write(trainer.step, trainer.elapsed_s, means.take(), held_out)
    if log is not None:
        log.close()


def _session_over(trainer: Trainer, began_s: float) -> bool:
    limit_s = 60.0 * trainer.run.session_minutes
    return limit_s > 0 and trainer.elapsed_s - began_s >= limit_s


def main(argv: Sequence[str]) -> int:
    """Run `audiosr-desktop train RUN.toml [NAME=VALUE…]`; returns the exit code."""
    parser = argparse.ArgumentParser(
        "audiosr-desktop train",
        description="Train a network of the compact model. A run that was cut off goes on where it was. On "
        "several GPUs: torchrun --nproc_per_node=N -m audiosr_desktop.training.train RUN.toml.",
    )
    parser.add_argument("run", type=Path, help="TOML file with the run's settings")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE", help="settings that replace the file's")
    arguments = parser.parse_args(argv)
    try:
        overrides = tomllib.loads("\n".join(arguments.settings))
        run = read_run(arguments.run, overrides)
        with joined(run.device) as process:
            train(run, process)
    except tomllib.TOMLDecodeError as error:
        sys.stderr.write(f"A setting is not NAME=VALUE in TOML's way of writing: {error}.\n")
        return 2
    except AudioSRError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
