"""Which lists of negative keywords a campaign has."""
