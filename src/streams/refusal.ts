import { Metadata, status, type StatusObject } from '@grpc/grpc-js';

/**
 * What a client is told when a call comes to nothing: a code, a sentence, and in the trailers what
 * clients look at. `exception` says which error of theirs it is.
 */
export class Refusal extends Error {
  override readonly name = 'Refusal';

  constructor(
    readonly code: status,
    message: string,
    readonly trailers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
  }

  get status(): StatusObject {
    const metadata = new Metadata();
    for (const [key, value] of Object.entries(this.trailers)) metadata.set(key, visible(value));
    return { code: this.code, details: this.message, metadata };
  }
}

export const badArgument = (message: string): Refusal =>
  new Refusal(status.INVALID_ARGUMENT, message);

export const accessDenied = (why: string): Refusal =>
  new Refusal(status.PERMISSION_DENIED, `Access Denied: ${why}`, { exception: 'access-denied' });

export const notAuthenticated = (why: string): Refusal =>
  new Refusal(status.UNAUTHENTICATED, why, { exception: 'access-denied' });

export const streamDeleted = (stream: string): Refusal =>
  new Refusal(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });

/** @param actual  of the last event; -1 when the stream has none */
export const wrongExpectedVersion = (
  operation: string,
  at: { stream: string; expected: number; actual: number },
): Refusal =>
  new Refusal(
    status.FAILED_PRECONDITION,
    `${operation} failed due to WrongExpectedVersion. Stream: ${at.stream}, ` +
      `Expected version: ${at.expected}, Actual version: ${at.actual}`,
    {
      exception: 'wrong-expected-version',
      'stream-name': at.stream,
      'expected-version': String(at.expected),
      'actual-version': String(at.actual),
    },
  );

export const appendTooLarge = (bytesMax: number): Refusal =>
  new Refusal(status.INVALID_ARGUMENT, `Maximum Append Size of ${bytesMax} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(bytesMax),
  });

export const metadataMissing = (property: string): Refusal =>
  new Refusal(status.INVALID_ARGUMENT, `Required Metadata Property '${property}' is missing`, {
    exception: 'missing-required-metadata-property',
    'required-metadata-properties': 'type,content-type',
  });

export const timedOut = (message: string): Refusal =>
  new Refusal(status.ABORTED, `Operation timed out: ${message}`);

export const notReady = (why: string): Refusal =>
  new Refusal(status.UNAVAILABLE, `Server Is Not Ready: ${why}`);

export const tooBusy = (what: string): Refusal =>
  new Refusal(status.UNAVAILABLE, `Server Is Too Busy: ${what}`);

export const unimplemented = (what: string): Refusal => new Refusal(status.UNIMPLEMENTED, what);

/** Trailers hold visible ASCII alone. What else a name holds stands there percent-encoded. */
const visible = (text: string): string =>
  text.replaceAll(/[^ -~]/gu, (character) => encodeURIComponent(character.toWellFormed()));
