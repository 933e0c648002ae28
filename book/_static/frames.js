// Frames that scroll sideways take the focus, so that the arrow keys move them, and have a name.
// Where all of a figure or table is in view it is no stop of the Tab key.
(() => {
  const FRAMES =
    "article figure, .cell_output > .output, .pst-scrollable-table-container, .dt-layout-full";

  const mark = () => {
    for (const frame of document.querySelectorAll(FRAMES)) {
      const scrolls = frame.scrollWidth > frame.clientWidth;
      frame.tabIndex = scrolls ? 0 : -1;
      if (!scrolls) {
        frame.removeAttribute("aria-label");
        if (frame.getAttribute("role") === "region") frame.removeAttribute("role");
        continue;
      }
      const words = frame.querySelector("figcaption, caption, .gt_title")?.textContent.trim();
      frame.setAttribute("aria-label", words || "Table");
      // A figure is one already; everything else needs a role to bear its name.
      if (frame.localName !== "figure") frame.setAttribute("role", "region");
    }
  };

  mark();
  addEventListener("load", mark);
  addEventListener("resize", mark);
})();
