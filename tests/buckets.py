"""A server that speaks as much of S3 as an export needs, and fails as it is told."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO
from urllib.parse import unquote

import pytest

ID, SECRET = "CANARYKEYID5b1e07", "canary-secret-9c2f44"
HOLD = 0
CLOSE = -1
_CODES = {403: "AccessDenied", 404: "NoSuchBucket", 500: "InternalError", 503: "SlowDown"}


def _joined(stream: BinaryIO | io.BufferedIOBase) -> bytes:
    chunks = []
    while size := int(stream.readline().partition(b";")[0], 16):
        chunks.append(stream.read(size))
        stream.readline()
    while stream.readline().strip():
        pass  # checksums
    return b"".join(chunks)


class Bucket:
    """One bucket named ``lake``; objects are uploaded in parts, as pyarrow does.

    Attributes:
        url: its endpoint.
        objects: what is there, by key.
        fails: called with method, key and query of each request before it is answered; gives a
            status, HOLD, CLOSE, or None where all is well.
        requests: how many there were.
    """

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.fails: Callable[[str, str, str], int | None] = lambda method, key, query: None
        self.requests = 0
        self.over = threading.Event()
        self._parts: dict[str, dict[str, bytes]] = {}
        bucket = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def respond(self) -> None:
                bucket.requests += 1
                body = self.body()
                path, _, query = self.path.partition("?")
                key = unquote(path).removeprefix("/lake").removeprefix("/")
                status = bucket.fails(self.command, key, query)
                if status == HOLD:
                    bucket.over.wait(60)
                if status in (HOLD, CLOSE):
                    self.close_connection = True
                    return
                if status is None:
                    status, reply = bucket.answer(self.command, key, query, body)
                else:
                    reply = f"<Error><Code>{_CODES[status]}</Code></Error>"
                self.send_response(status)
                self.send_header("ETag", '"x"')
                self.send_header("Content-Type", "application/xml")
                self.send_header("Content-Length", str(len(reply)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(reply.encode())

            def body(self) -> bytes:
                """As it was meant: chunks put together, those of HTTP and those of S3."""
                if self.headers.get("Transfer-Encoding") == "chunked":
                    body = _joined(self.rfile)
                else:
                    body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if "aws-chunked" in (self.headers.get("Content-Encoding") or ""):
                    body = _joined(io.BytesIO(body))
                return body

            do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = respond  # noqa: N815

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, request: object, client_address: object) -> None:
                """The client was killed."""

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    @property
    def env(self) -> dict[str, str]:
        """What points pyarrow at it."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": ID,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def answer(self, method: str, key: str, query: str, body: bytes) -> tuple[int, str]:
        """What S3 would say: status and body."""
        if method == "PUT":
            self._parts.setdefault(key, {})[query] = body
        elif method == "POST" and "uploads" in query:
            self._parts[key] = {}
            return 200, (
                f"<InitiateMultipartUploadResult><Bucket>lake</Bucket><Key>{key}</Key>"
                "<UploadId>u</UploadId></InitiateMultipartUploadResult>"
            )
        elif method == "POST":
            self.objects[key] = b"".join(self._parts.pop(key).values())
            return 200, (
                f"<CompleteMultipartUploadResult><Bucket>lake</Bucket><Key>{key}</Key>"
                "<ETag>x</ETag></CompleteMultipartUploadResult>"
            )
        elif method == "DELETE":
            self.objects.pop(key, None)
            return 204, ""
        elif method == "GET":
            rows = "".join(
                f"<Contents><Key>{each}</Key><Size>{len(content)}</Size>"
                "<LastModified>2026-11-22T00:00:00Z</LastModified></Contents>"
                for each, content in sorted(self.objects.items())
            )
            return 200, (
                f"<ListBucketResult><Name>lake</Name><IsTruncated>false</IsTruncated>{rows}</ListBucketResult>"
            )
        elif key not in self.objects:
            return 404, ""
        return 200, ""

    def close(self) -> None:
        """Stop listening."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    running = Bucket()
    yield running
    running.close()
