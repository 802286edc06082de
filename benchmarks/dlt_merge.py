"""dlt's merge of NDJSON files into PostgreSQL, run by a Python that has dlt: the push's yardstick.

Usage: ``dlt_merge.py URL merge|arrow FILE…``; prints rows and seconds as JSON.
"""

import json
import sys
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import dlt
from pyarrow import json as arrow


def read_rows(files: list[str]) -> Iterator[list[dict[str, Any]]]:
    for name in files:
        with open(name, "rb") as file:  # noqa: PTH123  (as dlt's own examples read)
            yield [json.loads(line) for line in file]


def read_tables(files: list[str]) -> Iterator[Any]:
    for name in files:
        yield arrow.read_json(name)


def main(url: str, how: str, files: list[str]) -> None:
    """Merge all files in one run."""
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        destination=dlt.destinations.postgres(url),
        dataset_name=f"dlt_{uuid4().hex}",  # new tables each time
    )
    rows = read_rows(files) if how == "merge" else read_tables(files)
    resource = dlt.resource(
        rows, name="itens_pedido", primary_key="id_erp", write_disposition="merge"
    )
    begun = time.perf_counter()
    pipeline.run(resource)
    seconds = time.perf_counter() - begun
    count = sum(1 for name in files for _ in open(name, "rb"))  # noqa: PTH123, SIM115
    print(json.dumps([count, seconds]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
