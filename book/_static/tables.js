// Tables of class "interactive" get sorting, search and pages. Without scripts they stay plain.
// The extension of the book puts DataTables, as itables ships it, into interactiveTablesBundle.
(async () => {
  const tables = [...document.querySelectorAll("table.interactive")];
  if (tables.length === 0) return;
  // A module loaded from disk is refused by browsers; one made from a blob is not.
  const script = new Blob([interactiveTablesBundle], { type: "text/javascript" });
  const { default: DataTable } = await import(URL.createObjectURL(script));
  const PAGE = 25;
  // Letters from which a cell shows its beginning only.
  const LONG = 90;
  // Letters without a space that paper may break: addresses, names of files.
  const UNBROKEN = /\S{14}/;
  for (const table of tables) {
    for (const cell of table.querySelectorAll("tbody td")) {
      if (UNBROKEN.test(cell.textContent)) cell.classList.add("path");
      if (cell.textContent.length <= LONG || cell.querySelector("a")) continue;
      const [details, summary] = ["details", "summary"].map((tag) => document.createElement(tag));
      details.className = "long";
      summary.append(...cell.childNodes);
      details.append(summary);
      cell.append(details);
    }
    // A matrix has its own order, and is seen whole.
    const matrix = table.classList.contains("matrix");
    const long = !matrix && table.tBodies[0].rows.length > PAGE;
    const shown = new DataTable(table, {
      autoWidth: false,
      order: [],
      ordering: !matrix,
      paging: long,
      pageLength: PAGE,
      lengthMenu: [PAGE, 100, { label: "all", value: -1 }],
      layout: {
        topStart: long ? "pageLength" : null,
        topEnd: table.tBodies[0].rows.length > 8 ? "search" : null,
        bottomStart: long ? "info" : null,
        bottomEnd: long ? "paging" : null,
      },
      language: { search: "Search this table", lengthMenu: "Show _MENU_ rows" },
    });
    table.shownBy = shown;
    // Paper has no next page of a table: it gets all rows.
    let length;
    addEventListener("beforeprint", () => {
      length = shown.page.len();
      shown.page.len(-1).draw();
    });
    addEventListener("afterprint", () => shown.page.len(length).draw());
  }
  // Frames that scroll are marked by frames.js.
  dispatchEvent(new Event("resize"));
})();
