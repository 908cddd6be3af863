import { describe, expect, it } from '@jest/globals';
import { contextOf } from '../../../src/commands/new-events.js';
import { nameToken } from '../../../src/commands/repeats/named-token.js';
import { live, tokenAt } from '../../../src/commands/branch/successor.js';
import { stagingStream } from '../../../src/domain/staging/staging.stream.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import { seed } from '../../support/seed.js';
import { beginAs, recordAs } from './at-edge.js';
import { firstFault, withoutAcceptance } from './keyed-defects.js';
import { exploreKeyedOperations } from './keyed-operations.js';
import { perform, type Operation } from './operations.js';
import { place, Stage } from './stage.js';

const RUNS = 150;
const path = 'a' as ObjectPath;

describe(`an operation under a key, in interleavings from SEED=${seed} on`, () => {
  it('is done once, and everybody who asked for it is told the same', async () => {
    for (let at = seed; at < seed + RUNS; at++) await exploreKeyedOperations(at);
  }, 60_000);

  it('would be done behind its refusal if its acceptance were not noted with it', async () => {
    const fault = await firstFault((at) => exploreKeyedOperations(at, withoutAcceptance));
    expect(String(fault)).toMatch(/is refused, and (the log says|made a branch)/);
  }, 60_000);
});

describe('who comes again under a key', () => {
  it('is told that a deletion was done, though the branch has gone since', async () => {
    const stage = await Stage.open();
    const [first, second] = [stage.node(), stage.node()];
    await stage.put(first, 'v0');
    const removal: Operation = { kind: 'remove', path };
    const asked = await beginAs(first, 'one');
    expect(await perform(first, asked.commandId, removal, asked)).toEqual({ kind: 'remove' });
    await stage.does(second, { kind: 'delete' });
    const again = await beginAs(second, 'two');
    expect(await perform(second, again.commandId, removal, again)).toEqual({ kind: 'remove' });
  });

  it('is told of a refusal, though one who died has named a token to write to', async () => {
    const stage = await Stage.open('stepwise');
    const [first, second] = [stage.node(), stage.node()];
    await stage.put(first, 'v0');
    const asked = await beginAs(first, 'one');
    const fold = live(await stage.view(first));
    const stream = stagingStream(tokenAt(place, fold.state, fold.state.tokens.hi));
    const context = contextOf(asked, first.ports.clock);
    const named = await nameToken(first.ports.log, asked, { stream, eventCount: 1 }, context);
    expect(named).toBe('named');
    await stage.does(second, { kind: 'delete' });
    const again = await beginAs(second, 'two');
    const put: Operation = { kind: 'put', path, value: 'v1' };
    const told = await perform(second, again.commandId, put, again);
    expect(told).toEqual({ kind: 'refused', code: 'branch_not_found' });
    const answer = { status: 404, body: 'none', upload: undefined };
    expect(await recordAs(second, again, answer)).toEqual(answer);
  });
});
