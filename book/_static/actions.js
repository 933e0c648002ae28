// What one can do with a figure or a table: enlarge it, take it along, point to it, cite it.
// Everything works from disk: files are made in the page, or lie beside it. Jupyter Book loads every
// script of this folder in the head.
addEventListener("DOMContentLoaded", () => {
  const words = document.querySelector('meta[name="citation_title"]')?.content ?? document.title;
  const button = (text, act) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.addEventListener("click", () => act(made));
    return made;
  };
  const said = (where, text) => {
    const before = where.textContent;
    where.textContent = text;
    setTimeout(() => (where.textContent = before), 1500);
  };
  const copy = async (text, where) => {
    try {
      await navigator.clipboard.writeText(text);
      said(where, "copied");
    } catch {
      // Pages from disk may not reach the clipboard: a selected field can be copied by hand.
      const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, ariaLabel: "Copy this" });
      where.after(field);
      field.select();
    }
  };
  globalThis.alkpoolCopy = copy;
  const save = (name, text, type) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const address = (id) => `${location.href.split("#")[0]}#${id}`;
  const citation = (caption, id) => `${words}. ${caption} ${address(id)}`;
  const caption = (element) =>
    element.querySelector("figcaption, caption, .gt_title")?.textContent.replace(/\s+/g, " ").trim() ?? "";

  // As a spreadsheet reads it: quoted, and no text begins a formula.
  const cell = (text) => {
    const plain = text.replace(/\s+/g, " ").trim();
    const safe = /^[=+\-@]./.test(plain) && !/^[-+]?[\d.,]+%?$/.test(plain) ? `'${plain}` : plain;
    return `"${safe.replaceAll('"', '""')}"`;
  };
  const rows = (table) => {
    const api = table.shownBy;
    const body = api ? api.rows().nodes().toArray() : [...table.tBodies].flatMap((part) => [...part.rows]);
    const head = table.tHead ? [...table.tHead.rows] : [];
    return [...head, ...body].map((row) => [...row.cells].map((each) => cell(each.textContent)).join(","));
  };

  const enlarged = document.createElement("dialog");
  enlarged.className = "enlarged";
  enlarged.addEventListener("click", () => enlarged.close());
  document.body.append(enlarged);
  // Before the theme, which takes the key for its search.
  addEventListener("keydown", ({ key }) => key === "Escape" && enlarged.open && enlarged.close(), true);

  const bar = (after, id, buttons) => {
    const made = document.createElement("div");
    made.className = "actions";
    made.append(
      ...buttons,
      button("Copy link", (where) => copy(address(id), where)),
      button("Cite", (where) => copy(citation(caption(after), id), where)),
    );
    after.after(made);
  };

  for (const figure of document.querySelectorAll("article figure[id]:has(img)")) {
    const image = figure.querySelector("img");
    const file = document.createElement("a");
    file.href = image.src;
    file.download = `${figure.id}.svg`;
    file.textContent = "SVG";
    bar(figure, figure.id, [
      button("Enlarge", () => {
        const large = image.cloneNode();
        large.removeAttribute("id");
        enlarged.replaceChildren(large);
        enlarged.showModal();
      }),
      file,
    ]);
  }
  let number = 0;
  for (const table of document.querySelectorAll("article table:is(.interactive, .gt_table)")) {
    const frame = table.closest(".cell_output .text_html, .cell_output > .output") ?? table;
    const id = frame.closest("[id]")?.id ?? "";
    number += 1;
    const name = `${document.title.split(" ")[0].toLowerCase()}-table-${number}.csv`;
    bar(frame, id, [button("CSV", () => save(name, `\ufeff${rows(table).join("\r\n")}\r\n`, "text/csv"))]);
  }
});
