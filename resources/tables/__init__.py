"""Every table of the lake, declared once: one module per source, `core` for what is unified."""
