"""What came into a class of the curve leaves by webhooks: signed, in parts, once."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import insert
from standardwebhooks import Webhook
from uuid_utils.compat import uuid7

from sindico_platform.database.tx import Tx
from sindico_provisioning.classification import service as classification
from sindico_provisioning.webhooks.models import WebhookEvent
from sindico_tenants.abc_curve import service as abc_curve
from sindico_tenants.abc_curve.schemas import AbcSettingsIn
from sindico_tenants.erp_links.models import ExternalRef
from tests.provisioning.alerts.conftest import Post
from tests.support.receiver import WebhookReceiver, receiving
from tests.support.rows import make_company
from tests.support.statements import counting
from tests.tenants.abc_curve.conftest import Clientele

BOUGHT = {"Acme": 80, "Bela": 15, "Casa": 5, "Duda": 0, "Eva": 0}
CLASSES = {"Acme": "A", "Bela": "B", "Casa": "C", "Duda": "none", "Eva": "none"}


async def fill(tx: Tx, integration_id: UUID) -> Clientele:
    """Five accounts, all but one of them an ERP's, and what they bought."""
    clientele = Clientele(tx)
    await clientele.add(*BOUGHT)
    for name, cents in BOUGHT.items():
        await clientele.buy(name, cents)
    links = [
        {
            "tenant_id": tx.tenant_id,
            "integration_id": integration_id,
            "resource": "account",
            "id_erp": f"c{number}",
            "id": clientele.ids[name],
        }
        for number, name in enumerate(BOUGHT)
        if number
    ]
    await tx.session.execute(insert(ExternalRef), links)
    return clientele


def told_by(receiver: WebhookReceiver, secret: str) -> list[dict[str, Any]]:
    """The data of each message, verified by the official library, in the order of the parts."""
    verified = [Webhook(secret).verify(each.body, each.headers) for each in receiver.posts]
    assert {each["type"] for each in verified} <= {"account.class_changed"}
    return sorted((each["data"] for each in verified), key=lambda data: data["part"])


async def test_changes_of_class_are_posted_in_parts_to_those_who_want_them(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    integration_id = uuid7()
    async with receiving() as receiver, receiving() as other:
        _, secret = await post.add_webhook(receiver.url)
        await post.add_webhook(other.url, WebhookEvent.STALE)
        totals = []
        for most in (1, 3):
            monkeypatch.setattr(classification, "MOST_CHANGES", most)
            async with post.context.uow.begin(post.actor) as tx:
                clientele = await fill(tx, uuid7() if most == 1 else integration_id)
                with counting(post.context.engines) as sent:
                    run = await classification.draw_curves(tx)
                totals.append(sent.total)
            if most == 1:
                await post.deliver()
                first = told_by(receiver, secret)
                receiver.posts.clear()
        await post.deliver()

    told = told_by(receiver, secret)
    changes = [change for data in told for change in data["changes"]]
    by_id = {UUID(change["account_id"]): change for change in changes}
    mine = {name: by_id[row_id] for name, row_id in clientele.ids.items()}
    assert totals[0] == totals[1] > 0
    assert [len(data["changes"]) for data in first] == [1] * 5
    assert [data["part"] for data in told] == list(range(1, len(told) + 1))
    assert {data["parts"] for data in told} == {len(told)}
    assert {(data["run_id"], data["load_id"]) for data in told} == {(str(run.id), None)}
    assert {each: change["from"] for each, change in mine.items()} == dict.fromkeys(BOUGHT)
    assert mine["Duda"]["to"] == CLASSES["Duda"]
    assert (mine["Acme"]["id_erp"], mine["Acme"]["integration_id"]) == (None, None)
    assert mine["Bela"]["id_erp"] == "c1"
    assert mine["Bela"]["integration_id"] == str(integration_id)
    assert {(change["measure"], change["company_id"]) for change in changes} == {("notes", None)}
    assert not any(
        name.encode() in each.body for each in receiver.posts for name in ("Acme", "Duda")
    )
    assert other.posts == []


async def test_only_what_changed_is_told_with_where_from_and_whose_curve(post: Post) -> None:
    async with receiving() as receiver:
        async with post.context.uow.begin(post.actor) as tx:
            company_id = await make_company(tx)
            clientele = Clientele(tx)
            await clientele.add(*BOUGHT, company_id=company_id)
            for name, cents in BOUGHT.items():
                await clientele.buy(name, cents)
            await classification.draw_curves(tx)  # nobody listens yet
        _, secret = await post.add_webhook(receiver.url, WebhookEvent.CLASS_CHANGED)
        async with post.context.uow.begin(post.actor) as tx:
            await classification.draw_curves(tx)  # nothing changes
            narrow = AbcSettingsIn(company_id=company_id, a_percent=10, b_percent=10, c_percent=80)
            await abc_curve.create_settings(tx, data=narrow)
        async with post.context.uow.begin(post.actor) as tx:
            await classification.draw_curves(tx)
        await post.deliver()

    [data] = told_by(receiver, secret)
    [change] = data["changes"]
    assert UUID(change["account_id"]) == clientele.ids["Bela"]
    assert (change["from"], change["to"]) == ("B", "C")
    assert (change["company_id"], change["branch_id"]) == (str(company_id), None)


async def test_alerts_leave_before_the_many_messages_of_a_run(
    post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(classification, "MOST_CHANGES", 1)
    async with receiving() as receiver:
        await post.add_webhook(receiver.url)
        async with post.context.uow.begin(post.actor) as tx:
            await fill(tx, uuid7())
            await classification.draw_curves(tx)
        await post.send()
        await post.courier.deliver_due()

    assert "integration.stale" in receiver.events
    assert len(receiver.events) == 2


async def test_what_is_not_committed_is_told_to_nobody(post: Post) -> None:
    async def break_off() -> None:
        async with post.context.uow.begin(post.actor) as tx:
            await fill(tx, uuid7())
            await classification.draw_curves(tx)
            raise KeyboardInterrupt

    await post.add_webhook("http://127.0.0.1:9/hook")
    with pytest.raises(KeyboardInterrupt):
        await break_off()

    assert await post.deliveries() == []
