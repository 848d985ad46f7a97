"""The one place where random numbers come from."""

import numpy as np


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Independent streams for independent purposes of one run."""
    return np.random.default_rng([seed, *purpose.encode()])
