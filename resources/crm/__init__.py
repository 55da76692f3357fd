"""The CRM: who became a lead, a qualified lead, a customer, and by which clicks; read by its own API, from SQL or from files."""
