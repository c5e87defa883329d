"""How each person sees a list: its columns, the filters that are set, and saved views."""
