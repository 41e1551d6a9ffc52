"""The process that makes graphs of a checkpoint: it can be ended at once, and its memory goes with it."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from audiosr_desktop.engine.manifest import Loan
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.training.official.checkpoint import (
    find_parts,
    open_checkpoint,
    vaes_are_equal,
    weights_sum,
)
from audiosr_desktop.training.official.graphs import GraphRecord, read_record, write_graph, write_record
from audiosr_desktop.training.official.sizes import Sizes

# rough shares of the time that a graph takes, for the progress bar only
_SHARES = {"vae_feature_extract": 0.15, "ddpm": 0.4, "vae_decoder": 0.25, "vocoder": 0.2}


@dataclass(frozen=True, slots=True)
class Order:
    """What to make.

    Attributes:
        source: the checkpoint.
        sizes: of its networks.
        scale_factor: of its latents.
        precision: "single" or "half".
        folder: for the graphs.
        lenders: installed graphs that may be borrowed, by graph and the sum of its weights.
    """

    source: Path
    sizes: Sizes
    scale_factor: float
    precision: str
    folder: Path
    lenders: Mapping[tuple[str, str], Loan]


@dataclass(frozen=True, slots=True)
class Stage:
    """How far the work is."""

    fraction: float
    text: str


@dataclass(slots=True)
class Made:
    """What was made, and what need not be made as it is there.

    Attributes:
        records: of the new graphs.
        loans: of the graphs that an installed bundle has already.
        weights: sum of the tensors of each graph.
        vaes_equal: whether the file's two VAEs are the same; None where it has one.
    """

    records: dict[str, GraphRecord] = field(default_factory=dict)
    loans: dict[str, Loan] = field(default_factory=dict)
    weights: dict[str, str] = field(default_factory=dict)
    vaes_equal: bool | None = None


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no result; `expected` if it is a sentence for the user."""

    text: str
    expected: bool


def work(order: Order, answers: Connection) -> None:
    """Carry out an order and send `Stage`s, then `Made` or `Failure`."""
    try:
        answers.send(_make(order, answers))
    except AudioSRError as error:
        answers.send(Failure(str(error), expected=True))
    except BrokenPipeError:
        pass  # whoever asked has gone
    except Exception as error:  # noqa: BLE001 - the door of a process: the one who asked raises it again
        answers.send(Failure(f"{type(error).__name__}: {error}", expected=False))


def _make(order: Order, answers: Connection) -> Made:
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    answers.send(Stage(0.0, "Reading the checkpoint"))
    checkpoint = open_checkpoint(order.source)
    parts = find_parts(checkpoint, order.sizes)
    made, done = Made(vaes_equal=vaes_are_equal(checkpoint)), 0.0
    for graph, part in parts.items():
        answers.send(Stage(done, f"Reading the weights of {graph}"))
        found = made.weights[graph] = weights_sum(checkpoint, part, order.scale_factor)
        record = read_record(order.folder, graph)
        if loan := order.lenders.get((graph, found)):
            made.loans[graph] = loan
        elif record is not None and record.weights_sha256 == found:
            made.records[graph] = record
        else:
            answers.send(Stage(done + 0.1 * _SHARES[graph], f"Exporting {graph} and comparing it"))
            error = write_graph(
                checkpoint,
                part,
                order.sizes,
                order.scale_factor,
                precision=order.precision,
                folder=order.folder,
            )
            made.records[graph] = write_record(order.folder, graph, found, error)
        done += _SHARES[graph]
    return made
