import type { ObjectEntry } from '../model.js';
import type { MultipartStarted, PartStored } from './multipart.events.js';

export type StoredPart = Omit<PartStored, 'type'>;
export type MultipartPlace = Omit<MultipartStarted, 'type'>;

interface Begun {
  readonly place: MultipartPlace;
  /** As they came in; of one number the last counts. Other ones too once it is sealed. */
  readonly stored: readonly StoredPart[];
}

interface Sealed extends Begun {
  readonly partNumbers: readonly number[];
}

export type MultipartState =
  | { readonly status: 'absent' }
  | (Begun & { readonly status: 'open' })
  | (Sealed & { readonly status: 'sealed' })
  | (Sealed & {
      readonly status: 'completed';
      readonly entry: ObjectEntry;
      /** The blocks of the parts; what is known of them stays, for a client that asks again. */
      readonly areBlocksGone: boolean;
    })
  | (Begun & { readonly status: 'aborted'; readonly areBlocksGone: boolean });

/** Returns the part that counts of each number. */
export function partsByNumber(stored: readonly StoredPart[]): ReadonlyMap<number, StoredPart> {
  return new Map(stored.map((part) => [part.partNumber, part]));
}
