import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Call, Calls, Reply } from '../nodes/calls.js';
import { notFound } from './bus-target.js';
import { endOf, failed, filesOf, uriOf, type Import } from './imports.js';
import type { Answer, Operation, Refusal, Target } from './operations.js';

/** Longer than it takes another node to find an import whose node has died. */
const POLLS_MAX = 200;

/** A node of another process, by its API. */
export class HttpTarget implements Target {
  /** @param folder  where the node may import from */
  constructor(
    private readonly calls: Calls,
    private readonly repository: string,
    private readonly folder: string,
  ) {}

  async send(operation: Operation): Promise<{ answer: Answer; requestId: string | undefined }> {
    try {
      if (operation.do === 'import') return await this.#import(operation);
      const reply = await this.calls.send(callOf(this.repository, operation));
      return { answer: answerOf(operation, reply), requestId: reply.requestId };
    } catch (error) {
      return { answer: { is: 'unknown', why: String(error) }, requestId: undefined };
    }
  }

  async #import(operation: Import) {
    const folder = join(this.folder, this.repository);
    for (const [key, body] of filesOf(operation)) {
      await mkdir(dirname(join(folder, key)), { recursive: true });
      await writeFile(join(folder, key), body);
    }
    const begun = await this.calls.send(callOf(this.repository, operation, `local://${folder}`));
    const { requestId } = begun;
    if (begun.status !== 202) return { answer: answerOf(operation, begun), requestId };
    const { id } = JSON.parse(begun.text) as { id: string };
    const path = `/repositories/${this.repository}/branches/${operation.branch}/import?id=${id}`;
    // Too late, not heard or not answered: how it ends says so.
    if (operation.isCancelled) await this.calls.send({ method: 'DELETE', path }).catch(() => {});
    const ask = async (): Promise<Answer | undefined> => {
      const status = JSON.parse(await this.calls.must({ method: 'GET', path })) as ImportStatus;
      if (status.commit) return { is: 'done', commit: status.commit.id };
      return status.error && failed(status.error.message);
    };
    return { answer: await endOf(ask, POLLS_MAX), requestId };
  }
}

/** @param from  where the sources of an import lie */
function callOf(repository: string, operation: Operation, from = ''): Call {
  const at = `/repositories/${repository}`;
  const branch = 'branch' in operation ? `${at}/branches/${operation.branch}` : '';
  switch (operation.do) {
    case 'put': {
      const { path, body, isIfAbsent } = operation;
      const headers = isIfAbsent ? { 'if-none-match': '*' } : {};
      return { method: 'POST', path: `${branch}/objects?path=${at_(path)}`, body, headers };
    }
    case 'delete':
      return { method: 'DELETE', path: `${branch}/objects?path=${at_(operation.path)}` };
    case 'stat': {
      const path = `${at}/refs/${operation.branch}/objects/stat?path=${at_(operation.path)}`;
      return { method: 'GET', path };
    }
    case 'list': {
      const { after, amount } = operation;
      const query = `after=${at_(after)}&amount=${amount}`;
      return { method: 'GET', path: `${at}/refs/${operation.branch}/objects/ls?${query}` };
    }
    case 'tree':
      return { method: 'GET', path: `${at}/refs/${operation.commit}/objects/ls?amount=1000` };
    case 'diff':
      return { method: 'GET', path: `${branch}/diff?amount=1000` };
    case 'head':
      return { method: 'GET', path: branch };
    case 'commit':
      return { method: 'POST', path: `${branch}/commits`, json: { message: operation.message } };
    case 'merge': {
      const { source, message, strategy } = operation;
      const json = { message, ...(strategy !== 'default' && { strategy }) };
      return { method: 'POST', path: `${at}/refs/${source}/merge/${operation.branch}`, json };
    }
    case 'revert':
    case 'pick': {
      const { message } = operation;
      const json = { ref: operation.commit, parent_number: 1, commit_overrides: { message } };
      const action = operation.do === 'revert' ? 'revert' : 'cherry-pick';
      return { method: 'POST', path: `${branch}/${action}`, json };
    }
    case 'import': {
      const { message, sources } = operation;
      const paths = sources.map((source, nth) => ({
        path: uriOf(from, message, source, nth),
        ...(source.kind === 'object'
          ? { type: 'object', destination: source.path }
          : { type: 'common_prefix', destination: source.prefix }),
      }));
      return { method: 'POST', path: `${branch}/import`, json: { paths, commit: { message } } };
    }
    case 'reset':
      return { method: 'PUT', path: branch, json: { type: 'reset' } };
    case 'create': {
      const json = { name: operation.branch, source: operation.source };
      return { method: 'POST', path: `${at}/branches`, json };
    }
    case 'drop':
      return { method: 'DELETE', path: branch };
  }
}

const at_ = encodeURIComponent;

function answerOf(operation: Operation, { status, text }: Reply): Answer {
  if (status === 404) return notFound(operation);
  if (status >= 200 && status < 300) return success(operation, text);
  const why = refusalOf(operation, status, text);
  return why ? { is: 'refused', why } : { is: 'unknown', why: `${status} ${text}` };
}

function success(operation: Operation, text: string): Answer {
  switch (operation.do) {
    case 'stat':
      return { is: 'value', value: (JSON.parse(text) as Listed).checksum };
    case 'head':
      return { is: 'value', value: (JSON.parse(text) as { commit_id: string }).commit_id };
    case 'list':
    case 'tree':
    case 'diff': {
      const { results } = JSON.parse(text) as { results: readonly Listed[] };
      const entries = results.map(({ path, checksum, type }) => [path, checksum ?? type] as const);
      return { is: 'entries', entries: new Map(entries) };
    }
    case 'commit':
    case 'revert':
    case 'pick':
      return { is: 'done', commit: (JSON.parse(text) as { id: string }).id };
    case 'merge':
      return { is: 'done', commit: (JSON.parse(text) as { reference: string }).reference };
    case 'create':
      return { is: 'done', commit: text };
    default:
      return { is: 'done' };
  }
}

function refusalOf(operation: Operation, status: number, text: string): Refusal | undefined {
  if (operation.do === 'put') return status === 412 ? 'path_exists' : undefined;
  if (operation.do === 'create') return status === 409 ? 'branch_exists' : undefined;
  if (status === 409) return 'conflict';
  if (status !== 400) return undefined;
  if (/no changes/.test(text)) return 'no_changes';
  if (/dirty branch/.test(text)) return 'dirty';
  return /no merge base/.test(text) ? 'no_merge_base' : undefined;
}

interface ImportStatus {
  readonly commit?: { readonly id: string };
  readonly error?: { readonly message: string };
}

interface Listed {
  readonly path: string;
  readonly checksum?: string;
  readonly type: string;
}
