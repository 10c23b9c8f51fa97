"""`python -m tests.channels.messenger.sandbox`; `myna messenger sandbox` calls it."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
import threading

from myna import settings, training
from myna.channels.messenger.webhook import PATH
from myna.child import ChildError
from myna.front import FIRST_AGENT
from myna.stack import environment as clean_environment
from myna.stack import running

from ..fake.world import Page
from ..trial import PAGES, Remote, environment
from .graph import SandboxGraph


def main() -> int:
    """Serves until it is stopped."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8070)
    asked = parser.parse_args()
    home = settings.home() / "messenger-sandbox"
    graph = SandboxGraph()
    graph.world.pages = {page: Page(page, token, name) for page, token, name in PAGES.values()}
    training.train()
    print("Starting Myna behind a thread of Messenger …", flush=True)
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    try:
        with Remote(graph, asked.port):
            more = environment(home, graph.url)
            with running(home, more=more) as stack:
                graph.webhook.url = stack.url + PATH
                graph.desk = f"{stack.url.replace('127.0.0.1', 'localhost')}/desk"
                graph.login = f"{FIRST_AGENT[0]} / {stack.secret('desk_password')}"
                _set_up({**clean_environment(home), **more, "MYNA_PUBLIC_URL": stack.url})
                print(
                    f"\n  Messenger  http://localhost:{asked.port}/\n  Desk       {graph.desk}"
                    f"     {graph.login}\n\n  Stop: Ctrl+C",
                    flush=True,
                )
                over.wait()
    except (ChildError, OSError) as fault:
        print(f"The sandbox did not start: {fault}", file=sys.stderr)
        return 1
    return 0


def _set_up(where: dict[str, str]) -> None:
    """As a shop owner would: greeting, first questions and menu."""
    command = [sys.executable, "-m", "myna.cli", "messenger", "setup"]
    with contextlib.suppress(subprocess.CalledProcessError):
        subprocess.run(
            command, env={**os.environ, **where}, cwd=settings.PROJECT, check=True, timeout=60
        )


if __name__ == "__main__":
    sys.exit(main())
