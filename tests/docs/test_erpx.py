"""The list of ERPX's routes is the one the connector uses."""

import re
from pathlib import Path

from sindico_provisioning.connectors.erpx.schemas import ROUTES

DOCUMENT = Path(__file__).parents[2] / "docs/erpx.md"
ROW = re.compile(r"^\| (\w+) \| (rota\w+) \| (?:`(.+)` )?\| (proposed|seen) \|$", re.MULTILINE)


def test_every_route_is_documented_with_its_property_and_standing() -> None:
    documented = ROW.findall(DOCUMENT.read_text())

    assert documented == [
        (route.table, route.setting, route.path, "seen" if route.verified else "proposed")
        for route in ROUTES.values()
    ]
