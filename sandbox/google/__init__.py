"""Google Ads, as it speaks: gRPC over TLS, and its OAuth token endpoint."""

from sandbox.google.server import serve as serve
