"""The ASGI application: Django behind a cap on request bodies."""

import os
import tempfile
from typing import cast

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "scene3d.settings.production")
_django = get_asgi_application()

from django.conf import settings  # noqa: E402  # after Django is set up

from scene3d.http.limits import Application, BodyLimit  # noqa: E402  # likewise

# Django spools request bodies into the default temporary folder, which may be small or in
# memory; uploads belong on the data disk.
tempfile.tempdir = str(settings.UPLOAD_DIR)

application = BodyLimit(cast("Application", _django), max_bytes=settings.MAX_UPLOAD_BYTES)
