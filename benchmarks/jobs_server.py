"""The server that ``benchmarks.jobs`` kills, and its worker with a small trainer."""

from __future__ import annotations

import sys


def main() -> None:
    """Serve on the loopback port that the command line names."""
    import uvicorn

    from app.settings import Settings
    from app.training.embedded import embedded_worker
    from app.web import create_app

    settings = Settings.from_environment()
    command = (sys.executable, "-m", "tests.app.training.worker_process", "tied")
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
