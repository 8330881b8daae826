"""Python source in a terminal's colours, by the standard library's own tokenizer."""

from __future__ import annotations

import io
import keyword
import token
import tokenize

_RESET, _KEYWORD, _NUMBER, _STRING, _COMMENT, _NAME = (f"\033[{n}m" for n in ("0", "1;34", "36", "32", "2", "1"))


def highlight(source: str) -> str:
    """The source with ANSI colours; nothing else about it changes."""
    lines = source.splitlines(keepends=True)
    out: list[str] = []
    row, col = 1, 0

    def upto(end: tuple[int, int]) -> str:
        """The text from where we are to `end`."""
        nonlocal row, col
        if end <= (row, col):
            return ""
        parts = []
        while row < end[0]:
            parts.append(lines[row - 1][col:] if row <= len(lines) else "")
            row, col = row + 1, 0
        if row <= len(lines):
            parts.append(lines[row - 1][col : end[1]])
        col = end[1]
        return "".join(parts)

    previous = ""
    for tok in tokenize.generate_tokens(io.StringIO(source).readline):
        out.append(upto(tok.start))
        text = upto(tok.end)
        colour = _colour(tok, previous)
        out.append(f"{colour}{text}{_RESET}" if colour and text else text)
        previous = tok.string
    return "".join(out)


def _colour(tok: tokenize.TokenInfo, previous: str) -> str:
    if tok.type == token.NAME and keyword.iskeyword(tok.string):
        return _KEYWORD
    if tok.type == token.NAME and previous == "def":
        return _NAME
    return {token.NUMBER: _NUMBER, token.STRING: _STRING, tokenize.COMMENT: _COMMENT}.get(tok.type, "")
