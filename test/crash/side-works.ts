import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Caller } from './caller.js';
import { type Hands, type Loop, md5, posted } from './hands.js';

const FILES = 5;
const DUMP_EVERY = 4;

/** Of an answer to an undo. */
interface Restored {
  readonly restored: number;
}

/**
 * Links, uploads in parts, imports, dumps and restores of refs, tags, repositories that go; commits
 * and deletions that are taken back.
 */
export class SideWorks {
  constructor(private readonly hands: Hands) {}

  loops(): readonly Loop[] {
    return [this.#link, this.#inParts, this.#import, this.#copyRefs, this.#doom, this.#undo].map(
      (loop) => (caller: Caller, turn: number) => loop.call(this, caller, turn),
    );
  }

  async #link(caller: Caller, turn: number): Promise<void> {
    const { hands } = this;
    const path = `linked/${turn}`;
    const url = `${hands.at('main', '/staging/backing')}?path=${path}`;
    const issued = await caller.ask(`${url}&presign=true`);
    if (!issued || !hands.expect(issued, [200], 'an address')) return;
    const staging = JSON.parse(issued.text) as { presigned_url: string; physical_address: string };
    const body = hands.newBody();
    const stored = await caller.ask(staging.presigned_url, { method: 'PUT', body, isOnce: true });
    // Sent once, its sender may not know; then it links nothing.
    if (stored === undefined || !hands.expect(stored, [200], 'a stored block')) return;
    const checksum = md5(body);
    const link = { staging, checksum, size_bytes: body.length };
    const linked = await caller.ask(url, { method: 'PUT', json: link });
    if (!hands.expect(linked, [200], 'a link')) return;
    await hands.book.note({ kind: 'put', branch: 'main', path, md5: checksum });
  }

  async #inParts(caller: Caller, turn: number): Promise<void> {
    const { hands } = this;
    const path = `parts/${turn}`;
    const url = `/repositories/${hands.repository}/branches/main/staging/pmpu`;
    const begun = await caller.ask(`${url}?path=${path}&parts=1`, { method: 'POST' });
    if (!begun || !hands.expect(begun, [201], 'an upload in parts')) return;
    const upload = JSON.parse(begun.text) as {
      upload_id: string;
      physical_address: string;
      presigned_urls: readonly [string];
    };
    const body = hands.newBody();
    const part = { method: 'PUT', body, isOnce: true } as const;
    const stored = await caller.ask(upload.presigned_urls[0], part);
    if (stored === undefined || !hands.expect(stored, [200], 'a part')) return;
    const { physical_address } = upload;
    const parts = [{ part_number: 1, etag: stored.etag }];
    const at = `${url}/${upload.upload_id}?path=${path}`;
    const done = await caller.ask(at, { method: 'PUT', json: { physical_address, parts } });
    if (!done || !hands.expect(done, [200], 'an upload in parts, completed')) return;
    const { checksum } = JSON.parse(done.text) as { checksum: string };
    await hands.book.note({ kind: 'put', branch: 'main', path, md5: checksum });
  }

  async #import(caller: Caller, turn: number): Promise<void> {
    const { hands } = this;
    const folder = join(hands.place.importFolder, hands.repository, String(turn));
    mkdirSync(folder, { recursive: true });
    for (let file = 0; file < FILES; file++) {
      writeFileSync(join(folder, String(file)), `${hands.repository} ${turn} ${file}`);
    }
    const source = {
      type: 'common_prefix',
      path: `local://${folder}/`,
      destination: `in-${turn}/`,
    };
    const wish = { paths: [source], commit: { message: `${hands.repository} import ${turn}` } };
    const url = hands.at('intake', '/import');
    const begun = await caller.ask(url, posted(wish));
    if (!begun || !hands.expect(begun, [202], 'an import')) return;
    const { id } = JSON.parse(begun.text) as { id: string };
    await hands.book.note({ kind: 'import', branch: 'intake', id, count: FILES });
    // One at a time, since an import wants its branch for itself.
    while (!hands.isStopping) {
      const seen = await caller.ask(`${url}?id=${id}`);
      if (!seen || !hands.expect(seen, [200], 'an import that was begun')) return;
      const { completed, error } = JSON.parse(seen.text) as { completed: boolean; error?: unknown };
      if (completed || error !== undefined) return;
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
  }

  async #copyRefs(caller: Caller, turn: number): Promise<void> {
    const { hands } = this;
    if (turn % DUMP_EVERY > 0) return this.#tag(caller, turn);
    const { repository } = hands;
    const dumped = await caller.ask(`/repositories/${repository}/refs/dump`, { method: 'PUT' });
    if (!dumped || !hands.expect(dumped, [201], 'a dump of refs')) return;
    const copy = `${repository}-copy-${turn}`;
    const wish = { name: copy, storage_namespace: `local://${repository}` };
    const made = await caller.ask('/repositories?bare=true', posted(wish));
    if (!hands.expect(made, [201], 'a bare repository')) return;
    const json: unknown = JSON.parse(dumped.text);
    const url = `/repositories/${copy}/refs/restore`;
    const restored = await caller.ask(url, { method: 'PUT', json });
    if (!hands.expect(restored, [200], 'a restore of refs')) return;
    const head = await caller.ask(`/repositories/${copy}/branches/main`);
    if (!head || !hands.expect(head, [200], 'a restored branch')) return;
    const { commit_id: id } = JSON.parse(head.text) as { commit_id: string };
    await hands.book.note({ kind: 'restored', repository: copy, id });
  }

  async #tag(caller: Caller, turn: number): Promise<void> {
    const { hands } = this;
    const id = `v${turn}`;
    const wish = { id, ref: 'main' };
    const made = await caller.ask(`/repositories/${hands.repository}/tags`, posted(wish));
    if (!made || !hands.expect(made, [201], 'a tag')) return;
    const { commit_id } = JSON.parse(made.text) as { commit_id: string };
    await hands.book.note({ kind: 'tag', tag: id, id: commit_id });
  }

  /** What was committed is staged again, and comes back with the branch that it is staged on. */
  async #undo(caller: Caller, turn: number): Promise<void> {
    const { hands } = this;
    const branch = `undone-${turn}`;
    await hands.branchOff(caller, branch);
    const body = hands.newBody();
    const url = hands.at(branch);
    const stored = await caller.ask(`${url}/objects?path=a`, { method: 'POST', body });
    if (!hands.expect(stored, [201], 'an object to be committed')) return;
    const made = await caller.ask(`${url}/commits`, posted({ message: branch }));
    if (!hands.expect(made, [201], 'a commit to be undone')) return;
    const undone = await caller.ask(`/moraine${url}/undo`, posted({}));
    if (!undone || !hands.expect(undone, [200], 'an undo')) return;
    const gone = await caller.ask(url, { method: 'DELETE' });
    if (!hands.expect(gone, [204], 'a branch to come back')) return;
    const back = await caller.ask(`/moraine${url}/restore`, posted({}));
    if (!back || !hands.expect(back, [200], 'a branch that is back')) return;
    const told = [undone, back].map(({ text }) => (JSON.parse(text) as Restored).restored);
    if (told.join() !== '1,1') hands.place.around.faults.push(`${branch} has ${told.join()} back`);
    await hands.book.note({ kind: 'put', branch, path: 'a', md5: md5(body) });
  }

  /** A repository that is made to be deleted. */
  async #doom(caller: Caller, turn: number): Promise<void> {
    const { hands } = this;
    const repository = `${hands.repository}-doomed-${turn}`;
    const url = `/repositories/${repository}`;
    const wish = { name: repository, storage_namespace: `local://${repository}` };
    const made = await caller.ask('/repositories', posted(wish));
    if (!hands.expect(made, [201], 'a repository to be deleted')) return;
    const body = hands.newBody();
    const object = { method: 'POST', body } as const;
    await caller.ask(`${url}/branches/main/objects?path=a`, object);
    await caller.ask(`${url}/branches/main/commits`, posted({ message: repository }));
    await caller.ask(`${url}/branches`, posted({ name: 'other', source: 'main' }));
    const deleted = await caller.ask(url, { method: 'DELETE' });
    if (!hands.expect(deleted, [204], 'a deletion of a repository')) return;
    await hands.book.note({ kind: 'no repository', repository });
  }
}
