// Reads mutations as alkpool.mutations reads them, the same names and the same refusals; a test
// compares both. What it needs of the protein comes with the page.
(() => {
  "use strict";

  const AMINO_ACIDS = "ARNDCQEGHILKMFPSTWYV";
  const THREE_LETTER = "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL XAA TER".split(" ");
  const ONE_LETTER = new Map(THREE_LETTER.map((code, place) => [code, `${AMINO_ACIDS}X*`[place]]));
  ONE_LETTER.set("STOP", "*");

  const CODE = `(?:${[...ONE_LETTER.keys()].join("|")}|[A-Z*])`;
  const NUMBER = "[1-9]\\d*";
  const PREFIX = "(?:ALK[:_-]?|NP_004295(?:\\.\\d+)?(?::|(?=p\\.)))?(?:p\\.)?";
  const BODY =
    `(?:(?<first>${CODE})(?<start>${NUMBER})` +
    `(?:(?<new>${CODE}|=)` +
    `|(?<frameshift>${CODE}?fs(?:\\*|TER|X)?\\d*)` +
    `|(?:[_-](?<last>${CODE})(?<end>${NUMBER}))?` +
    `(?:(?<verb>delins|ins)(?<inserted>[A-Z]+)|(?<lost>del|dup)(?<letters>[A-Z]*)))` +
    `|(?<oldFirst>${CODE})?(?<oldStart>${NUMBER})(?<oldInserted>[A-Z]+)ins)`;
  const FORMS = [`${PREFIX}${BODY}`, `${PREFIX}\\(${BODY}\\)`].map((form) => new RegExp(`^${form}$`, "i"));
  const SEPARATOR = / ?(?:[,;]? ?\band\b|[/+,;&]) ?/i;
  const ACCEPTED = "accepted are G1202R, p.Gly1202Arg, G1202del, A1200_G1201del, T1151dup, T1151_L1152insK, G1202delinsRS and I1171X, several joined by '+'";
  const REASONS = [
    [/wild[ -]?type|\bwt\b|\bparental\b/i, "wild type is the absence of a mutation"],
    [/splice/i, "splice variants are not resistance mutations and are not read"],
    [new RegExp(`\\||\\bor\\b|^${CODE}$`, "i"), "write alternatives one by one (I1171N, then I1171S) or as the residue class (I1171X)"],
    [new RegExp(`^${PREFIX} ?${CODE} ?${NUMBER}$`, "i"), "the new residue is missing; X stands for any, as in I1171X"],
    [new RegExp(`^${PREFIX} ?${NUMBER} ?[A-Z]+$`, "i"), "the wild-type residue is missing, as the G in G1202R"],
  ];
  // White space as Python splits at; the escapes of its repr.
  const SPACES = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
  const ESCAPES = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

  class Refusal extends Error {}

  const refuse = (message) => { throw new Refusal(message); };

  // A text as Python quotes it.
  function quoted(text) {
    const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
    const shown = [...text].map((character) => {
      if (character in ESCAPES) return ESCAPES[character];
      if (character === mark) return `\\${mark}`;
      if (character === " " || !/[\p{C}\p{Z}]/u.test(character)) return character;
      const number = character.codePointAt(0);
      const [letter, width] = number < 0x100 ? ["x", 2] : number < 0x10000 ? ["u", 4] : ["U", 8];
      return `\\${letter}${number.toString(16).padStart(width, "0")}`;
    });
    return mark + shown.join("") + mark;
  }

  // Typography reduced to ASCII: compatibility forms, dashes, white space, invisible marks.
  const cleaned = (text) =>
    text.normalize("NFKC").replace(/[\p{Pd}\u2212]/gu, "-").replace(/\p{Cf}/gu, "").split(SPACES).filter(Boolean).join(" ");

  function mutationReader(protein) {
    const last = protein.first + protein.sequence.length - 1;
    const reference = (place) => protein.sequence[place - protein.first];

    function refuseLong(text) {
      const characters = [...text];
      if (characters.length > protein.max_characters) {
        const start = quoted(characters.slice(0, 20).join(""));
        refuse(`${start}...: ${characters.length} characters are too many for a mutation profile (at most ${protein.max_characters})`);
      }
    }

    function parse(text) {
      refuseLong(text);
      const found = new Map();
      for (const part of cleaned(text).split(SEPARATOR)) {
        if (!part) refuse(`${quoted(text)}: a mutation is missing; ${ACCEPTED}`);
        const forms = formsOf(part.split(" "));
        if (forms === null) {
          const reason = REASONS.find(([pattern]) => pattern.test(part));
          refuse(`${quoted(part)} is not read as a mutation: ${reason ? reason[1] : ACCEPTED}`);
        }
        for (const form of forms) {
          try {
            const mutation = read(form.groups);
            found.set(mutation.name, mutation);
          } catch (error) {
            if (!(error instanceof Refusal)) throw error;
            refuse(`${form[0]}: ${error.message}`);
          }
        }
      }
      const sorted = [...found.values()].sort((a, b) => a.residue - b.residue || a.last - b.last || ascending(a.kind, b.kind) || ascending(a.name, b.name));
      refuseLong(sorted.map((mutation) => mutation.name).join("+"));
      return sorted;
    }

    // A space may stand within a name or between two: it separates wherever it can.
    function formsOf(pieces) {
      const tails = new Map([[pieces.length, []]]);
      for (let start = pieces.length - 1; start >= 0; start--) {
        for (let end = start + 1; end <= pieces.length; end++) {
          if (!tails.has(end)) continue;
          const joined = pieces.slice(start, end).join("");
          const form = FORMS.map((pattern) => pattern.exec(joined)).find(Boolean);
          if (form) {
            tails.set(start, [form, ...tails.get(end)]);
            break;
          }
        }
      }
      return tails.get(0) ?? null;
    }

    function read(form) {
      const code = form.first ?? form.oldFirst;
      const startDigits = form.start ?? form.oldStart;
      const start = Number(startDigits);
      const end = Number(form.end ?? startDigits);
      // What the name tells is added to the reference, which does not reach everywhere.
      const told = new Map();
      const wild = (place) => told.get(place) ?? reference(place);
      if (code) told.set(start, wildType(code, startDigits));
      if (form.end) told.set(end, wildType(form.last, form.end));
      if (end < start) refuse(`the range runs backwards, from ${start} to ${end}`);
      if (form.frameshift) refuse("frameshifts are not resistance mutations and are not read");
      if (form.lost) {
        checkLetters(form.letters, code, start, end, wild);
        return shifted(start, end, form.lost.toLowerCase(), wild);
      }
      if (form.new) return substitution(form.new, start, wild);
      const inserted = sequence(form.inserted ?? form.oldInserted, code);
      if (!code && start > protein.length) refuse(unnamed(startDigits));
      if (form.verb?.toLowerCase() === "delins") return replaced(start, end, inserted, wild);
      if (form.end && end !== start + 1) refuse(`residues ${start} and ${end} are not neighbours`);
      return insertion(start, inserted, wild);
    }

    const unnamed = (place) => `residue ${place} is not in the reference and must be named`;

    function wildType(code, digits) {
      const found = letter(code);
      if (Number(digits) > protein.length) refuse(`residue ${digits} does not exist, ALK has ${protein.length}`);
      const expected = reference(Number(digits));
      if (expected && expected !== found) refuse(`residue ${digits} is ${expected}, not ${found}`);
      return found;
    }

    function letter(code) {
      const found = ONE_LETTER.get(code.toUpperCase()) ?? code.toUpperCase();
      if (found === "*") refuse("a stop codon is not a resistance mutation");
      if (!AMINO_ACIDS.includes(found)) refuse(`${code} is not one of the 20 amino acids`);
      return found;
    }

    // THR is threonine beside Leu but three residues beside L; Thr beside L could be either.
    function sequence(letters, neighbour) {
      const codes = letters.match(/.{1,3}/g);
      const spelled = codes.every((code) => ONE_LETTER.has(code.toUpperCase()));
      const long = neighbour !== undefined && neighbour.length === 3;
      const capitals = letters === letters.toUpperCase();
      if (long ? !spelled : spelled && !capitals) refuse("use three-letter code or one-letter code in capitals, not a mixture");
      return (long ? codes : [...letters]).map(letter).join("");
    }

    function substitution(code, place, wild) {
      if (["X", "XAA"].includes(code.toUpperCase())) return { residue: place, last: place, kind: "residue class", name: `${wild(place)}${place}X` };
      return replaced(place, place, code === "=" ? wild(place) : letter(code), wild);
    }

    // A deletion or duplication may name its residues: those of the reference.
    function checkLetters(letters, neighbour, from, to, wild) {
      const named = letters ? sequence(letters, neighbour) : "";
      let there = "";
      for (let place = from; place <= to; place++) there += wild(place) ?? "?";
      if (named && named !== there) refuse(`names ${named}, but residues ${from} to ${to} are ${there}`);
    }

    // What remains of a replacement once the unchanged residues are trimmed.
    function replaced(from, to, inserted, wild) {
      const old = [];
      for (let place = from; place <= to; place++) old.push(wild(place));
      while (old.length && inserted && old[0] === inserted[0]) {
        old.shift();
        inserted = inserted.slice(1);
        from += 1;
      }
      while (old.length && inserted && old.at(-1) === inserted.at(-1)) {
        old.pop();
        inserted = inserted.slice(0, -1);
        to -= 1;
      }
      if (!old.length && !inserted) refuse("a synonymous change leaves the protein as it is");
      if (!old.length) return insertion(to, inserted, wild);
      if (!inserted) return shifted(from, to, "del", wild);
      const kind = old.length === 1 && inserted.length === 1 ? "substitution" : "delins";
      return named(from, to, kind, inserted, wild);
    }

    // A deletion or duplication as far towards the C-terminus as it goes.
    function shifted(from, to, kind, wild) {
      while (wild(to + 1) && wild(to + 1) === wild(from)) {
        from += 1;
        to += 1;
      }
      return named(from, to, kind, "", wild);
    }

    // An insertion as far towards the C-terminus as it goes, or the duplication it is.
    function insertion(after, inserted, wild) {
      while (wild(after + 1) === inserted[0]) {
        after += 1;
        inserted = inserted.slice(1) + inserted[0];
      }
      const from = after - inserted.length + 1;
      const repeats = [...inserted].every((residue, place) => wild(from + place) === residue);
      return repeats ? named(from, after, "dup", "", wild) : named(after, after + 1, "ins", inserted, wild);
    }

    function named(from, to, kind, inserted, wild) {
      const ends = from === to ? [from] : [from, to];
      for (const place of ends) if (!wild(place)) refuse(unnamed(place));
      const change = kind === "substitution" ? "" : kind;
      const name = ends.map((place) => `${wild(place)}${place}`).join("_") + change + inserted;
      return { residue: from, last: to, kind, name };
    }

    const inDomain = (mutation) => protein.domain[0] <= mutation.residue && mutation.last <= protein.domain[1];

    // What alkpool warns of: mutations outside the kinase domain.
    const notes = (mutations) =>
      mutations.filter((mutation) => !inDomain(mutation)).map((mutation) => {
        const checked = [mutation.residue, mutation.last].every(reference);
        const unchecked = `; could not be checked, the reference covers residues ${protein.first}-${last} only`;
        return `${mutation.name}: outside the kinase domain (residues ${protein.domain.join("-")})${checked ? "" : unchecked}`;
      });

    const profileOf = (mutations) => mutations.map((mutation) => mutation.name).join("+");

    // Beyond the reference a residue cannot be checked: the text must name ALK.
    const beyond = (mutations) => mutations.find(({ residue }) => !reference(residue));
    const confirmed = (text, mutations = parse(text), far = beyond(mutations)) => far && !/\bALK\b|NP_004295|NM_004304/i.test(text)
      ? refuse(`${far.name}: residue ${far.residue} lies outside the reference (${protein.first} to ${last}) and cannot be checked; T790M and L858R, for instance, are mutations of EGFR. Where it is ALK, write ALK ${far.name}`) : mutations;

    return { parse, profileOf, notes, confirmed, beyond };
  }

  const ascending = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

  globalThis.alkpoolMutations = { mutationReader, Refusal, refuse, quoted };
})();
