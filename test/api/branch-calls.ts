import { expect } from '@jest/globals';
import { json } from './running-edge.js';
import type { WholeApp } from './whole-app.js';

/**
 * Returns what a test asks of a repository's branches.
 *
 * @param lake  the URL of the repository
 */
export function branchCalls(lake: string, app: () => WholeApp) {
  /** Commits by the name that a test gave them. */
  const commits: Record<string, string> = {};

  /** Status and body of an answer: JSON, text, or none. */
  async function ask(path: string, init?: RequestInit): Promise<[status: number, body?: unknown]> {
    const response = await app().call(path, init);
    const text = await response.text();
    const isJson = response.headers.get('content-type') === 'application/json';
    return text === ''
      ? [response.status]
      : [response.status, isJson ? (JSON.parse(text) as unknown) : text];
  }
  const statusOf = async (answer: ReturnType<typeof ask>) => (await answer)[0];
  const post = (path: string, body: object) => ask(path, json(body));
  const change = (path: string, body: object) => ask(path, json(body, 'PUT'));
  const merge = (from: string, to: string, body: object = {}) =>
    post(`${lake}/refs/${from}/merge/${to}`, body);
  const revert = (to: string, body: object) => post(`${lake}/branches/${to}/revert`, body);
  const pick = (to: string, body: object) => post(`${lake}/branches/${to}/cherry-pick`, body);
  const reset = (to: string, body: object) => change(`${lake}/branches/${to}`, body);
  const hardReset = (to: string, query: string) =>
    ask(`${lake}/branches/${to}/hard_reset?${query}`, { method: 'PUT' });

  async function branch(name: string, source: string): Promise<void> {
    expect(await statusOf(post(`${lake}/branches`, { name, source }))).toBe(201);
  }

  async function put(to: string, path: string, body: string, from?: string): Promise<void> {
    if (from !== undefined) await branch(to, from);
    const url = `${lake}/branches/${to}/objects?path=${encodeURIComponent(path)}`;
    expect((await app().call(url, { method: 'POST', body })).status).toBe(201);
  }

  async function commit(on: string, message: string, metadata = {}): Promise<void> {
    const [status, made] = await post(`${lake}/branches/${on}/commits`, { message, metadata });
    expect(status).toBe(201);
    commits[message] = (made as { id: string }).id;
  }

  async function head(of: string): Promise<Record<string, unknown>> {
    const [, made] = await ask(`${lake}/commits/${of}`);
    return made as Record<string, unknown>;
  }

  async function paths(ref: string): Promise<string[]> {
    const [, page] = await ask(`${lake}/refs/${ref}/objects/ls`);
    return (page as { results: { path: string }[] }).results.map(({ path }) => path);
  }

  return {
    commits,
    ask,
    statusOf,
    post,
    change,
    merge,
    revert,
    pick,
    reset,
    hardReset,
    branch,
    put,
    commit,
    head,
    paths,
  };
}
