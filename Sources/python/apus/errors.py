"""What is said about a file that cannot be used."""


class InputError(Exception):
    """A mistake in a file: what was found, what was expected and what to do, on one line."""

    def __init__(self, file, message):
        super().__init__(f"{file}: {message}")


def quoted(text):
    """The text in quotes, on one line and not longer than forty characters."""
    return repr(text if len(text) <= 40 else text[:39] + "…")


def read_text(path, remedy):
    """The text of a file; InputError, which ends with the remedy, where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(path, f"found bytes that are no UTF-8 at {error.start}, expected text; {remedy}") from None
    except OSError as error:
        raise InputError(path, f"{error.strerror}, expected a file that can be read; {remedy}") from None
