// Width of the page, what of its article sticks out without a frame that scrolls, and how many
// tables are wider than their frame and can be scrolled in it.
() => {
  const edge = document.documentElement.clientWidth;
  const frame = (element) => {
    for (let node = element; node && node !== document.body; node = node.parentElement) {
      const inside = node.getBoundingClientRect().right <= edge + 1;
      if (inside && ["auto", "scroll"].includes(getComputedStyle(node).overflowX)) return node;
    }
    return null;
  };
  const visible = (element) => element.checkVisibility({ visibilityProperty: true });

  const stickingOut = [...document.querySelectorAll(".bd-article *, .bd-header-article button")]
    .filter((element) => visible(element) && !element.closest(".visually-hidden"))
    .filter((element) => element.getBoundingClientRect().right > edge + 1 && !frame(element))
    .map((element) => `${element.tagName.toLowerCase()}.${element.className}`);

  const scrollingTables = [...document.querySelectorAll(".bd-article table")].filter((table) => {
    const around = visible(table) && frame(table);
    if (!around || around.scrollWidth <= around.clientWidth + 1) return false;
    around.scrollLeft = 40;
    return around.scrollLeft > 0;
  }).length;

  return {
    width: document.documentElement.scrollWidth,
    stickingOut: [...new Set(stickingOut)],
    scrollingTables,
  };
}
