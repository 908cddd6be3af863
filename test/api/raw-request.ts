import { connect } from 'node:net';

/**
 * Sends bytes as they are on a connection of their own, and returns all that comes back.
 *
 * @param later  sent on the same connection once it is there
 */
export function rawRequest(
  port: number,
  bytes: string | Buffer,
  later?: Promise<string>,
): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    void later?.then((more) => socket.write(more));
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', reject);
    socket.on('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
  });
}

/** Splits an answer into its status, its headers in lower case and its body. */
export function answerOf(text: string) {
  const [head = '', ...body] = text.split('\r\n\r\n');
  const [line = '', ...fields] = head.split('\r\n');
  const headers = new Map(
    fields.map((field) => {
      const colon = field.indexOf(':');
      return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()] as const;
    }),
  );
  return { status: Number(line.split(' ')[1]), headers, body: body.join('\r\n\r\n') };
}
