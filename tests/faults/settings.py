"""Settings of a rig: everything real, in a folder of its own, with a stub for an engine.

`ENGINE` exists here only: production code knows no other engine than the real one.
"""

import os
from datetime import timedelta

from scene3d.settings.development import *

ENGINE = os.environ.get("FAULTS_ENGINE", "stub")
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"] = timedelta(days=1)
LOGGING["root"]["level"] = "ERROR"
