import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Request } from '../../../src/commands/request.js';
import type { BranchEvent } from '../../../src/domain/branch/branch.events.js';
import { DomainError } from '../../../src/domain/errors.js';
import type { ObjectPath } from '../../../src/domain/model.js';
import { WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { work } from '../../support/samples/branch.samples.js';
import { beginAs, recordAs } from './at-edge.js';
import type { Node } from './node.js';
import { LOG_KINDS } from './node-log.js';
import { perform, type Operation } from './operations.js';
import { sources } from './sources.js';
import { Died, dies, Stage } from './stage.js';

const REFUSAL = { status: 404, body: 'none', upload: undefined };
const { message } = new DomainError('repository_not_found');
const GONE = { ...REFUSAL, body: JSON.stringify({ message }) };
const DONE = { status: 200, body: 'done', upload: undefined };
const commit: Operation = { kind: 'commit' };
const reset: Operation = { kind: 'reset', scope: { kind: 'all' } };
const merge: Operation = {
  kind: 'merge',
  ref: sources[2]?.id ?? '',
  strategy: 'source-wins',
  isSquash: false,
};

let stage: Stage;
let first: ReturnType<Stage['node']>;
let second: Node;

beforeEach(async () => {
  stage = await Stage.open();
  [first, second] = [stage.node(), stage.node()];
  await stage.put(second, 'v0');
  await stage.commit(second);
});

/** Does something for a request that began before. */
const does = (node: Node, operation: Operation, request: Request) =>
  perform(node, request.commandId, operation, request);

async function refuses(node: Node): Promise<unknown> {
  return recordAs(node, await beginAs(node, 'refused'), REFUSAL);
}

describe('what is refused under a key', () => {
  const v1: Operation = { kind: 'put', path: 'b' as ObjectPath, value: 'v1' };
  const gone: Operation = { kind: 'delete' };
  it.each<{ asked: Operation; type: BranchEvent['type']; past?: Operation }>([
    { asked: commit, type: 'IntentRequested', past: v1 },
    { asked: merge, type: 'IntentRequested' },
    { asked: reset, type: 'IntentRequested' },
    { asked: { kind: 'hard reset', ref: `${work}^` }, type: 'IntentRequested' },
    { asked: { kind: 'undo' }, type: 'IntentRequested' },
    { asked: gone, type: 'BranchDeletionRequested' },
    { asked: { kind: 'create' }, type: 'BranchCreated', past: gone },
    { asked: { kind: 'restore' }, type: 'BranchCreated', past: gone },
  ])('is not done by an attempt that stood still: $asked.kind', async ({ asked, type, past }) => {
    if (past) await stage.does(second, past);
    const request = await beginAs(first, 'slow');
    first.hooks.before(type, async () => {
      expect(await refuses(second)).toEqual(REFUSAL);
    });
    const before = await stage.controlTypes();
    await expect(does(first, asked, request)).rejects.toThrow(WrongExpectedRevision);
    expect(await stage.controlTypes()).toEqual(before);
  });

  it('is not done by a commit of a node alone on its branch', async () => {
    const alone = stage.node({ ownTokens: 10 });
    await stage.put(alone, 'v1');
    await stage.commit(alone);
    await stage.put(alone, 'v2');
    const request = await beginAs(alone, 'slow');
    alone.hooks.before('IntentRequested', async () => {
      expect(await refuses(second)).toEqual(REFUSAL);
    });
    const before = await stage.controlTypes();
    await expect(does(alone, commit, request)).rejects.toThrow(WrongExpectedRevision);
    expect(await stage.controlTypes()).toEqual(before);
  });
});

describe.each(LOG_KINDS)('what was refused under a key, with groups %s', (kind) => {
  const gone: Operation = { kind: 'delete' };
  it.each([
    { asked: merge },
    { asked: gone },
    { asked: { kind: 'create' } as Operation, past: gone },
  ])(
    'is not asked for any more: $asked.kind',
    async ({ asked, past }: { asked: Operation; past?: Operation }) => {
      stage = await Stage.open(kind);
      [first, second] = [stage.node(), stage.node()];
      await stage.put(second, 'v0');
      if (past) await stage.does(second, past);
      const request = await beginAs(first, 'slow');
      expect(await refuses(second)).toEqual(REFUSAL);
      const before = await stage.controlTypes();
      await expect(does(first, asked, request)).rejects.toThrow(WrongExpectedRevision);
      expect(await stage.controlTypes()).toEqual(before);
    },
  );
});

describe('what is accepted under a key', () => {
  it('is refused to nobody any more', async () => {
    const request = await beginAs(first, 'first');
    await does(first, merge, request);
    expect(await refuses(second)).toMatchObject({ status: 503 });
    expect(await recordAs(first, request, DONE)).toEqual(DONE);
    expect(await refuses(second)).toEqual(DONE);
  });

  it('is refused to all when it has failed', async () => {
    const request = await beginAs(first, 'first');
    const none = { kind: 'refused', code: 'no_changes' };
    expect(await does(first, commit, request)).toEqual(none);
    expect(await refuses(second)).toEqual(REFUSAL);
    expect(await recordAs(first, request, DONE)).toEqual(REFUSAL);
  });

  it('is refused to all when who took its word back has died', async () => {
    const request = await beginAs(first, 'first');
    await does(first, commit, request);
    first.hooks.after('RequestTookEffect', dies);
    await expect(recordAs(first, request, REFUSAL)).rejects.toThrow(Died);
    const again = { ...REFUSAL, body: 'no changes' };
    expect(await recordAs(second, await beginAs(second, 'again'), again)).toEqual(again);
    expect(await refuses(second)).toEqual(again);
  });

  it('is told again, though what it named has gone with the branch', async () => {
    const revert: Operation = { kind: 'revert', ref: work };
    const told = await does(first, revert, await beginAs(first, 'first'));
    expect(told.kind).toBe('revert');
    await stage.does(second, { kind: 'delete' });
    expect(await does(second, revert, await beginAs(second, 'second'))).toEqual(told);
  });

  const write: Operation = { kind: 'put', path: 'b' as ObjectPath, value: 'v1' };
  it.each([write, merge])('is refused to all when its repository has gone: $kind', async (done) => {
    await does(first, done, await beginAs(first, 'first'));
    await stage.does(second, { kind: 'delete repository' });
    const again = await beginAs(second, 'second');
    const gone = { kind: 'refused', code: 'repository_not_found' };
    expect(await does(stage.node(), done, again)).toEqual(gone);
    expect(await recordAs(second, again, REFUSAL)).toEqual(GONE);
    expect(await refuses(first)).toEqual(GONE);
  });

  it('is refused to nobody when it failed and is asked for anew', async () => {
    const back: Operation = { kind: 'hard reset', ref: `${work}^` };
    const request = await beginAs(first, 'first');
    first.hooks.before('IntentRequested', async () => {
      await stage.put(second, 'v1');
      await stage.commit(second);
      // So the first one fails, and another one is asked for.
      first.hooks.after('IntentRequested', async () => {
        expect(await refuses(second)).toMatchObject({ status: 503 });
      });
    });
    expect(await does(first, back, request)).toEqual({ kind: 'hard reset' });
    expect(await refuses(second)).toMatchObject({ status: 503 });
    const requests = (await stage.controlTypes()).filter((type) => type === 'IntentRequested');
    expect(requests).toHaveLength(4);
  });
});
