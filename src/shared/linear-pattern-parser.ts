/** Not an expression, or not one that can be matched in time linear in the text. */
export class PatternRefused extends Error {
  override readonly name = 'PatternRefused';
}

export type PatternNode =
  | { readonly kind: 'empty' }
  | { readonly kind: 'unit'; readonly takes: (unit: number) => boolean }
  | { readonly kind: 'place'; readonly holds: (text: string, at: number) => boolean }
  | { readonly kind: 'look'; readonly of: PatternNode; readonly isNegated: boolean }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly of: PatternNode;
      readonly min: number;
      /** Infinity: as often as there is text. */
      readonly max: number;
    };

/** @throws PatternRefused */
export function parsePattern(pattern: string): PatternNode {
  if (pattern.length > PATTERN_LENGTH_MAX) {
    throw new PatternRefused(`it has more than ${PATTERN_LENGTH_MAX} characters`);
  }
  return new Parser(pattern).whole();
}

type Takes = (unit: number) => boolean;

class Parser {
  #at = 0;
  #depth = 0;

  constructor(private readonly text: string) {}

  whole(): PatternNode {
    const node = this.#choice();
    if (this.#at < this.text.length) throw new PatternRefused('a ) has no (');
    return node;
  }

  #choice(): PatternNode {
    if (++this.#depth > DEPTH_MAX) throw new PatternRefused('its groups are nested too deeply');
    const options = [this.#sequence()];
    while (this.#eat('|')) options.push(this.#sequence());
    this.#depth--;
    return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
  }

  #sequence(): PatternNode {
    const parts: PatternNode[] = [];
    while (this.#at < this.text.length && !'|)'.includes(this.#peek())) {
      parts.push(this.#repeated(this.#atom()));
    }
    return parts.length === 0 ? { kind: 'empty' } : { kind: 'sequence', parts };
  }

  #repeated(of: PatternNode): PatternNode {
    const bounds = this.#quantifier();
    if (!bounds) return of;
    if (of.kind === 'place' || of.kind === 'look') {
      throw new PatternRefused('what takes no character is repeated');
    }
    // Which of several matches is found makes no difference here.
    this.#eat('?');
    if (this.#quantifier()) throw new PatternRefused('one quantifier follows another');
    return { kind: 'repeat', of, ...bounds };
  }

  #quantifier(): { min: number; max: number } | undefined {
    if (this.#eat('*')) return { min: 0, max: Infinity };
    if (this.#eat('+')) return { min: 1, max: Infinity };
    if (this.#eat('?')) return { min: 0, max: 1 };
    const [all, least, comma, most] =
      /^\{(\d{1,4})(,(\d{1,4})?)?\}/.exec(this.text.slice(this.#at, this.#at + 12)) ?? [];
    if (all === undefined) return undefined;
    this.#at += all.length;
    const min = Number(least);
    const max = most === undefined ? (comma === undefined ? min : Infinity) : Number(most);
    if (max < min) throw new PatternRefused(`${all} ends before it begins`);
    return { min, max };
  }

  #atom(): PatternNode {
    const character = this.#take();
    switch (character) {
      case '(':
        return this.#group();
      case '[':
        return { kind: 'unit', takes: this.#class() };
      case '.':
        return { kind: 'unit', takes: (unit) => unit !== NEW_LINE };
      case '^':
        return { kind: 'place', holds: atStart };
      case '$':
        return { kind: 'place', holds: atEnd };
      case '\\':
        return this.#escape();
      case '*':
      case '+':
      case '?':
        throw new PatternRefused(`${character} repeats nothing`);
      default:
        return unitOf(character.charCodeAt(0));
    }
  }

  #group(): PatternNode {
    let wrap = (of: PatternNode): PatternNode => of;
    if (this.#eat('?')) {
      const [opening] =
        /^(?::|=|!|<[A-Za-z_]\w*>|'[A-Za-z_]\w*')/.exec(this.text.slice(this.#at)) ?? [];
      if (opening === undefined) {
        throw new PatternRefused(`(?${this.text.slice(this.#at, this.#at + 2)} is not understood`);
      }
      this.#at += opening.length;
      if (opening === '=' || opening === '!') {
        wrap = (of) => ({ kind: 'look', of, isNegated: opening === '!' });
      }
    }
    const of = this.#choice();
    if (!this.#eat(')')) throw new PatternRefused('a ( has no )');
    return wrap(of);
  }

  #escape(): PatternNode {
    const character = this.#take();
    const place = PLACES[character];
    if (place) return { kind: 'place', holds: place };
    return { kind: 'unit', takes: CLASSES[character] ?? isUnit(this.#escapedUnit(character)) };
  }

  #class(): Takes {
    const isNegated = this.#eat('^');
    const members: Takes[] = [];
    // The first of them may be a ].
    for (let isFirst = true; isFirst || this.#peek() !== ']'; isFirst = false) {
      members.push(this.#member());
    }
    this.#at++;
    return (unit) => members.some((takes) => takes(unit)) !== isNegated;
  }

  #member(): Takes {
    const first = this.#take();
    if (first === '\\') {
      const escaped = this.#take();
      const takes = CLASSES[escaped];
      if (takes) return takes;
      return this.#range(escaped === 'b' ? 0x08 : this.#escapedUnit(escaped));
    }
    return this.#range(first.charCodeAt(0));
  }

  #range(low: number): Takes {
    if (this.#peek() !== '-' || [']', ''].includes(this.text[this.#at + 1] ?? '')) {
      return isUnit(low);
    }
    this.#at++;
    const last = this.#take();
    const high = last === '\\' ? this.#escapedUnit(this.#take()) : last.charCodeAt(0);
    if (high < low) throw new PatternRefused('a range of characters ends before it begins');
    return (unit) => unit >= low && unit <= high;
  }

  #escapedUnit(character: string): number {
    const control = CONTROLS[character];
    if (control !== undefined) return control;
    const digits = character === 'x' ? 2 : character === 'u' ? 4 : 0;
    if (digits > 0) {
      const hex = this.text.slice(this.#at, this.#at + digits);
      if (hex.length < digits || !/^[0-9a-fA-F]+$/.test(hex)) {
        throw new PatternRefused(`\\${character} needs ${digits} hex digits`);
      }
      this.#at += digits;
      return Number.parseInt(hex, 16);
    }
    if (/[A-Za-z0-9]/.test(character)) {
      throw new PatternRefused(`\\${character} is not understood`);
    }
    return character.charCodeAt(0);
  }

  #peek(): string {
    return this.text[this.#at] ?? '';
  }

  #take(): string {
    const character = this.text[this.#at++];
    if (character === undefined) throw new PatternRefused('it ends too early');
    return character;
  }

  #eat(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }
}

const NEW_LINE = 0x0a;
const isUnit =
  (wanted: number): Takes =>
  (unit) =>
    unit === wanted;
const unitOf = (wanted: number): PatternNode => ({ kind: 'unit', takes: isUnit(wanted) });

const within =
  (characters: RegExp): Takes =>
  (unit) =>
    characters.test(String.fromCharCode(unit));
const not =
  (takes: Takes): Takes =>
  (unit) =>
    !takes(unit);
const digit = within(/\d/);
const word = within(/\w/);
const space = within(/\s/);
const CLASSES: Readonly<Record<string, Takes>> = Object.assign(Object.create(null), {
  d: digit,
  D: not(digit),
  w: word,
  W: not(word),
  s: space,
  S: not(space),
});

const CONTROLS: Readonly<Record<string, number>> = Object.assign(Object.create(null), {
  n: 0x0a,
  r: 0x0d,
  t: 0x09,
  f: 0x0c,
  v: 0x0b,
});

const atStart = (_: string, at: number) => at === 0;
const atVeryEnd = (text: string, at: number) => at === text.length;
/** Also before a line's end that is the text's end. */
const atEnd = (text: string, at: number) =>
  at === text.length || (at === text.length - 1 && text.charCodeAt(at) === NEW_LINE);
const isWordAt = (text: string, at: number) =>
  at >= 0 && at < text.length && word(text.charCodeAt(at));
const atBoundary = (text: string, at: number) => isWordAt(text, at - 1) !== isWordAt(text, at);
const PLACES: Readonly<Record<string, (text: string, at: number) => boolean>> = Object.assign(
  Object.create(null),
  {
    A: atStart,
    Z: atEnd,
    z: atVeryEnd,
    b: atBoundary,
    B: (text: string, at: number) => !atBoundary(text, at),
  },
);

const PATTERN_LENGTH_MAX = 1024;
const DEPTH_MAX = 50;
