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

# What has the focus, and why a person might not see that it has.
UNSEEN_FOCUS = """() => {
  const element = document.activeElement;
  if (element === document.body) {
    return null;
  }
  const shown = [element, element.closest("label, .type-card"), ...(element.labels ?? [])].filter(Boolean);
  const hasRing = shown.some((part) => {
    const style = getComputedStyle(part);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  });
  const box = element.getBoundingClientRect();
  const x = box.left + box.width / 2;
  const lies = [box.top + 2, box.top + box.height / 2, box.bottom - 2].some((y) => {
    const top = document.elementFromPoint(x, y);
    return top && (top.contains(element) || [element, ...shown].some((part) => part.contains(top)));
  });
  const name = (element.textContent.trim() || element.name || element.localName).slice(0, 60);
  return [name, hasRing ? (lies ? "" : "lies under something") : "has no ring"];
}"""

# Controls that forced colors leave without an edge, though they are no links in a text and no boxes to tick.
EDGELESS = """() => [...document.querySelectorAll("main :is(button, input, select, textarea)")]
  .filter((control) => control.checkVisibility() && control.type !== "hidden")
  .filter((control) => !control.matches(".link-button, [type=checkbox], [type=radio], [type=file]"))
  .filter((control) => {
    const style = getComputedStyle(control);
    return parseFloat(style.borderTopWidth) === 0 && style.outlineStyle === "none";
  })
  .map((control) => (control.textContent.trim() || control.name).slice(0, 60))"""

# What still moves for somebody who asked for less motion.
MOVING = """() => [...document.querySelectorAll("*")]
  .filter((element) => {
    const style = getComputedStyle(element);
    const times = `${style.transitionDuration}, ${style.animationDuration}`.split(", ");
    return times.some((time) => parseFloat(time) > 0.01);
  })
  .map((element) => element.localName)"""
