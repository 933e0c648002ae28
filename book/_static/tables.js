// Tables of class "interactive" get sorting, search and pages once they come into view. Without
// scripts they stay plain. The extension of the book puts DataTables, as itables ships it, into
// interactiveTablesBundle.
(() => {
  // Rows of a page, letters from which a cell shows its beginning only, columns that a table always
  // shows, and those of a card on a telephone.
  const [PAGE, LONG, FEWEST, CARD] = [25, 90, 3, 6];
  // Letters without a space that paper may break: addresses, names of files.
  const UNBROKEN = /\S{14}/;
  let library;
  // A module loaded from disk is refused by browsers; one made from a blob is not.
  const load = async () => (library ??= import(URL.createObjectURL(new Blob([interactiveTablesBundle], { type: "text/javascript" }))));

  // On a telephone a row is a card, in which each cell names its column.
  for (const table of document.querySelectorAll("article table:is(.interactive, .gt_table, .table):not(.matrix)")) {
    const names = [...(table.tHead?.rows[table.tHead.rows.length - 1].cells ?? [])].map((cell) => cell.textContent.trim());
    for (const row of [...table.tBodies].flatMap((part) => [...part.rows])) {
      if (row.cells.length === names.length) [...row.cells].forEach((cell, at) => (cell.dataset.column = names[at]));
    }
    table.classList.add("cards");
  }

  // The last columns wait behind a button where there is no room for all.
  const fit = (table, shown) => {
    const columns = table.tHead.rows[0].cells.length;
    let left = columns;
    table.classList.add("few");
    const most = matchMedia("(max-width: 600px)").matches ? CARD : columns;
    while (left > FEWEST && (left > most || table.offsetWidth > table.parentElement.clientWidth + 1)) {
      const column = shown.column(--left);
      for (const cell of [column.header(), ...column.nodes().toArray()]) cell.classList.add("more");
    }
    if (left < columns) table.dispatchEvent(new CustomEvent("narrowed", { bubbles: true, detail: columns - left }));
  };

  const enhance = async (table) => {
    // Without the library the table is whole.
    const { default: DataTable } = await load().finally(() => [...table.tBodies[0].rows].forEach((row) => (row.hidden = false)));
    for (const cell of table.querySelectorAll("tbody td")) {
      if (UNBROKEN.test(cell.textContent)) cell.classList.add("path");
      if (cell.textContent.length <= LONG || cell.querySelector("a")) continue;
      const details = Object.assign(document.createElement("details"), { className: "long" });
      const summary = details.appendChild(document.createElement("summary"));
      summary.append(...cell.childNodes);
      cell.append(details);
    }
    // A matrix has its own order, and is seen whole.
    const [matrix, rows] = [table.classList.contains("matrix"), table.tBodies[0].rows.length];
    const long = !matrix && rows > PAGE;
    const [topStart, bottomStart, bottomEnd] = ["pageLength", "info", "paging"].map((name) => (long ? name : null));
    const shown = new DataTable(table, {
      autoWidth: false, order: [], ordering: !matrix, paging: long, pageLength: PAGE,
      lengthMenu: [PAGE, 100, { label: "all", value: -1 }],
      layout: { topStart, topEnd: rows > 8 ? "search" : null, bottomStart, bottomEnd },
      language: { search: "Search this table", lengthMenu: "Show _MENU_ rows" },
    });
    table.shownBy = shown;
    if (!matrix) fit(table, shown);
    // Paper has no next page of a table: it gets all rows.
    addEventListener("beforeprint", () => (table.shownRows = shown.page.len()) && shown.page.len(-1).draw());
    addEventListener("afterprint", () => shown.page.len(table.shownRows).draw());
    mark();
  };

  const seen = new IntersectionObserver((entries) => {
    for (const { target } of entries.filter((entry) => entry.isIntersecting)) {
      seen.unobserve(target);
      enhance(target);
    }
  }, { rootMargin: "300px" });
  // A table that waits is as high as it will be.
  for (const row of document.querySelectorAll(`table.interactive:not(.matrix) tbody tr:nth-child(n + ${PAGE + 1})`)) row.hidden = true;
  for (const table of document.querySelectorAll("table.interactive")) seen.observe(table);

  // Frames that scroll sideways take the focus, so that the arrow keys move them, and have a name.
  const FRAMES = "article :is(figure, pre, .formula), .cell_output > .output, .pst-scrollable-table-container, .dt-layout-full";
  const mark = () => {
    // All are measured first: after a change the page would be laid out anew for the next.
    const frames = [...document.querySelectorAll(FRAMES)].map((frame) => [frame, frame.scrollWidth > frame.clientWidth]);
    for (const [frame, scrolls] of frames) {
      const words = frame.querySelector("figcaption, caption, .gt_title")?.textContent.trim();
      frame.tabIndex = scrolls ? 0 : -1;
      frame.ariaLabel = scrolls ? words || (frame.matches("pre") ? "Code" : frame.matches(".formula") ? "Formula" : "Table") : null;
      // A figure is one already; everything else needs a role to bear its name.
      if (frame.localName !== "figure") frame.role = scrolls ? "region" : null;
    }
  };
  for (const event of ["load", "resize"]) addEventListener(event, mark);
  addEventListener("toggle", mark, true);
})();
