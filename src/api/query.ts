import { DomainError } from '../domain/errors.js';
import { decodeQueryText } from './percent.js';

/**
 * The query of a URL, read strictly: every parameter at most once, unless asked for by `all`.
 * Unknown parameters are left alone, as the contract has it.
 */
export class Query {
  readonly #pairs: readonly (readonly [name: string, raw: string])[];

  constructor(url: string) {
    const start = url.indexOf('?');
    this.#pairs = start < 0 || start === url.length - 1 ? none : pairsOf(url.slice(start + 1));
  }

  /** @throws DomainError invalid  given twice, or not to be decoded */
  text(name: string): string | undefined {
    let found: string | undefined;
    for (const [each, raw] of this.#pairs) {
      if (each !== name) continue;
      if (found !== undefined) throw invalid(name, 'given more than once');
      found = decodeQueryText(raw, name);
    }
    return found;
  }

  /** @throws DomainError invalid  missing, empty, given twice, or not to be decoded */
  required(name: string): string {
    const text = this.text(name);
    if (text === undefined) throw invalid(name, 'value is required but missing');
    if (text === '') throw invalid(name, 'empty value is not allowed');
    return text;
  }

  /** @throws DomainError invalid  not one of `true`, `false`, `1`, `0`, `t`, `f` */
  flag(name: string, untold = false): boolean {
    const text = this.text(name);
    if (text === undefined) return untold;
    const value = flags.get(text);
    if (value === undefined) throw invalid(name, `'${text}' is not a boolean`);
    return value;
  }

  /** @throws DomainError invalid  no whole number, or out of its bounds */
  integer(name: string, bounds: { untold: number; min: number; max: number }): number {
    const text = this.text(name);
    if (text === undefined) return bounds.untold;
    if (!integer.test(text)) throw invalid(name, `'${text}' is not an integer`);
    const value = Number(text);
    if (value < bounds.min) throw invalid(name, `number must be at least ${bounds.min}`);
    if (value > bounds.max) throw invalid(name, `number must be at most ${bounds.max}`);
    return value;
  }

  /**
   * Returns every value of a parameter that may be repeated.
   *
   * @throws DomainError invalid  one is empty, or not to be decoded
   */
  all(name: string): readonly string[] {
    const texts: string[] = [];
    for (const [each, raw] of this.#pairs) {
      if (each !== name) continue;
      const text = decodeQueryText(raw, name);
      if (text === '') throw invalid(name, 'empty value is not allowed');
      texts.push(text);
    }
    return texts;
  }

  /** @throws DomainError invalid  given, and none of `words` */
  word<Word extends string>(name: string, words: readonly Word[], untold: Word): Word {
    const text = this.text(name);
    if (text === undefined) return untold;
    const word = words.find((each) => each === text);
    if (word === undefined) throw invalid(name, `must be one of ${words.join(', ')}`);
    return word;
  }

  /** @throws DomainError invalid  there is a parameter that is none of these */
  assertOnly(names: readonly string[]): void {
    for (const [each] of this.#pairs) {
      if (!names.includes(each)) throw invalid(each, `is none of ${names.join(', ')}`);
    }
  }

  /** Returns whether a parameter is there at all, whatever its value. */
  has(name: string): boolean {
    return this.#pairs.some(([each]) => each === name);
  }
}

function pairsOf(text: string): readonly (readonly [string, string])[] {
  return text.split('&').map((pair) => {
    const equals = pair.indexOf('=');
    const name = equals < 0 ? pair : pair.slice(0, equals);
    return [
      simpleName.test(name) ? name : decodeQueryText(name, 'query'),
      equals < 0 ? '' : pair.slice(equals + 1),
    ] as const;
  });
}

function invalid(field: string, reason: string): DomainError {
  return new DomainError('invalid', { field, reason });
}

const none = [] as const;
const simpleName = /^[\w-]*$/;
const integer = /^[-+]?\d{1,15}$/;
/** What the contract's own server reads as a boolean. */
const flags: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);
