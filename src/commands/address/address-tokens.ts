// An issued address is `data/<slice>/<xid>,<signature>`: a name that nothing has yet, and the word
// of this installation that it was given out for one path of one branch. Nothing is kept of it
// until it is used; when it was given out stands in the xid.
//
// Clients hand it back as it is, and those that write to a store by themselves write to it whole,
// so the signature is part of the block's name.
//
// Source: lakeFS, `Catalog.GetAddressWithSignature` (form, lifetime, wording of the refusals).
import { createHmac, timingSafeEqual } from 'node:crypto';
import { DomainError } from '../../domain/errors.js';
import type { BranchId, ObjectPath, RepositoryUid } from '../../domain/model.js';
import { xidSeconds } from '../../shared/xid.js';

/** What an address is given out for. */
export interface AddressPlace {
  readonly uid: RepositoryUid;
  readonly branch: BranchId;
  readonly path: ObjectPath;
}

export interface AddressSettings {
  /** 32 bytes that sign addresses and nothing else. */
  readonly key: Uint8Array;
  readonly ttlMs: number;
  /** UTC, epoch. */
  readonly nowMs: () => number;
}

/** The label of the key that addresses are signed with. */
export const ADDRESS_KEY_LABEL = 'address';

/** Gives addresses out, and knows its own again. */
export class AddressTokens {
  constructor(private readonly settings: AddressSettings) {}

  /** How long an address is good. */
  get ttlMs(): number {
    return this.settings.ttlMs;
  }

  /** @param dataKey  `data/<slice>/<xid>`, new */
  sign(place: AddressPlace, dataKey: string): string {
    return `${dataKey},${this.#signature(place, dataKey)}`;
  }

  /**
   * Returns normally when this address was given out for this place, not too long ago.
   *
   * @param key  relative to the namespace
   * @throws DomainError address_unsigned, address_forged, address_expired
   */
  verify(place: AddressPlace, key: string): void {
    const comma = key.lastIndexOf(',');
    if (comma < 0) throw new DomainError('address_unsigned');
    const dataKey = key.slice(0, comma);
    const given = Buffer.from(key.slice(comma + 1));
    const right = Buffer.from(this.#signature(place, dataKey));
    if (given.length !== right.length || !timingSafeEqual(given, right)) {
      throw new DomainError('address_forged');
    }
    const issuedAtMs = (xidSeconds(dataKey.slice(dataKey.lastIndexOf('/') + 1)) ?? 0) * 1000;
    if (this.settings.nowMs() - issuedAtMs > this.settings.ttlMs) {
      throw new DomainError('address_expired');
    }
  }

  #signature({ uid, branch, path }: AddressPlace, dataKey: string): string {
    const said = JSON.stringify([VERSION, uid, branch, path, dataKey]);
    return createHmac('sha256', this.settings.key).update(said).digest('base64url');
  }
}

const VERSION = 1;
