import type { Caller } from './caller.js';
import { Hands, type Loop, posted, type RoundPlace } from './hands.js';
import { SideWorks } from './side-works.js';

const WRITERS = 4;
const COMMITTERS = 2;
const SIDES = 2;
const FILES_A_COMMIT = 3;
const PATHS_A_WRITER = 12;

/** What one round's clients do until they are to stop, each for itself. */
export class Works {
  readonly hands: Hands;
  readonly #running: Promise<void>[] = [];

  constructor(place: RoundPlace) {
    this.hands = new Hands(place);
  }

  /** Makes the repository and the branches that everybody works on. */
  async prepare(): Promise<void> {
    const caller = this.hands.newCaller();
    const wish = {
      name: this.hands.repository,
      storage_namespace: `local://${this.hands.repository}`,
    };
    this.hands.expect(await caller.ask('/repositories', posted(wish)), [201], 'a repository');
    await this.hands.book.note({ kind: 'repository', repository: this.hands.repository });
    // Of an empty branch, so that what is merged never meets what somebody else has written.
    const branches = ['trunk', 'scrap', 'intake', ...times(SIDES, (side) => `side-${side}`)];
    for (const branch of branches) await this.hands.branchOff(caller, branch);
  }

  start(): void {
    const side = new SideWorks(this.hands);
    const each = (
      count: number,
      work: (caller: Caller, of: number, turn: number) => Promise<void>,
    ) =>
      times(
        count,
        (of): Loop =>
          (caller, turn) =>
            work.call(this, caller, of, turn),
      );
    const loops: readonly Loop[] = [
      ...each(WRITERS, this.#write),
      ...each(COMMITTERS, this.#commit),
      ...each(SIDES, this.#merge),
      (caller, turn) => this.#reset(caller, turn),
      (caller, turn) => this.#branch(caller, turn),
      ...side.loops(),
    ];
    for (const loop of loops) this.#running.push(this.#repeat(loop));
  }

  /** Resolves when everything that was begun has its answer. */
  async stop(): Promise<void> {
    this.hands.stopping.abort();
    await Promise.all(this.#running);
  }

  async #repeat(loop: Loop): Promise<void> {
    const { hands } = this;
    const caller = hands.newCaller();
    try {
      for (let turn = 0; !hands.isStopping; turn++) await loop(caller, turn);
    } catch (error) {
      hands.place.around.faults.push(String(error));
    }
  }

  async #write(caller: Caller, writer: number, turn: number): Promise<void> {
    const isOnce = this.hands.place.random.below(5) === 0;
    const slot = isOnce ? `once-${turn}` : String(this.hands.place.random.below(PATHS_A_WRITER));
    const path = `w${writer}/${slot} ü`;
    const isNew = this.hands.place.random.below(4) === 0;
    if (isNew) {
      const headers = { 'if-none-match': '*' };
      await this.hands.put(caller, 'main', `${path}/${turn}`, { headers, isOnce });
    } else await this.hands.put(caller, 'main', path, { isOnce });
    if (isOnce || this.hands.place.random.below(6) > 0) return;
    const url = `${this.hands.at('main', '/objects')}?path=${encodeURIComponent(path)}`;
    const answer = await caller.ask(url, { method: 'DELETE' });
    if (!this.hands.expect(answer, [204, 404], `delete ${path}`)) return;
    await this.hands.book.note({ kind: 'delete', branch: 'main', path });
  }

  async #commit(caller: Caller, committer: number, turn: number): Promise<void> {
    const put: [path: string, content: string][] = [];
    for (let file = 0; file < FILES_A_COMMIT; file++) {
      const path = `c${committer}/${turn}/${file}`;
      const content = await this.hands.put(caller, 'main', path);
      if (content !== undefined) put.push([path, content]);
    }
    const id = await this.hands.commit(
      caller,
      'main',
      `${this.hands.repository} ${committer} ${turn}`,
    );
    if (id === undefined) return;
    for (const [path, content] of put) {
      await this.hands.book.note({ kind: 'holds', id, path, md5: content });
    }
  }

  async #merge(caller: Caller, number: number, turn: number): Promise<void> {
    const branch = `side-${number}`;
    const path = `side-${number}/${turn}`;
    const content = await this.hands.put(caller, branch, path);
    const message = `${this.hands.repository} ${branch} ${turn}`;
    if ((await this.hands.commit(caller, branch, message)) === undefined || content === undefined)
      return;
    const url = `/repositories/${this.hands.repository}/refs/${branch}/merge/trunk`;
    const answer = await caller.ask(url, posted({ message: `merge of ${message}` }));
    if (!answer || !this.hands.expect(answer, [200], `merge of ${message}`)) return;
    const { reference: id } = JSON.parse(answer.text) as { reference: string };
    await this.hands.book.note({
      kind: 'commit',
      branch: 'trunk',
      id,
      message: `merge of ${message}`,
    });
    await this.hands.book.note({ kind: 'put', branch: 'trunk', path, md5: content });
  }

  async #reset(caller: Caller, turn: number): Promise<void> {
    const lost = `lost/${turn}`;
    for (const path of [lost, `kept/${turn}`]) await this.hands.put(caller, 'scrap', path);
    const wish = { type: 'common_prefix', path: 'lost/' };
    const answer = await caller.ask(this.hands.at('scrap'), { method: 'PUT', json: wish });
    if (!this.hands.expect(answer, [204], 'a reset')) return;
    await this.hands.book.note({ kind: 'delete', branch: 'scrap', path: lost });
  }

  async #branch(caller: Caller, turn: number): Promise<void> {
    const branch = `brief-${turn % 2}`;
    await this.hands.branchOff(caller, branch);
    await this.hands.put(caller, branch, 'first');
    const answer = await caller.ask(this.hands.at(branch), { method: 'DELETE' });
    if (!this.hands.expect(answer, [204], `deletion of ${branch}`)) return;
    await this.hands.book.note({ kind: 'delete', branch, path: 'first' });
    await this.hands.book.note({ kind: 'no branch', branch });
  }
}

const times = <Result>(count: number, make: (index: number) => Result): Result[] =>
  Array.from({ length: count }, (_, index) => make(index));
