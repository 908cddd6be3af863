import { describe, expect, it } from '@jest/globals';
import type { RepositoryUid } from '../../src/domain/model.js';
import { parseRef } from '../../src/domain/ref/parse-ref.js';
import { RepositoriesView } from '../../src/projections/repositories.view.js';
import type { BranchMoment } from '../../src/queries/as-of/find-moment.js';
import { type MomentLimits, Moments } from '../../src/queries/as-of/moments.js';
import { lake, Lake } from '../queries/lake.js';

const KIBIBYTE = 1024;
const LIMITS: MomentLimits = { changesMax: 1_000, bytesMax: 1024 * KIBIBYTE };

interface Opened {
  readonly at: Lake;
  readonly uid: RepositoryUid;
  /** Events that were read from staging streams since the last time that it was asked for. */
  readonly stagedRead: () => number;
}

async function opened(): Promise<Opened> {
  const at = await Lake.open();
  const { log, kv } = at.moraine.adapters;
  const { uid } = await new RepositoriesView(kv).get(lake);
  const read = log.read.bind(log);
  let count = 0;
  log.read = async (...asked) => {
    const events = await read(...asked);
    // One alone is looked at to find a place.
    if (asked[0].startsWith('staging-') && asked[1].limit > 20) count += events.length;
    return events;
  };
  const stagedRead = () => {
    const since = count;
    count = 0;
    return since;
  };
  return { at, uid, stagedRead };
}

const momentsOf = ({ at }: Opened, limits = LIMITS) =>
  new Moments(at.moraine.adapters.log, at.moraine.adapters.clock, limits);

async function find(moments: Moments, { uid }: Opened, ref: string): Promise<BranchMoment> {
  const moment = await moments.find(uid, ref, parseRef(ref));
  if (moment.kind !== 'branch') throw new Error(`${ref} is a branch`);
  return moment;
}

async function put(at: Lake, count: number, text = 'x'): Promise<void> {
  for (let nth = 0; nth < count; nth++) await at.put('main', `p${nth}`, `${text}${nth}`);
}

describe('moments of the past', () => {
  it('are laid out once for all who ask for one at a time, and kept', async () => {
    const lakeAt = await opened();
    await put(lakeAt.at, 50);
    const moments = momentsOf(lakeAt);
    const position = await lakeAt.at.moraine.adapters.log.lastPosition();
    const refs = [`main@{p${position}}`, 'main@{0}', `main.at.p${position}`];
    const all = await Promise.all(
      Array.from({ length: 30 }, async (_, nth) => {
        const ref = refs[nth % refs.length] ?? '';
        return moments.rows(await find(moments, lakeAt, ref));
      }),
    );
    expect(new Set(all).size).toBe(1);
    expect(lakeAt.stagedRead()).toBe(51);
    await moments.rows(await find(moments, lakeAt, 'main@{0}'));
    expect(lakeAt.stagedRead()).toBe(0);
    await lakeAt.at.moraine.close();
  });

  it('are kept by their bytes: the one asked for last goes last', async () => {
    const lakeAt = await opened();
    await put(lakeAt.at, 100);
    const half = await lakeAt.at.moraine.adapters.log.lastPosition();
    await put(lakeAt.at, 100, 'y');
    const moments = momentsOf(lakeAt, { ...LIMITS, bytesMax: 80 * KIBIBYTE });
    const refs = [`main@{p${half}}`, `main@{p${half - 1}}`, `main@{p${half - 2}}`];
    for (const ref of refs) await moments.rows(await find(moments, lakeAt, ref));
    expect(lakeAt.stagedRead()).toBe(101 + 100 + 99);
    await moments.rows(await find(moments, lakeAt, refs[2] ?? ''));
    expect(lakeAt.stagedRead()).toBe(0);
    await moments.rows(await find(moments, lakeAt, refs[0] ?? ''));
    expect(lakeAt.stagedRead()).toBe(101);
    await lakeAt.at.moraine.close();
  });

  it('are refused above their bounds, and leave nothing of it behind', async () => {
    const lakeAt = await opened();
    await put(lakeAt.at, 200);
    const tooLarge = expect.objectContaining({ code: 'moment_too_large' });
    const few = momentsOf(lakeAt, { ...LIMITS, changesMax: 200 });
    const moment = await find(few, lakeAt, 'main@{0}');
    await expect(few.rows(moment)).rejects.toEqual(tooLarge);
    // Told before anything is read.
    expect(lakeAt.stagedRead()).toBe(0);
    const small = momentsOf(lakeAt, { ...LIMITS, bytesMax: 40 * KIBIBYTE });
    for (let times = 0; times < 3; times++) {
      await expect(small.rows(moment)).rejects.toEqual(tooLarge);
    }
    const early = await find(small, lakeAt, `main@{p${moment.control.position + 30}}`);
    await expect(small.rows(early)).resolves.toBeDefined();
    await lakeAt.at.moraine.close();
  });
});
