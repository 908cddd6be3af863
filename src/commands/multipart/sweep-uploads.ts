import { multipartDecider } from '../../domain/multipart/multipart.decider.js';
import type { MultipartCommand } from '../../domain/multipart/multipart.commands.js';
import { multipartStream } from '../../domain/multipart/multipart.stream.js';
import type { BlockStore } from '../../ports/block-store.js';
import type { Clock } from '../../ports/clock.js';
import type { Ids } from '../../ports/ids.js';
import type { KvStore } from '../../ports/kv-store.js';
import { type ListedUpload, UploadsView } from '../../projections/uploads.view.js';
import { justAfter } from '../../shared/bytes.js';
import type { AggregateStreams } from '../aggregate-stream.js';
import { ownRequest, partOf, type Request } from '../request.js';
import { DomainError } from '../../domain/errors.js';
import { partsPrefix } from './uploads.js';

const UPLOADS_PER_PAGE = 200;

/**
 * Gives up uploads that nobody can complete any more, and deletes the blocks of parts that nobody
 * needs. Every node may sweep at any moment: each step may be taken again.
 */
export class SweepUploads {
  constructor(
    private readonly ports: {
      readonly kv: KvStore;
      readonly blocks: BlockStore;
      readonly clock: Clock;
      readonly ids: Ids;
    },
    private readonly streams: AggregateStreams,
    /** An upload's address is good for so long, and a while longer by another node's clock. */
    private readonly limits: { readonly uploadTtlMs: number },
  ) {}

  /** Looks once over all uploads. */
  async run(): Promise<void> {
    const request = ownRequest(this.ports.ids, 'sweep');
    const view = new UploadsView(this.ports.kv);
    let from: Uint8Array | undefined;
    for (;;) {
      const { items, last } = await view.page(from, UPLOADS_PER_PAGE);
      for (const upload of items) await this.#sweep(upload, partOf(request, upload.uploadId));
      if (last === undefined) return;
      from = justAfter(last);
    }
  }

  async #sweep(upload: ListedUpload, request: Request): Promise<void> {
    if (!upload.isOver) {
      if (this.ports.clock.nowMs() - upload.startedAtMs < this.limits.uploadTtlMs) return;
      if (!(await this.#isAborted(upload, request))) return;
    }
    const { namespace, uploadId } = upload;
    const options = { prefix: partsPrefix(uploadId), after: '' };
    for await (const { key } of this.ports.blocks.list(namespace, options)) {
      await this.ports.blocks.delete({ namespace, key });
    }
    await this.#step(upload, { type: 'RemoveParts' }, partOf(request, 'remove'));
  }

  async #isAborted(upload: ListedUpload, request: Request): Promise<boolean> {
    try {
      await this.#step(upload, { type: 'AbortMultipart' }, partOf(request, 'abort'));
      return true;
    } catch (error) {
      // Completed at the last moment: the next round finds it over.
      if (error instanceof DomainError && error.code === 'upload_not_found') return false;
      throw error;
    }
  }

  async #step(upload: ListedUpload, command: MultipartCommand, request: Request): Promise<void> {
    const stream = multipartStream(upload);
    await this.streams.transact({ stream, decider: multipartDecider, command }, request);
  }
}
