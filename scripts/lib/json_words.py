"""json_words.py SCHEMA: the words of a JSON schema as a dictionary of libFuzzer's."""

import json
import sys


def words(node):
    """Keys and values that the schema names, quoted as they stand in a document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "properties":
                yield from value
            elif key in ("enum", "const"):
                yield from value if key == "enum" else [value]
            yield from words(value)
    elif isinstance(node, list):
        for value in node:
            yield from words(value)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        schema = json.load(file)
    for word in sorted({word for word in words(schema) if isinstance(word, str)}):
        print(json.dumps(json.dumps(word)))


main()
