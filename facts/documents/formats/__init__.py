"""Writers of document sets, one file a target format."""
