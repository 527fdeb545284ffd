// A sentence in words and their numbers, as Python reads it: reading/sentences.py has the rules and says why they are so,
// reading/words.py what is refused. Python's \B is "no word ends here" by Unicode's rules (UAX 29); here those of the
// rules that can hold at a sign of punctuation are written out.

import { nearest, shown } from "./nearest.js";

/** @typedef {{words: string[], T_max: number}} Reads what a sentence is read with: the model's words, its places */

const NAMED = 5; // unknown words in one refusal

export const SPACE = "[\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]";
const INSIDE = "[\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Join_Control}\\p{Pc}]"; // of a word, for what begins or ends one
const TITLE = `(?<!${INSIDE})(?:[Mm]rs?|[Mm]s|[Dd]r|Messrs|Prof|Rev|St|Sr)`;
const NUMBER = `(?<!${INSIDE})(?:[Nn]os?|[Nn]r|[Vv]ol|[Ff]ig|[Cc]h|pp?)(?=\\.${SPACE}*\\p{Nd})`;
const INITIAL = `(?<!${INSIDE})\\p{Lu}(?=\\.(?:\\p{Lu}(?!${INSIDE})|${SPACE}*\\p{Lu}[.\\p{Ll}]))`;
const KEPT = `(?:${TITLE}|${NUMBER}|${INITIAL}|(?<!${INSIDE})\\p{L}\\.\\p{L})\\.`; // the point of an abbreviation
const STOP = "(?!\\.)[\\p{Sentence_Terminal}…;؛፤།༎]";
const END = new RegExp(`(?:${STOP}|\\.(?<!${KEPT})(?![\\p{Nd}\\p{Ll}]))(?!,)`, "u");

const SHAPES = /[\ufb00-\ufdff\ufe70-\ufefe\uff00-\uffef]+/g;
const UNSEEN = new RegExp(`\\xad${SPACE}*|\\u200c(?!\\p{L})|[\\p{Bidi_Control}\\p{Me}\\u2060\\ufeff\\ufe00-\\ufe0f\\u055b\\u055c\\u055e]`, "gu");
const APOSTROPHE = /(?<=[\p{L}\p{M}\p{N}])[‘’ʻʼ´׳](?=[\p{L}\p{N}])/gu;

// UAX 29: letters whose words are told apart by rule; not those of scripts that are written without spaces.
const SPACELESS = "\\p{Ideographic}\\p{Script=Hiragana}\\p{Script=Katakana}\\u30fc\\p{Script=Thai}\\p{Script=Lao}\\p{Script=Myanmar}" +
  "\\p{Script=Khmer}\\p{Script=Tai_Le}\\p{Script=New_Tai_Lue}\\p{Script=Tai_Tham}\\p{Script=Tai_Viet}\\p{Script=Ahom}";
const LETTER = `(?![${SPACELESS}])[\\p{L}\\p{Nl}\\u055a\\u058a\\u05f3]`, DIGIT = "[\\p{Nd}\\u066b]";
const MARKS = "(?:(?!\\u200b)[\\p{M}\\p{Cf}])*";
/** @type {(sides: string, signs: string) => string} these signs between two of those */
const between = (sides, signs) => `(?<=${sides})[${signs}](?=${sides})`;
const HELD = [
  between(LETTER, ".'\\xb7\\u0387\\u055f\\u05f4\\u2018\\u2019\\u2024\\u2027\\ufe13\\ufe52\\ufe55"),
  between(DIGIT, ".',\\u0589\\u060c\\u060d\\u066c\\u07f8\\u2018\\u2019\\u2024\\u2044\\ufe10\\ufe14\\ufe52"),
  between("(?=\\p{Script=Hebrew})\\p{L}", "\""),
  between("[\\p{Script=Katakana}\\u30fc\\u30a0]", "\\u30a0"),
  `(?<=(?:${LETTER}|${DIGIT})${MARKS})[\\u055a\\u058a\\u05f3\\u066b](?=${MARKS}(?:${LETTER}|${DIGIT}|\\p{Pc}))`,
].join("|");
const WORD = new RegExp(`[\\p{L}\\p{N}](?:[\\p{L}\\p{M}\\p{N}\\p{Join_Control}]|'(?=[\\p{L}\\p{N}])|${HELD})*`, "gu");

// One spelling of each letter: its usual shape, composed, one apostrophe, nothing that is not seen.
/** @type {(sentence: string) => string} */
const normal = (sentence) => sentence.replace(SHAPES, (found) => found.normalize("NFKC")).normalize("NFC")
  .replace(UNSEEN, "").replaceAll("״", '"').replace(APOSTROPHE, "'");

/** @type {(sentence: string) => string[]} lower case, punctuation dropped, but not inside a word or a number */
export const wordsOf = (sentence) => normal(sentence).split(END)
  .flatMap((piece) => piece.replaceAll("İ", "i").toLowerCase().normalize("NFC").match(WORD) ?? []);

/** @type {WeakMap<string[], {number: Map<string, number>, spelled: Map<string, string>}>} */
const vocabularies = new WeakMap();

// The number of each word, and for each as a text is read how the vocabulary spells it; the first of several.
/** @type {(words: string[]) => {number: Map<string, number>, spelled: Map<string, string>}} */
function vocabularyOf(words) {
  const known = vocabularies.get(words);
  if (known) return known;
  const read = [...words].reverse().map((word) => /** @type {const} */ ([wordsOf(word), word]));
  const spelled = new Map(read.flatMap(([found, word]) => (found.length === 1 ? [[found[0], word]] : [])));
  const made = { number: new Map(words.map((word, i) => [word, i])), spelled };
  vocabularies.set(words, made);
  return made;
}

/** What is wrong with a sentence, in Python's words. */
export class Refused extends Error {}

/** @type {(sentence: string, reads: Reads) => number[]} the numbers of its words; Refused for what cannot be read */
export function read(sentence, { words, T_max }) {
  const { number, spelled } = vocabularyOf(words);
  const found = wordsOf(sentence).map((word) => (number.has(word) ? word : spelled.get(word) ?? word));
  const strangers = [...new Set(found)].filter((word) => !number.has(word));
  if (strangers.length) {
    const named = strangers.slice(0, NAMED).map((word) => `${shown(word)} (the nearest: ${nearest(word, words).join(", ")})`);
    const more = strangers.length > NAMED ? `; and ${strangers.length - NAMED} more` : "";
    throw new Refused(`the model does not know ${named.join("; ")}${more}`);
  }
  if (found.length < 2 || found.length > T_max + 1) {
    throw new Refused(`wanted 2 to ${T_max + 1} words, got ${found.length}`);
  }
  return found.map((word) => number.get(word) ?? -1);
}
