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
import { ChangePull, ChangePullHandler } from '../../../src/commands/pull/change-pull.js';
import { MergePull, MergePullHandler } from '../../../src/commands/pull/merge-pull.js';
import { OpenPull, OpenPullHandler } from '../../../src/commands/pull/open-pull.js';
import {
  ChangeBranchRules,
  ChangeBranchRulesHandler,
  type RulesChange,
} from '../../../src/commands/repository/change-branch-rules.js';
import {
  CreateRepository,
  CreateRepositoryHandler,
} from '../../../src/commands/repository/create-repository.js';
import { DeleteRepository } from '../../../src/commands/repository/delete-repository.js';
import { RuleEnforcement } from '../../../src/commands/repository/rule-enforcement.js';
import {
  SetRepositoryMetadata,
  SetRepositoryMetadataHandler,
} from '../../../src/commands/repository/set-repository-metadata.js';
import type { Request } from '../../../src/commands/request.js';
import { CreateTag, CreateTagHandler } from '../../../src/commands/tag/create-tag.js';
import { DeleteTag, DeleteTagHandler } from '../../../src/commands/tag/delete-tag.js';
import { RestoreTag, RestoreTagHandler } from '../../../src/commands/tag/restore-tag.js';
import { commitIdOf } from '../../../src/domain/commit/commit-id.js';
import type { ObjectPath, PullId, RepositoryId, TagId } from '../../../src/domain/model.js';
import type { PullStatus } from '../../../src/domain/pull/pull.events.js';
import { BlockStore } from '../../../src/ports/block-store.js';
import { BranchesView } from '../../../src/projections/branches.view.js';
import { CommitsView } from '../../../src/projections/commits.view.js';
import { work } from '../../support/samples/branch.samples.js';
import { lake, root } from '../../support/samples/repository.samples.js';
import type { Node } from './node.js';

const isForced = false;
export const tag = 'v1' as TagId;
export const bare = { ...lake, name: 'bare' as RepositoryId, isBare: true };

export function createTag(node: Node, request: Request): Promise<unknown> {
  const { ports, places, refs, streams, reads } = node;
  const from = [places, refs, new BranchesView(ports.kv), streams, reads] as const;
  const wish = { tag, ref: lake.defaultBranch, isForced };
  return new CreateTagHandler(ports.kv, ...from).execute(new CreateTag(lake.name, wish, request));
}

export const deleteTag = ({ places, streams }: Node, request: Request): Promise<unknown> =>
  new DeleteTagHandler(places, streams).execute(
    new DeleteTag(lake.name, tag, { isForced }, request),
  );

export const restoreTag = ({ ports, places, streams }: Node, request: Request): Promise<unknown> =>
  new RestoreTagHandler(places, new BranchesView(ports.kv), streams).execute(
    new RestoreTag(lake.name, tag, { isForced }, request),
  );

/** Bare, it needs no store for blocks. */
export function createRepository(node: Node, request: Request): Promise<unknown> {
  const { ports, streams, repositoryDeletion } = node;
  const blocks = {} as Partial<BlockStore> as BlockStore;
  const ids = new RandomIds(ports.clock);
  const from = [ports.log, blocks, ports.clock, ids, streams, repositoryDeletion] as const;
  return new CreateRepositoryHandler(...from).execute(new CreateRepository(bare, request));
}

export const deleteRepository = (node: Node, request: Request): Promise<void> =>
  node.deleteRepository.execute(new DeleteRepository(lake.name, { isForced }, request));

export const setMetadata = ({ streams }: Node, request: Request): Promise<unknown> =>
  new SetRepositoryMetadataHandler(streams).execute(
    new SetRepositoryMetadata(lake.name, { set: [['by', request.commandId]], unset: [] }, request),
  );

export function changeRules(node: Node, change: RulesChange, request: Request): Promise<unknown> {
  const { ports, places, streams, successors } = node;
  const enforcement = new RuleEnforcement(ports.kv, streams, successors.protection);
  const handler = new ChangeBranchRulesHandler(places, streams, enforcement);
  return handler.execute(new ChangeBranchRules(lake.name, change, request));
}

export function openPull({ ports, places, streams }: Node, request: Request): Promise<PullId> {
  const ends = { source: work, destination: lake.defaultBranch };
  const wish = { title: 'one', description: '', ...ends };
  const handler = new OpenPullHandler(ports.clock, places, new BranchesView(ports.kv), streams);
  return handler.execute(new OpenPull(lake.name, wish, request));
}

export function changePull(
  { ports, places, streams }: Node,
  id: PullId,
  status: PullStatus,
  request: Request,
): Promise<unknown> {
  const change = { title: undefined, description: undefined, status };
  const handler = new ChangePullHandler(ports.clock, places, streams);
  return handler.execute(new ChangePull(lake.name, id, change, request));
}

export function mergePull(node: Node, id: PullId, request: Request): Promise<unknown> {
  const merges = new MergeIntoBranchHandler(node.operations);
  const handler = new MergePullHandler(node.ports.clock, node.places, node.streams, merges);
  return handler.execute(new MergePull(lake.name, id, request));
}

export function recordCommit({ ports, places, streams }: Node, request: Request): Promise<unknown> {
  const commit = { ...root, message: 'brought in', parents: [root.id] };
  const record = { ...commit, id: commitIdOf(commit) };
  const commits = new CommitsView(ports.kv, { cachedCommits: 10 });
  const handler = new CreateCommitRecordHandler(places, commits, streams);
  return handler.execute(new CreateCommitRecord(lake.name, record, { isForced }, request));
}

export function startMultipart(node: Node, request: Request): Promise<unknown> {
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

export function startImport(node: Node, request: Request): Promise<unknown> {
  const { ports, places, branches, streams } = node;
  const limits = { jobsMax: 0, silentMs: 1_000, keptMs: 1_000 };
  const jobs = new Jobs('node', [], ports.clock, limits, () => undefined);
  const wish = { sources: [], message: '', metadata: [], isForced };
  const handler = new StartImportHandler(places, branches, streams, jobs);
  return handler.execute(new StartImport(lake.name, work, wish, request));
}
