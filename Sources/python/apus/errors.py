"""What is raised: on files that cannot be used, and by the C library."""


class Error(Exception):
    """Everything that apus raises on purpose; the message says what was found, what was expected and what to do."""


class InputError(Error):
    """A mistake in a file: what was found, what was expected and what to do, on one line."""

    def __init__(self, file, message):
        super().__init__(f"{file}: {message}")


class LibraryError(Error, ImportError):
    """The C library is not there, cannot be loaded, or is of another version."""


class FileError(Error, OSError):
    """A file cannot be read, or is no potential."""


class ElementError(Error, ValueError):
    """An element that the potential does not cover."""


class ArgumentError(Error, ValueError):
    """An argument that makes no sense: a shape, a precision, a number of threads."""


class StructureError(Error, ValueError):
    """A structure that makes no sense: a coordinate that is not finite, a cell without volume."""


class TooCloseWarning(UserWarning):
    """Atoms are closer than any of their elements were in the training data: the potential knows nothing there."""


class NotFiniteError(Error, ArithmeticError):
    """The energy or a force is not finite: atoms are on top of each other."""


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
