"""The API's description, and two ways to read it, served from here."""

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_update
from django.utils.decorators import method_decorator
from drf_spectacular.views import (
    SpectacularAPIView,
    SpectacularRedocView,
    SpectacularSwaggerSplitView,
)

# Both tools style their elements inline; scripts stay under the strict policy.
_styled = csp_update({"style-src": [SELF, UNSAFE_INLINE], "worker-src": [SELF, "blob:"]})


class Schema(SpectacularAPIView):
    pass


@method_decorator(_styled, name="dispatch")
class SwaggerUI(SpectacularSwaggerSplitView):
    url_name = "api:schema"
    url_self = None


@method_decorator(_styled, name="dispatch")
class Redoc(SpectacularRedocView):
    url_name = "api:schema"
