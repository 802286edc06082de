"""The site of the loads' tests."""

from tests.provisioning.loads.conftest import erp_kind, site

__all__ = ["erp_kind", "site"]
