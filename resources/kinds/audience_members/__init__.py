"""Who an audience holds."""
