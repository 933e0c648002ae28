// Read after Sphinx's search. Made-up rows come last, and mutations after prose that matches alike.
// A page opened from disk may read no other: what to quote of them lies beside it.
Scorer.score = ([page, title, , , score]) => score - 1000 * title.includes("(synthetic)") - 3 * /^(profiles|data-dict|what-a-cell)/.test(page);
splitQuery = ((split) => (query) => split(query).filter((word) => word.length > 1))(splitQuery);
Search.htmlToText = (text) => text;
globalThis.fetch = async (page) => ({ text: async () => alkpoolPages[page.replace("./", "")] });
