import type { Command, Query } from '@nestjs/cqrs';
import { CherryPick } from '../../src/commands/branch/cherry-pick.js';
import { CommitBranch } from '../../src/commands/branch/commit-branch.js';
import { CreateBranch } from '../../src/commands/branch/create-branch.js';
import { DeleteBranch } from '../../src/commands/branch/delete-branch.js';
import { MergeIntoBranch } from '../../src/commands/branch/merge-into-branch.js';
import { ResetBranch } from '../../src/commands/branch/reset-branch.js';
import { RevertBranch } from '../../src/commands/branch/revert-branch.js';
import { CancelImport } from '../../src/commands/import/cancel-import.js';
import { StartImport } from '../../src/commands/import/start-import.js';
import { UnstageObjects } from '../../src/commands/object/unstage-objects.js';
import { UploadObject } from '../../src/commands/object/upload-object.js';
import type { Request } from '../../src/commands/request.js';
import { DomainError, type DomainErrorCode } from '../../src/domain/errors.js';
import type {
  BranchId,
  ObjectPath,
  RepositoryId,
  StorageNamespace,
} from '../../src/domain/model.js';
import { DiffBranch } from '../../src/queries/diff-branch.js';
import { GetImport } from '../../src/queries/get-import.js';
import { GetBranch } from '../../src/queries/get-branch.js';
import { ListObjects } from '../../src/queries/list-objects.js';
import { StatObject } from '../../src/queries/stat-object.js';
import { utf8 } from '../../src/shared/bytes.js';
import type { TestMoraine } from '../support/moraine.js';
import { endOf, failed, filesOf, uriOf, type Import } from './imports.js';
import type { Answer, Operation, Refusal, Target } from './operations.js';

const PAGE = { after: '', amount: 1000 };
const FLAT = { prefix: '', delimiter: '' };
const isForced = false;
/** Where imports are taken from. */
const OLD = 'local://old' as StorageNamespace;
const POLLS_MAX = 20;

/** What stands between clients and a node: it may be cut off, or hold everything up. */
export interface Gate {
  /** @returns what the node answers, or rejects when it answers nobody any more */
  through<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** A node of this process, by its buses. */
export class BusTarget implements Target {
  constructor(
    private readonly repository: string,
    private readonly node: () => TestMoraine,
    private readonly gate?: () => Gate,
  ) {}

  async send(operation: Operation): Promise<{ answer: Answer; requestId: string }> {
    const { caller, commandId } = this.node().newRequest();
    // Of one node only the numbers are its own.
    const requestId: string = commandId;
    const request = { caller: { ...caller, requestId }, commandId };
    try {
      const isImport = operation.do === 'import';
      const answer = isImport
        ? await this.#import(operation, request)
        : await this.#through(() => this.#ask(operation, request));
      return { answer, requestId };
    } catch (error) {
      return { answer: answerOf(operation, error), requestId };
    }
  }

  #through<Result>(work: () => Promise<Result>): Promise<Result> {
    const gate = this.gate?.();
    return gate ? gate.through(work) : work();
  }

  async #import(operation: Import, request: Request): Promise<Answer> {
    const repository = this.repository as RepositoryId;
    const { blocks } = this.node().adapters;
    const files = filesOf(operation);
    for (const [key, body] of files) await blocks.putIfAbsent({ namespace: OLD, key }, utf8(body));
    const begin = importOf(repository, operation, request);
    const id = await this.#through(() => this.#command(begin));
    // Too late, not heard or not answered: how it ends says so.
    const cancel = new CancelImport(repository, id, this.node().newRequest());
    if (operation.isCancelled) await this.#through(() => this.#command(cancel)).catch(() => {});
    const ask = async (): Promise<Answer | undefined> => {
      const found = await this.#through(() => this.#query(new GetImport(repository, id)));
      if (found.commit) return { is: 'done', commit: found.commit.id };
      return found.error === null ? undefined : failed(found.error);
    };
    return endOf(ask, POLLS_MAX);
  }

  async #ask(operation: Asked, request: Request): Promise<Answer> {
    const repository = this.repository as RepositoryId;
    const branch = ('branch' in operation ? operation.branch : '') as BranchId;
    switch (operation.do) {
      case 'stat': {
        const path = operation.path as ObjectPath;
        const { entry } = await this.#query(new StatObject(repository, branch, path));
        return { is: 'value', value: entry.checksum };
      }
      case 'head': {
        const { commitId } = await this.#query(new GetBranch(repository, branch));
        return { is: 'value', value: commitId };
      }
      case 'list':
      case 'tree': {
        const ref = operation.do === 'tree' ? operation.commit : branch;
        const of = operation.do === 'list' ? operation : PAGE;
        const { after, amount } = of;
        const page = await this.#query(new ListObjects(repository, ref, { after, amount }, FLAT));
        const entries = page.items.map(
          (item) => [item.path, item.kind === 'object' ? item.entry.checksum : ''] as const,
        );
        return { is: 'entries', entries: new Map(entries) };
      }
      case 'diff': {
        const page = await this.#query(new DiffBranch(repository, branch, PAGE, FLAT));
        return {
          is: 'entries',
          entries: new Map(page.items.map((item) => [item.path, item.type])),
        };
      }
      default: {
        const made = await this.#command(commandOf(repository, branch, operation, request));
        const commit = commitOf(made);
        return { is: 'done', ...(commit !== undefined && { commit }) };
      }
    }
  }

  #query<Result>(query: Query<Result>): Promise<Result> {
    return this.node().ask(query);
  }

  #command<Result>(command: Command<Result>): Promise<Result> {
    return this.node().execute(command);
  }
}

function importOf(
  repository: RepositoryId,
  { branch, message, sources }: Import,
  request: Request,
): StartImport {
  const from = sources.map((source, at) => {
    const uri = uriOf(OLD, message, source, at);
    return source.kind === 'object'
      ? { kind: source.kind, uri, path: source.path as ObjectPath }
      : { kind: source.kind, uri, prefix: source.prefix };
  });
  const wish = { sources: from, message, metadata: [], isForced };
  return new StartImport(repository, branch as BranchId, wish, request);
}

/** What is answered at once. */
type Asked = Exclude<Operation, Import>;

type Write = Exclude<Asked, { do: 'stat' | 'head' | 'list' | 'tree' | 'diff' }>;

function commandOf(
  repository: RepositoryId,
  branch: BranchId,
  operation: Write,
  request: Request,
): Command<unknown> {
  const words = { metadata: [], allowsEmpty: false, isForced };
  switch (operation.do) {
    case 'put': {
      const { path, body, isIfAbsent } = operation;
      const upload = {
        path: path as ObjectPath,
        body: bodyOf(body),
        contentType: '',
        metadata: [],
        ...(isIfAbsent && { condition: { kind: 'absent' } as const }),
        isForced,
      };
      return new UploadObject(repository, branch, upload, request);
    }
    case 'delete': {
      const paths = [operation.path as ObjectPath];
      return new UnstageObjects(repository, branch, paths, { isForced }, request);
    }
    case 'commit': {
      const wish = { ...words, message: operation.message, dateMs: undefined };
      return new CommitBranch(repository, branch, wish, request);
    }
    case 'merge': {
      const { source: sourceRef, message, strategy } = operation;
      const wish = { ...words, sourceRef, message, strategy, isSquash: false };
      return new MergeIntoBranch(repository, branch, wish, request);
    }
    case 'revert':
    case 'pick': {
      const overrides = { message: operation.message, metadata: undefined };
      const wish = { ref: operation.commit, parentNumber: 1, overrides, isForced };
      return operation.do === 'pick'
        ? new CherryPick(repository, branch, wish, request)
        : new RevertBranch(repository, branch, { ...wish, allowsEmpty: false }, request);
    }
    case 'reset':
      return new ResetBranch(repository, branch, { scope: { kind: 'all' }, isForced }, request);
    case 'create': {
      const wish = { branch, sourceRef: operation.source, isHidden: false, isForced };
      return new CreateBranch(repository, wish, request);
    }
    case 'drop':
      return new DeleteBranch(repository, branch, { isForced }, request);
  }
}

/** Returns the id of a commit that was made, or that a new branch stands at. */
function commitOf(made: unknown): string | undefined {
  if (typeof made === 'string') return made;
  const { id } = (made ?? {}) as { id?: string };
  return id;
}

function answerOf(operation: Operation, error: unknown): Answer {
  const code: DomainErrorCode | undefined = error instanceof DomainError ? error.code : undefined;
  const why = code && REFUSALS[code];
  if (why === undefined) return { is: 'unknown', why: String(error) };
  if (why !== 'not_found') return { is: 'refused', why };
  return notFound(operation);
}

/** Returns what it means to a client that something is not there. */
export function notFound(operation: Operation): Answer {
  switch (operation.do) {
    case 'stat':
    case 'head':
      return { is: 'value', value: undefined };
    case 'list':
    case 'diff':
    case 'tree':
      return { is: 'entries', entries: undefined };
    default:
      return { is: 'refused', why: 'not_found' };
  }
}

const REFUSALS: Partial<Record<DomainErrorCode, Refusal>> = {
  branch_not_found: 'not_found',
  ref_not_found: 'not_found',
  source_not_found: 'not_found',
  commit_ref_not_found: 'not_found',
  object_not_found: 'not_found',
  path_exists: 'path_exists',
  branch_exists: 'branch_exists',
  no_changes: 'no_changes',
  dirty_branch: 'dirty',
  change_conflict: 'conflict',
  merge_conflict: 'conflict',
  no_merge_base: 'no_merge_base',
};

async function* bodyOf(text: string): AsyncGenerator<Uint8Array> {
  yield utf8(text);
}
