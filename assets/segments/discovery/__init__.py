"""Discovery of customer segments: rules found in a training period and tested in a later one."""

from assets.segments.discovery.discovery import Segmentation as Segmentation
from assets.segments.discovery.discovery import segment as segment
