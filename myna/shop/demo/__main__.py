"""Starts the demo shop's service: `python -m myna.shop.demo --port 8090 --database URL`."""

from __future__ import annotations

import argparse
import os
import socket

from myna.shop.demo.faults import Faults
from myna.shop.demo.service import create_app


def main(arguments: list[str] | None = None) -> None:
    """Serves on the loopback interface until it is stopped.

    Args:
        arguments: instead of the command line's.
    """
    parser = argparse.ArgumentParser(prog="python -m myna.shop.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=8090, help="0 takes a free one")
    parser.add_argument("--database", required=True, metavar="URL", help="sqlite:///path")
    parser.add_argument("--faults", action="store_true", help="allow POST /__faults (for tests)")
    options = parser.parse_args(arguments)
    token = os.environ.get("MYNA_SHOP_TOKEN", "")
    if not token:
        parser.error("set MYNA_SHOP_TOKEN to the token that callers must present")
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", options.port))
        except OSError as error:
            parser.error(f"port {options.port}: {error.strerror}")
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            app = create_app(options.database, token, Faults() if options.faults else None, url)
        except ValueError as error:
            parser.error(str(error))
        listener.listen()
        print(f"demo shop: {url}/", flush=True)
        app.run(sock=listener, motd=False, access_log=False)


if __name__ == "__main__":
    main()
