"""HubSpot, as it speaks: the CRM's REST API."""

from sandbox.hubspot.wire import routes as routes
