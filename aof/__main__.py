"""`python -m aof` is `aofctl`."""

from aof.cli.main import main

if __name__ == "__main__":
    main()
