import type { Secrets } from '../../ports/secrets.js';

/** What a caller is told, as far as the edge can say it again. */
export interface Answer {
  readonly status: number;
  /** JSON; "" for none. */
  readonly body: string;
  /** Of a body that was streamed in: what tells it from another one. */
  readonly upload: { readonly checksum: string; readonly sizeBytes: number } | undefined;
}

export const sealAnswer = (secrets: Secrets, stream: string, answer: Answer): string =>
  secrets.seal(JSON.stringify(answer), stream);

/** @throws CorruptData  it was sealed with another key, or for another request */
export const openAnswer = (secrets: Secrets, stream: string, sealed: string): Answer =>
  JSON.parse(secrets.open(sealed, stream)) as Answer;
