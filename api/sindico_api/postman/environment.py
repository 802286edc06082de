"""The environment file: addresses filled in, secrets left to the user."""

from typing import Any
from uuid import NAMESPACE_URL, uuid5

# name, type, description of each variable that the collection reads.
VARIABLES = (
    ("base_url", "default"),
    ("username", "default"),
    ("password", "secret"),
    ("access_token", "secret"),
    ("refresh_token", "secret"),
    ("integration_id", "default"),
    ("load_id", "default"),
    ("polls_left", "default"),
    ("ftp_connection", "default"),
    ("ftp_host", "default"),
    ("ftp_port", "default"),
    ("ftp_folder", "default"),
    ("ftp_username", "default"),
    ("ftp_password", "secret"),
    ("ftp_host_key", "default"),
    ("ftp_ca_certificate", "default"),
    ("ftp_ca_json", "default"),
    ("ftp_settings_id", "default"),
    ("document_id", "default"),
    ("erp_key", "default"),
    ("erp_row", "default"),
    ("erp_schedule", "default"),
)


def build_environment(base_url: str) -> dict[str, Any]:
    """Make an environment with empty secrets, as Postman imports it."""
    return {
        "id": str(uuid5(NAMESPACE_URL, f"{base_url}/postman/environment.json")),
        "name": f"Síndico ({base_url})",
        "values": [
            {
                "key": key,
                "value": base_url if key == "base_url" else "",
                "type": kind,
                "enabled": True,
            }
            for key, kind in VARIABLES
        ],
        "_postman_variable_scope": "environment",
    }
