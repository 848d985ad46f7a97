"""Photos without what they tell of people and places; their pixels stay as they are.

Only the standard library, and no decoding, so the web process may use it on strangers' files.
"""

from scene3d.engine.privacy.strip import strip_private

__all__ = ["strip_private"]
