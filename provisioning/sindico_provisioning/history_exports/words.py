"""What stands in a history file and beside its form, for people who do not know how it is made."""

from sindico_platform.errors import Busy, InvalidInput
from sindico_platform.idempotency.errors import KeyOfAnotherRequest, StillRunning
from sindico_platform.identity.errors import NotAllowed
from sindico_platform.words import translatable
from sindico_provisioning.erp_tables.errors import BodyNotJson, ErpTableNotFound, PushOfTooManyRows
from sindico_provisioning.exchanges.schemas import Outcome
from sindico_provisioning.loads.errors import IntegrationPaused
from sindico_provisioning.packages.errors import PackageLimitReached
from sindico_provisioning.pushes import errors as pushes

READING_SHEET = translatable("How to read")
REQUESTS_SHEET = translatable("Requests")
OVERVIEW_TITLES = (
    translatable("Table"),
    translatable("Description"),
    translatable("Requests"),
    translatable("Records received"),
)
FILE_NAME = translatable("history")
"""How the names of the files begin."""

OUTCOMES: dict[str, str] = {
    Outcome.CREATED: translatable("Record created"),
    Outcome.UPDATED: translatable("Record updated"),
    Outcome.UNCHANGED: translatable("Record unchanged"),
    Outcome.REJECTED: translatable("Record rejected"),
    Outcome.NOT_TAKEN: translatable("Not taken"),
}

OUTCOMES_EXPLAINED: dict[str, str] = {
    Outcome.CREATED: translatable("The record was new and is stored now."),
    Outcome.UPDATED: translatable("The record was known; what is stored was replaced by it."),
    Outcome.UNCHANGED: translatable(
        "The record is the same as the stored one, or older than it; nothing changed."
    ),
    Outcome.REJECTED: translatable(
        "The record has a mistake and was not stored. The reasons say which; correct it in the ERP"
        " and send it again."
    ),
    Outcome.NOT_TAKEN: translatable(
        "Nothing of the record's request was stored: the request was refused, or it was to be"
        " stored whole or not at all and another record of it was rejected."
    ),
}

REFUSALS: dict[str, str] = {
    kind.code: kind.title
    for kind in (
        *(BodyNotJson, Busy, ErpTableNotFound, IntegrationPaused, InvalidInput),
        *(KeyOfAnotherRequest, NotAllowed, PackageLimitReached, StillRunning),
        *(pushes.BodyDamaged, pushes.EncodingNotSupported),
        *(pushes.ErpFieldNotFound, pushes.MediaTypeNotSupported, PushOfTooManyRows),
        *(pushes.PushRefused, pushes.PushTooLarge, pushes.RowTooLarge, pushes.TooManyPushes),
        pushes.TooManyRows,
    )
}
"""What a request from the ERP may be refused for; titles by code."""

TABLE_DESCRIPTIONS: dict[str, str] = {
    "empresa_propria": translatable("The customer's own companies"),
    "filial": translatable("The customer's own branches"),
    "vendedor": translatable("Salespeople"),
    "fornecedor": translatable("Suppliers, for use in procedure tasks"),
    "empresa": translatable("Clients that are companies of interest to the CRM"),
    "empresa_marca": translatable(
        "View that relates the company to its commercial situation with each brand"
    ),
    "contato": translatable("Clients that are people of interest to the CRM"),
    "cotacao": translatable("Quotations made for the clients"),
    "itens_cotacao": translatable("Items of the quotations"),
    "pedido": translatable("Orders of clients of interest to the CRM in the last 2 years"),
    "itens_pedido": translatable(
        "Items of orders of clients of interest to the CRM in the last 2 years"
    ),
    "nota": translatable("Invoices of clients of interest to the CRM in the last 2 years"),
    "itens_nota": translatable(
        "Items of invoices of clients of interest to the CRM in the last 2 years"
    ),
    "fatura": translatable("Open trade bills of the clients"),
}

READING: tuple[str, ...] = (
    translatable(
        "The sheet Requests has a row for each time the ERP called the CRM, or the CRM called the"
        " ERP: when, what was asked, how long it took, how many records came and what became of"
        " them."
    ),
    translatable(
        "After it, each table has a sheet of its own with a row for each record received. The"
        " column Request leads back to the row of the same number in Requests."
    ),
    translatable(
        "The same record may stand in several rows: one for each time it was sent. The last one"
        " counts."
    ),
    translatable(
        "Of requests that the CRM made of the ERP itself only the counts are shown; the log of the"
        " load tells more."
    ),
    translatable(
        "Received is always created plus updated plus unchanged plus rejected plus not taken. Use"
        " the arrows in the header to filter, for example by the outcome Record rejected."
    ),
)
MASKED_NOTE = translatable(
    "Personal data are masked with ***, because whoever asked for this file may not see them."
)
