"""Negative keywords: words whose searches show no ad of an ad group, a campaign, a list or an account."""
