"""Actions of `salience documents`, one a file: ``ABOUT``, ``add_arguments(parser)`` and ``main(args) -> int``."""
