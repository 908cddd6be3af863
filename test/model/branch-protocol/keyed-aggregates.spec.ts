import { beforeEach, describe, expect, it } from '@jest/globals';
import { RandomIds } from '../../../src/app/random-ids.js';
import { AddressTokens } from '../../../src/commands/address/address-tokens.js';
import { MergeIntoBranchHandler } from '../../../src/commands/branch/merge-into-branch.js';
import {
  CreateCommitRecord,
  CreateCommitRecordHandler,
} from '../../../src/commands/commit/create-commit-record.js';
import { StartImport, StartImportHandler } from '../../../src/commands/import/start-import.js';
import { Jobs } from '../../../src/commands/jobs.js';
import {
  StartMultipart,
  StartMultipartHandler,
} from '../../../src/commands/multipart/start-multipart.js';
import { Uploads } from '../../../src/commands/multipart/uploads.js';
import { MergePull, MergePullHandler } from '../../../src/commands/pull/merge-pull.js';
import { OpenPull, OpenPullHandler } from '../../../src/commands/pull/open-pull.js';
import {
  CreateRepository,
  CreateRepositoryHandler,
} from '../../../src/commands/repository/create-repository.js';
import type { Request } from '../../../src/commands/request.js';
import { DeleteTag, DeleteTagHandler } from '../../../src/commands/tag/delete-tag.js';
import { commitIdOf } from '../../../src/domain/commit/commit-id.js';
import type { ObjectPath, PullId, RepositoryId, TagId } from '../../../src/domain/model.js';
import { repositoryStream } from '../../../src/domain/repository/repository.stream.js';
import { tagDecider } from '../../../src/domain/tag/tag.decider.js';
import { tagStream } from '../../../src/domain/tag/tag.stream.js';
import { BlockStore } from '../../../src/ports/block-store.js';
import { WrongExpectedRevision } from '../../../src/ports/store-errors.js';
import { BranchesView } from '../../../src/projections/branches.view.js';
import { CommitsView } from '../../../src/projections/commits.view.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake, root, uid } from '../../support/samples/repository.samples.js';
import { beginAs, recordAs } from './at-edge.js';
import type { Node } from './node.js';
import { LOG_KINDS } from './node-log.js';
import { requestOf } from './operations.js';
import { Stage } from './stage.js';

const REFUSAL = { status: 404, body: 'none', upload: undefined };
const bare = { ...lake, name: 'bare' as RepositoryId, isBare: true };
const tag = 'v1' as TagId;
const stream = tagStream(uid, tag);

const createTag = (node: Node, request: Request): Promise<unknown> => {
  const command = { type: 'CreateTag', commitId: root.id } as const;
  return node.streams.transact({ stream, decider: tagDecider, command }, request);
};
const deleteTag = (node: Node, request: Request) =>
  new DeleteTagHandler(node.places, node.streams).execute(
    new DeleteTag(lake.name, tag, { isForced: false }, request),
  );

/** Bare, it needs no store for blocks. */
function createRepository(node: Node, request: Request): Promise<unknown> {
  const { ports, streams, repositoryDeletion } = node;
  const blocks = {} as Partial<BlockStore> as BlockStore;
  const ids = new RandomIds(ports.clock);
  const from = [ports.log, blocks, ports.clock, ids, streams, repositoryDeletion] as const;
  return new CreateRepositoryHandler(...from).execute(new CreateRepository(bare, request));
}

function openPull({ ports, places, streams }: Node, request: Request) {
  const ends = { source: work, destination: lake.defaultBranch };
  const wish = { title: 'one', description: '', ...ends };
  const handler = new OpenPullHandler(ports.clock, places, new BranchesView(ports.kv), streams);
  return handler.execute(new OpenPull(lake.name, wish, request));
}

function mergePull(node: Node, id: PullId, request: Request) {
  const merges = new MergeIntoBranchHandler(node.operations);
  const handler = new MergePullHandler(node.ports.clock, node.places, node.streams, merges);
  return handler.execute(new MergePull(lake.name, id, request));
}

function recordCommit({ ports, places, streams }: Node, request: Request) {
  const commit = { ...root, message: 'brought in', parents: [root.id] };
  const record = { ...commit, id: commitIdOf(commit) };
  const commits = new CommitsView(ports.kv, { cachedCommits: 10 });
  const handler = new CreateCommitRecordHandler(places, commits, streams);
  return handler.execute(new CreateCommitRecord(lake.name, record, { isForced: false }, request));
}

function startMultipart(node: Node, request: Request) {
  const { ports, places, branches, streams } = node;
  const nowMs = () => ports.clock.nowMs();
  const tokens = new AddressTokens({ key: new Uint8Array(32), ttlMs: 1_000, nowMs });
  const uploads = new Uploads(ports.kv, streams, tokens);
  const ids = new RandomIds(ports.clock);
  const from = [places, branches, streams, ids, tokens, uploads] as const;
  const path = 'a' as ObjectPath;
  return new StartMultipartHandler(...from).execute(
    new StartMultipart(lake.name, work, path, request),
  );
}

function startImport({ ports, places, branches, streams }: Node, request: Request) {
  const limits = { jobsMax: 0, silentMs: 1_000, keptMs: 1_000 };
  const jobs = new Jobs('node', [], ports.clock, limits, () => undefined);
  const wish = { sources: [], message: '', metadata: [], isForced: false };
  const handler = new StartImportHandler(places, branches, streams, jobs);
  return handler.execute(new StartImport(lake.name, work, wish, request));
}

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
