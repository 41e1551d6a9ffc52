"""One process of a run, alone or among those that `torchrun` started."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from audiosr_desktop.errors import TrainingError


@dataclass(frozen=True, slots=True)
class Process:
    """Where this process stands.

    Attributes:
        device: it computes on.
        rank: its number; 0 writes checkpoints and logs.
        count: of processes.
    """

    device: torch.device
    rank: int = 0
    count: int = 1

    @property
    def leads(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    def spread(self, module: nn.Module) -> nn.Module:
        """Return the module, so wrapped that its gradients are the mean over all processes."""
        return module if self.count == 1 else DistributedDataParallel(module)

    def agreed(self, value: Any) -> Any:
        """Return the leading process's value, in all."""
        if self.count == 1:
            return value
        values = [value]
        distributed.broadcast_object_list(values, src=0)
        return values[0]


@contextmanager
def joined(device: str) -> Iterator[Process]:
    """Join the processes that torchrun started, or stand alone; leaves them at the end.

    Raises:
        TrainingError: the device is not there.
    """
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise TrainingError(f"The run asks for the device {device}, but torch sees no GPU here.")
    if count == 1:
        yield Process(torch.device(device))
        return
    chosen = torch.device(device)
    if chosen.type == "cuda":
        chosen = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(chosen)
    distributed.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield Process(chosen, distributed.get_rank(), count)
    finally:
        distributed.destroy_process_group()
