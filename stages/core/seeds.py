"""Derives every stream of random numbers from the one root, `seed`."""

import hashlib


def derive_seed(seed: int, purpose: str) -> int:
    """A 32-bit seed for one purpose ("split", "train", …), independent of every other purpose's."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{purpose}".encode()).digest()[:4], "big")
