// True once every interactive table, which is brought into view for it, has been built.
() => {
  if (document.readyState !== "complete") return false;
  const tables = [...document.querySelectorAll("table.interactive")];
  const waiting = tables.find((table) => !table.classList.contains("dataTable") && table.checkVisibility());
  waiting?.scrollIntoView({ behavior: "instant" });
  if (!waiting && globalThis.broughtIntoView) scrollTo({ top: 0, behavior: "instant" });
  globalThis.broughtIntoView = Boolean(waiting);
  return !waiting;
}
