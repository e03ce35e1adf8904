"""Files that are written as a whole or not at all."""
import os


def write(path, content):
    """Bytes to a file; one that stood there stays until the new one is complete."""
    new = path + ".new"
    try:
        with open(new, "wb") as file:
            file.write(content)
        os.replace(new, path)
    except BaseException:  # an interrupt too
        if os.path.exists(new):
            os.remove(new)
        raise
