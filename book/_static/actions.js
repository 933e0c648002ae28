// What one can do with a figure or a table: enlarge it, take it along, point to it, cite it.
// Everything works from disk: the files are made in the page.
addEventListener("DOMContentLoaded", () => {
  const words = document.querySelector('meta[name="citation_title"]')?.content ?? document.title;
  const button = (textContent, act) => {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent });
    made.addEventListener("click", () => act(made));
    return made;
  };
  const copy = async (text, where) => {
    try {
      await navigator.clipboard.writeText(text);
      const before = where.textContent;
      where.textContent = "copied";
      setTimeout(() => (where.textContent = before), 1500);
    } catch {
      // Pages from disk may not reach the clipboard: a selected field can be copied by hand.
      const field = Object.assign(document.createElement("textarea"), { value: text, readOnly: true, ariaLabel: "Copy this" });
      where.after(field);
      field.select();
    }
  };
  globalThis.alkpoolCopy = copy;
  const save = (name, text, type) => {
    const href = URL.createObjectURL(new Blob([text], { type }));
    const link = Object.assign(document.createElement("a"), { href, download: name });
    link.click();
    URL.revokeObjectURL(link.href);
  };
  const address = (id) => `${location.href.split("#")[0]}${id && `#${id}`}`;
  const caption = (element) =>
    element.querySelector("figcaption, caption, .gt_title")?.textContent.replace(/\s+/g, " ").trim() ?? "";

  // As a spreadsheet reads it: quoted, and no text begins a formula.
  const cell = (text) => {
    const plain = text.replace(/\s+/g, " ").trim();
    const safe = /^[=+\-@]./.test(plain) && !/^[-+]?[\d.,]+%?$/.test(plain) ? `'${plain}` : plain;
    return `"${safe.replaceAll('"', '""')}"`;
  };
  const rows = (table) => {
    const body = table.shownBy?.rows().nodes().toArray() ?? [...table.tBodies].flatMap((part) => [...part.rows]);
    return [...(table.tHead?.rows ?? []), ...body].map((row) => [...row.cells].map((each) => cell(each.textContent)).join(","));
  };

  const enlarged = document.body.appendChild(Object.assign(document.createElement("dialog"), { className: "enlarged" }));
  enlarged.addEventListener("click", () => enlarged.close());
  // Before the theme, which takes the key for its search.
  addEventListener("keydown", ({ key }) => key === "Escape" && enlarged.open && enlarged.close(), true);

  const bar = (after, id, buttons) => {
    const made = Object.assign(document.createElement("div"), { className: "actions" });
    const cited = () => `${words}. ${caption(after)} ${address(id)}`;
    made.append(...buttons, button("Copy link", (where) => copy(address(id), where)), button("Cite", (where) => copy(cited(), where)));
    after.after(made);
    return made;
  };

  const enlarge = (element) => {
    const large = element.cloneNode(true);
    large.classList.remove("few");
    for (const each of [large, ...large.querySelectorAll("[id]")]) each.removeAttribute("id");
    enlarged.replaceChildren(large);
    enlarged.showModal();
  };
  // Twice as sharp as a screen: for slides.
  const png = (image, name) => {
    const { naturalWidth: width, naturalHeight: height } = image;
    const canvas = Object.assign(document.createElement("canvas"), { width: 2 * width, height: 2 * height });
    canvas.getContext("2d").drawImage(image, 0, 0, 2 * width, 2 * height);
    canvas.toBlob((drawn) => save(name, drawn, "image/png"));
  };

  for (const figure of document.querySelectorAll("article figure[id]:has(img)")) {
    const image = figure.querySelector("img");
    bar(figure, figure.id, [
      button("Enlarge", () => enlarge(image)),
      button("SVG", () => save(`${figure.id}.svg`, Uint8Array.from(atob(image.src.split(",")[1]), (byte) => byte.charCodeAt(0)), "image/svg+xml")),
      button("PNG", () => png(image, `${figure.id}.png`)),
      // What is enlarged is printed alone.
      button("PDF", () => (enlarge(image), print())),
    ]);
  }
  for (const [number, table] of document.querySelectorAll("article table:is(.interactive, .gt_table)").entries()) {
    const frame = table.closest(".cell_output .text_html, .cell_output > .output") ?? table;
    const id = frame.closest("[id]")?.id ?? "";
    const name = `${document.title.split(" ")[0].toLowerCase()}-table-${number + 1}.csv`;
    const buttons = [button("Enlarge", () => enlarge(table)), button("CSV", () => save(name, `\ufeff${rows(table).join("\r\n")}\r\n`, "text/csv"))];
    const made = bar(frame, id, buttons);
    frame.addEventListener("narrowed", ({ detail }) => {
      const [few, all] = ["Fewer columns", `All columns (${detail} more)`];
      made.prepend(button(all, (where) => (where.textContent = table.classList.toggle("few") ? all : few)));
    });
  }
});
