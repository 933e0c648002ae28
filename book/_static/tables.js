// Tables of class "interactive" get sorting, search and pages before the page is drawn: nothing
// moves afterwards, and a link to a place below them leads there. Without scripts they stay plain.
// The extension of the book makes DataTables of what itables ships.
(() => {
  // Rows of a page, letters from which a cell shows its beginning only, columns that a table always
  // shows, and those of a card on a telephone.
  const [PAGE, LONG, FEWEST, CARD] = [25, 90, 3, 6];
  // Letters without a space that paper may break: addresses, names of files.
  const UNBROKEN = /\S{14}/;

  // On a telephone a row is a card, in which each cell names its column.
  for (const table of document.querySelectorAll("article table:is(.interactive, .gt_table, .table):not(.matrix)")) {
    const names = [...(table.tHead?.rows[table.tHead.rows.length - 1].cells ?? [])].map((cell) => cell.textContent.trim());
    for (const row of [...table.tBodies].flatMap((part) => [...part.rows])) {
      if (row.cells.length === names.length) [...row.cells].forEach((cell, at) => (cell.dataset.column = names[at]));
    }
    table.classList.add("cards");
  }

  const enhance = (table) => {
    for (const cell of table.querySelectorAll("tbody td")) {
      if (UNBROKEN.test(cell.textContent)) cell.classList.add("path");
      if (cell.textContent.length <= LONG || cell.querySelector("a")) continue;
      const details = Object.assign(document.createElement("details"), { className: "long" });
      details.appendChild(document.createElement("summary")).append(...cell.childNodes);
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
    // Paper has no next page of a table: it gets all rows.
    addEventListener("beforeprint", () => (table.shownRows = shown.page.len()) && shown.page.len(-1).draw());
    addEventListener("afterprint", () => shown.page.len(table.shownRows).draw());
  };

  // The last columns wait where there is no room for all, behind a button above that names them.
  const fit = (tables) => {
    const most = matchMedia("(max-width: 600px)").matches ? CARD : Infinity;
    // All are measured first: after a change the page would be laid out anew for the next.
    const waiting = tables.map(({ tHead, parentElement }) => {
      const edge = parentElement.getBoundingClientRect().left + parentElement.clientWidth + 1;
      return [...tHead.rows[0].cells].filter((cell, at) => at >= FEWEST && (at >= most || cell.getBoundingClientRect().right > edge));
    });
    tables.forEach((table, at) => {
      const names = waiting[at].map((cell) => cell.textContent.trim());
      if (!names.length) return;
      for (const head of waiting[at]) {
        for (const cell of [head, ...table.shownBy.column(head).nodes().toArray()]) cell.classList.add("more");
      }
      table.classList.add("few");
      const [few, all] = ["Fewer columns", `All columns (${names.length} more: ${names.join(", ")})`];
      const press = ({ target }) => (target.textContent = table.classList.toggle("few") ? all : few);
      const button = Object.assign(document.createElement("button"), { type: "button", className: "columns", textContent: all, onclick: press });
      table.closest(".dt-layout-table").before(button);
    });
  };

  const tables = [...document.querySelectorAll("table.interactive")];
  if (globalThis.DataTable && tables.length) {
    // Out of sight it is laid out once, after all of them.
    const { style } = document.querySelector("article");
    style.display = "none";
    tables.forEach(enhance);
    style.display = "";
    fit(tables.filter((table) => !table.classList.contains("matrix")));
  }

  // Frames that scroll sideways take the focus, so that the arrow keys move them, and have a name.
  const FRAMES = "article :is(figure, pre, .formula), .cell_output > .output, .pst-scrollable-table-container, .dt-layout-full";
  const mark = () => {
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
