// Reads mutations and lines of reports as alkpool.mutations reads them, the same names and the same
// refusals, by the patterns and sequences that come with the page; a test compares both.
(() => {
  "use strict";

  class Refusal extends Error {}

  // The field of the question that it concerns is told where it is not that of the mutations.
  const refuse = (message, field = "mutation") => { throw Object.assign(new Refusal(message), { field }); };
  const quoted = (text) => `'${text}'`;

  // What is refused within a name begins with the name.
  const within = (name, act) => { try { return act(); } catch (error) { throw error instanceof Refusal ? Object.assign(error, { message: `${name}: ${error.message}` }) : error; } };

  // Typography reduced to ASCII: compatibility forms, dashes, invisible marks, white space.
  const cleaned = (text) =>
    text.replace(/[²³¹⁰⁴-⁹]/g, " ").normalize("NFKC").replace(/[\p{Pd}\u2212]/gu, "-").replace(/\p{Cf}/gu, "").replace(/[\s\x1c-\x1f\x85]+/g, " ").trim();

  function mutationReader(rules) {
    const pattern = (source) => new RegExp(source, "i");
    const [FORM, CHANGE] = [rules.form, rules.change].map((source) => pattern(`^(?:${source})$`));
    const [SEPARATOR, INTRON, PAIRS, OF_OTHERS, NOT_FOUND, RESIDUE] = ["separator", "intron", "pairs", "of others", "not found", "residue"].map((name) => pattern(rules[name]));
    const [TOKEN, SWALLOWED] = [rules.token, rules.swallowed].map((source) => new RegExp(source, "gi"));
    const REASONS = rules.reasons.map(([source, reason]) => [pattern(source), reason]);
    const LINES = rules.lines.map(([what, action, put, source]) => [what, action, put, pattern(source)]);
    const REFERENCE = new Map([...rules.sequence].map((residue, place) => [rules.first + place, residue]));
    const REACH = [rules.first, rules.first + rules.sequence.length - 1];

    const refuseLong = ([...characters], what = "a mutation profile", most = rules.max_characters) =>
      characters.length > most && refuse(`${quoted(characters.slice(0, 20).join(""))}...: ${characters.length} characters are too many for ${what} (at most ${most})`);

    // In the order in which they stand, also those that repeat. Of a line from which words were taken a refusal quotes all.
    function asPrinted(text, line) {
      refuseLong(text);
      return cleaned(text).split(SEPARATOR).flatMap((part, _, parts) => {
        if (!part) refuse(`${quoted(line ?? text)}: a mutation is missing; ${rules.accepted}`);
        const whole = line === undefined || cleaned(line).split(SEPARATOR).includes(part);
        const forms = (NOT_FOUND.test(part) ? undefined : formsOf(part.split(" "), cleaned(line ?? text))) ?? refuse(`${quoted(whole ? part : line)} is not read as a mutation: ${whyNot(part, parts)}`);
        return forms.map((form) => ({ ...within(form[0], () => named(form.groups)), ofAlk: Boolean(form.groups.alk) }));
      });
    }

    // What is not known may be against a mutation.
    function whyNot(part, parts) {
      const names = parts.join(" ").split(" ").filter((each) => FORM.test(each));
      const unknown = part.split(" ").filter((each) => ![...names, "ALK"].includes(each)).join(" ");
      return REASONS.find(([hint]) => hint.test(part))?.[1] ?? (names.length && !RESIDUE.test(unknown) ? `${quoted(unknown)} is not known beside ${names.join(", ")}: ${rules.leave_out}` : rules.accepted);
    }

    const distinct = (mutations) => [...new Map(mutations.map((each) => [each.name, each])).values()];
    const profileOf = (mutations) => mutations.map(({ name }) => name).join("+");
    // Two that change or delete one residue; what is inserted beside a residue leaves it as it is.
    function changedTwice(mutations) {
      const changed = mutations.filter(({ kind }) => !["ins", "dup"].includes(kind));
      return changed.flatMap((one, place) => changed.slice(place + 1).filter(({ residue }) => residue <= one.last).map((other) => [one, other]))[0];
    }
    const refuseInCis = (mutations) => { const found = changedTwice(mutations); if (found) refuse(`${found.map(({ name }) => name).join(" and ")} ${rules.not_in_cis}`); };
    const key = ({ kind, name }) => `${kind} ${name}`;

    function sorted(mutations) {
      const profile = distinct(mutations).toSorted((a, b) => a.residue - b.residue || a.last - b.last || (key(a) < key(b) ? -1 : 1));
      refuseLong(profileOf(profile));
      return profile;
    }

    // A space may stand within a name or between two: a name ends where it can, and stands so in the line.
    function formsOf(pieces, line) {
      let [found, start] = [[], 0];
      for (let end = 1; end <= pieces.length; end++) {
        const name = pieces.slice(start, end), form = FORM.exec(name.join(""));
        if (!form) continue;
        if (!line.includes(name.join(" ").replace(/^(?:ALK |p\. )*/i, ""))) return undefined;
        [found, start] = [[...found, form], end];
      }
      return start === pieces.length ? found : undefined;
    }

    function named(form) {
      const [code, digits] = [form.first ?? form.old_first, form.start ?? form.old_start];
      const [start, end] = [digits, form.end ?? digits].map(Number);
      // What the name tells is added to the reference, which does not reach everywhere.
      const wild = new Map(REFERENCE);
      if (code) wild.set(start, wildType(code, start));
      if (form.end) wild.set(end, wildType(form.last, end));
      const nowhere = [digits, form.end].find((place) => Number(place) > rules.length);
      if (nowhere) refuse(`residue ${nowhere} does not exist, ALK has ${rules.length}`);
      if (end < start) refuse(`the range runs backwards, from ${start} to ${end}`);
      if (form.frameshift) refuse("frameshifts are not resistance mutations and are not read");
      if (/^(X|XAA)$/i.test(form.new)) return { residue: start, last: start, kind: "residue class", name: `${wild.get(start)}${start}X` };
      const old = there(start, end, wild);
      if (form.lost) {
        const letters = form.letters ? spelledOut(form.letters, code) : old;
        if (letters !== old) refuse(`names ${letters}, but residues ${start} to ${end} are ${old}`);
        return replaced(start, end, /dup/i.test(form.lost) ? old + old : "", wild);
      }
      if (form.new) return replaced(start, end, form.new === "=" ? old : letter(form.new), wild);
      const inserted = spelledOut(form.inserted ?? form.old_inserted, code);
      if (/delins/i.test(form.verb)) return replaced(start, end, inserted, wild);
      if (form.end && end !== start + 1) refuse(`residues ${start} and ${end} are not neighbours`);
      return replaced(start, start, old[0] + inserted, wild);
    }

    // Residues of a range; a question mark where neither the reference nor the name tells.
    const there = (from, to, wild) => Array.from({ length: to - from + 1 }, (_, place) => wild.get(from + place) ?? "?").join("");

    const wildType = (code, place) => ((REFERENCE.get(place) ?? letter(code)) === letter(code) ? letter(code) : refuse(`residue ${place} is ${REFERENCE.get(place)}, not ${letter(code)}`));

    function letter(code) {
      const found = rules.codes[code.toUpperCase()] ?? code.toUpperCase();
      if (found === "*") refuse("a stop codon is not a resistance mutation");
      return rules.amino_acids.includes(found) ? found : refuse(`${code} is not one of the 20 amino acids`);
    }

    // THR is threonine beside Leu but three residues beside L; Thr beside L could be either.
    function spelledOut(letters, neighbour) {
      const codes = letters.match(/.{1,3}/g);
      const spelled = codes.every((code) => code.toUpperCase() in rules.codes);
      const long = neighbour?.length === 3, capital = (text) => text === text.toUpperCase();
      if (!(long ? spelled : capital(letters) || !(spelled || (neighbour && capital(neighbour))))) refuse("use three-letter code or one-letter code in capitals, not a mixture");
      return (long ? codes : [...letters]).map(letter).join("");
    }

    // What a replacement comes to: what is unchanged trimmed, the rest as far towards the
    // C-terminus as it goes, and a duplication where it repeats what stands before it.
    function replaced(from, to, inserted, wild) {
      let old = there(from, to, wild);
      for (; old && inserted && old[0] === inserted[0]; from++) [old, inserted] = [old.slice(1), inserted.slice(1)];
      for (; old && inserted && old.at(-1) === inserted.at(-1); to--) [old, inserted] = [old.slice(0, -1), inserted.slice(0, -1)];
      if (old && inserted) return made(from, to, old.length + inserted.length > 2 ? "delins" : "substitution", inserted, wild);
      if (old) {
        while (wild.has(to + 1) && wild.get(to + 1) === wild.get(from)) [from, to] = [from + 1, to + 1];
        return made(from, to, "del", "", wild);
      }
      if (!inserted) refuse("a synonymous change leaves the protein as it is");
      while (wild.get(to + 1) === inserted[0]) [inserted, to] = [inserted.slice(1) + inserted[0], to + 1];
      from = to - inserted.length + 1;
      return there(from, to, wild) === inserted ? made(from, to, "dup", "", wild) : made(to, to + 1, "ins", inserted, wild);
    }

    function made(from, to, kind, inserted, wild) {
      const ends = from === to ? [from] : [from, to];
      for (const place of ends) if (!wild.has(place)) refuse(`residue ${place} is not in the reference and must be named`);
      return { residue: from, last: to, kind, name: ends.map((place) => `${wild.get(place)}${place}`).join("_") + (kind === "substitution" ? "" : kind) + inserted };
    }

    function translated(name) {
      if (INTRON.test(name)) refuse("lies in an intron: a splice variant is not read as a resistance mutation");
      const { first, bases } = rules.coding;
      const form = CHANGE.exec(name)?.groups ?? refuse("is not read; accepted are c.3604G>A, c.3604_3606del, dup, ins and delins");
      const [from, to] = [form.first, form.last ?? form.first].map((place) => place - first);
      if (!(0 <= from && from <= to && to < bases.length)) refuse(`lies outside c.${first} to c.${first + bases.length - 1}, the reference`);
      const old = bases.slice(from, to + 1);
      const letters = (form.old || form.base || form.letters || form.gone || old).toUpperCase();
      if (letters !== old) refuse(`the reference has ${old} at c.${form.places}, not ${letters}`);
      let put = /dup/i.test(form.lost) ? old + old : (form.new ?? form.inserted ?? "").toUpperCase();
      if (form.inserted && !form.delins) put = to === from + 1 ? old[0] + put + old[1] : refuse("an insertion names the two bases around it, as c.3604_3605insGGC");
      const changed = bases.slice(0, from) + put + bases.slice(to + 1);
      if ((changed.length - bases.length) % 3) refuse("shifts the reading frame; frameshifts are not resistance mutations");
      const residues = (changed.match(/.../g) ?? []).map((codon) => rules.codons[codon]).join("");
      if (residues.includes("*")) refuse("gives a stop codon, which is not a resistance mutation");
      return replaced((first + 2) / 3, (first + bases.length - 1) / 3, residues, REFERENCE);
    }

    // Changes of one allele that meet in a codon: only together they tell what it codes.
    function refuseOneCodon(changes) {
      const codons = (name) => CHANGE.exec(name).groups.places.split("_").map((place) => Math.ceil(place / 3));
      [...new Set(changes)].filter((name) => CHANGE.test(name)).forEach((name, place, all) => {
        const met = all.slice(place + 1).find((other) => codons(name)[0] <= codons(other).at(-1) && codons(other)[0] <= codons(name).at(-1));
        if (met) refuse(`c.${name} and c.${met} concern one codon of one allele: give the protein change`);
      });
    }

    // A line reduced to names of the protein among marked DNA (Ⓓ) and frequencies (Ⓕ), as alkpool.mutations.reports says.
    function takenApart(text) {
      const [aside, phases] = [[], new Set()];
      let rest = cleaned(text);
      for (const [what, action, put, sought] of LINES) {
        for (let found; (found = sought.exec(rest)); ) {
          let value = found.groups?.value ?? "";
          if (action === "frequency") value = value.replace(",", ".").replace(/ /g, "");
          if (action === "coding") value = value.trim().split(/[\s(;,)]+(?:c\.)?/i).map((each) => (/^[Ⓐ-Ⓩ]/.test(each) ? each : `Ⓓ${each}`)).join(" ");
          if (action === "aside") aside.push([what, found[0].replace(/^[ ,;:]+|[ ,;:]+$/g, "")]);
          if (["cis", "trans"].includes(what)) phases.add(what);
          rest = rest.replace(sought, () => ` ${put.replace("{}", () => value).replaceAll("Ⓧ", found[0].includes("%") ? "Ⓞ" : "Ⓧ")} `);
        }
        rest = rest.replace(/ +/g, " ").trim();
      }
      if (phases.size > 1) refuse(`${quoted(text)} says both cis and trans: leave the phase out`);
      return { rest, aside, phase: [...phases].join() };
    }

    const inWords = (aside) => aside.map(([what, found]) => `${found} (${what})`).join(", ");
    // Mutations and phase of a line, its allele frequencies, and what is set aside.
    function read(text) {
      refuseLong(text, "a line of a report", rules.max_line);
      const { rest, aside, phase } = takenApart(text);
      const [changes, frequency] = [/Ⓓ(\S*)/g, /Ⓕ(\S*)/g].map((mark) => [...rest.matchAll(mark)].map(([, value]) => value));
      const protein = rest.replace(/[Ⓐ-Ⓩ]\S*/g, "").replace(/ +/g, " ").replace(/^[ ,;]+|[ ,;]+$/g, "");
      const printed = protein || !(aside.length || changes.length) ? asPrinted(protein, text) : [];
      if (phase === "cis") refuseOneCodon(changes);
      // A change of DNA where no reference reaches, at a residue that is named too, is not checked.
      const beyond = changes.filter((name) => printed.some((each) => isBeyond(each) && each.residue === Math.ceil(CHANGE.exec(name)?.groups.first / 3)));
      aside.push(...beyond.map((name) => ["outside the reference, not checked; its protein name is read", `c.${name}`]));
      const ofDna = changes.filter((name) => !beyond.includes(name)).map((name) => within(`c.${name}`, () => translated(name)));
      const common = ({ name }) => rules.polymorphisms.includes(name);
      const mutations = sorted(printed.every(common) ? ofDna : printed.filter((each) => !common(each)));
      const names = mutations.map(({ name }) => name);
      const different = distinct(ofDna).map(({ name }) => name).filter((name) => !names.includes(name));
      if (different.length) refuse(`${quoted(text)}: the DNA says ${different.join(", ")}, the protein ${names.join(", ")}: one of them is wrong, or a protein name is missing`);
      aside.push(...sorted(printed).filter(common).map(({ name }) => ["taken for a polymorphism", name]));
      const [lost] = [...aside.filter(([what]) => what.includes("another")).map(([, found]) => found).join(" ").matchAll(SWALLOWED)].find(fits) ?? [];
      if (!names.length) refuse(`${quoted(text)} holds no mutation of ALK${aside.length ? `: found ${inWords(aside)}` : ""}${lost ? `; where ${lost} is of ALK, write ALK before it` : ""}`);
      const far = mutations.find((each) => isBeyond(each) && !each.ofAlk);
      if (far) refuse(`${far.name}: residue ${far.residue} lies outside the reference (${REACH.join(" to ")}) and cannot be checked; ` +
          `T790M and L858R, for instance, are mutations of EGFR. Where it is ALK, write ALK ${far.name}`);
      if (lost) refuse(`${quoted(text)}: ${lost} fits ALK too: write ALK before it, or leave it out where it is of another gene`);
      // Where names and frequencies stand among separators and what is set aside.
      const layout = rest.match(TOKEN)?.map((token) => (/^[Ⓐ-Ⓩ]/.test(token) ? token[0] : /\d/.test(token) ? "M" : token)).join("").replaceAll("Ⓓ", printed.length ? "" : "M");
      const between = new Set(layout.replace(/[ⒻⓈⓍⓄ]/g, "").split("M").slice(1, -1));
      const ofSome = between.size > 1 || /[ⓅⓆ]/.test([...between].join()) || ![0, names.length].includes(distinct(ofDna).length);
      const places = distinct(printed.length ? printed : ofDna).map(({ name }) => name);
      if (phase && ((places.length > 1 && OF_OTHERS.test(layout)) || (places.length > 2 && ofSome))) refuse(`${quoted(text)}: which of the mutations are in ${phase} is not clear: leave the phase out, or give all in one pair of brackets, as p.[L1196M;G1202R]`);
      if (phase === "cis") refuseInCis(mutations);
      // Frequencies follow their mutations into the canonical order; at most and at least are none of a table's bounds.
      const known = names.every((name) => places.includes(name)) && PAIRS.test(layout.replace(/[ⓅⓆ]/g, "")) && frequency.length === places.length && !/[≤≥]/.test(frequency);
      if (!known) aside.push(...frequency.map((value) => ["allele frequency", `${value}%`]));
      return { mutations, phase: names.length > 1 ? phase : "", vaf: known ? names.map((name) => frequency[places.indexOf(name)]) : [], aside };
    }

    // What fits ALK's own sequence is not lost to the gene that stands before it.
    const fits = ({ groups: { change, name, code, place } }) => { try { return place ? REFERENCE.get(Number(place)) === letter(code) : !(change ? [translated(change)] : asPrinted(name)).some(isBeyond); } catch { return false; } };
    // Beyond the reference a residue cannot be checked: ALK must stand directly before it.
    const isBeyond = ({ residue }) => !REFERENCE.has(residue);

    // What a person must know of a line beside its mutations.
    function notes({ mutations, vaf, aside: rest }) {
      const outside = mutations.filter(({ residue, last }) => residue < rules.domain[0] || last > rules.domain[1]);
      const unchecked = ({ residue, last }) => [residue, last].every((place) => REFERENCE.has(place)) ? "" : `; could not be checked, the reference covers residues ${REACH.join("-")} only`;
      const aside = [...vaf.map((value, place) => [`allele frequency of ${mutations[place].name}`, `${value}%`]), ...rest];
      return [
        aside.length && `set aside: ${inWords(aside)}`,
        ...outside.map((each) => `note: ${each.name}: outside the kinase domain (residues ${rules.domain.join("-")})${unchecked(each)}`),
      ].filter(Boolean);
    }

    return { parse: (text) => sorted(asPrinted(text)), read, refuseInCis, changedTwice, profileOf, notes, isBeyond };
  }

  globalThis.alkpoolMutations = { mutationReader, Refusal, refuse, quoted };
})();
