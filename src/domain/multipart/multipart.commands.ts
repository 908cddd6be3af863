import type { ObjectEntry } from '../model.js';
import type { MultipartStarted, PartStored } from './multipart.events.js';

/** A part as a client names it: by the checksum that it was told. */
export interface NamedPart {
  readonly partNumber: number;
  readonly md5: string;
}

export type MultipartCommand =
  | (Omit<MultipartStarted, 'type'> & { readonly type: 'StartMultipart' })
  | (Omit<PartStored, 'type'> & { readonly type: 'StorePart' })
  | { readonly type: 'SealMultipart'; readonly parts: readonly NamedPart[] }
  | { readonly type: 'CompleteMultipart'; readonly entry: ObjectEntry }
  | { readonly type: 'AbortMultipart' }
  | { readonly type: 'RemoveParts' };
