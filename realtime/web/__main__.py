"""`python -m realtime.web`: the page, on this machine only unless told otherwise.

Exit codes: see `realtime.app.cli`.
"""

from __future__ import annotations

import argparse
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn

from realtime.app.cli import (
    DONE,
    INTERRUPTED,
    Interruption,
    Parser,
    add_shared_flags,
    flags_of,
    layers_of,
    run_main,
)
from realtime.config import load_config, to_toml
from realtime.errors import ConfigError
from realtime.review.desk import STORE_NAME, Desk
from realtime.review.imports import MOST_BYTES
from realtime.sizes import MB
from realtime.sources import open_source
from realtime.web.guards import LOOPBACK, GuardConfig
from realtime.web.review_routes import IMPORT_PATH
from realtime.web.state import OVER_THE_PICTURE, LiveLimits, WebState, make_data_folder

DATA = Path("~/.local/share/flinch")
GRACE_S = 2  # for open connections when the server is told to end


def parser() -> Parser:
    made = Parser(prog="python -m realtime.web", description="Watch, replay and review in the browser.")
    made.add_argument("--host", default="127.0.0.1", help="other than this machine's own needs --auth")
    made.add_argument("--port", type=int, default=7860, help="0: any that is free")
    made.add_argument("--source", default="demo", metavar="demo|PATH", help="plays where there is no camera")
    made.add_argument("--data", type=Path, default=DATA, metavar="DIR", help=f"what is kept; default {DATA}")
    made.add_argument("--clips", type=Path, metavar="DIR", help="clips that the Replay tab offers")
    made.add_argument("--auth", metavar="USER:PASSWORD|FILE", help="who may see the page")
    made.add_argument("--ssl-cert", type=Path, metavar="FILE", help="certificate (PEM), with --ssl-key")
    made.add_argument("--ssl-key", type=Path, metavar="FILE", help="its key (PEM)")
    made.add_argument("--max-sessions", type=int, default=2, metavar="N", help="live at the same time")
    add_shared_flags(made)
    return made


def main(arguments: Sequence[str]) -> int:
    args = parser().parse_args(arguments)
    if args.print_config:
        layers_of(args)  # a wrong name is told here too
        print(to_toml(load_config(args.config, flags_of(args))), end="")
        return DONE
    guard, state = guard_of(args), state_of(args)
    from realtime.web.server import make_app  # gradio takes seconds: wrong flags are told before

    with Interruption() as interruption:
        serve(make_app(state, guard), args)
        return INTERRUPTED if interruption.came else DONE


def guard_of(args: argparse.Namespace) -> GuardConfig:
    """Who may ask. Raises: ConfigError: a server that others reach needs a password."""
    login = login_of(args.auth)
    if (args.ssl_cert is None) != (args.ssl_key is None):
        raise ConfigError("--ssl-cert and --ssl-key go together")
    for file in (args.ssl_cert, args.ssl_key):
        if file is not None and not file.is_file():
            raise ConfigError(f"{file}: no such file")
    own = args.host in LOOPBACK
    if not own and login is None:
        raise ConfigError(f"--host {args.host} lets other machines in: it needs --auth USER:PASSWORD")
    return GuardConfig(
        hosts=LOOPBACK if own else None,
        login=login,
        https=args.ssl_cert is not None,
        body_bytes_of={"/gradio_api/upload": 500 * MB, "/rtc/": 64_000, IMPORT_PATH: MOST_BYTES},
    )


def login_of(text: str | None) -> tuple[str, str] | None:
    """User and password from `USER:PASSWORD`, or from a file that holds such a line. Raises: ConfigError."""
    if text is None:
        return None
    if Path(text).is_file():
        text = Path(text).read_text(encoding="utf-8").strip()
    user, colon, password = text.partition(":")
    if not colon or not user or len(password) < 8:
        raise ConfigError("--auth wants USER:PASSWORD, or a file with that line; at least 8 characters")
    return user, password


def state_of(args: argparse.Namespace) -> WebState:
    """Raises: ConfigError, CalibrationError, SourceError."""
    if args.clips is not None and not args.clips.is_dir():
        raise ConfigError(f"--clips {args.clips}: no such folder")
    config, limits = load_config(args.config, flags_of(args)), LiveLimits(sessions=args.max_sessions)
    open_source(args.source, config=config.sources).close()  # refused now rather than at the first visitor's
    data = make_data_folder(args.data.expanduser())
    return WebState(
        config=config,
        data=data,
        desk=Desk(data / STORE_NAME),
        clips=None if args.clips is None else args.clips.resolve(),
        default_source=args.source,
        limits=limits,
        layers=OVER_THE_PICTURE if args.layers is None else layers_of(args),
    )


def serve(app: object, args: argparse.Namespace) -> None:
    """Until a signal comes. Raises: ConfigError for an address or a certificate that cannot be used."""
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        log_level="warning",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
        ssl_certfile=args.ssl_cert,
        ssl_keyfile=args.ssl_key,
    )
    try:
        config.load()
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"--ssl-cert {args.ssl_cert}, --ssl-key {args.ssl_key}: {error}") from error
    with bound(args.host, args.port) as listening:
        print(greeting(args, listening.getsockname()[1]), flush=True)
        uvicorn.Server(config).run(sockets=[listening])


def bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise ConfigError(f"--host {host} --port {port}: {error.strerror or error}") from error


def greeting(args: argparse.Namespace, port: int) -> str:
    """Where the page is, and what a browser elsewhere needs."""
    scheme = "http" if args.ssl_cert is None else "https"
    host = f"[{args.host}]" if ":" in args.host else args.host
    said = f"flinch: open {scheme}://{host}:{port}/"
    if args.host not in LOOPBACK and args.ssl_cert is None:
        said += "\nflinch: browsers on other machines give no camera without https: --ssl-cert, --ssl-key"
    return said


if __name__ == "__main__":
    sys.exit(run_main(main))
