import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../support/seeded-random.js';
import { md5 } from './places.js';
import type { Answer, ImportedSource, Operation, Recorded, Target } from './operations.js';

export const BRANCHES = ['main', 'dev', 'side'] as const;
const WHOLE = { after: '', amount: 1000 };
const NAMES = Array.from({ length: 12 }, (_, n) => n.toString().padStart(2, '0'));
const IN_FOLDER = NAMES.slice(0, 4);
const FOLDER = 'p/q/';
const PATHS = [...NAMES.map((name) => `p/${name}`), ...IN_FOLDER.map((name) => FOLDER + name)];
/** After an answer that says nothing, as a client would. */
const BACK_OFF_MS = 20;
const POLL_MS = 5;
const COMMITS_KNOWN_MAX = 64;
const LATELY = 8;
/** Of the hashes, in their order. */
const A_THIRD = '55';

export interface Load {
  readonly seed: number;
  readonly clientCount: number;
  readonly operationCount: number;
}

/** Clients that ask at random, each one thing after the other, by any of the nodes. */
export class Clients {
  readonly history: Recorded[] = [];
  readonly #random: SeededRandom;
  readonly #weights: readonly (readonly [Operation['do'], number])[];
  readonly #commits: string[] = [];
  /** Those of them that were made here: each has a parent. */
  readonly #made: string[] = [];
  readonly #sides: readonly string[];
  #begun = 0;
  #answered = 0;

  constructor(
    private readonly targets: readonly Target[],
    private readonly load: Load,
  ) {
    this.#random = new SeededRandom(load.seed);
    this.#weights = WEIGHTS.map(([what, weight]) => [
      what,
      weight + this.#random.below(weight + 1),
    ]);
    this.#sides = BRANCHES.slice(1);
  }

  /** Resolves when so many operations were answered. */
  async reaching(count: number): Promise<void> {
    while (this.#answered < count) await delay(POLL_MS);
  }

  async run(): Promise<void> {
    const { clientCount, operationCount } = this.load;
    const work = async (client: number): Promise<void> => {
      while (this.#answered < operationCount) await this.ask(client, this.#operation());
    };
    await Promise.all(Array.from({ length: clientCount }, (_, client) => work(client)));
  }

  /** Looks at everything once, when nothing else happens any more. */
  async lookAround(client: number): Promise<void> {
    for (const branch of BRANCHES) {
      await this.ask(client, { do: 'head', branch });
      await this.ask(client, { do: 'list', branch, ...WHOLE });
      await this.ask(client, { do: 'diff', branch });
    }
    const seen = new Set<string>();
    for (const { answer } of this.history)
      if (answer.is === 'done' && answer.commit) seen.add(answer.commit);
    const last = [...seen].slice(-COMMITS_KNOWN_MAX);
    for (const commit of last) await this.ask(client, { do: 'tree', commit });
  }

  async ask(client: number, operation: Operation): Promise<Answer> {
    const number = this.#begun++;
    const node = this.#random.below(this.targets.length);
    const target = this.targets[node];
    if (target === undefined) throw new Error('there is no node');
    const invokedNs = process.hrtime.bigint();
    const { answer, requestId } = await target.send(operation);
    const returnedNs = process.hrtime.bigint();
    this.history.push({
      number,
      client,
      node,
      operation,
      invokedNs,
      returnedNs,
      answer,
      requestId,
    });
    if (answer.is === 'done' && answer.commit !== undefined) {
      heardOf(this.#commits, answer.commit);
      if (operation.do !== 'create') heardOf(this.#made, answer.commit);
    }
    if (answer.is === 'unknown') await delay(BACK_OFF_MS);
    else this.#answered++;
    return answer;
  }

  #operation(): Operation {
    const what = this.#what();
    const random = this.#random;
    // What is staged on main keeps others from merging into it, so little is.
    const isMain = random.below(4) === 0;
    const branch = isMain ? 'main' : random.pick(this.#sides);
    const unique = `${this.load.seed}.${this.#begun}`;
    switch (what) {
      case 'put': {
        const isIfAbsent = random.below(3) === 0;
        return { do: what, branch, path: random.pick(PATHS), body: unique, isIfAbsent };
      }
      case 'delete':
      case 'stat':
        return { do: what, branch, path: random.pick(PATHS) };
      case 'list': {
        const page = { after: random.pick(['', ...PATHS]), amount: 1 + random.below(6) };
        return { do: what, branch, ...(random.below(2) === 0 ? WHOLE : page) };
      }
      case 'tree': {
        const commit = this.#commits.length > 0 ? random.pick(this.#commits) : undefined;
        return commit === undefined ? { do: 'head', branch } : { do: what, commit };
      }
      case 'commit':
        return { do: what, branch: random.pick(BRANCHES), message: unique };
      case 'merge': {
        const strategy = random.pick(['default', 'source-wins', 'dest-wins'] as const);
        return {
          do: what,
          branch: 'main',
          source: random.pick(this.#sides),
          message: unique,
          strategy,
        };
      }
      case 'revert':
      case 'pick': {
        // Of what changed lately most can be taken back, and a clean branch is more likely main.
        const lately = this.#made.slice(-LATELY);
        if (lately.length === 0) return { do: 'head', branch };
        const on = random.below(3) === 0 ? branch : 'main';
        return { do: what, branch: on, commit: random.pick(lately), message: unique };
      }
      case 'import': {
        const on = random.below(4) === 0 ? branch : 'main';
        const sources = this.#sources(unique);
        const isCancelled = md5(unique) < A_THIRD;
        return { do: what, branch: on, message: unique, sources, isCancelled };
      }
      case 'create':
        return { do: what, branch: random.pick(this.#sides), source: 'main' };
      case 'drop':
        return { do: what, branch: random.pick(this.#sides) };
      default:
        return { do: what, branch };
    }
  }

  /** A folder, an object, or an object over what a folder has. */
  #sources(unique: string): readonly ImportedSource[] {
    const random = this.#random;
    const names = IN_FOLDER.filter(() => random.below(2) === 0);
    const bodies = Object.fromEntries(names.map((name) => [name, `${unique}.${name}`]));
    const folder = { kind: 'prefix', prefix: FOLDER, bodies } as const;
    const object = { kind: 'object', path: random.pick(PATHS), body: unique } as const;
    if (names.length === 0) return [object];
    return random.below(2) === 0 ? [folder] : [folder, object];
  }

  #what(): Operation['do'] {
    let at = this.#random.below(this.#weights.reduce((sum, [, weight]) => sum + weight, 0));
    for (const [what, weight] of this.#weights) {
      at -= weight;
      if (at < 0) return what;
    }
    return 'stat';
  }
}

function heardOf(commits: string[], commit: string): void {
  commits.push(commit);
  if (commits.length > COMMITS_KNOWN_MAX) commits.shift();
}

/** How often each is asked; a history shifts them a little. */
const WEIGHTS: readonly (readonly [Operation['do'], number])[] = [
  ['put', 24],
  ['delete', 5],
  ['stat', 22],
  ['list', 8],
  ['diff', 4],
  ['head', 8],
  ['tree', 4],
  ['commit', 8],
  ['merge', 4],
  ['revert', 2],
  ['pick', 2],
  ['import', 1],
  ['reset', 1],
  ['create', 3],
  ['drop', 1],
];
