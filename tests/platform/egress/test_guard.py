import asyncio
import socket
import ssl
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

import pytest
import trustme

from sindico_platform.connection_tests.schemas import Stage
from sindico_platform.connection_tests.walk import Watch, observe
from sindico_platform.egress import DenyList, EgressGuard, any_of, tls_context
from sindico_platform.egress.hosts import normalise_host
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.egress.resolver import from_gaierror, resolve_by_system
from sindico_platform.errors import OutsideError, Terminal, Transient
from sindico_platform.settings import Secret, Settings
from sindico_platform.telemetry import metrics
from tests.platform.egress.conftest import (
    ScriptedResolver,
    greet,
    resolver_to,
    server_tls,
    serving,
    silence,
)

STAGES = (Stage.RESOLVE, Stage.CONNECT, Stage.TLS)
PUBLIC = "200.160.2.3"


def open_guard(*addresses: str) -> EgressGuard:
    return EgressGuard(allow=LOOPBACK, resolver=resolver_to(*(addresses or ("127.0.0.1",))))


async def fault_of(guard: EgressGuard, host: str, port: int = 443) -> OutsideError:
    with pytest.raises(OutsideError) as raised:
        await guard.resolve(host, port)
    return raised.value


async def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_a_public_host_resolves_to_its_addresses() -> None:
    guard = EgressGuard(resolver=resolver_to("2804:14c::1", PUBLIC))

    checked = await guard.resolve("ERP.Cliente.com.br.", 8443)

    assert checked.host == "erp.cliente.com.br"
    assert checked.port == 8443
    assert checked.addresses == (ip_address("2804:14c::1"), ip_address(PUBLIC))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::1]", "::ffff:127.0.0.1", "169.254.169.254", "0.0.0.7"]
)
async def test_a_refused_address_typed_as_a_host_is_refused(host: str) -> None:
    fault = await fault_of(EgressGuard(), host)

    assert (type(fault), fault.code) == (Terminal, "egress-address-refused")


@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "0x7f000001", "0177.0.0.1"])
async def test_loopback_in_disguise_is_refused(host: str) -> None:
    fault = await fault_of(EgressGuard(), host)

    assert fault.code == "egress-address-refused"


async def test_the_refusal_names_the_range_and_not_the_address() -> None:
    fault = await fault_of(EgressGuard(resolver=resolver_to("10.3.2.1")), "erp.cliente.com.br")

    assert fault.facts == {"host": "erp.cliente.com.br", "network": "10.0.0.0/8"}
    assert "10.3.2.1" not in str(fault)


async def test_refusals_are_counted() -> None:
    def count() -> float:
        labels = {"code": "egress-address-refused"}
        return metrics.registry.get_sample_value("sindico_egress_refused_total", labels) or 0

    before = count()
    await fault_of(EgressGuard(), "127.0.0.1")

    assert count() - before == 1


async def test_only_permitted_addresses_of_a_host_are_kept() -> None:
    checked = await EgressGuard(resolver=resolver_to("10.0.0.1", PUBLIC)).resolve("erp.com", 443)

    assert checked.addresses == (ip_address(PUBLIC),)


async def test_a_rebinding_name_is_connected_only_where_it_was_checked() -> None:
    """The name answers the permitted 127.0.0.2 once, then the refused 127.0.0.1."""
    resolver = ScriptedResolver(["127.0.0.2"], ["127.0.0.1"])
    guard = EgressGuard(allow=[ip_network("127.0.0.2/32")], resolver=resolver)

    async with (
        serving(greet, host="127.0.0.2") as port,
        serving(greet, host="127.0.0.1", port=port),
    ):
        reader, writer = await guard.connect("rebind.example", port)
        greeting = await reader.read()
        writer.close()
        with pytest.raises(Terminal, match=r"127\.0\.0\.0/8"):
            await guard.connect("rebind.example", port)

    assert greeting == b"hello from 127.0.0.2"
    assert resolver.calls == ["rebind.example"] * 2


async def test_the_next_address_is_tried_when_one_refuses() -> None:
    async with serving(greet, host="127.0.0.2") as port:
        reader, writer = await open_guard("127.0.0.1", "127.0.0.2").connect("erp.com", port)
        greeting = await reader.read()
        writer.close()

    assert greeting == b"hello from 127.0.0.2"


async def test_a_refused_connection_is_transient() -> None:
    with pytest.raises(Transient, match=r"erp\.com refused the connection on port") as raised:
        await open_guard().connect("erp.com", await free_port())

    assert raised.value.code == "connection-refused"


async def test_a_silent_host_is_a_time_out() -> None:
    with silence() as port, pytest.raises(Transient) as raised:
        await open_guard().connect("erp.com", port, timeout_seconds=0.2)

    assert raised.value.code == "connection-timed-out"


async def test_a_host_without_a_route_is_unreachable() -> None:
    guard = EgressGuard(allow=[ip_network("240.0.0.0/4")])

    with pytest.raises(Transient) as raised:
        await guard.connect("255.255.255.255", 443)

    assert raised.value.code == "host-unreachable"


async def test_a_missing_name_is_terminal_and_a_sick_resolver_transient() -> None:
    missing = from_gaierror("erp.com", socket.gaierror(socket.EAI_NONAME, "unknown"))
    sick = from_gaierror("erp.com", socket.gaierror(socket.EAI_AGAIN, "again"))

    assert isinstance(missing, Terminal)
    assert isinstance(sick, Transient)
    assert (missing.code, sick.code) == ("dns-not-found", "dns-failed")


async def test_the_system_resolves_localhost() -> None:
    addresses = await resolve_by_system("localhost")

    assert {"127.0.0.1", "::1"} & set(addresses)
    assert len(addresses) == len(set(addresses))


async def test_a_name_that_no_resolver_takes_does_not_exist() -> None:
    with pytest.raises(OutsideError) as raised:
        await resolve_by_system("a." * 200)

    assert raised.value.code in {"dns-not-found", "dns-failed"}


async def test_a_hanging_resolver_times_out() -> None:
    async def hang(_host: str) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    fault = await fault_of(EgressGuard(resolver=hang, resolve_seconds=0.05), "erp.com")

    assert (type(fault), fault.code) == (Transient, "dns-timed-out")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ação.com.br", "xn--ao-siap.com.br"),
        ("faß.de", "xn--fa-hia.de"),
        (" ERP_01.cliente.local. ", "erp_01.cliente.local"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("\uff11\uff12\uff17.0.0.1", "127.0.0.1"),
    ],
)
def test_hosts_have_one_normal_form(text: str, expected: str) -> None:
    assert normalise_host(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", ".", "a..b", "user@host", "host/path", "host:80", "-a.com", "a\0b", "a b", "é" * 300],
)
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(Terminal) as raised:
        normalise_host(text)

    assert raised.value.code == "host-malformed"


async def test_the_providers_hosts_are_refused_by_name_range_and_current_address() -> None:
    deny = DenyList(["Mail.Provedor.com.br", "200.10.0.0/16"], resolver=resolver_to("200.20.0.1"))

    async def denied(host: str, address: str) -> bool:
        guard = EgressGuard(deny=deny, resolver=resolver_to(address))
        try:
            await guard.resolve(host, 25)
        except Terminal as fault:
            return fault.code == "egress-host-denied"
        return False

    assert await denied("mail.provedor.com.br", PUBLIC)
    assert await denied("eu.MAIL.provedor.com.br.", PUBLIC)
    assert await denied("alias.cliente.com.br", "200.20.0.1")
    assert await denied("200.10.3.4", PUBLIC)
    assert not await denied("mail.cliente.com.br", PUBLIC)
    assert not await denied("notmail.provedor.com.br", PUBLIC)


async def test_a_domain_is_refused_by_name_alone() -> None:
    resolver = ScriptedResolver([PUBLIC])
    deny = DenyList(["*.Provedor.com.br"], resolver=resolver)

    assert await deny("provedor.com.br", [])
    assert await deny("smtp.provedor.com.br", [])
    assert not await deny("notprovedor.com.br", [ip_address(PUBLIC)])
    assert resolver.calls == []


async def test_one_of_several_lists_is_enough() -> None:
    deny = any_of(DenyList(["*.a.com.br"]), DenyList(["*.b.com.br"]))

    assert await deny("x.a.com.br", [])
    assert await deny("x.b.com.br", [])
    assert not await deny("x.c.com.br", [])


async def test_the_deny_list_survives_a_sick_resolver() -> None:
    async def sick(host: str) -> Sequence[str]:
        raise Transient("dns-failed", "No answer for {host}.", host=host)

    deny = DenyList(["mail.provedor.com.br"], resolver=sick)

    assert await deny("mail.provedor.com.br", [])
    assert not await deny("mail.cliente.com.br", [ip_address(PUBLIC)])


async def test_a_denied_host_stays_denied_in_an_allowed_range() -> None:
    guard = EgressGuard(allow=LOOPBACK, deny=DenyList(["127.0.0.1"]))

    assert (await fault_of(guard, "127.0.0.1")).code == "egress-host-denied"


def settings(*, demo: bool) -> Settings:
    url = Secret("postgresql://localhost/x")
    return Settings(
        database_url=url,
        database_fleet_url=url,
        redis_url=url,
        key_ring=url,
        egress_allow=(ip_network("10.1.0.0/16"),),
        demo=demo,
    )


async def test_settings_open_ranges_and_a_demo_opens_loopback() -> None:
    closed = EgressGuard.from_settings(settings(demo=False))
    demo = EgressGuard.from_settings(settings(demo=True))

    assert (await closed.resolve("10.1.0.9", 443)).addresses == (ip_address("10.1.0.9"),)
    assert (await fault_of(closed, "127.0.0.1")).code == "egress-address-refused"
    assert (await demo.resolve("127.0.0.1", 443)).addresses == (ip_address("127.0.0.1"),)
    assert (await fault_of(demo, "10.2.0.1")).code == "egress-address-refused"


async def test_tls_keeps_the_host_name(ca: trustme.CA, ca_pem: str) -> None:
    async with serving(greet, tls=server_tls(ca, "erp.com")) as port:
        reader, writer = await open_guard().connect("erp.com", port, tls=tls_context(ca_pem))
        greeting = await reader.read()
        writer.close()

    assert greeting == b"hello from 127.0.0.1"


async def test_a_watched_connection_leaves_evidence(ca: trustme.CA, ca_pem: str) -> None:
    async def walk(watch: Watch) -> None:
        _, writer = await open_guard().connect(
            "erp.com", port, tls=tls_context(ca_pem), watch=watch
        )
        writer.close()

    async with serving(greet, tls=server_tls(ca, "erp.com")) as port:
        resolve, connect, tls = [result async for result in observe(STAGES, walk)]

    assert resolve.facts == {"name": "erp.com", "addresses": "127.0.0.1"}
    assert connect.facts == {"address": "127.0.0.1", "port": port}
    assert tls.facts["version"] == "TLSv1.3"
    assert tls.facts["days_left"] > 0
    assert tls.facts["subject"]
    assert "trustme" in tls.facts["issuer"]
    assert tls.evidence is not None
    assert tls.facts["valid_until"] in tls.evidence.format(**tls.facts)


async def test_a_watched_failure_names_its_stage() -> None:
    async def walk(watch: Watch) -> None:
        await open_guard().connect("erp.com", port, tls=tls_context(), watch=watch)

    async with serving(greet) as port:
        results = [result async for result in observe(STAGES, walk)]

    assert [result.code for result in results] == [None, None, "tls-not-spoken"]
    assert all(result.duration_ms is not None for result in results)


async def test_a_self_signed_certificate_is_told_apart() -> None:
    own = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with own.cert_pem.tempfile() as cert, own.private_key_pem.tempfile() as key:
        context.load_cert_chain(cert, key)

    async with serving(greet, tls=context) as port:
        with pytest.raises(Terminal) as raised:
            await open_guard().connect("erp.com", port, tls=tls_context())

    assert raised.value.code == "tls-certificate-self-signed"


async def test_a_certificate_for_another_name_is_refused(ca: trustme.CA, ca_pem: str) -> None:
    async with serving(greet, tls=server_tls(ca, "other.com")) as port:
        with pytest.raises(Terminal, match=r"not for erp\.com") as raised:
            await open_guard().connect("erp.com", port, tls=tls_context(ca_pem))

    assert raised.value.code == "tls-certificate-other-name"


async def test_a_foreign_authority_is_refused(ca: trustme.CA) -> None:
    foreign = trustme.CA().cert_pem.bytes().decode()

    async with serving(greet, tls=server_tls(ca, "erp.com")) as port:
        for context in (tls_context(foreign), tls_context()):
            with pytest.raises(Terminal) as raised:
                await open_guard().connect("erp.com", port, tls=context)
            assert raised.value.code == "tls-certificate-refused"


async def test_a_servers_own_certificate_can_be_pinned(ca: trustme.CA) -> None:
    certificate = ca.issue_cert("erp.com")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    pinned = tls_context(certificate.cert_chain_pems[0].bytes().decode())

    async with serving(greet, tls=context) as port:
        _, writer = await open_guard().connect("erp.com", port, tls=pinned)
        writer.close()


async def test_a_port_without_tls_is_told_apart() -> None:
    async with serving(greet) as port:
        with pytest.raises(Terminal) as raised:
            await open_guard().connect("erp.com", port, tls=tls_context())

    assert raised.value.code == "tls-not-spoken"


async def test_a_connection_closed_in_the_handshake_is_transient() -> None:
    async def hang_up(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    async with serving(hang_up) as port:
        with pytest.raises(Transient) as raised:
            await open_guard().connect("erp.com", port, tls=tls_context())

    assert raised.value.code == "connection-closed"


async def test_a_handshake_without_end_times_out() -> None:
    async def listen(reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(listen) as port:
        with pytest.raises(Transient) as raised:
            await open_guard().connect("erp.com", port, tls=tls_context(), timeout_seconds=1)

    assert raised.value.code == "tls-timed-out"


@pytest.mark.parametrize("pem", ["", "segredo", "é", "-----BEGIN CERTIFICATE-----\nAAAA\n"])
def test_a_malformed_ca_certificate_is_refused(pem: str) -> None:
    with pytest.raises(Terminal) as raised:
        tls_context(pem)

    assert raised.value.code == "ca-certificate-malformed"
