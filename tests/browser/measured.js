// What a page does not show whole, reach by keyboard or mark, at the size it has now.
() => {
  const shown = (selector) => [...document.querySelectorAll(selector)].filter((each) => each.checkVisibility());
  const right = (element) => element.getBoundingClientRect().right;
  const left = (element) => element.getBoundingClientRect().left;
  const named = (element) => element.caption?.textContent ?? element.id ?? element.className;
  const NAMES = "article table code, .bd-sidebar-secondary code";

  // Columns that wait are named by a button above the table.
  const says = (table) => {
    const button = table.closest(".dt-container")?.querySelector("button.columns");
    const waiting = [...table.querySelectorAll("thead .more")].filter((head) => !head.checkVisibility());
    return waiting.every((head) => button?.textContent.includes(head.textContent.trim()) && button.getBoundingClientRect().bottom < table.getBoundingClientRect().top + 1);
  };

  // On a card what a cell holds stands beside the label, none of it below.
  const amongLabels = (cell) => {
    if (getComputedStyle(cell, "::before").float !== "left") return innerWidth < 600;
    const held = document.createRange();
    held.selectNodeContents(cell);
    return [...held.getClientRects()].some((part) => part.width && part.left < left(cell) + 0.4 * cell.clientWidth);
  };

  // A frame that scrolls is a stop of the keyboard and has a name; no other is a stop.
  const frames = shown("article :is(figure, pre, .formula, .dt-layout-full)");
  const scrolling = frames.filter((frame) => frame.scrollWidth > frame.clientWidth);
  const unreachable = frames.filter((frame) => {
    const scrolls = scrolling.includes(frame);
    return scrolls !== (frame.tabIndex === 0) || (scrolls && !frame.getAttribute("aria-label"));
  });

  // What is said above a table is as wide as the frame, not as the table.
  const framed = { ".dt-layout-full:has(caption)": "caption", ".cell_output .text_html:has(> div > table.gt_table)": ".gt_title > span" };
  const words = Object.entries(framed).flatMap(([frame, inside]) =>
    shown(frame).map((each) => [each.querySelector(inside), each.clientWidth]));

  const strip = document.querySelector(".synthetic-strip span");
  const covered = (place) => {
    scrollTo({ top: place, behavior: "instant" });
    const { left, top, width, height } = strip.getBoundingClientRect();
    return document.elementFromPoint(left + width / 2, top + height / 2) !== strip;
  };
  const places = [...Array(Math.ceil((2 * document.body.scrollHeight) / innerHeight)).keys()];
  const unmarked = strip && places.map((half) => (half * innerHeight) / 2).filter(covered);
  scrollTo({ top: 0, behavior: "instant" });

  return {
    scrolling: scrolling.length,
    unreachable: unreachable.map(named),
    words: words.length,
    cut: words.filter(([text, width]) => text.getBoundingClientRect().width > width + 1).map(([text]) => text.textContent),
    hiding: shown("article table.cards").filter((table) => right(table) > innerWidth + 1 || !says(table)).map(named),
    drawings: document.querySelectorAll("svg.domain").length,
    runningOff: shown("svg:is(.domain, .potencies) :is(text, circle)").filter((mark) => right(mark) > innerWidth + 1 || left(mark) < 0).map(named),
    names: shown(NAMES).length,
    cutNames: shown(NAMES).filter((name) => right(name) > right(name.closest("td, li")) + 1).map((name) => name.textContent),
    brokenNames: innerWidth < 600 ? [] : shown("article td:first-child code").filter((name) => name.getClientRects().length > 1).map((name) => name.textContent),
    amongLabels: shown("table.cards td[data-column]").filter(amongLabels).map((cell) => cell.textContent),
    figuresAndTables: document.querySelectorAll("article :is(figure img, table, svg.domain, svg.potencies)").length,
    actions: document.querySelectorAll(".actions").length,
    mark: strip?.textContent ?? "",
    unmarked: unmarked ?? [],
  };
}
