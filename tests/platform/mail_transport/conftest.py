import pytest
import trustme

from sindico_platform.egress import EgressGuard, GuardedHttp
from sindico_platform.egress.ranges import LOOPBACK
from sindico_platform.mail_transport import MailTransport
from tests.platform.egress.conftest import resolver_to
from tests.support.mail_server import Mailbox


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture(scope="session")
def ca() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def ca_pem(ca: trustme.CA) -> str:
    return ca.cert_pem.bytes().decode()


@pytest.fixture
def transport() -> MailTransport:
    """Every name is this machine."""
    guard = EgressGuard(allow=LOOPBACK, resolver=resolver_to("127.0.0.1"))
    return MailTransport(guard, GuardedHttp(guard), own_name="crm.provedor.com.br")
