"""Whom to tell what and when: messages that people do not mute."""
