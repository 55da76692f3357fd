"""LinkedIn, as it speaks: Rest.li 2.0 over HTTP."""

from sandbox.linkedin.wire import routes as routes
