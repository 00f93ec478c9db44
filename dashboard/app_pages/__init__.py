"""The pages, each a recipe; files that begin with an underscore are pieces that pages share."""
