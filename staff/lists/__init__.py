"""How a person sees a list: the columns, the filters that are set, and the views that were saved."""
