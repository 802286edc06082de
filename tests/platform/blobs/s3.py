"""As much of S3 as obstore speaks: objects, uploads in parts, and deletions in bulk."""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


class Bucket(ThreadingHTTPServer):
    """Objects by path, ``/bucket/prefix/key``."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Request)
        self.objects: dict[str, bytes] = {}
        self.parts: dict[str, dict[int, bytes]] = {}
        self.refuse_with: int | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Bucket

    def log_message(self, *_args: object) -> None:
        """Tests print what they need."""

    def do_PUT(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.refuse_with:
            self.answer(self.server.refuse_with)
        elif "partNumber" in self.options:
            self.server.parts[self.options["uploadId"]][int(self.options["partNumber"])] = body
            self.answer(200, headers={"ETag": '"e"'})
        else:
            self.server.objects[self.place] = body
            self.answer(200, headers={"ETag": '"e"'})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if "delete" in self.options:
            keys = re.findall(r"<Key>(.*?)</Key>", body.decode())
            for key in keys:
                self.server.objects.pop(f"{self.place.rstrip('/')}/{key}", None)
            deleted = "".join(f"<Deleted><Key>{key}</Key></Deleted>" for key in keys)
            self.answer(200, f"<DeleteResult>{deleted}</DeleteResult>".encode())
        elif "uploads" in self.options:
            self.server.parts["u1"] = {}
            self.answer(200, b"<R><Bucket>b</Bucket><Key>k</Key><UploadId>u1</UploadId></R>")
        else:
            parts = self.server.parts.pop(self.options["uploadId"])
            self.server.objects[self.place] = b"".join(parts[number] for number in sorted(parts))
            self.answer(200, b'<R><ETag>"e"</ETag></R>')

    def do_GET(self) -> None:
        if self.place not in self.server.objects:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
            return
        headers = {"ETag": '"e"', "Last-Modified": "Sat, 21 Nov 2026 12:00:00 GMT"}
        self.answer(200, self.server.objects[self.place], headers)

    @property
    def place(self) -> str:
        return urlsplit(self.path).path

    @property
    def options(self) -> dict[str, str]:
        query = parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        return {name: values[0] for name, values in query.items()}

    def answer(self, status: int, body: bytes = b"", headers: dict[str, str] | None = None) -> None:
        signed = self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256")
        self.send_response(status if signed else 403)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def serving_bucket() -> Iterator[Bucket]:
    bucket = Bucket()
    thread = threading.Thread(target=bucket.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield bucket
    finally:
        bucket.shutdown()
        thread.join()
        bucket.server_close()
