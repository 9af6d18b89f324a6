"""Which devices there are, and which one 'auto' means."""

from __future__ import annotations

from typing import NamedTuple

from dnaconv_core.errors import ConfigError


class Device(NamedTuple):
    """One place to compute. Memory in bytes; None where it is unknown."""

    key: str  # cpu, cuda:0, mps
    name: str
    free: int | None
    total: int | None


def devices() -> list[Device]:
    """The machine's devices, best first: CUDA by free memory, MPS, CPU."""
    import torch

    found = []
    if torch.cuda.is_available():
        for number in range(torch.cuda.device_count()):
            free, total = torch.cuda.mem_get_info(number)
            found.append(Device(f"cuda:{number}", torch.cuda.get_device_name(number), free, total))
        found.sort(key=lambda device: -(device.free or 0))
    if torch.backends.mps.is_available():
        found.append(Device("mps", "Apple GPU", None, None))
    return [*found, Device("cpu", "CPU", *_memory())]


def resolve(wanted: str = "auto") -> str:
    """The device key for 'auto', 'cpu', 'cuda', 'cuda:1' or 'mps'. Raises ConfigError naming the devices there are."""
    there = [device.key for device in devices()]
    if wanted == "auto":
        return there[0]
    matching = [key for key in there if key == wanted or key.split(":")[0] == wanted]
    if not matching:
        raise ConfigError(f"device is {wanted!r} but this machine has {', '.join(there)}: choose one or 'auto'")
    return matching[0]


def _memory() -> tuple[int | None, int | None]:
    """Free and total main memory where /proc tells it (Linux)."""
    try:
        with open("/proc/meminfo") as lines:
            kib = {name: int(rest.split()[0]) for name, rest in (line.split(":", 1) for line in lines)}
    except (OSError, ValueError):
        return None, None
    return kib["MemAvailable"] * 1024, kib["MemTotal"] * 1024
