"""The ledger: what was proposed, decided, written and found out. The only place where an approval exists."""
