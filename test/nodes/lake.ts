import type { Call, Calls, Reply } from './calls.js';

const at = encodeURIComponent;

interface Items {
  readonly results: readonly Record<string, unknown>[];
}

/** A repository, by the words of the API, at whichever node. */
export class Lake {
  readonly path: string;

  constructor(readonly name: string) {
    this.path = `/repositories/${name}`;
  }

  async make(on: Calls, namespace = this.name): Promise<void> {
    const json = { name: this.name, storage_namespace: `local://${namespace}` };
    await on.must({ method: 'POST', path: '/repositories', json });
  }

  put(on: Calls, branch: string, path: string, body = path): Promise<string> {
    return on.must(this.putting(branch, path, body));
  }

  putting(branch: string, path: string, body = path): Call {
    const place = `${this.path}/branches/${branch}/objects?path=${at(path)}`;
    return { method: 'POST', path: place, body };
  }

  async remove(on: Calls, branch: string, path: string): Promise<void> {
    const place = `${this.path}/branches/${branch}/objects?path=${at(path)}`;
    await on.must({ method: 'DELETE', path: place });
  }

  /** Returns what an object holds; undefined: there is none, or no such ref. */
  async content(on: Calls, ref: string, path: string): Promise<string | undefined> {
    const place = `${this.path}/refs/${at(ref)}/objects?path=${at(path)}`;
    const { status, text } = await on.send({ method: 'GET', path: place });
    return status === 200 ? text : undefined;
  }

  async commit(on: Calls, branch: string, message = 'm'): Promise<string> {
    const path = `${this.path}/branches/${branch}/commits`;
    const text = await on.must({ method: 'POST', path, json: { message } });
    return (JSON.parse(text) as { id: string }).id;
  }

  branch(on: Calls, name: string, source = 'main'): Promise<string> {
    return on.must({ method: 'POST', path: `${this.path}/branches`, json: { name, source } });
  }

  async merge(on: Calls, source: string, into: string): Promise<string> {
    const path = `${this.path}/refs/${source}/merge/${into}`;
    const text = await on.must({ method: 'POST', path, json: {} });
    return (JSON.parse(text) as { reference: string }).reference;
  }

  tag(on: Calls, id: string, ref: string): Promise<string> {
    return on.must({ method: 'POST', path: `${this.path}/tags`, json: { id, ref } });
  }

  async head(on: Calls, branch: string): Promise<string | number> {
    const { status, text } = await this.get(on, `/branches/${branch}`);
    return status === 200 ? (JSON.parse(text) as { commit_id: string }).commit_id : status;
  }

  /** Returns the values of a field over the items of a page, or the status that there was. */
  async listed(on: Calls, path: string, field: string): Promise<readonly unknown[] | number> {
    const { status, text } = await this.get(on, path);
    if (status !== 200) return status;
    return (JSON.parse(text) as Items).results.map((item) => item[field]);
  }

  paths(on: Calls, ref: string): Promise<readonly unknown[] | number> {
    return this.listed(on, `/refs/${at(ref)}/objects/ls`, 'path');
  }

  get(on: Calls, path: string): Promise<Reply> {
    return on.send({ method: 'GET', path: `${this.path}${path}` });
  }

  async json(on: Calls, path: string): Promise<unknown> {
    const { status, text } = await this.get(on, path);
    return status === 200 ? JSON.parse(text) : status;
  }

  delete(on: Calls, path = ''): Promise<string> {
    return on.must({ method: 'DELETE', path: `${this.path}${path}` });
  }

  async status(on: Calls, call: Call): Promise<number> {
    return (await on.send(call)).status;
  }
}
