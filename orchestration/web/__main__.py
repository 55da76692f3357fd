"""`python -m orchestration.web`:

Dagster's own web server, every option of `dagster-webserver`, behind the cross-site guard.
"""

from orchestration.web.server import main

main()
