#!/usr/bin/env python3
"""moto's server with a front that end-to-end tests need.

Run with the Python of `.tests/venv` (see `install`). Binds 127.0.0.1 on a port
of the system's choice, prints `ready http://127.0.0.1:PORT`, and serves until
its standard input ends: whoever started it holds the other end of that pipe,
so it cannot outlive them, however they died.

The front is four layers around moto's own WSGI application, in one process:

`Handler`  HTTP/1.1 with connections that stay open. Werkzeug's own handler
           closes each one and first waits 10 ms for more to read.
`Accounts` an access key id of exactly 12 digits is an account of its own.
`Roots`    the one XML root element that moto gets wrong for the Rust SDK.
`Cbor`     rpc-v2-cbor, which aws-sdk-cloudwatch for Rust speaks and moto does
           not, is translated to awsJson1.0 and back, typed by botocore's model.
           What moto lacks is an unknown operation there, as at AWS.

Whatever these do not concern reaches moto, and leaves it, byte for byte.
Where moto itself is wrong it stays wrong: tests know about it, products must not.
"""

import base64
import gzip
import io
import json
import os
import re
import signal
import sys
import threading
import traceback
from functools import cache

import cbor2
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape
from botocore.utils import parse_timestamp
from moto.moto_server.werkzeug_app import (
    DomainDispatcherApplication,
    MotoRequestHandler,
    create_backend_app,
)
from werkzeug.exceptions import InternalServerError
from werkzeug.serving import make_server

# The services that tests use, by botocore's names. Their parts of moto are
# loaded before `ready`, lest the first requests queue for them.
SERVICES = [
    "cloudtrail",
    "cloudwatch",
    "iam",
    "logs",
    "resourcegroupstaggingapi",
    "s3",
    "sns",
    "sts",
]

ACCOUNT = re.compile(r"Credential=(\d{12})/")
RPC = re.compile(r"/service/([^/]+)/operation/([^/]+)")


class Accounts:
    """Tells moto which account a request is for: its access key id, if that is 12 digits.

    moto takes the account from `x-moto-account-id`, which no SDK sends by itself;
    an access key id every SDK sends. Other keys are left to moto's own rules.
    """

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        found = ACCOUNT.search(environ.get("HTTP_AUTHORIZATION", ""))
        if found:
            environ.setdefault("HTTP_X_MOTO_ACCOUNT_ID", found[1])
        return self.app(environ, start_response)


class Roots:
    """Gives an answer the root element that AWS's model names, where moto's has another.

    The SDK for Rust holds an answer to the model; more lenient clients do not notice.
    """

    WRONG = b"GetBucketVersioningResponse"
    RIGHT = b"VersioningConfiguration"

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        query = environ.get("QUERY_STRING", "")
        if environ["REQUEST_METHOD"] != "GET" or not query.startswith("versioning"):
            return self.app(environ, start_response)
        status, headers, out = call(self.app, environ)
        out = out.replace(self.WRONG, self.RIGHT)
        headers = [(name, value) for name, value in headers if name.lower() != "content-length"]
        start_response(status, [*headers, ("Content-Length", str(len(out)))])
        return [out]


class Cbor:
    """Answers rpc-v2-cbor requests through an application that speaks awsJson1.0."""

    # Of a request, what describes the body that is being replaced.
    REPLACED = [
        "HTTP_ACCEPT",
        "HTTP_SMITHY_PROTOCOL",
        "HTTP_CONTENT_ENCODING",
    ]
    # Of an answer, what does so.
    DROPPED = {"content-type", "content-length", "content-encoding"}

    def __init__(self, app):
        self.app = app

    def __call__(self, environ, start_response):
        rpc = RPC.fullmatch(environ["PATH_INFO"])
        if not rpc or environ.get("HTTP_SMITHY_PROTOCOL") != "rpc-v2-cbor":
            return self.app(environ, start_response)
        target, operation = rpc.groups()

        body = environ["wsgi.input"].read()
        if environ.get("HTTP_CONTENT_ENCODING") == "gzip":
            body = gzip.decompress(body)
        given = cbor2.loads(body) if body else {}
        body = json.dumps(given, default=to_json).encode()

        environ = {k: v for k, v in environ.items() if k not in self.REPLACED}
        environ |= {
            "PATH_INFO": "/",
            "REQUEST_URI": "/",
            "RAW_URI": "/",
            "CONTENT_TYPE": "application/x-amz-json-1.0",
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_X_AMZ_TARGET": f"{target}.{operation}",
            "wsgi.input": io.BytesIO(body),
        }
        try:
            status, headers, out = call(self.app, environ)
        except NotImplementedError as lacks:
            # As CloudWatch answers an operation that it does not know: nobody tries that again.
            told = {"__type": "UnknownOperationException", "message": f"moto: {lacks}"}
            status, headers, out = "400 Bad Request", [], json.dumps(told).encode()
        headers = [(k, v) for k, v in headers if k.lower() not in self.DROPPED]
        headers += [
            ("Content-Type", "application/cbor"),
            ("smithy-protocol", "rpc-v2-cbor"),
        ]
        if status.startswith("2"):
            model = service(target)
            # Without an output shape moto answers with nothing, or with remarks of its own.
            shape = model.operation_model(operation).output_shape if model else None
            answer = to_cbor(json.loads(out or b"{}"), shape) if shape else {}
        else:
            answer = error(operation, out)
        start_response(status, headers)
        return [cbor2.dumps(answer)]


def to_json(value):
    """What JSON has no type for, as awsJson writes it: seconds, and base64."""
    if hasattr(value, "timestamp"):
        return value.timestamp()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"a request holds {value!r}, which awsJson cannot carry")


def to_cbor(value, shape: Shape):
    """A JSON value in the type that its shape in the Smithy model has in CBOR.

    Members that the model does not know, and null ones, are left out.
    """
    match shape.type_name:
        case "structure":
            members = shape.members
            return {
                name: to_cbor(inner, members[name])
                for name, inner in value.items()
                if name in members and inner is not None
            }
        case "list":
            return [to_cbor(inner, shape.member) for inner in value]
        case "map":
            return {name: to_cbor(inner, shape.value) for name, inner in value.items()}
        case "timestamp":
            seconds = (
                value if isinstance(value, (int, float)) else parse_timestamp(value).timestamp()
            )
            return cbor2.CBORTag(1, float(seconds))
        case "double" | "float":
            return float(value)
        case "integer" | "long":
            return int(value)
        case "blob":
            return base64.b64decode(value)
        case _:
            return value


def error(operation: str, out: bytes) -> dict:
    """moto's error, or its HTML page for what it does not implement, as rpc-v2-cbor has them."""
    try:
        told = json.loads(out)
    except ValueError:
        told = {}
    # Some of moto's errors come in the shape of the query protocol.
    told = told.get("Error", told)
    return {
        "__type": told.get("__type") or told.get("Code") or "InternalFailure",
        "message": told.get("message")
        or told.get("Message")
        or f"moto failed at {operation}; its standard error says why",
    }


@cache
def models() -> dict[str, ServiceModel]:
    """The service models by the name that requests call them by."""
    loaded = (
        ServiceModel(Loader().load_service_model(name, "service-2"), name) for name in SERVICES
    )
    return {
        model.metadata["targetPrefix"]: model
        for model in loaded
        if "targetPrefix" in model.metadata
    }


def service(target: str) -> ServiceModel | None:
    """The model of the service of that target, if tests use it."""
    return models().get(target)


def call(app, environ) -> tuple[str, list[tuple[str, str]], bytes]:
    """(status, headers, body) of a WSGI application's whole answer.

    An exception in it is told on standard error and is the answer of a moto server:
    HTTP 500. `NotImplementedError`, which is how moto meets calls that it lacks, is
    the caller's.
    """
    head = []

    def start_response(status, headers, exc_info=None):
        head[:] = [status, headers]
        return chunks.append

    chunks: list[bytes] = []
    try:
        answer = app(environ, start_response)
        try:
            chunks.extend(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
    except NotImplementedError:
        raise
    except Exception:
        traceback.print_exc()
        return call(InternalServerError(), environ)
    return head[0], head[1], b"".join(chunks)


class Handler(MotoRequestHandler):
    """moto's request handler, with connections that stay open.

    A request is read whole before moto sees it and an answer is complete before
    it is sent, so neither side's leftovers can be mistaken for the next message.
    """

    protocol_version = "HTTP/1.1"
    # Head and body leave in one write, at once: no waiting for the client's
    # acknowledgement (40 ms) between the two.
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def log_request(self, *_):
        """Silent: standard error is for what went wrong."""

    def handle_expect_100(self):
        """Sends the `100 Continue` at once, since the client waits for it."""
        done = super().handle_expect_100()
        self.wfile.flush()
        return done

    def run_wsgi(self):
        """Serves one request."""
        environ = self.make_environ()
        self.read_body(environ)
        status, headers, body = call(self.server.app, environ)
        if self.request_version == "HTTP/1.0":
            self.close_connection = True

        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        bodiless = self.command == "HEAD" or code in ("204", "304")
        for name, value in headers:
            # What a HEAD would have brought is the application's to say.
            if name.lower() == "content-length" and not bodiless:
                continue
            if name.lower() not in ("connection", "transfer-encoding"):
                self.send_header(name, value)
        if not bodiless:
            self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if not bodiless:
            self.wfile.write(body)
        self.wfile.flush()

    @staticmethod
    def read_body(environ):
        """Replaces the socket in `environ` by the bytes of this request's body."""
        length = environ.get("CONTENT_LENGTH")
        if environ.pop("wsgi.input_terminated", False):
            body = environ["wsgi.input"].read()
            environ.pop("HTTP_TRANSFER_ENCODING")
            environ["CONTENT_LENGTH"] = str(len(body))
        else:
            body = environ["wsgi.input"].read(int(length or 0))
        environ["wsgi.input"] = io.BytesIO(body)


def main():
    moto = DomainDispatcherApplication(create_backend_app)
    for name in SERVICES:
        moto.app_instances[name] = create_backend_app(name)
    models()
    server = make_server(
        "127.0.0.1",
        0,
        Accounts(Roots(Cbor(moto))),
        threaded=True,
        request_handler=Handler,
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))
    print(f"ready http://127.0.0.1:{server.port}", flush=True)
    while sys.stdin.buffer.read(4096):
        pass
    # Not `sys.exit`: it would wait for requests that nobody waits for any more.
    os._exit(0)


if __name__ == "__main__":
    main()
