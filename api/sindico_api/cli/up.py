"""`sindico up`: the whole product on one machine, in one go."""

import asyncio
import http.client
import signal
import sys
from collections.abc import Callable
from functools import partial
from itertools import takewhile
from pathlib import Path

import click

from sindico_api.cli.stack import LOOPBACK, Stack, data_dir_option
from sindico_platform.embedded import ChildSpec, EmbeddedError, Supervisor
from sindico_platform.embedded.files import DirectoryLock
from sindico_platform.embedded.ports import is_free
from sindico_platform.settings import load_settings

PROBE_SECONDS = 2
WORKER_GRACE_SECONDS = "3"
Begin = Callable[..., None]
"""Takes the arguments of a command of ours."""
FIRST_OPERATOR = "In another terminal: sindico operator invite LOGIN"
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - only if the person asks for it


@click.command
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8100, show_default=True, help="Port to listen on.")
@click.option("--demo", is_flag=True, help="Also example tenants and a sandbox ERP.")
@data_dir_option
def up(host: str, port: int, data_dir: Path, *, demo: bool) -> None:
    """Start PostgreSQL, Valkey, API, worker and clock, and keep them alive.

    Prints `ready http://HOST:PORT` once requests are answered, and stays until Ctrl-C. With
    SINDICO_DATABASE_URL or SINDICO_REDIS_URL set, those servers are used instead of own ones.
    """
    run_stack(data_dir, host=host, port=port, demo=demo)


def run_stack(
    data_dir: Path,
    *,
    host: str,
    port: int,
    demo: bool,
    when_ready: Callable[[Begin], Callable[[], None]] | None = None,
) -> None:
    """Start everything, say so, and keep it alive until Ctrl-C.

    Args:
        data_dir: of the stack; locked while it runs.
        host: address to listen on.
        port: port to listen on.
        demo: also the sandbox ERP and the example tenants.
        when_ready: called once requests are answered, with what starts another of our processes,
            kept alive like the others; what it returns runs in a thread, and what that raises stops
            everything.
    """
    stack = Stack(data_dir)
    stack.make_directories()
    lock = DirectoryLock(stack.data_dir)
    lock.acquire()
    try:
        if not is_free(port, host=host):
            raise EmbeddedError(f"Port {port} on {host} is taken. Choose another with --port.")
        with Supervisor(notify=say, adopt_orphans=True) as supervisor:
            start(supervisor, stack, host=host, port=port, demo=demo)
            click.echo(ready_line(host, port))
            if not asyncio.run(stack.has_operator()):
                say(f"Nobody can sign in yet. {FIRST_OPERATOR} --data-dir {stack.data_dir}")
            begin = partial(begin_process, supervisor, stack)
            supervisor.watch(beside=when_ready(begin) if when_ready else None)
    finally:
        release(stack, lock)


def start(supervisor: Supervisor, stack: Stack, *, host: str, port: int, demo: bool) -> None:
    """Start all in order: data first, then the schema, then who serves."""
    finish = begin_demo(supervisor, stack) if demo else None
    start_services(supervisor, stack)
    say("bringing the schema up to date")
    asyncio.run(stack.ensure_schema())
    say("starting the processes")
    stack.remember(SINDICO_PUBLIC_URL=address(host, port), **demo_environ(demo=demo))
    environ = stack.environ()
    supervisor.start(
        api_process(stack, environ, host=host, port=port),
        silent_process(stack, environ, "worker", "--grace-seconds", WORKER_GRACE_SECONDS),
        silent_process(stack, environ, "clock"),
    )
    if finish:
        finish(environ, address(host, port))


def start_services(supervisor: Supervisor, stack: Stack) -> None:
    """Start the servers that the environment does not give, side by side."""
    waits = []
    for service in (stack.postgres, stack.valkey):
        if service:
            say(f"starting {service.name} in {service.data_dir}")
            waits.append(supervisor.begin(service.prepare()))
    for wait_ready in waits:
        wait_ready()


def begin_demo(supervisor: Supervisor, stack: Stack) -> Callable[[dict[str, str], str], None]:
    """Start the sandboxes, which need none of the others.

    Returns:
        What makes the example tenants once the others run, given their environment and address.
    """
    from sindico_api.demo import sandbox
    from sindico_api.demo.setup import ensure_demo

    say("starting the sandbox ERP, mail and file servers")
    mega, servers = sandbox.mega_facts(stack.data_dir), sandbox.server_ports(stack.data_dir)

    def begin(port: str, arguments: tuple[str, ...]) -> Callable[[], None]:
        is_ready = partial(sandbox.accepts, port)
        return supervisor.begin(
            own_process(stack, dict(stack.given), *arguments, is_ready=lambda _pid: is_ready())
        )

    waits = [
        begin(mega["port"], sandbox.mega_arguments(mega, stack.data_dir)),
        begin(servers["sftp"], sandbox.server_arguments(stack.data_dir, servers)),
    ]

    def finish(environ: dict[str, str], base_url: str) -> None:
        for wait_ready in waits:
            wait_ready()
        say("making the example tenants")
        settings = load_settings(environ)
        asyncio.run(
            ensure_demo(settings, stack.data_dir, base_url=base_url, mega=mega, servers=servers)
        )

    return finish


def begin_process(supervisor: Supervisor, stack: Stack, *arguments: str) -> None:
    """Start one of our own processes without waiting for it."""
    supervisor.begin(own_process(stack, dict(stack.given), *arguments))


def demo_environ(*, demo: bool) -> dict[str, str]:
    return {"SINDICO_DEMO": "true", "SINDICO_EGRESS_ALLOW": LOOPBACK} if demo else {}


def api_process(stack: Stack, environ: dict[str, str], *, host: str, port: int) -> ChildSpec:
    """The API process, ready when it says so itself."""

    def answers(_pid: int) -> bool:
        connection = http.client.HTTPConnection(
            EVERYWHERE.get(host, host), port, timeout=PROBE_SECONDS
        )
        try:
            connection.request("GET", "/health/ready")
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    arguments = ("api", "--host", host, "--port", str(port))
    return own_process(stack, environ, *arguments, is_ready=answers)


def silent_process(stack: Stack, environ: dict[str, str], *arguments: str) -> ChildSpec:
    """A process without a port; it writes its id to a file once it is at work."""
    ready_file = stack.data_dir / "run" / f"{arguments[0]}.pid"

    def is_at_work(pid: int) -> bool:
        return ready_file.exists() and ready_file.read_text().strip() == str(pid)

    file_option = ("--ready-file", str(ready_file))
    return own_process(stack, environ, *arguments, *file_option, is_ready=is_at_work)


def own_process(
    stack: Stack,
    environ: dict[str, str],
    *arguments: str,
    is_ready: Callable[[int], bool] = lambda _pid: True,
) -> ChildSpec:
    """One of our own processes, started through this very command line."""
    name = "-".join(takewhile(lambda word: not word.startswith("-"), arguments))
    return ChildSpec(
        name=name,
        argv=(sys.executable, "-m", "sindico_api.cli.main", *arguments),
        log_file=stack.logs / f"{name}.log",
        environ=environ,
        is_ready=is_ready,
        directory=stack.data_dir,
        stop_signal=signal.SIGTERM,
    )


def ready_line(host: str, port: int) -> str:
    """All that standard output ever gets: programs wait for it with the host they asked for."""
    return f"ready {_url(host, port)}"


def address(host: str, port: int) -> str:
    """The URL that a browser on this machine can open."""
    return _url(EVERYWHERE.get(host, host), port)


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def release(stack: Stack, lock: DirectoryLock) -> None:
    for service in (stack.postgres, stack.valkey):
        if service:
            service.release()
    lock.release()


def say(text: str) -> None:
    """Tell the person at the terminal; standard output is for programs."""
    click.echo(text, err=True)
