"""Salesforce, as far as its client needs it: a login, and SOQL with pages."""

from sandbox.salesforce.wire import routes as routes
