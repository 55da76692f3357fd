"""Where assets, resources and sensors become one Dagster deployment."""

import warnings

import dagster as dg

# Backfill policies and automation conditions carry this project; Dagster still calls parts of them beta, at
# every start.
warnings.filterwarnings("ignore", category=dg.BetaWarning)
warnings.filterwarnings("ignore", category=dg.PreviewWarning)
