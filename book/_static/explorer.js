// The mutation explorer: asks for one tumour, or two or three, and shows what the evidence amounts to.
// The answers come with the page as alkpool.explorer computed them, and what stands behind them as the
// templates write it; compounds without an answer in print are composed by the table that comes along.
// Known before anything is drawn, so that nothing moves: that scripts run, what is asked, which theme.
document.documentElement.classList.add("scripted");
document.documentElement.classList.toggle("answered", /[#&](m|finding)=/.test(location.hash));
if (document.documentElement.dataset.theme === "auto") document.documentElement.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";

document.addEventListener("DOMContentLoaded", () => {
  "use strict";

  const { mutationReader, Refusal, refuse, quoted } = globalThis.alkpoolMutations;

  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== false && value !== undefined) element.setAttribute(name, value === true ? "" : value);
    element.append(...filled(children));
    return element;
  }

  const filled = (children) => children.flat(Infinity).filter(Boolean);
  const link = (url, text) => (/^https?:\/\//.test(url) ? make("a", { href: url, rel: "noopener noreferrer" }, text) : text);
  const cited = ({ url, text, via, via_url, read }) => [link(url, text), via && [", via ", link(via_url, via)], " ", make("span", { class: "tag read" }, read)];
  const separated = (items, separator = "; ") => items.filter(Boolean).flatMap((item, place) => (place ? [separator, item] : [item]));
  // Of a book on a disk the place of its file says nothing to others, and may name a person.
  const askedOn = () => make("p", {}, `Asked on ${new Date().toISOString().slice(0, 10)}: ${location.protocol === "file:" ? `explorer.html${decoded(location.hash)}, in this book` : decoded(location.href)}`);
  const notesWithSources = (notes) => make("ul", { class: "notes" }, notes.map(({ text, sources }) => make("li", {}, text, make("span", { class: "cited" }, " ", separated(sources.map(cited))))));
  const named = ({ mutations, findings, phase }) => (mutations.map(({ name }) => name).join("+") || findings.join(" with ")) + (["cis", "trans"].includes(phase) ? ` in ${phase}` : "");
  const lastOf = (prior, data) => prior.findLast((name) => !data.no_inhibitors.includes(name)) ?? "";

  function answering(data, reader) {
    const compared = (a, b) => a.key.map((each, place) => each - b.key[place]).find(Boolean) ?? 0;
    const address = (place) => data.sources[place].url || data.sources[place].text;
    // Each source once; of two readings of one, the more direct stands before the other in the data.
    const sourcesOf = (cells) => Object.values(Object.fromEntries(cells.flatMap(({ sources }) => sources).sort((a, b) => b - a).map((place) => [address(place), place]))).reverse();

    // In trans the mutations; of a compound that nobody has reported also the smaller ones that are known.
    function partsOf(mutations, reading) {
      const names = mutations.map(({ name }) => name);
      if (names.length < 2 || (reading === "cis" && data.answers[reader.profileOf(mutations)])) return [];
      const within = (name) => name.includes("+") && name.split("+").every((part) => names.includes(part));
      return [...mutations.map((one) => [one]), ...(reading === "cis" ? Object.keys(data.answers).filter(within).sort().map(reader.parse) : [])];
    }

    // One inhibitor: as the answers in print say it, on a profile, on another substitution of a residue
    // or on what nobody has reported; of a compound that nobody has reported, as its parts amount to.
    function rowOf(mutations, reading, inhibitor) {
      const parts = partsOf(mutations, reading).map((part) => ({ ...rowOf(part, part.length > 1 ? "cis" : "single", inhibitor), profile: reader.profileOf(part) }));
      if (!parts.length) {
        const [{ kind, name }] = mutations;
        const related = ["substitution", "residue class"].includes(kind) && data.substitutions[`${name.slice(0, -1)}X`];
        return (data.answers[reader.profileOf(mutations)] || related || data.unreported)[inhibitor];
      }
      return { ...(reading === "cis" ? inCis : inTrans)(parts, inhibitor), inhibitor };
    }

    // What is said of a part, with what must be said beside it.
    const withMarks = ({ basis, basis_text, marks }) => `${basis_text}${marks.length && !data.related.includes(basis) ? ` [${marks.join(", ")}]` : ""}`;

    // The first step of the table that holds. A mutation undoes nothing in a compound that resists all
    // the same, and a smaller compound that is composed itself is told by its mutations.
    function inCis(parts, inhibitor) {
      const known = parts.filter(({ basis }) => basis !== "none");
      if (!known.length) return data.unreported[inhibitor];
      const holds = (part, mutation) => part.profile.split("+").includes(mutation);
      const undoing = data.undoing[inhibitor].filter((name) => parts.some(({ profile }) => profile === name) && !parts.some((part) => part.standing === "against" && holds(part, name)));
      const step = data.composing.find(({ part, undone }) => parts.some(({ standing }) => standing === part) && (undoing.length || !undone));
      const again = (part) => part.basis === step.basis && parts.some((one) => one.standing === part.standing && holds(part, one.profile));
      const quoted = known.filter((part) => step.quoted.includes(part.standing) && !again(part));
      const words = { undoing: undoing.join(", "), parts: quoted.map((part) => `${part.profile} alone: ${withMarks(part)}`).join("; ") };
      return { ...step, basis_text: step.basis_text.replace(/{(\w+)}/g, (_, name) => words[name]), sources: sourcesOf(quoted),
        key: [...step.key.slice(0, -1), Math.max(...parts.map(({ key }) => key.at(-1)))] };
    }

    // The weakest decides; the table shows every clone.
    function inTrans(parts) {
      const [weakest] = parts.toSorted((a, b) => compared(b, a));
      const beside = parts.filter((part) => part !== weakest).map((part) => `; beside it ${part.profile}: ${withMarks(part)}`);
      const clones = [...new Set([weakest, ...parts])].map(({ profile }) => profile);
      return { ...weakest, clones, basis_text: `${weakest.profile}: ${weakest.basis_text}${beside.join("")}`, sources: sourcesOf(parts) };
    }

    // In their order; ranked are those with evidence for them.
    function rowsOf({ mutations, prior, findings }, reading) {
      const last = lastOf(prior, data);
      const rows = data.inhibitors.map((inhibitor) => {
        const row = rowOf(mutations, reading, inhibitor), sources = row.sources.map((place) => data.sources[place]);
        const marks = prior.includes(inhibitor) ? [data.words.given, ...row.marks] : row.marks;
        const known = row.standing === "against" ? ` (${row.basis_text})` : "";
        const failed = inhibitor === last && { ...data.progressed, basis_text: data.progressed.basis_text + known };
        return { ...row, marks, ...failed, sources };
      }).sort(compared);
      return rows.map((row) => ({ ...row, rank: row.standing === "for" && !findings.length ? 1 + rows.filter((other) => compared(other, row) < 0).length : null }));
    }

    // What is known of inhibitors that are not assessed, of the compound and of its mutations.
    function others(mutations, prior) {
      const names = new Set([reader.profileOf(mutations), ...mutations.map(({ name }) => name)]);
      return Object.entries(data.not_assessed).flatMap(([inhibitor, of]) => {
        const cells = [...names].map((name) => of[name]).filter(Boolean);
        const history = inhibitor === lastOf(prior, data) ? data.progressed.basis_text : prior.includes(inhibitor) && data.words.given;
        const known = [history, ...cells.map((cell) => cell.known)].filter(Boolean).join("; ");
        return cells.length ? [{ text: `${inhibitor}: ${known}.`, sources: sourcesOf(cells).map((place) => data.sources[place]) }] : [];
      });
    }

    // Readings of the question, the leading one first, the other only where it differs.
    return (question) => {
      const { mutations, prior, phase, specimen } = question, both = specimen === "plasma" ? ["trans", "cis"] : ["cis", "trans"];
      const [lead, other] = (phase === "unknown" ? both : [phase]).map((reading) => ({ reading, rows: rowsOf(question, reading) }));
      const outline = ({ rows }) => JSON.stringify(rows.map((row) => [row.inhibitor, row.standing, row.rank, row.basis]));
      return { ...lead, findings: question.findings, other: other && outline(lead) !== outline(other) ? other : null, others: others(mutations, prior),
        parts: partsOf(mutations, "cis").map((part) => ({ ...question, mutations: part, phase: part.length > 1 ? "cis" : "single" })) };
    };
  }

  const isEmpty = (row) => row.basis === "none" && !row.sources.length && !row.marks.length;

  // What an answer amounts to: inhibitors with evidence for them by its kind, or for which it is mixed.
  function standingText({ rows, reading, other, findings }, { kinds, mixed, nothing_for, clones, given, if: on }) {
    const named = ({ inhibitor, marks }) => [inhibitor, ...marks.filter((mark) => mark === given || mark.startsWith("with "))].join(" ");
    const of = (standing, tiers) => rows.filter((row) => row.standing === standing && tiers.includes(row.basis) && (standing === "for" || !row.marks.includes(given))).map(named);
    const said = (standing, all) => all.filter(([, tiers]) => of(standing, tiers).length).map(([words, tiers]) => words.replace("{}", of(standing, tiers).join(", ")));
    const [best, open] = [said("for", kinds), said("undecided", [mixed])];
    return (findings.length ? `Not ranked, because of ${findings.join(", ")}. ` : "") + (other ? on[reading] : "") + (best.length ? `There is evidence for ${best.join("; ")}.`
      : [...open, nothing_for.replace("{}", open.length ? "another" : "any").replace("{}", reading === "trans" ? clones : "")].join(" "));
  }

  // What the templates wrote: of a profile and an inhibitor its cells of the table, evidence and cases; in trans those of
  // each clone, by its name.
  function shippedParts() {
    const page = new DOMParser().parseFromString(document.getElementById("explorer-cells").textContent, "text/html");
    const found = new Map([...page.querySelectorAll("[data-key]")].map((each) => [each.dataset.key, each]));
    return ({ profile, clones = [profile], inhibitor }, selector) => {
      const of = clones.map((name) => [...(found.get(`${name}|${inhibitor}`) ?? found.get("nothing")).querySelectorAll(selector)].map((each) => document.importNode(each, true)));
      if (clones.length === 1) return of[0];
      of.forEach((all, place) => all.forEach((each) => each.prepend(make("small", {}, `${clones[place]}: `))));
      if (selector !== "td") return of.flat();
      return of[0].map(({ dataset }, column) => of.every((cells) => cells[column].className) ? make("td", { "data-head": dataset.head, class: "nothing" }, "none")
        : make("td", { "data-head": dataset.head }, of.map((cells) => make("span", { class: "told" }, [...cells[column].childNodes], " "))));
    };
  }

  // Why a row stands where it does, first what must not be overlooked.
  const why = ({ basis_text, marks }) => [marks.map((mark) => [make("span", { class: "tag" }, mark), " "]), basis_text];

  function summaryTable(shipped, rows, caption) {
    const [table] = shipped({}, "table.summary");
    table.caption.textContent = caption;
    for (const body of table.tBodies) {
      const mine = rows.filter((row) => row.standing === body.dataset.standing);
      const silent = mine.filter(isEmpty).map((row) => row.inhibitor);
      if (!mine.length) body.querySelector("th").append(": none");
      body.append(
        ...mine.filter((row) => !isEmpty(row)).map((row) => make("tr", { "data-inhibitor": row.inhibitor },
          make("th", { scope: "row" }, row.rank && `${row.rank}. `, make("a", { href: `inhibitors/${row.inhibitor}.html` }, row.inhibitor)),
          shipped(row, "td"), make("td", { class: "why" }, why(row)))),
        ...(silent.length ? [make("tr", {}, make("td", { colspan: 6 }, `No data: ${silent.join(", ")}`))] : []));
    }
    return table;
  }

  function comparison(data, shipped, compared, caption) {
    return make("table", { class: "summary comparison" },
      make("caption", { class: "visually-hidden" }, caption),
      make("thead", {}, make("tr", {}, make("th", { scope: "col" }, "Inhibitor"),
        compared.map(({ name, href, reading }) =>
          make("th", { scope: "col" }, make("a", { href }, name), name.includes("+") && make("small", {}, data.readings[reading]))))),
      make("tbody", {}, data.inhibitors.map((inhibitor) =>
        make("tr", { "data-inhibitor": inhibitor }, make("th", { scope: "row" }, inhibitor),
          compared.map(({ name, rows }) => {
            const row = rows.find((each) => each.inhibitor === inhibitor);
            const told = shipped(row, "td").filter((cell) => !cell.classList.contains("nothing"));
            return make("td", { "data-head": name, "data-standing": row.standing }, make("strong", { "data-standing": row.standing }, data.standings[row.standing]),
              told.map((cell) => make("span", { class: "told" }, make("small", {}, `${cell.dataset.head}: `), [...cell.childNodes])),
              make("span", { class: "told" }, why(row)));
          })))));
  }

  function details(shipped, row, open) {
    const sources = row.sources.map((source) => make("li", {}, cited(source)));
    return make("details", { "data-inhibitor": row.inhibitor, open },
      make("summary", {}, `Evidence on ${row.inhibitor} (sources: ${sources.length})`),
      shipped(row, ".evidence"), make("p", {}, "Sources"), make("ul", { class: "sources" }, sources));
  }

  // What a copy and a sheet of paper need besides the table: the cases, and every source.
  function record(shipped, rows, others = []) {
    const cases = rows.flatMap((row) => shipped(row, ".case").map((item) => make("li", {}, `${row.inhibitor}: `, [...item.childNodes].filter((each) => each.localName !== "details"))));
    const sources = new Map([...rows, ...others].flatMap((row) => row.sources).map(({ text, url }) => [url, /PMID \d+|doi [^\s;]*[^\s;).]/.exec(text)?.[0] ?? url]));
    return make("section", { class: "record" }, cases.length && make("h2", {}, "Evidence on the inhibitors compared"), make("ul", {}, cases),
      make("p", {}, `Sources: ${[...sources.values()].join("; ") || "none"}.`), askedOn());
  }

  function inWords(questions) {
    const { mutations, prior, specimen, findings } = questions[0];
    const names = questions.map((question) => named(question) + (question.phase === "unknown" ? " (phase not known)" : ""));
    return [`${names.join(" beside ")} ${prior.length ? `after ${prior.join(", ")}` : "with previous treatment not stated"}`,
      specimen === "unknown" ? "specimen not stated" : specimen, mutations.length && findings.length && `with ${findings.join(", ")}`].filter(Boolean).join(", ");
  }

  // Text of an address, also of one that somebody broke.
  const decoded = (text) => text.replace(/(?:%[\da-f]{2})+/gi, (part) => { try { return decodeURIComponent(part); } catch { return part; } });

  // Reads previous treatments by the tables that come along, as alkpool.data.tables and spelling read them.
  function treatmentReader({ treatments, no_inhibitors, patterns, words }) {
    const known = new Map(Object.entries(treatments));
    const [SPACE, SCHEDULE, BRACKET, IGNORED] = ["space", "schedule", "bracket", "ignored"].map((name) => RegExp(patterns[name], "gi")), BETWEEN = RegExp(patterns.between, "i");
    const spaced = (text) => text.replace(SPACE, " ").replace(/^ | $/g, "");
    const joined = (text) => text.toLowerCase().replace(SPACE, " ").replace(SCHEDULE, " ").replace(BRACKET, "+$1").split(/[+/]/).map((part) => part.replace(IGNORED, ""));
    const inhibitors = [...known].filter(([, name]) => name && !no_inhibitors.includes(name)).map(([word]) => word).sort((a, b) => b.length - a.length).join("|");
    // A letter may be wrong, missing or too much, or two of them exchanged.
    const worn = (word) => [word, ...[...word].map((_, place, all) => all.filter((__, other) => other !== place).join(""))];
    const alike = (word, meant = new Set(worn(word))) => [...known.keys()].filter((each) => worn(each).some((one) => meant.has(one))).map((each) => known.get(each));
    const within = (text) => (text.toLowerCase().replace(/[^a-z0-9]/g, "").match(RegExp(inhibitors, "g")) ?? []).map((word) => known.get(word)).filter((name, place, all) => name !== all[place - 1]).join(", ");

    function treatment(text) {
      const parts = joined(text), found = new Set(parts.map((part) => known.get(part))), [name] = found;
      if (name && found.size === 1) return name;
      const listed = within(text), near = [...new Set([...found, ...alike(parts.join(""))])].filter(Boolean).join(" or ");
      const why = !found.has(undefined) ? (found.size > 1 ? "several" : "none") : listed ? "within" : spaced(text) ? "unknown" : "missing";
      return refuse(words.treatment[why].replace("{0}", () => text).replace("{1}", why === "within" ? listed : near && ` Is ${near} meant?`), "prior");
    }
    return { treatment, parted: (text) => (spaced(text) ? spaced(text).split(BETWEEN) : []) };
  }

  function start(root) {
    const MOST_COMPARED = 3, data = JSON.parse(document.getElementById("explorer-data").textContent);
    const [reader, { treatment, parted }, shipped] = [mutationReader(data.protein), treatmentReader(data), shippedParts()];
    const answerTo = answering(data, reader);
    const NONE = RegExp(`^(${data.none})$`, "i"), [none] = Object.keys(data.findings);
    const part = (name) => root.querySelector(`[data-part="${name}"]`);
    const [input, before, phase, specimen, finding, reading, given, status, answer, form, folded] =
      ["mutation", "prior", "phase", "specimen", "finding", "reading", "given", "status", "answer", "form", "folded"].map(part);
    let [waiting, drawn] = [0, ""];
    // Findings that are asked about among what stands beside the mutations of a line.
    const reported = ([, found]) => data.reported.filter(([, pattern]) => RegExp(pattern, "i").test(found)).map(([name]) => name);

    // A question as the package reads it; throws what is wrong in words.
    function ask({ text, prior, phase, specimen, finding = "" }) {
      for (const [name, value, allowed] of [["phase", phase, data.phases], ["specimen", specimen, data.specimens], ["finding", finding || none, Object.keys(data.findings)]])
        if (!allowed.includes(value)) refuse(`${name} is ${quoted(value)}; must be one of ${allowed.join(", ")}`);
      const without = !text.trim() || NONE.test(text.trim().replace(/\s+/g, " "));
      const line = without ? { mutations: [], vaf: [], aside: [] } : reader.read(text), { mutations, vaf } = line;
      if (finding === none && !without) refuse(`${quoted(text)} is a mutation, and the finding says there is none: take one away`);
      const single = mutations.length < 2, twice = reader.changedTwice(mutations), stated = line.phase || phase;
      if (single && !["single", "unknown"].includes(phase)) refuse(`phase is ${phase}, but ${single && mutations.length ? `${mutations[0].name} is a single mutation` : "there is no mutation"}: leave the phase out`);
      if (!single && phase === "single") refuse(`phase is single, but there are ${mutations.length} mutations: cis, trans or unknown`);
      if (line.phase && !["unknown", line.phase].includes(phase)) refuse(`phase is ${phase}, but the line says ${line.phase}: leave one of them out`);
      // Of a deletion and a substitution one may be a slip; two substitutions were both seen.
      if (twice && (stated === "cis" || (stated === "unknown" && twice.some(({ kind }) => kind.startsWith("del"))))) reader.refuseInCis(mutations);
      return { mutations, findings: [...new Set([finding, without && text.trim() && none, ...line.aside.flatMap(reported)])].filter(Boolean), asked: finding,
        // An address is passed on: it holds canonical names, or the line where that says more.
        line: vaf.length || line.aside.length || mutations.some(reader.isBeyond) || (without && finding !== none) ? text.trim() : "",
        notes: reader.notes({ mutations, vaf, aside: line.aside.filter((each) => !reported(each).length || /[,;+/&]/.test(each[1])) }), prior: prior.map(treatment), specimen, phase: single ? "single" : twice ? "trans" : stated };
    }

    // One question for each tumour, unless it is a consequence as VEP writes it. The phase of the field, and of several tumours, concerns compounds.
    function askAll(asked) {
      const texts = asked.text.includes("|ALK|") || !/[^|\s]/.test(asked.text) ? [asked.text] : asked.text.split("|").filter((text) => text.trim());
      if (texts.length > MOST_COMPARED) refuse(`${texts.length} tumours are too many to compare (at most ${MOST_COMPARED})`);
      const questions = texts.map((text) => ask({ ...asked, text, phase: (asked.chosen || texts.length > 1) && !isCompound(text) ? "unknown" : asked.phase }));
      if (texts.length > 1 && questions.some(({ mutations }) => !mutations.length)) refuse("a tumour without a mutation of ALK is not compared: ask for it alone");
      return questions;
    }

    const isCompound = (text) => { try { return reader.read(text).mutations.length > 1; } catch { return false; } };
    const fromForm = () => ({ text: input.value.trim(), prior: parted(before.value), phase: phase.value, specimen: specimen.value, finding: finding.value, chosen: true });

    function toFragment(questions) {
      const [{ prior, phase, specimen, asked }, several] = questions;
      // Each of several tumours has its own phase.
      const written = (question) => question.line || named({ ...question, findings: [], phase: several && question.phase });
      return asFragment({ m: questions.map(written).join("|"), prior: prior.join(","), phase: several || phase === "single" ? "" : phase, specimen, finding: asked });
    }
    const asFragment = (said) => `#${Object.entries(said).filter(([, value]) => value && value !== "unknown").map(([name, value]) => `${name}=${value.replace(/[%&#]/g, encodeURIComponent)}`).join("&")}`;

    // A plus joins mutations here; it stands for no space.
    function fromFragment() {
      const pairs = location.hash.slice(1).split("&").map((pair) => decoded(pair).split(/=(.*)/s));
      const { m: text = "", phase = "unknown", specimen = "unknown", finding = "" } = Object.fromEntries(pairs);
      return { text: text.trim(), prior: pairs.flatMap(([name, value]) => (name === "prior" ? parted(value ?? "") : [])), phase, specimen, finding };
    }

    const keep = (fragment, step = "pushState") => decoded(fragment) !== decoded(location.hash) && history[step](null, "", fragment);
    const fold = (open) => { folded.hidden = open; document.documentElement.classList.toggle("answered", !open); };

    function show(asked, { patient = false } = {}) {
      // A field that is left reports its text again: drawing it anew would take away what is being clicked.
      const wanted = JSON.stringify(asked);
      if (wanted === drawn) return;
      drawn = "";
      clearTimeout(waiting);
      if (!asked.text && !asked.finding) return clear("");
      try {
        answer.replaceChildren(...filled(told(askAll(asked))));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        // A half-typed name is no mistake yet. The address says what is refused too: opened anew, it must not be answered without it.
        const { text: m, prior, chosen, ...rest } = asked, refused = asFragment({ m, prior: prior.join(","), ...rest });
        return void (waiting = setTimeout(() => { keep(refused, root.querySelector("[aria-invalid]") ? "replaceState" : "pushState"); clear(error.message, error.field); }, patient ? 500 : 0));
      }
      globalThis.alkpoolActions?.(answer);
      drawn = wanted;
    }

    function told(questions) {
      const [question] = questions, notes = questions.flatMap((each) => each.notes);
      const found = question.mutations.length > 0, answers = found ? answersTo(questions) : [];
      phase.disabled = questions.every(({ mutations }) => mutations.length < 2);
      complain("");
      given.textContent = question.prior.length && `Read as ${question.prior.join(", ")}; progressed on ${lastOf(question.prior, data) || "no ALK inhibitor"}`;
      if (found) reading.replaceChildren("Read as ", make("strong", {}, questions.map(named).join(" beside ")), ...notes.map((note) => `; ${note}`));
      keep(toFragment(questions));
      folded.firstElementChild.textContent = [inWords(questions), ...notes].join("; ");
      markInMap(questions.flatMap(({ mutations }) => mutations));
      status.textContent = answers.map((each) => `${each.name}: ${standingText(each, data.words)}`).join(" ") || `${named(question)}: no inhibitor is compared.`;
      // What is known where nothing is ranked: no mutation, or a finding outside ALK.
      if (!found) return [make("p", { class: "verdict" }, status.textContent), notesWithSources(wordsOn(question)), make("section", { class: "record" }, askedOn())];
      return [answers.length > 1 ? [comparison(data, shipped, answers, `Compared: ${inWords(questions)}`), record(shipped, answers.flatMap(({ rows }) => rows))] : ofOne(question, answers[0]),
        make("p", { class: "key" }, `${data.words.legend} ${data.words.basis}`)];
    }

    const wordsOn = ({ mutations, findings }) => [...new Set([...findings, ...(mutations.length ? [] : [none])])].flatMap((name) => data.findings[name]);
    const answersTo = (questions) => questions.map((question) => ({ name: reader.profileOf(question.mutations), href: toFragment([question]), ...answerTo(question) }));

    function ofOne(question, { name, rows, reading: lead, other, others, parts }) {
      const words = inWords([question]);
      const opened = [...answer.querySelectorAll("details[open]")].map((each) => each.dataset.inhibitor);
      const moved = other?.rows.filter((row) => row.standing !== rows.find(({ inhibitor }) => inhibitor === row.inhibitor).standing);
      const read = [parts.length && question.phase !== "trans" && data.words.unreported, question.phase === "unknown" && `Phase not known: ${data.readings[lead]}.`,
        other && `In ${other.reading}, below: ${moved.map((row) => `${row.inhibitor} ${row.standing}`).join(", ") || "the same standings"}.`].filter(Boolean);
      return [
        make("p", { class: "verdict" }, standingText({ rows, reading: lead, other, findings: question.findings }, data.words)),
        read.length && make("p", { class: "key" }, read.join(" ")),
        summaryTable(shipped, rows, `What the evidence amounts to: ${words}`),
        other && [make("h2", {}, `The other reading: ${data.readings[other.reading]}`), summaryTable(shipped, other.rows, `The other reading: ${words}`)],
        question.findings.length && notesWithSources(wordsOn(question)),
        make("h2", {}, "What stands behind it"),
        parts.length && make("details", { class: "parts" }, make("summary", {}, "What is known of its parts"), comparison(data, shipped, answersTo(parts), `Parts of ${name}`)),
        rows.filter((row) => row.basis !== "none" || shipped(row, ".evidence").length).map((row) => details(shipped, row, opened.includes(row.inhibitor))),
        others.length && make("section", { class: "others" }, make("h2", {}, "Other inhibitors, not assessed"), notesWithSources(others)),
        record(shipped, rows, others),
        pagesOn(question.mutations),
      ];
    }

    const markInMap = (mutations) =>
      root.querySelectorAll("svg.domain a").forEach(({ classList, dataset }) => classList.toggle("shown", mutations.some(({ residue }) => residue === Number(dataset.residue))));

    function pagesOn(mutations) {
      const asked = new Set(mutations.flatMap(({ residue, last }) => [residue, last]));
      const links = Object.entries(data.profiles).filter(([, { residues }]) => residues.some((each) => asked.has(each))).map(([name, { page }]) => make("a", { href: `profiles/${page}.html` }, name));
      return make("p", { class: "pages" }, "Pages of all evidence on these residues: ", separated(links, ", "), links.length ? "." : "none.");
    }

    // What is wrong stands at the field that it concerns.
    const complain = (message, field = "mutation") => [["mutation", input, reading], ["prior", before, given]].forEach(([name, control, place]) => {
      place.textContent = name === field ? message : "";
      control.ariaInvalid = place.textContent ? "true" : null;
    });

    function clear(message, field) {
      complain(message, field);
      answer.replaceChildren();
      phase.disabled = false;
      markInMap([]);
      fold(true);
      status.textContent = message ? `Not read: ${message}` : "";
    }

    // The answer as text: the table line by line, then the cases, sources and what it rests on.
    function asText() {
      const plain = ({ textContent }) => textContent.replace(/\s+/g, " ").trim();
      const line = (each) => [...(each.cells ?? [each])].filter((cell) => !cell.classList.contains("nothing")).map((cell) => `${cell.dataset.head ? `${cell.dataset.head}: ` : ""}${plain(cell)}`).join(" | ");
      return [plain(folded.firstElementChild), ...[...answer.querySelectorAll(".verdict, .verdict + .key, h2:has(+ table), :scope > table tbody tr")].map(line), "",
        ...[...answer.querySelectorAll(".others h2, .notes li, .record :is(h2, li, p)")].map(plain), "", plain(part("disclaimer"))].join("\n");
    }

    const DO = {
      change: () => { fold(true); input.focus(); },
      compare: () => { fold(true); input.value += " | "; input.focus(); },
      copy: (button) => globalThis.alkpoolCopy(asText(), button),
      link: (button) => globalThis.alkpoolCopy(location.href, button),
      print: () => print(),
    };

    const give = (name) => { before.value = [before.value.trim(), name].filter(Boolean).join(", "); show(fromForm()); };
    part("add").addEventListener("change", ({ target }) => (give(target.value), (target.value = "")));
    for (const field of [input, before]) field.addEventListener("input", () => show(fromForm(), { patient: true }));
    for (const field of [input, before, phase, specimen, finding]) field.addEventListener("change", () => show(fromForm()));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      drawn = "";
      show(fromForm());
      if (!drawn) return;
      fold(false);
      // The button that was pressed stood below.
      scrollTo({ top: 0, behavior: "instant" });
    });
    form.addEventListener("click", ({ target }) => target.dataset.give && give(target.dataset.give));
    folded.addEventListener("click", ({ target }) => target.dataset.do && DO[target.dataset.do](target));

    function restore() {
      const asked = fromFragment();
      input.value = asked.text;
      before.value = asked.prior.map((name) => { try { return treatment(name); } catch { return name; } }).join(", ");
      phase.value = data.phases.includes(asked.phase) ? asked.phase : "unknown";
      specimen.value = data.specimens.includes(asked.specimen) ? asked.specimen : "unknown";
      finding.value = asked.finding;
      show(asked);
      if (drawn) fold(false);
    }
    addEventListener("hashchange", restore);
    restore();
    globalThis.alkpoolExplorer = { reader, treatment, parted, answer: (asked) => answerTo(ask(asked)) };
  }

  // ---------------------------------------------------------------- the other pages

  const asking = (mutation, prior = "") => `explorer.html#m=${encodeURIComponent(mutation)}${prior && `&prior=${encodeURIComponent(prior)}`}`;

  // The question on the start page leads to its answer.
  document.querySelector("form.question")?.addEventListener("submit", (event) => {
    event.preventDefault();
    location.href = asking(event.target.elements.m.value, event.target.elements.prior.value);
  });

  // A search for what looks like a mutation is offered its answer.
  const sought = new URLSearchParams(location.search).get("q") ?? "";
  if (/(?:\p{L}|c\.)\w*\d{3,4}\D/u.test(sought))
    document.getElementById("search-results")?.before(make("p", { class: "offer" }, make("a", { href: asking(sought) }, `What is the evidence on ${sought}?`)));

  // The matrix of patients, by residue or by evidence.
  for (const sorting of document.querySelectorAll(".sorting")) {
    const rows = [...document.querySelectorAll("table.patients tbody tr")];
    sorting.hidden = false;
    sorting.addEventListener("click", ({ target }) => {
      if (!target.dataset.sort) return;
      sorting.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", String(each === target)));
      rows[0].parentElement.append(...(target.dataset.sort === "evidence" ? rows.toSorted((a, b) => b.dataset.weight - a.dataset.weight) : rows));
    });
  }

  document.querySelectorAll("#explorer").forEach((root) => start(root));
});
