"""Readers of what people and spreadsheets write: numbers, days, ids and text encodings, shared by all files
from outside.
"""
