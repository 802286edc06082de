"""`sindico keys`: make, list, rotate and drop the keys that seal secrets."""

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
import click
import msgspec

from sindico_api.cli.opened import opened_uow, reachable
from sindico_api.cli.stack import Stack, data_dir_option
from sindico_platform.embedded import EmbeddedError
from sindico_platform.secrets import KeyRing, generate_key
from sindico_platform.secrets.probe import ensure_probe, forget_probe, is_probed
from sindico_platform.settings import Secret
from sindico_provisioning.key_rotation import service
from sindico_provisioning.key_rotation.schemas import KeyOut, Rotation

TOLD_EVERY = 100
AFTER_RESTART = "`sindico keys rotate --reseal-only`"
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document.")


@click.group
def keys() -> None:
    """The keys that seal secrets."""


@keys.command
def generate() -> None:
    """Print a new key, to put first in SINDICO_KEY_RING."""
    click.echo(generate_key().reveal())


@keys.command("list")
@json_option
@data_dir_option
def list_keys(data_dir: Path, *, as_json: bool) -> None:
    """Show each key and how much still needs it."""
    stack = Stack(data_dir)
    with reachable(stack):
        found = asyncio.run(_count(stack))
    if as_json:
        click.echo(msgspec.json.encode(found))
        return
    for key in found:
        click.echo(_line(key))


@keys.command
@click.option("--reseal-only", is_flag=True, help="Add no key; reseal under the newest there is.")
@json_option
@data_dir_option
def rotate(data_dir: Path, *, reseal_only: bool, as_json: bool) -> None:
    """Add a newest key and bring every sealed value under it. Safe to kill and to repeat.

    Processes that run keep the keys they were started with. So while `sindico up` runs, or where
    SINDICO_KEY_RING is set, the key is added, and the values are resealed after the restart by
    `--reseal-only`. A key is added only when the last rotation has ended.
    """
    stack = Stack(data_dir)
    with reachable(stack) as is_up:
        report = asyncio.run(_rotate(stack, is_up=is_up, reseal_only=reseal_only))
    if as_json:
        click.echo(msgspec.json.encode(report))
    else:
        _show(report)
    if report.get("unreadable"):
        raise EmbeddedError(f"{len(report['unreadable'])} values cannot be read; see above.")
    if reseal_only and report["state"] == "restart-needed":
        raise EmbeddedError("Nothing was resealed: `sindico up` runs with the keys before.")


@keys.command
@click.argument("key_id")
@data_dir_option
def drop(data_dir: Path, key_id: str) -> None:
    """Take a key out of the ring, if nothing needs it any more."""
    stack = Stack(data_dir)
    with reachable(stack):
        asyncio.run(_drop(stack, key_id))


async def _count(stack: Stack) -> list[KeyOut]:
    async with opened_uow(stack, process="keys") as uow:
        return await service.list_keys(uow, _ring(stack))


async def _rotate(stack: Stack, *, is_up: bool, reseal_only: bool) -> dict[str, Any]:
    begun = reseal_only or any(key.values for key in (await _count(stack)) if not key.newest)
    if not begun:
        added = f"{generate_key().reveal()},{_ring_text(stack)}"
        if not stack.keeps_keys:
            return {"state": "key-to-set", "ring": added}
        stack.write_keys(added)
    ring = _ring(stack)
    if is_up and stack.keeps_keys and not await _is_in_use(stack, ring):
        return {"state": "restart-needed", "newest": ring.newest_key_id}
    if owner := stack.urls().owner:
        await ensure_probe(owner, ring)
    async with opened_uow(stack, process="keys") as uow:
        done = await service.reseal_all(uow, ring, told=_tell)
    facts = {"tenants": done.tenants, "resealed": done.resealed, "unreadable": done.unreadable}
    return {"state": "rotated", "newest": ring.newest_key_id, **facts}


async def _drop(stack: Stack, key_id: str) -> None:
    key = next((item for item in await _count(stack) if item.id == key_id), None)
    if key is None or key.fingerprint is None:
        raise EmbeddedError(f"There is no key {key_id} in the ring.")
    if key.newest or key.values or key.audit_seals:
        raise EmbeddedError(f"The key is needed. {_line(key)}")
    kept = [pair for pair in _ring_text(stack).split(",") if pair.partition(":")[0] != key_id]
    owner = stack.urls().owner
    if not owner:
        raise EmbeddedError("Set SINDICO_DATABASE_OWNER_URL: it takes the owner to forget a key.")
    await forget_probe(owner, key_id)
    if stack.keeps_keys:
        stack.write_keys(",".join(kept))
        click.echo(f"{key_id} was dropped. Processes that run know it until they are restarted.")
    else:
        click.echo("Set this key ring and restart all processes:", err=True)
        click.echo(",".join(kept))


async def _is_in_use(stack: Stack, ring: KeyRing) -> bool:
    """Whether `sindico up` has started since the newest key was added."""
    connection = await asyncpg.connect(stack.urls().app)
    try:
        return await is_probed(connection, ring.newest_key_id)
    finally:
        await connection.close()


def _ring_text(stack: Stack) -> str:
    return ",".join(part.strip() for part in stack.settings().key_ring.reveal().split(","))


def _ring(stack: Stack) -> KeyRing:
    return KeyRing.parse(Secret(_ring_text(stack)))


def _tell(rotation: Rotation) -> None:
    if rotation.tenants % TOLD_EVERY == 0:
        click.echo(f"{rotation.tenants} tenants, {rotation.resealed} values", err=True)


def _line(key: KeyOut) -> str:
    mark = "missing from the ring" if key.fingerprint is None else key.fingerprint
    newest = "  newest" if key.newest else ""
    return f"{key.id}  {mark}  values {key.values}  audit seals {key.audit_seals}{newest}"


def _show(report: dict[str, Any]) -> None:
    match report["state"]:
        case "key-to-set":
            click.echo(
                "Set this key ring, restart all processes, then run " + AFTER_RESTART, err=True
            )
            click.echo(report["ring"])
        case "restart-needed":
            click.echo(
                f"The newest key is {report['newest']}. Restart `sindico up`, then run"
                f" {AFTER_RESTART}."
            )
        case _:
            for item in report["unreadable"]:
                click.echo(f"{item.tenant_id}  {item.column}: {item.detail}", err=True)
            click.echo(
                f"{report['resealed']} values of {report['tenants']} tenants are now under key"
                f" {report['newest']}."
            )
