"""HTML tables."""


def table(head: list[str], rows: list[list[str]], numbers: int) -> str:
    """An HTML table; columns from index `numbers` on are right-aligned; cells are HTML."""

    right = ' class="n"'

    def cells(tag: str, row: list[str]) -> str:
        return "".join(f"<{tag}{right if i >= numbers else ''}>{cell}</{tag}>" for i, cell in enumerate(row))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{cells("th", head)}</tr>{body}</table></div>'
