"""Each kind of change against the simulated platforms: one file of cases a kind, and what holds for all."""
