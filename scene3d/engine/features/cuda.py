"""The GPU, asked through torch."""

import torch


def is_usable() -> bool:
    """Whether this torch was built for CUDA and finds a device."""
    return torch.cuda.is_available()


def device_name() -> str:
    return torch.cuda.get_device_name()
