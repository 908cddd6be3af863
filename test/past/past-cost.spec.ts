import { describe, expect, it } from '@jest/globals';
import type { ObjectPath } from '../../src/domain/model.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { ListReflog } from '../../src/queries/list-reflog.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { lake, Lake, main } from '../queries/lake.js';

const page = { after: '', amount: 100 };
const filter = { prefix: '', delimiter: '' };
/** Writes between two commits. */
const STAGED = 7;

/** Rounds of a few writes and a commit; the last writes stay uncommitted. */
async function history(at: Lake, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let nth = 0; nth < STAGED; nth++) await at.put('main', `p${nth}`, `${round}-${nth}`);
    if (round < rounds - 1) await at.commit('main');
  }
}

/** Counts the events that a log hands out, and the times that it is asked. */
function counting({ moraine }: Lake) {
  const { log } = moraine.adapters;
  const read = log.read.bind(log);
  const count = { events: 0, calls: 0 };
  log.read = async (...asked) => {
    const events = await read(...asked);
    count.events += events.length;
    count.calls++;
    return events;
  };
  return () => {
    const { events, calls } = count;
    count.events = 0;
    count.calls = 0;
    return { events, calls };
  };
}

async function costs(rounds: number) {
  const at = await Lake.open();
  await history(at, rounds);
  const { moraine } = at;
  const last = await moraine.adapters.log.lastPosition();
  const count = counting(at);
  const worst: Record<string, { events: number; calls: number }> = {};
  const note = (name: string) => {
    const { events, calls } = count();
    const before = worst[name] ?? { events: 0, calls: 0 };
    worst[name] = {
      events: Math.max(before.events, events),
      calls: Math.max(before.calls, calls),
    };
  };
  for (const part of [0.05, 0.5, 0.95]) {
    const position = Math.floor(last * part);
    const ref = `main@{p${position}}`;
    const { items } = await moraine.ask(new ListObjects(lake, ref, page, filter));
    expect(items.length).toBeGreaterThan(0);
    note('list');
    await moraine.ask(new StatObject(lake, ref, 'p0' as ObjectPath)).catch(() => undefined);
    note('stat');
    await moraine.ask(new DiffBranch(lake, ref, page, filter));
    note('diff');
    const revision = Math.floor(rounds * part) * 2;
    const some = await moraine.ask(new ListReflog(lake, main, { before: revision, amount: 10 }));
    expect(some.items.length).toBeGreaterThan(0);
    note('reflog');
  }
  await moraine.close();
  return worst;
}

describe('a branch as of a moment', () => {
  it('costs by what was not committed then, and hardly by how long the log is', async () => {
    const [short, long] = [await costs(20), await costs(400)];
    for (const [name, { events, calls }] of Object.entries(long)) {
      const before = short[name] ?? { events: 0, calls: 0 };
      // Twenty times the log: each of the few streams is looked at in a round or two more.
      expect(`${name}: ${events <= before.events + 40}`).toBe(`${name}: true`);
      expect(`${name}: ${calls <= before.calls + 40}`).toBe(`${name}: true`);
      expect(events).toBeLessThan(300);
    }
  }, 30_000);
});
