"""Companies from a spreadsheet: recognised, checked, shown, written, and taken back."""

from sindico_tenants.companies.models import Company
from tests.tenants.imports.conftest import ACME, BETA, Customer

HEADER = ["CNPJ", "Código da empresa", "Razão social", "Telefone"]


async def test_a_preview_says_what_would_happen_and_writes_nothing(customer: Customer) -> None:
    await customer.company(cnpj=ACME, name="Acme", phone="+554733261234")
    await customer.company(erp_code="7", name="Sete")

    shown = await customer.preview(
        HEADER,
        [ACME, "1", "Acme Ltda.", "(47) 3326-1234"],
        [BETA, "", "Beta", ""],
        ["", "7", "Sete", ""],
        ["11222333000182", "9", "Errada", "1"],
    )

    assert shown.status == "ready"
    assert (shown.rows, shown.created, shown.updated, shown.unchanged, shown.rejected) == (
        4,
        1,
        1,
        1,
        1,
    )
    changed = (await customer.rows(shown.id, "updated"))[0]
    assert {change.field: (change.before, change.after) for change in changed.changes} == {
        "name": ("Acme", "Acme Ltda."),
        "erp_code": (None, "1"),
    }
    assert await customer.reasons(shown.id) == {
        5: [("cnpj", "cnpj-check-digits"), ("phone", "phone-format")]
    }
    assert [company.name for company in await customer.all(Company)] == ["Acme", "Sete"]


async def test_an_import_writes_what_its_preview_showed(customer: Customer) -> None:
    known = await customer.company(cnpj=ACME, name="Acme", phone="+554733261234")

    done = await customer.bring_in(
        HEADER, [ACME, "1", "Acme Ltda.", ""], [BETA, "2", "Beta", "(47) 3326-0000"]
    )

    acme, beta = await customer.all(Company)
    assert done.status == "succeeded"
    assert (done.written_created, done.written_updated) == (1, 1)
    assert (acme.id, acme.name, acme.erp_code, acme.phone) == (
        known,
        "Acme Ltda.",
        "1",
        "+554733261234",
    )
    assert (beta.cnpj, beta.phone, beta.is_active) == (BETA, "+554733260000", True)
    assert (acme.revision, beta.revision) == (2, 1)


async def test_the_same_file_again_changes_nothing(customer: Customer) -> None:
    rows = [HEADER, [ACME, "1", "Acme", "(47) 3326-1234"], [BETA, "2", "Beta", ""]]
    await customer.bring_in(*rows)

    again = await customer.preview(*rows)

    assert (again.created, again.updated, again.unchanged) == (0, 0, 2)


async def test_undo_takes_back_what_nobody_has_touched_since(customer: Customer) -> None:
    acme = await customer.company(cnpj=ACME, name="Acme", phone="+554733261234")
    done = await customer.bring_in(
        HEADER,
        [ACME, "1", "Acme Ltda.", "(47) 3326-9999"],
        [BETA, "2", "Beta", ""],
        ["", "3", "Gama", ""],
    )
    gama = (await customer.all(Company))[2]
    await customer.edit(Company, gama.id, phone="+554733260001")

    undone = await customer.take_back(done.id)

    left = await customer.all(Company)
    assert undone.status == "undone"
    assert (undone.removed, undone.restored, undone.kept) == (1, 1, 1)
    assert [(row.id, row.name) for row in left] == [(acme, "Acme"), (gama.id, "Gama")]
    assert (left[0].phone, left[0].erp_code) == ("+554733261234", None)
    kept = await customer.rows(done.id, "kept")
    assert [(row.number, row.kept_because.code) for row in kept if row.kept_because] == [
        (4, "kept-changed")
    ]


async def test_a_record_that_others_depend_on_is_left_by_the_undo(customer: Customer) -> None:
    done = await customer.bring_in(HEADER, [ACME, "1", "Acme", ""])
    await customer.branch((await customer.all(Company))[0].id)

    undone = await customer.take_back(done.id)

    assert (undone.removed, undone.kept) == (0, 1)
    kept = (await customer.rows(done.id, "kept"))[0].kept_because
    assert kept is not None
    assert kept.detail == "Other records depend on it by now: 1."


async def test_only_what_an_erp_brought_is_pinned(customer: Customer) -> None:
    ours = await customer.company(cnpj=ACME, name="Acme")
    theirs = await customer.company(cnpj=BETA, name="Beta", pinned_fields=["email"])
    await customer.link("company", theirs)

    done = await customer.bring_in(HEADER, [ACME, "", "Acme Ltda.", ""], [BETA, "2", "Beta", ""])

    pins = {row.id: row.pinned_fields for row in await customer.all(Company)}
    assert pins == {ours: [], theirs: ["email", "erp_code"]}
    await customer.take_back(done.id)
    pins = {row.id: row.pinned_fields for row in await customer.all(Company)}
    assert pins == {ours: [], theirs: ["email"]}


async def test_what_changed_since_the_preview_is_left_alone(customer: Customer) -> None:
    acme = await customer.company(cnpj=ACME, name="Acme")
    shown = await customer.preview(
        HEADER, [ACME, "", "Acme Ltda.", ""], [BETA, "2", "Beta", ""], ["", "3", "Gama", ""]
    )
    await customer.edit(Company, acme, name="Acme S.A.")
    await customer.company(cnpj=BETA, name="Beta à mão")

    await customer.start(shown.id)
    await customer.work()

    done = await customer.read(shown.id)
    assert (done.written_created, done.written_updated, done.rejected) == (1, 0, 2)
    assert done.rows == done.created + done.updated + done.unchanged + done.rejected
    assert [row.name for row in await customer.all(Company)] == ["Acme S.A.", "Beta à mão", "Gama"]
    assert await customer.reasons(shown.id) == {
        2: [("", "changed-meanwhile")],
        3: [("", "changed-meanwhile")],
    }
