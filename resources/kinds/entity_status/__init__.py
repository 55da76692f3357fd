"""The status of a campaign or an ad set: active or paused."""
