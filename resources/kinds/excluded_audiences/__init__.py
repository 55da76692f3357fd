"""Which audiences a campaign or an ad set keeps out."""
