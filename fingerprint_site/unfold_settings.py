"""The admin theme's own settings."""

UNFOLD = {
    "SITE_TITLE": "Music fingerprints",
    "SITE_HEADER": "Music fingerprints",
    "SITE_SYMBOL": "graphic_eq",
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
}
