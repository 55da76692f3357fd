"""Clients of the CRM: HubSpot, Salesforce, a SQL database, files and LinkedIn lead forms, read into raw
tables.
"""
