"""`python -m orchestration.web.dev`: `dagster dev` with the guarded web server."""

from orchestration.web.server import dev

if __name__ == "__main__":
    dev()
