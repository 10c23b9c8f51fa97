"""The action server: Rasa's, on loopback and with a token.

`rasa run actions` listens on every interface without authentication and shows a stack trace's
message to the caller; this is how `myna up` starts the same actions instead.
"""

from __future__ import annotations

import argparse
import hmac
import os

from rasa_sdk.endpoint import create_app
from sanic.request import Request
from sanic.response import HTTPResponse, json

from myna import settings
from myna.masking import mask_logs


def main() -> None:
    """Serves the package `actions` on 127.0.0.1."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=5055)
    port = parser.parse_args().port
    mask_logs()
    token = settings.secret("actions")
    os.chdir(settings.PROJECT)
    app = create_app("actions", cors_origins=[])

    @app.middleware("request")
    async def authenticate(request: Request) -> HTTPResponse | None:
        if request.path == "/health":
            return None
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        # Sanic keeps bytes that are no UTF-8 as surrogates
        if not hmac.compare_digest(given.encode(errors="surrogateescape"), token.encode()):
            return json({"error": "the action server's token is missing or wrong"}, 401)
        return None

    app.run("127.0.0.1", port, workers=1, access_log=False, motd=False)


if __name__ == "__main__":
    main()
