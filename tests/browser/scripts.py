"""What a page is asked, in its own language. DOM methods only, as everywhere."""

# Sends a form with these fields, whatever the browser would say to what is in them.
SEND = """([action, fields]) => {
  const form = document.createElement("form");
  form.method = "post";
  form.action = action;
  for (const [name, value] of fields) {
    const field = document.createElement("input");
    field.type = "hidden";
    field.name = name;
    field.value = value;
    form.append(field);
  }
  document.body.append(form);
  form.submit();
}"""

# The text that somebody who may see it cannot: cut off by the window or by something around it.
CUT_OFF = """() => {
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode;
    const element = node.parentElement;
    if (!node.data.trim() || !element.checkVisibility() || element.closest("option, .skip-link")) {
      continue;
    }
    const range = document.createRange();
    range.selectNodeContents(node);
    const right = Math.max(...[...range.getClientRects()].map((box) => box.right));
    let edge = innerWidth;
    for (let outer = element; outer && outer !== document.body; outer = outer.parentElement) {
      const style = getComputedStyle(outer);
      const isOnlyHeard = style.clipPath !== "none";
      if (isOnlyHeard || style.overflowX === "auto" || style.overflowX === "scroll") {
        edge = Infinity;
        break;
      }
      if (style.overflowX !== "visible") {
        edge = Math.min(edge, outer.getBoundingClientRect().right);
      }
    }
    if (right > edge + 1) {
      found.push(`${node.data.trim().slice(0, 60)} (${Math.round(right - edge)} px)`);
    }
  }
  return found;
}"""
