"""The page of an audit as a browser reads it."""

from html.parser import HTMLParser

VOID = {"meta", "img"}


class Reader(HTMLParser):
    """Tables by caption, images and text of a page; fails where a tag is not closed, or closed twice."""

    def __init__(self, content):
        super().__init__()
        self.open, self.tables, self.images, self.figures, self.words = [], {}, [], [], []
        self.feed(content)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "img":
            self.images.append(attrs)
        if tag == "svg":
            self.figures.append(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "caption":
            self.caption = ""
        if tag == "tr":
            self.row = []
        if tag in ("th", "td"):
            assert tag == "td" or attrs["scope"] in ("row", "col")
            self.row.append("")

    def handle_startendtag(self, tag, _attrs):
        assert "svg" in self.open, tag

    def handle_endtag(self, tag):
        assert self.open.pop() == tag
        if tag == "tr":
            self.tables.setdefault(self.caption, []).append(self.row)

    def handle_data(self, data):
        if "style" not in self.open:
            self.words.append(data)
        if self.open[-1:] == ["caption"] or "caption" in self.open:
            self.caption += data
        elif "tr" in self.open and ("th" in self.open or "td" in self.open):
            self.row[-1] += data

    @property
    def text(self):
        return " ".join("".join(self.words).split())

    def table(self, start):
        """Rows below the head of the one table whose caption starts so, and the head."""
        (found,) = [rows for caption, rows in self.tables.items() if caption.startswith(start)]
        return found[1:], found[0]
