import { randomBytes, randomUUID } from 'node:crypto';
import { DataSlices } from '../block-adapter/data-slices.js';
import type { CommandId, RepositoryUid } from '../domain/model.js';
import type { Clock } from '../ports/clock.js';
import type { Ids } from '../ports/ids.js';
import { XidSource } from '../shared/xid.js';

/** Ids of the system's randomness and time. */
export class RandomIds implements Ids {
  readonly #xids = new XidSource(randomBytes(8));
  readonly #slices: DataSlices;

  constructor(private readonly clock: Clock) {
    this.#slices = new DataSlices(clock, randomBytes(8));
  }

  commandId(): CommandId {
    return randomUUID() as CommandId;
  }

  repositoryUid(): RepositoryUid {
    return this.#xids.next(this.clock.nowMs() / 1000) as RepositoryUid;
  }

  dataKey(): string {
    return this.#slices.next();
  }

  keyPair(): { accessKeyId: string; secretAccessKey: string } {
    const digits = Array.from(randomBytes(14), (byte) => KEY_DIGITS[byte % KEY_DIGITS.length]);
    return {
      accessKeyId: `AKIAJ${digits.join('')}Q`,
      secretAccessKey: randomBytes(30).toString('base64'),
    };
  }
}

/** 32 of them, so that every byte is as likely. */
const KEY_DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
