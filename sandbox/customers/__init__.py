"""Who stands behind the clicks: people with paths over several platforms, their leads, deals and orders, as a
CRM would know them.
"""
