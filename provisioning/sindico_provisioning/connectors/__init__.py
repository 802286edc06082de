"""Connectors: how we read an ERP that has an interface of its own.

A connector offers tables and reads them page by page (`schemas.Connector`)::

    async with service.open_connector("mega", properties, http=http, scope=str(tenant_id)) as erp:
        await erp.check(watch)                         # stage by stage, for a connection test
        page = await erp.read_page("pedido", cursor)   # None begins; page.next_cursor goes on
        exchanges = erp.take_exchanges()               # for the exchange ledger, failures too

A page's rows are mappings in our field names, not yet checked: `erp_tables.service.check_rows`
does that. Store the rows together with `page.next_cursor`; a page read again from the same cursor
gives the same rows, so a kill at any point costs one page. A page may be empty and still not be the
last one. What fails is raised as `Transient` or `Terminal` (`sindico_platform.errors`), and the
same cursor may be tried again.

Wire shapes stay inside each connector's folder.
"""
