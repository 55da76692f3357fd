"""Segments as audiences at the platforms: membership, size checks, synchronisation, exclusions and consent
removals.
"""
