"""Lists of negative keywords that are made with their words, or removed."""
