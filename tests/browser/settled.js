// True once formulas are typeset and every interactive table has been built.
() => {
  if (document.readyState !== "complete") return false;
  const formulas = document.querySelectorAll(".math").length;
  if (formulas > document.querySelectorAll("mjx-container").length) return false;
  const tables = [...document.querySelectorAll("table.interactive")];
  return tables.every((table) => table.classList.contains("dataTable"));
}
