"""One command of the command line a file: ``add_arguments(parser)`` and ``main(args) -> exit code``."""
