"""Meta, as it speaks: the Graph API over HTTP."""

from sandbox.meta.wire import routes as routes
