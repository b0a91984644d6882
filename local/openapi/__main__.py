"""make openapi: write the document to where the layer serves it from."""

from local.openapi.document import TARGET, text


def main() -> None:
    """Write it, and say where."""
    TARGET.write_text(text())
    print(TARGET)


if __name__ == "__main__":
    main()
