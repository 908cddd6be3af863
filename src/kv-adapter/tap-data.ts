import type { Duplex } from 'node:stream';

/** Hears what a server sends on a connection, before the driver does. */
export interface Tap {
  hear(chunk: Buffer): void;
}

/**
 * Puts a tap between a stream and whoever listens to its data.
 *
 * @param make  makes it; it is given the driver, who takes all that the tap passes on
 */
export function tapData<One extends Tap>(
  stream: Duplex,
  make: (driver: (bytes: Buffer) => void) => One,
): One {
  const listeners = stream.listeners('data');
  const tap = make((bytes) => {
    for (const listener of listeners) Reflect.apply(listener, stream, [bytes]);
  });
  stream.removeAllListeners('data');
  stream.on('data', (chunk: Buffer) => tap.hear(chunk));
  return tap;
}
