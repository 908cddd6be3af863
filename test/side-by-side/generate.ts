import type { SeededRandom } from '../support/seeded-random.js';
import { importedFrom } from './import-folder.js';
import type { PlainGraveler } from './plain-graveler.js';
import { listed, type Tree } from './plain-trees.js';
import { ELSEWHERE } from './side.js';
import type { Entry, RefText, Step } from './step.js';

/**
 * - `agreeing`: nothing in it that lakeFS answers wrongly or by chance: every object has its own
 *   checksum, commits their dates, and no two commits have several best merge bases.
 * - `any`: equal contents under several names, renames, criss-cross merges, resets of dirty ones.
 */
export type Kind = 'agreeing' | 'any';

const BRANCHES = ['main', 'dev', 'wip', 'b-4'] as const;
const TAGS = ['v1', 'v2', 'v3'] as const;
const FOLDERS = ['', '', 'a/', 'a/b/', 'c/', 'z/'] as const;
const NAMES = ['0', '1', '2', 'a', 'b', 'x', 'long name+%', 'ä'] as const;
/** Seconds; far enough back that no server's own clock comes between. */
const FIRST_DATE = 1_600_000_000;

/** Picks the steps of a history, one behind the other: what comes next depends on what came. */
export class Generator {
  #count = 0;
  readonly #imported = new Set<string>();

  constructor(
    private readonly kind: Kind,
    private readonly random: SeededRandom,
    private readonly model: PlainGraveler,
    /** Keeps this history's addresses from those of others. */
    private readonly label: string,
  ) {}

  next(): Step {
    this.#count++;
    const step = this.random.pick(WEIGHTED);
    return this.#made(step) ?? this.#stage();
  }

  #made(what: Step['do']): Step | undefined {
    switch (what) {
      case 'stage':
        return this.#stage();
      case 'unstage':
        return { do: 'unstage', branch: this.#branch(), path: this.#knownPath() };
      case 'commit':
        return this.#commit();
      case 'branch':
        return { do: 'branch', branch: this.random.pick(BRANCHES), from: this.#ref() };
      case 'delete branch':
        return this.#chance(30) ? { do: what, branch: this.random.pick(BRANCHES) } : undefined;
      case 'tag':
        return { do: 'tag', tag: this.random.pick(TAGS), of: this.#ref() };
      case 'delete tag':
        return { do: 'delete tag', tag: this.random.pick(TAGS) };
      case 'merge':
        return this.#merge();
      case 'revert': {
        const [of, allowsEmpty] = [this.#ref(), this.#chance(10)];
        const parent = this.#parent(of) ?? 0;
        const branch = this.#branch();
        return { do: what, branch, of, parent, allowsEmpty, message: this.#message() };
      }
      case 'cherry-pick': {
        const of = this.#ref();
        const [branch, parent, message] = [this.#branch(), this.#parent(of), this.#message()];
        // lakeFS writes into the picked commit's own metadata, as its cache has it, from where
        // branches get ids of commits that are nowhere.
        const isOwn = this.kind === 'any' && this.#chance(50);
        const metadata = isOwn ? undefined : { picked: 'yes' };
        return { do: what, branch, of, parent, message, metadata };
      }
      case 'reset':
        return this.#reset();
      case 'hard reset':
        return this.#hardReset();
      case 'import':
        return this.#import();
      default:
        return this.#read(what);
    }
  }

  #read(what: 'diff' | 'list' | 'log' | 'merge base'): Step {
    const delimiter = this.#chance(40) ? '/' : '';
    const prefix = this.random.pick(['', '', 'a', 'a/', 'a/b/', 'c/', 'none']);
    switch (what) {
      case 'diff': {
        const [left, right] = this.#pairWithOneBase();
        const type = this.#chance(50) ? 'two_dot' : 'three_dot';
        return { do: what, left, right, type, prefix, delimiter };
      }
      case 'list': {
        const [ref, amount] = [this.#ref(), this.random.pick([1, 3, 100])];
        // Where a page before this one could have ended.
        const of = { prefix, delimiter, after: '', amount: Infinity } as const;
        const { paths } = listed(this.#shown(ref), of);
        const after = this.#chance(30) && paths.length > 0 ? this.random.pick(paths) : '';
        return { do: what, ref, ...of, after, amount };
      }
      case 'log':
        return { do: what, ref: this.#ref(), isFirstParent: this.#chance(50) };
      case 'merge base': {
        const [source, branch] = this.#pairWithOneBase();
        return { do: what, source, branch };
      }
    }
  }

  #stage(): Step {
    const path = this.#chance(30) ? this.#knownPath() : this.#path();
    return { do: 'stage', branch: this.#branch(), path, entry: this.#entry() };
  }

  #entry(): Entry {
    // Few contents, so that they meet under several names and come back.
    const content = this.kind === 'agreeing' ? this.#count : this.random.below(3);
    const isTagged = this.random.below(this.kind === 'agreeing' ? 4 : 6) === 0;
    return {
      address: `local://${ELSEWHERE}${this.label}/${this.#count}`,
      checksum: `${this.kind === 'agreeing' ? this.label : 'sum'}-${content}`,
      sizeBytes: content,
      modifiedAt: FIRST_DATE + this.#count,
      contentType: 'application/octet-stream',
      metadata: isTagged ? { note: 'one' } : {},
    };
  }

  #commit(): Step {
    return {
      do: 'commit',
      branch: this.#branch(),
      message: this.#message(),
      metadata: this.#chance(30) ? { job: 'nightly' } : {},
      date: FIRST_DATE + this.#count * 60,
      allowsEmpty: this.#chance(10),
    };
  }

  #merge(): Step | undefined {
    const [source, branch] = this.#pairWithOneBase();
    const from = this.model.resolve(source);
    const to = this.model.resolve(branch);
    if (from === undefined || to === undefined) return undefined;
    const isAncestor = this.model.ancestors(to).has(from);
    // An empty merge of an ancestor makes histories whose best base lakeFS may miss.
    const mayBeEmpty = this.kind === 'any' ? from !== to : !isAncestor;
    return {
      do: 'merge',
      source,
      branch,
      strategy: this.random.pick(['', '', '', 'source-wins', 'dest-wins']),
      isSquash: this.#chance(15),
      allowsEmpty: mayBeEmpty && this.#chance(20),
      message: this.#message(),
    };
  }

  #reset(): Step {
    const scope = this.random.pick(['reset', 'common_prefix', 'object'] as const);
    const path = scope === 'object' ? this.#knownPath() : this.random.pick(['a/', 'c/', 'z/']);
    return { do: 'reset', branch: this.#branch(), scope, path: scope === 'reset' ? '' : path };
  }

  #import(): Step | undefined {
    const folder = this.random.pick(FOLDERS);
    const prefix = { type: 'common_prefix', path: 'one', destination: folder } as const;
    const object = { type: 'object', path: 'two/a', destination: `${folder}x` } as const;
    const other = { type: 'common_prefix', path: 'two', destination: 'c/two/' } as const;
    const sources = this.random.pick([[prefix], [object], [other], [prefix, other]]);
    const [branch, message] = [this.#branch(), this.#message()];
    // What an import replaces behind all that it brings, lakeFS keeps.
    const isReplacing = [...this.#shown(branch).keys()].some((path) =>
      sources.some(({ destination }) => path.startsWith(destination)),
    );
    const files = sources.flatMap((source) => [...importedFrom(source).values()]);
    // An object of its own checksum: a file comes in once.
    const isAgain = files.some(({ address }) => this.#imported.has(address));
    if (this.kind === 'agreeing' && (isReplacing || isAgain)) return undefined;
    for (const { address } of files) this.#imported.add(address);
    return { do: 'import', branch, sources, message };
  }

  #hardReset(): Step | undefined {
    const branch = this.#branch();
    // What is staged outlives lakeFS's hard reset, without effect or with it.
    const isPristine = this.model.branches.get(branch)?.staged.size === 0;
    if (!isPristine && (this.kind === 'agreeing' || !this.#chance(10))) return undefined;
    return { do: 'hard reset', branch, to: this.#ref() };
  }

  /** A ref and a branch; of an agreeing history, with one best base or none to be asked for. */
  #pairWithOneBase(): readonly [RefText, string] {
    for (let tries = 0; tries < 20; tries++) {
      const [ref, branch] = [this.#ref(), this.#branch()];
      if (this.kind === 'any') return [ref, branch];
      const [left, right] = [this.model.resolve(ref), this.model.resolve(branch)];
      if (left === undefined || right === undefined) continue;
      if (this.model.bestBases(left, right).length === 1) return [ref, branch];
    }
    return ['main', 'main'];
  }

  #shown(ref: RefText): Tree {
    if (this.model.branches.has(ref)) return this.model.shown(ref);
    const commit = this.model.resolve(ref);
    return commit === undefined ? new Map() : this.model.at(commit).tree;
  }

  #branch(): string {
    return this.random.pick([...this.model.branches.keys()]);
  }

  #ref(): RefText {
    const of = this.random.below(10);
    if (of < 5) return this.#branch();
    const tags = [...this.model.tags.keys()];
    if (of < 6 && tags.length > 0) return this.random.pick(tags);
    if (of < 7) return `${this.#branch()}~${1 + this.random.below(3)}`;
    return `#${this.random.below(this.model.commits.length)}`;
  }

  #parent(of: RefText): number | undefined {
    const commit = this.model.resolve(of);
    const parents = commit === undefined ? 1 : this.model.at(commit).parents.length;
    if (parents > 1) return this.#chance(80) ? 1 + this.random.below(parents + 1) : undefined;
    return this.#chance(20) ? 1 + this.random.below(2) : undefined;
  }

  #path(): string {
    return this.random.pick(FOLDERS) + this.random.pick(NAMES);
  }

  #knownPath(): string {
    const known = [...this.model.shown(this.#branch()).keys()];
    return known.length > 0 && this.#chance(90) ? this.random.pick(known) : this.#path();
  }

  #message(): string {
    return `step ${this.#count}`;
  }

  #chance(percent: number): boolean {
    return this.random.below(100) < percent;
  }
}

const WEIGHTS: Readonly<Record<Step['do'], number>> = {
  stage: 24,
  unstage: 8,
  commit: 16,
  branch: 6,
  'delete branch': 2,
  tag: 3,
  'delete tag': 1,
  merge: 14,
  revert: 5,
  'cherry-pick': 5,
  reset: 3,
  'hard reset': 2,
  import: 2,
  diff: 6,
  list: 4,
  log: 2,
  'merge base': 2,
};

const WEIGHTED = Object.entries(WEIGHTS).flatMap(([what, weight]) =>
  Array.from({ length: weight }, () => what as Step['do']),
);
