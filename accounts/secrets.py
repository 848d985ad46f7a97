"""Secrets that are shown once: what the database keeps of them says nothing."""

import hashlib
import secrets

_NUM_BYTES = 32


def new_secret() -> str:
    """256 random bits, which may stand in an address."""
    return secrets.token_urlsafe(_NUM_BYTES)


def digest_of(secret: str) -> str:
    """What is kept, in hex. A plain hash will do: nobody guesses 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
