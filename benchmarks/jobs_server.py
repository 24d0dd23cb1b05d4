"""The server that ``benchmarks.jobs`` kills, and the worker that it brings along."""

from __future__ import annotations

import sys


def main() -> None:
    """Serve on the loopback port that the command line names, with a worker of that module."""
    import uvicorn

    from app.settings import Settings
    from app.training.embedded import embedded_worker
    from app.web import create_app

    settings = Settings.from_environment()
    command = (sys.executable, "-m", sys.argv[2], "tied")
    with embedded_worker(settings, command):
        uvicorn.run(
            create_app(settings),
            host="127.0.0.1",
            port=int(sys.argv[1]),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=1,
        )


if __name__ == "__main__":
    main()
