"""What this machine brings to the engine, as the settings want it."""

from django.conf import settings

from scene3d.engine.capabilities import open_host
from scene3d.engine.host import Host


def configured_host() -> Host:
    """With nothing loaded yet."""
    return open_host(
        settings.MODEL_STORE, device=settings.ENV.device, num_threads=settings.ENV.num_threads
    )
