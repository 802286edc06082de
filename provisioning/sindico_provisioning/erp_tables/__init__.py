"""The ERP's tables, each defined once.

Twelve tables that integrators know by their Portuguese names, and two further load resources for
the customer's own companies (`empresa_propria`) and branches (`filial`). Each is one typed struct
in `registers.py` or `sales.py`: a field is one line with its kind, label, description and example.
Everything else follows from it::

    table = queries.get_table("pedido")
    queries.order_tables(["pedido", "empresa"])   # load phases, parents first
    queries.describe_table(table)                 # GET /pedido/info
    queries.list_sql_columns(table)               # staging columns: name, SQL type, nullable
    queries.list_copy_columns(table)              # order of the tuples below
    queries.build_example(table)                  # Postman, docs
    table.row                                     # msgspec struct, for the push API's schema

    checked = service.check_json(table, body)     # or check_ndjson, check_rows(mappings)
    checked.rows                                  # good rows, tuples in COPY column order
    checked.type_rows()                           # likewise, no number left as JSON has it
    checked.rejections                            # index, key, raw row and every reason

What a row may look like:

- `id_erp` is the key: text, at most 60 characters, no space around it; it is the first column.
- A field left out is null; an empty key, document, date or number is null too. A row replaces the
  stored one whole.
- CNPJ, CPF, CEP and access keys may be masked or in lower case; they are stored bare.
- Amounts are exact decimals, as JSON number or text with a point. More decimal places than the
  field has are refused, except for a float's noise (0.30000000000000004), which is rounded off.
- Instants carry a zone. Dates and instants lie between 1900 and 2200.
- A field the table does not know rejects the row, or is kept in the `extras` column
  (`UnknownFields`).
- A key that stands twice in one batch rejects both rows.
- A field that a row of JSON names twice rejects the row, unless all values but the last are null.

References between tables are not checked here: parents may have been rejected or come later.

A field is added in one line here and one migration of the staging table.
"""
