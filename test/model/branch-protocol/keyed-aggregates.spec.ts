import { beforeEach, describe, expect, it } from '@jest/globals';
import { DomainError } from '../../../src/domain/errors.js';
import { pullDecider } from '../../../src/domain/pull/pull.decider.js';
import { pullStream } from '../../../src/domain/pull/pull.stream.js';
import { repositoryStream } from '../../../src/domain/repository/repository.stream.js';
import { tagStream } from '../../../src/domain/tag/tag.stream.js';
import { WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { uid } from '../../support/samples/repository.samples.js';
import { seed } from '../../support/seed.js';
import {
  bare,
  changePull,
  changeRules,
  createRepository,
  createTag,
  deleteRepository,
  deleteTag,
  mergePull,
  openPull,
  recordCommit,
  startImport,
  startMultipart,
  tag,
} from './aggregate-operations.js';
import { beginAs, recordAs } from './at-edge.js';
import { exploreKeyedAggregates } from './keyed-aggregates.js';
import { firstFault, withoutEffect } from './keyed-defects.js';
import type { Node } from './node.js';
import { LOG_KINDS } from './node-log.js';
import { requestOf } from './operations.js';
import { Died, dies, Stage } from './stage.js';

const RUNS = 150;
const REFUSAL = { status: 404, body: 'none', upload: undefined };
const stream = tagStream(uid, tag);

describe(`what is done to one stream under a key, in interleavings from SEED=${seed} on`, () => {
  it('is done once, and everybody who asked for it is told the same', async () => {
    for (let at = seed; at < seed + RUNS; at++) await exploreKeyedAggregates(at);
  }, 60_000);

  it('would be done behind its refusal if its effect were not noted with it', async () => {
    const fault = await firstFault((at) => exploreKeyedAggregates(at, withoutEffect));
    expect(String(fault)).toContain('stands there');
  }, 60_000);
});

let stage: Stage;
let first: ReturnType<Stage['node']>;
let second: Node;

beforeEach(async () => {
  stage = await Stage.open();
  [first, second] = [stage.node(), stage.node()];
  await stage.put(second, 'v0');
});

describe('what is done to one stream under a key', () => {
  it.each([
    { type: 'TagCreated', of: stream, does: createTag },
    { type: 'RepositoryCreated', of: repositoryStream(bare.name), does: createRepository },
  ])('is not done by an attempt that stood still: $type', async ({ type, of, does }) => {
    const request = await beginAs(first, 'slow');
    first.hooks.before(type, async () => {
      expect(await recordAs(second, await beginAs(second, 'refused'), REFUSAL)).toEqual(REFUSAL);
    });
    await expect(does(first, request)).rejects.toThrow(WrongExpectedRevision);
    expect((await stage.world.log.end(of)).revision).toBe(-1);
  });

  it.each(LOG_KINDS)('is not begun any more once it is refused: groups %s', async (kind) => {
    stage = await Stage.open(kind);
    [first, second] = [stage.node(), stage.node()];
    const request = await beginAs(first, 'slow');
    await recordAs(second, await beginAs(second, 'refused'), REFUSAL);
    await expect(createTag(first, request)).rejects.toThrow(WrongExpectedRevision);
    expect((await stage.world.log.end(stream)).revision).toBe(-1);
  });

  it('is refused to nobody any more', async () => {
    await createTag(first, await beginAs(first, 'first'));
    const refused = recordAs(second, await beginAs(second, 'refused'), REFUSAL);
    expect(await refused).toMatchObject({ status: 503 });
  });

  it('is done once by two that meet in the middle, and both are told', async () => {
    await createTag(second, requestOf('another'));
    const request = await beginAs(first, 'first');
    const before = (await stage.world.log.end(stream)).revision;
    first.hooks.before('TagDeleted', async () => {
      await deleteTag(second, await beginAs(second, 'second'));
    });
    await deleteTag(first, request);
    expect((await stage.world.log.end(stream)).revision).toBe(before + 1);
  });

  it('is told again of a pull request that it has merged', async () => {
    await stage.commit(second);
    const id = await openPull(second, requestOf('asked'));
    const told = await mergePull(first, id, await beginAs(first, 'first'));
    expect(await mergePull(second, id, await beginAs(second, 'second'))).toBe(told);
  });

  it('is told of its merge, though the pull request was closed before that was said', async () => {
    await stage.commit(second);
    const id = await openPull(second, requestOf('asked'));
    const request = await beginAs(first, 'first');
    first.hooks.after('Merged', dies);
    await expect(mergePull(first, id, request)).rejects.toThrow(Died);
    await changePull(second, id, 'closed', requestOf('closes'));
    const told = await mergePull(second, id, await beginAs(second, 'second'));
    const { state } = await second.streams.load(pullStream(uid, id), pullDecider);
    expect(state).toMatchObject({ pull: { status: 'merged', mergedCommitId: told } });
  });

  it('is told that the repository has gone, whose rules it has changed', async () => {
    const change = { type: 'AddBranchRule', rule: { pattern: '*', blocks: [] } } as const;
    const request = await beginAs(first, 'first');
    first.hooks.after('BranchRulesSet', dies);
    await expect(changeRules(first, change, request)).rejects.toThrow(Died);
    await deleteRepository(second, requestOf('deletes'));
    const again = await beginAs(second, 'second');
    const refusal = { code: 'repository_not_found' };
    await expect(changeRules(second, change, again)).rejects.toMatchObject(refusal);
    expect(await recordAs(second, again, REFUSAL)).toEqual({
      status: 404,
      body: JSON.stringify({ message: new DomainError('repository_not_found').message }),
      upload: undefined,
    });
  });

  it.each([
    { what: 'a pull request', does: openPull },
    { what: 'a commit that is brought in', does: recordCommit },
    { what: 'an upload in parts', does: startMultipart },
    { what: 'an import', does: startImport },
  ])('is told again, whatever has gone since: $what', async ({ does }) => {
    const told: unknown = await does(first, await beginAs(first, 'first'));
    await stage.does(second, { kind: 'delete' });
    stage.world.clock.advance(2_000);
    expect(await does(second, await beginAs(second, 'second'))).toEqual(told);
  });
});
