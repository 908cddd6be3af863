import type { ObjectPath } from '../../../src/domain/model.js';
import { show, type Content } from '../branch-protocol/content.js';
import type { Act } from './callers.js';
import type { LogFacts } from './log-judge.js';

/** What matters to an act of what the branch shows. */
interface Sight {
  /** It shows the same of this. */
  readonly content: Content | null;
  readonly deletionCount: number;
}

const SOMETHING: Content = new Map();
const MANY = 2 ** 20;

/**
 * What callers could see while an act of theirs was under way: sets of sights, one object for each.
 * Of a sight only that is kept which the answer is compared with.
 */
export class Sights {
  readonly #sights: Sight[] = [];
  readonly #ids = new Map<string, number>();
  readonly #ofAct = new Map<number, number>();
  readonly #sets: (readonly number[])[] = [[]];
  readonly #setIds = new Map<string, number>([['', 0]]);
  readonly #added = new Map<number, number>();

  /** @returns the set with what the branch shows now */
  add(set: number, act: { readonly index: number; readonly act: Act }, facts: LogFacts): number {
    const sight = this.#sightOf(act, facts);
    const name = set * MANY + sight;
    const known = this.#added.get(name);
    if (known !== undefined) return known;
    const sights = [...new Set([...(this.#sets[set] ?? []), sight])].sort((a, b) => a - b);
    const text = sights.join();
    const id = this.#setIds.get(text) ?? this.#sets.push(sights) - 1;
    this.#setIds.set(text, id);
    this.#added.set(name, id);
    return id;
  }

  in(set: number): readonly Sight[] {
    return (this.#sets[set] ?? []).map((id) => this.#sights[id] as Sight);
  }

  #sightOf({ index, act }: { index: number; act: Act }, facts: LogFacts): number {
    const { content, contentId, deletionCount } = facts;
    const name = (contentId * 64 + deletionCount) * 64 + index;
    const known = this.#ofAct.get(name);
    if (known !== undefined) return known;
    const sight = {
      content: content && partOf(act, content),
      deletionCount: act.kind === 'delete' ? deletionCount : 0,
    };
    const text = `${show(sight.content)} ${sight.deletionCount}`;
    const id = this.#ids.get(text) ?? this.#sights.push(sight) - 1;
    this.#ids.set(text, id);
    this.#ofAct.set(name, id);
    return id;
  }
}

function partOf(act: Act, content: Content): Content {
  switch (act.kind) {
    case 'list':
      return content;
    case 'stat':
      return only(content, act.path, (value) => value);
    case 'remove':
    case 'put if absent':
      return only(content, act.path, () => 'something');
    default:
      return SOMETHING;
  }
}

function only(content: Content, path: ObjectPath, as: (value: string) => string): Content {
  const value = content.get(path);
  return value === undefined ? SOMETHING : new Map([[path, as(value)]]);
}
