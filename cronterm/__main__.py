"""`python -m cronterm`."""

from cronterm.main import main

if __name__ == "__main__":
    main()
