"""Where things are, and the secrets of this installation.

Settings come from the environment; what must stay the same between two starts (tokens, the key
for signatures) is made at the first run and kept under `MYNA_HOME`, never in the repository.
"""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

PROJECT = Path(os.environ.get("MYNA_PROJECT", Path(__file__).resolve().parent.parent))
"""The top folder, with `shop.yml`, `data/`, `responses/`, `models/`."""


def home() -> Path:
    """The folder of this installation's state (`MYNA_HOME`, else `var/`), created if missing."""
    path = Path(os.environ.get("MYNA_HOME", PROJECT / "var")).resolve()
    path.mkdir(parents=True, exist_ok=True)
    return path


def port() -> int:
    """The port of the front server (`MYNA_PORT`, else 8080)."""
    return int(os.environ.get("MYNA_PORT", "8080"))


def secret(name: str) -> str:
    """The secret `name`: from `MYNA_<NAME>`, else from a file made at the first run (mode 600).

    Several may ask for a new secret at once; the first to create the file decides.
    """
    if value := os.environ.get(f"MYNA_{name.upper()}"):
        return value
    folder = home() / "secrets"
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / name
    if not path.exists():
        handle, draft_name = tempfile.mkstemp(dir=folder, prefix=f".{name}.")  # mode 600
        draft = Path(draft_name)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(32))
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text()


def brain_url() -> str:
    """Address of `rasa run`, as the hub reaches it."""
    return os.environ.get("MYNA_BRAIN_URL", "http://127.0.0.1:5005")


def shop_url() -> str:
    """Address of the shop's service, as the actions reach it."""
    return os.environ.get("MYNA_SHOP_URL", "http://127.0.0.1:8090")


def hub_database() -> str:
    """SQLAlchemy address of the hub's database (`MYNA_DATABASE`, else SQLite under the home)."""
    return os.environ.get("MYNA_DATABASE", f"sqlite+aiosqlite:///{home() / 'hub.db'}")


def brain_database() -> str:
    """Address of the brain's database (`MYNA_BRAIN_DATABASE`, else SQLite under the home)."""
    return os.environ.get("MYNA_BRAIN_DATABASE", f"sqlite+aiosqlite:///{home() / 'brain.db'}")


def models() -> Path:
    """The folder of trained models (`MYNA_MODELS`, else `models/`)."""
    return Path(os.environ.get("MYNA_MODELS", PROJECT / "models"))


def actions_url() -> str:
    """Address of the action server."""
    return os.environ.get("MYNA_ACTIONS_URL", "http://127.0.0.1:5055")


def host() -> str:
    """The address on which the front server listens (`MYNA_HOST`, else this machine only)."""
    return os.environ.get("MYNA_HOST", "127.0.0.1")


QUIET = {
    "RASA_TELEMETRY_ENABLED": "false",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "OMP_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",
    "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
}
"""Environment of all Rasa processes: nothing is sent home, no more threads than needed."""


def rasa_environment() -> dict[str, str]:
    """The environment in which Rasa's processes are started."""
    return {**os.environ, **QUIET}
