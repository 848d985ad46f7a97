"""The GPU, asked through torch."""

import torch


def is_usable() -> bool:
    """Whether this torch was built for CUDA and finds a device."""
    return torch.cuda.is_available()


def gpu_name() -> str:
    return torch.cuda.get_device_name()


def wait_for_gpu() -> None:
    """Until it has done what it was given; at once without a GPU."""
    if is_usable():
        torch.cuda.synchronize()


def forget_peak_memory() -> None:
    """`peak_memory_mib` counts from here."""
    if is_usable():
        torch.cuda.reset_peak_memory_stats()


def peak_memory_mib() -> float:
    """Of the GPU's memory, by this process's tensors; 0 without a GPU."""
    return torch.cuda.max_memory_allocated() / 2**20 if is_usable() else 0.0
