"""The egress guard: every host a customer types is checked here before anything connects."""

from sindico_platform.egress.deny_list import DenyList, any_of
from sindico_platform.egress.guard import CheckedHost, EgressGuard
from sindico_platform.egress.http import GuardedHttp
from sindico_platform.egress.tls import tls_context

__all__ = ["CheckedHost", "DenyList", "EgressGuard", "GuardedHttp", "any_of", "tls_context"]
