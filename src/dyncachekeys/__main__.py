"""``python -m dyncachekeys``."""

from dyncachekeys.cli.main import main

if __name__ == "__main__":
    main()
