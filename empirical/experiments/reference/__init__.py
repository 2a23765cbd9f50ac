"""The lecture's own tables, as CSV; the first line of each names its source."""
