// Tables of class "interactive" get sorting, search and pages. Without scripts they stay plain.
// The extension of the book puts DataTables, as itables ships it, into interactiveTablesBundle.
(async () => {
  const tables = [...document.querySelectorAll("table.interactive")];
  if (tables.length === 0) return;
  // A module loaded from disk is refused by browsers; one made from a blob is not.
  const script = new Blob([interactiveTablesBundle], { type: "text/javascript" });
  const { default: DataTable } = await import(URL.createObjectURL(script));
  const PAGE = 25;
  for (const table of tables) {
    const long = table.tBodies[0].rows.length > PAGE;
    new DataTable(table, {
      autoWidth: false,
      order: [],
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
    const frame = table.closest(".dt-layout-table");
    frame.tabIndex = 0;
    frame.setAttribute("role", "region");
    frame.setAttribute("aria-label", table.caption ? table.caption.textContent : "Table");
  }
})();
